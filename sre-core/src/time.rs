//! Instants, spans and intervals: every function over time takes `now`, none reads it.
//!
//! Instants are UTC and truncated to microseconds where they enter ([`truncate`]), so that a round
//! trip through any store gives back what was written. Intervals are half-open, `[start, end)`:
//! neighbours touch and never overlap.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use thiserror::Error;

/// Where `now` comes from; the one port through which time enters a process.
///
/// Whoever starts an operation reads it once and hands the value down. Implementations truncate to
/// microseconds.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The instant cut to microseconds, the precision of every store.
#[must_use]
pub fn truncate(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// The instant of a whole second since the epoch, for edges computed in integers.
#[must_use]
pub fn at_second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A positive length of time in whole seconds, as it is written: `30s`, `5m`, `1h`, `30d`, `2w`.
///
/// ```
/// use sre_core::time::Span;
///
/// let month: Span = "30d".parse()?;
/// assert_eq!(month.as_seconds(), 2_592_000);
/// assert_eq!(month.to_string(), "30d");
/// assert_eq!("90s".parse::<Span>()?.to_string(), "90s");
/// assert!("0s".parse::<Span>().is_err());
/// # Ok::<(), sre_core::time::ParseSpanError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct Span(u32);

/// Why a text is not a [`Span`].
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseSpanError {
    /// Not digits followed by one of the units.
    #[error("expected a number and one of s, m, h, d, w, such as 30s, 5m, 1h or 30d")]
    Shape,
    /// Zero seconds.
    #[error("a span must be at least 1s")]
    Zero,
    /// More than the longest span.
    #[error("a span may be at most {}", Span::MAX)]
    TooLong,
}

impl Span {
    /// The longest span: ten years of 365 days, well beyond the longest window of 400 days.
    pub const MAX: Self = Self(10 * 365 * DAY);
    /// One second, the shortest span.
    pub const SECOND: Self = Self(1);

    /// `seconds` as a span, `None` for zero or more than [`Span::MAX`].
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds == 0 || seconds > Self::MAX.0 {
            None
        } else {
            Some(Self(seconds))
        }
    }

    /// `n` minutes; clamped to the range of a span, for constants.
    #[must_use]
    pub const fn minutes(n: u32) -> Self {
        Self::clamped(n, MINUTE)
    }

    /// `n` hours; clamped to the range of a span, for constants.
    #[must_use]
    pub const fn hours(n: u32) -> Self {
        Self::clamped(n, HOUR)
    }

    /// `n` days of 24 hours; clamped to the range of a span, for constants.
    #[must_use]
    pub const fn days(n: u32) -> Self {
        Self::clamped(n, DAY)
    }

    /// `n` seconds; clamped to the range of a span, for constants.
    #[must_use]
    pub const fn seconds(n: u32) -> Self {
        Self::clamped(n, 1)
    }

    /// The length in seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u32 {
        self.0
    }

    /// The length in seconds, signed, for arithmetic with instants.
    #[must_use]
    pub fn as_secs_i64(self) -> i64 {
        i64::from(self.0)
    }

    /// The length as a standard duration.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }

    /// The length as chrono's signed difference of instants.
    #[must_use]
    pub fn as_delta(self) -> TimeDelta {
        TimeDelta::seconds(self.as_secs_i64())
    }

    const fn clamped(n: u32, unit: u32) -> Self {
        let seconds = n.saturating_mul(unit);
        match Self::from_seconds(seconds) {
            Some(span) => span,
            None if seconds == 0 => Self::SECOND,
            None => Self::MAX,
        }
    }
}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        let unit_at = text.len().saturating_sub(1);
        let (digits, unit) = text
            .split_at_checked(unit_at)
            .ok_or(ParseSpanError::Shape)?;
        let unit = match unit {
            "s" => 1,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            "w" => WEEK,
            _ => return Err(ParseSpanError::Shape),
        };
        if digits.is_empty()
            || !digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
        {
            return Err(ParseSpanError::Shape);
        }
        let seconds = digits
            .parse::<u32>()
            .ok()
            .and_then(|n| n.checked_mul(unit))
            .ok_or(ParseSpanError::TooLong)?;
        match seconds {
            0 => Err(ParseSpanError::Zero),
            seconds => Self::from_seconds(seconds).ok_or(ParseSpanError::TooLong),
        }
    }
}

