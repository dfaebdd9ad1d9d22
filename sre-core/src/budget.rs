//! Error budgets: how much may still go wrong.
//!
//! A target of 99.9 % *allows* a thousandth of all events to be bad. The budget is that allowance;
//! what was bad has consumed it; what remains may be negative and is never clamped, for a team must
//! see by how much it overspent. Symbols as in the glossary: `allowed = (1 − target) × total`,
//! `consumed = bad`, `remaining = allowed − consumed`, `burn = consumed ÷ allowed`.

use crate::count::{Count, Counts, Grain};
use crate::target::Target;

/// The error budget of some counts under a target. Every decision on it is exact.
///
/// ```
/// use sre_core::budget::ErrorBudget;
/// use sre_core::count::Counts;
///
/// let budget = ErrorBudget::new(Counts::events(19_990, 20_000)?, "99.9".parse()?);
/// assert_eq!(budget.allowed(), 20.0);
/// assert_eq!(budget.consumed(), 10.0);
/// assert_eq!(budget.remaining(), 10.0);
/// assert_eq!(budget.remaining_percentage(), Some(50.0));
/// assert!(!budget.is_below_tenth());
///
/// let nothing = ErrorBudget::new(Counts::NONE, "99.9".parse()?);
/// assert_eq!(nothing.remaining_percentage(), None); // no traffic is not 100 %
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ErrorBudget {
    counts: Counts,
    target: Target,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Grain::is_millionths")
    )]
    grain: Grain,
}

impl ErrorBudget {
    /// The budget of `counts` under `target`, counted in millionths of an event or slice.
    #[must_use]
    pub const fn new(counts: Counts, target: Target) -> Self {
        Self {
            counts,
            target,
            grain: Grain::Millionths,
        }
    }

    /// The same budget, whose counts are of another grain
    /// ([`BudgetingMethod::grain`](crate::method::BudgetingMethod::grain)).
    #[must_use]
    pub const fn counted_in(self, grain: Grain) -> Self {
        Self { grain, ..self }
    }

    /// How finely its units are counted.
    #[must_use]
    pub const fn grain(self) -> Grain {
        self.grain
    }

    /// What was counted, in millionths of an event or slice: for showing and for records.
    #[must_use]
    pub const fn shown(self) -> Counts {
        self.grain.shown(self.counts)
    }

    /// What was counted, in its grain: for exact comparisons. What people see is
    /// [`ErrorBudget::shown`].
    #[must_use]
    pub const fn counts(self) -> Counts {
        self.counts
    }

    /// The promise.
    #[must_use]
    pub const fn target(self) -> Target {
        self.target
    }

    /// `allowed − consumed` in 10⁻⁹ of a count, exact and signed: 10⁻¹⁵ of an event or slice, or 10⁻²¹
    /// of a slice that is counted in shares.
    #[must_use]
    pub fn remaining_exactly(self) -> i128 {
        self.allowed_exactly() - self.consumed_exactly()
    }

    /// Whether the target is met: what remains is not negative.
    #[must_use]
    pub fn is_met(self) -> bool {
        self.target.is_met_by(self.counts)
    }

    /// Whether less than a tenth of the allowance remains; false without events.
    #[must_use]
    pub fn is_below_tenth(self) -> bool {
        // consumed > 9/10 × allowed; both lie below 2^94, so the products fit.
        !self.counts.total().is_zero() && self.consumed_exactly() * 10 > self.allowed_exactly() * 9
    }

    /// The budget with its allowance projected from `filled` of `window` seconds to all of it, for
    /// judging an SLO that is younger than its window; the consumed part stays what it is.
    #[must_use]
    pub fn projected(self, filled: u32, window: u32) -> ProjectedBudget {
        ProjectedBudget {
            budget: self,
            filled,
            window,
        }
    }

    /// Units that may be bad, for showing.
    #[must_use]
    pub fn allowed(self) -> f64 {
        self.to_units(self.allowed_exactly())
    }

    /// Units that were bad, for showing.
    #[must_use]
    pub fn consumed(self) -> f64 {
        self.grain.as_f64(self.counts.bad())
    }

    /// Units that may still be bad, for showing; negative when overspent.
    #[must_use]
    pub fn remaining(self) -> f64 {
        self.to_units(self.remaining_exactly())
    }

    /// `100 × consumed ÷ allowed`, for showing; `None` without events.
    #[must_use]
    pub fn consumed_percentage(self) -> Option<f64> {
        share(self.consumed_exactly(), self.allowed_exactly()).map(|share| share * 100.0)
    }

    /// `100 × remaining ÷ allowed`, for showing; `None` without events.
    #[must_use]
    pub fn remaining_percentage(self) -> Option<f64> {
        share(self.remaining_exactly(), self.allowed_exactly()).map(|share| share * 100.0)
    }

    /// `100 × good ÷ total`, for showing; `None` without events.
    #[must_use]
    pub fn sli_percentage(self) -> Option<f64> {
        sli_percentage(self.counts)
    }

    /// How many times faster than sustainable these counts burn, for showing; `None` without events.
    #[must_use]
    pub fn burn_rate(self) -> Option<f64> {
        share(self.consumed_exactly(), self.allowed_exactly())
    }

