//! An episode as it is stored.

use sqlx::SqliteConnection;
use sre_core::alert::{Alert, Identity, Origin};
use sre_core::name::{AlertId, IncidentId, SloId};
use sre_core::store::StoreError;

use crate::error::classify;
use crate::row::Row;

/// Every column of an episode but its claim.
#[derive(Debug)]
pub(crate) struct AlertRow {
    pub(crate) id: Vec<u8>,
    pub(crate) episode: i64,
    pub(crate) origin: String,
    pub(crate) service_name: String,
    pub(crate) alert_type: String,
    pub(crate) slo_id: Option<Vec<u8>>,
    pub(crate) labels: String,
    pub(crate) transition: i64,
    pub(crate) state_detail: String,
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) value: Option<f64>,
    pub(crate) threshold: Option<f64>,
    pub(crate) occurrences: i64,
    pub(crate) starts_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) last_notified_at: Option<i64>,
    pub(crate) next_action_at: Option<i64>,
    pub(crate) unattended_since: Option<i64>,
    pub(crate) destinations: String,
    pub(crate) rules: String,
    pub(crate) flaps: String,
    pub(crate) incident_id: Option<Vec<u8>>,
}

/// Selects episodes: what follows `from alerts a`, and its arguments.
macro_rules! select_alerts {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::alerts::AlertRow,
            "select a.id, a.episode, a.origin, a.service_name, a.alert_type, a.slo_id, a.labels,
                    a.transition, a.state_detail, a.severity, a.message, a.value, a.threshold,
                    a.occurrences, a.starts_at, a.expires_at, a.last_notified_at,
                    a.next_action_at, a.unattended_since, a.destinations, a.rules, a.flaps,
                    a.incident_id
               from alerts a "
                + $rest,
            $($argument),+
        )
    };
}
pub(crate) use select_alerts;

/// The episode.
pub(crate) async fn find(
    tx: &mut SqliteConnection,
    id: &[u8],
) -> Result<Option<Alert>, StoreError> {
    let row = select_alerts!("where a.id = $1", id)
        .fetch_optional(tx)
        .await
        .map_err(classify)?;
    row.map(AlertRow::alert).transpose()
}

impl AlertRow {
    pub(crate) fn alert(self) -> Result<Alert, StoreError> {
        let row = Row::with_id("alerts", &self.id);
        let (slo_id, incident_id) = (self.slo_id.as_deref(), self.incident_id.as_deref());
        let identity = Identity {
            origin: row.one_of("origin", &self.origin, &Origin::ALL, Origin::as_str)?,
            service_name: row.text("service_name", &self.service_name)?,
            alert_type: row.text("alert_type", &self.alert_type)?,
            slo_id: slo_id
                .map(|id| row.id("slo_id", id))
                .transpose()?
                .map(SloId),
            labels: row.labels("labels", &self.labels)?,
        };
        Ok(Alert {
            id: AlertId(row.id("id", &self.id)?),
            identity,
            episode: row.number("episode", self.episode)?,
            transition: row.number("transition", self.transition)?,
            state: row.json("state_detail", &self.state_detail)?,
            severity: row.text("severity", &self.severity)?,
            starts_at: row.instant("starts_at", self.starts_at)?,
            value: self.value,
            threshold: self.threshold,
            occurrences: row.number("occurrences", self.occurrences)?,
            last_notified_at: row.optional_instant("last_notified_at", self.last_notified_at)?,
            expires_at: row.optional_instant("expires_at", self.expires_at)?,
            next_action_at: row.optional_instant("next_action_at", self.next_action_at)?,
            unattended_since: row.optional_instant("unattended_since", self.unattended_since)?,
            destinations: row.json("destinations", &self.destinations)?,
            rules: row.json("rules", &self.rules)?,
            flaps: row.json("flaps", &self.flaps)?,
            incident_id: incident_id
                .map(|id| row.id("incident_id", id))
                .transpose()?
                .map(IncidentId),
            message: self.message,
        })
    }
}