/// Days, hours and minutes where the length is a whole number of them, as people write them:
/// `30d` and `24h`, not `720h` and `1d`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0;
        if seconds.is_multiple_of(DAY) && seconds > DAY {
            write!(f, "{}d", seconds / DAY)
        } else if seconds.is_multiple_of(HOUR) {
            write!(f, "{}h", seconds / HOUR)
        } else if seconds.is_multiple_of(MINUTE) {
            write!(f, "{}m", seconds / MINUTE)
        } else {
            write!(f, "{seconds}s")
        }
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl TryFrom<String> for Span {
    type Error = ParseSpanError;

    fn try_from(text: String) -> Result<Self, ParseSpanError> {
        text.parse()
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A half-open stretch of time, `[start, end)`, never of negative length.
///
/// ```
/// use sre_core::time::{Interval, Span, at_second};
///
/// let hour = Interval::ending(at_second(7_200), Span::hours(1));
/// assert!(hour.contains(at_second(3_600)) && !hour.contains(at_second(7_200)));
/// // A clock that went back makes an empty interval, never a backwards one.
/// assert!(Interval::new(at_second(60), at_second(0)).is_empty());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(from = "Ends", into = "Ends"))]
pub struct Interval {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// An interval as it is stored.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Ends {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

#[cfg(feature = "serde")]
impl From<Interval> for Ends {
    fn from(Interval { start, end }: Interval) -> Self {
        Self { start, end }
    }
}

#[cfg(feature = "serde")]
impl From<Ends> for Interval {
    fn from(Ends { start, end }: Ends) -> Self {
        Self::new(start, end)
    }
}

impl Interval {
    /// The interval from `start` to `end`; empty at `start` when `end` lies before it, so that a
    /// clock that went back makes an empty interval and never a backwards one.
    #[must_use]
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// The interval of length `span` that ends at `end`.
    #[must_use]
    pub fn ending(end: DateTime<Utc>, span: Span) -> Self {
        let is_leap = end.timestamp_subsec_nanos() > 999_999_999;
        if span.0.is_multiple_of(DAY) && !is_leap {
            // Within a year this takes no division, and every evaluation asks for one.
            let days = Days::new(u64::from(span.0 / DAY));
            let utc = end.naive_utc();
            let start = utc
                .date()
                .checked_sub_days(days)
                .map(|date| date.and_time(utc.time()).and_utc());
            return Self {
                start: start.unwrap_or(DateTime::<Utc>::MIN_UTC),
                end,
            };
        }
        // By the number of its second an instant is found in a quarter of the time that chrono takes
        // to count seconds back.
        let start = end.timestamp() - span.as_secs_i64();
        // A leap second has more nanoseconds than the second before it.
        let nanos = end
            .timestamp_subsec_nanos()
            .min(999_999_999);
        let start = DateTime::from_timestamp(start, nanos);
        Self {
            start: start.unwrap_or(DateTime::<Utc>::MIN_UTC),
            end,
        }
    }

    /// The first instant inside.
    #[must_use]
    pub const fn start(self) -> DateTime<Utc> {
        self.start
    }

    /// The first instant after.
    #[must_use]
    pub const fn end(self) -> DateTime<Utc> {
        self.end
    }

    /// Whether nothing lies inside.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The length in whole seconds; at most what 32 bits hold, which is 136 years.
    #[must_use]
    pub fn seconds(self) -> u32 {
        let is_cut = self.end.timestamp_subsec_nanos() < self.start.timestamp_subsec_nanos();
        let seconds = self.end.timestamp() - self.start.timestamp() - i64::from(is_cut);
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// Whether `at` lies inside; the end does not.
    #[must_use]
    pub fn contains(self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }

    /// The part that lies in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let start = self.start.max(other.start);
        Self::new(start, self.end.min(other.end))
    }

    /// The smallest interval that covers both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// The union of stretches, in order, without those that are empty.
pub(crate) fn merged(mut stretches: Vec<Interval>) -> Vec<Interval> {
    stretches.retain(|stretch| !stretch.is_empty());
    stretches.sort_unstable_by_key(|stretch| stretch.start());
    let mut merged: Vec<Interval> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if stretch.start() <= last.end() => *last = last.hull(stretch),
            _ => merged.push(stretch),
        }
    }
    merged
}

/// Seconds in a minute.
const MINUTE: u32 = 60;
/// Seconds in an hour.
pub(crate) const HOUR: u32 = 3_600;
/// Seconds in a day of 24 hours.
pub(crate) const DAY: u32 = 86_400;
/// Seconds in a week.
const WEEK: u32 = 7 * DAY;

#[cfg(test)]
mod tests;
