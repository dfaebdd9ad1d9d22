//! The port to maintenance.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::maintenance::Maintenance;
use crate::name::MaintenanceId;
use crate::store::{Page, Readable, StoreError};

/// Planned maintenance. What one keeps from being sent is due at once when it is ended, in the
/// transaction that does it.
#[async_trait]
pub trait Maintenances: Debug + Send + Sync {
    /// Stores a new maintenance.
    ///
    /// # Errors
    ///
    /// `Conflict { what: "id" }` when the id is taken, `Conflict { what: "maintenances" }` when
    /// [`MAINTENANCES_MAX`](crate::maintenance::MAINTENANCES_MAX) are not over when it is created.
    async fn create_maintenance(&self, maintenance: &Maintenance) -> Result<(), StoreError>;

    /// Stores a maintenance that was ended at `now`, if the stored version is the one before. What it
    /// kept back is due from `now` on.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Conflict { what: "version" }` when another version is stored. Nothing is written
    /// then.
    async fn end_maintenance(
        &self,
        maintenance: &Maintenance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// The maintenance of this id, over or not.
    async fn find_maintenance(&self, id: MaintenanceId) -> Result<Option<Maintenance>, StoreError>;

    /// Maintenances, over or not, in the order of their ids.
    async fn list_maintenances(
        &self,
        page: Page<MaintenanceId>,
    ) -> Result<Vec<Maintenance>, StoreError>;

    /// Every maintenance that began before `now` or then, and is not over for good, in the order of
    /// their ids. One that cannot be read is a fault, and keeps nothing back.
    async fn standing_maintenances(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Readable<Maintenance>, StoreError>;
}
