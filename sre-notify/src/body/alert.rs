//! The alert with what is known around it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::{Alert, AlertState};
use sre_core::name::{AlertId, IncidentId, SloId};
use sre_core::notification::{AlertNews, Reason, Withheld};
use sre_core::time::truncate;

use super::links::links;
use super::room::{Room, clip};
use super::slo::{BudgetView, RuleView, SloView};
use super::{Bases, Number};

/// One alert of a message.
#[derive(Serialize)]
pub(super) struct AlertEntry<'a> {
    #[serde(flatten)]
    alert: AlertView<'a>,
    /// Rises with every message of the episode to this destination.
    sequence: u64,
    reason: Reason,
    /// When what the message tells happened, so that a stale one can be dropped.
    occurred_at: DateTime<Utc>,
    resolve_reason: Option<&'static str>,
    suppressed_episodes: u64,
    /// What would have kept the message back, did it not tell an end: `silenced`, for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    while_held: Option<&'static str>,
    rules: Vec<RuleView>,
    slo: Option<SloView<'a>>,
    error_budget: Option<BudgetView>,
    links: BTreeMap<&'a str, Option<String>>,
}

/// The alert as the API shows it.
#[derive(Serialize)]
struct AlertView<'a> {
    id: AlertId,
    fingerprint: String,
    service_name: &'a str,
    alert_type: &'a str,
    severity: &'static str,
    state: &'static str,
    message: Cow<'a, str>,
    slo_id: Option<SloId>,
    labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    value: Option<Number>,
    threshold: Option<Number>,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<Cow<'a, str>>,
    last_notified_at: Option<DateTime<Utc>>,
    occurrences: u64,
    incident_id: Option<IncidentId>,
}

impl<'a> AlertEntry<'a> {
    /// What is new of an alert, as far as there is room.
    pub(super) fn new(
        news: &AlertNews<'a>,
        now: DateTime<Utc>,
        bases: &Bases,
        room: &Room,
    ) -> Self {
        let (alert, slo) = (news.alert, news.slo);
        Self {
            alert: AlertView::new(alert, room),
            sequence: news.sequence,
            reason: news.reason,
            occurred_at: truncate(occurred_at(news, now)),
            resolve_reason: match &alert.state {
                AlertState::Resolved { reason, .. } => Some(reason.as_str()),
                _ => None,
            },
            suppressed_episodes: news.suppressed_episodes,
            while_held: news.while_held.map(Withheld::as_str),
            rules: alert
                .rules
                .iter()
                .take(room.rules)
                .map(|outcome| RuleView::new(outcome, slo))
                .collect(),
            slo: slo.map(|slo| SloView::new(slo, news.evaluation)),
            error_budget: slo
                .zip(news.evaluation)
                .map(|(slo, evaluation)| BudgetView::new(slo, evaluation)),
            links: links(alert, slo, bases, room),
        }
    }
}

impl<'a> AlertView<'a> {
    fn new(alert: &'a Alert, room: &Room) -> Self {
        let (acknowledged_at, acknowledged_by) = match &alert.state {
            AlertState::Acknowledged { at, by, .. } => (Some(truncate(*at)), by.as_deref()),
            _ => (None, None),
        };
        let label = |text| clip(text, room.label_chars);
        Self {
            id: alert.id,
            fingerprint: alert.identity.key().to_string(),
            service_name: alert.service_name().as_str(),
            alert_type: alert.alert_type().as_str(),
            severity: alert.severity.as_str(),
            state: alert.state.as_str(),
            message: clip(&alert.message, room.message_chars),
            slo_id: alert.slo_id(),
            labels: alert
                .labels()
                .iter()
                .take(room.labels)
                .map(|(name, value)| (label(name), label(value)))
                .collect(),
            value: Number::of(alert.value),
            threshold: Number::of(alert.threshold),
            starts_at: truncate(alert.starts_at),
            ends_at: alert.ends_at().map(truncate),
            acknowledged_at,
            acknowledged_by: acknowledged_by.map(|by| clip(by, room.message_chars)),
            last_notified_at: alert.last_notified_at.map(truncate),
            occurrences: alert.occurrences,
            incident_id: alert.incident_id,
        }
    }
}

/// When it happened: the episode's own instants where they are it, else when the message was
/// frozen. It never falls from one message of an episode to the next.
fn occurred_at(news: &AlertNews<'_>, now: DateTime<Utc>) -> DateTime<Utc> {
    match (news.reason, news.alert.ends_at()) {
        (Reason::First, _) => news.alert.starts_at,
        (Reason::AllResolved, Some(ended)) => ended,
        _ => now,
    }
}
