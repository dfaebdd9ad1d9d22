//! Judging the health of services, now, from what is stored; and keeping what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, DurationRound as _, Utc};

use crate::health::{Evidence, ServiceHealth, SloEvidence, assess, checks};
use crate::incident::IncidentStatus;
use crate::name::ServiceName;
use crate::service::Service;
use crate::store::{
    HealthRecords, IncidentQuery, Incidents, IncidentsPage, Page, Services, StoreError,
};
use crate::time::{Interval, Span};

/// Judges services by what is stored of them and of all that they stand on.
#[derive(Clone, Debug)]
pub struct HealthAssessor {
    services: Arc<dyn Services>,
    records: Arc<dyn HealthRecords>,
    incidents: Arc<dyn Incidents>,
}

impl HealthAssessor {
    /// An assessor over these ports.
    #[must_use]
    pub const fn new(
        services: Arc<dyn Services>,
        records: Arc<dyn HealthRecords>,
        incidents: Arc<dyn Incidents>,
    ) -> Self {
        Self {
            services,
            records,
            incidents,
        }
    }

    /// The health of those of `names` that are known, in the order of their names.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn assess(
        &self,
        names: &[ServiceName],
        now: DateTime<Utc>,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        let wanted: BTreeSet<&ServiceName> = names.iter().collect();
        let known = self
            .with_all_they_stand_on(names)
            .await?;
        let mut found = self.judge(known, now, now).await?;
        found.retain(|health| wanted.contains(&health.service_name));
        Ok(found)
    }

    /// The health of every known service, in the order of their names.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn assess_all(&self, now: DateTime<Utc>) -> Result<Vec<ServiceHealth>, StoreError> {
        let known = self.all().await?;
        self.judge(known, now, now).await
    }

    /// Records the health of every service that changed, or was not recorded for [`RECORDED_EVERY`];
    /// answers how many. The instants lie on a grid of `period`, so what is done twice is recorded
    /// once.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn record(&self, now: DateTime<Utc>, period: Span) -> Result<usize, StoreError> {
        let at = now
            .duration_trunc(period.as_delta())
            .unwrap_or(now);
        let known = self.all().await?;
        let found = self.judge(known, now, at).await?;
        let mut recorded = 0;
        for part in found.chunks(BATCH) {
            let names: Vec<ServiceName> = part
                .iter()
                .map(|health| health.service_name.clone())
                .collect();
            let last = by_name(
                self.records
                    .health_at(&names, now)
                    .await?,
            );
            let is_new = |health: &&ServiceHealth| {
                last.get(&health.service_name)
                    .is_none_or(|last| is_due(last, health))
            };
            let new: Vec<ServiceHealth> = part
                .iter()
                .filter(is_new)
                .cloned()
                .collect();
            self.records.record_health(&new).await?;
            recorded += new.len();
        }
        Ok(recorded)
    }

    /// Services, and level by level what each of them stands on.
    async fn with_all_they_stand_on(
        &self,
        names: &[ServiceName],
    ) -> Result<Vec<Service>, StoreError> {
        let mut known = Vec::new();
        let mut seen: BTreeSet<ServiceName> = BTreeSet::new();
        let mut level: BTreeSet<ServiceName> = names.iter().cloned().collect();
        while !level.is_empty() {
            let asked: Vec<ServiceName> = level.iter().cloned().collect();
            seen.append(&mut level);
            for part in asked.chunks(BATCH) {
                let found = self
                    .services
                    .find_services(part)
                    .await?;
                let deeper = found
                    .iter()
                    .flat_map(|service| service.dependencies.keys());
                level.extend(
                    deeper
                        .filter(|name| !seen.contains(*name))
                        .cloned(),
                );
                known.extend(found);
            }
        }
        Ok(known)
    }

    async fn all(&self) -> Result<Vec<Service>, StoreError> {
        let mut page = Page::first(Page::<ServiceName>::LIMIT_MAX);
        let mut all = Vec::new();
        loop {
            let part = self
                .services
                .list_services(page.clone())
                .await?;
            let Some(last) = part.last() else {
                return Ok(all);
            };
            page.after = Some(last.name.clone());
            all.extend(part);
        }
    }

    /// Gathers the evidence of services and judges them together.
    async fn judge(
        &self,
        services: Vec<Service>,
        now: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        let incidents = self.open_incidents().await?;
        let mut known = Vec::with_capacity(services.len());
        let mut services = services.into_iter().peekable();
        while services.peek().is_some() {
            let part: Vec<Service> = services.by_ref().take(BATCH).collect();
            let names: Vec<ServiceName> = part
                .iter()
                .map(|service| service.name.clone())
                .collect();
            let mut evidence = self.evidence(&names, now).await?;
            known.extend(part.into_iter().map(|service| {
                let mut found = evidence
                    .remove(&service.name)
                    .unwrap_or_default();
                found.open_incidents = incidents
                    .get(&service.name)
                    .copied()
                    .unwrap_or_default();
                (service, found)
            }));
        }
        Ok(assess(known, as_of))
    }

    /// How many open incidents concern each service; one that is a candidate is none yet.
    async fn open_incidents(&self) -> Result<BTreeMap<ServiceName, u32>, StoreError> {
        let query = IncidentQuery {
            is_live: true,
            ..IncidentQuery::default()
        };
        let mut page = Page::first(Page::<IncidentsPage>::LIMIT_MAX);
        let mut counts: BTreeMap<ServiceName, u32> = BTreeMap::new();
        loop {
            let part = self
                .incidents
                .list_incidents(&query, page)
                .await?;
            let Some(last) = part.last() else {
                return Ok(counts);
            };
            page.after = Some(IncidentsPage {
                started_at: last.started_at,
                id: last.id,
            });
            for incident in part {
                if incident.status() == IncidentStatus::Candidate {
                    continue;
                }
                for service in incident.affected_services {
                    let count = counts.entry(service).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    async fn evidence(
        &self,
        names: &[ServiceName],
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<ServiceName, Evidence>, StoreError> {
        let mut evidence: BTreeMap<ServiceName, Evidence> = BTreeMap::new();
        for (slo, found) in self.records.live_slos(names).await? {
            let service = slo.definition.service_name.clone();
            let seen = SloEvidence::new(&slo, found.as_ref());
            evidence
                .entry(service)
                .or_default()
                .slos
                .push(seen);
        }
        let lately = Interval::ending(now + Span::SECOND.as_delta(), PROBES_LOOKED_AT);
        let samples = self
            .records
            .probe_samples(names, lately)
            .await?;
        for part in samples.chunk_by(|a, b| a.service_name == b.service_name) {
            if let Some(sample) = part.first() {
                evidence
                    .entry(sample.service_name.clone())
                    .or_default()
                    .checks = checks(part, now);
            }
        }
        for (service, open) in self.records.open_alerts(names).await? {
            evidence
                .entry(service)
                .or_default()
                .alerts = open;
        }
        for last in self
            .records
            .health_at(names, now)
            .await?
        {
            let held = evidence
                .remove(&last.service_name)
                .unwrap_or_default()
                .holding(&last.evidence, now);
            evidence.insert(last.service_name, held);
        }
        Ok(evidence)
    }
}

fn by_name(found: Vec<ServiceHealth>) -> BTreeMap<ServiceName, ServiceHealth> {
    let found = found.into_iter();
    found
        .map(|health| (health.service_name.clone(), health))
        .collect()
}

/// Whether a snapshot has something to say that the last one does not.
fn is_due(last: &ServiceHealth, found: &ServiceHealth) -> bool {
    found.as_of > last.as_of
        && (!last.says_the_same(found) || found.as_of - last.as_of >= RECORDED_EVERY.as_delta())
}

/// A service whose health stays the same is recorded so often: who finds no snapshot for longer knows
/// that nobody looked.
pub const RECORDED_EVERY: Span = Span::hours(1);
/// Services a statement, and a transaction.
const BATCH: usize = 500;
/// How far back the last answers of a probe are looked for: three times the pace of a slow one.
const PROBES_LOOKED_AT: Span = Span::minutes(15);
