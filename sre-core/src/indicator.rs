//! Which events an SLO counts, and where they come from.

use crate::composite::{Composite, Member};
use crate::name::MetricName;
use crate::source::Query;

/// Where an SLO's events come from.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Indicator {
    /// Samples of this metric of the SLO's service that are pushed, probed or recorded in process.
    Metric(MetricName),
    /// What a Prometheus-compatible source is asked.
    Prometheus(Query),
    /// What other SLOs have folded.
    Composite(Composite),
}

impl Indicator {
    /// The SLOs that it is made of; none of any but a composite.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match self {
            Self::Composite(composite) => composite.members(),
            _ => &[],
        }
    }
}

/// What a bare number of a metric means; its name says it.
///
/// ```
/// use sre_core::indicator::MetricKind;
///
/// assert_eq!(MetricKind::of(&"availability".parse()?), MetricKind::Ratio);
/// assert_eq!(MetricKind::of(&"latency_p95".parse()?), MetricKind::Value);
/// # Ok::<(), sre_core::name::NameError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MetricKind {
    /// The percentage of one event that was good.
    Ratio,
    /// The percentage of one event that was bad.
    InvertedRatio,
    /// A value that holds its threshold or does not.
    Value,
}

impl MetricKind {
    /// `availability`, `success_rate` and `probe_success` are ratios, `error_rate` an inverted one,
    /// everything else is a value.
    #[must_use]
    pub fn of(metric: &MetricName) -> Self {
        match metric.as_str() {
            "availability" | "success_rate" | "probe_success" => Self::Ratio,
            "error_rate" => Self::InvertedRatio,
            _ => Self::Value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_what_their_names_say() {
        for (name, kind) in [
            ("availability", MetricKind::Ratio),
            ("success_rate", MetricKind::Ratio),
            ("probe_success", MetricKind::Ratio),
            ("error_rate", MetricKind::InvertedRatio),
            ("latency_p95", MetricKind::Value),
            ("throughput", MetricKind::Value),
        ] {
            assert_eq!(MetricKind::of(&name.parse().expect(name)), kind, "{name}");
        }
    }
}
