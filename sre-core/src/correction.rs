//! Budget corrections: time that everybody agreed not to count, such as planned maintenance.
//!
//! A correction is an **overlay**: stored slices stay what was measured, and a second, corrected
//! ledger is made from them, by which state, budget, burn rules and tickets are judged. The raw
//! figures stand beside it, and a correction that is cancelled leaves no trace in either.
//!
//! There are three meanings, since "maintenance does not count" is said in three ways, with three
//! results ([`Meaning`]); which one is meant is said, and never guessed. One week of one-minute
//! slices of which a day is maintenance and 60 slices outside of it are bad:
//!
//! | meaning | slices that count | bad |
//! | --- | --- | --- |
//! | none | 10 080 | 60 of 10 080, 0.595 % |
//! | remove time | 8 640 | 60 of 8 640, 0.694 % |
//! | count as good | 10 080 | 60 of 10 080, 0.595 % |
//!
//! **Only slices that lie wholly inside are corrected.** A slice that a correction merely touches
//! holds time that nobody agreed on: it stays as it was measured, so that bad is never understated.
//! Of several corrections the union counts; where their meanings differ, what takes most away from
//! the sums comes first: remove time, then drop events, then count as good.

mod overlay;
mod period;
mod recurrence;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::name::{CorrectionId, ServiceName, SloId};
use crate::slo::Slo;
use crate::time::{Interval, Span};

pub use overlay::Overlay;
pub use period::{InvalidPeriod, Period};
pub use recurrence::{OCCURRENCES_MAX, ParseRuleError, Recurrence, Rule};

/// The most corrections that are in force of one SLO, or of one service: each is expanded at every
/// slot. One a day for a year fits; what comes more often recurs.
pub const CORRECTIONS_MAX: u32 = 500;

/// How far before a slot corrections concern it: the longest window, with the hour and the slice that
/// its edge lies in.
pub const REACH: Span = Span::days(401);

/// What becomes of the slices inside a correction.
///
/// ```
/// use sre_core::correction::{Meaning, Overlay};
/// use sre_core::count::Counts;
/// use sre_core::slice::Slice;
/// use sre_core::time::{Interval, at_second};
///
/// let minute = Interval::new(at_second(0), at_second(60));
/// let outage = Slice::Measured(Counts::events(0, 10)?);
/// let after = |meaning| Overlay::of([(minute, meaning)]).correct(minute, outage);
/// assert_eq!(after(Meaning::RemoveTime), Slice::Unmeasured);
/// assert_eq!(after(Meaning::DropEvents), Slice::Measured(Counts::NONE));
/// assert_eq!(after(Meaning::CountAsGood), Slice::Measured(Counts::events(10, 10)?));
/// # Ok::<(), sre_core::count::CountError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Meaning {
    /// The time leaves: its slices are in no sum, and coverage does not expect them.
    RemoveTime,
    /// Good and bad events leave; the slices stay measured, as if nothing had been asked.
    DropEvents,
    /// What was bad becomes good. What nobody measured stays unmeasured.
    CountAsGood,
}

/// A text is none of the meanings.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be remove_time, drop_events or count_as_good")]
pub struct ParseMeaningError;

impl Meaning {
    /// Every meaning; of those that cover a slice the first stands.
    pub const ALL: [Self; 3] = [Self::RemoveTime, Self::DropEvents, Self::CountAsGood];

    /// The meaning in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RemoveTime => "remove_time",
            Self::DropEvents => "drop_events",
            Self::CountAsGood => "count_as_good",
        }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Meaning {
    type Err = ParseMeaningError;

    fn from_str(text: &str) -> Result<Self, ParseMeaningError> {
        Self::ALL
            .into_iter()
            .find(|meaning| meaning.as_str() == text)
            .ok_or(ParseMeaningError)
    }
}

/// What a correction applies to.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Scope {
    /// One SLO.
    Slo(SloId),
    /// Every SLO of a service, those to come as well.
    Service(ServiceName),
}

impl Scope {
    /// Whether it applies to `slo`.
    #[must_use]
    pub fn holds(&self, slo: &Slo) -> bool {
        match self {
            Self::Slo(id) => *id == slo.id,
            Self::Service(name) => *name == slo.definition.service_name,
        }
    }
}

/// Who took a correction back, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Cancellation {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, where that is known.
    pub by: Option<String>,
}

/// That a correction applies no more from some instant on, though its period goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Ended {
    /// From when on it applies no more. What lies before stays corrected.
    pub from: DateTime<Utc>,
    /// When that was said.
    pub at: DateTime<Utc>,
    /// By whom, where that is known.
    pub by: Option<String>,
}

/// Time that everybody agreed not to count as it was measured.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Correction {
    /// Which correction.
    pub id: CorrectionId,
    /// What it applies to.
    pub scope: Scope,
    /// What becomes of the slices inside.
    pub meaning: Meaning,
    /// When it applies, once or again and again.
    pub period: Period,
    /// Why it was agreed.
    pub reason: String,
    /// Who wrote it, where that is known.
    pub created_by: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Set once somebody ended it before its time.
    pub ended: Option<Ended>,
    /// Set once it was taken back; it is as if it had never been.
    pub cancelled: Option<Cancellation>,
}

impl Correction {
    /// Whether it changes anything: it was not taken back.
    #[must_use]
    pub const fn is_in_force(&self) -> bool {
        self.cancelled.is_none()
    }

    /// The stretches of its period that touch `range`, in order, up to where it was ended.
    #[must_use]
    pub fn during(&self, range: Interval) -> Vec<Interval> {
        let mut stretches = self.period.during(range);
        if let Some(ended) = &self.ended {
            for stretch in &mut stretches {
                let end = stretch.end().min(ended.from);
                *stretch = Interval::new(stretch.start().min(end), end);
            }
            stretches.retain(|stretch| !stretch.intersection(range).is_empty());
        }
        stretches
    }

    /// From when on it applies no more; `None` where it recurs without an end.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        // One that ended before it began applied for no time, and lies where it began.
        let begun = self
            .period
            .begins_at()
            .checked_add_signed(TimeDelta::microseconds(1))
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        let ended = self
            .ended
            .as_ref()
            .map(|ended| ended.from.max(begun));
        match (self.period.ends_at(), ended) {
            (Some(period), Some(ended)) => Some(period.min(ended)),
            (period, ended) => period.or(ended),
        }
    }
}

#[cfg(test)]
mod tests;
