//! A share of a whole budget, as a condition of a rule: how much a pace costs, whatever it is.
//!
//! Burn over a window is weighed by the traffic of that window. A share weighs it by that of the whole
//! period: `bad_w ≥ x × (1 − T) × n_P`. At a tenth of the mean traffic a burn of 14.4 over an hour
//! spends 0.2 % of a 30-day budget, and not the 2 % that it spends on average.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::count::Count;
use crate::decimal::Decimal;
use crate::target::{Target, write_decimal};
use crate::time::Span;

/// A share of an error budget: more than none of it, at most all, exact to the millionth.
///
/// ```
/// use sre_core::policy::BudgetShare;
///
/// let share: BudgetShare = "0.02".parse()?;
/// assert_eq!(share.millionths(), 20_000);
/// assert!("1.1".parse::<BudgetShare>().is_err());
/// # Ok::<(), sre_core::policy::ParseBudgetShareError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct BudgetShare(u32);

/// Why a text is not a share of a budget.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "a share of the budget is a decimal above 0 and at most 1 with at most 6 decimals, such as 0.02"
)]
pub struct ParseBudgetShareError;

/// What was bad in a part of a period, and all that the period counted so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Spending {
    /// Bad events or slices of the part.
    pub bad: Count,
    /// All events or slices of the period, as far as it is known.
    pub total: Count,
    /// How much of the period is known, in seconds.
    pub known_seconds: u32,
    /// The length of the period, in seconds.
    pub period_seconds: u32,
}

impl BudgetShare {
    /// The share in millionths, `0 < n ≤ 10⁶`.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The value as a float, for showing.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// Whether a rule's window spends the budget at this share within `long` or faster: in the long
    /// window itself the share, in a shorter one its part of it. A period that is not known yet is
    /// taken to go on with the traffic that it had; equality has reached it. False without anything
    /// bad.
    ///
    /// `bad × 10¹⁵ × known × long ≥ share × ppb × total × period × window`, in integers.
    #[must_use]
    pub fn is_reached_by(
        self,
        spending: &Spending,
        target: Target,
        window: Span,
        long: Span,
    ) -> bool {
        let period = spending
            .period_seconds
            .max(spending.known_seconds);
        let [known, period, window, long] = [
            spending.known_seconds,
            period,
            window.as_seconds(),
            long.as_seconds(),
        ]
        .map(u64::from);
        // Counts lie below 2^64, 10^15 below 2^50, share and budget together below 2^50: no product
        // of the first factors reaches 2^114. Two lengths of 32 bits each make 64.
        let spent = u128::from(spending.bad.millionths()) * 1_000_000_000_000_000;
        let allowed = u128::from(self.0)
            * u128::from(target.budget_ppb())
            * u128::from(spending.total.millionths());
        !spending.bad.is_zero() && wide(spent, known * long) >= wide(allowed, period * window)
    }
}

/// The product, as its upper and its lower 128 bits.
const fn wide(value: u128, times: u64) -> (u128, u128) {
    let times = times as u128;
    let low = (value & LOW_HALF) * times;
    let middle = (value >> 64) * times + (low >> 64);
    (middle >> 64, (middle << 64) + (low & LOW_HALF))
}

impl FromStr for BudgetShare {
    type Err = ParseBudgetShareError;

    fn from_str(text: &str) -> Result<Self, ParseBudgetShareError> {
        Decimal::in_parts(text, 6)
            .filter(|millionths| (1..=MILLION).contains(millionths))
            .map(Self)
            .ok_or(ParseBudgetShareError)
    }
}

impl fmt::Display for BudgetShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), u128::from(MILLION))
    }
}

impl fmt::Debug for BudgetShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<BudgetShare> for String {
    fn from(share: BudgetShare) -> Self {
        share.to_string()
    }
}

impl TryFrom<String> for BudgetShare {
    type Error = ParseBudgetShareError;

    fn try_from(text: String) -> Result<Self, ParseBudgetShareError> {
        text.parse()
    }
}

