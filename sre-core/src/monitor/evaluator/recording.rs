//! What a slot leaves in the history: calculations and budgets.

use chrono::{DateTime, Utc};

use crate::evaluation::{Evaluation, Progress};
use crate::forecast::Forecast;
use crate::ledger::Ledger;
use crate::monitor::books::Books;
use crate::monitor::evaluator::Evaluator;
use crate::monitor::folding::{Read, slices};
use crate::monitor::ledgers::too_large;
use crate::slice::Slice;
use crate::store::{BudgetRecord, Calculation, Changes, Outcome, SlotClaim, StoreError};
use crate::time::{Interval, Span};

impl Evaluator {
    /// Appends the slices that have closed. After a pause, a calculation is recorded for every slot
    /// of the validation grid that was missed, all of them before the slot that decides.
    pub(super) async fn fold_live(
        &self,
        claim: &SlotClaim,
        deciding: DateTime<Utc>,
        books: &mut Books,
        progress: &mut Progress,
        live: Interval,
        read: &Read,
    ) -> Result<Vec<Calculation>, StoreError> {
        let grid = self.settings.grid(&claim.slo);
        let mut calculations = Vec::new();
        let mut recorded_at = claim.recorded_at;
        for (stretch, slice) in slices(live, claim.slo.definition.slice).zip(&read.slices) {
            // A sum that does not fit is a data error: its slice stays unmeasured.
            if books
                .append(stretch.start(), *slice)
                .is_err()
            {
                books
                    .fill_to(stretch.end())
                    .map_err(|error| too_large(claim.slo.id, error))?;
            } else if slice.is_measured() {
                progress.note_measured(stretch.start(), stretch.end());
            }
            let slot = grid.of_slice(stretch.end());
            let is_due = is_on_grid(recorded_at, slot, self.settings.validation_interval);
            if slot < deciding && is_due {
                let found = self
                    .evaluation(claim, books, progress, stretch.end())
                    .await?;
                calculations.push(calculation(slot, *slice, &found, false));
                recorded_at = Some(slot);
            }
        }
        books
            .fill_to(live.end())
            .map_err(|error| too_large(claim.slo.id, error))?;
        Ok(calculations)
    }

    /// Records the slot and the budget where they are due, or where something changed.
    pub(super) fn record_slot(
        &self,
        claim: &SlotClaim,
        slot: DateTime<Utc>,
        newest: Slice,
        changes: &mut Changes,
    ) {
        let (found, last) = (&changes.evaluation, claim.last.as_ref());
        let recorded_at = changes
            .calculations
            .last()
            .map(|held| held.slot)
            .or(claim.recorded_at);
        let has_new_state = last.is_none_or(|last| last.state != found.state);
        if has_new_state || is_on_grid(recorded_at, slot, self.settings.validation_interval) {
            changes
                .calculations
                .push(calculation(slot, newest, found, true));
        }
        let has_new_level = last.is_none_or(|last| {
            (last.burn_level, last.budget_verdict) != (found.burn_level, found.budget_verdict)
        });
        if has_new_level || is_on_grid(claim.budget_at, slot, self.settings.budget_interval) {
            changes.budget = Some(BudgetRecord::new(slot, found));
        }
    }
}

/// The last slice that was folded.
pub(super) fn newest_slice(ledger: &Ledger, slo: &crate::slo::Slo) -> Slice {
    let start = ledger.end() - slo.definition.slice.span().as_delta();
    ledger
        .fine_hour(start)
        .map_or(Slice::Unmeasured, |hour| hour.slice_at(start))
}

pub(super) fn calculation(
    slot: DateTime<Utc>,
    newest: Slice,
    found: &Evaluation,
    is_full: bool,
) -> Calculation {
    let outcome = match newest {
        Slice::Unmeasured => Outcome::Unmeasured,
        Slice::Measured(counts) if counts.total().is_zero() => Outcome::NoTraffic,
        Slice::Measured(_) => Outcome::Measured,
    };
    Calculation {
        slot,
        outcome,
        state: found.state,
        counts: found
            .budget
            .map(crate::budget::ErrorBudget::shown),
        // What the rules saw stands with the alerts that they opened, and what was foretold with the
        // budgets; here there are many rows.
        evaluation: is_full.then(|| Evaluation {
            rules: Vec::new(),
            forecast: Forecast::Unknown,
            ..found.clone()
        }),
    }
}

/// Whether an edge of the grid of `interval` lies between what was recorded last and `slot`.
fn is_on_grid(last: Option<DateTime<Utc>>, slot: DateTime<Utc>, interval: Span) -> bool {
    let number = |at: DateTime<Utc>| {
        at.timestamp()
            .div_euclid(interval.as_secs_i64())
    };
    last.is_none_or(|last| number(last) < number(slot))
}
