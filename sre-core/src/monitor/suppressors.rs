//! Where what keeps news back is read: before the first message is frozen, and whenever an alert is
//! shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::Alert;
use crate::name::ServiceName;
use crate::service::Service;
use crate::store::{Alerts, Maintenances, Services, Silences, Store, StoreError};
use crate::suppression::{EXTENSION, Inhibition, Suppressions, Upstream};

/// The ports to everything that keeps news back.
#[derive(Clone, Debug)]
pub struct Suppressors {
    /// Silences.
    pub silences: Arc<dyn Silences>,
    /// Planned maintenance.
    pub maintenances: Arc<dyn Maintenances>,
    /// What services stand on.
    pub services: Arc<dyn Services>,
    /// The pages of those.
    pub alerts: Arc<dyn Alerts>,
}

/// What was found, and what of it could not be read: that keeps nothing back.
#[derive(Debug)]
pub struct FoundSuppressions {
    /// What could be read.
    pub suppressions: Suppressions,
    /// What could not.
    pub faults: Vec<StoreError>,
}

impl Suppressors {
    /// All ports of one store.
    #[must_use]
    pub fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            silences: Arc::<dyn Store>::clone(store),
            maintenances: Arc::<dyn Store>::clone(store),
            services: Arc::<dyn Store>::clone(store),
            alerts: Arc::<dyn Store>::clone(store),
        }
    }

    /// What may keep news of these alerts back at `now`.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn around<'a>(
        &self,
        alerts: impl IntoIterator<Item = &'a Alert> + Send,
        now: DateTime<Utc>,
    ) -> Result<FoundSuppressions, StoreError> {
        let services: BTreeSet<ServiceName> = alerts
            .into_iter()
            .map(|alert| alert.service_name().clone())
            .collect();
        let silences = self
            .silences
            .active_silences(now)
            .await?;
        let maintenances = self
            .maintenances
            .standing_maintenances(now)
            .await?;
        let mut faults = silences.faults;
        faults.extend(maintenances.faults);
        // One row that nobody can read must not keep everything from being told.
        let inhibition = match self.inhibition(services, now).await {
            Err(fault @ StoreError::Corrupt { .. }) => {
                faults.push(fault);
                Inhibition::default()
            }
            found => found?,
        };
        Ok(FoundSuppressions {
            suppressions: Suppressions::new(silences.items, maintenances.items, inhibition, now),
            faults,
        })
    }

    /// What these services stand on, the pages, and what the services with pages stand on. A circle of
    /// services of which one has no page keeps nobody untold, so that no others are read.
    async fn inhibition(
        &self,
        services: BTreeSet<ServiceName>,
        now: DateTime<Utc>,
    ) -> Result<Inhibition, StoreError> {
        let names: Vec<ServiceName> = services.iter().cloned().collect();
        let mut declared = self
            .services
            .find_services(&names)
            .await?;
        if declared
            .iter()
            .all(|service: &Service| service.dependencies.is_empty())
        {
            return Ok(Inhibition::default());
        }
        let pages: Vec<Upstream> = self
            .alerts
            .pages_since(now - EXTENSION.as_delta())
            .await?
            .iter()
            .filter_map(Upstream::of)
            .collect();
        let others: BTreeSet<&ServiceName> = pages
            .iter()
            .map(|page| &page.service_name)
            .filter(|name| !services.contains(*name))
            .collect();
        let others: Vec<ServiceName> = others.into_iter().cloned().collect();
        if !others.is_empty() {
            declared.extend(
                self.services
                    .find_services(&others)
                    .await?,
            );
        }
        Ok(Inhibition::new(&declared, pages))
    }
}
