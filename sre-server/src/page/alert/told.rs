//! Who was told what, when and how; and the rule by which somebody was not.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::monitor::Suppressors;
use sre_core::notification::Destination;
use sre_core::store::{AttemptRecord, DeliveryState, IntentRecord};
use sre_core::suppression::Holder;

use crate::page::moment;

/// Every change of an alert that somebody had to hear of, the newest first.
pub(super) fn told(
    mut records: Vec<IntentRecord>,
    destinations: &[Destination],
    suppressors: &Suppressors,
    now: DateTime<Utc>,
) -> Markup {
    records.sort_by_key(|record| std::cmp::Reverse((record.intent.transition, record.intent.id)));
    html! {
        @if records.is_empty() {
            div.empty { p { "Nobody had to hear of it: no channel was configured when it changed." } }
        } @else {
            ol.timeline {
                @for record in &records { (entry(record, destinations, suppressors, now)) }
            }
        }
    }
}

fn entry(
    record: &IntentRecord,
    destinations: &[Destination],
    suppressors: &Suppressors,
    now: DateTime<Utc>,
) -> Markup {
    let intent = &record.intent;
    let destination = destinations
        .iter()
        .find(|known| known.id == intent.destination_id);
    let name = destination.map_or("a destination that is gone", |known| &known.name);
    html! {
        li class=(class(&record.state)) {
            p {
                strong { (headline(&record.state)) } " "
                bdi { (name) }
                span.quiet { " of " (kind(intent.kind.as_str())) ", " (moment::at(intent.created_at)) }
            }
            @if let Some(reason) = &record.reason {
                p.quiet {
                    "Why: " (reason.replace('_', " "))
                    @if let Some(by) = record.held_by { " " (held(by, suppressors)) ", until " (moment::at(intent.due_at)) " at least" }
                }
            }
            @for (delivery, attempts) in &record.deliveries { (message(delivery, attempts, now)) }
        }
    }
}

fn message(delivery: &DeliveryState, attempts: &[AttemptRecord], now: DateTime<Utc>) -> Markup {
    html! {
        @if let Some(at) = delivery.sent_at { p.quiet { "Arrived " (moment::ago(at, now)) " as message " code { (delivery.id.0) } } }
        @if let Some(at) = delivery.next_attempt_at { p.quiet { "Tried again " (moment::ago(at, now)) } }
        @if let Some(reason) = &delivery.reason { p.bad { "Given up: " (reason) } }
        (tries(attempts))
    }
}

/// The tries of a message, each with its answer.
pub(in crate::page) fn tries(attempts: &[AttemptRecord]) -> Markup {
    html! {
        ul.attempts {
            @for attempt in attempts {
                li {
                    (moment::at(attempt.started_at)) ": "
                    (attempt.result.as_deref().unwrap_or("under way, or cut off"))
                    @if let Some(status) = attempt.status { ", status " (status) }
                    @if attempt.is_possible_duplicate { ", marked as a possible repeat" }
                    @if let Some(detail) = &attempt.detail { " " q { bdi { (detail) } } }
                }
            }
        }
    }
}

/// What keeps it back, in words.
pub(super) fn held(by: Holder, suppressors: &Suppressors) -> Markup {
    html! {
        @match by {
            Holder::Silence(id) => { "by silence " a href={ "/ui/silences#" (id) } { code { (id) } } }
            Holder::Maintenance(id) => { "by maintenance " code { (id) } }
            Holder::Alarm(id) => { "while " a href={ "/ui/alerts/" (id) } { "a page of what its service stands on" } " fires" }
            Holder::Extension(id) => { "after " a href={ "/ui/alerts/" (id) } { "a page of what its service stands on" } }
            Holder::Rule { source, .. } => {
                "while " a href={ "/ui/alerts/" (source) } { "another alert" } " fires, by the rule "
                bdi { (suppressors.rule_name(by).unwrap_or("that was taken out of the file")) }
            }
            Holder::Wait => { "in case a page of what its service stands on comes" }
        }
    }
}

fn class(state: &str) -> &'static str {
    match state {
        "delivered" => "good",
        "dead" => "bad",
        "pending" | "frozen" => "warn",
        _ => "quiet",
    }
}

fn headline(state: &str) -> &'static str {
    match state {
        "delivered" => "Told",
        "dead" => "Could not tell",
        "pending" => "Is about to tell",
        "frozen" => "Is telling",
        "superseded" => "Said by another message to",
        _ => "Did not tell",
    }
}

fn kind(kind: &str) -> &str {
    match kind {
        "fire" => "the beginning",
        "update" => "a change",
        "repeat" => "its going on",
        "recur" => "its coming back",
        "ack_timeout" => "the end of its acknowledgement",
        "escalate" => "its escalation",
        "resolve" => "the end",
        other => other,
    }
}
