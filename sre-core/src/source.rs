//! The port to what measures: a source answers with one of five things, and only two of them count.
//!
//! A monitor that reads silence as health is worse than none. So an answer is a sum type: what was
//! *measured*, including *no traffic*, makes a slice measured; everything else leaves it unmeasured,
//! and the reason travels with it.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::count::Counts;
use crate::histogram::Bracket;
use crate::slice::{Slice, SliceWidth};
use crate::time::Interval;

mod finding;
mod query;

pub use finding::{Finding, Place};
pub use query::{CounterPart, CounterRatio, LatencyQuery, Query, QueryRatio, ThresholdQuery};

/// What a source says about one slice.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Measurement {
    /// The service was measured and so much was counted.
    Measured(Counts),
    /// The series are there and stand still: measured, without an event.
    NoTraffic,
    /// There are no such series.
    Absent,
    /// The source answered with warnings, or without a part of the data.
    Partial {
        /// What it did answer.
        counts: Counts,
        /// Why it is not all.
        warnings: Vec<String>,
    },
    /// The source did not answer, or what it answered cannot be.
    Failed(Failure),
}

/// Why a source has no answer.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[error("{class}: {detail}")]
pub struct Failure {
    /// Which kind of failure, for counters and for what to do.
    pub class: FailureClass,
    /// What happened, for people; without secrets.
    pub detail: String,
}

/// The kinds of failure of a source.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FailureClass {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The source refused the request: it is wrong, or not allowed.
    Refused,
    /// The source answered that it has an error of its own.
    Unavailable,
    /// The answer is not what the protocol says.
    Malformed,
    /// The answer is well-formed and impossible: NaN, a negative count, good above total.
    Impossible,
    /// The answer is larger than is ever read.
    TooLarge,
}

impl FailureClass {
    /// Every class, for metrics that must show zeros.
    pub const ALL: [Self; 7] = [
        Self::Unreachable,
        Self::Timeout,
        Self::Refused,
        Self::Unavailable,
        Self::Malformed,
        Self::Impossible,
        Self::TooLarge,
    ];

    /// The class as it stands in metrics and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::Impossible => "impossible",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to make of a slice about which the source says that there are no such series. A failure is
/// never judged by this.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OnAbsent {
    /// Leave it unmeasured.
    #[default]
    Exclude,
    /// Count one bad event.
    Bad,
    /// Count one good event.
    Good,
}

impl OnAbsent {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Bad => "bad",
            Self::Good => "good",
        }
    }
}

impl Measurement {
    /// What the measurement makes of its slice, in events.
    ///
    /// ```
    /// use sre_core::count::Counts;
    /// use sre_core::slice::Slice;
    /// use sre_core::source::{Failure, FailureClass, Measurement, OnAbsent};
    ///
    /// // Absence is what the SLO says it is; a failure is nobody's evidence.
    /// let one_bad = Slice::Measured(Counts::events(0, 1)?);
    /// assert_eq!(Measurement::Absent.to_slice(OnAbsent::Bad), one_bad);
    /// assert_eq!(Measurement::Absent.to_slice(OnAbsent::Exclude), Slice::Unmeasured);
    /// let failed = Measurement::Failed(Failure {
    ///     class: FailureClass::Timeout,
    ///     detail: "no answer in 10 s".to_owned(),
    /// });
    /// assert_eq!(failed.to_slice(OnAbsent::Good), Slice::Unmeasured);
    /// # Ok::<(), sre_core::count::CountError>(())
    /// ```
    #[must_use]
    pub fn to_slice(&self, on_absent: OnAbsent) -> Slice {
        let one = crate::count::Count::ONE;
        match (self, on_absent) {
            (Self::Measured(counts), _) => Slice::Measured(*counts),
            (Self::NoTraffic, _) => Slice::Measured(Counts::NONE),
            (Self::Absent, OnAbsent::Bad) => {
                Counts::with_bad(one, one).map_or(Slice::Unmeasured, Slice::Measured)
            }
            (Self::Absent, OnAbsent::Good) => {
                Counts::new(one, one).map_or(Slice::Unmeasured, Slice::Measured)
            }
            (Self::Absent | Self::Partial { .. } | Self::Failed(_), _) => Slice::Unmeasured,
        }
    }
}

