//! Claims of slots.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::correction::{Correction, REACH};
use sre_core::name::SloId;
use sre_core::slo::Generation;
use sre_core::store::{SlotClaim, StoreError};
use sre_core::time::Interval;

use super::members::{self, MemberRow};
use crate::catalog::SloRow;
use crate::corrections::{self, CorrectionRow};
use crate::error::classify;
use crate::row::{self, Row};

/// A claimed cursor with its SLO and its dirty stretches, as they are stored.
#[derive(Debug)]
struct ClaimRow {
    cursor: CursorRow,
    dirty: Vec<(i64, i64)>,
    members: Vec<MemberRow>,
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
    /// Before the claim.
    claim_epoch: i64,
    recorded_at: Option<i64>,
    budget_at: Option<i64>,
    progress: String,
    evaluation: Option<String>,
}

/// What was claimed.
#[derive(Debug)]
pub(super) struct Claimed {
    rows: Vec<ClaimRow>,
    /// The corrections of all of them.
    corrections: Vec<CorrectionRow>,
}

impl Claimed {
    pub(super) fn slot_claims(self) -> Result<Vec<SlotClaim>, StoreError> {
        let corrections: Vec<Correction> = self
            .corrections
            .iter()
            .map(CorrectionRow::correction)
            .collect::<Result<_, _>>()?;
        let with_corrections = |claim: SlotClaim| SlotClaim {
            corrections: corrections
                .iter()
                .filter(|held| held.scope.holds(&claim.slo))
                .cloned()
                .collect(),
            ..claim
        };
        self.rows
            .into_iter()
            .map(|row| row.slot_claim().map(with_corrections))
            .collect()
    }
}

/// Claims due cursors, the longest due first.
pub(super) async fn claim(
    tx: &mut SqliteConnection,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Claimed, StoreError> {
    let touched = Interval::new(now - REACH.as_delta(), now);
    let (now, until, limit) = (row::instant(now), row::instant(until), row::limit(limit));
    let due = query_as!(
        CursorRow,
        "select s.id, s.definition, s.managed_by, s.version, s.created_at, s.updated_at,
                s.deleted_at, c.next_slot, c.generation, c.revision, c.last_slice, c.mark,
                c.claim_epoch, c.recorded_at, c.budget_at, c.progress, c.evaluation
           from slo_cursor c
           join slos s on s.id = c.slo_id
          where c.is_live = 1 and c.next_slot <= $1 and c.claim_until <= $1
          order by c.next_slot, c.slo_id
          limit $2",
        now,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let ids = row::blobs(
        due.iter()
            .map(|cursor| cursor.id.as_slice()),
    );
    // One statement for all: a batch of hundreds of SLOs is claimed every few seconds.
    query!(
        "update slo_cursor
            set claim_epoch = claim_epoch + 1, claim_holder = $2, claim_until = $3
          where slo_id in (select unhex(value) from json_each($1))",
        ids,
        holder,
        until
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    let mut dirty = dirty_ranges(tx, &ids).await?;
    let mut members = members::of(tx, &ids).await?;
    let corrections = corrections::of_slos(tx, &ids, touched).await?;
    let rows = due
        .into_iter()
        .map(|cursor| ClaimRow {
            members: members
                .remove(&cursor.id)
                .unwrap_or_default(),
            dirty: dirty
                .remove(&cursor.id)
                .unwrap_or_default(),
            cursor,
        })
        .collect();
    Ok(Claimed { rows, corrections })
}

/// The dirty stretches of SLOs, by id, in the order of their marks.
async fn dirty_ranges(
    tx: &mut SqliteConnection,
    ids: &str,
) -> Result<HashMap<Vec<u8>, Vec<(i64, i64)>>, StoreError> {
    let stored = query!(
        "select slo_id, from_at, to_at
           from slo_dirty
          where slo_id in (select unhex(value) from json_each($1))
          order by slo_id, mark",
        ids
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let mut ranges: HashMap<_, Vec<_>> = HashMap::new();
    for range in stored {
        ranges
            .entry(range.slo_id)
            .or_default()
            .push((range.from_at, range.to_at));
    }
    Ok(ranges)
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
    fn slot_claim(self) -> Result<SlotClaim, StoreError> {
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
            epoch: row.number("claim_epoch", cursor.claim_epoch.saturating_add(1))?,
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
            corrections: Vec::new(),
            members: self
                .members
                .iter()
                .map(MemberRow::standing)
                .collect::<Result<_, _>>()?,
        })
    }
}
