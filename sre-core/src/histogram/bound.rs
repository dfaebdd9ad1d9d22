//! The upper bounds of buckets, and between which of them a limit lies.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::latency::{Latency, LatencyUnit};

/// The upper bound of a bucket: a number or +Inf. Compared as a number, however it is spelled.
///
/// ```
/// use sre_core::histogram::Bound;
///
/// let one: Bound = "1".parse()?;
/// assert_eq!(one, "1.0".parse()?);
/// assert!(one < "+Inf".parse()?);
/// assert!("NaN".parse::<Bound>().is_err());
/// # Ok::<(), sre_core::histogram::ParseBoundError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct Bound(f64);

/// Why a text is not a [`Bound`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the bound of a bucket is a number or +Inf")]
pub struct ParseBoundError;

impl Bound {
    /// The bound of the last bucket.
    pub const INFINITY: Self = Self(f64::INFINITY);

    /// A number as a bound; `None` for NaN and for -Inf, which bounds nothing.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero makes -0 to 0, so that one number has one order.
        (value > f64::NEG_INFINITY).then_some(Self(value + 0.0))
    }

    /// The bound that a time is, in the unit of its histogram: the float nearest to it, which is
    /// what a client library makes of its decimal text.
    #[must_use]
    pub fn of(latency: Latency, unit: LatencyUnit) -> Self {
        let one = match unit {
            LatencyUnit::Seconds => 1e9,
            LatencyUnit::Milliseconds => 1e6,
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "at most 30 days of nanoseconds, below 2⁵³: exact, so the division is the only rounding"
        )]
        let nanos = latency.as_nanos() as f64;
        Self(nanos / one)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Whether it is a number.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    /// The order of numbers: there is neither NaN nor -0 among bounds.
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl FromStr for Bound {
    type Err = ParseBoundError;

    fn from_str(text: &str) -> Result<Self, ParseBoundError> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or(ParseBoundError)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_finite() {
            write!(f, "{}", self.0)
        } else {
            f.write_str("+Inf")
        }
    }
}

impl From<Bound> for String {
    fn from(bound: Bound) -> Self {
        bound.to_string()
    }
}

impl TryFrom<String> for Bound {
    type Error = ParseBoundError;

    fn try_from(text: String) -> Result<Self, ParseBoundError> {
        text.parse()
    }
}

/// The finite bounds next to a limit; one bound twice where the limit is one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Bracket {
    /// The greatest bound that is at most the limit: what is counted as good.
    pub below: Bound,
    /// The least bound that is at least the limit.
    pub above: Bound,
}

/// Why nothing can be counted by a limit.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum BracketError {
    /// No bucket has a finite bound.
    #[error("the histogram has no finite bucket")]
    Empty,
    /// No bucket ends at or below the limit: nothing would ever be known to be good.
    #[error("the threshold lies below the lowest bucket, {0}")]
    BelowLowest(Bound),
    /// No finite bucket ends at or above the limit: what lies beyond the last one is known of none.
    #[error("the threshold lies above the highest bucket, {0}")]
    AboveHighest(Bound),
}

impl Bracket {
    /// Between which of these bounds a limit lies.
    ///
    /// # Errors
    ///
    /// [`BracketError`].
    pub fn of(limit: Bound, bounds: impl IntoIterator<Item = Bound>) -> Result<Self, BracketError> {
        let bounds: Vec<_> = bounds
            .into_iter()
            .filter(|bound| bound.is_finite())
            .collect();
        let (Some(lowest), Some(highest)) = (bounds.iter().min(), bounds.iter().max()) else {
            return Err(BracketError::Empty);
        };
        let below = bounds
            .iter()
            .filter(|bound| **bound <= limit)
            .max();
        let above = bounds
            .iter()
            .filter(|bound| **bound >= limit)
            .min();
        match (below, above) {
            (Some(below), Some(above)) => Ok(Self {
                below: *below,
                above: *above,
            }),
            (None, _) => Err(BracketError::BelowLowest(*lowest)),
            (_, None) => Err(BracketError::AboveHighest(*highest)),
        }
    }

    /// Whether the limit is a bound, so that good is known and not only bounded.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.below == self.above
    }
}
