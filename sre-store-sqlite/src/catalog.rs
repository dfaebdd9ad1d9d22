//! SLOs, and where their evaluation starts.

use async_trait::async_trait;
use sqlx::{SqliteConnection, query, query_as};
use sre_core::alert::AlertUpdate;
use sre_core::evaluation::Progress;
use sre_core::indicator::Indicator;
use sre_core::name::SloId;
use sre_core::slo::{Definition, ManagedBy, Slo};
use sre_core::store::{Catalog, Page, Seeded, SloChange, SloQuery, Start, StoreError};
use sre_core::time::Interval;
use uuid::Uuid;

use crate::alerts;
use crate::error::classify;
use crate::evaluations::{dirty, members};
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Catalog for SqliteStore {
    async fn insert(&self, slo: &Slo, start: &Start) -> Result<(), StoreError> {
        let (slo, start) = (slo.clone(), *start);
        self.write(move |tx| Box::pin(async move { insert(tx, &slo, &start).await }))
            .await
    }

    async fn seed(&self, slos: &[(Slo, Start)]) -> Result<Seeded, StoreError> {
        let slos = slos.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                // Deleted ones keep their rows, so an empty table has never held any.
                let any = query!("select id from slos limit 1")
                    .fetch_optional(&mut *tx)
                    .await;
                if any.map_err(classify)?.is_some() {
                    return Ok(Seeded::WasNotNew);
                }
                for (slo, start) in &slos {
                    insert(tx, slo, start).await?;
                }
                Ok(Seeded::Planted)
            })
        })
        .await
    }

    async fn update(&self, change: &SloChange<'_>) -> Result<(), StoreError> {
        let (slo, expected_version) = (change.slo.clone(), change.expected_version);
        let (restart, ended) = (change.restart, change.alerts.to_vec());
        let backfill = change.backfill;
        self.write(move |tx| {
            Box::pin(async move {
                let before = definition_before(tx, slo.id).await?;
                replace(tx, &slo, expected_version).await?;
                end_alerts(tx, &ended).await?;
                renew_cursor(tx, &slo).await?;
                match &restart {
                    Some(start) => move_cursor(tx, slo.id, start).await?,
                    None => dirty::mark(tx, slo.id, backfill.as_slice()).await?,
                }
                members::replace(tx, &slo).await?;
                members::mark_windows(tx, before.as_ref(), &slo).await
            })
        })
        .await
    }

    async fn refold(&self, id: SloId, during: Interval) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let known = query!("select id from slos where id = $1", id.0)
                    .fetch_optional(&mut *tx)
                    .await;
                if known.map_err(classify)?.is_none() {
                    return Err(StoreError::NotFound { what: "slo" });
                }
                dirty::mark(tx, id, &[during]).await
            })
        })
        .await
    }

    async fn find(&self, id: SloId) -> Result<Option<Slo>, StoreError> {
        query_as!(
            SloRow,
            "select id, definition, managed_by, version, created_at, updated_at, deleted_at
               from slos where id = $1",
            id.0
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(classify)?
        .map(|row| row.slo())
        .transpose()
    }

    async fn list(&self, query: &SloQuery, page: Page<SloId>) -> Result<Vec<Slo>, StoreError> {
        let service = query
            .service
            .as_ref()
            .map(ToString::to_string);
        let (label, value) = query.label.clone().unzip();
        // The least id of the part, so that its rows are found by their key.
        let Some(from) = page
            .after
            .map_or(Some(0), |after| after.0.as_u128().checked_add(1))
        else {
            return Ok(Vec::new());
        };
        let from = Uuid::from_u128(from);
        let limit = row::limit(page.limit.min(Page::<SloId>::LIMIT_MAX));
        let rows = query_as!(
            SloRow,
            "select id, definition, managed_by, version, created_at, updated_at, deleted_at
               from slos
              where id >= $1
                and ($2 or deleted_at is null)
                and ($3 is null or service_name = $3)
                and ($4 is null or exists (
                        select 1 from json_each(definition, '$.labels')
                         where key = $4 and value = $5))
              order by id
              limit $6",
            from,
            query.with_deleted,
            service,
            label,
            value,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter().map(SloRow::slo).collect()
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let counted = query!("select count(*) as count from slos where deleted_at is null")
            .fetch_one(&self.readers)
            .await
            .map_err(classify)?;
        Row::with_text("slos", "all of them").number("count", counted.count)
    }
}

/// An SLO as it is stored.
#[derive(Debug)]
pub(crate) struct SloRow {
    pub(crate) id: Vec<u8>,
    pub(crate) definition: String,
    pub(crate) managed_by: String,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) deleted_at: Option<i64>,
}

