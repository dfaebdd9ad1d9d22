//! One SLO at one instant: slices and a definition in, an [`Evaluation`] out.
//!
//! Pure: the same slices, definition and instant give the same answer, today or in a replay. Nothing
//! is rounded and nothing is a float before everything is decided.

use chrono::{DateTime, Utc};

use crate::budget::ErrorBudget;
use crate::count::Count;
use crate::evaluation::{
    BudgetVerdict, Coverage, Evaluation, InsufficientReason, Progress, RuleOutcome, RuleVerdict,
    SloState, WindowCounts,
};
use crate::forecast::{End, Forecast, Nearness, Pace, end_after, look_backs, near};
use crate::ledger::{Ending, Ledger, LedgerError};
use crate::method::BudgetingMethod;
use crate::policy::{BurnPolicy, BurnRule, BurnThresholds};
use crate::slo::Definition;
use crate::time::Span;

/// What an installation sets for all SLOs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EvaluationSettings {
    /// From which burn on which level is reached, and the factors of the default policy.
    pub thresholds: BurnThresholds,
    /// Coverage below this share of a thousand is insufficient, where the SLO says nothing.
    pub min_coverage_permille: u16,
}

impl Default for EvaluationSettings {
    fn default() -> Self {
        Self {
            thresholds: BurnThresholds::default(),
            min_coverage_permille: 800,
        }
    }
}

/// The windows over which burn rates are reported, beside the SLO's own.
pub const REPORTED_WINDOWS: [Span; 8] = [
    Span::minutes(5),
    Span::minutes(30),
    Span::hours(1),
    Span::hours(2),
    Span::hours(6),
    Span::hours(24),
    Span::days(3),
    Span::days(7),
];

/// Every window that evaluating `definition` under `policy` asks of its ledger.
#[must_use]
pub fn windows(definition: &Definition, policy: &BurnPolicy) -> Vec<Span> {
    let own = definition.window.span();
    let mut windows: Vec<Span> = reported(definition).collect();
    windows.extend(
        policy
            .rules
            .iter()
            .flat_map(|rule| [rule.long, rule.short]),
    );
    windows.push(own);
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// Evaluates an SLO whose last closed slice ends at `end`.
///
/// # Errors
///
/// [`LedgerError::MissingHour`] when a window begins in an hour that is not attached.
pub fn evaluate(
    definition: &Definition,
    policy: &BurnPolicy,
    ledger: &Ledger,
    progress: &Progress,
    end: DateTime<Utc>,
    settings: &EvaluationSettings,
) -> Result<Evaluation, LedgerError> {
    let view = View::new(definition, ledger, progress, end, settings)?;
    let own = view.window(definition.window.span())?;
    let mut windows = Vec::with_capacity(REPORTED_WINDOWS.len() + 1);
    for window in reported(definition) {
        windows.push(view.window(window)?);
    }
    windows.push(own);
    let mut rules = Vec::with_capacity(policy.rules.len());
    for rule in &policy.rules {
        rules.push(view.judge(rule)?);
    }
    let is_stale = view.is_stale();
    let (state, reason) = view.state(&own, &rules, is_stale);
    let hour = windows
        .iter()
        .rev()
        .find(|held| held.window <= Span::hours(1))
        .unwrap_or(&own);
    let forecast = view.forecast(&windows, state)?;
    Ok(Evaluation {
        as_of: end,
        window_start: end - definition.window.span().as_delta(),
        state,
        reason,
        budget: view.budget(&own),
        coverage: own.coverage,
        filled_seconds: view.filled_seconds(),
        window: definition.window.span(),
        burn_level: settings
            .thresholds
            .level(hour.counts, definition.target),
        budget_verdict: view.budget_verdict(&own, state),
        nearness: view.nearness(&windows, &forecast),
        forecast,
        windows,
        rules,
        is_stale,
    })
}

/// Reported windows that hold at least a slice and are shorter than the SLO's own.
fn reported(definition: &Definition) -> impl Iterator<Item = Span> + '_ {
    let (own, slice) = (definition.window.span(), definition.slice.span());
    REPORTED_WINDOWS
        .into_iter()
        .filter(move |window| *window < own && *window >= slice)
}

/// Everything that the parts of an evaluation look at.
struct View<'a> {
    definition: &'a Definition,
    ending: Ending<'a>,
    progress: &'a Progress,
    end: DateTime<Utc>,
    settings: &'a EvaluationSettings,
    /// Declared, else learned; `None` before enough is known.
    expected_interval: Option<Span>,
    /// Seconds since the first data.
    known_seconds: u32,
}