    /// What was consumed and what is allowed, in the same unit; `None` where nothing is allowed because
    /// nothing was counted. Both lie below 2⁹⁴.
    pub(crate) fn parts(self) -> Option<(u128, u128)> {
        let allowed = self.allowed_exactly().unsigned_abs();
        (allowed > 0).then_some((self.consumed_exactly().unsigned_abs(), allowed))
    }

    /// The consumed share in millionths, cut; 0 without events.
    pub(crate) fn consumed_millionths(self) -> u128 {
        self.parts()
            .map_or(0, |(consumed, allowed)| consumed * 1_000_000 / allowed)
    }

    fn allowed_exactly(self) -> i128 {
        i128::from(self.target.budget_ppb()) * i128::from(self.counts.total().millionths())
    }

    fn consumed_exactly(self) -> i128 {
        i128::from(self.counts.bad().millionths()) * 1_000_000_000
    }

    /// 10⁻⁹ of a count as units.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    fn to_units(self, exact: i128) -> f64 {
        exact as f64 / (self.grain.unit().millionths() as f64 * 1e9)
    }
}

/// An [`ErrorBudget`] whose allowance is what the whole window would have at the same traffic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProjectedBudget {
    budget: ErrorBudget,
    filled: u32,
    window: u32,
}

impl ProjectedBudget {
    /// Whether more was consumed than the whole window will allow.
    #[must_use]
    pub fn is_missed(self) -> bool {
        self.consumed() > self.allowed()
    }

    /// Whether less than a tenth of the whole window's allowance remains; false without events.
    #[must_use]
    pub fn is_below_tenth(self) -> bool {
        // consumed > 9/10 × allowed
        !self.budget.counts.total().is_zero()
            && self.consumed().saturating_mul(10) > self.allowed().saturating_mul(9)
    }

    /// The budget of as much traffic as the whole window would have, with what was consumed so far; the
    /// traffic is cut to a millionth of an event.
    #[must_use]
    pub fn of_whole_window(self) -> ErrorBudget {
        let counts = self.budget.counts;
        let total = u128::from(counts.total().millionths()) * u128::from(self.window)
            / u128::from(self.filled.max(1));
        let total = Count::from_millionths(u64::try_from(total).unwrap_or(u64::MAX));
        let counts = Counts::with_bad(counts.bad(), total.max(counts.total())).unwrap_or(counts);
        ErrorBudget::new(counts, self.budget.target).counted_in(self.budget.grain)
    }

    /// Units that may be bad in the whole window, for showing; `None` before the first data.
    #[must_use]
    pub fn allowed_units(self) -> Option<f64> {
        let (filled, window) = (f64::from(self.filled), f64::from(self.window));
        (self.filled > 0).then(|| self.budget.allowed() * (window / filled))
    }

    /// Units that may still be bad, for showing; negative when overspent.
    #[must_use]
    pub fn remaining_units(self) -> Option<f64> {
        self.allowed_units()
            .map(|allowed| allowed - self.budget.consumed())
    }

    /// `100 × consumed ÷ allowed`, for showing; `None` without events.
    #[must_use]
    pub fn consumed_percentage(self) -> Option<f64> {
        share_of(self.consumed(), self.allowed()).map(|share| share * 100.0)
    }

    /// `100 × remaining ÷ allowed`, for showing; `None` without events.
    #[must_use]
    pub fn remaining_percentage(self) -> Option<f64> {
        self.consumed_percentage()
            .map(|consumed| 100.0 - consumed)
    }

    /// `allowed ÷ filled × window` and `consumed`, both times `filled`, keep to integers. Counts of
    /// stored sums lie below 2^63, so the products stay below 2^119.
    fn allowed(self) -> u128 {
        self.budget
            .allowed_exactly()
            .unsigned_abs()
            .saturating_mul(u128::from(self.window))
    }

    fn consumed(self) -> u128 {
        self.budget
            .consumed_exactly()
            .unsigned_abs()
            .saturating_mul(u128::from(self.filled))
    }
}

/// `100 × good ÷ total`, for showing; `None` without events, never 100 % and never NaN.
#[must_use]
pub fn sli_percentage(counts: Counts) -> Option<f64> {
    let total = i128::from(counts.total().millionths());
    share(i128::from(counts.good().millionths()) * 100, total)
}

/// How many times faster than sustainable `counts` burn the budget of `target`,
/// `(bad ÷ total) ÷ (1 − target)`, for showing; `None` without events.
///
/// ```
/// use sre_core::budget::burn_rate;
/// use sre_core::count::Counts;
///
/// let target = "99.9".parse()?;
/// assert_eq!(burn_rate(Counts::events(9_856, 10_000)?, target), Some(14.4));
/// assert_eq!(burn_rate(Counts::events(0, 5)?, target), Some(1_000.0));
/// assert_eq!(burn_rate(Counts::NONE, target), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn burn_rate(counts: Counts, target: Target) -> Option<f64> {
    ErrorBudget::new(counts, target).burn_rate()
}

/// One division, of integers; `None` for a zero denominator.
#[expect(clippy::cast_precision_loss, reason = "only ever shown")]
fn share(numerator: i128, denominator: i128) -> Option<f64> {
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

/// [`share`] of what has no sign.
#[expect(clippy::cast_precision_loss, reason = "only ever shown")]
fn share_of(numerator: u128, denominator: u128) -> Option<f64> {
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

#[cfg(test)]
mod tests;
