//! What the health of services is judged by, and what was found.

mod evidence;

use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::evaluation::Evaluation;
use sre_core::health::{OpenAlerts, ServiceHealth};
use sre_core::name::ServiceName;
use sre_core::sample::Sample;
use sre_core::slo::Slo;
use sre_core::store::{HealthRecords, StoreError};
use sre_core::time::Interval;

use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl HealthRecords for SqliteStore {
    async fn live_slos(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(Slo, Option<Evaluation>)>, StoreError> {
        evidence::slos(&self.readers, services).await
    }

    async fn probe_samples(
        &self,
        services: &[ServiceName],
        during: Interval,
    ) -> Result<Vec<Sample>, StoreError> {
        evidence::probes(&self.readers, services, during).await
    }

    async fn open_alerts(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(ServiceName, OpenAlerts)>, StoreError> {
        evidence::alerts(&self.readers, services).await
    }

    async fn record_health(&self, found: &[ServiceHealth]) -> Result<(), StoreError> {
        let rows: Result<Vec<_>, _> = found
            .iter()
            .map(SnapshotRow::new)
            .collect();
        let rows = rows?;
        self.write(move |tx| Box::pin(async move { record(tx, &rows).await }))
            .await
    }

    async fn health_at(
        &self,
        services: &[ServiceName],
        at: DateTime<Utc>,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        let services = row::texts(services.iter().map(ServiceName::as_str))?;
        let at = row::instant(at);
        let rows = query_as!(
            StoredHealth,
            "select service_name, health
               from service_health_snapshots
              where (service_name, at) in (
                        select asked.value,
                               (select max(at) from service_health_snapshots
                                 where service_name = asked.value and at <= $2)
                          from json_each($1) asked)
              order by service_name",
            services,
            at
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(StoredHealth::health)
            .collect()
    }

    async fn health_history(
        &self,
        service: &ServiceName,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        let (service, limit) = (service.as_str(), row::limit(limit));
        let (start, end) = (row::instant(during.start()), row::instant(during.end()));
        let rows = query_as!(
            StoredHealth,
            "select service_name, health
               from service_health_snapshots
              where service_name = $1 and at >= $2 and at < $3
              order by at
              limit $4",
            service,
            start,
            end,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(StoredHealth::health)
            .collect()
    }
}

/// A snapshot as it is written.
#[derive(Debug)]
struct SnapshotRow {
    service_name: String,
    at: i64,
    score: Option<f64>,
    status: &'static str,
    probable_cause: Option<String>,
    health: String,
}

impl SnapshotRow {
    fn new(found: &ServiceHealth) -> Result<Self, StoreError> {
        Ok(Self {
            service_name: found.service_name.to_string(),
            at: row::instant(found.as_of),
            // For dashboards; what is read back is the document.
            score: found
                .score
                .map(sre_core::health::Points::as_f64),
            status: found.status().as_str(),
            probable_cause: found
                .probable_cause
                .as_ref()
                .map(ToString::to_string),
            health: row::json("service_health_snapshots.health", found)?,
        })
    }
}

async fn record(tx: &mut SqliteConnection, rows: &[SnapshotRow]) -> Result<(), StoreError> {
    for row in rows {
        query!(
            "insert into service_health_snapshots
                         (service_name, at, score, status, probable_cause, health)
             values ($1, $2, $3, $4, $5, $6)
                 on conflict (service_name, at) do nothing",
            row.service_name,
            row.at,
            row.score,
            row.status,
            row.probable_cause,
            row.health
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

/// A snapshot as it is read.
#[derive(Debug)]
struct StoredHealth {
    service_name: String,
    health: String,
}

impl StoredHealth {
    fn health(&self) -> Result<ServiceHealth, StoreError> {
        Row::with_text("service_health_snapshots", &self.service_name).json("health", &self.health)
    }
}
