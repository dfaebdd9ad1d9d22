//! How SLOs stand, and how they stood.

use std::collections::HashMap;
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, SqlitePool, query, query_as};
use sre_core::evaluation::SloState;
use sre_core::name::SloId;
use sre_core::slo::Generation;
use sre_core::store::{Calculation, Gap, HistoryItem, Outcome, Standing, StoreError};
use sre_core::time::Interval;

use crate::error::classify;
use crate::row::{self, Row};

#[derive(Debug)]
struct StandingRow {
    slo_id: Vec<u8>,
    next_slot: i64,
    generation: i64,
    last_slice: i64,
    progress: String,
    evaluation: Option<String>,
}

/// The SLOs that have had a slot, in the order asked.
pub(super) async fn standings(
    readers: &SqlitePool,
    slos: &[SloId],
) -> Result<Vec<Standing>, StoreError> {
    let ids = row::ids(slos.iter().map(|id| id.0));
    let rows = query_as!(
        StandingRow,
        "select slo_id, next_slot, generation, last_slice, progress, evaluation
           from slo_cursor
          where evaluation is not null and slo_id in (select unhex(value) from json_each($1))",
        ids
    )
    .fetch_all(readers)
    .await
    .map_err(classify)?;
    let standings: Result<Vec<_>, _> = rows
        .iter()
        .map(StandingRow::standing)
        .collect();
    let standings: HashMap<SloId, Standing> = standings?
        .into_iter()
        .map(|standing| (standing.slo_id, standing))
        .collect();
    Ok(slos
        .iter()
        .filter_map(|id| standings.get(id).cloned())
        .collect())
}

impl StandingRow {
    fn standing(&self) -> Result<Standing, StoreError> {
        let row = Row::with_id("slo_cursor", &self.slo_id);
        let evaluation = self.evaluation.as_deref();
        Ok(Standing {
            slo_id: SloId(row.id("slo_id", &self.slo_id)?),
            next_slot: row.instant("next_slot", self.next_slot)?,
            generation: Generation(self.generation),
            last_slice: row.instant("last_slice", self.last_slice)?,
            progress: row.json("progress", &self.progress)?,
            evaluation: evaluation
                .map(|last| row.json("evaluation", last))
                .transpose()?,
        })
    }
}

/// Calculations and gaps, by instant; of two at one instant the calculation comes first.
pub(super) async fn items(
    tx: &mut SqliteConnection,
    slo: SloId,
    during: Interval,
    limit: NonZeroU32,
) -> Result<Vec<HistoryItem>, StoreError> {
    let mut items = calculations(tx, slo, during, limit).await?;
    items.extend(gaps(tx, slo, during, limit).await?);
    items.sort_by_key(|(at, _)| *at);
    let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    Ok(items
        .into_iter()
        .take(limit)
        .map(|(_, item)| item)
        .collect())
}

type Dated = (DateTime<Utc>, HistoryItem);

async fn calculations(
    tx: &mut SqliteConnection,
    slo: SloId,
    during: Interval,
    limit: NonZeroU32,
) -> Result<Vec<Dated>, StoreError> {
    let (start, end) = (row::instant(during.start()), row::instant(during.end()));
    let limit = row::limit(limit);
    let rows = query_as!(
        CalculationRow,
        "select slo_id, slot, outcome, state, good, total, detail
           from slo_calculations
          where slo_id = $1 and slot >= $2 and slot < $3
          order by slot
          limit $4",
        slo.0,
        start,
        end,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(CalculationRow::item)
        .collect()
}

#[derive(Debug)]
struct CalculationRow {
    slo_id: Vec<u8>,
    slot: i64,
    outcome: String,
    state: String,
    good: Option<i64>,
    total: Option<i64>,
    detail: Option<String>,
}

impl CalculationRow {
    fn item(&self) -> Result<Dated, StoreError> {
        let row = Row::with_id("slo_calculations", &self.slo_id);
        let slot = row.instant("slot", self.slot)?;
        let outcomes = [Outcome::Measured, Outcome::NoTraffic, Outcome::Unmeasured];
        let detail = self.detail.as_deref();
        let calculation = Calculation {
            slot,
            outcome: row.one_of("outcome", &self.outcome, &outcomes, Outcome::as_str)?,
            state: row.one_of("state", &self.state, &SloState::ALL, SloState::as_str)?,
            counts: row.counts("good", self.good, self.total)?,
            evaluation: detail
                .map(|found| row.json("detail", found))
                .transpose()?,
        };
        Ok((slot, HistoryItem::Calculation(calculation)))
    }
}

async fn gaps(
    tx: &mut SqliteConnection,
    slo: SloId,
    during: Interval,
    limit: NonZeroU32,
) -> Result<Vec<Dated>, StoreError> {
    let (start, end) = (row::instant(during.start()), row::instant(during.end()));
    let limit = row::limit(limit);
    let rows = query!(
        "select slo_id, from_slot, to_slot, reason
           from evaluation_gap
          where slo_id = $1 and to_slot > $2 and from_slot < $3 and from_slot < to_slot
          order by from_slot
          limit $4",
        slo.0,
        start,
        end,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.into_iter()
        .map(|stored| {
            let row = Row::with_id("evaluation_gap", &stored.slo_id);
            let during = row.interval("from_slot", (stored.from_slot, stored.to_slot))?;
            Ok((
                during.start(),
                HistoryItem::Gap(Gap {
                    during,
                    reason: stored.reason,
                }),
            ))
        })
        .collect()
}
