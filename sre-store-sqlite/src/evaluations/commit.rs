//! What a batch of evaluations decided, each part of it stored whole or not at all.

use serde::Serialize;
use sqlx::{SqliteConnection, query};
use sre_core::alert::AlertUpdate;
use sre_core::budget::ErrorBudget;
use sre_core::hour::Hour;
use sre_core::name::SloId;
use sre_core::store::{BudgetRecord, Calculation, Changes, Commit, Gap, Refolded, StoreError};
use sre_core::time::Interval;

use super::{dirty, members};
use crate::alerts;
use crate::error::classify;
use crate::row::{self, Row};
use crate::transaction::{begin_part, end_part};

/// [`Changes`] as they are stored.
#[derive(Debug)]
pub(super) struct ChangesRow {
    slo_id: SloId,
    slot: i64,
    epoch: i64,
    version: i64,
    next_slot: i64,
    last_slice: i64,
    progress: String,
    evaluation: String,
    recorded_at: Option<i64>,
    hours: Vec<HourRow>,
    calculations: Vec<CalculationRow>,
    budget: Option<BudgetRow>,
    folded: Vec<Interval>,
    refolded: Option<Refolded>,
    gaps: Vec<Gap>,
    alerts: Vec<AlertUpdate>,
}

/// SLO, generation, start, seconds of a slice, whether it is fine, counts; bytes are hexadecimal.
#[derive(Debug, Serialize)]
struct HourRow(String, i64, i64, i64, bool, String);

