//! One incident: how far it has come, what it cost, and what happened.

use maud::{Markup, html};
use sre_core::incident::timeline::Line;
use sre_core::incident::{Incident, IncidentState};
use sre_core::monitor::Spending;
use sre_core::name::IncidentId;

use super::frame::{Part, Sheet};
use super::incidents::stands;
use super::services::address;
use super::{alerts, mark, moment, number};
use crate::api::incidents::look::{Cost, look};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// How many of the newest lines of a timeline are shown; the report holds all.
const LINES_SHOWN: usize = 200;

/// `GET /ui/incidents/{id}`
pub(super) async fn show(call: Call<Context>) -> Result<Response, ApiError> {
    let id: IncidentId = call.id("id", "incident")?;
    let incident = call
        .context
        .incidents
        .find_incident(id)
        .await?;
    let incident = incident.ok_or_else(|| ApiError::no_such("incident"))?;
    let look = look(&call.context, incident, call.now).await?;
    let incident = &look.incident;
    let page = html! {
        p.trail { a href="/ui/incidents" { "Incidents" } " / " bdi { (incident.service_name) } }
        h1.message { bdi { (incident.title) } }
        p.standing { (mark::severity(incident.severity)) " " (stands(incident, call.now)) }
        @if let Some(description) = &incident.description { p.description { bdi { (description) } } }
        (facts(incident))
        section aria-labelledby="cost" {
            h2 #cost { "What it cost" }
            (costs(&look.costs))
        }
        section aria-labelledby="alerts" {
            h2 #alerts { "Alerts" }
            @if look.alerts.is_empty() { div.empty { p { "None belongs to it." } } } @else { (alerts::list(&look.alerts, call.now)) }
        }
        section aria-labelledby="timeline" {
            h2 #timeline { "What happened" }
            (timeline(&look.timeline))
            ul.links { li { a href={ "/incidents/" (incident.id.0) "/report" } { "Report" } } }
        }
    };
    Ok(Sheet::new(&call, Part::Incidents, incident.title.as_str()).answer(&page))
}

/// What `GET /ui/incidents/{id}` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(
        Access::Read,
        "An incident, with what happened and what it cost",
    )
}

fn facts(incident: &Incident) -> Markup {
    let state = incident.state;
    let instants = [
        ("Began", Some(incident.started_at)),
        ("Noticed", Some(incident.detected_at)),
        ("Acknowledged", state.acknowledged_at()),
        ("Mitigated", state.mitigated_at()),
        ("Resolved", state.resolved_at()),
        ("Closed", state.closed_at()),
    ];
    html! {
        dl.facts {
            @for (name, at) in instants {
                @if let Some(at) = at { div { dt { (name) } dd { (moment::at(at)) } } }
            }
            div { dt { "Affects" } dd {
                @for (place, service) in incident.affected_services.iter().enumerate() {
                    @if place > 0 { ", " }
                    a href=(address(service)) { (service) }
                }
            } }
            @if let Some(service) = &incident.root_cause_service { div { dt { "Root cause" } dd { (service) } } }
            div { dt { "Opened by" } dd { @if incident.source.as_str() == "auto" { "a rule" } @else { "a person" } } }
            @if let Some(previous) = incident.previous {
                div { dt { "Again" } dd { a href={ "/ui/incidents/" (previous.0) } { "It happened before" } } }
            }
            @if let IncidentState::Merged { into, .. } = state {
                div { dt { "Part of" } dd { a href={ "/ui/incidents/" (into.0) } { "another incident" } } }
            }
        }
    }
}

fn costs(costs: &[Cost]) -> Markup {
    if costs.is_empty() {
        return html! { div.empty { p { "No SLO is concerned." } } };
    }
    html! {
        div.wide tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "SLO" }
                    th scope="col" { "Service" }
                    th.number scope="col" { "Bad while it lasted" }
                    th.number scope="col" { "Of the budget" }
                } }
                tbody {
                    @for cost in costs {
                        @let spending = cost.spending.as_ref();
                        @let share = spending.and_then(Spending::percentage_of_budget).map(number::percent);
                        tr {
                            th scope="row" { a href={ "/ui/slos/" (cost.slo.id.0) } { bdi { (cost.slo.definition.name) } } }
                            td { (cost.slo.definition.service_name) }
                            td.number { (number::or_no_data(spending.map(|held| number::count(held.shown().bad())))) }
                            td.number { (number::or_no_data(share)) }
                        }
                    }
                }
            }
        }
    }
}

/// The newest first: who comes late wants to know where it stands.
fn timeline(lines: &[Line]) -> Markup {
    html! {
        ol.timeline {
            @for line in lines.iter().rev().take(LINES_SHOWN) {
                li class=(class(line.kind)) {
                    p {
                        (moment::at(line.at)) " "
                        span.quiet { (line.kind.replace('_', " ")) @if let Some(actor) = &line.actor { " by " bdi { (actor) } } }
                    }
                    p { bdi { (line.text) } }
                }
            }
        }
    }
}

fn class(kind: &str) -> &'static str {
    match kind {
        "delivery" => "good",
        "delivery_failed" => "bad",
        "opened" | "joined" | "severity" => "warn",
        _ => "quiet",
    }
}
