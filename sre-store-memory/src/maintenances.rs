//! Planned maintenance.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::maintenance::{MAINTENANCES_MAX, Maintenance};
use sre_core::name::MaintenanceId;
use sre_core::store::{Maintenances, Page, Readable, StoreError};
use sre_core::suppression::Holder;

use super::{MemoryStore, length};

#[async_trait]
impl Maintenances for MemoryStore {
    async fn create_maintenance(&self, maintenance: &Maintenance) -> Result<(), StoreError> {
        let state = &mut *self.state();
        if state
            .maintenances
            .contains_key(&maintenance.id)
        {
            return Err(StoreError::Conflict { what: "id" });
        }
        let standing = state
            .maintenances
            .values()
            .filter(|held| is_standing(held, maintenance.created_at));
        if standing.count() >= length(MAINTENANCES_MAX) {
            let what = "maintenances";
            return Err(StoreError::Conflict { what });
        }
        state
            .maintenances
            .insert(maintenance.id, maintenance.clone());
        Ok(())
    }

    async fn end_maintenance(
        &self,
        maintenance: &Maintenance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state();
        let stored = state
            .maintenances
            .get_mut(&maintenance.id)
            .ok_or(StoreError::NotFound {
                what: "maintenance",
            })?;
        if stored.version.saturating_add(1) != maintenance.version {
            return Err(StoreError::Conflict { what: "version" });
        }
        *stored = maintenance.clone();
        state.release(Holder::Maintenance(maintenance.id), now);
        Ok(())
    }

    async fn find_maintenance(&self, id: MaintenanceId) -> Result<Option<Maintenance>, StoreError> {
        Ok(self
            .state()
            .maintenances
            .get(&id)
            .cloned())
    }

    async fn list_maintenances(
        &self,
        page: Page<MaintenanceId>,
    ) -> Result<Vec<Maintenance>, StoreError> {
        let limit = page
            .limit
            .min(Page::<MaintenanceId>::LIMIT_MAX);
        let state = self.state();
        let asked = state
            .maintenances
            .values()
            .filter(|held| {
                page.after
                    .is_none_or(|after| held.id > after)
            });
        Ok(asked
            .take(length(limit.get()))
            .cloned()
            .collect())
    }

    async fn standing_maintenances(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Readable<Maintenance>, StoreError> {
        let state = self.state();
        let standing = state
            .maintenances
            .values()
            .filter(|held| held.period.begins_at() <= now && is_standing(held, now));
        Ok(Readable::of(standing.cloned().map(Ok)))
    }
}

/// Whether it is not over for good.
fn is_standing(maintenance: &Maintenance, now: DateTime<Utc>) -> bool {
    maintenance
        .ends_at()
        .is_none_or(|ends_at| ends_at > now)
}
