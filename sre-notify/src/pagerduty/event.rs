//! An event as PagerDuty takes it, within its limits.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::Severity;
use sre_core::notification::{AlertNews, Content, Message, Notice, NoticeKind, Reason};
use sre_core::time::truncate;

use super::RoutingKey;
use crate::render::{Briefing, Fact, clipped};

/// What PagerDuty documents for a summary, in characters.
const SUMMARY_MAX_CHARS: usize = 1_024;
/// What PagerDuty documents for a `dedup_key`; ours are ASCII.
const KEY_MAX_CHARS: usize = 255;
/// What PagerDuty documents for an event, less the room for the key that joins it.
const EVENT_MAX_BYTES: usize = 512_000 - 64;
/// Who sends, where it is not a service.
const OURSELVES: &str = "SRE Monitor";

/// What an event does to the incident of its `dedup_key`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum EventAction {
    Trigger,
    Acknowledge,
    Resolve,
}

/// How grave PagerDuty takes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum EventSeverity {
    Critical,
    Error,
    Warning,
    Info,
}

impl From<Severity> for EventSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Emergency | Severity::Critical => Self::Critical,
            Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low => Self::Info,
        }
    }
}

/// An event, but for the key that says whose it is.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are PagerDuty's")]
struct Event<'a> {
    event_action: EventAction,
    dedup_key: String,
    /// What a trigger has to say; of the others PagerDuty reads nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<EventLink<'a>>,
    client: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Payload<'a> {
    summary: String,
    source: &'a str,
    severity: EventSeverity,
    timestamp: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_details: Option<Details<'a>>,
}

/// What is known, for people and for rules of PagerDuty.
#[derive(Serialize)]
struct Details<'a> {
    #[serde(flatten)]
    facts: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
}

#[derive(Serialize)]
struct EventLink<'a> {
    href: &'a str,
    text: &'a str,
}

/// What a message comes to at PagerDuty.
struct Said<'a> {
    action: EventAction,
    key: String,
    source: &'a str,
    severity: EventSeverity,
    at: DateTime<Utc>,
    class: Option<&'a str>,
    news: Option<&'a AlertNews<'a>>,
}

/// The whole event; without its details where it is too long with them.
pub(super) fn whole(message: &Message<'_>, briefing: &Briefing) -> Vec<u8> {
    let said = Said::of(message);
    let body = written(&said, briefing, Some(details(&said, briefing)));
    if body.len() <= EVENT_MAX_BYTES {
        body
    } else {
        written(&said, briefing, None)
    }
}

/// The event without details and links.
pub(super) fn minimal(message: &Message<'_>, briefing: &Briefing) -> Vec<u8> {
    let bare = Briefing {
        links: Vec::new(),
        items: Vec::new(),
        ..briefing.clone()
    };
    written(&Said::of(message), &bare, None)
}

/// The event as it is sent: the frozen one with the key; `None` for what is no object.
pub(super) fn addressed(frozen: &[u8], key: &RoutingKey) -> Option<Vec<u8>> {
    let rest = frozen.strip_prefix(b"{")?;
    // Letters and digits: nothing in a key needs an escape.
    let head = format!("{{\"routing_key\":\"{}\",", key.expose());
    Some([head.as_bytes(), rest].concat())
}

fn written(said: &Said<'_>, briefing: &Briefing, details: Option<Details<'_>>) -> Vec<u8> {
    let links = briefing
        .items
        .first()
        .map_or_else(|| briefing.links.as_slice(), |item| item.links.as_slice());
    let is_trigger = said.action == EventAction::Trigger;
    let event = Event {
        event_action: said.action,
        dedup_key: clipped(&said.key, KEY_MAX_CHARS),
        payload: is_trigger.then(|| Payload {
            summary: clipped(&briefing.headline, SUMMARY_MAX_CHARS),
            source: said.source,
            severity: said.severity,
            timestamp: truncate(said.at),
            class: said.class,
            custom_details: details,
        }),
        links: links
            .iter()
            .filter(|_| is_trigger)
            .map(|link| EventLink {
                href: link.url.as_str(),
                text: &link.name,
            })
            .collect(),
        client: OURSELVES,
        client_url: links
            .first()
            .map(|link| link.url.as_str()),
    };
    // Keys are texts, and there are no floats.
    serde_json::to_vec(&event).unwrap_or_default()
}

