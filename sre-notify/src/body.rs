//! The body of a message, as Standard Webhooks shape it, never longer than [`BODY_MAX_BYTES`].
//!
//! What it says is the alert with everything that helps to judge it at three in the morning: the
//! rules that fire with their burns, the SLO, the budget that is left, and where to read on. Numbers
//! are unrounded, and what does not exist is `null`.

mod alert;
mod digest;
mod event;
mod incident;
mod links;
mod minimal;
mod notice;
mod room;
mod slo;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sre_core::alert::Alert;
use sre_core::incident::Incident;
use sre_core::name::ServiceName;
use sre_core::notification::{AlertNews, Content, Message};
use sre_core::slo::Slo;
use sre_core::time::truncate;
use url::Url;

use alert::AlertEntry;
pub(crate) use event::EventSource;
use incident::IncidentView;
use room::Room;

pub(crate) use links::below;
pub(crate) use minimal::degraded;
pub(crate) use room::clip;

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

/// Every link that an alert has, by name; `None` for a usual one that there is not.
pub(crate) fn links<'a>(
    alert: &Alert,
    slo: Option<&'a Slo>,
    bases: &Bases,
) -> BTreeMap<&'a str, Option<String>> {
    links::links(alert, slo, bases, &Room::ALL[0])
}

/// The envelope of Standard Webhooks.
#[derive(Serialize)]
struct Envelope<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: DateTime<Utc>,
    /// Why it comes this way, where that is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    data: T,
}

/// The alerts of one service.
#[derive(Serialize)]
struct Data<'a> {
    service_name: &'a str,
    /// The incident of all of them.
    incident: Option<IncidentView<'a>>,
    alerts: Vec<AlertEntry<'a>>,
    /// How many more there are, for which there was no room.
    omitted: usize,
}

/// What the facts are put into.
#[derive(Clone, Debug)]
pub(crate) enum Wrapping {
    /// The envelope of Standard Webhooks.
    Standard,
    /// An event of `CloudEvents`.
    Event(EventSource),
}

/// The whole message, with as much of it as there is room for.
pub(crate) fn full(message: &Message<'_>, bases: &Bases, wrapping: &Wrapping) -> Vec<u8> {
    let body = match message.content {
        Content::Alerts {
            service_name, news, ..
        } => alerts(message, service_name, news, bases, wrapping),
        Content::Digest { news } => digest::body(message, news, wrapping),
        Content::Notice(notice) => notice::body(message, notice, bases, wrapping),
        _ => None,
    };
    body.unwrap_or_else(|| degraded(message, wrapping))
}

/// What is new of an alert by the names of the body, for whoever says it in words of their own.
pub(crate) fn alert_facts(
    news: &AlertNews<'_>,
    now: DateTime<Utc>,
    bases: &Bases,
) -> serde_json::Value {
    serde_json::to_value(AlertEntry::new(news, now, bases, &Room::FOR_PEOPLE)).unwrap_or_default()
}

/// An incident by the names of the body.
pub(crate) fn incident_facts(incident: &Incident) -> serde_json::Value {
    serde_json::to_value(IncidentView::new(incident, &Room::FOR_PEOPLE)).unwrap_or_default()
}

/// Everything of every alert; then less of each; then fewer of them.
fn alerts(
    message: &Message<'_>,
    service_name: &ServiceName,
    news: &[AlertNews<'_>],
    bases: &Bases,
    wrapping: &Wrapping,
) -> Option<Vec<u8>> {
    let body = |room: &Room, kept: usize| {
        let data = Data {
            service_name: service_name.as_str(),
            incident: message
                .content
                .incident()
                .map(|incident| IncidentView::new(incident, room)),
            alerts: news
                .iter()
                .take(kept)
                .map(|news| AlertEntry::new(news, message.now, bases, room))
                .collect(),
            omitted: news.len().saturating_sub(kept),
        };
        fitting(message, data, wrapping)
    };
    let fewer = halves(news.len()).skip(1);
    Room::ALL
        .iter()
        .map(|room| (room, news.len()))
        .chain(fewer.map(|kept| (Room::LAST, kept)))
        .find_map(|(room, kept)| body(room, kept))
}

/// `count`, half of it, half of that, down to one.
pub(crate) fn halves(count: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(count), |kept| Some(kept / 2)).take_while(|kept| *kept > 0)
}

/// The body around `data`, unless it is too long.
fn fitting<T: Serialize>(message: &Message<'_>, data: T, wrapping: &Wrapping) -> Option<Vec<u8>> {
    written(message, data, wrapping).filter(|body| body.len() <= BODY_MAX_BYTES)
}

/// The body around `data`. Keys are texts and numbers finite or `null`, so there always is one.
fn written<T: Serialize>(message: &Message<'_>, data: T, wrapping: &Wrapping) -> Option<Vec<u8>> {
    match wrapping {
        Wrapping::Standard => serde_json::to_vec(&Envelope {
            kind: message.content.kind(),
            timestamp: truncate(message.now),
            note: message.note,
            data,
        })
        .ok(),
        Wrapping::Event(source) => event::written(message, data, source),
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