impl<'a> View<'a> {
    fn new(
        definition: &'a Definition,
        ledger: &'a Ledger,
        progress: &'a Progress,
        end: DateTime<Utc>,
        settings: &'a EvaluationSettings,
    ) -> Result<Self, LedgerError> {
        let known = progress
            .first_measured
            .map_or(0, |first| (end - first).num_seconds());
        Ok(Self {
            definition,
            ending: ledger.ending(end)?,
            progress,
            end,
            settings,
            expected_interval: definition
                .expected_interval
                .or_else(|| progress.learned_interval()),
            known_seconds: u32::try_from(known.max(0)).unwrap_or(u32::MAX),
        })
    }

    /// Counts and coverage of the window of this length that ends now.
    fn window(&self, window: Span) -> Result<WindowCounts, LedgerError> {
        let sums = self.ending.window(window)?;
        let expected = self.expected_slices(window);
        let coverage = Coverage {
            measured: sums.measured.min(expected),
            expected,
        };
        Ok(WindowCounts {
            window,
            counts: sums.counts,
            coverage,
        })
    }

    /// How many measured slices the window would hold at the SLO's pace since its first data.
    fn expected_slices(&self, window: Span) -> u32 {
        let known = self
            .known_seconds
            .min(window.as_seconds());
        // Half of one pace is already a slice that should have come: a lone first slice is covered.
        if known == 0 {
            0
        } else {
            (known / self.pace().as_seconds()).max(1)
        }
    }

    /// The distance at which measured slices are expected.
    fn pace(&self) -> Span {
        let width = self.definition.slice.span();
        self.expected_interval
            .unwrap_or(width)
            .max(width)
    }

    fn filled_seconds(&self) -> u32 {
        self.known_seconds.min(
            self.definition
                .window
                .span()
                .as_seconds(),
        )
    }

    fn min_coverage(&self) -> u16 {
        self.definition
            .min_coverage_permille
            .unwrap_or(self.settings.min_coverage_permille)
    }

    /// Nothing for three expected intervals while somebody watched, though something came before.
    fn is_stale(&self) -> bool {
        self.expected_interval
            .is_some_and(|expected| {
                let pace = expected.max(self.definition.slice.span());
                self.progress.silence_at(self.end) >= pace.as_delta() * 3
            })
    }

    /// What a rule says: each of its windows is covered by itself, and there is history for at least
    /// the short one. A window that is measured to be clean settles it, whatever the other holds.
    fn judge(&self, rule: &BurnRule) -> Result<RuleOutcome, LedgerError> {
        let (long, short) = (self.window(rule.long)?, self.window(rule.short)?);
        let is_covered = |window: &WindowCounts| {
            window
                .coverage
                .reaches(self.min_coverage())
        };
        let burns = |window: &WindowCounts| {
            rule.factor
                .is_exceeded_by(window.counts, self.definition.target)
        };
        let is_known = self.known_seconds >= rule.short.as_seconds();
        // Either window alone can say no; it takes both to say yes.
        let is_clean = |window: &WindowCounts| is_covered(window) && !burns(window);
        let verdict = if !is_known {
            RuleVerdict::Held
        } else if is_clean(&long) || is_clean(&short) {
            RuleVerdict::Quiet
        } else if !is_covered(&long) || !is_covered(&short) {
            RuleVerdict::Held
        } else if long.counts.bad() < self.bad_needed(rule.long) {
            RuleVerdict::TooFewBad
        } else {
            RuleVerdict::Firing
        };
        Ok(RuleOutcome {
            rule: *rule,
            long,
            short,
            verdict,
        })
    }

    /// How much must be bad in a long window: `min_bad`, or all of it where it holds fewer slices.
    fn bad_needed(&self, long: Span) -> Count {
        let slices = u64::from(
            long.as_seconds()
                / self
                    .definition
                    .slice
                    .span()
                    .as_seconds(),
        );
        let needed = match self.definition.method {
            BudgetingMethod::Occurrences => self.definition.min_bad,
            BudgetingMethod::Timeslices(_) => self.definition.min_bad.min(slices),
        };
        Count::events(needed).unwrap_or(Count::SAMPLE_MAX)
    }

    fn budget(&self, own: &WindowCounts) -> Option<ErrorBudget> {
        (own.coverage.measured > 0).then(|| ErrorBudget::new(own.counts, self.definition.target))
    }