fn details<'a>(said: &Said<'a>, briefing: &'a Briefing) -> Details<'a> {
    let own = briefing
        .items
        .first()
        .map_or_else(|| [].as_slice(), |item| item.facts.as_slice());
    let mut facts: BTreeMap<&str, String> = BTreeMap::new();
    for Fact { name, text } in briefing.heading().iter().chain(own) {
        let name = if name.is_empty() { "Text" } else { name };
        // The labels are told by name below.
        if *name == *"Labels" {
            continue;
        }
        facts
            .entry(name)
            .and_modify(|known| {
                known.push_str("; ");
                known.push_str(text);
            })
            .or_insert_with(|| text.clone());
    }
    let labels = said
        .news
        .map(|news| news.alert.labels().clone())
        .filter(|labels| !labels.is_empty());
    Details {
        facts,
        labels,
        sequence: said.news.map(|news| news.sequence),
    }
}

impl<'a> Said<'a> {
    fn of(message: &Message<'a>) -> Self {
        match message.content {
            Content::Alerts { news, .. } | Content::Digest { news } if !news.is_empty() => {
                Self::of_alert(&news[0])
            }
            Content::Notice(notice) => Self::of_notice(notice),
            _ => Self {
                action: EventAction::Trigger,
                key: message.content.kind().to_owned(),
                source: OURSELVES,
                severity: EventSeverity::Warning,
                at: message.now,
                class: None,
                news: None,
            },
        }
    }

    fn of_alert(news: &'a AlertNews<'a>) -> Self {
        let alert = news.alert;
        Self {
            action: match news.reason {
                Reason::AllResolved => EventAction::Resolve,
                _ => EventAction::Trigger,
            },
            key: alert.id.to_string(),
            source: alert.service_name().as_str(),
            severity: alert.severity.into(),
            at: alert.starts_at,
            class: Some(alert.alert_type().as_str()),
            news: Some(news),
        }
    }

    fn of_notice(notice: &'a Notice) -> Self {
        let of = |name: &str| {
            notice
                .data
                .get(name)
                .map(String::as_str)
        };
        let (action, key) = match notice.kind {
            kind if kind.is_incident() => {
                let key = format!("incident {}", of("id").unwrap_or_default());
                (incident_action(kind, of("status")), key)
            }
            // What one replica does not see, another may.
            NoticeKind::MonitorBlind | NoticeKind::MonitorRecovered => {
                let key = format!("blind {}", of("replica").unwrap_or_default());
                let action = if notice.kind.is_end() {
                    EventAction::Resolve
                } else {
                    EventAction::Trigger
                };
                (action, key)
            }
            _ => (EventAction::Trigger, notice.id.to_string()),
        };
        Self {
            action,
            key,
            source: notice
                .service_name
                .as_ref()
                .map_or(OURSELVES, |name| name.as_str()),
            severity: match notice.kind {
                NoticeKind::ChannelTest => EventSeverity::Info,
                _ => notice.urgency().severity.into(),
            },
            at: notice.created_at,
            class: Some(notice.kind.as_str()),
            news: None,
        }
    }
}

/// An incident that people have come to is acknowledged; one that is open again, or begins, pages.
fn incident_action(kind: NoticeKind, status: Option<&str>) -> EventAction {
    match (kind, status) {
        (NoticeKind::IncidentResolved, _)
        | (_, Some("resolved" | "closed" | "dismissed" | "merged")) => EventAction::Resolve,
        (NoticeKind::IncidentOpened, _) | (_, None | Some("open")) => EventAction::Trigger,
        _ => EventAction::Acknowledge,
    }
}
