//! `/incidents`: what people deal with, how far they have come, and what it cost.

mod change;
pub(crate) mod look;
mod markdown;
mod merge;
mod report;
mod stats;
mod timeline;
mod view;
mod written;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::incident::Incident;
use sre_core::name::IncidentId;
use sre_core::store::{IncidentQuery, IncidentsPage, Page, StoreError};
use sre_core::time::Interval;

pub(super) use self::change::{change, merge_patch_doc, replace_doc};
pub(super) use self::merge::{merge, merge_doc};
pub(super) use self::report::{report, report_doc};
pub(super) use self::stats::{stats, stats_doc};
pub(super) use self::timeline::{note, note_doc};
pub(super) use self::written::{create, create_doc};

use self::view::{IncidentSummary, IncidentView};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::Paging;
use crate::http::query::Query;
use crate::http::{ApiError, Call, Response, response};

/// How often a write is decided again because somebody else was first: alerts that join count, too.
const TRIES_MAX: u32 = 64;

/// What a missing incident is called.
const NOUN: &str = "incident";

/// The place of an incident in the list.
type Key = (DateTime<Utc>, IncidentId);

/// `GET /incidents`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let query = asked(&mut call.query, call.now);
    let paging = call.query.paging::<Key>();
    call.query.finish()?;
    let incidents = rows(&call.context, &query, &paging).await?;
    let ids: Vec<IncidentId> = incidents
        .iter()
        .map(|incident| incident.id)
        .collect();
    let alerts = call
        .context
        .incidents
        .alerts_of(&ids)
        .await?;
    paging.answer(
        incidents,
        |incident| (incident.started_at, incident.id),
        |incident| IncidentSummary::new(&incident, &alerts),
    )
}

/// What `GET /incidents` says of itself.
pub(super) fn list_doc() -> Doc {
    Doc::new(Access::Read, "incidents", "Incidents, the newest first")
        .about("What they cost and what happened is told of each by itself.")
        .query("service", "Only those that concern this service.")
        .query(
            "status",
            "Only those in this status: candidate, open, acknowledged, mitigated, resolved, closed, \
             merged or dismissed.",
        )
        .query(
            "severity",
            "Only of this severity: low, medium, high, critical or emergency.",
        )
        .query("from", "Only those that began at this instant or later.")
        .query("to", "Only those that began before this instant.")
        .lists::<IncidentSummary>("A page of incidents.")
}

/// `GET /incidents/{id}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let incident = found(&call).await?;
    shown(&call, incident).await
}

/// What `GET /incidents/{id}` says of itself.
pub(super) fn get_doc() -> Doc {
    Doc::new(
        Access::Read,
        "incidents",
        "An incident, with its timeline and what it cost",
    )
    .answers::<IncidentView>(200, "The incident, with `ETag`.")
}

/// The incident with all that is known around it.
async fn shown(call: &Call<Context>, incident: Incident) -> Result<Response, ApiError> {
    let version = incident.version;
    let look = look::look(&call.context, incident, call.now).await?;
    response::versioned(version, &IncidentView::from(look))
}

/// The incident that the path names.
async fn found(call: &Call<Context>) -> Result<Incident, ApiError> {
    let id: IncidentId = call.id("id", NOUN)?;
    let incident = call
        .context
        .incidents
        .find_incident(id)
        .await?;
    incident.ok_or_else(|| ApiError::no_such(NOUN))
}

/// What the query asks for. Faults are left in `query`.
fn asked(query: &mut Query, now: DateTime<Utc>) -> IncidentQuery {
    IncidentQuery {
        service: query.parse_as("service"),
        status: query.parse_as("status"),
        severity: query.parse_as("severity"),
        during: during(query, now),
        is_live: false,
    }
}

/// `?from=` and `?to=`; `None` for all of time.
fn during(query: &mut Query, now: DateTime<Utc>) -> Option<Interval> {
    let (from, to) = (query.instant("from"), query.instant("to"));
    if from
        .zip(to)
        .is_some_and(|(from, to)| from >= to)
    {
        query.fault("to", "must be later than `from`");
    }
    (from.is_some() || to.is_some()).then(|| {
        // Nothing begins a day from now, so this is everything from `from` on.
        let end = to.unwrap_or(now + TimeDelta::days(1));
        Interval::new(from.unwrap_or(DateTime::UNIX_EPOCH), end)
    })
}

/// The rows of a page, and one more where there is one.
async fn rows(
    context: &Context,
    query: &IncidentQuery,
    paging: &Paging<Key>,
) -> Result<Vec<Incident>, StoreError> {
    let after = paging
        .after
        .map(|(started_at, id)| IncidentsPage { started_at, id });
    up_to(context, query, after, paging.rows()).await
}

/// At most so many incidents; a store gives at most [`Page::LIMIT_MAX`] at a time.
async fn up_to(
    context: &Context,
    query: &IncidentQuery,
    mut after: Option<IncidentsPage>,
    wanted: usize,
) -> Result<Vec<Incident>, StoreError> {
    let mut rows: Vec<Incident> = Vec::new();
    while rows.len() < wanted {
        let page = Page {
            after,
            limit: Page::<IncidentsPage>::LIMIT_MAX,
        };
        let part = context
            .incidents
            .list_incidents(query, page)
            .await?;
        let Some(last) = part.last() else { break };
        after = Some(IncidentsPage {
            started_at: last.started_at,
            id: last.id,
        });
        rows.extend(part);
    }
    rows.truncate(wanted);
    Ok(rows)
}

/// After so many tries something else is wrong, or a caller should wait.
fn contended() -> ApiError {
    ApiError::Conflict("the incident is being changed by too many at once; try again".to_owned())
}
