//! One SLO at one instant: slices and a definition in, an [`Evaluation`] out.
//!
//! Pure: the same slices, definition and instant give the same answer, today or in a replay. Nothing
//! is rounded and nothing is a float before everything is decided.

mod outlook;
mod plan;
mod rules;
mod state;
mod view;

use chrono::{DateTime, Utc};

use self::plan::Place;
pub use self::plan::Plan;
use self::view::View;
use crate::evaluation::{Evaluation, Progress, RuleOutcome};
use crate::forecast::{Forecast, Nearness};
use crate::ledger::{Ledger, LedgerError};
use crate::policy::BurnThresholds;
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

/// Evaluates an SLO whose last closed slice ends at `end`: judges it and looks ahead. `plan` is that of
/// its definition.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::evaluate::{EvaluationSettings, Plan, evaluate};
/// use sre_core::evaluation::{Progress, SloState};
/// use sre_core::ledger::Ledger;
/// use sre_core::slice::Slice;
/// use sre_core::slo::Slo;
/// use sre_core::time::{Span, at_second};
///
/// let slo = Slo::builder("checkout", "availability")
///     .target_percentage("99")?
///     .rolling(Span::hours(1))
///     .build()?;
/// let (definition, settings) = (&slo.definition, EvaluationSettings::default());
/// let mut ledger = Ledger::new(definition.slice, definition.window.span(), at_second(0));
/// let mut progress = Progress::default();
/// for minute in 0..60 {
///     let (start, end) = (at_second(60 * minute), at_second(60 * (minute + 1)));
///     ledger.append(start, Slice::Measured(Counts::events(99, 100)?))?;
///     progress.note_measured(start, end);
/// }
/// let policy = definition.policy(&settings.thresholds, progress.resolved_interval());
/// let plan = Plan::new(definition, policy);
/// let found = evaluate(definition, &plan, &ledger, &progress, at_second(3_600), &settings)?;
/// // Exactly on the budget is met, and nothing is left.
/// let budget = found.budget.ok_or("something was measured")?;
/// assert!(budget.is_met());
/// assert_eq!((budget.remaining_percentage(), found.burn_rate(Span::hours(1))), (Some(0.0), Some(1.0)));
/// assert_eq!(found.state, SloState::AtRisk);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`LedgerError::MissingHour`] when a window begins in an hour that is not attached.
pub fn evaluate(
    definition: &Definition,
    plan: &Plan,
    ledger: &Ledger,
    progress: &Progress,
    end: DateTime<Utc>,
    settings: &EvaluationSettings,
) -> Result<Evaluation, LedgerError> {
    let view = View::new(definition, ledger, progress, end, settings)?;
    let mut found = view.judged(plan)?;
    found.forecast = view.forecast(&found.windows, found.state)?;
    found.nearness = view.nearness(&found.windows, &found.forecast)?;
    Ok(found)
}

/// The first half of [`evaluate`]: budget, levels, states of rules, and nothing of what is to come. Its
/// forecast is unknown, so that a ticket that is open by forecast stays as it is.
///
/// # Errors
///
/// As [`evaluate`].
pub fn judge(
    definition: &Definition,
    plan: &Plan,
    ledger: &Ledger,
    progress: &Progress,
    end: DateTime<Utc>,
    settings: &EvaluationSettings,
) -> Result<Evaluation, LedgerError> {
    View::new(definition, ledger, progress, end, settings)?.judged(plan)
}

impl View<'_> {
    fn judged(&self, plan: &Plan) -> Result<Evaluation, LedgerError> {
        let (definition, settings) = (self.definition, self.settings);
        let (mut windows, own) = (self.windows(plan.summed())?, self.own()?);
        let seen = |place: Place| windows.get(place).unwrap_or(&own);
        let mut rules = Vec::with_capacity(plan.policy().rules.len());
        for (rule, [long, short]) in plan.rules() {
            // References, since what was just written is slow to copy.
            let (long, short) = (seen(*long), seen(*short));
            let (verdict, bad_needed) = self.verdict(rule, long, short, &own)?;
            rules.push(RuleOutcome {
                rule: *rule,
                long: *long,
                short: *short,
                verdict,
                bad_needed,
            });
        }
        let is_stale = self.is_stale();
        let (state, reason) = self.state(&own, &rules, is_stale);
        let burn_level = settings
            .thresholds
            .level(seen(plan.level()).counts, definition.target);
        windows.truncate(plan.reported());
        windows.push(own);
        Ok(Evaluation {
            as_of: self.end,
            window_start: self.whole.start(),
            state,
            reason,
            budget: self.budget(&own),
            coverage: own.coverage,
            filled_seconds: self.filled_seconds(),
            window: Span::seconds(self.whole_seconds),
            burn_level,
            budget_verdict: self.budget_verdict(&own, state),
            nearness: Nearness::Around,
            forecast: Forecast::Unknown,
            windows,
            rules,
            is_stale,
            raw: None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
