//! How samples are shown, and what became of pushed ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::count::Counts;
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::{Sample, SampleValue};
use utoipa::ToSchema;

use crate::api::figure::Figure;

/// A sample in the form in which it is pushed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SampleView {
    /// Of which service.
    #[schema(example = "checkout")]
    service_name: String,
    /// Of which metric.
    #[schema(example = "availability")]
    metric_name: String,
    /// Which series of it.
    labels: BTreeMap<String, String>,
    /// When it was taken; now where a pushed one does not say. With `step`, where the step begins.
    timestamp: DateTime<Utc>,
    /// One number.
    value: Option<Figure>,
    /// What was good of `total`.
    good: Option<Figure>,
    /// What happened.
    total: Option<Figure>,
}

/// What `POST /service-metrics` takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read field by field")]
pub(super) struct SampleBatch {
    /// At most 10000.
    samples: Vec<PushedSample>,
}

/// A sample: `value`, or `good` and `total`, or `bad` and `total`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read field by field")]
struct PushedSample {
    /// Of which service.
    #[schema(example = "checkout")]
    service_name: String,
    /// Of which metric; its name says what a bare number means.
    #[schema(example = "availability")]
    metric_name: String,
    /// Which series of it; at most 32.
    labels: Option<BTreeMap<String, String>>,
    /// When it was taken: not more than five minutes ahead, not older than samples are kept. Now
    /// where it is left out.
    timestamp: Option<DateTime<Utc>>,
    /// One number; a percentage, 0 to 100, for `availability`, `success_rate` and `error_rate`.
    value: Option<f64>,
    /// How many of `total` were good.
    #[schema(example = 998)]
    good: Option<f64>,
    /// How many of `total` were bad.
    bad: Option<f64>,
    /// How many events there were; at most 10¹².
    #[schema(example = 1000)]
    total: Option<f64>,
}

/// What became of pushed samples.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct PushedView {
    /// How many were stored; `replaced` and `late` ones are among them.
    pub(super) accepted: u64,
    /// How many were there already.
    pub(super) duplicates: u64,
    /// How many took the place of another value.
    pub(super) replaced: u64,
    /// How many lie in a slice that had closed: they count from the next slot on.
    pub(super) late: u64,
    /// What is odd about samples that were taken.
    pub(super) warnings: Vec<SampleRemark>,
    /// The samples that were not, and why.
    pub(super) rejected: Vec<SampleRemark>,
}

/// Something about one sample of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SampleRemark {
    /// Its place in the batch, from 0.
    pub(super) index: usize,
    /// What there is to say.
    pub(super) detail: String,
}

impl From<Sample> for SampleView {
    fn from(sample: Sample) -> Self {
        let (value, counts) = match sample.value {
            SampleValue::Number(value) => (Figure::new(value), None),
            SampleValue::Counts(counts) => (None, Some(counts)),
        };
        Self {
            service_name: sample.service_name.to_string(),
            metric_name: sample.metric_name.to_string(),
            labels: sample.labels,
            timestamp: sample.at,
            value,
            good: counts.map(|counts| Figure::from(counts.good())),
            total: counts.map(|counts| Figure::from(counts.total())),
        }
    }
}

impl SampleView {
    /// The sum of all series over one step.
    pub(super) fn of_step(
        service: &ServiceName,
        metric: &MetricName,
        start: DateTime<Utc>,
        counts: Counts,
    ) -> Self {
        Self {
            service_name: service.to_string(),
            metric_name: metric.to_string(),
            labels: BTreeMap::new(),
            timestamp: start,
            value: None,
            good: Some(Figure::from(counts.good())),
            total: Some(Figure::from(counts.total())),
        }
    }
}