/// One question: the slices of `during`, of `width`, by this query.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is asked.
    pub query: &'a Query,
    /// Whole slices, the last of which has closed.
    pub during: Interval,
    /// The length of a slice.
    pub width: SliceWidth,
    /// When counters were last seen before `during`, `None` when never: how far back the answer has
    /// to look for the sample that an increase starts from.
    pub measured_until: Option<DateTime<Utc>>,
}

/// What a source says to a [`Question`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// One measurement for each slice of the question, in order.
    pub slices: Vec<Measurement>,
    /// Whether the counts are the source's own estimate and not exact differences of samples.
    pub estimated: bool,
    /// Of a latency: between which bounds of the histogram the threshold lies, where it was seen.
    pub bracket: Option<Bracket>,
}

/// What a source makes of a query.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Explained {
    /// What is really asked, in the source's language.
    pub queries: Vec<String>,
    /// Whether the counts can only be the source's own estimates.
    pub is_estimated: bool,
}

impl Answer {
    /// An answer of exact counts.
    #[must_use]
    pub const fn exact(slices: Vec<Measurement>) -> Self {
        Self {
            slices,
            estimated: false,
            bracket: None,
        }
    }
}

/// The port to a source of measurements. Asked under a claim, so once across replicas, and never inside
/// a transaction.
#[async_trait]
pub trait MetricSource: fmt::Debug + Send + Sync {
    /// Answers for every slice of the question: a source that fails says [`Measurement::Failed`] of
    /// each slice that it cannot speak for, and never leaves one out.
    async fn measure(&self, question: &Question<'_>) -> Answer;

    /// What is wrong with a query as far as its text shows it; nothing is asked. A source without a
    /// language of its own finds nothing.
    fn check(&self, query: &Query) -> Vec<Finding> {
        let _ = query;
        Vec::new()
    }

    /// What the source itself finds of a query that somebody has just written and that
    /// [`MetricSource::check`] lets through: asked once. That it cannot be asked is a warning.
    async fn inspect(&self, query: &Query, width: SliceWidth, now: DateTime<Utc>) -> Vec<Finding> {
        let _ = (query, width, now);
        Vec::new()
    }

    /// What is asked for a query and slices of this width; `bracket` is what an [`Answer`] said last.
    fn explain(&self, query: &Query, width: SliceWidth, bracket: Option<&Bracket>) -> Explained {
        let _ = (query, width, bracket);
        Explained::default()
    }

    /// How the source is called where people read it, without secrets.
    fn describe(&self) -> String;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::Count;

    /// T10: what nobody measured is neither good nor bad, whatever the reason; only of series that are
    /// not there may an SLO say what to make.
    #[test]
    fn what_was_not_measured_is_never_good() {
        let failed = |class| {
            let detail = String::new();
            Measurement::Failed(Failure { class, detail })
        };
        let partial = Measurement::Partial {
            counts: Counts::NONE,
            warnings: Vec::new(),
        };
        let mut unmeasured = vec![partial];
        unmeasured.extend(FailureClass::ALL.map(failed));
        for measurement in unmeasured {
            for on_absent in [OnAbsent::Exclude, OnAbsent::Bad, OnAbsent::Good] {
                let slice = measurement.to_slice(on_absent);
                assert_eq!(slice, Slice::Unmeasured, "{measurement:?}");
            }
        }
        let absent = |on_absent| Measurement::Absent.to_slice(on_absent);
        let one = |bad| Counts::with_bad(bad, Count::ONE).map(Slice::Measured);
        assert_eq!(absent(OnAbsent::Exclude), Slice::Unmeasured);
        assert_eq!(Ok(absent(OnAbsent::Bad)), one(Count::ONE));
        assert_eq!(Ok(absent(OnAbsent::Good)), one(Count::ZERO));
    }

    #[test]
    fn what_was_measured_is_counted_and_silence_is_nothing() {
        let counts = Counts::events(7, 9).expect("legal");
        for on_absent in [OnAbsent::Exclude, OnAbsent::Bad, OnAbsent::Good] {
            let measured = Measurement::Measured(counts).to_slice(on_absent);
            assert_eq!(measured, Slice::Measured(counts));
            let silent = Measurement::NoTraffic.to_slice(on_absent);
            assert_eq!(silent, Slice::Measured(Counts::NONE));
        }
    }
}
