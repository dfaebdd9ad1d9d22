//! When a correction applies.

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::correction::recurrence::Recurrence;
use crate::time::{Interval, truncate};
use crate::window::Window;

/// When a correction applies: once, or again and again.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "snake_case", try_from = "Stored", into = "Stored")
)]
pub enum Period {
    /// Once.
    Once(Interval),
    /// At every occurrence of a rule.
    Recurring(Recurrence),
}

/// Why a stretch cannot be the period of a correction.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidPeriod {
    /// The end is not after the start.
    #[error("must end after it begins")]
    Empty,
    /// Longer than the longest window.
    #[error("may be at most {} long, as long as the longest window", Window::MAX)]
    TooLong,
}

impl Period {
    /// Once, from `from` until `to`, cut to microseconds.
    ///
    /// ```
    /// use sre_core::correction::{InvalidPeriod, Period};
    /// use sre_core::time::{Interval, at_second};
    ///
    /// let maintenance = Period::once(at_second(3_600), at_second(7_200))?;
    /// let whole = Interval::new(at_second(3_600), at_second(7_200));
    /// assert_eq!(maintenance.during(Interval::new(at_second(7_000), at_second(9_000))), [whole]);
    /// assert_eq!(Period::once(at_second(60), at_second(60)), Err(InvalidPeriod::Empty));
    /// # Ok::<(), InvalidPeriod>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidPeriod`] when it is empty, or longer than [`Window::MAX`].
    pub fn once(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self, InvalidPeriod> {
        let (from, to) = (truncate(from), truncate(to));
        if to <= from {
            Err(InvalidPeriod::Empty)
        } else if to.signed_duration_since(from) > Window::MAX.as_delta() {
            Err(InvalidPeriod::TooLong)
        } else {
            Ok(Self::Once(Interval::new(from, to)))
        }
    }

    /// The stretches that touch `range`, in order. Of a recurring one at most
    /// [`OCCURRENCES_MAX`](super::OCCURRENCES_MAX).
    #[must_use]
    pub fn during(&self, range: Interval) -> Vec<Interval> {
        match self {
            Self::Once(once) if once.intersection(range).is_empty() => Vec::new(),
            Self::Once(once) => vec![*once],
            Self::Recurring(recurrence) => recurrence.during(range),
        }
    }

    /// When it applies first.
    #[must_use]
    pub fn begins_at(&self) -> DateTime<Utc> {
        match self {
            Self::Once(once) => once.start(),
            Self::Recurring(recurrence) => recurrence.first().start(),
        }
    }

    /// From when on it applies no more; `None` where it recurs without an end.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Once(once) => Some(once.end()),
            Self::Recurring(recurrence) => recurrence.ends_at(),
        }
    }
}

/// A period as it is stored: instants and lengths as texts.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
enum Stored {
    Once {
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    },
    Recurring(Recurrence),
}

#[cfg(feature = "serde")]
impl From<Period> for Stored {
    fn from(period: Period) -> Self {
        match period {
            Period::Once(once) => Self::Once {
                from: once.start(),
                to: once.end(),
            },
            Period::Recurring(recurrence) => Self::Recurring(recurrence),
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Stored> for Period {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        match stored {
            Stored::Once { from, to } => Self::once(from, to).map_err(|error| error.to_string()),
            Stored::Recurring(recurrence) => Ok(Self::Recurring(recurrence)),
        }
    }
}

/// Nothing is expanded further than this around what is asked for: no zone is further from UTC.
pub(super) const ZONE_REACH: TimeDelta = TimeDelta::days(2);
