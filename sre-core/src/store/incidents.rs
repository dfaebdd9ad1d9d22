//! The port to incidents. What joins and opens them with an alert arrives with the alert's own
//! update, by [`Alerts::apply`](crate::store::Alerts::apply) and
//! [`Evaluations::commit`](crate::store::Evaluations::commit).

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertStatus, Severity};
use crate::incident::{Incident, IncidentEvent, IncidentStatus, IncidentUpdate};
use crate::name::{AlertId, IncidentId, ServiceName};
use crate::store::{Commit, Page, StoreError};
use crate::time::Interval;

/// Incidents with their timelines.
#[async_trait]
pub trait Incidents: Debug + Send + Sync {
    /// The incident.
    async fn find_incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError>;

    /// Incidents, the newest first (by start, then id).
    async fn list_incidents(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<Incident>, StoreError>;

    /// The alerts that belong to any of these incidents, by start, then id.
    async fn alerts_of(&self, incidents: &[IncidentId]) -> Result<Vec<Alert>, StoreError>;

    /// All that was written down of an incident and of its alerts, as of one instant.
    async fn recollect(&self, id: IncidentId) -> Result<Recollection, StoreError>;

    /// Alerts that belong to no incident, by start, then id, at most `limit`: those that began at
    /// `since` or later, and before that the open tickets of missed targets.
    async fn loose_alerts(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError>;

    /// Stores all of these changes in one transaction, if every version and every alert still stands
    /// where it was read; else none of them.
    async fn change_incidents(&self, updates: &[IncidentUpdate]) -> Result<Commit, StoreError>;
}

/// Which incidents.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IncidentQuery {
    /// That concern this service.
    pub service: Option<ServiceName>,
    /// In this status.
    pub status: Option<IncidentStatus>,
    /// Those only that new alerts may join.
    pub is_live: bool,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// That began in this stretch.
    pub during: Option<Interval>,
}

/// The key of a list of incidents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IncidentsPage {
    /// When the last incident of the part before began.
    pub started_at: DateTime<Utc>,
    /// Its id.
    pub id: IncidentId,
}

/// All that was written down of an incident and of its alerts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recollection {
    /// What happened to the incident itself, in the order in which it was written.
    pub events: Vec<IncidentEvent>,
    /// The transitions of its alerts, by instant, then alert, then number.
    pub steps: Vec<AlertStep>,
}

/// One transition of an alert, as it was written down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlertStep {
    /// Of which episode.
    pub alert_id: AlertId,
    /// Its number.
    pub transition: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The state before; `None` for a new episode.
    pub from: Option<AlertStatus>,
    /// The state after.
    pub to: AlertStatus,
    /// How grave after it.
    pub severity: Severity,
    /// Who did it, where a person did.
    pub actor: Option<String>,
    /// What they said.
    pub comment: Option<String>,
}
