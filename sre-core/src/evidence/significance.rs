//! The exact gate: a rule is held back until chance alone hardly explains what it saw.
//!
//! A service that sits exactly at a rule's line `θ` shows `k` or more bad events of `n` with the
//! probability `P(Bin(n, θ) ≥ k)`. The gate opens at the smallest `k` for which that is at most `α`.
//! The tail is summed as weights beside that of the most likely count, upwards rounded, over the sum
//! of all weights, downwards rounded: what is compared is a bound, and no logarithm is needed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::bound::Bound;
use crate::decimal::Decimal;
use crate::policy::Line;
use crate::target::write_decimal;

/// How probable it may be that a service at the line of a rule trips it by chance, at every look: in
/// parts per billion, at most a tenth.
///
/// ```
/// use sre_core::evidence::SignificanceLevel;
/// use sre_core::policy::{BurnLevel, BurnRule};
/// use sre_core::time::Span;
///
/// let (hour, month) = (Span::hours(1), Span::days(30));
/// let rule = BurnRule::new(BurnLevel::Emergency, "14.4".parse()?, hour, Span::minutes(5));
/// let line = rule.line("99.9".parse()?, month); // 1.44 %
/// let level: SignificanceLevel = "0.0001".parse()?;
/// assert_eq!(level.bad_needed(10, &line), Some(4));
/// assert_eq!(level.bad_needed(1_000, &line), Some(31));
/// assert_eq!(level.bad_needed(0, &line), None); // nothing proves nothing
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct SignificanceLevel(u32);

/// Why a text is not a level of significance.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "a level of significance is a decimal above 0 and at most 0.1 with at most 9 decimals, such as \
     0.0001"
)]
pub struct ParseSignificanceError;

impl SignificanceLevel {
    /// The level in parts per billion, `0 < n ≤ 10⁸`.
    #[must_use]
    pub const fn ppb(self) -> u32 {
        self.0
    }

    /// The value as a float, for showing.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e9
    }

    /// The smallest number of bad events of so many that is significant: the smallest `k` with
    /// `P(Bin(events, line) ≥ k) ≤ level`. `None` where even all of them would not be, and for a line
    /// that nothing lies above.
    ///
    /// The tail is an upper bound, off by less than one part in 10¹², so never too small a `k`. Up to
    /// ten million events it is summed, in about a dozen standard deviations of steps; above, where it
    /// costs less than a thousandth of `k`, Bernstein's inequality takes its place.
    #[must_use]
    pub fn bad_needed(self, events: u64, line: &Line) -> Option<u64> {
        if line.numerator() >= line.denominator() {
            None
        } else if events > SUMMED_MAX {
            self.by_bernstein(events, line)
        } else {
            self.by_summing(events, line)
        }
    }

    fn by_summing(self, events: u64, line: &Line) -> Option<u64> {
        let (line, all) = (line.numerator(), line.denominator());
        let rest = all - line;
        // 2^24 events times 2^93.
        let mode = u64::try_from((u128::from(events) + 1) * line / all)
            .unwrap_or(events)
            .min(events);
        let above = weights_above::<true>(mode, events, Bound::ratio(line, rest));
        let whole = weights_above::<false>(mode, events, Bound::ratio(line, rest))
            .into_iter()
            .chain(weights_below(mode, events, Bound::ratio(rest, line)))
            .fold(Bound::ratio(0, 1), Bound::<false>::plus);
        let allowed = whole.times(u64::from(self.0));
        // What lies beyond the last weight is no more than that weight, so often as there are counts.
        let last = mode
            + u64::try_from(above.len())
                .unwrap_or(0)
                .saturating_sub(1);
        let mut tail = above
            .last()
            .map_or(Bound::ONE, |weight| weight.times(events - last));
        let mut needed = None;
        for (weight, bad) in above
            .into_iter()
            .rev()
            .zip((mode..=last).rev())
        {
            tail = tail.plus(weight);
            if !tail.times(BILLION).is_at_most(allowed) {
                break;
            }
            needed = Some(bad);
        }
        needed
    }

    /// `P(X − nθ ≥ t) ≤ exp(−t² ÷ 2(V + t/3))` with the variance `V ≤ nθ`: so `t` is the larger root of
    /// `3t² − 2Lt − 6LV = 0`, rounded up, for a whole `L ≥ ln(1/α)`.
    fn by_bernstein(self, events: u64, line: &Line) -> Option<u64> {
        let mean = Bound::<true>::ratio(line.numerator(), line.denominator())
            .times(events)
            .ceil();
        // e > 2718281828 ÷ 10⁹, so each step is a little less than a division by e.
        let mut held = Bound::<true>::ONE.times(BILLION);
        let level = Bound::<false>::ONE.times(u64::from(self.0));
        let mut log = 0_u128;
        while !held.is_at_most(level) {
            held = held.times(BILLION).over(2_718_281_828);
            log += 1;
        }
        let root = (log * log)
            .saturating_add(mean.saturating_mul(18 * log))
            .isqrt()
            + 1;
        let needed = mean.saturating_add((log + root).div_ceil(3));
        u64::try_from(needed)
            .ok()
            .filter(|needed| *needed <= events)
    }
}

