//! One alert: what is wrong, what its rules saw, who was told, and why somebody was not.

mod told;

use maud::{Markup, html};
use sre_core::alert::{Alert, AlertState};
use sre_core::budget::burn_rate;
use sre_core::evaluation::{RuleOutcome, WindowCounts};
use sre_core::name::AlertId;
use sre_core::slo::Slo;
use sre_core::target::Target;

use super::alerts::since;
use super::frame::{Part, Sheet};
use super::{mark, moment, number};
use crate::api::alerts::suppressions;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

pub(super) use self::told::tries;

/// `GET /ui/alerts/{id}`
pub(super) async fn show(call: Call<Context>) -> Result<Response, ApiError> {
    let id: AlertId = call.id("id", "alert")?;
    let context = &call.context;
    let alert = context.alerts.find_alert(id).await?;
    let alert = alert.ok_or_else(|| ApiError::no_such("alert"))?;
    let slo = match alert.slo_id() {
        Some(id) => context.catalog.find(id).await?,
        None => None,
    };
    let suppressions = suppressions(context, std::slice::from_ref(&alert), call.now).await?;
    let records = context.outbox.ledger(alert.id).await?;
    let page = html! {
        (heading(&alert, slo.as_ref(), &call))
        @if alert.is_open() {
            @for held in suppressions.of(&alert, call.now) {
                p.quiet { "Not told " (told::held(held.by, &context.suppressors)) ", until " (moment::at(held.until)) " at least." }
            }
        }
        (facts(&alert, &call))
        @if let (Some(slo), false) = (&slo, alert.rules.is_empty()) {
            section aria-labelledby="rules" {
                h2 #rules { "What its rules saw" }
                (rules(&alert.rules, slo.definition.target))
            }
        }
        section aria-labelledby="told" {
            h2 #told { "Who was told" }
            (told::told(records, &context.destinations, &context.suppressors, call.now))
        }
    };
    Ok(Sheet::new(&call, Part::Alerts, alert.message.as_str()).answer(&page))
}

/// What `GET /ui/alerts/{id}` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "An alert, and who was told of it")
}

fn heading(alert: &Alert, slo: Option<&Slo>, call: &Call<Context>) -> Markup {
    html! {
        p.trail { a href="/ui/alerts" { "Alerts" } " / " bdi { (alert.service_name()) } }
        h1.message { bdi { (alert.message) } }
        p.standing {
            (mark::severity(alert.severity)) " "
            (since(alert, call.now))
            @if let Some(incident) = alert.incident_id {
                " · " a href={ "/ui/incidents/" (incident.0) } { "part of an incident" }
            }
            @if let Some(slo) = slo {
                " · SLO " a href={ "/ui/slos/" (slo.id.0) } { bdi { (slo.definition.name) } }
            }
        }
    }
}

fn facts(alert: &Alert, call: &Call<Context>) -> Markup {
    html! {
        dl.facts {
            div { dt { "Type" } dd { code { (alert.alert_type().as_str()) } } }
            div { dt { "Began" } dd { (moment::at(alert.starts_at)) } }
            @if let AlertState::Acknowledged { until, .. } = &alert.state {
                div { dt { "Acknowledged until" } dd { (moment::at(*until)) } }
            }
            @if let AlertState::Resolved { at, reason, by } = &alert.state {
                div { dt { "Ended" } dd { (moment::at(*at)) } }
                div { dt { "Because" } dd { (reason.as_str()) @if let Some(by) = by { ", by " bdi { (by) } } } }
            }
            @if let Some(since) = alert.flaps.since {
                div { dt { "Flaps since" } dd { (moment::at(since)) ", " (alert.flaps.history.share()) " of its last 20 changes: held open until it is steady" } }
            }
            div { dt { "Reported" } dd { (number::many(usize::try_from(alert.occurrences).unwrap_or(usize::MAX), "time")) } }
            div { dt { "Episode" } dd { (alert.episode) " of this trouble" } }
            @if let Some(value) = alert.value {
                div { dt { "Value" } dd { (value) @if let Some(threshold) = alert.threshold { " (threshold " (threshold) ")" } } }
            }
            @for (name, value) in alert.labels() { div { dt { bdi { (name) } } dd { bdi { (value) } } } }
            @if let Some(at) = alert.last_notified_at { div { dt { "Told last" } dd { (moment::ago(at, call.now)) } } }
        }
    }
}

/// Burn rules with what they saw.
pub(super) fn rules(outcomes: &[RuleOutcome], target: Target) -> Markup {
    html! {
        div.wide tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Rule" }
                    th scope="col" { "Fires above" }
                    th scope="col" { "Is enough gone?" }
                    th scope="col" { "Does it still burn?" }
                    th scope="col" { "It says" }
                } }
                tbody {
                    @for outcome in outcomes {
                        tr {
                            th scope="row" { (outcome.rule.level.as_str()) span.quiet { @if outcome.rule.level.pages() { " (page)" } @else { " (ticket)" } } }
                            td {
                                (number::factor(outcome.rule.factor.as_f64()))
                                @if let Some(share) = outcome.rule.min_share { span.quiet { " and " (number::share(share.as_f64())) " of the budget" } }
                            }
                            td { (seen(&outcome.long, target)) }
                            td { (seen(&outcome.short, target)) }
                            td class=[(outcome.verdict == sre_core::evaluation::RuleVerdict::Firing).then_some("bad")] { (mark::verdict_words(outcome.verdict)) (held_back(outcome)) }
                        }
                    }
                }
            }
        }
    }
}

/// How much the guard asks for that holds a rule back.
fn held_back(outcome: &RuleOutcome) -> Markup {
    html! {
        @if let Some(needed) = outcome.bad_needed {
            span.quiet { ": " (number::count(outcome.long.shown().bad())) " of the " (number::count(needed)) " that it asks for" }
        }
    }
}

fn seen(window: &WindowCounts, target: Target) -> Markup {
    html! {
        @match burn_rate(window.counts, target).filter(|_| window.coverage.measured > 0) {
            Some(rate) => { (number::burn(rate)) "×" }
            None => { span.quiet { (number::NO_DATA) } }
        }
        span.quiet { " over " (window.window) }
    }
}