/// Parts of the whole in which shares are held.
const MILLION: u32 = 1_000_000;
/// The lower half of 128 bits.
const LOW_HALF: u128 = u64::MAX as u128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MONTH: u32 = 30 * 86_400;

    fn share(text: &str) -> BudgetShare {
        text.parse().expect(text)
    }

    fn spending(bad: u64, total: u64) -> Spending {
        Spending {
            bad: Count::events(bad).expect("fits"),
            total: Count::events(total).expect("fits"),
            known_seconds: MONTH,
            period_seconds: MONTH,
        }
    }

    /// `docs/mathematics.md` 7.1: at 99.9 %, a million events allow a thousand bad ones; 2 % are twenty.
    #[test]
    fn a_share_is_reached_by_that_much_of_the_whole_allowance() {
        let target = "99.9".parse().expect("a target");
        let reached = |bad| {
            let long = Span::hours(1);
            share("0.02").is_reached_by(&spending(bad, 1_000_000), target, long, long)
        };
        assert_eq!((reached(19), reached(20)), (false, true));
    }

    #[test]
    fn a_share_is_written_as_it_is_read() {
        let held = share("0.020000");
        assert_eq!(held.as_f64().to_string(), "0.02");
        assert_eq!(
            (String::from(held), format!("{held:?}")),
            ("0.02".to_owned(), "0.02".to_owned())
        );
    }

    #[test]
    fn a_short_window_asks_for_its_part_of_the_share() {
        let target = "99.9".parse().expect("a target");
        let reached = |bad| {
            let (short, long) = (Span::minutes(15), Span::hours(1));
            share("0.02").is_reached_by(&spending(bad, 1_000_000), target, short, long)
        };
        assert_eq!((reached(4), reached(5)), (false, true));
    }

    #[test]
    fn a_young_period_is_taken_to_go_on_as_it_began() {
        let target = "99.9".parse().expect("a target");
        let long = Span::hours(1);
        let young = |bad| Spending {
            known_seconds: MONTH / 10,
            ..spending(bad, 100_000)
        };
        let reached = |bad| share("0.02").is_reached_by(&young(bad), target, long, long);
        assert_eq!((reached(19), reached(20)), (false, true));
    }

    #[test]
    fn nothing_bad_reaches_no_share() {
        let target = "99.9".parse().expect("a target");
        let nothing = Spending {
            known_seconds: 0,
            ..spending(0, 0)
        };
        assert!(!share("0.000001").is_reached_by(&nothing, target, Span::MAX, Span::SECOND));
    }

    #[test]
    fn a_share_is_a_decimal_above_none_and_at_most_all() {
        for text in ["0", "0.0000001", "1.000001", "-1", "2 %", "", "1e-2"] {
            assert_eq!(
                text.parse::<BudgetShare>(),
                Err(ParseBudgetShareError),
                "{text}"
            );
        }
        for text in ["0.000001", "0.02", "1"] {
            assert_eq!(share(text).to_string(), text);
        }
    }

    proptest! {
        /// L36: no overflow for any input, and the product is the product.
        #[test]
        fn a_product_of_any_size_is_exact(value: u128, times: u64) {
            let (high, low) = wide(value, times);
            prop_assert_eq!(low, value.wrapping_mul(u128::from(times)));
            prop_assert_eq!(high == 0, value.checked_mul(u128::from(times)).is_some());
        }

        #[test]
        fn more_bad_never_leaves_a_share_unreached(
            bad: u64, more: u64, total: u64, known_seconds: u32, period_seconds: u32,
            share in 1..=MILLION, budget in 1_u32..1_000_000_000, window: u32, long: u32,
        ) {
            let target = Target::from_budget_ppb(budget).expect("legal");
            let reached = |bad| {
                let (bad, total) = (Count::from_millionths(bad), Count::from_millionths(total));
                let spending = Spending { bad, total, known_seconds, period_seconds };
                BudgetShare(share).is_reached_by(
                    &spending, target, Span::seconds(window), Span::seconds(long),
                )
            };
            prop_assert!(!reached(bad) || reached(bad.saturating_add(more)));
        }
    }
}
