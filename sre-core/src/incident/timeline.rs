//! The timeline of an incident: what happened to it, and what happened to its alerts.
//!
//! Only the first is written for the incident. Transitions of alerts, deliveries and failed ones are
//! read where they were written anyway, so that the timeline and the ledgers cannot disagree.

use chrono::{DateTime, Utc};

use crate::alert::Alert;
use crate::incident::IncidentEvent;
use crate::name::{AlertId, DestinationId};
use crate::store::{AlertStep, AttemptRecord, DeliveryState, IntentRecord, Recollection};

/// One line.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// An [`EventKind`](crate::incident::EventKind), or `alert`, `delivery`, `delivery_failed`,
    /// `withheld`.
    pub kind: &'static str,
    /// Who; `system` for this service, `None` where it is not known.
    pub actor: Option<String>,
    /// What, for people.
    pub text: String,
}

/// Puts together what was written down of an incident and of its alerts, in the order in which it
/// happened; at one instant the alert comes before what came of it.
#[must_use]
pub fn timeline(
    recollection: &Recollection,
    alerts: &[Alert],
    ledger: &[IntentRecord],
    destination: &dyn Fn(DestinationId) -> String,
) -> Vec<Line> {
    let alert = |id: AlertId| {
        alerts
            .iter()
            .find(|alert| alert.id == id)
    };
    let steps = recollection.steps.iter();
    let steps = steps.filter_map(|step| alert(step.alert_id).map(|alert| of_step(step, alert)));
    let events = recollection.events.iter().map(of_event);
    let told = ledger.iter().flat_map(|record| {
        let name = alert(record.intent.alert_id).map_or("an alert", name_of);
        of_intent(record, name, &destination(record.intent.destination_id))
    });
    let mut lines: Vec<Line> = steps
        .chain(events)
        .chain(told)
        .collect();
    lines.sort_by_key(|line| line.at);
    lines
}

fn name_of(alert: &Alert) -> &str {
    alert.alert_type().as_str()
}

fn of_event(event: &IncidentEvent) -> Line {
    Line {
        at: event.occurred_at,
        recorded_at: event.recorded_at,
        kind: event.kind.as_str(),
        actor: event.actor.clone(),
        text: event.text.clone(),
    }
}

fn of_step(step: &AlertStep, alert: &Alert) -> Line {
    let what = format!("{} of {}", name_of(alert), alert.service_name());
    let mut text = match step.from {
        None => format!(
            "{what} is {}, {}: {}",
            step.to, step.severity, alert.message
        ),
        Some(from) if from == step.to => format!("{what} is {} still, {}", step.to, step.severity),
        Some(from) => format!("{what}: {from} → {}, {}", step.to, step.severity),
    };
    if let Some(comment) = &step.comment {
        text.push_str(": ");
        text.push_str(comment);
    }
    Line {
        at: step.at,
        recorded_at: step.at,
        kind: "alert",
        actor: Some(
            step.actor
                .clone()
                .unwrap_or_else(system),
        ),
        text,
    }
}

/// What became of something that a destination was to hear: what kept it from that, the first try
/// that failed, the arrival or the end.
fn of_intent(record: &IntentRecord, alert: &str, destination: &str) -> Vec<Line> {
    let intent = &record.intent;
    let kind = intent.kind.as_str();
    if record.state == "withheld" {
        let rule = record
            .reason
            .as_deref()
            .unwrap_or("a rule");
        let text = format!("{destination} was not told ({kind} of {alert}): {rule}");
        return vec![line(intent.created_at, "withheld", text)];
    }
    let what = format!("{kind} of {alert}");
    record
        .deliveries
        .iter()
        .flat_map(|(delivery, attempts)| of_delivery(delivery, attempts, &what, destination))
        .collect()
}

fn of_delivery(
    delivery: &DeliveryState,
    attempts: &[AttemptRecord],
    what: &str,
    destination: &str,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut failed = attempts.iter().filter(|attempt| {
        attempt.finished_at.is_some() && attempt.result.as_deref() != Some("delivered")
    });
    if let Some(first) = failed.next() {
        let tries = failed.count().saturating_add(1);
        let why = first
            .detail
            .as_deref()
            .unwrap_or("no reason was given");
        let text = format!("{destination} could not be told ({what}): {why}; {tries} failed");
        lines.push(line(
            first
                .finished_at
                .unwrap_or(first.started_at),
            "delivery_failed",
            text,
        ));
    }
    if let Some(sent_at) = delivery.sent_at {
        let text = format!("{destination} was told ({what})");
        lines.push(line(sent_at, "delivery", text));
    }
    if delivery.state == "dead" {
        let why = delivery
            .reason
            .as_deref()
            .unwrap_or("no reason was given");
        let last = attempts.last();
        let at = last.and_then(|last| last.finished_at);
        let text = format!("{destination} was given up ({what}): {why}");
        lines.push(line(
            at.unwrap_or(delivery.created_at),
            "delivery_failed",
            text,
        ));
    }
    lines
}

fn line(at: DateTime<Utc>, kind: &'static str, text: String) -> Line {
    Line {
        at,
        recorded_at: at,
        kind,
        actor: Some(system()),
        text,
    }
}

fn system() -> String {
    "system".to_owned()
}

#[cfg(test)]
mod tests;