/// SLO, slot, epoch, outcome, state, good, total, detail; bytes are hexadecimal.
#[derive(Debug, Serialize)]
struct CalculationRow(
    String,
    i64,
    i64,
    &'static str,
    &'static str,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

#[derive(Debug)]
struct BudgetRow {
    at: i64,
    state: &'static str,
    burn_level: &'static str,
    budget_ppb: Option<u32>,
    bad: Option<i64>,
    total: Option<i64>,
    measured: u32,
    expected: u32,
    exhaustion: &'static str,
    exhaustion_at: Option<i64>,
    exhaustion_earliest: Option<i64>,
    exhaustion_latest: Option<i64>,
}

/// Stores the changes of each SLO that still has its claim, its definition and its alerts.
pub(super) async fn commit(
    tx: &mut SqliteConnection,
    batch: &[ChangesRow],
) -> Result<Vec<Commit>, StoreError> {
    let mut commits = Vec::with_capacity(batch.len());
    // What nothing refers to is stored for all SLOs at once, when it is known which are superseded.
    let (mut hours, mut calculations) = (Vec::new(), Vec::new());
    let have_composites = members::with_composites(tx, batch.iter().map(|row| row.slo_id)).await?;
    for changes in batch {
        let revision = if changes.alerts.is_empty() {
            commit_one(tx, changes).await?
        } else {
            // A lost compare-and-set of an alert takes back the rest, of this SLO alone.
            begin_part(tx).await?;
            let revision = commit_one(tx, changes).await?;
            end_part(tx, revision.is_some()).await?;
            revision
        };
        let Some(revision) = revision else {
            commits.push(Commit::Superseded);
            continue;
        };
        if have_composites.contains(&changes.slo_id) {
            members::mark_folded(tx, changes.slo_id, &changes.folded).await?;
        }
        commits.push(Commit::Applied { revision });
        hours.extend(&changes.hours);
        calculations.extend(&changes.calculations);
    }
    store_hours(tx, &hours).await?;
    store_calculations(tx, &calculations).await?;
    Ok(commits)
}

/// Answers the revision after it, or `None` when it is superseded.
async fn commit_one(
    tx: &mut SqliteConnection,
    changes: &ChangesRow,
) -> Result<Option<u64>, StoreError> {
    let Some(revision) = advance(tx, changes).await? else {
        return Ok(None);
    };
    if !alerts::apply_all(tx, &changes.alerts).await? {
        return Ok(None);
    }
    for gap in &changes.gaps {
        store_gap(tx, changes.slo_id, gap).await?;
    }
    if let Some(budget) = &changes.budget {
        store_budget(tx, changes.slo_id, budget).await?;
    }
    if let Some(refolded) = &changes.refolded {
        let seen = row::number("mark", refolded.mark)?;
        dirty::clear_seen(tx, changes.slo_id, seen).await?;
        dirty::mark(tx, changes.slo_id, &refolded.remaining).await?;
    }
    Ok(Some(revision))
}

/// Moves the watermark, if the fence lets it: the claim, the slot and the definition still stand.
async fn advance(
    tx: &mut SqliteConnection,
    changes: &ChangesRow,
) -> Result<Option<u64>, StoreError> {
    let recorded = changes.recorded_at;
    let budget = changes
        .budget
        .as_ref()
        .map(|budget| budget.at);
    let (refolds, never) = (
        i64::from(changes.refolded.is_some()),
        row::instant(row::EPOCH),
    );
    let advanced = query!(
        "update slo_cursor
            set next_slot = $5, last_slice = $6, revision = revision + $7, claim_until = $8,
                -- A slot that was caught up on may lie before the last that was recorded.
                recorded_at = case when $9 > recorded_at then $9
                                   else coalesce(recorded_at, $9) end,
                budget_at = coalesce($10, budget_at), progress = $11, evaluation = $12
          where slo_id = $1 and claim_epoch = $2 and next_slot = $3 and spec_version = $4
         returning slo_id, revision",
        changes.slo_id.0,
        changes.epoch,
        changes.slot,
        changes.version,
        changes.next_slot,
        changes.last_slice,
        refolds,
        never,
        recorded,
        budget,
        changes.progress,
        changes.evaluation
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    advanced
        .map(|row| Row::with_id("slo_cursor", &row.slo_id).number("revision", row.revision))
        .transpose()
}

async fn store_hours(tx: &mut SqliteConnection, hours: &[&HourRow]) -> Result<(), StoreError> {
    if hours.is_empty() {
        return Ok(());
    }
    let rows = row::json("slo_slices", &hours)?;
    query!(
        "insert into slo_slices (slo_id, generation, starts_at, slice_seconds, is_fine, counts)
         select unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4,
                unhex(value ->> 5)
           from json_each($1)
          where true
             on conflict (slo_id, generation, starts_at) do update
                set slice_seconds = excluded.slice_seconds, is_fine = excluded.is_fine,
                    counts = excluded.counts",
        rows
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

async fn store_calculations(
    tx: &mut SqliteConnection,
    calculations: &[&CalculationRow],
) -> Result<(), StoreError> {
    if calculations.is_empty() {
        return Ok(());
    }
    let rows = row::json("slo_calculations", &calculations)?;
    query!(
        "insert into slo_calculations (slo_id, slot, epoch, outcome, state, good, total, detail)
         select unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4,
                value ->> 5, value ->> 6, value ->> 7
           from json_each($1)
          where true
             on conflict (slo_id, slot) do update
                set epoch = excluded.epoch, outcome = excluded.outcome, state = excluded.state,
                    good = excluded.good, total = excluded.total, detail = excluded.detail",
        rows
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

async fn store_gap(tx: &mut SqliteConnection, slo: SloId, gap: &Gap) -> Result<(), StoreError> {
    let (from, to) = (
        row::instant(gap.during.start()),
        row::instant(gap.during.end()),
    );
    query!(
        "insert into evaluation_gap (slo_id, from_slot, to_slot, reason) values ($1, $2, $3, $4)
             on conflict (slo_id, from_slot) do update
                set to_slot = excluded.to_slot, reason = excluded.reason",
        slo.0,
        from,
        to,
        gap.reason
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

async fn store_budget(
    tx: &mut SqliteConnection,
    slo: SloId,
    budget: &BudgetRow,
) -> Result<(), StoreError> {
    query!(
        "insert into error_budgets (slo_id, at, state, burn_level, budget_ppb, bad, total,
                                    measured, expected, exhaustion, exhaustion_at,
                                    exhaustion_earliest, exhaustion_latest)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (slo_id, at) do update
                set state = excluded.state, burn_level = excluded.burn_level,
                    budget_ppb = excluded.budget_ppb, bad = excluded.bad,
                    total = excluded.total, measured = excluded.measured,
                    expected = excluded.expected, exhaustion = excluded.exhaustion,
                    exhaustion_at = excluded.exhaustion_at,
                    exhaustion_earliest = excluded.exhaustion_earliest,
                    exhaustion_latest = excluded.exhaustion_latest",
        slo.0,
        budget.at,
        budget.state,
        budget.burn_level,
        budget.budget_ppb,
        budget.bad,
        budget.total,
        budget.measured,
        budget.expected,
        budget.exhaustion,
        budget.exhaustion_at,
        budget.exhaustion_earliest,
        budget.exhaustion_latest
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

impl ChangesRow {
    pub(super) fn new(changes: &Changes) -> Result<Self, StoreError> {
        let evaluation = row::json("slo_cursor.evaluation", &changes.evaluation)?;
        let slots = changes
            .calculations
            .iter()
            .map(|calculation| calculation.slot);
        Ok(Self {
            slo_id: changes.slo_id,
            slot: row::instant(changes.slot),
            epoch: row::number("claim_epoch", changes.epoch)?,
            version: row::number("spec_version", changes.version)?,
            next_slot: row::instant(changes.next_slot),
            last_slice: row::instant(changes.last_slice),
            progress: row::json("slo_cursor.progress", &changes.progress)?,
            recorded_at: row::optional_instant(slots.max()),
            hours: changes
                .hours
                .iter()
                .map(|hour| HourRow::new(changes, hour))
                .collect(),
            calculations: changes
                .calculations
                .iter()
                .map(|calculation| CalculationRow::new(changes, calculation))
                .collect::<Result<_, _>>()?,
            budget: changes
                .budget
                .as_ref()
                .map(BudgetRow::new)
                .transpose()?,
            folded: changes.folded.clone(),
            refolded: changes.refolded.clone(),
            gaps: changes.gaps.clone(),
            alerts: changes.alerts.clone(),
            evaluation,
        })
    }
}

impl HourRow {
    fn new(changes: &Changes, hour: &Hour) -> Self {
        Self(
            row::hex(changes.slo_id.0.as_bytes()),
            changes.generation.0,
            row::instant(hour.start()),
            hour.width().span().as_secs_i64(),
            hour.is_fine(),
            row::hex(&hour.pack()),
        )
    }
}

impl CalculationRow {
    fn new(changes: &Changes, calculation: &Calculation) -> Result<Self, StoreError> {
        let count = |count| row::count("slo_calculations.total", count);
        let counts = calculation.counts;
        let detail = calculation.evaluation.as_ref();
        Ok(Self(
            row::hex(changes.slo_id.0.as_bytes()),
            row::instant(calculation.slot),
            row::number("claim_epoch", changes.epoch)?,
            calculation.outcome.as_str(),
            calculation.state.as_str(),
            counts
                .map(|counts| count(counts.good()))
                .transpose()?,
            counts
                .map(|counts| count(counts.total()))
                .transpose()?,
            detail
                .map(|found| row::json("slo_calculations.detail", found))
                .transpose()?,
        ))
    }
}

impl BudgetRow {
    fn new(record: &BudgetRecord) -> Result<Self, StoreError> {
        let count = |count| row::count("error_budgets.total", count);
        let counts = record.budget.map(ErrorBudget::counts);
        Ok(Self {
            at: row::instant(record.at),
            state: record.state.as_str(),
            burn_level: record.burn_level.as_str(),
            budget_ppb: record
                .budget
                .map(|budget| budget.target().budget_ppb()),
            bad: counts
                .map(|counts| count(counts.bad()))
                .transpose()?,
            total: counts
                .map(|counts| count(counts.total()))
                .transpose()?,
            measured: record.coverage.measured,
            expected: record.coverage.expected,
            exhaustion: record.exhaustion.as_str(),
            exhaustion_at: row::optional_instant(record.exhaustion.at()),
            exhaustion_earliest: row::optional_instant(record.exhaustion.earliest()),
            exhaustion_latest: row::optional_instant(record.exhaustion.latest()),
        })
    }
}
