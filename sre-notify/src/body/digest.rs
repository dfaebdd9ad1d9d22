//! Many alerts of many services at once: counts first, then the alerts in short.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::Severity;
use sre_core::name::AlertId;
use sre_core::notification::{AlertNews, Message, Reason, ServiceTally, Tally};
use sre_core::time::truncate;

use super::incident::IncidentView;
use super::room::{Room, clip};
use super::{Wrapping, fitting, halves};

/// What a digest says.
#[derive(Serialize)]
struct DigestData<'a> {
    service_name: Option<()>,
    incident: Option<IncidentView<'a>>,
    counts: Counts<'a>,
    alerts: Vec<Short<'a>>,
    /// How many more alerts there are, for which there was no room.
    omitted: usize,
}

#[derive(Serialize)]
struct Counts<'a> {
    firing: u64,
    resolved: u64,
    by_severity: BTreeMap<Severity, u64>,
    services: usize,
    by_service: Vec<Mention<'a>>,
}

/// One service of a digest.
#[derive(Serialize)]
struct Mention<'a> {
    service_name: &'a str,
    firing: u64,
    resolved: u64,
    severity: Option<Severity>,
}

/// One alert of a digest: by the names of a whole one, and fewer of them.
#[derive(Serialize)]
struct Short<'a> {
    id: AlertId,
    service_name: &'a str,
    alert_type: &'a str,
    severity: Severity,
    state: &'static str,
    message: Cow<'a, str>,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    sequence: u64,
    reason: Reason,
}

/// The message of an alert is cut here: in a digest it tells alerts apart, no more.
const MESSAGE_MAX_CHARS: usize = 120;

/// The counts, with as many services and alerts as there is room for.
pub(super) fn body(
    message: &Message<'_>,
    news: &[AlertNews<'_>],
    wrapping: &Wrapping,
) -> Option<Vec<u8>> {
    let tally = Tally::of(news);
    halves(news.len()).find_map(|kept| {
        let data = DigestData {
            service_name: None,
            incident: message
                .content
                .incident()
                .map(|incident| IncidentView::new(incident, Room::LAST)),
            counts: Counts::new(&tally, kept),
            alerts: news
                .iter()
                .take(kept)
                .map(Short::new)
                .collect(),
            omitted: news.len() - kept,
        };
        fitting(message, data, wrapping)
    })
}

impl<'a> Counts<'a> {
    fn new(tally: &'a Tally, services: usize) -> Self {
        Self {
            firing: tally.firing,
            resolved: tally.resolved,
            by_severity: tally.by_severity.clone(),
            services: tally.by_service.len(),
            by_service: tally
                .by_service
                .iter()
                .take(services)
                .map(Mention::new)
                .collect(),
        }
    }
}

impl<'a> Mention<'a> {
    fn new(tally: &'a ServiceTally) -> Self {
        Self {
            service_name: tally.service_name.as_str(),
            firing: tally.firing,
            resolved: tally.resolved,
            severity: tally.severity,
        }
    }
}

impl<'a> Short<'a> {
    fn new(news: &AlertNews<'a>) -> Self {
        let alert = news.alert;
        Self {
            id: alert.id,
            service_name: alert.service_name().as_str(),
            alert_type: alert.alert_type().as_str(),
            severity: alert.severity,
            state: alert.state.as_str(),
            message: clip(&alert.message, MESSAGE_MAX_CHARS),
            starts_at: truncate(alert.starts_at),
            ends_at: alert.ends_at().map(truncate),
            sequence: news.sequence,
            reason: news.reason,
        }
    }
}
