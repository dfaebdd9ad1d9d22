//! Silences: what nobody is told now, by whose wish, and what that keeps back.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use sre_core::alert::{Alert, AlertStatus};
use sre_core::silence::{Silence, SilenceState};
use sre_core::store::{AlertQuery, AlertsPage, Page, SilenceQuery, StoreError};

use super::frame::{Part, Sheet};
use super::{alerts, moment};
use crate::api::silences::up_to;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// How many of each state are shown: nobody reads more, and `/silences` has all.
const SHOWN_MAX: usize = 200;
/// For so long a silence that is over is shown.
const SHOWN_FOR: TimeDelta = TimeDelta::hours(24);
/// How many of the alerts that a silence matches are named.
const NAMED_MAX: usize = 5;

/// `GET /ui/silences`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    call.query.finish()?;
    let context = &call.context;
    let active = listed(context, SilenceState::Active, call.now).await?;
    let pending = listed(context, SilenceState::Pending, call.now).await?;
    let mut expired = listed(context, SilenceState::Expired, call.now).await?;
    expired.sort_by_key(|silence| std::cmp::Reverse(silence.ends_at));
    let open = if active.is_empty() {
        Vec::new()
    } else {
        open(context).await?
    };
    let page = html! {
        h1 { "Silences" }
        section aria-labelledby="active" {
            h2 #active { "In force" }
            @if active.is_empty() { div.empty { p { "Nothing is silenced." } } }
            @else { (list(&active, Some(&open), call.now)) }
        }
        @if !pending.is_empty() {
            section aria-labelledby="pending" {
                h2 #pending { "To come" }
                (list(&pending, None, call.now))
            }
        }
        @if !expired.is_empty() {
            section aria-labelledby="expired" {
                h2 #expired { "Over since yesterday" }
                (list(&expired, None, call.now))
            }
        }
    };
    Ok(Sheet::new(&call, Part::Silences, "Silences").answer(&page))
}

/// What `GET /ui/silences` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "What nobody is told now, and by whose wish")
}

async fn listed(
    context: &Context,
    state: SilenceState,
    now: DateTime<Utc>,
) -> Result<Vec<Silence>, StoreError> {
    let query = SilenceQuery {
        state: Some(state),
        now,
        ends_after: now.checked_sub_signed(SHOWN_FOR),
    };
    up_to(context, &query, None, SHOWN_MAX).await
}

/// The alerts that are open, the newest of each state.
async fn open(context: &Context) -> Result<Vec<Alert>, StoreError> {
    let mut open = Vec::new();
    for state in AlertStatus::OPEN {
        let query = AlertQuery {
            state: Some(state),
            ..AlertQuery::default()
        };
        let page = Page::first(Page::<AlertsPage>::LIMIT_MAX);
        open.extend(
            context
                .alerts
                .list_alerts(&query, page)
                .await?,
        );
    }
    Ok(open)
}

/// Silences as a list, with what they match of these alerts.
fn list(silences: &[Silence], open: Option<&[Alert]>, now: DateTime<Utc>) -> Markup {
    html! {
        ul.alerts {
            @for silence in silences {
                li id=(silence.id) class=[open.is_some().then_some("open")] {
                    div.what {
                        p { code { bdi { (silence.matchers) } } }
                        p.quiet {
                            bdi { (silence.comment) } ", asked for by " bdi { (silence.created_by) }
                            " · " (stands(silence, now))
                        }
                        @if let Some(open) = open { (held(silence, open, now)) }
                    }
                }
            }
        }
    }
}

/// Since when and until when, and whether it comes again.
fn stands(silence: &Silence, now: DateTime<Utc>) -> Markup {
    html! {
        @match silence.next(now) {
            None => {
                "over " (moment::ago(silence.ends_at, now))
                @if let Some(by) = &silence.expired_by { ", ended by " bdi { (by) } }
            }
            Some(next) if next.start() <= now => { "until " (moment::at(next.end())) " (" (moment::ago(next.end(), now)) ")" }
            Some(next) => { "from " (moment::at(next.start())) " until " (moment::at(next.end())) }
        }
        @if let Some(recurrence) = &silence.recurrence {
            ", again by " code { (recurrence.rule()) } " in " (recurrence.zone()) " until " (moment::day(silence.ends_at))
        }
    }
}

/// What it matches now.
fn held(silence: &Silence, open: &[Alert], now: DateTime<Utc>) -> Markup {
    let matched: Vec<Alert> = open
        .iter()
        .filter(|alert| {
            silence
                .matchers
                .matches(&alert.match_labels())
        })
        .cloned()
        .collect();
    let named = matched
        .get(..NAMED_MAX)
        .unwrap_or(&matched);
    html! {
        @if matched.is_empty() {
            p.quiet { "It matches no open alert." }
        } @else {
            (alerts::list(named, now))
            @if matched.len() > named.len() { p.quiet { "and " (matched.len() - named.len()) " more" } }
        }
    }
}
