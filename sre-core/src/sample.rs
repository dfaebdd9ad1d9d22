//! Samples: what was pushed, probed or recorded, one value or one pair of counts at one instant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::count::{Count, Counts, Rounding};
use crate::indicator::MetricKind;
use crate::name::{MetricName, ServiceName};
use crate::slice::Slice;
use crate::slo::Definition;

/// One sample. Service, metric, labels and instant identify it: the same again is a duplicate,
/// another value replaces it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Sample {
    /// Of which service.
    pub service_name: ServiceName,
    /// Of which metric.
    pub metric_name: MetricName,
    /// Which series of it.
    pub labels: BTreeMap<String, String>,
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// What.
    pub value: SampleValue,
}

/// What a sample says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SampleValue {
    /// One number, finite.
    Number(f64),
    /// So many good among so many.
    Counts(Counts),
}

/// Why a number cannot be what its metric's name says.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SampleError {
    /// NaN or an infinity.
    #[error("a value must be a finite number")]
    NotFinite,
    /// A percentage below 0 or above 100.
    #[error("a percentage must lie between 0 and 100")]
    NotAPercentage,
}

impl SampleValue {
    /// A bare number of `metric`, checked against what the metric's name says it is.
    ///
    /// ```
    /// use sre_core::sample::{SampleError, SampleValue};
    ///
    /// let (availability, latency) = ("availability".parse()?, "latency_p95".parse()?);
    /// assert_eq!(SampleValue::number(&availability, 101.0), Err(SampleError::NotAPercentage));
    /// assert_eq!(SampleValue::number(&latency, 101.0), Ok(SampleValue::Number(101.0)));
    /// # Ok::<(), sre_core::name::NameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SampleError`].
    pub fn number(metric: &MetricName, value: f64) -> Result<Self, SampleError> {
        if !value.is_finite() {
            return Err(SampleError::NotFinite);
        }
        match MetricKind::of(metric) {
            MetricKind::Ratio | MetricKind::InvertedRatio if !(0.0..=100.0).contains(&value) => {
                Err(SampleError::NotAPercentage)
            }
            _ => Ok(Self::Number(value)),
        }
    }

    /// How the sample votes or counts under a definition; `None` when it says nothing to it (a value
    /// where no threshold is set).
    fn counts(self, definition: &Definition, kind: MetricKind) -> Option<Counts> {
        let value = match self {
            Self::Counts(counts) => return Some(counts),
            Self::Number(value) => value,
        };
        match kind {
            MetricKind::Ratio => {
                let good = Count::from_percentage(value, Rounding::Down).ok()?;
                Counts::new(good, Count::ONE).ok()
            }
            MetricKind::InvertedRatio => {
                let bad = Count::from_percentage(value, Rounding::Up).ok()?;
                Counts::with_bad(bad, Count::ONE).ok()
            }
            MetricKind::Value => {
                let good = definition.threshold?.is_held_by(value);
                Counts::events(u64::from(good), 1).ok()
            }
        }
    }
}

/// The slice that samples of one slice make under a definition: counts are summed over all label
/// sets, and the budgeting method makes of them what it counts.
///
/// A sum that does not fit is a data error and leaves the slice unmeasured.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::sample::{Sample, SampleValue, fold};
/// use sre_core::slice::Slice;
/// use sre_core::slo::Slo;
/// use sre_core::time::at_second;
///
/// let slo = Slo::builder("checkout", "availability").target_percentage("99.9")?.build()?;
/// let sample = |second, value| -> Result<Sample, Box<dyn std::error::Error>> {
///     Ok(Sample {
///         service_name: "checkout".parse()?,
///         metric_name: "availability".parse()?,
///         labels: [].into(),
///         at: at_second(second),
///         value,
///     })
/// };
/// // A bare percentage weighs one event; counts weigh what they count.
/// let percentage = sample(5, SampleValue::Number(50.0))?;
/// assert_eq!(
///     fold(&slo.definition, [&percentage].into_iter()),
///     Slice::Measured(Counts::from_good_and_total(0.5, 1.0)?),
/// );
/// let counts = sample(20, SampleValue::Counts(Counts::events(8, 9)?))?;
/// assert_eq!(
///     fold(&slo.definition, [&percentage, &counts].into_iter()),
///     Slice::Measured(Counts::from_good_and_total(8.5, 10.0)?),
/// );
/// // Nothing was said, so nothing is known.
/// assert_eq!(fold(&slo.definition, [].into_iter()), Slice::Unmeasured);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn fold<'a>(definition: &Definition, samples: impl Iterator<Item = &'a Sample>) -> Slice {
    let mut slice = Slice::Unmeasured;
    for sample in samples {
        let kind = MetricKind::of(&sample.metric_name);
        let Some(counts) = sample.value.counts(definition, kind) else {
            continue;
        };
        let Some(sum) = slice.counts().checked_add(counts) else {
            return Slice::Unmeasured;
        };
        slice = Slice::Measured(sum);
    }
    definition.method.judge(slice)
}

#[cfg(test)]
mod tests;