impl SloRow {
    pub(crate) fn slo(&self) -> Result<Slo, StoreError> {
        let row = Row::with_id("slos", &self.id);
        Ok(Slo {
            id: SloId(row.id("id", &self.id)?),
            definition: row.json::<Definition>("definition", &self.definition)?,
            managed_by: row.one_of("managed_by", &self.managed_by, &MANAGED_BY, managed_by)?,
            version: row.number("version", self.version)?,
            created_at: row.instant("created_at", self.created_at)?,
            updated_at: row.instant("updated_at", self.updated_at)?,
            deleted_at: row.optional_instant("deleted_at", self.deleted_at)?,
        })
    }
}

/// Who may change what people define.
pub(crate) const MANAGED_BY: [ManagedBy; 3] =
    [ManagedBy::Api, ManagedBy::Config, ManagedBy::Default];

/// The word for one of them.
pub(crate) const fn managed_by(managed_by: ManagedBy) -> &'static str {
    match managed_by {
        ManagedBy::Api => "api",
        ManagedBy::Config => "config",
        ManagedBy::Default => "default",
    }
}

/// The stored metric that the SLO counts; `None` where it asks a source.
fn source_metric(slo: &Slo) -> Option<String> {
    match &slo.definition.indicator {
        Indicator::Metric(metric) => Some(metric.to_string()),
        _ => None,
    }
}

