//! Which source each SLO is measured by, and how many were ever measured by each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::evaluation::SloState;
use crate::indicator::Indicator;
use crate::name::{ServiceName, SloId};
use crate::slo::Slo;
use crate::store::{Catalog, Evaluations, Page, SloQuery, StoreError};
use crate::time::Span;

/// What is asked by queries.
pub(super) const PROMETHEUS: &str = "prometheus";
/// What comes by itself, or is fetched and stored: samples pushed, probed and recorded.
pub(super) const SAMPLES: &str = "samples";

/// The sources of SLOs, read when somebody asks and kept for a minute.
#[derive(Debug)]
pub struct SourceBook {
    catalog: Arc<dyn Catalog>,
    evaluations: Arc<dyn Evaluations>,
    /// This service itself: what it measures of itself says nothing of any source.
    besides: ServiceName,
    read: Mutex<Option<(DateTime<Utc>, Arc<Sources>)>>,
}

/// The live SLOs that were ever measured, by source.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    of: BTreeMap<SloId, &'static str>,
    measured: BTreeMap<&'static str, usize>,
}

impl SourceBook {
    /// A book of every SLO but those of `besides`, this service.
    #[must_use]
    pub fn new(
        catalog: Arc<dyn Catalog>,
        evaluations: Arc<dyn Evaluations>,
        besides: ServiceName,
    ) -> Self {
        Self {
            catalog,
            evaluations,
            besides,
            read: Mutex::default(),
        }
    }

    /// As which service this one is known.
    pub(super) const fn own_service(&self) -> &ServiceName {
        &self.besides
    }

    /// What is known of sources, no older than [`FRESH`].
    pub(super) async fn read(&self, now: DateTime<Utc>) -> Result<Arc<Sources>, StoreError> {
        if let Some(kept) = self.kept(now) {
            return Ok(kept);
        }
        let sources = Arc::new(self.read_all().await?);
        *self
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&sources)));
        Ok(sources)
    }

    fn kept(&self, now: DateTime<Utc>) -> Option<Arc<Sources>> {
        let read = self
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (at, sources) = read.as_ref()?;
        let is_fresh = *at <= now && now < *at + FRESH.as_delta();
        is_fresh.then(|| Arc::clone(sources))
    }

    async fn read_all(&self) -> Result<Sources, StoreError> {
        let limit = Page::<SloId>::LIMIT_MAX;
        let mut page = Page::first(limit);
        let mut slos: BTreeMap<SloId, Slo> = BTreeMap::new();
        let mut measured: Vec<SloId> = Vec::new();
        while slos.len() < SLOS_MAX {
            let found = self
                .catalog
                .list(&SloQuery::default(), page)
                .await?;
            let is_last = found.len() < limit.get() as usize;
            page.after = found.last().map(|slo| slo.id);
            let live: Vec<SloId> = found
                .iter()
                .filter(|slo| slo.is_live() && slo.definition.service_name != self.besides)
                .map(|slo| slo.id)
                .collect();
            let standings = self
                .evaluations
                .standings(&live)
                .await?;
            measured.extend(
                standings
                    .into_iter()
                    .filter(|standing| {
                        standing
                            .evaluation
                            .as_ref()
                            .is_some_and(|found| found.state != SloState::Waiting)
                    })
                    .map(|standing| standing.slo_id),
            );
            slos.extend(
                found
                    .into_iter()
                    .map(|slo| (slo.id, slo)),
            );
            if is_last {
                break;
            }
        }
        Ok(Sources::of(&slos, &measured))
    }
}

impl Sources {
    fn of(slos: &BTreeMap<SloId, Slo>, ever_measured: &[SloId]) -> Self {
        let mut sources = Self::default();
        for id in ever_measured {
            if let Some(source) = source(*id, slos, NESTED_MAX) {
                sources.of.insert(*id, source);
                *sources
                    .measured
                    .entry(source)
                    .or_default() += 1;
            }
        }
        sources
    }

    /// By what the SLO is measured; `None` of one that is made of what several sources measure, and
    /// of one that never was.
    pub(super) fn source(&self, slo: SloId) -> Option<&'static str> {
        self.of.get(&slo).copied()
    }

    /// How many SLOs were ever measured by a source.
    pub(super) fn measured(&self, source: &str) -> usize {
        self.measured
            .get(source)
            .copied()
            .unwrap_or_default()
    }
}

/// By what an SLO is measured: a composite by what all of its members are.
fn source(id: SloId, slos: &BTreeMap<SloId, Slo>, depth: u32) -> Option<&'static str> {
    match &slos.get(&id)?.definition.indicator {
        Indicator::Prometheus(_) => Some(PROMETHEUS),
        Indicator::Metric(_) => Some(SAMPLES),
        Indicator::Composite(composite) => {
            let depth = depth.checked_sub(1)?;
            let mut members = composite
                .members()
                .iter()
                .map(|member| source(member.slo, slos, depth));
            let first = members.next()??;
            members
                .all(|other| other == Some(first))
                .then_some(first)
        }
    }
}

/// How long what was read is used: SLOs are declared by people.
const FRESH: Span = Span::minutes(1);
/// The most SLOs that are looked at. What is beyond has no source that is known, and is told one by
/// one: too much, and never too little.
const SLOS_MAX: usize = 20_000;
/// How deep composites of composites are followed.
const NESTED_MAX: u32 = 8;
