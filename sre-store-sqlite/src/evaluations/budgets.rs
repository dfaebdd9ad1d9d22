//! How budgets stood when they were recorded.

use std::num::NonZeroU32;

use sqlx::{SqlitePool, query_as};
use sre_core::budget::ErrorBudget;
use sre_core::count::{Count, Counts};
use sre_core::evaluation::{Coverage, SloState};
use sre_core::forecast::Exhaustion;
use sre_core::name::SloId;
use sre_core::policy::BurnLevel;
use sre_core::store::{BudgetRecord, StoreError};
use sre_core::target::Target;
use sre_core::time::Interval;

use crate::error::classify;
use crate::row::{self, Row};

#[derive(Debug)]
struct BudgetRow {
    slo_id: Vec<u8>,
    at: i64,
    state: String,
    burn_level: String,
    budget_ppb: Option<i64>,
    bad: Option<i64>,
    total: Option<i64>,
    measured: i64,
    expected: i64,
    exhaustion: String,
    exhaustion_at: Option<i64>,
    exhaustion_earliest: Option<i64>,
    exhaustion_latest: Option<i64>,
}

/// The records of a stretch, in the order of time.
pub(super) async fn recorded(
    readers: &SqlitePool,
    slo: SloId,
    during: Interval,
    limit: NonZeroU32,
) -> Result<Vec<BudgetRecord>, StoreError> {
    let (start, end) = (row::instant(during.start()), row::instant(during.end()));
    let limit = row::limit(limit);
    let rows = query_as!(
        BudgetRow,
        "select slo_id, at, state, burn_level, budget_ppb, bad, total, measured, expected,
                exhaustion, exhaustion_at, exhaustion_earliest, exhaustion_latest
           from error_budgets
          where slo_id = $1 and at >= $2 and at < $3
          order by at
          limit $4",
        slo.0,
        start,
        end,
        limit
    )
    .fetch_all(readers)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(BudgetRow::record)
        .collect()
}

impl BudgetRow {
    fn record(&self) -> Result<BudgetRecord, StoreError> {
        let row = Row::with_id("error_budgets", &self.slo_id);
        Ok(BudgetRecord {
            at: row.instant("at", self.at)?,
            state: row.one_of("state", &self.state, &SloState::ALL, SloState::as_str)?,
            burn_level: row.one_of(
                "burn_level",
                &self.burn_level,
                &BurnLevel::ALL,
                BurnLevel::as_str,
            )?,
            budget: self.budget(row)?,
            coverage: Coverage {
                measured: row.number("measured", self.measured)?,
                expected: row.number("expected", self.expected)?,
            },
            exhaustion: self.exhaustion(row)?,
        })
    }

    fn exhaustion(&self, row: Row<'_>) -> Result<Exhaustion, StoreError> {
        Exhaustion::from_parts(
            &self.exhaustion,
            row.optional_instant("exhaustion_at", self.exhaustion_at)?,
            row.optional_instant("exhaustion_earliest", self.exhaustion_earliest)?,
            row.optional_instant("exhaustion_latest", self.exhaustion_latest)?,
        )
        .ok_or_else(|| row.corrupt("exhaustion", "its instants do not fit its state"))
    }

    fn budget(&self, row: Row<'_>) -> Result<Option<ErrorBudget>, StoreError> {
        let (Some(ppb), Some(bad), Some(total)) = (self.budget_ppb, self.bad, self.total) else {
            return Ok(None);
        };
        let target = Target::from_budget_ppb(row.number("budget_ppb", ppb)?)
            .ok_or_else(|| row.corrupt("budget_ppb", "no target leaves so much"))?;
        let bad = Count::from_millionths(row.number("bad", bad)?);
        let total = Count::from_millionths(row.number("total", total)?);
        let counts = Counts::with_bad(bad, total).map_err(|error| row.corrupt("bad", error))?;
        Ok(Some(ErrorBudget::new(counts, target)))
    }
}