/// The weights of the counts from the most likely one up, that one's being 1, until nothing is left
/// or they are too small to matter.
fn weights_above<const UP: bool>(mode: u64, events: u64, odds: Bound<UP>) -> Vec<Bound<UP>> {
    let step = |held: &(u64, Bound<UP>)| {
        let (bad, weight) = *held;
        let is_last = bad == events || weight.is_below(NEGLIGIBLE);
        (!is_last).then(|| {
            let next = weight
                .times(events - bad)
                .over(bad + 1)
                .by(odds);
            (bad + 1, next)
        })
    };
    std::iter::successors(Some((mode, Bound::ONE)), step)
        .map(|(_, weight)| weight)
        .collect()
}

/// The weights of the counts below the most likely one, from there down.
fn weights_below(
    mode: u64,
    events: u64,
    inverse_odds: Bound<false>,
) -> impl Iterator<Item = Bound<false>> {
    let step = move |held: &(u64, Bound<false>)| {
        let (bad, weight) = *held;
        let is_last = bad == 0 || weight.is_below(NEGLIGIBLE);
        (!is_last).then(|| {
            let next = weight
                .times(bad)
                .over(events - bad + 1)
                .by(inverse_odds);
            (bad - 1, next)
        })
    };
    std::iter::successors(Some((mode, Bound::ONE)), step)
        .skip(1)
        .map(|(_, weight)| weight)
}

impl FromStr for SignificanceLevel {
    type Err = ParseSignificanceError;

    fn from_str(text: &str) -> Result<Self, ParseSignificanceError> {
        Decimal::in_parts(text, 9)
            .filter(|ppb| (1..=TENTH).contains(ppb))
            .map(Self)
            .ok_or(ParseSignificanceError)
    }
}

impl fmt::Display for SignificanceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), u128::from(BILLION))
    }
}

impl fmt::Debug for SignificanceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<SignificanceLevel> for String {
    fn from(level: SignificanceLevel) -> Self {
        level.to_string()
    }
}

impl TryFrom<String> for SignificanceLevel {
    type Error = ParseSignificanceError;

    fn try_from(text: String) -> Result<Self, ParseSignificanceError> {
        text.parse()
    }
}

/// Parts of the whole in which levels are held.
const BILLION: u64 = 1_000_000_000;
/// The least strict level: a service at the line shows its most likely count or more with a
/// probability of at least a quarter, so the gate always lies above that count.
const TENTH: u32 = 100_000_000;
/// Up to so many events the tail is summed: a few thousand steps, about a millisecond.
const SUMMED_MAX: u64 = 10_000_000;
/// A weight below 2 to this power, times ten million, is less than 10⁻²¹ of the whole; the strictest
/// level is 10⁻⁹.
const NEGLIGIBLE: i32 = -96;

#[cfg(test)]
mod tests;
