//! Trouble that comes and goes: too short for any rule to see once, and dear in sum.

use super::ErrorRatio;
use crate::policy::{BurnRule, Line};
use crate::target::Target;
use crate::time::Span;

/// An outage that lasts for a while, again and again.
///
/// ```
/// use sre_core::detection::{ErrorRatio, Flapping};
/// use sre_core::time::Span;
///
/// let flapping = Flapping {
///     error_ratio: ErrorRatio::ALL,
///     lasting: Span::seconds(30),
///     every: Span::hours(1),
/// };
/// assert!((flapping.burn_rate("99.9".parse()?) - 8.333).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flapping {
    /// The share of bad events while it lasts; nothing is bad between.
    pub error_ratio: ErrorRatio,
    /// How long it lasts.
    pub lasting: Span,
    /// From one beginning to the next.
    pub every: Span,
}

impl Flapping {
    /// How many times too fast the budget burns on average, `e ÷ (1 − T) × lasting ÷ every`, for
    /// showing.
    #[must_use]
    pub fn burn_rate(self, target: Target) -> f64 {
        let share = f64::from(self.lasting.as_seconds()) / f64::from(self.every.as_seconds());
        f64::from(self.error_ratio.ppb()) / f64::from(target.budget_ppb()) * share.min(1.0)
    }

    /// Whether a rule whose line this is ever fires: at the end of an outage, when both windows hold as
    /// much of it as they ever do.
    #[must_use]
    pub fn is_seen_by(self, rule: &BurnRule, line: &Line) -> bool {
        [rule.long, rule.short]
            .into_iter()
            .all(|window| line.is_crossed_by_loss(self.lost_in(window), window))
    }

    /// Billionths of a second that a window loses at most.
    fn lost_in(self, window: Span) -> u128 {
        let [window, lasting, every] =
            [window, self.lasting, self.every].map(|span| u128::from(span.as_seconds()));
        let bad = window / every * lasting.min(every) + (window % every).min(lasting);
        bad * u128::from(self.error_ratio.ppb())
    }
}
