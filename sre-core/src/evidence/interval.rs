//! Where the true error ratio may lie, for showing.

use super::beta::beta_quantile;
use crate::count::Counts;
use crate::target::Target;

/// Whole bad events among whole events: what an interval is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trials {
    bad: u64,
    total: u64,
}

/// The ends of a two-sided interval of 95 % for the error ratio, `0 ≤ low ≤ high ≤ 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConfidenceInterval {
    /// The smallest error ratio that is still believed.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// What an interval says of a target, beside the exact answer, which it never replaces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Certainty {
    /// All of the interval keeps the target.
    Met,
    /// All of it misses the target.
    Missed,
    /// The target lies inside.
    Uncertain,
}

impl Trials {
    /// So many bad among `total`; `None` without events, and for more bad than total.
    #[must_use]
    pub const fn new(bad: u64, total: u64) -> Option<Self> {
        if total == 0 || bad > total {
            None
        } else {
            Some(Self { bad, total })
        }
    }

    /// Whole events of `counts`, rounded down; `None` without one.
    #[must_use]
    pub const fn of(counts: Counts) -> Option<Self> {
        Self::new(counts.bad().whole_events(), counts.total().whole_events())
    }

    /// How many there were.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.total
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only ever shown, and counts lie below 2^53"
    )]
    fn as_floats(self) -> (f64, f64) {
        (self.bad as f64, self.total as f64)
    }
}

impl ConfidenceInterval {
    /// What the interval says of the target: `Met` where it lies within the budget, `Missed` where it
    /// lies beyond.
    ///
    /// ```
    /// use sre_core::evidence::{Certainty, Trials, wilson};
    ///
    /// let target = "99.9".parse()?;
    /// let of = |bad, total| Trials::new(bad, total).map(|seen| wilson(seen).certainty(target));
    /// assert_eq!(of(0, 100), Some(Certainty::Uncertain)); // met so far, and proves little
    /// assert_eq!(of(0, 10_000), Some(Certainty::Met));
    /// assert_eq!(of(10, 100), Some(Certainty::Missed));
    /// assert_eq!(of(0, 0), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn certainty(self, target: Target) -> Certainty {
        let budget = f64::from(target.budget_ppb()) / 1e9;
        if self.high <= budget {
            Certainty::Met
        } else if self.low > budget {
            Certainty::Missed
        } else {
            Certainty::Uncertain
        }
    }
}

impl Certainty {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Uncertain => "uncertain",
        }
    }
}

/// Wilson's score interval, `(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n)`: near the stated
/// confidence for any count, and cheap.
///
/// ```
/// use sre_core::evidence::{Trials, wilson};
///
/// let seen = wilson(Trials::new(1, 10).ok_or("legal")?);
/// assert!((seen.low - 0.017_876_21).abs() < 5e-9 && (seen.high - 0.404_150_03).abs() < 5e-9);
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn wilson(trials: Trials) -> ConfidenceInterval {
    let (bad, total) = trials.as_floats();
    let ratio = bad / total;
    let square = Z * Z;
    let scale = 1.0 + square / total;
    let centre = (ratio + square / (2.0 * total)) / scale;
    let variance = ratio * (1.0 - ratio) / total + square / (4.0 * total * total);
    let half = Z / scale * variance.sqrt();
    trials.ends(centre - half, centre + half)
}

/// The interval of Clopper and Pearson, `[B(α/2; k, n−k+1), B(1−α/2; k+1, n−k)]`: it never covers less
/// than stated, and is the widest. Above ten million events it is Wilson's, which then differs by less
/// than a millionth.
///
/// ```
/// use sre_core::evidence::{Trials, clopper_pearson};
///
/// // Nothing bad in 100 proves no more than that at most 3.6 % are: 1 − (0.025)^(1/100).
/// let interval = clopper_pearson(Trials::new(0, 100).ok_or("legal")?);
/// assert!(interval.low == 0.0 && (interval.high - 0.036_217).abs() < 1e-5);
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn clopper_pearson(trials: Trials) -> ConfidenceInterval {
    if trials.total > QUANTILES_MAX {
        return wilson(trials);
    }
    let (bad, total) = trials.as_floats();
    let good = total - bad;
    trials.ends(
        beta_quantile(ALPHA / 2.0, bad, good + 1.0),
        beta_quantile(1.0 - ALPHA / 2.0, bad + 1.0, good),
    )
}

/// Jeffreys' interval, the quantiles of `Beta(k + ½, n − k + ½)`: the ratios that are believed after
/// the count by who believed nothing in particular before. Above ten million events it is Wilson's.
///
/// ```
/// use sre_core::evidence::{Trials, clopper_pearson, jeffreys};
///
/// // Inside of the exact interval, which covers at least as much as it says.
/// let trials = Trials::new(5, 1_000).ok_or("legal")?;
/// let (narrow, wide) = (jeffreys(trials), clopper_pearson(trials));
/// assert!(wide.low < narrow.low && narrow.high < wide.high);
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn jeffreys(trials: Trials) -> ConfidenceInterval {
    if trials.total > QUANTILES_MAX {
        return wilson(trials);
    }
    let (bad, total) = trials.as_floats();
    let (a, b) = (bad + 0.5, total - bad + 0.5);
    trials.ends(
        beta_quantile(ALPHA / 2.0, a, b),
        beta_quantile(1.0 - ALPHA / 2.0, a, b),
    )
}

impl Trials {
    /// An interval that begins at 0 without anything bad, and ends at 1 without anything good.
    fn ends(self, low: f64, high: f64) -> ConfidenceInterval {
        ConfidenceInterval {
            low: if self.bad == 0 { 0.0 } else { low.max(0.0) },
            high: if self.bad == self.total {
                1.0
            } else {
                high.min(1.0)
            },
        }
    }
}

/// What is left outside of both ends.
const ALPHA: f64 = 0.05;
/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// Up to so many events quantiles are searched: a few milliseconds.
const QUANTILES_MAX: u64 = 10_000_000;

#[cfg(test)]
mod tests;
