//! Slices and what was decided on them.

mod budgets;
mod claims;
mod commit;
pub(crate) mod dirty;
mod history;
pub(crate) mod members;

use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::query;
use sre_core::hour::Hour;
use sre_core::name::SloId;
use sre_core::slice::SliceWidth;
use sre_core::slo::Generation;
use sre_core::store::{
    BudgetRecord, Changes, Commit, Evaluations, HistoryItem, SlotClaim, Standing, StoreError,
};
use sre_core::time::Interval;

use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Evaluations for SqliteStore {
    async fn claim_slots(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SlotClaim>, StoreError> {
        let holder = holder.to_owned();
        let claimed = self
            .write(move |tx| {
                Box::pin(async move { claims::claim(tx, &holder, now, until, limit).await })
            })
            .await?;
        claimed.slot_claims()
    }

    async fn release(&self, claims: &[SlotClaim]) -> Result<(), StoreError> {
        let claims: Vec<_> = claims
            .iter()
            .map(|claim| (claim.slo.id, claim.epoch))
            .collect();
        self.write(move |tx| Box::pin(async move { claims::release(tx, &claims).await }))
            .await
    }

    async fn hours(
        &self,
        slo: SloId,
        generation: Generation,
        width: SliceWidth,
        during: Interval,
    ) -> Result<Vec<Hour>, StoreError> {
        if during.is_empty() {
            return Ok(Vec::new());
        }
        // The hour that began just within an hour before still touches the start.
        let (after, end) = (
            row::instant(during.start() - row::HOUR),
            row::instant(during.end()),
        );
        let rows = query!(
            "select slo_id, starts_at, counts
               from slo_slices
              where slo_id = $1 and generation = $2 and starts_at > $3 and starts_at < $4
              order by starts_at",
            slo.0,
            generation.0,
            after,
            end
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(|stored| {
                let row = Row::with_id("slo_slices", &stored.slo_id);
                let start = row.instant("starts_at", stored.starts_at)?;
                Hour::unpack(start, width, &stored.counts)
                    .map_err(|error| row.corrupt("counts", error))
            })
            .collect()
    }

    async fn commit(&self, changes: &[Changes]) -> Result<Vec<Commit>, StoreError> {
        // Texts are made before the writer is asked for: nobody waits for that.
        let rows: Result<Vec<_>, _> = changes
            .iter()
            .map(commit::ChangesRow::new)
            .collect();
        let rows = rows?;
        self.write(move |tx| Box::pin(async move { commit::commit(tx, &rows).await }))
            .await
    }

    async fn standings(&self, slos: &[SloId]) -> Result<Vec<Standing>, StoreError> {
        history::standings(&self.readers, slos).await
    }

    async fn earliest_slot(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let first = query!(
            "select slo_id, next_slot
               from slo_cursor
              where is_live = 1
              order by next_slot
              limit 1"
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(classify)?;
        first
            .map(|row| Row::with_id("slo_cursor", &row.slo_id).instant("next_slot", row.next_slot))
            .transpose()
    }

    async fn history(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        if during.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |tx| Box::pin(async move { history::items(tx, slo, during, limit).await }))
            .await
    }

    async fn budgets(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<BudgetRecord>, StoreError> {
        budgets::recorded(&self.readers, slo, during, limit).await
    }
}
