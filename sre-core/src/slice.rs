//! Slices: everything is counted once, into aligned intervals of one SLO.
//!
//! Every window, budget, burn rate and chart is a sum over slices. A slice says how much was good
//! and bad in it **and whether it was measured at all**: what nobody measured is never good.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::count::Counts;
use crate::time::{HOUR, Interval, Span, at_second};

/// The length of a slice: 10, 15, 20 or 30 seconds, or 1, 5 or 15 minutes; each divides an hour.
///
/// ```
/// use sre_core::slice::SliceWidth;
/// use sre_core::time::{Interval, at_second};
///
/// let width: SliceWidth = "5m".parse()?;
/// assert_eq!(width.per_hour(), 12);
/// // An instant on an edge belongs to the slice that begins there.
/// assert_eq!(width.index_of(at_second(600)), 2);
/// assert_eq!(width.interval(2), Interval::new(at_second(600), at_second(900)));
/// assert_eq!((width.floor(at_second(899)), width.ceil(at_second(899))), (at_second(600), at_second(900)));
/// assert!("7m".parse::<SliceWidth>().is_err()); // does not divide an hour
/// # Ok::<(), sre_core::slice::SliceWidthError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct SliceWidth(Span);

/// Why a span is not a slice width.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a slice is one of 10s, 15s, 20s, 30s, 1m, 5m and 15m")]
pub struct SliceWidthError;

impl SliceWidth {
    /// Ten seconds, the finest.
    pub const TEN_SECONDS: Self = Self(Span::seconds(10));
    /// One minute, the default: as fine as most scrape intervals.
    pub const MINUTE: Self = Self(Span::minutes(1));

    /// `span` as a slice width.
    ///
    /// # Errors
    ///
    /// [`SliceWidthError`] for a length that is not in the list.
    pub fn new(span: Span) -> Result<Self, SliceWidthError> {
        match span.as_seconds() {
            10 | 15 | 20 | 30 | 60 | 300 | 900 => Ok(Self(span)),
            _ => Err(SliceWidthError),
        }
    }

    /// The length.
    #[must_use]
    pub const fn span(self) -> Span {
        self.0
    }

    /// How many slices make an hour.
    #[must_use]
    pub const fn per_hour(self) -> usize {
        (HOUR / self.0.as_seconds()) as usize
    }

    /// The number of the slice that `at` lies in, counted from the epoch; also before 1970.
    #[must_use]
    pub fn index_of(self, at: DateTime<Utc>) -> i64 {
        at.timestamp()
            .div_euclid(self.0.as_secs_i64())
    }

    /// The stretch of slice number `index`.
    #[must_use]
    pub fn interval(self, index: i64) -> Interval {
        let start = at_second(index.saturating_mul(self.0.as_secs_i64()));
        let end = start.checked_add_signed(self.0.as_delta());
        Interval::new(start, end.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// The latest edge between slices that is not after `at`.
    #[must_use]
    pub fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.interval(self.index_of(at)).start()
    }

    /// The earliest edge between slices that is not before `at`.
    #[must_use]
    pub fn ceil(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let floor = self.floor(at);
        if floor == at {
            at
        } else {
            floor + self.0.as_delta()
        }
    }
}

impl Default for SliceWidth {
    fn default() -> Self {
        Self::MINUTE
    }
}

impl FromStr for SliceWidth {
    type Err = SliceWidthError;

    fn from_str(text: &str) -> Result<Self, SliceWidthError> {
        Self::new(
            text.parse()
                .map_err(|_| SliceWidthError)?,
        )
    }
}

impl fmt::Display for SliceWidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The contract's own spelling of the default is in seconds.
        match self.0.as_seconds() {
            60 => write!(f, "60s"),
            _ => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl From<SliceWidth> for String {
    fn from(width: SliceWidth) -> Self {
        width.to_string()
    }
}

impl TryFrom<String> for SliceWidth {
    type Error = SliceWidthError;

    fn try_from(text: String) -> Result<Self, SliceWidthError> {
        text.parse()
    }
}

/// What is known of one slice.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::slice::Slice;
///
/// // Nothing happened, and somebody looked: that is not the same as that nobody looked.
/// let idle = Slice::Measured(Counts::NONE);
/// assert!(idle.is_measured() && !Slice::Unmeasured.is_measured());
/// assert_eq!(idle.counts(), Slice::Unmeasured.counts());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Slice {
    /// Nobody measured: in no sum, against coverage.
    #[default]
    Unmeasured,
    /// Measured; without any event when the total is zero (no traffic).
    Measured(Counts),
}

impl Slice {
    /// What the slice adds to a sum.
    #[must_use]
    pub const fn counts(self) -> Counts {
        match self {
            Self::Unmeasured => Counts::NONE,
            Self::Measured(counts) => counts,
        }
    }

    /// Whether somebody measured.
    #[must_use]
    pub const fn is_measured(self) -> bool {
        matches!(self, Self::Measured(_))
    }
}

/// A sum over slices.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::slice::{Slice, Sums};
///
/// let slices = [
///     Slice::Measured(Counts::events(99, 100)?),
///     Slice::Unmeasured,
///     Slice::Measured(Counts::events(300, 300)?),
/// ];
/// let sums = slices
///     .into_iter()
///     .try_fold(Sums::default(), |sums, slice| sums.checked_add_slice(slice))
///     .ok_or("it fits")?;
/// assert_eq!((sums.counts, sums.measured), (Counts::events(399, 400)?, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sums {
    /// What was counted.
    pub counts: Counts,
    /// How many of the slices were measured.
    pub measured: u32,
}

impl Sums {
    /// The sum of both, `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            counts: self.counts.checked_add(other.counts)?,
            measured: self
                .measured
                .checked_add(other.measured)?,
        })
    }

    /// The sum and one more slice, `None` when it does not fit.
    #[must_use]
    pub fn checked_add_slice(self, slice: Slice) -> Option<Self> {
        self.checked_add(Self {
            counts: slice.counts(),
            measured: u32::from(slice.is_measured()),
        })
    }
}
