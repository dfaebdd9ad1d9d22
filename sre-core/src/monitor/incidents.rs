//! Looking back for incidents: what piles up, what has become quiet, what was forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::Alert;
use crate::incident::patterns::{Neighbours, gathered, moved_by_time};
use crate::incident::{Incident, IncidentSettings, IncidentUpdate};
use crate::name::{IncidentId, ServiceName};
use crate::store::{Commit, IncidentQuery, Incidents, IncidentsPage, Page, Services, StoreError};

/// Opens, joins, ends and reopens incidents by the rules that look back. One a process; replicas
/// decide the same, and of two that write one is superseded.
#[derive(Debug)]
pub struct IncidentKeeper {
    incidents: Arc<dyn Incidents>,
    services: Arc<dyn Services>,
    settings: IncidentSettings,
}

impl IncidentKeeper {
    /// A keeper that decides by `settings`.
    #[must_use]
    pub fn new(
        incidents: Arc<dyn Incidents>,
        services: Arc<dyn Services>,
        settings: IncidentSettings,
    ) -> Self {
        Self {
            incidents,
            services,
            settings,
        }
    }

    /// Looks back once; answers how many incidents it changed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn activate(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let live = self.live().await?;
        let mut updates = self.moved(&live, now).await?;
        let moved: Vec<IncidentId> = updates
            .iter()
            .map(|update| update.incident.id)
            .collect();
        let since = now - self.settings.window.as_delta();
        let loose = self
            .incidents
            .loose_alerts(since, BATCH)
            .await?;
        let neighbours = self.neighbours(&loose).await?;
        let gathered = gathered(&loose, &live, &neighbours, &self.settings, now);
        updates.extend(
            gathered
                .into_iter()
                .filter(|update| !moved.contains(&update.incident.id)),
        );
        self.store(updates).await
    }

    /// What the services of these alerts depend on, and what depends on them.
    async fn neighbours(&self, loose: &[Alert]) -> Result<Neighbours, StoreError> {
        let names: BTreeSet<ServiceName> = loose
            .iter()
            .map(|alert| alert.service_name().clone())
            .collect();
        let mut neighbours = Neighbours::new();
        for name in names {
            let own = std::slice::from_ref(&name);
            let known = self.services.find_services(own).await?;
            let mut near: Vec<ServiceName> = known
                .into_iter()
                .flat_map(|service| service.dependencies.into_keys())
                .collect();
            near.extend(self.services.dependents(own).await?);
            if !near.is_empty() {
                neighbours.insert(name, near);
            }
        }
        Ok(neighbours)
    }

    /// Each by itself: one that somebody else has changed meanwhile is looked at again next time.
    async fn store(&self, updates: Vec<IncidentUpdate>) -> Result<usize, StoreError> {
        let mut stored = 0;
        for update in updates {
            let commit = self
                .incidents
                .change_incidents(&[update])
                .await?;
            stored += usize::from(matches!(commit, Commit::Applied { .. }));
        }
        Ok(stored)
    }

    /// What time does to live incidents.
    async fn moved(
        &self,
        live: &[Incident],
        now: DateTime<Utc>,
    ) -> Result<Vec<IncidentUpdate>, StoreError> {
        let mut updates = Vec::new();
        for part in live.chunks(PART) {
            let ids: Vec<IncidentId> = part
                .iter()
                .map(|incident| incident.id)
                .collect();
            let alerts = self.incidents.alerts_of(&ids).await?;
            updates.extend(part.iter().filter_map(|incident| {
                let own: Vec<_> = alerts
                    .iter()
                    .filter(|alert| alert.incident_id == Some(incident.id))
                    .cloned()
                    .collect();
                moved_by_time(incident, &own, &self.settings, now)
            }));
        }
        Ok(updates)
    }

    /// All live incidents.
    async fn live(&self) -> Result<Vec<Incident>, StoreError> {
        let query = IncidentQuery {
            is_live: true,
            ..IncidentQuery::default()
        };
        let mut page = Page::first(Page::<IncidentsPage>::LIMIT_MAX);
        let mut live: Vec<Incident> = Vec::new();
        loop {
            let part = self
                .incidents
                .list_incidents(&query, page)
                .await?;
            let Some(last) = part.last() else {
                return Ok(live);
            };
            page.after = Some(IncidentsPage {
                started_at: last.started_at,
                id: last.id,
            });
            live.extend(part);
        }
    }
}

/// Loose alerts that are looked at together: a storm beyond that is a storm all the same.
const BATCH: u32 = 1_000;
/// Incidents whose alerts are read at once.
const PART: usize = 100;
