//! Alerts as Alertmanager shows them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::{Alert, Fingerprint, Origin, RESOLVE_TIMEOUT};
use sre_core::suppression::{Holder, Suppressions};
use utoipa::ToSchema;

use crate::context::Context;

/// One alert.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GettableAlert {
    /// `summary`, and `alert_id`, by which `/alerts/{id}` tells more.
    annotations: BTreeMap<String, String>,
    /// When it ends unless it is heard of again.
    ends_at: DateTime<Utc>,
    /// FNV-1a of its labels, in hexadecimal digits.
    #[schema(example = "4051cf239955e8ae")]
    pub(super) fingerprint: String,
    /// The destinations that hear of it.
    pub(super) receivers: Vec<Receiver>,
    /// When it began.
    starts_at: DateTime<Utc>,
    /// Whether it is told.
    pub(super) status: GettableStatus,
    /// As of when this holds: the instant of the answer.
    updated_at: DateTime<Utc>,
    /// What tells it from others.
    labels: BTreeMap<String, String>,
    /// Its service, by which it is told together with others.
    #[serde(skip)]
    pub(super) service: String,
}

/// Whether an alert is told, and what keeps it from being.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GettableStatus {
    /// `active`, or `suppressed` while something keeps it from being told.
    #[schema(example = "active")]
    pub(super) state: &'static str,
    /// The silences that do.
    pub(super) silenced_by: Vec<String>,
    /// The alerts that do.
    pub(super) inhibited_by: Vec<String>,
    /// The maintenances that do.
    muted_by: Vec<String>,
}

/// Somebody who is told.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
pub(super) struct Receiver {
    /// The name of the destination.
    #[schema(example = "webhook")]
    pub(super) name: String,
}

impl GettableAlert {
    pub(super) fn new(
        alert: &Alert,
        suppressions: &Suppressions,
        context: &Context,
        now: DateTime<Utc>,
    ) -> Self {
        let labels = labels(alert);
        Self {
            annotations: BTreeMap::from([
                ("alert_id".to_owned(), alert.id.to_string()),
                ("summary".to_owned(), alert.message.clone()),
            ]),
            // What has no end of its own is heard of for as long as it is shown here.
            ends_at: alert
                .expires_at
                .unwrap_or_else(|| now + RESOLVE_TIMEOUT.as_delta()),
            fingerprint: Fingerprint::of(&labels).to_string(),
            receivers: receivers(alert, context),
            starts_at: alert.starts_at,
            status: GettableStatus::new(alert, suppressions, now),
            updated_at: now,
            service: alert.service_name().to_string(),
            labels,
        }
    }
}

impl GettableStatus {
    fn new(alert: &Alert, suppressions: &Suppressions, now: DateTime<Utc>) -> Self {
        let (mut silenced_by, mut inhibited_by, mut muted_by) =
            (Vec::new(), Vec::new(), Vec::new());
        for suppression in suppressions.of(alert, now) {
            match suppression.by {
                Holder::Silence(id) => silenced_by.push(id.to_string()),
                Holder::Maintenance(id) => muted_by.push(id.to_string()),
                Holder::Alarm(id) | Holder::Extension(id) | Holder::Rule { source: id, .. } => {
                    inhibited_by.push(id.to_string());
                }
                // Nothing keeps it back yet: it is only waited whether something will.
                Holder::Wait => {}
            }
        }
        let is_told = silenced_by.is_empty() && inhibited_by.is_empty() && muted_by.is_empty();
        Self {
            state: if is_told { "active" } else { "suppressed" },
            silenced_by,
            inhibited_by,
            muted_by,
        }
    }
}

/// The labels of an alert of a third party as they came; of our own those by which it is matched.
fn labels(alert: &Alert) -> BTreeMap<String, String> {
    if alert.identity.origin == Origin::ThirdParty {
        return alert.labels().clone();
    }
    alert
        .match_labels()
        .all()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn receivers(alert: &Alert, context: &Context) -> Vec<Receiver> {
    let mut receivers: Vec<Receiver> = context
        .destinations
        .iter()
        .filter(|destination| {
            alert
                .destinations
                .contains(&destination.id)
        })
        .map(|destination| Receiver {
            name: destination.name.clone(),
        })
        .collect();
    receivers.sort();
    receivers
}
