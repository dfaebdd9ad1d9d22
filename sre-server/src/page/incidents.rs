//! Incidents: what people deal with now, and what they dealt with.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::incident::{Incident, IncidentStatus};
use sre_core::name::{IncidentId, ServiceName};
use sre_core::store::{IncidentQuery, IncidentsPage, Page, StoreError};

use super::frame::{Part, Sheet, older};
use super::{mark, moment};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::cursor;
use crate::http::{ApiError, Call, Response};

/// How many are shown as going on; a service with more has another problem first.
const LIVE_MAX: NonZeroU32 = NonZeroU32::new(50).expect("more than zero");

/// `GET /ui/incidents`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    call.query.drop_empty();
    let service = call
        .query
        .parse_as::<ServiceName>("service");
    let paging = call
        .query
        .paging::<(DateTime<Utc>, IncidentId)>();
    call.query.finish()?;
    let live = match paging.after {
        None => live(&call.context, service.as_ref()).await?,
        Some(_) => Vec::new(),
    };
    let query = IncidentQuery {
        service: service.clone(),
        ..IncidentQuery::default()
    };
    let limit = NonZeroU32::new(paging.limit).unwrap_or(LIVE_MAX);
    let after = paging
        .after
        .map(|(started_at, id)| IncidentsPage { started_at, id });
    let mut past = call
        .context
        .incidents
        .list_incidents(&query, Page { after, limit })
        .await?;
    let is_full = past.len() >= usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let next = match past.last() {
        Some(last) if is_full => Some(cursor(&(last.started_at, last.id))?),
        _ => None,
    };
    past.retain(|incident| !incident.is_live());
    let page = html! {
        h1 { "Incidents" }
        @if paging.after.is_none() {
            section aria-labelledby="live" {
                h2 #live { "Going on" }
                @if live.is_empty() { div.empty { p { "Nobody deals with anything." } } } @else { (list(&live, call.now)) }
            }
        }
        section aria-labelledby="past" {
            h2 #past { "Before" }
            @if past.is_empty() { div.empty { p { "None." } } } @else { (list(&past, call.now)) }
            @if let Some(next) = &next {
                nav.pages aria-label="Pages of incidents" { a href=(older("/ui/incidents", service.as_ref(), next)) rel="next" { "Older" } }
            }
        }
    };
    Ok(Sheet::new(&call, Part::Incidents, "Incidents").answer(&page))
}

/// What `GET /ui/incidents` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(
        Access::Read,
        "What people deal with, and what they dealt with",
    )
    .query("service", "Only those that concern this service.")
    .query("limit", "How many at most of those before.")
    .query("cursor", "Where to go on.")
}

/// Those that go on, the newest first.
pub(super) async fn live(
    context: &Context,
    service: Option<&ServiceName>,
) -> Result<Vec<Incident>, StoreError> {
    let query = IncidentQuery {
        service: service.cloned(),
        is_live: true,
        ..IncidentQuery::default()
    };
    let page = Page {
        after: None,
        limit: LIVE_MAX,
    };
    context
        .incidents
        .list_incidents(&query, page)
        .await
}

/// Incidents as a list.
pub(super) fn list(incidents: &[Incident], now: DateTime<Utc>) -> Markup {
    html! {
        ul.alerts {
            @for incident in incidents {
                li class=[incident.is_live().then_some("open")] {
                    (mark::severity(incident.severity))
                    div.what {
                        a href={ "/ui/incidents/" (incident.id.0) } { bdi { (incident.title) } }
                        p.quiet { bdi { (incident.service_name) } " · " (stands(incident, now)) }
                    }
                }
            }
        }
    }
}

/// How far it has come, and for how long it goes on or went on.
pub(super) fn stands(incident: &Incident, now: DateTime<Utc>) -> Markup {
    let began = incident.started_at;
    html! {
        (status_word(incident.status())) ", "
        @match incident.ended_at() {
            Some(end) => { "lasted " (moment::lasting(end - began)) ", over " (moment::ago(end, now)) }
            None => { "since " (moment::at(began)) " (" (moment::lasting(now - began)) ")" }
        }
    }
}

const fn status_word(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Candidate => "perhaps an incident",
        other => other.as_str(),
    }
}
