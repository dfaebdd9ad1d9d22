//! Claims of slots.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::SloId;
use sre_core::slo::Generation;
use sre_core::store::{SlotClaim, StoreError};

use crate::catalog::SloRow;
use crate::error::classify;
use crate::row::{self, Row};

/// A claimed cursor with its SLO and its dirty stretches, as they are stored.
#[derive(Debug)]
pub(super) struct ClaimRow {
    cursor: CursorRow,
    dirty: Vec<(i64, i64)>,
}

#[derive(Debug)]
struct CursorRow {
    id: Vec<u8>,
    definition: String,
    managed_by: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    next_slot: i64,
    generation: i64,
    revision: i64,
    last_slice: i64,
    mark: i64,
    claim_epoch: i64,
    recorded_at: Option<i64>,
    budget_at: Option<i64>,
    progress: String,
    evaluation: Option<String>,
}

/// Claims due cursors, the longest due first.
pub(super) async fn claim(
    tx: &mut SqliteConnection,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<ClaimRow>, StoreError> {
    let (now, until, limit) = (row::instant(now), row::instant(until), row::limit(limit));
    let claimed = query!(
        "with due as (
             select slo_id from slo_cursor
              where is_live = 1 and next_slot <= $1 and claim_until <= $1
              order by next_slot, slo_id
              limit $2)
         update slo_cursor as c
            set claim_epoch = c.claim_epoch + 1, claim_holder = $3, claim_until = $4
           from due
          where c.slo_id = due.slo_id
         returning slo_id",
        now,
        limit,
        holder,
        until
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;

    let mut rows = Vec::with_capacity(claimed.len());
    for claim in claimed {
        let cursor = cursor(tx, &claim.slo_id).await?;
        let dirty = query!(
            "select from_at, to_at from slo_dirty where slo_id = $1 order by mark",
            claim.slo_id
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(classify)?;
        let dirty = dirty
            .into_iter()
            .map(|range| (range.from_at, range.to_at))
            .collect();
        rows.push(ClaimRow { cursor, dirty });
    }
    // What an update returns has no order.
    rows.sort_by(|a, b| a.place().cmp(&b.place()));
    Ok(rows)
}

async fn cursor(tx: &mut SqliteConnection, slo: &[u8]) -> Result<CursorRow, StoreError> {
    query_as!(
        CursorRow,
        "select s.id, s.definition, s.managed_by, s.version, s.created_at, s.updated_at,
                s.deleted_at, c.next_slot, c.generation, c.revision, c.last_slice, c.mark,
                c.claim_epoch, c.recorded_at, c.budget_at, c.progress, c.evaluation
           from slo_cursor c
           join slos s on s.id = c.slo_id
          where c.slo_id = $1",
        slo
    )
    .fetch_one(tx)
    .await
    .map_err(classify)
}

/// Ends claims that still stand.
pub(super) async fn release(
    tx: &mut SqliteConnection,
    claims: &[(SloId, u64)],
) -> Result<(), StoreError> {
    let never = row::instant(row::EPOCH);
    for (slo, epoch) in claims {
        let epoch = row::number("claim_epoch", *epoch)?;
        query!(
            "update slo_cursor set claim_until = $3 where slo_id = $1 and claim_epoch = $2",
            slo.0,
            epoch,
            never
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

impl ClaimRow {
    fn place(&self) -> (i64, &[u8]) {
        (self.cursor.next_slot, &self.cursor.id)
    }

    pub(super) fn slot_claim(self) -> Result<SlotClaim, StoreError> {
        let cursor = self.cursor;
        let slo = SloRow {
            id: cursor.id,
            definition: cursor.definition,
            managed_by: cursor.managed_by,
            version: cursor.version,
            created_at: cursor.created_at,
            updated_at: cursor.updated_at,
            deleted_at: cursor.deleted_at,
        };
        let row = Row::with_id("slo_cursor", &slo.id);
        let evaluation = cursor.evaluation.as_deref();
        let dirty = self
            .dirty
            .into_iter()
            .map(|range| Row::with_id("slo_dirty", &slo.id).interval("from_at", range));
        Ok(SlotClaim {
            slo: slo.slo()?,
            slot: row.instant("next_slot", cursor.next_slot)?,
            epoch: row.number("claim_epoch", cursor.claim_epoch)?,
            generation: Generation(cursor.generation),
            revision: row.number("revision", cursor.revision)?,
            last_slice: row.instant("last_slice", cursor.last_slice)?,
            progress: row.json("progress", &cursor.progress)?,
            last: evaluation
                .map(|last| row.json("evaluation", last))
                .transpose()?,
            recorded_at: row.optional_instant("recorded_at", cursor.recorded_at)?,
            budget_at: row.optional_instant("budget_at", cursor.budget_at)?,
            dirty: dirty.collect::<Result<_, _>>()?,
            mark: row.number("mark", cursor.mark)?,
        })
    }
}
