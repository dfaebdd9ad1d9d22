//! What the budget says for tickets, and when it ends.

use chrono::{DateTime, TimeDelta, Utc};

use super::view::View;
use crate::budget::ErrorBudget;
use crate::evaluation::{BudgetVerdict, SloState, WindowCounts};
use crate::forecast::{
    End, Forecast, LOOK_BACKS, Nearness, Pace, look_backs, near, time_left, time_left_until,
};
use crate::ledger::LedgerError;
use crate::time::Interval;
use crate::window::Window;

impl View<'_> {
    /// What the budget says for tickets. A window of which less than a quarter has any history is
    /// judged by the allowance that all of it will have.
    pub(super) fn budget_verdict(&self, own: &WindowCounts, state: SloState) -> BudgetVerdict {
        if !state.is_judged() {
            return BudgetVerdict::Fine;
        }
        let budget = ErrorBudget::new(own.counts, self.definition.target);
        let filled = self.known_seconds_of(self.so_far);
        let window = self.counted_seconds();
        let is_young = self.is_young();
        let (is_missed, is_below_tenth) = if is_young {
            let projected = budget.projected(filled, window);
            (projected.is_missed(), projected.is_below_tenth())
        } else {
            (!budget.is_met(), budget.is_below_tenth())
        };
        if is_missed {
            BudgetVerdict::Missed
        } else if is_below_tenth {
            BudgetVerdict::AtRisk
        } else {
            BudgetVerdict::Fine
        }
    }

    /// Where the paces of the look-backs lead to; unknown when one of them is not covered. Nothing
    /// leaves a calendar window, and at its end the budget begins anew.
    pub(super) fn forecast(
        &self,
        windows: &[WindowCounts],
        state: SloState,
    ) -> Result<Forecast, LedgerError> {
        let Some(own) = windows
            .last()
            .filter(|_| state.is_judged())
        else {
            return Ok(Forecast::Unknown);
        };
        let budget = ErrorBudget::new(own.counts, self.definition.target);
        if budget.remaining_exactly() <= 0 {
            return Ok(Forecast::Exhausted);
        }
        let mut paces = [None; LOOK_BACKS];
        let seen = look_backs(windows);
        for (pace, seen) in paces.iter_mut().zip(seen) {
            let Some(known) = self.pace_of(seen) else {
                return Ok(Forecast::Unknown);
            };
            *pace = Some(known);
        }
        let leaving = match self.definition.window {
            Window::Rolling(span) => Some(self.ending.roll_off(span)?),
            Window::Calendar(_) => None,
        };
        let to_come = Interval::new(self.end, self.whole.end()).seconds();
        let seconds = |pace: Pace| match &leaving {
            Some(leaving) => time_left(budget, leaving, pace),
            None => time_left_until(budget, to_come, pace),
        };
        // What lasts at the pace that leaves least lasts at all of them, as it mostly does.
        let lasts = paces
            .iter()
            .flatten()
            .min_by(|one, other| one.by_gain(other, self.definition.target))
            .is_none_or(|pace| seconds(*pace).is_none());
        let end = |(seen, pace): (&WindowCounts, &Option<Pace>)| {
            let left = pace
                .filter(|_| !lasts)
                .and_then(seconds);
            End {
                window: seen.window,
                at: left.map(|left| self.end + TimeDelta::seconds(i64::from(left))),
            }
        };
        Ok(Forecast::Ends(
            seen.iter()
                .zip(&paces)
                .map(end)
                .collect(),
        ))
    }

    /// The pace of a look-back in the time that was measured of it; `None` when it is not covered.
    pub(super) fn pace_of(&self, seen: &WindowCounts) -> Option<Pace> {
        if !seen
            .coverage
            .reaches(self.min_coverage())
        {
            return None;
        }
        let known = u64::from(self.known_seconds_of(seen.window));
        let measured = known * u64::from(seen.coverage.measured);
        let seconds = measured.checked_div(u64::from(seen.coverage.expected))?;
        Pace::new(seen.counts, u32::try_from(seconds).ok()?)
    }

    /// How near the end is. A window of which less than a quarter has any history is judged by its
    /// projected allowance alone: its own is too small to foretell anything by.
    pub(super) fn nearness(
        &self,
        windows: &[WindowCounts],
        forecast: &Forecast,
    ) -> Result<Nearness, LedgerError> {
        let (Some(own), Some(short)) = (windows.last(), look_backs(windows).first()) else {
            return Ok(Nearness::Far);
        };
        if self.is_young() {
            return Ok(Nearness::Far);
        }
        let near = u64::from(near(own.window).as_seconds());
        let is_within_thirds = |at: Option<DateTime<Utc>>, thirds| {
            at.is_some_and(|at| {
                let seconds = Interval::new(self.end, at).seconds();
                u64::from(seconds) * 3 <= near * thirds
            })
        };
        let exhaustion = forecast.exhaustion();
        if is_within_thirds(exhaustion.at(), 3) && self.is_evident(short)? {
            let seen_since = self.end - short.window.as_delta();
            Ok(Nearness::Near { seen_since })
        } else if forecast.is_unknown() || is_within_thirds(exhaustion.earliest(), 4) {
            Ok(Nearness::Around)
        } else {
            Ok(Nearness::Far)
        }
    }
}
