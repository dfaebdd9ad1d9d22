//! Alerts as `POST /api/v2/alerts` takes them.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sre_core::notification::Message;
use sre_core::time::Span;
use sre_core::window::Window;

use super::alerts::{ToldAlert, told};
use crate::body::Bases;

/// When an alert that goes on ends by itself at Alertmanager: as late as an SLO may look back, since a
/// ticket lasts until its window moves, and neither a ticket nor an acknowledged page is told again
/// before it changes. An end that came sooner would be a resolve that nobody measured.
const ENDS_AFTER: Span = Window::MAX;

/// One alert as it is posted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedAlert {
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<String>,
}

/// Every alert of the message, with what is known around it.
pub(super) fn whole(message: &Message<'_>, bases: &Bases) -> Vec<u8> {
    let alerts = told(message, bases);
    written(alerts, message.now)
}

/// Every alert of the message by its labels and its times alone.
pub(super) fn minimal(message: &Message<'_>, bases: &Bases) -> Vec<u8> {
    let bare = |alert: ToldAlert| ToldAlert {
        annotations: BTreeMap::new(),
        link: None,
        ..alert
    };
    let alerts = told(message, bases);
    written(alerts.into_iter().map(bare).collect(), message.now)
}

fn written(alerts: Vec<ToldAlert>, now: DateTime<Utc>) -> Vec<u8> {
    let posted: Vec<PostedAlert> = alerts
        .into_iter()
        .map(|alert| PostedAlert {
            labels: alert.labels,
            annotations: alert.annotations,
            starts_at: instant(alert.starts_at),
            ends_at: instant(
                alert
                    .ends_at
                    .unwrap_or_else(|| now + ENDS_AFTER.as_delta()),
            ),
            generator_url: alert.link,
        })
        .collect();
    // Texts alone.
    serde_json::to_vec(&posted).unwrap_or_default()
}

/// As Alertmanager writes it, to the microsecond.
pub(super) fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}
