//! Classic histograms: cumulative buckets, and what can and cannot be said from them.
//!
//! A bucket counts the observations that are at most its upper bound. So the share of requests that
//! took at most T is *known* where T is a bound, and lies *between* two shares where T is inside a
//! bucket: with 0.1:900, 0.5:990, +Inf:1000 and T = 0.3 an interpolation says 94.5 %, but the truth
//! lies anywhere from 90 % to 99 %. [`Histogram::share_within`] answers both ends, as exact counts,
//! and an SLO counts the lower one: bad is never understated.
//!
//! [`Histogram::quantile`] and [`Histogram::fraction`] interpolate as Prometheus does
//! (`promql/quantile.go`), for showing. Quantiles cannot be added or averaged: [`Histogram::merge`]
//! buckets and compute anew.
//!
//! Bounds are floats, because they are what a client library compares its observations with: two
//! spellings of one number (`le="1"`, `le="1.0"`) are one [`Bound`].

use thiserror::Error;

use crate::count::{Count, Counts};

mod bound;
mod quantile;
mod series;

pub use bound::{Bound, Bracket, BracketError, ParseBoundError};
pub use series::{LE, bound_of, within};

/// Cumulative counts by upper bound, ascending.
///
/// ```
/// use sre_core::count::{Count, Counts};
/// use sre_core::histogram::Histogram;
///
/// let count = |n| Count::events(n).expect("fits");
/// let buckets = [("0.1", 900), ("0.5", 990), ("+Inf", 1_000)];
/// let buckets = buckets.map(|(le, n)| (le.parse().expect("a bound"), count(n)));
/// let histogram = Histogram::new(buckets)?;
///
/// let share = histogram.share_within("0.3".parse()?).expect("there are requests");
/// assert_eq!((share.lowest, share.highest), (Counts::events(900, 1_000)?, Counts::events(990, 1_000)?));
/// assert!(histogram.share_within("0.5".parse()?).is_some_and(|share| share.is_exact()));
/// assert_eq!(histogram.quantile(0.9), Some(0.1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Histogram {
    buckets: Vec<Bucket>,
    is_flattened: bool,
}

/// How many observations were at most a bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bucket {
    /// The upper bound, inclusive.
    pub le: Bound,
    /// All observations up to it.
    pub count: Count,
}

/// Why counts are no histogram, or cannot be merged into one.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum HistogramError {
    /// A sum that no count can hold.
    #[error("the counts of a bucket do not fit")]
    TooLarge,
    /// Buckets of other bounds cannot be added.
    #[error("the histograms have different bounds")]
    DifferentBounds,
}

/// Between which shares the truth lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ShareBounds {
    /// What is known to be within, as good, and the rest.
    pub lowest: Counts,
    /// What may be within, as good, and the rest.
    pub highest: Counts,
}

impl ShareBounds {
    /// Whether nothing is left to guess: the limit is the bound of a bucket, or no observation fell
    /// into the bucket around it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.lowest == self.highest
    }
}

impl Histogram {
    /// A histogram of cumulative counts, in any order. Counts of equal bounds are added. A count
    /// below that of a smaller bound cannot be; it is raised to it ("forced monotonic"), and
    /// [`Histogram::is_flattened`] tells it where it is more than floating noise (10⁻¹² of both).
    ///
    /// # Errors
    ///
    /// [`HistogramError::TooLarge`].
    pub fn new(buckets: impl IntoIterator<Item = (Bound, Count)>) -> Result<Self, HistogramError> {
        let mut given: Vec<_> = buckets.into_iter().collect();
        given.sort_by_key(|(le, _)| *le);
        let mut buckets: Vec<Bucket> = Vec::with_capacity(given.len());
        for (le, count) in given {
            match buckets.last_mut() {
                Some(last) if last.le == le => {
                    last.count = last
                        .count
                        .checked_add(count)
                        .ok_or(HistogramError::TooLarge)?;
                }
                _ => buckets.push(Bucket { le, count }),
            }
        }
        let mut is_flattened = false;
        let mut highest = Count::ZERO;
        for bucket in &mut buckets {
            if bucket.count < highest {
                is_flattened |= !is_noise(bucket.count, highest);
                bucket.count = highest;
            }
            highest = bucket.count;
        }
        Ok(Self {
            buckets,
            is_flattened,
        })
    }

    /// The buckets, ascending.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Whether a count had to be raised to that of a smaller bound: a data fault, worth telling.
    #[must_use]
    pub const fn is_flattened(&self) -> bool {
        self.is_flattened
    }

    /// All observations; `None` without a bucket of bound +Inf, for then nobody knows.
    #[must_use]
    pub fn total(&self) -> Option<Count> {
        self.buckets
            .last()
            .filter(|last| last.le == Bound::INFINITY)
            .map(|last| last.count)
    }

    /// Between which counts those lie that are at most `limit`; `None` without an observation.
    /// Exact integers (`docs/mathematics.md` 3.2): `lowest` is the count of the greatest bound that is at
    /// most the limit, `highest` that of the least bound that is at least the limit.
    #[must_use]
    pub fn share_within(&self, limit: Bound) -> Option<ShareBounds> {
        let total = self
            .total()
            .filter(|total| !total.is_zero())?;
        let below = self
            .buckets
            .iter()
            .rev()
            .find(|bucket| bucket.le <= limit);
        let above = self
            .buckets
            .iter()
            .find(|bucket| bucket.le >= limit)?;
        let counts = |good| Counts::new(good, total).ok();
        Some(ShareBounds {
            lowest: counts(below.map_or(Count::ZERO, |bucket| bucket.count))?,
            highest: counts(above.count)?,
        })
    }

    /// Both together: buckets of equal bounds are added. Associative, commutative, and exact.
    ///
    /// # Errors
    ///
    /// [`HistogramError::DifferentBounds`], [`HistogramError::TooLarge`].
    pub fn merge(&self, other: &Self) -> Result<Self, HistogramError> {
        let bounds = |histogram: &Self| -> Vec<Bound> {
            histogram
                .buckets
                .iter()
                .map(|bucket| bucket.le)
                .collect()
        };
        if bounds(self) != bounds(other) {
            return Err(HistogramError::DifferentBounds);
        }
        let both = self
            .buckets
            .iter()
            .chain(&other.buckets);
        let merged = Self::new(both.map(|bucket| (bucket.le, bucket.count)))?;
        Ok(Self {
            is_flattened: self.is_flattened || other.is_flattened,
            ..merged
        })
    }
}

/// Whether two counts differ by less than 10⁻¹² of their sum.
fn is_noise(one: Count, other: Count) -> bool {
    let (one, other) = (u128::from(one.millionths()), u128::from(other.millionths()));
    // A difference of counts is below 2⁶⁴, and so is 10¹².
    one.abs_diff(other)
        .saturating_mul(1_000_000_000_000)
        < one.saturating_add(other)
}

#[cfg(test)]
mod tests;
