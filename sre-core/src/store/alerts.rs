//! The port to alerts: what people and time do with them. What evaluations do arrives by
//! [`Evaluations::commit`](crate::store::Evaluations::commit).

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertStatus, AlertType, AlertUpdate, DedupKey, Severity};
use crate::name::{AlertId, ServiceName};
use crate::store::{Commit, Page, StoreError};
use crate::time::Interval;

/// Alerts, one row an episode.
#[async_trait]
pub trait Alerts: Debug + Send + Sync {
    /// The episode.
    async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError>;

    /// The newest episode of each identity that has one, open or not.
    async fn latest_episodes(&self, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError>;

    /// Episodes, the newest first (by start, then id).
    async fn list_alerts(
        &self,
        query: &AlertQuery,
        page: Page<AlertsPage>,
    ) -> Result<Vec<Alert>, StoreError>;

    /// The pages (of severity critical and above, tickets left out) that fire, acknowledged or not, or
    /// ended after `since`, in the order of their ids. What is pending, or cleared while it was, is none.
    async fn pages_since(&self, since: DateTime<Utc>) -> Result<Vec<Alert>, StoreError>;

    /// Claims open episodes that time moves (`next_action_at`) until `until`, the longest due first.
    /// The update of a claimed episode is guarded by its transition.
    async fn claim_due_alerts(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError>;

    /// Stores one transition with its intents, in one transaction, if the transition that was read
    /// still stands (and, for a new episode, if the identity has no open one).
    async fn apply(&self, update: &AlertUpdate) -> Result<Commit, StoreError>;

    /// Sets when a claimed episode is moved next, when nothing was due after all.
    async fn postpone(
        &self,
        id: AlertId,
        transition: u64,
        next_action_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError>;
}

/// Which episodes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AlertQuery {
    /// Of this service.
    pub service: Option<ServiceName>,
    /// In this state.
    pub state: Option<AlertStatus>,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// Of this type.
    pub alert_type: Option<AlertType>,
    /// That began in this stretch.
    pub during: Option<Interval>,
}

/// The key of a list of alerts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlertsPage {
    /// When the last episode of the part before began.
    pub starts_at: DateTime<Utc>,
    /// Its id.
    pub id: AlertId,
}
