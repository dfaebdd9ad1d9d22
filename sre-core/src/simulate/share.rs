//! Shares of an error budget, kept in millionths of it and compared exactly.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::count::Count;
use crate::decimal::Decimal;
use crate::evaluation::Evaluation;

/// A share of an error budget: above 1 it is overspent.
///
/// ```
/// use sre_core::simulate::SpentShare;
///
/// let share: SpentShare = "2.5".parse()?; // per cent
/// assert_eq!(share.millionths(), 25_000);
/// assert_eq!(share.to_string(), "2.5");
/// assert!("0".parse::<SpentShare>().is_err());
/// # Ok::<(), sre_core::simulate::SpentShareError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SpentShare(u64);

/// Why a text is not a share of a budget.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be more than 0 and at most 10000 per cent, with at most 4 decimals")]
pub struct SpentShareError;

impl SpentShare {
    /// A hundredth of the budget.
    pub const ONE_PERCENT: Self = Self(10_000);

    /// The share in millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// The share in per cent, for showing.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    #[must_use]
    pub fn as_percentage(self) -> f64 {
        self.0 as f64 / 10_000.0
    }
}

impl FromStr for SpentShare {
    type Err = SpentShareError;

    fn from_str(text: &str) -> Result<Self, SpentShareError> {
        Decimal::in_parts(text, 4)
            .filter(|millionths| (1..=MILLIONTHS_MAX).contains(millionths))
            .map(Self)
            .ok_or(SpentShareError)
    }
}

impl fmt::Display for SpentShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_percentage(), f)
    }
}

/// What the whole window of an SLO allows, as it looked at one instant: of a window that is filled in
/// part, what it will allow at the same traffic. In 10⁻¹⁵ of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Allowance(u128);

impl Allowance {
    /// The allowance that an evaluation found; `None` while the window holds no event.
    #[must_use]
    pub fn of(found: &Evaluation) -> Option<Self> {
        let (_, allowed) = found.budget?.parts()?;
        let (filled, window) = (found.filled_seconds, found.window.as_seconds());
        if filled >= window {
            return Some(Self(allowed));
        }
        // Below 2^94, times 2^29 seconds.
        let projected = allowed.saturating_mul(u128::from(window));
        projected
            .checked_div(u128::from(filled))
            .map(Self)
    }

    /// Whether so many bad events are at least this share of it: `bad ÷ allowed ≥ share`.
    #[must_use]
    pub fn is_spent_by(self, bad: Count, share: SpentShare) -> bool {
        let spent = spent(bad).saturating_mul(MILLION);
        // A line that does not fit lies above everything that can be spent, which is below 2^114.
        self.0
            .checked_mul(u128::from(share.0))
            .is_some_and(|line| spent >= line)
    }

    /// The share that so many bad events are, cut to millionths.
    #[must_use]
    pub fn share(self, bad: Count) -> SpentShare {
        let share = spent(bad)
            .saturating_mul(MILLION)
            .checked_div(self.0);
        SpentShare(share.map_or(u64::MAX, |share| u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

/// Bad events in 10⁻¹⁵ of one.
fn spent(bad: Count) -> u128 {
    u128::from(bad.millionths()) * BILLION
}

const MILLION: u128 = 1_000_000;
const BILLION: u128 = 1_000_000_000;
/// A hundred whole budgets: what spends more is one event under any yardstick.
const MILLIONTHS_MAX: u64 = 100_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_exactly_or_refused() {
        let millionths = |text: &str| text.parse().map(SpentShare::millionths);
        assert_eq!(millionths("1"), Ok(10_000));
        assert_eq!(millionths("0.0001"), Ok(1));
        assert_eq!(millionths("10000"), Ok(100_000_000));
        for refused in ["0", "0.00001", "10000.0001", "-1", "1e2", "", "x"] {
            assert_eq!(millionths(refused), Err(SpentShareError), "{refused}");
        }
    }

    #[test]
    fn a_share_is_reached_at_its_line_and_not_a_millionth_of_an_event_below() {
        // 1 % of 43 200 allowed events of 30 days at 99.9 %: 432.
        let allowed = Allowance(43_200 * MILLION * BILLION);
        let line = Count::events(432).unwrap();
        let below = Count::from_millionths(line.millionths() - 1);
        assert!(allowed.is_spent_by(line, SpentShare::ONE_PERCENT));
        assert!(!allowed.is_spent_by(below, SpentShare::ONE_PERCENT));
        assert_eq!(allowed.share(line), SpentShare::ONE_PERCENT);
        assert_eq!(allowed.share(below).millionths(), 9_999);
    }

    #[test]
    fn what_cannot_be_counted_is_no_panic() {
        let most = Count::from_millionths(u64::MAX);
        assert_eq!(Allowance(0).share(most).millionths(), u64::MAX);
        assert_eq!(Allowance(1).share(most).millionths(), u64::MAX);
        assert!(!Allowance(u128::MAX).is_spent_by(most, SpentShare(2)));
    }
}