/// Adds an SLO with its cursor.
async fn insert(tx: &mut SqliteConnection, slo: &Slo, start: &Start) -> Result<(), StoreError> {
    let definition = row::json("slos.definition", &slo.definition)?;
    let (service, name) = (slo.definition.service_name.as_str(), &slo.definition.name);
    let (metric, slice) = (
        source_metric(slo),
        slo.definition
            .slice
            .span()
            .as_secs_i64(),
    );
    let (managed_by, version) = (
        managed_by(slo.managed_by),
        row::number("version", slo.version)?,
    );
    let (created, updated) = (row::instant(slo.created_at), row::instant(slo.updated_at));
    let deleted = row::optional_instant(slo.deleted_at);
    // Of two that are taken, the id is said: it is asked before the name.
    let known = query!("select id from slos where id = $1", slo.id.0)
        .fetch_optional(&mut *tx)
        .await;
    if known.map_err(classify)?.is_some() {
        return Err(StoreError::Conflict { what: "id" });
    }
    query!(
        "insert into slos (id, service_name, name, source_metric, slice_seconds, is_enabled,
                           managed_by, definition, version, created_at, updated_at, deleted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        slo.id.0,
        service,
        name,
        metric,
        slice,
        slo.definition.enabled,
        managed_by,
        definition,
        version,
        created,
        updated,
        deleted
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;

    let (is_live, never) = (slo.is_live(), row::instant(row::EPOCH));
    let (next, last) = (
        row::instant(start.next_slot),
        row::instant(start.last_slice),
    );
    let progress = row::json("slo_cursor.progress", &Progress::default())?;
    query!(
        "insert into slo_cursor (slo_id, is_live, next_slot, spec_version, generation, revision,
                                 last_slice, mark, claim_epoch, claim_until, progress)
         values ($1, $2, $3, $4, $5, 0, $6, 0, 0, $7, $8)",
        slo.id.0,
        is_live,
        next,
        version,
        start.generation.0,
        last,
        never,
        progress
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    members::replace(tx, slo).await?;
    dirty::mark(tx, slo.id, start.backfill.as_slice()).await
}

/// The definition as it is stored; `None` where there is none that can be read: a change mends that.
async fn definition_before(
    tx: &mut SqliteConnection,
    id: SloId,
) -> Result<Option<Definition>, StoreError> {
    let stored = query!("select definition from slos where id = $1", id.0)
        .fetch_optional(tx)
        .await
        .map_err(classify)?;
    Ok(stored.and_then(|row| serde_json::from_str(&row.definition).ok()))
}

/// Replaces the definition, if the version that was read still stands.
async fn replace(
    tx: &mut SqliteConnection,
    slo: &Slo,
    expected_version: u64,
) -> Result<(), StoreError> {
    let definition = row::json("slos.definition", &slo.definition)?;
    let (service, name) = (slo.definition.service_name.as_str(), &slo.definition.name);
    let (metric, slice) = (
        source_metric(slo),
        slo.definition
            .slice
            .span()
            .as_secs_i64(),
    );
    let (managed_by, version) = (
        managed_by(slo.managed_by),
        row::number("version", slo.version)?,
    );
    let (created, updated) = (row::instant(slo.created_at), row::instant(slo.updated_at));
    let deleted = row::optional_instant(slo.deleted_at);
    let expected = row::number("version", expected_version)?;
    let replaced = query!(
        "update slos
            set service_name = $3, name = $4, source_metric = $5, slice_seconds = $6,
                is_enabled = $7, managed_by = $8, definition = $9, version = $10,
                created_at = $11, updated_at = $12, deleted_at = $13
          where id = $1 and version = $2",
        slo.id.0,
        expected,
        service,
        name,
        metric,
        slice,
        slo.definition.enabled,
        managed_by,
        definition,
        version,
        created,
        updated,
        deleted
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    if replaced.rows_affected() == 1 {
        return Ok(());
    }
    let known = query!("select id from slos where id = $1", slo.id.0)
        .fetch_optional(&mut *tx)
        .await;
    Err(match known.map_err(classify)? {
        Some(_) => StoreError::Conflict { what: "version" },
        None => StoreError::NotFound { what: "slo" },
    })
}

/// Ends the alerts that the change ends.
async fn end_alerts(tx: &mut SqliteConnection, ended: &[AlertUpdate]) -> Result<(), StoreError> {
    if alerts::apply_all(tx, ended).await? {
        Ok(())
    } else {
        Err(StoreError::Conflict { what: "version" })
    }
}

/// Lets the cursor know the new version. The evaluation under way is refused by its version; the slot
/// is free for another.
async fn renew_cursor(tx: &mut SqliteConnection, slo: &Slo) -> Result<(), StoreError> {
    let (is_live, never) = (slo.is_live(), row::instant(row::EPOCH));
    let version = row::number("version", slo.version)?;
    query!(
        "update slo_cursor set spec_version = $2, is_live = $3, claim_until = $4 where slo_id = $1",
        slo.id.0,
        version,
        is_live,
        never
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Begins anew. What counts up goes on counting, and what was recorded stays recorded.
async fn move_cursor(
    tx: &mut SqliteConnection,
    id: SloId,
    start: &Start,
) -> Result<(), StoreError> {
    let (next, last) = (
        row::instant(start.next_slot),
        row::instant(start.last_slice),
    );
    let progress = row::json("slo_cursor.progress", &Progress::default())?;
    query!(
        "update slo_cursor
            set generation = $2, next_slot = $3, last_slice = $4, revision = revision + 1,
                progress = $5, evaluation = null
          where slo_id = $1",
        id.0,
        start.generation.0,
        next,
        last,
        progress
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    dirty::clear(tx, id).await?;
    dirty::mark(tx, id, start.backfill.as_slice()).await
}
