//! Appending: each sample once, one kind a metric, late ones marked.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::name::SloId;
use sre_core::sample::{Sample, SampleValue};
use sre_core::slice::SliceWidth;
use sre_core::store::{Appended, StoreError};
use sre_core::time::Interval;

use crate::error::classify;
use crate::evaluations::dirty;
use crate::row::{self, Row};

/// A sample as it is stored.
#[derive(Debug)]
pub(super) struct SampleRow {
    service_name: String,
    metric_name: String,
    labels: String,
    instant: DateTime<Utc>,
    at: i64,
    value: Option<f64>,
    good: Option<i64>,
    total: Option<i64>,
}

impl SampleRow {
    pub(super) fn all(samples: &[Sample]) -> Result<Vec<Self>, StoreError> {
        samples.iter().map(Self::new).collect()
    }

    fn new(sample: &Sample) -> Result<Self, StoreError> {
        let count = |count| row::count("service_metrics.total", count);
        let (value, good, total) = match sample.value {
            SampleValue::Number(value) => (Some(value), None, None),
            SampleValue::Counts(counts) => (
                None,
                Some(count(counts.good())?),
                Some(count(counts.total())?),
            ),
        };
        Ok(Self {
            service_name: sample.service_name.to_string(),
            metric_name: sample.metric_name.to_string(),
            labels: row::json("service_metrics.labels", &sample.labels)?,
            instant: sample.at,
            at: row::instant(sample.at),
            value,
            good,
            total,
        })
    }

    const fn has_counts(&self) -> bool {
        self.total.is_some()
    }
}

/// What is known of a metric while a batch is appended.
#[derive(Debug)]
struct Metric {
    /// Whether it has counts; `None` before its first sample.
    has_counts: Option<bool>,
    /// The live SLOs on it, the width of their slices, and what of them is to be marked.
    slos: Vec<(SloId, SliceWidth, Vec<Interval>)>,
}

/// Appends samples in order; each sees those before it.
pub(super) async fn append(
    tx: &mut SqliteConnection,
    samples: &[SampleRow],
    closed_before: DateTime<Utc>,
) -> Result<Vec<Appended>, StoreError> {
    let mut metrics: BTreeMap<(&str, &str), Metric> = BTreeMap::new();
    let mut appended = Vec::with_capacity(samples.len());
    for sample in samples {
        let name = (sample.service_name.as_str(), sample.metric_name.as_str());
        let metric = match metrics.entry(name) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Metric::load(tx, sample).await?),
        };
        appended.push(
            metric
                .append(tx, sample, closed_before)
                .await?,
        );
    }
    for (slo, _, ranges) in metrics
        .into_values()
        .flat_map(|metric| metric.slos)
    {
        dirty::mark(tx, slo, &ranges).await?;
    }
    Ok(appended)
}

impl Metric {
    async fn load(tx: &mut SqliteConnection, sample: &SampleRow) -> Result<Self, StoreError> {
        let any = query!(
            "select total from service_metrics
              where service_name = $1 and metric_name = $2
              limit 1",
            sample.service_name,
            sample.metric_name
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(classify)?;
        let slos = query!(
            "select id, slice_seconds from slos
              where service_name = $1 and source_metric = $2
                and deleted_at is null and is_enabled = 1",
            sample.service_name,
            sample.metric_name
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(classify)?;
        let slos: Result<Vec<_>, StoreError> = slos
            .iter()
            .map(|slo| {
                let row = Row::with_id("slos", &slo.id);
                let span = row.span("slice_seconds", slo.slice_seconds)?;
                let width =
                    SliceWidth::new(span).map_err(|error| row.corrupt("slice_seconds", error))?;
                Ok((SloId(row.id("id", &slo.id)?), width, Vec::new()))
            })
            .collect();
        Ok(Self {
            has_counts: any.map(|any| any.total.is_some()),
            slos: slos?,
        })
    }

    async fn append(
        &mut self,
        tx: &mut SqliteConnection,
        sample: &SampleRow,
        closed_before: DateTime<Utc>,
    ) -> Result<Appended, StoreError> {
        if self
            .has_counts
            .is_some_and(|has_counts| has_counts != sample.has_counts())
        {
            return Ok(Appended::KindRefused);
        }
        self.has_counts = Some(sample.has_counts());
        if insert(tx, sample).await? {
            return Ok(Appended::Stored {
                is_late: self.mark_late(sample, closed_before),
            });
        }
        if replace(tx, sample).await? {
            return Ok(Appended::Replaced {
                is_late: self.mark_late(sample, closed_before),
            });
        }
        Ok(Appended::Duplicate)
    }

    /// Notes the closed slices that the sample lies in; answers whether there is one.
    fn mark_late(&mut self, sample: &SampleRow, closed_before: DateTime<Utc>) -> bool {
        let mut is_late = false;
        for (_, width, ranges) in &mut self.slos {
            let slice = width.interval(width.index_of(sample.instant));
            if slice.end() <= closed_before {
                ranges.push(slice);
                is_late = true;
            }
        }
        is_late
    }
}

/// Adds the sample, if there is none of its identity.
async fn insert(tx: &mut SqliteConnection, sample: &SampleRow) -> Result<bool, StoreError> {
    let inserted = query!(
        "insert into service_metrics (service_name, metric_name, at, labels, value, good, total)
         values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (service_name, metric_name, at, labels) do nothing",
        sample.service_name,
        sample.metric_name,
        sample.at,
        sample.labels,
        sample.value,
        sample.good,
        sample.total
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(inserted.rows_affected() == 1)
}

/// Replaces what is stored under the sample's identity, if it says something else.
async fn replace(tx: &mut SqliteConnection, sample: &SampleRow) -> Result<bool, StoreError> {
    let replaced = query!(
        "update service_metrics set value = $5, good = $6, total = $7
          where service_name = $1 and metric_name = $2 and at = $3 and labels = $4
            and (value is distinct from $5 or good is distinct from $6
                 or total is distinct from $7)",
        sample.service_name,
        sample.metric_name,
        sample.at,
        sample.labels,
        sample.value,
        sample.good,
        sample.total
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(replaced.rows_affected() == 1)
}