    /// The state, in the one order in which states are decided.
    fn state(
        &self,
        own: &WindowCounts,
        rules: &[RuleOutcome],
        is_stale: bool,
    ) -> (SloState, Option<InsufficientReason>) {
        let insufficient = |reason| (SloState::InsufficientData, Some(reason));
        if self.progress.first_measured.is_none() {
            (SloState::Waiting, None)
        } else if own.coverage.measured == 0 {
            (SloState::NoData, None)
        } else if self.is_lost_at_best(own) {
            (SloState::Violated, None)
        } else if is_stale {
            insufficient(InsufficientReason::Stale)
        } else if !own
            .coverage
            .reaches(self.min_coverage())
        {
            insufficient(InsufficientReason::Coverage)
        } else if own.counts.total().is_zero() {
            insufficient(InsufficientReason::NoTraffic)
        } else if own.counts.total().whole_events() < self.definition.min_events {
            insufficient(InsufficientReason::Events)
        } else {
            (self.judged_state(own, rules), None)
        }
    }

    fn judged_state(&self, own: &WindowCounts, rules: &[RuleOutcome]) -> SloState {
        let budget = ErrorBudget::new(own.counts, self.definition.target);
        let is_burning = rules
            .iter()
            .any(|rule| rule.verdict == RuleVerdict::Firing);
        if !budget.is_met() {
            SloState::Violated
        } else if is_burning || budget.is_below_tenth() {
            SloState::AtRisk
        } else {
            SloState::Met
        }
    }

    /// Whether an SLO that counts slices is missed even if every unmeasured slice was good.
    fn is_lost_at_best(&self, own: &WindowCounts) -> bool {
        let BudgetingMethod::Timeslices(_) = self.definition.method else {
            return false;
        };
        let slices = u64::from(
            own.window.as_seconds()
                / self
                    .definition
                    .slice
                    .span()
                    .as_seconds(),
        );
        let at_best = Count::events(slices)
            .and_then(|all| crate::count::Counts::with_bad(own.counts.bad(), all).ok());
        at_best.is_some_and(|counts| !self.definition.target.is_met_by(counts))
    }

    /// What the budget says for tickets. A window of which less than a quarter has any history is
    /// judged by the allowance that all of it will have.
    fn budget_verdict(&self, own: &WindowCounts, state: SloState) -> BudgetVerdict {
        if !state.is_judged() {
            return BudgetVerdict::Fine;
        }
        let budget = ErrorBudget::new(own.counts, self.definition.target);
        let (filled, window) = (self.filled_seconds(), own.window.as_seconds());
        let is_young = self.is_young();
        let projected = budget.projected(filled, window);
        let (is_missed, is_below_tenth) = if is_young {
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

    /// Whether less than a quarter of the window has any history.
    fn is_young(&self) -> bool {
        let window = self
            .definition
            .window
            .span()
            .as_seconds();
        u64::from(self.filled_seconds()) * 4 < u64::from(window)
    }

    /// Where the paces of the look-backs lead to; unknown when one of them is not covered.
    fn forecast(&self, windows: &[WindowCounts], state: SloState) -> Result<Forecast, LedgerError> {
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
        let leaving = self.ending.roll_off(own.window)?;
        let mut ends = Vec::with_capacity(3);
        for seen in look_backs(windows) {
            let Some(pace) = self.pace_of(seen) else {
                return Ok(Forecast::Unknown);
            };
            ends.push(End {
                window: seen.window,
                at: end_after(self.end, budget, &leaving, pace),
            });
        }
        Ok(Forecast::Ends(ends))
    }

    /// The pace of a look-back in the time that was measured of it; `None` when it is not covered.
    fn pace_of(&self, seen: &WindowCounts) -> Option<Pace> {
        if !seen
            .coverage
            .reaches(self.min_coverage())
        {
            return None;
        }
        let known = u64::from(
            seen.window
                .as_seconds()
                .min(self.known_seconds),
        );
        let measured = known * u64::from(seen.coverage.measured);
        let seconds = measured.checked_div(u64::from(seen.coverage.expected))?;
        Pace::new(seen.counts, u32::try_from(seconds).ok()?)
    }

    /// How near the end is. A window of which less than a quarter has any history is judged by its
    /// projected allowance alone: its own is too small to foretell anything by.
    fn nearness(&self, windows: &[WindowCounts], forecast: &Forecast) -> Nearness {
        let (Some(own), Some(short)) = (windows.last(), look_backs(windows).first()) else {
            return Nearness::Far;
        };
        if self.is_young() {
            return Nearness::Far;
        }
        let near = near(own.window).as_delta();
        let is_within =
            |at: Option<DateTime<Utc>>, span| at.is_some_and(|at| at - self.end <= span);
        let exhaustion = forecast.exhaustion();
        let is_evident = short.counts.bad() >= self.bad_needed(short.window);
        if is_within(exhaustion.at(), near) && is_evident {
            let seen_since = self.end - short.window.as_delta();
            Nearness::Near { seen_since }
        } else if forecast.is_unknown() || is_within(exhaustion.earliest(), near * 4 / 3) {
            Nearness::Around
        } else {
            Nearness::Far
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
