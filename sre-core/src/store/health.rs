//! The port to what the health of services is judged by, and to what was found.

use std::fmt::Debug;
use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::evaluation::Evaluation;
use crate::health::{OpenAlerts, ServiceHealth};
use crate::name::ServiceName;
use crate::sample::Sample;
use crate::slo::Slo;
use crate::store::StoreError;
use crate::time::Interval;

/// Evidence of many services at once, and snapshots of their health.
#[async_trait]
pub trait HealthRecords: Debug + Send + Sync {
    /// The live SLOs of these services with what the last slot of each found, by service, then id.
    async fn live_slos(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(Slo, Option<Evaluation>)>, StoreError>;

    /// The samples of `probe_success` of these services, by service, instant, then labels.
    async fn probe_samples(
        &self,
        services: &[ServiceName],
        during: Interval,
    ) -> Result<Vec<Sample>, StoreError>;

    /// What is open of these services, in the order of their names; those without an open alert are
    /// left out.
    async fn open_alerts(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(ServiceName, OpenAlerts)>, StoreError>;

    /// Records health, all in one transaction. What is recorded of a service and an instant already
    /// stays.
    async fn record_health(&self, found: &[ServiceHealth]) -> Result<(), StoreError>;

    /// The newest snapshot of each of these services at `at` or before, in the order of their names.
    async fn health_at(
        &self,
        services: &[ServiceName],
        at: DateTime<Utc>,
    ) -> Result<Vec<ServiceHealth>, StoreError>;

    /// The snapshots of a service, by instant; at most `limit`.
    async fn health_history(
        &self,
        service: &ServiceName,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<ServiceHealth>, StoreError>;
}
