//! One service: how healthy, why, what it promises, what it stands on and what stands on it.

use maud::{Markup, html};
use sre_core::health::ServiceHealth;
use sre_core::name::{ServiceName, SloId};
use sre_core::service::Service;

use super::frame::{Part, Sheet};
use super::overview::table;
use super::services::address;
use super::{alerts, incidents, link, mark, number};
use crate::api::slo::listing::{self, Filter};
use crate::api::slo::look::Look;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::{LIMIT_DEFAULT, Paging};
use crate::http::{ApiError, Call, Response};

/// `GET /ui/services/{name}`
pub(super) async fn show(call: Call<Context>) -> Result<Response, ApiError> {
    let name: ServiceName = call.id("name", "service")?;
    let (context, names) = (&call.context, std::slice::from_ref(&name));
    let service = context
        .services
        .find_services(names)
        .await?
        .pop();
    let service = service.ok_or_else(|| ApiError::no_such("service"))?;
    let health = context
        .health
        .assess(names, call.now)
        .await?
        .pop();
    let dependents = context
        .services
        .dependents(names)
        .await?;
    let filter = Filter {
        service: Some(name.clone()),
        ..Filter::default()
    };
    let paging = Paging::<SloId> {
        limit: LIMIT_DEFAULT,
        after: None,
    };
    let slos = listing::list(context, &filter, &paging, Look::default()).await?;
    let open = alerts::open(context, Some(&name)).await?;
    let live = incidents::live(context, Some(&name)).await?;
    let page = html! {
        p.trail { a href="/ui/services" { "Services" } }
        h1 { (name) }
        @if let Some(health) = &health {
            p.standing { (mark::health(health.status())) @if let Some(score) = health.score { span.quiet { ", " (score) " of 100" } } }
        }
        @if !service.description.is_empty() { p.description { bdi { (service.description) } } }
        (facts(&service, health.as_ref()))
        @if let Some(health) = &health { (deductions(health)) (dependencies(health)) }
        @if !dependents.is_empty() {
            section aria-labelledby="dependents" {
                h2 #dependents { "What stands on it" }
                ul.links { @for dependent in &dependents { li { a href=(address(dependent)) { (dependent) } } } }
            }
        }
        @if !live.is_empty() {
            section aria-labelledby="live" { h2 #live { "Incidents going on" } (incidents::list(&live, call.now)) }
        }
        @if !open.is_empty() {
            section aria-labelledby="open" { h2 #open { "Open alerts" } (alerts::list(&open, call.now)) }
        }
        section aria-labelledby="slos" {
            h2 #slos { "SLOs" }
            @if slos.is_empty() { div.empty { p { "Nothing is promised of it." } } } @else { (table::table(&slos)) }
        }
    };
    Ok(Sheet::new(&call, Part::Services, name.as_str()).answer(&page))
}

/// What `GET /ui/services/{name}` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "How healthy a service is, and why")
}

fn facts(service: &Service, health: Option<&ServiceHealth>) -> Markup {
    let coverage = health
        .map(|health| health.coverage)
        .filter(|coverage| coverage.expected > 0)
        .map(|coverage| number::share(coverage.as_f64()));
    html! {
        dl.facts {
            @if let Some(owner) = &service.owner { div { dt { "Owner" } dd { bdi { (owner) } } } }
            div { dt { "Criticality" } dd { (service.criticality.as_str()) } }
            div { dt { "Inputs measured" } dd { (number::or_no_data(coverage)) } }
            @if let Some(cause) = health.and_then(|health| health.probable_cause.as_ref()) {
                div { dt { "Probable cause" } dd { a href=(address(cause)) { (cause) } } }
            }
            @for (name, address) in &service.links {
                div { dt { "Link" } dd { (link::elsewhere(name, address)) } }
            }
        }
    }
}

/// A hundred, less all of these, is the score.
fn deductions(health: &ServiceHealth) -> Markup {
    html! {
        section aria-labelledby="deductions" {
            h2 #deductions { "What it lost" }
            @if health.deductions.is_empty() {
                div.empty { p { @if health.score.is_some() { "Nothing." } @else { "Nobody measures it, so nobody can say." } } }
            } @else {
                div.wide tabindex="0" {
                    table {
                        thead { tr { th.number scope="col" { "Points" } th scope="col" { "By" } th scope="col" { "What exactly" } } }
                        tbody {
                            @for deduction in &health.deductions {
                                tr {
                                    td.number { "−" (deduction.points) }
                                    td { (deduction.reason.as_str().replace('_', " ")) }
                                    td { bdi { (deduction.detail) } @if deduction.is_stale { " " span.badge.calm { "known last" } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn dependencies(health: &ServiceHealth) -> Markup {
    html! {
        @if !health.dependencies.is_empty() {
            section aria-labelledby="dependencies" {
                h2 #dependencies { "What it stands on" }
                div.wide tabindex="0" {
                    table {
                        thead { tr { th scope="col" { "Service" } th.number scope="col" { "Score" } th.number scope="col" { "Weight" } } }
                        tbody {
                            @for dependency in &health.dependencies {
                                tr {
                                    th scope="row" { a href=(address(&dependency.service_name)) { (dependency.service_name) } }
                                    td.number { (number::or_no_data(dependency.score.map(|score| score.to_string()))) }
                                    td.number { (dependency.weight) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
