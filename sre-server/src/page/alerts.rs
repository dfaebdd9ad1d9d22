//! Alerts: open ones first, and whether anybody was told.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::alert::{Alert, AlertState, AlertStatus};
use sre_core::name::{AlertId, ServiceName};
use sre_core::notification::Withheld;
use sre_core::store::{AlertQuery, AlertsPage, Page, StoreError};
use sre_core::suppression::Suppressions;

use super::frame::{Part, Sheet, older};
use super::{mark, moment};
use crate::api::alerts::suppressions;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::cursor;
use crate::http::{ApiError, Call, Response};

/// How many open alerts are shown at once; who has more than this has another problem first.
const OPEN_MAX: NonZeroU32 = NonZeroU32::new(50).expect("more than zero");

/// `GET /ui/alerts`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    call.query.drop_empty();
    let service = call
        .query
        .parse_as::<ServiceName>("service");
    let paging = call
        .query
        .paging::<(DateTime<Utc>, AlertId)>();
    call.query.finish()?;
    let context = &call.context;
    let open = match paging.after {
        None => open(context, service.as_ref()).await?,
        Some(_) => Vec::new(),
    };
    let suppressions = suppressions(context, &open, call.now).await?;
    let query = AlertQuery {
        service: service.clone(),
        state: Some(AlertStatus::Resolved),
        ..AlertQuery::default()
    };
    let limit = NonZeroU32::new(paging.limit).unwrap_or(OPEN_MAX);
    let after = paging
        .after
        .map(|(starts_at, id)| AlertsPage { starts_at, id });
    let over = context
        .alerts
        .list_alerts(&query, Page { after, limit })
        .await?;
    let is_full = over.len() >= usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let next = match over.last() {
        Some(last) if is_full => Some(cursor(&(last.starts_at, last.id))?),
        _ => None,
    };
    let page = html! {
        h1 { "Alerts" }
        @if paging.after.is_none() {
            section aria-labelledby="open" {
                h2 #open { "Open" }
                @if open.is_empty() { div.empty { p { "Nothing is wrong." } } } @else { (list_with(&open, &suppressions, call.now)) }
            }
        }
        section aria-labelledby="over" {
            h2 #over { "Resolved" }
            @if over.is_empty() { div.empty { p { "Nothing has been resolved yet." } } } @else { (list(&over, call.now)) }
            @if let Some(next) = &next {
                nav.pages aria-label="Pages of alerts" { a href=(older("/ui/alerts", service.as_ref(), next)) rel="next" { "Older" } }
            }
        }
    };
    Ok(Sheet::new(&call, Part::Alerts, "Alerts").answer(&page))
}

/// What `GET /ui/alerts` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "What is wrong, and what was")
        .query("service", "Only of this service.")
        .query("limit", "How many resolved ones at most.")
        .query("cursor", "Where to go on.")
}

/// Open alerts, the gravest first, then the newest.
pub(super) async fn open(
    context: &Context,
    service: Option<&ServiceName>,
) -> Result<Vec<Alert>, StoreError> {
    let mut open = Vec::new();
    for state in AlertStatus::OPEN {
        let query = AlertQuery {
            service: service.cloned(),
            state: Some(state),
            ..AlertQuery::default()
        };
        let page = Page {
            after: None,
            limit: OPEN_MAX,
        };
        open.extend(
            context
                .alerts
                .list_alerts(&query, page)
                .await?,
        );
    }
    open.sort_by_key(|alert| Reverse((alert.severity, alert.starts_at)));
    Ok(open)
}

/// Alerts as a list, each with what it takes to decide whether to look.
pub(super) fn list(alerts: &[Alert], now: DateTime<Utc>) -> Markup {
    list_with(alerts, &Suppressions::default(), now)
}

/// Alerts as a list, with what keeps open ones from being told.
fn list_with(alerts: &[Alert], suppressions: &Suppressions, now: DateTime<Utc>) -> Markup {
    html! {
        ul.alerts {
            @for alert in alerts {
                li class=[alert.is_open().then_some("open")] {
                    (mark::severity(alert.severity))
                    div.what {
                        a href={ "/ui/alerts/" (alert.id.0) } { bdi { (alert.message) } }
                        p.quiet { bdi { (alert.service_name()) } " · " (since(alert, now)) " · " (told(alert, now)) (withheld(alert, suppressions, now)) }
                    }
                }
            }
        }
    }
}

/// Since when, or for how long.
pub(super) fn since(alert: &Alert, now: DateTime<Utc>) -> Markup {
    html! {
        @match &alert.state {
            AlertState::Pending { since } => { "pending since " (moment::at(*since)) }
            AlertState::Firing => { "firing since " (moment::at(alert.starts_at)) " (" (moment::lasting(now - alert.starts_at)) ")" }
            AlertState::Acknowledged { at, by, .. } => {
                "acknowledged " (moment::ago(*at, now))
                @if let Some(by) = by { " by " bdi { (by) } }
            }
            AlertState::Resolved { at, .. } => {
                "lasted " (moment::lasting(*at - alert.starts_at)) ", over " (moment::ago(*at, now))
            }
        }
        @if alert.is_flapping() { " · flapping" }
    }
}

/// By which rules an open alert is not told.
fn withheld(alert: &Alert, suppressions: &Suppressions, now: DateTime<Utc>) -> Markup {
    let rules: BTreeSet<&str> = suppressions
        .of(alert, now)
        .filter(|_| alert.is_open())
        .map(|held| match held.by.rule() {
            Withheld::Maintenance => "in maintenance",
            rule => rule.as_str(),
        })
        .collect();
    html! {
        @for rule in rules { " · " strong { (rule) } }
    }
}

fn told(alert: &Alert, now: DateTime<Utc>) -> Markup {
    html! {
        @match alert.last_notified_at {
            Some(at) => { "told " (moment::ago(at, now)) }
            None => { "nobody was told" }
        }
    }
}
