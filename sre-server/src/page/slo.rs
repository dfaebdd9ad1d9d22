//! One SLO: how it stands, when its budget was spent, what its rules see, how it came to be so.

mod definition;
mod detection;
mod history;
mod standing;

use std::cmp::Reverse;
use std::num::NonZeroU32;

use maud::{Markup, html};
use sre_core::alert::Alert;
use sre_core::name::SloId;
use sre_core::store::{AlertQuery, Page};

use self::history::Past;
use super::frame::{Part, Sheet};
use super::services::address;
use super::spending::Spending;
use super::{alerts, chart, mark, number};
use crate::api::slo::look::{Found, Look, look_at_one};
use crate::api::slo::status::raw_budget;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// How many of a service's newest alerts are looked through for those of one SLO.
const ALERTS_READ: NonZeroU32 = NonZeroU32::new(100).expect("more than zero");

/// How many alerts of an SLO are shown.
const ALERTS_SHOWN: usize = 10;

/// `GET /ui/slos/{id}`
pub(super) async fn show(call: Call<Context>) -> Result<Response, ApiError> {
    let id: SloId = call.id("id", "SLO")?;
    let context = &call.context;
    let slo = context.catalog.find(id).await?;
    let slo = slo.ok_or_else(|| ApiError::no_such("SLO"))?;
    let found = look_at_one(context, slo, Look::default()).await?;
    let spending = Spending::read(context, &found).await?;
    let past = Past::read(context, &found, call.now).await?;
    let alerts = alerts_of(context, &found).await?;
    let page = html! {
        (heading(&found))
        (standing::figures(&found, call.now))
        section aria-labelledby="spent" {
            h2 #spent { "Error budget over " (found.slo.definition.window.phrase()) }
            (charts(&found, spending.as_ref()))
        }
        (standing::burning(&found))
        (detection::detection(&found, &context.settings.evaluation.thresholds))
        section aria-labelledby="past" {
            h2 #past { "The last " (past.length()) }
            (past.render())
        }
        section aria-labelledby="alerts" {
            h2 #alerts { "Alerts" }
            @if alerts.is_empty() { div.empty { p { "None lately." } } } @else { (alerts::list(&alerts, call.now)) }
        }
        (definition::definition(&found, context, call.now))
    };
    let title = found.slo.definition.name.as_str();
    Ok(Sheet::new(&call, Part::Overview, title).answer(&page))
}

/// What `GET /ui/slos/{id}` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "An SLO, and when its budget was spent")
}

fn heading(found: &Found) -> Markup {
    let definition = &found.slo.definition;
    let reason = found
        .evaluation
        .as_ref()
        .and_then(|held| held.reason)
        .map(mark::reason_words);
    html! {
        p.trail { a href="/" { "Overview" } " / " a href=(address(&definition.service_name)) { (definition.service_name) } }
        h1 { bdi { (definition.name) } }
        p.standing {
            (mark::state(found.state()))
            @if let Some(reason) = reason { span.quiet { ": " (reason) } }
            @if found.slo.deleted_at.is_some() { " " span.badge.quiet { "Deleted" } }
            @else if !definition.enabled { " " span.badge.quiet { "Disabled" } }
        }
        @if !definition.description.is_empty() { p.description { bdi { (definition.description) } } }
    }
}

fn charts(found: &Found, spending: Option<&Spending>) -> Markup {
    let Some(spending) = spending else {
        return html! { div.empty { p { "Nothing was measured in its window, so there is nothing to draw." } } };
    };
    let unit = found.slo.definition.method.unit();
    let left = spending
        .left()
        .map_or_else(|| number::NO_DATA.to_owned(), number::percent);
    let summary = format!(
        "Budget left over {}: from 100 % to {left}",
        found.slo.definition.window.phrase()
    );
    html! {
        figure {
            (chart::burn_down(spending, &summary))
            figcaption.quiet {
                span.key { svg viewBox="0 0 16 8" width="16" height="8" aria-hidden="true" { path.line d="M0 4h16" {} } "left" }
                span.key { svg viewBox="0 0 16 8" width="16" height="8" aria-hidden="true" { path.pace d="M0 4h16" {} } "even pace" }
                span.key { svg viewBox="0 0 16 8" width="16" height="8" aria-hidden="true" { rect.gap width="16" height="8" {} } "not measured" }
                @if spending.is_projected { span { "Left of what the whole window allows at the traffic so far." } }
                @if !spending.corrected.is_empty() {
                    span.key { svg viewBox="0 0 16 8" width="16" height="8" aria-hidden="true" { rect.corrected width="16" height="8" {} } "corrected" }
                }
            }
        }
        @if let Some(words) = corrected_words(found) { p.quiet { (words) } }
        @if spending.worst().is_zero() {
            p.quiet { "Nothing was bad in this window." }
        } @else {
            figure {
                h3 { "Bad " (unit) }
                (chart::bars(spending, unit))
            }
        }
    }
}

/// What corrections gave back, and what was measured; nothing where none touches the window.
fn corrected_words(found: &Found) -> Option<String> {
    let evaluation = found.evaluation.as_ref()?;
    let raw = raw_budget(evaluation, &found.slo.definition)?;
    let measured = number::left(raw).unwrap_or_else(|| number::NO_DATA.to_owned());
    let counts = raw.shown();
    Some(format!(
        "Corrected: some of this time was agreed not to count. As it was measured, {measured} of the \
         budget is left: {} bad of {}.",
        number::count(counts.bad()),
        number::count(counts.total()),
    ))
}

/// The alerts of an SLO: open ones first, the gravest before; then the newest.
async fn alerts_of(context: &Context, found: &Found) -> Result<Vec<Alert>, ApiError> {
    let query = AlertQuery {
        service: Some(
            found
                .slo
                .definition
                .service_name
                .clone(),
        ),
        ..AlertQuery::default()
    };
    let page = Page {
        after: None,
        limit: ALERTS_READ,
    };
    let mut alerts = context
        .alerts
        .list_alerts(&query, page)
        .await?;
    alerts.retain(|alert| alert.slo_id() == Some(found.slo.id));
    alerts.sort_by_key(|alert| {
        Reverse((
            alert.is_open(),
            alert
                .is_open()
                .then_some(alert.severity),
        ))
    });
    alerts.truncate(ALERTS_SHOWN);
    Ok(alerts)
}
