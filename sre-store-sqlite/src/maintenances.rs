//! Planned maintenance.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::maintenance::{MAINTENANCES_MAX, Maintenance};
use sre_core::name::MaintenanceId;
use sre_core::store::{Maintenances, Page, Readable, StoreError};
use sre_core::suppression::Holder;

use crate::error::classify;
use crate::open::SqliteStore;
use crate::outbox::release;
use crate::row::{self, Row};

/// A maintenance as it is stored.
#[derive(Debug)]
struct MaintenanceRow {
    id: Vec<u8>,
    maintenance: String,
}

impl MaintenanceRow {
    fn maintenance(&self) -> Result<Maintenance, StoreError> {
        Row::with_id("maintenances", &self.id).json("maintenance", &self.maintenance)
    }
}

#[async_trait]
impl Maintenances for SqliteStore {
    async fn create_maintenance(&self, maintenance: &Maintenance) -> Result<(), StoreError> {
        let maintenance = maintenance.clone();
        self.write(move |tx| Box::pin(async move { create(tx, &maintenance).await }))
            .await
    }

    async fn end_maintenance(
        &self,
        maintenance: &Maintenance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let maintenance = maintenance.clone();
        self.write(move |tx| Box::pin(async move { end(tx, &maintenance, now).await }))
            .await
    }

    async fn find_maintenance(&self, id: MaintenanceId) -> Result<Option<Maintenance>, StoreError> {
        let row = query_as!(
            MaintenanceRow,
            "select id, maintenance from maintenances where id = $1",
            id.0
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(classify)?;
        row.as_ref()
            .map(MaintenanceRow::maintenance)
            .transpose()
    }

    async fn list_maintenances(
        &self,
        page: Page<MaintenanceId>,
    ) -> Result<Vec<Maintenance>, StoreError> {
        let after = page
            .after
            .map_or(uuid::Uuid::nil(), |after| after.0);
        let limit = row::limit(
            page.limit
                .min(Page::<MaintenanceId>::LIMIT_MAX),
        );
        let rows = query_as!(
            MaintenanceRow,
            "select id, maintenance from maintenances where id > $1 order by id limit $2",
            after,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(MaintenanceRow::maintenance)
            .collect()
    }

    async fn standing_maintenances(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Readable<Maintenance>, StoreError> {
        let now = row::instant(now);
        let mut rows = query_as!(
            MaintenanceRow,
            "select id, maintenance from maintenances where ends_at > $1 and begins_at <= $1
              union all
             select id, maintenance from maintenances where ends_at is null and begins_at <= $1",
            now
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Readable::of(
            rows.iter()
                .map(MaintenanceRow::maintenance),
        ))
    }
}

async fn create(tx: &mut SqliteConnection, maintenance: &Maintenance) -> Result<(), StoreError> {
    let created_at = row::instant(maintenance.created_at);
    let standing = query!(
        "select (select count(*) from maintenances where ends_at > $1)
              + (select count(*) from maintenances where ends_at is null) as \"count!: i64\"",
        created_at
    )
    .fetch_one(&mut *tx)
    .await
    .map_err(classify)?;
    if standing.count >= i64::from(MAINTENANCES_MAX) {
        let what = "maintenances";
        return Err(StoreError::Conflict { what });
    }
    let version = row::number("version", maintenance.version)?;
    let (begins_at, ends_at) = (
        row::instant(maintenance.period.begins_at()),
        row::optional_instant(maintenance.ends_at()),
    );
    let written = row::json("maintenance", maintenance)?;
    let inserted = query!(
        "insert into maintenances (id, version, begins_at, ends_at, maintenance)
         values ($1, $2, $3, $4, $5)
             on conflict (id) do nothing",
        maintenance.id.0,
        version,
        begins_at,
        ends_at,
        written
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    if inserted.rows_affected() == 0 {
        return Err(StoreError::Conflict { what: "id" });
    }
    Ok(())
}

async fn end(
    tx: &mut SqliteConnection,
    maintenance: &Maintenance,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let version = row::number("version", maintenance.version)?;
    let ends_at = row::optional_instant(maintenance.ends_at());
    let written = row::json("maintenance", maintenance)?;
    let changed = query!(
        "update maintenances
            set version = $2, ends_at = $3, maintenance = $4
          where id = $1 and version = $2 - 1",
        maintenance.id.0,
        version,
        ends_at,
        written
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    if changed.rows_affected() == 0 {
        let known = query!(
            "select version from maintenances where id = $1",
            maintenance.id.0
        )
        .fetch_optional(tx)
        .await
        .map_err(classify)?;
        return Err(match known {
            Some(_) => StoreError::Conflict { what: "version" },
            None => StoreError::NotFound {
                what: "maintenance",
            },
        });
    }
    release(tx, Holder::Maintenance(maintenance.id), now).await
}
