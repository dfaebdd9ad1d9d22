//! What was measured, and what has to be asked for it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::indicator::Indicator;
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::{Sample, SampleValue};
use sre_core::slo::Slo;
use sre_core::store::{Appended, Commit, Samples, StoreError, Target, TargetClaim};
use sre_core::time::Interval;

use super::lifetime::Claim;
use super::{MemoryStore, State, length};

/// A target, when it is due, and who asks it.
#[derive(Clone, Debug)]
pub(super) struct TargetRow {
    target: Target,
    next_at: DateTime<Utc>,
    claim: Claim,
}

#[async_trait]
impl Samples for MemoryStore {
    async fn append(
        &self,
        samples: &[Sample],
        closed_before: DateTime<Utc>,
    ) -> Result<Vec<Appended>, StoreError> {
        Ok(self
            .state()
            .append_all(samples, closed_before))
    }

    async fn series(
        &self,
        service: &ServiceName,
        metric: &MetricName,
        during: Interval,
        limit: u32,
    ) -> Result<Vec<Sample>, StoreError> {
        let state = self.state();
        let Some(series) = state
            .metrics
            .get(&(service.clone(), metric.clone()))
        else {
            return Ok(Vec::new());
        };
        let stored = series
            .iter()
            .filter(|((at, _), _)| during.contains(*at));
        let samples = stored.map(|((at, labels), value)| Sample {
            service_name: service.clone(),
            metric_name: metric.clone(),
            labels: labels.clone(),
            at: *at,
            value: *value,
        });
        Ok(samples.take(length(limit)).collect())
    }

    async fn register_targets(
        &self,
        targets: &[Target],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let names: BTreeSet<&str> = targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        state
            .targets
            .retain(|name, _| names.contains(name.as_str()));
        for target in targets {
            let new = || TargetRow {
                target: target.clone(),
                next_at: now,
                claim: Claim::NONE,
            };
            let row = state
                .targets
                .entry(target.name.clone())
                .or_insert_with(new);
            row.target = target.clone();
        }
        Ok(())
    }

    async fn claim_targets(
        &self,
        _holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<TargetClaim>, StoreError> {
        let mut state = self.state();
        let is_due = |row: &&mut TargetRow| row.next_at <= now && row.claim.is_free_at(now);
        let mut due: Vec<&mut TargetRow> = state
            .targets
            .values_mut()
            .filter(is_due)
            .collect();
        due.sort_by(|a, b| (a.next_at, &a.target.name).cmp(&(b.next_at, &b.target.name)));
        let claims = due
            .into_iter()
            .take(length(limit))
            .map(|row| TargetClaim {
                target: row.target.clone(),
                due_at: row.next_at,
                epoch: row.claim.take(until),
            });
        Ok(claims.collect())
    }

    async fn complete_target(
        &self,
        claim: &TargetClaim,
        samples: &[Sample],
        next_at: DateTime<Utc>,
        closed_before: DateTime<Utc>,
    ) -> Result<Commit, StoreError> {
        let mut state = self.state();
        let stands =
            |row: &&mut TargetRow| row.claim.epoch == claim.epoch && row.next_at == claim.due_at;
        let Some(row) = state
            .targets
            .get_mut(&claim.target.name)
            .filter(stands)
        else {
            return Ok(Commit::Superseded);
        };
        row.next_at = next_at;
        row.claim.end();
        state.append_all(samples, closed_before);
        Ok(Commit::Applied { revision: 0 })
    }
}

impl State {
    /// Appends samples in order; each sees those before it.
    fn append_all(&mut self, samples: &[Sample], closed_before: DateTime<Utc>) -> Vec<Appended> {
        samples
            .iter()
            .map(|sample| self.append_one(sample, closed_before))
            .collect()
    }

    fn append_one(&mut self, sample: &Sample, closed_before: DateTime<Utc>) -> Appended {
        let metric = (sample.service_name.clone(), sample.metric_name.clone());
        let series = self.metrics.entry(metric).or_default();
        let is_foreign = |stored: &SampleValue| has_counts(*stored) != has_counts(sample.value);
        if series
            .values()
            .next()
            .is_some_and(is_foreign)
        {
            return Appended::KindRefused;
        }
        let before = series.insert((sample.at, sample.labels.clone()), sample.value);
        if before == Some(sample.value) {
            return Appended::Duplicate;
        }
        let is_late = self.mark_late(sample, closed_before);
        match before {
            None => Appended::Stored { is_late },
            Some(_) => Appended::Replaced { is_late },
        }
    }

    /// Marks the slice of the sample dirty in every live SLO on its metric whose slice has closed or
    /// was folded; answers whether there was one. While a slot is under way nobody can tell whether
    /// it has read the slice yet: then it is marked, too.
    fn mark_late(&mut self, sample: &Sample, closed_before: DateTime<Utc>) -> bool {
        let mut is_late = false;
        for slo in self
            .slos
            .values()
            .filter(|slo| is_fed_by(slo, sample))
        {
            let width = slo.definition.slice;
            let slice = width.interval(width.index_of(sample.at));
            let Some(cursor) = self.cursors.get_mut(&slo.id) else {
                continue;
            };
            let is_closed = slice.end() <= closed_before || cursor.has_folded(slice);
            if is_closed || cursor.claim.is_taken() {
                cursor.mark(slice);
            }
            is_late |= is_closed;
        }
        is_late
    }
}

/// Whether the SLO is evaluated, and on the metric of the sample.
fn is_fed_by(slo: &Slo, sample: &Sample) -> bool {
    slo.is_live()
        && slo.definition.service_name == sample.service_name
        && slo.definition.indicator == Indicator::Metric(sample.metric_name.clone())
}

/// Which of the two kinds a metric is.
const fn has_counts(value: SampleValue) -> bool {
    matches!(value, SampleValue::Counts(_))
}
