//! Where a rule sits: the error ratio that its window must exceed, exact.

use super::BurnRule;
use crate::target::Target;
use crate::time::Span;

/// The error ratio `θ` at which a rule sits, under even traffic: `factor × (1 − T)`, or what spends the
/// rule's share of the budget within its long window where that is more. Held as what the long window
/// must lose, `θ × window`, which is a fraction of small integers for both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line {
    /// Billionths of a second of the long window: numerator below 2⁹³, denominator below 2³⁴.
    numerator: u128,
    denominator: u64,
    long: Span,
    is_strict: bool,
}

impl Line {
    pub(super) fn of(rule: &BurnRule, target: Target, window: Span) -> Self {
        let budget = u128::from(target.budget_ppb());
        let seconds = |span: Span| u128::from(span.as_seconds());
        let by_factor = Self {
            numerator: seconds(rule.long) * u128::from(rule.factor.numerator()) * budget,
            denominator: rule.factor.denominator(),
            long: rule.long,
            is_strict: true,
        };
        let Some(share) = rule.min_share else {
            return by_factor;
        };
        let by_share = Self {
            numerator: u128::from(share.millionths()) * seconds(window) * budget,
            denominator: 1_000_000,
            long: rule.long,
            is_strict: false,
        };
        // Both products lie below 2^113.
        let (left, right) = (
            by_share.numerator * u128::from(by_factor.denominator),
            by_factor.numerator * u128::from(by_share.denominator),
        );
        if left > right { by_share } else { by_factor }
    }

    /// The numerator of `θ`, below 2⁹³.
    #[must_use]
    pub const fn numerator(&self) -> u128 {
        self.numerator
    }

    /// The denominator of `θ`, below 2⁹³.
    #[must_use]
    pub fn denominator(&self) -> u128 {
        u128::from(self.denominator) * u128::from(self.long.as_seconds()) * u128::from(BILLION)
    }

    /// The error ratio as a float, for showing.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.numerator() as f64 / self.denominator() as f64
    }

    /// What the long window must lose at the line, as a fraction of billionths of a second.
    #[must_use]
    pub(crate) fn lost(&self) -> (u128, u128) {
        (self.numerator, u128::from(self.denominator))
    }

    /// The rule's long window.
    #[must_use]
    pub const fn window(&self) -> Span {
        self.long
    }

    /// Whether an error ratio, in parts per billion, lies across.
    pub(crate) fn is_crossed_by(&self, ppb: u128) -> bool {
        // Below 2^30, 2^29 and 2^34.
        let lost = ppb * u128::from(self.long.as_seconds()) * u128::from(self.denominator);
        if self.is_strict {
            lost > self.numerator
        } else {
            lost >= self.numerator
        }
    }

    /// Whether a loss of so many billionths of a second in a window of this length lies across.
    pub(crate) fn is_crossed_by_loss(&self, lost: u128, window: Span) -> bool {
        // Below 2^59, 2^29 and 2^34 on the one side, 2^93 and 2^29 on the other.
        let (lost, line) = (
            lost * u128::from(self.long.as_seconds()) * u128::from(self.denominator),
            self.numerator * u128::from(window.as_seconds()),
        );
        if self.is_strict {
            lost > line
        } else {
            lost >= line
        }
    }

    /// Whether the line itself is not enough: a factor has to be exceeded, a share to be reached.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.is_strict
    }

    /// Whether even a total outage does not cross the line.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        let (line, everything) = (self.numerator(), self.denominator());
        if self.is_strict {
            line >= everything
        } else {
            line > everything
        }
    }
}

/// Parts of the whole in which error ratios are held.
const BILLION: u32 = 1_000_000_000;
