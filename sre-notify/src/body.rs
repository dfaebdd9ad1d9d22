//! The body of a message, as Standard Webhooks shape it, never longer than [`BODY_MAX_BYTES`].
//!
//! What it says is the alert with everything that helps to judge it at three in the morning: the
//! rules that fire with their burns, the SLO, the budget that is left, and where to read on. Numbers
//! are unrounded, and what does not exist is `null`.

mod alert;
mod links;
mod room;
mod slo;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sre_core::alert::AlertState;
use sre_core::notification::{Message, Reason};
use sre_core::time::truncate;
use url::Url;

use alert::AlertEntry;
use room::{Room, clip};

/// The longest body: what every receiver of events is sure to forward (`CloudEvents` 1.0).
pub const BODY_MAX_BYTES: usize = 64 * 1024;

/// Where links begin.
#[derive(Clone, Debug)]
pub(crate) struct Bases {
    /// Where people reach this service.
    pub(crate) links: Option<Url>,
    /// Where the dashboards are.
    pub(crate) dashboards: Option<Url>,
}

/// The envelope of Standard Webhooks.
#[derive(Serialize)]
struct Envelope<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: DateTime<Utc>,
    data: T,
}

/// The alerts of one service; one, until destinations group them.
#[derive(Serialize)]
struct Data<'a> {
    service_name: &'a str,
    incident: Option<()>,
    alerts: [AlertEntry<'a>; 1],
}

/// As little as says what is wrong.
#[derive(Serialize)]
struct MinimalData<'a> {
    service_name: &'a str,
    alert_id: String,
    sequence: u64,
    text: String,
}

/// The whole message, with as much of it as there is room for.
pub(crate) fn full(message: &Message<'_>, bases: &Bases) -> Vec<u8> {
    Room::ALL
        .iter()
        .filter_map(|room| {
            let data = Data {
                service_name: message.alert.service_name().as_str(),
                incident: None,
                alerts: [AlertEntry::new(message, bases, room)],
            };
            written(message, data)
        })
        .find(|body| body.len() <= BODY_MAX_BYTES)
        .unwrap_or_else(|| degraded(message))
}

/// The message as text alone.
pub(crate) fn degraded(message: &Message<'_>) -> Vec<u8> {
    let alert = message.alert;
    // The episode may have ended since; the words stay with what the message tells.
    let state = match (message.reason, &alert.state) {
        (Reason::AllResolved, _) => "RESOLVED".to_owned(),
        (_, AlertState::Acknowledged { .. }) => format!("ACKNOWLEDGED {}", alert.severity),
        _ => format!("FIRING {}", alert.severity),
    };
    let text = format!("[{state}] {}: {}", alert.service_name(), alert.message)
        .replace(char::is_control, " ");
    let data = MinimalData {
        service_name: alert.service_name().as_str(),
        alert_id: alert.id.to_string(),
        sequence: message.sequence,
        text: clip(&text, MINIMAL_TEXT_MAX_CHARS).into_owned(),
    };
    written(message, data).unwrap_or_default()
}

/// The text of a minimal body is cut here.
const MINIMAL_TEXT_MAX_CHARS: usize = 500;

/// The body around `data`. Keys are texts and numbers finite or `null`, so there always is one.
fn written<T: Serialize>(message: &Message<'_>, data: T) -> Option<Vec<u8>> {
    let envelope = Envelope {
        kind: kind(message.reason),
        timestamp: truncate(message.now),
        data,
    };
    serde_json::to_vec(&envelope).ok()
}

/// The `type` of a message. The end of an acknowledgement is news of an alert that the receiver
/// knows; `alert.escalated` is kept for the next in a chain of destinations.
const fn kind(reason: Reason) -> &'static str {
    match reason {
        Reason::First => "alert.firing",
        Reason::SeverityRaised | Reason::SeverityFell | Reason::AckTimeout => "alert.updated",
        Reason::Recurred | Reason::Repeat => "alert.repeated",
        Reason::AllResolved => "alert.resolved",
    }
}

/// A number as people write it, `20` and not `20.0`; `null` when it is not finite.
struct Number(f64);

impl Number {
    fn of(value: Option<f64>) -> Option<Self> {
        value.map(Self)
    }
}

impl Serialize for Number {
    #[expect(clippy::cast_possible_truncation, reason = "whole and well below 2^53")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_whole = self.0.fract() == 0.0 && self.0.abs() < 9e15;
        if is_whole {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}
