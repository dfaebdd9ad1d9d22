//! The facts as an event of `CloudEvents` 1.0, in its structured mode.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::name::{DestinationId, derived_id};
use sre_core::notification::{Content, Message};
use sre_core::time::truncate;
use url::Url;
use uuid::Uuid;

/// What every event of one destination has in common.
#[derive(Clone, Debug)]
pub(crate) struct EventSource {
    /// A reference to this service: where people reach it, where that is known.
    source: String,
    destination_id: DestinationId,
}

/// What an event comes from where nobody said how this service is reached.
const ANONYMOUS: &str = "urn:sre-monitor";

impl EventSource {
    pub(crate) fn new(links: Option<&Url>, destination_id: DestinationId) -> Self {
        Self {
            source: links.map_or_else(|| ANONYMOUS.to_owned(), ToString::to_string),
            destination_id,
        }
    }
}

/// An event; the names are those of the specification.
#[derive(Serialize)]
struct Event<'a, T> {
    specversion: &'static str,
    id: Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    /// Why it comes this way, where that is not the usual one: an extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    data: T,
}

/// The event around `data`. Its id is made of what it says, to whom and when, so that it is as unique
/// as that, and the same in every try: it is part of the frozen body.
pub(super) fn written<T: Serialize>(
    message: &Message<'_>,
    data: T,
    source: &EventSource,
) -> Option<Vec<u8>> {
    let said = serde_json::to_vec(&data).ok()?;
    let at = message
        .now
        .timestamp_micros()
        .to_be_bytes();
    let parts: [&[u8]; 3] = [source.destination_id.0.as_bytes(), &at, &said];
    let event = Event {
        specversion: "1.0",
        id: derived_id("event", &parts),
        source: &source.source,
        kind: message.content.kind(),
        subject: subject(message),
        time: truncate(message.now),
        datacontenttype: "application/json",
        note: message.note,
        data,
    };
    serde_json::to_vec(&event).ok()
}

/// The service that the event is about, where it is about one.
fn subject<'a>(message: &Message<'a>) -> Option<&'a str> {
    match message.content {
        Content::Alerts { service_name, .. } => Some(service_name.as_str()),
        Content::Notice(notice) => notice
            .service_name
            .as_ref()
            .map(sre_core::name::ServiceName::as_str),
        _ => None,
    }
}
