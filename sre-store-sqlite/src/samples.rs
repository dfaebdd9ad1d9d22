//! Samples, and the targets that have to be asked for them.

mod append;
mod targets;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query_as};
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::{Sample, SampleValue};
use sre_core::store::{Appended, Commit, Samples, StoreError, Target, TargetClaim};
use sre_core::time::Interval;

use crate::alerts::answer;
use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Samples for SqliteStore {
    async fn append(
        &self,
        samples: &[Sample],
        closed_before: DateTime<Utc>,
    ) -> Result<Vec<Appended>, StoreError> {
        let rows = append::SampleRow::all(samples)?;
        self.write(move |tx| {
            Box::pin(async move { append::append(tx, &rows, closed_before).await })
        })
        .await
    }

    async fn series(
        &self,
        service: &ServiceName,
        metric: &MetricName,
        during: Interval,
        limit: u32,
    ) -> Result<Vec<Sample>, StoreError> {
        let (service, metric) = (service.clone(), metric.clone());
        self.read(move |tx| {
            Box::pin(async move { series(tx, &service, &metric, during, limit).await })
        })
        .await
    }

    async fn register_targets(
        &self,
        targets: &[Target],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let targets = targets.to_vec();
        self.write(move |tx| Box::pin(async move { targets::register(tx, &targets, now).await }))
            .await
    }

    async fn claim_targets(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<TargetClaim>, StoreError> {
        let holder = holder.to_owned();
        self.write(move |tx| {
            Box::pin(async move { targets::claim(tx, &holder, now, until, limit).await })
        })
        .await
    }

    async fn complete_target(
        &self,
        claim: &TargetClaim,
        samples: &[Sample],
        next_at: DateTime<Utc>,
        closed_before: DateTime<Utc>,
    ) -> Result<Commit, StoreError> {
        let (claim, rows) = (claim.clone(), append::SampleRow::all(samples)?);
        self.write(move |tx| {
            Box::pin(async move {
                let stands = targets::advance(tx, &claim, next_at).await?;
                if stands {
                    append::append(tx, &rows, closed_before).await?;
                }
                Ok(answer(stands))
            })
        })
        .await
    }
}

/// A sample as it is stored, without the names of its metric.
#[derive(Debug)]
pub(crate) struct StoredSample {
    pub(crate) at: i64,
    pub(crate) labels: String,
    pub(crate) value: Option<f64>,
    pub(crate) good: Option<i64>,
    pub(crate) total: Option<i64>,
}

/// The samples of a metric by instant, then labels.
async fn series(
    tx: &mut SqliteConnection,
    service: &ServiceName,
    metric: &MetricName,
    during: Interval,
    limit: u32,
) -> Result<Vec<Sample>, StoreError> {
    let (service_name, metric_name) = (service.as_str(), metric.as_str());
    let (start, end, rows_max) = (
        row::instant(during.start()),
        row::instant(during.end()),
        row::limit(limit),
    );
    let mut rows = query_as!(
        StoredSample,
        "select at, labels, value, good, total
           from service_metrics
          where service_name = $1 and metric_name = $2 and at >= $3 and at < $4
          order by at, labels
          limit $5",
        service_name,
        metric_name,
        start,
        end,
        rows_max
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() == limit
        && let Some(last) = rows.last().map(|row| row.at)
    {
        // The order of labels is not that of their texts. Where the limit cuts between label sets of
        // one instant, all of that instant are read, so that the right ones are left.
        rows.retain(|row| row.at < last);
        rows.extend(
            query_as!(
                StoredSample,
                "select at, labels, value, good, total
                   from service_metrics
                  where service_name = $1 and metric_name = $2 and at = $3",
                service_name,
                metric_name,
                last
            )
            .fetch_all(&mut *tx)
            .await
            .map_err(classify)?,
        );
    }
    let samples: Result<Vec<_>, _> = rows
        .iter()
        .map(|row| row.sample(service, metric))
        .collect();
    let mut samples = samples?;
    samples.sort_by(|a, b| (a.at, &a.labels).cmp(&(b.at, &b.labels)));
    samples.truncate(limit);
    Ok(samples)
}

impl StoredSample {
    pub(crate) fn sample(
        &self,
        service: &ServiceName,
        metric: &MetricName,
    ) -> Result<Sample, StoreError> {
        let row = Row::with_text("service_metrics", metric.as_str());
        let value = match (self.value, row.counts("good", self.good, self.total)?) {
            (Some(value), None) => SampleValue::Number(value),
            (None, Some(counts)) => SampleValue::Counts(counts),
            _ => return Err(row.corrupt("value", "neither a number nor counts")),
        };
        Ok(Sample {
            service_name: service.clone(),
            metric_name: metric.clone(),
            labels: row.labels("labels", &self.labels)?,
            at: row.instant("at", self.at)?,
            value,
        })
    }
}
