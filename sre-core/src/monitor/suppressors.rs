//! Where what keeps news back is read: before the first message is frozen, and whenever an alert is
//! shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertStatus};
use crate::name::ServiceName;
use crate::service::Service;
use crate::store::{
    AlertQuery, Alerts, AlertsPage, Maintenances, Page, Services, Silences, Store, StoreError,
};
use crate::suppression::{
    EXTENSION, Holder, InhibitRule, Inhibition, Rulings, Suppressions, Upstream,
};

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
    /// By which alerts others are kept back.
    pub rules: Arc<[InhibitRule]>,
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
            rules: Arc::default(),
        }
    }

    /// The same, with these rules.
    #[must_use]
    pub fn ruled(self, rules: Arc<[InhibitRule]>) -> Self {
        Self { rules, ..self }
    }

    /// What people call the rule that keeps something back; `None` where it is none, or one that is
    /// not there any more.
    #[must_use]
    pub fn rule_name(&self, by: Holder) -> Option<&str> {
        let id = by.inhibit_rule()?;
        self.rules
            .iter()
            .find(|rule| rule.id() == id)
            .map(|rule| rule.name.as_str())
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
        let alerts: Vec<&Alert> = alerts.into_iter().collect();
        let services: BTreeSet<ServiceName> = alerts
            .iter()
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
        let rulings = match self.rulings(&alerts).await {
            Err(fault @ StoreError::Corrupt { .. }) => {
                faults.push(fault);
                Rulings::default()
            }
            found => found?,
        };
        Ok(FoundSuppressions {
            suppressions: Suppressions::new(silences.items, maintenances.items, inhibition, now)
                .ruled(rulings),
            faults,
        })
    }

    /// The rules that may concern these alerts, with what fires. Nothing is read where none does.
    async fn rulings(&self, alerts: &[&Alert]) -> Result<Rulings, StoreError> {
        let rules: Vec<InhibitRule> = self
            .rules
            .iter()
            .filter(|rule| {
                alerts
                    .iter()
                    .any(|alert| rule.concerns(alert))
            })
            .cloned()
            .collect();
        if rules.is_empty() {
            return Ok(Rulings::default());
        }
        let mut open = Vec::new();
        for state in AlertStatus::OPEN {
            self.read_open(state, &mut open).await?;
        }
        Ok(Rulings::new(&rules, &open))
    }

    /// The alerts in this state, the newest first, up to [`SOURCES_MAX`] with those that are there.
    async fn read_open(&self, state: AlertStatus, into: &mut Vec<Alert>) -> Result<(), StoreError> {
        let query = AlertQuery {
            state: Some(state),
            ..AlertQuery::default()
        };
        let limit = Page::<AlertsPage>::LIMIT_MAX;
        let mut page = Page::first(limit);
        while into.len() < SOURCES_MAX {
            let found = self
                .alerts
                .list_alerts(&query, page)
                .await?;
            let is_last = found.len() < limit.get() as usize;
            page.after = found.last().map(|alert| AlertsPage {
                starts_at: alert.starts_at,
                id: alert.id,
            });
            into.extend(found);
            if is_last {
                break;
            }
        }
        Ok(())
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

/// The most open alerts that rules look for sources among. Of more, the oldest keep nobody back: that
/// tells too much, and never too little.
const SOURCES_MAX: usize = 20_000;
