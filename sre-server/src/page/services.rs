//! Services: how healthy each is, the least healthy first, and what it costs.

use std::num::NonZeroU32;

use maud::{Markup, html};
use sre_core::health::{HealthStatus, ServiceHealth};
use sre_core::name::ServiceName;
use sre_core::store::Page;

use super::frame::{Part, Sheet};
use super::{mark, number};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::cursor;
use crate::http::{ApiError, Call, Response};

/// `GET /ui/services`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    let paging = call.query.paging::<ServiceName>();
    call.query.finish()?;
    let limit = NonZeroU32::new(paging.limit).unwrap_or(NonZeroU32::MIN);
    let is_first = paging.after.is_none();
    let page = Page {
        after: paging.after,
        limit,
    };
    let services = call
        .context
        .services
        .list_services(page)
        .await?;
    let is_full = services.len() >= usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let names: Vec<ServiceName> = services
        .into_iter()
        .map(|service| service.name)
        .collect();
    let next = match names.last() {
        Some(last) if is_full => Some(cursor(last)?),
        _ => None,
    };
    let mut found = call
        .context
        .health
        .assess(&names, call.now)
        .await?;
    found.sort_by_key(|health| (health.score.is_none(), health.score));
    let page = html! {
        h1 { "Services" }
        p.quiet { (breakdown(&found)) }
        section {
            @if found.is_empty() { div.empty { p { "No service is known yet." } } } @else { (table(&found)) }
            @if !is_first || next.is_some() {
                nav.pages aria-label="Pages of services" {
                    @if !is_first { a href="/ui/services" { "First page" } }
                    @if let Some(next) = &next { a href={ "/ui/services?cursor=" (next) } rel="next" { "Next page" } }
                }
            }
        }
    };
    Ok(Sheet::new(&call, Part::Services, "Services").answer(&page))
}

/// What `GET /ui/services` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "How healthy services are")
        .query("limit", "How many at most.")
        .query("cursor", "Where to go on.")
}

/// How many there are of which kind, those without any left out.
fn breakdown(found: &[ServiceHealth]) -> String {
    let count = |status| {
        found
            .iter()
            .filter(|health| health.status() == status)
            .count()
    };
    HealthStatus::ALL
        .into_iter()
        .rev()
        .map(|status| (count(status), mark::health_word(status)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {}", word.to_lowercase()))
        .collect::<Vec<_>>()
        .join(" · ")
}

fn table(found: &[ServiceHealth]) -> Markup {
    html! {
        div.wide tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Service" }
                    th scope="col" { "Health" }
                    th.number scope="col" { "Score" }
                    th scope="col" { "What costs it most" }
                    th scope="col" { "Probable cause" }
                } }
                tbody {
                    @for health in found {
                        tr {
                            th.name scope="row" { a href=(address(&health.service_name)) { (health.service_name) } }
                            td { (mark::health(health.status())) }
                            td.number { (number::or_no_data(health.score.map(|score| score.to_string()))) }
                            td { @if let Some(worst) = worst(health) { bdi { (worst) } } }
                            td { @if let Some(cause) = &health.probable_cause { a href=(address(cause)) { (cause) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The detail of the deduction with the most points.
fn worst(health: &ServiceHealth) -> Option<&str> {
    health
        .deductions
        .iter()
        .max_by_key(|deduction| deduction.points)
        .map(|deduction| deduction.detail.as_str())
}

/// The page of a service. Of what a name may hold, a slash alone means something in a path.
pub(super) fn address(name: &ServiceName) -> String {
    format!("/ui/services/{}", name.as_str().replace('/', "%2F"))
}
