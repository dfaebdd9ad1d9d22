//! `/alerts`: what is wrong, since when, what became of it, and who was told.

mod notifications;
mod report;
mod transitions;
mod view;

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::alert::{Alert, AlertStatus, Moment};
use sre_core::name::AlertId;
use sre_core::store::{AlertQuery, AlertsPage, Page, StoreError};
use sre_core::suppression::Suppressions;
use sre_core::time::Interval;

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::Paging;
use crate::http::query::Query;
use crate::http::{ApiError, Call, Response, response};

pub(super) use self::notifications::{
    AttemptView, DestinationView, notifications, notifications_doc,
};
pub(super) use self::report::{report, report_doc};
pub(super) use self::transitions::{
    acknowledge, acknowledge_doc, resolve, resolve_doc, unacknowledge, unacknowledge_doc,
};
pub(super) use self::view::{AlertRuleView, AlertView};

/// How often a write is decided again because somebody else was first. As many as there are requests
/// at once, so that a crowd on one alert gets through, each after the one before.
pub(super) const TRIES_MAX: u32 = 64;

/// The place of an alert in the list.
type Key = (DateTime<Utc>, AlertId);

/// `GET /alerts`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let asked = asked(&mut call.query, call.now);
    let paging = call.query.paging::<Key>();
    call.query.finish()?;
    let rows = rows(&call.context, &asked, &paging).await?;
    let now = call.now;
    let suppressions = suppressions(&call.context, &rows, now).await?;
    paging.answer(
        rows,
        |alert| (alert.starts_at, alert.id),
        |alert| AlertView::new(alert, &suppressions, now),
    )
}

/// What `GET /alerts` says of itself.
pub(super) fn list_doc() -> Doc {
    Doc::new(Access::Read, "alerts", "Alerts, the newest first")
        .query("service", "Only of this service.")
        .query(
            "state",
            "Only in this state: pending, firing, acknowledged or resolved.",
        )
        .query(
            "severity",
            "Only of this severity: low, medium, high, critical or emergency.",
        )
        .query("type", "Only of this type.")
        .query("from", "Only those that began at this instant or later.")
        .query("to", "Only those that began before this instant.")
        .lists::<AlertView>("A page of alerts.")
}

/// `GET /alerts/{id}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let alert = found(&call).await?;
    let transition = alert.transition;
    let view = shown(&call.context, alert, call.now).await?;
    response::versioned(transition, &view)
}

/// What `GET /alerts/{id}` says of itself.
pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "alerts", "An alert").answers::<AlertView>(200, "The alert.")
}

/// The alert as it is answered.
async fn shown(
    context: &Context,
    alert: Alert,
    now: DateTime<Utc>,
) -> Result<AlertView, StoreError> {
    let suppressions = suppressions(context, std::slice::from_ref(&alert), now).await?;
    Ok(AlertView::new(alert, &suppressions, now))
}

/// Alerts as they are answered.
pub(super) async fn shown_all(
    context: &Context,
    alerts: Vec<Alert>,
    now: DateTime<Utc>,
) -> Result<Vec<AlertView>, StoreError> {
    let suppressions = suppressions(context, &alerts, now).await?;
    let shown = alerts
        .into_iter()
        .map(|alert| AlertView::new(alert, &suppressions, now));
    Ok(shown.collect())
}

/// What keeps news of these alerts back, where any is open.
pub(crate) async fn suppressions(
    context: &Context,
    alerts: &[Alert],
    now: DateTime<Utc>,
) -> Result<Suppressions, StoreError> {
    let open: Vec<&Alert> = alerts
        .iter()
        .filter(|alert| alert.is_open())
        .collect();
    if open.is_empty() {
        return Ok(Suppressions::default());
    }
    let found = context
        .suppressors
        .around(open, now)
        .await?;
    Ok(found.suppressions)
}

/// The alert that the path names.
async fn found(call: &Call<Context>) -> Result<Alert, ApiError> {
    let id: AlertId = call.id("id", NOUN)?;
    let alert = call
        .context
        .alerts
        .find_alert(id)
        .await?;
    alert.ok_or_else(|| ApiError::no_such(NOUN))
}

/// What the query asks for. Faults are left in `query`.
fn asked(query: &mut Query, now: DateTime<Utc>) -> AlertQuery {
    let (from, to) = (query.instant("from"), query.instant("to"));
    if from
        .zip(to)
        .is_some_and(|(from, to)| from >= to)
    {
        query.fault("to", "must be later than `from`");
    }
    AlertQuery {
        service: query.parse_as("service"),
        state: query.parse_as::<AlertStatus>("state"),
        severity: query.parse_as("severity"),
        alert_type: query.parse_as("type"),
        during: (from.is_some() || to.is_some()).then(|| {
            // No replica's clock runs a day ahead, so this is everything from `from` on.
            let end = to.unwrap_or(now + TimeDelta::days(1));
            Interval::new(from.unwrap_or(DateTime::UNIX_EPOCH), end)
        }),
    }
}

/// The rows of a page, and one more where there is one. A store gives at most [`Page::LIMIT_MAX`]
/// at a time, so the one after the largest page is asked for by itself.
async fn rows(
    context: &Context,
    query: &AlertQuery,
    paging: &Paging<Key>,
) -> Result<Vec<Alert>, StoreError> {
    let mut after = paging
        .after
        .map(|(starts_at, id)| AlertsPage { starts_at, id });
    let mut rows: Vec<Alert> = Vec::new();
    while let Some(limit) = left(paging.rows(), rows.len()) {
        let page = Page {
            after,
            limit: limit.min(Page::<AlertsPage>::LIMIT_MAX),
        };
        let part = context
            .alerts
            .list_alerts(query, page)
            .await?;
        let is_last = part.len() < usize::try_from(page.limit.get()).unwrap_or(usize::MAX);
        rows.extend(part);
        after = rows.last().map(|alert| AlertsPage {
            starts_at: alert.starts_at,
            id: alert.id,
        });
        if is_last {
            break;
        }
    }
    Ok(rows)
}

/// How many rows are still wanted; `None` for none.
fn left(wanted: usize, held: usize) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(wanted.saturating_sub(held)).ok()?)
}

/// What a transition by a person brings beside the new state.
pub(super) fn moment<'a>(
    context: &'a Context,
    owner: Option<&'a str>,
    now: DateTime<Utc>,
) -> Moment<'a> {
    Moment {
        now,
        slot: None,
        routes: context.router.audience(owner),
        settings: &context.settings.lifecycle,
    }
}

/// After so many tries something else is wrong, or a caller should wait.
pub(super) fn contended() -> ApiError {
    ApiError::Conflict("the alert is being changed by too many at once; try again".to_owned())
}

/// What a missing alert is called.
const NOUN: &str = "alert";
