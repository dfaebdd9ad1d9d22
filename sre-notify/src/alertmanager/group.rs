//! The body of Alertmanager's own webhook, version 4: whoever reads that reads ours.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use sre_core::alert::Fingerprint;
use sre_core::notification::{Content, Message};

use super::alerts::{ToldAlert, told};
use super::posted::instant;
use crate::body::{BODY_MAX_BYTES, Bases, clip, halves};

/// What Alertmanager writes where an alert has no end.
const NO_END: &str = "0001-01-01T00:00:00Z";
/// The version of the body; a text, and unchanged since 2015.
const VERSION: &str = "4";

/// A group of alerts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Alertmanager's")]
struct Group<'a> {
    receiver: &'a str,
    status: &'static str,
    alerts: &'a [GroupedAlert],
    group_labels: &'a BTreeMap<String, String>,
    common_labels: BTreeMap<&'a str, &'a str>,
    common_annotations: BTreeMap<&'a str, &'a str>,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    version: &'static str,
    group_key: String,
    truncated_alerts: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupedAlert {
    status: &'static str,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

/// How much of each alert is said.
#[derive(Clone, Copy, Debug)]
struct Share {
    annotations: bool,
    own_labels: bool,
}

/// The group, with as much of it as there is room for.
pub(crate) fn whole(message: &Message<'_>, receiver: &str, bases: &Bases) -> Vec<u8> {
    let alerts = told(message, bases);
    let everything = Share {
        annotations: true,
        own_labels: true,
    };
    let shares = [
        everything,
        Share {
            annotations: false,
            ..everything
        },
        LEAST,
    ];
    shares
        .into_iter()
        .map(|share| (share, alerts.len()))
        .chain(
            halves(alerts.len())
                .skip(1)
                .map(|kept| (LEAST, kept)),
        )
        .map(|(share, kept)| written(message, &alerts, kept, share, receiver, bases))
        .find(|body| body.len() <= BODY_MAX_BYTES)
        .unwrap_or_else(|| written(message, &alerts, 0, LEAST, receiver, bases))
}

/// The group by what tells its first alerts apart.
pub(crate) fn minimal(message: &Message<'_>, receiver: &str, bases: &Bases) -> Vec<u8> {
    let alerts = told(message, bases);
    let kept = alerts.len().min(MINIMAL_MAX);
    written(message, &alerts, kept, LEAST, receiver, bases)
}

fn written(
    message: &Message<'_>,
    alerts: &[ToldAlert],
    kept: usize,
    share: Share,
    receiver: &str,
    bases: &Bases,
) -> Vec<u8> {
    let grouped: Vec<GroupedAlert> = alerts
        .iter()
        .take(kept)
        .map(|alert| GroupedAlert::new(alert, message, share))
        .collect();
    let is_firing = alerts
        .iter()
        .any(|alert| is_firing(alert, message));
    let group_labels = group_labels(message);
    let group = Group {
        receiver,
        status: status(is_firing),
        common_labels: common(&grouped, |alert| &alert.labels),
        common_annotations: common(&grouped, |alert| &alert.annotations),
        alerts: &grouped,
        external_url: bases
            .links
            .as_ref()
            .map_or("", |url| url.as_str()),
        version: VERSION,
        group_key: group_key(&group_labels),
        group_labels: &group_labels,
        truncated_alerts: alerts.len().saturating_sub(kept),
    };
    // Keys are texts, and there are no floats.
    serde_json::to_vec(&group).unwrap_or_default()
}

impl GroupedAlert {
    fn new(alert: &ToldAlert, message: &Message<'_>, share: Share) -> Self {
        let is_firing = is_firing(alert, message);
        let mut annotations = alert.annotations.clone();
        if !share.annotations {
            annotations.retain(|name, _| name == "summary" || name == "alert_id");
            if let Some(summary) = annotations.get_mut("summary") {
                *summary = clip(summary, SHORT_MAX_CHARS).into_owned();
            }
        }
        let mut labels = alert.labels.clone();
        if !share.own_labels {
            labels.retain(|name, _| NAMED.contains(&name.as_str()));
        }
        Self {
            status: status(is_firing),
            labels,
            annotations,
            starts_at: instant(alert.starts_at),
            ends_at: match alert.ends_at {
                Some(ends_at) if !is_firing => instant(ends_at),
                _ => NO_END.to_owned(),
            },
            generator_url: alert.link.clone().unwrap_or_default(),
            // Of all its labels: an alert has one, however much is said of it.
            fingerprint: Fingerprint::of(&alert.labels).to_string(),
        }
    }
}

fn is_firing(alert: &ToldAlert, message: &Message<'_>) -> bool {
    alert
        .ends_at
        .is_none_or(|ends_at| ends_at > message.now)
}

const fn status(is_firing: bool) -> &'static str {
    if is_firing { "firing" } else { "resolved" }
}

/// What the alerts of a message have in common by the way in which they were put together.
fn group_labels(message: &Message<'_>) -> BTreeMap<String, String> {
    match message.content {
        Content::Alerts {
            service_name,
            grouped_by,
            ..
        } => {
            let size: usize = grouped_by
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum();
            let mut labels = if size <= GROUPED_BY_MAX_BYTES {
                grouped_by.clone()
            } else {
                let told_apart = Fingerprint::of(grouped_by).to_string();
                BTreeMap::from([("group".to_owned(), told_apart)])
            };
            labels.insert("service".to_owned(), service_name.to_string());
            labels
        }
        _ => BTreeMap::new(),
    }
}

/// Labels of a group that are longer leave no room for alerts: a fingerprint stands for them.
const GROUPED_BY_MAX_BYTES: usize = 8 * 1024;

/// The route, which is empty, and the labels of the group: the same for every message of a group.
fn group_key(labels: &BTreeMap<String, String>) -> String {
    let mut key = "{}:{".to_owned();
    for (place, (name, value)) in labels.iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        // Quoted as JSON: what Go adds to that concerns what no terminal prints.
        let _ = write!(
            key,
            "{comma}{name}={}",
            serde_json::Value::from(value.as_str())
        );
    }
    key.push('}');
    key
}

/// What every alert says alike.
fn common(
    alerts: &[GroupedAlert],
    of: impl Fn(&GroupedAlert) -> &BTreeMap<String, String>,
) -> BTreeMap<&str, &str> {
    let Some((first, rest)) = alerts.split_first() else {
        return BTreeMap::new();
    };
    of(first)
        .iter()
        .filter(|(name, value)| {
            rest.iter()
                .all(|alert| of(alert).get(*name) == Some(*value))
        })
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

const LEAST: Share = Share {
    annotations: false,
    own_labels: false,
};
/// What an alert is known by when there is no room for its own labels.
const NAMED: [&str; 4] = ["alertname", "service", "severity", "slo_id"];
/// A summary is cut here when there is little room.
const SHORT_MAX_CHARS: usize = 200;
/// So many alerts are told of after the whole message was refused.
const MINIMAL_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// What Alertmanager sends to PagerDuty as `dedup_key` for this group.
    #[test]
    fn the_key_of_a_group_is_that_of_alertmanager() {
        let labels = [("alertname", "HighBurn"), ("service", "checkout")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let key = group_key(&labels);
        assert_eq!(key, r#"{}:{alertname="HighBurn", service="checkout"}"#);
        let mut hash = String::new();
        for byte in Sha256::digest(key.as_bytes()) {
            write!(hash, "{byte:02x}").expect("a text takes everything");
        }
        assert_eq!(
            hash,
            "1420c05d2b2383ce22a22f6e6fb889955439a64d30ea221257b03c6bdcbff6ff"
        );
    }
}
