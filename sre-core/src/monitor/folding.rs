//! From measurements to slices: what a slot reads, and what it has to read again.

mod members;

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use crate::histogram::Bracket;
use crate::indicator::Indicator;
use crate::name::{MetricName, ServiceName};
use crate::sample::{Sample, fold};
use crate::slice::{Slice, SliceWidth};
use crate::slo::Slo;
use crate::source::{Failure, FailureClass, Measurement, MetricSource, Query, Question};
use crate::store::{Evaluations, MemberStanding, Samples, StoreError};
use crate::time::{Interval, Span};

pub(super) use crate::time::merged;

/// The slices of a stretch as they were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    /// One for each slice, in order.
    pub(super) slices: Vec<Slice>,
    /// Stretches that the source could not speak for: read again when it is back.
    pub(super) failed: Vec<Interval>,
    /// How the source failed last, where it did.
    pub(super) failure: Option<FailureClass>,
    /// Slices that are to stay what they are: what they were made of is no longer kept.
    pub(super) kept: Vec<Interval>,
    /// Of a composite: how many members were not measured in the last slice.
    pub(super) missing: Option<u32>,
    /// Whether counts are the source's own estimates; `None` when it had nothing to count.
    pub(super) is_estimated: Option<bool>,
    /// Between which bounds of a histogram the threshold lay, where it was seen.
    pub(super) bracket: Option<Bracket>,
}

/// Where slices are read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) samples: &'a dyn Samples,
    pub(super) source: Option<&'a dyn MetricSource>,
    pub(super) strikes: &'a Strikes,
    /// Where the slices of members are.
    pub(super) evaluations: &'a dyn Evaluations,
    /// The members of a composite.
    pub(super) members: &'a [MemberStanding],
    /// How much of a slice of a composite its members have to have measured, where they say nothing.
    pub(super) min_coverage_permille: u16,
}

pub(super) use members::readable_until;

/// How often the source has failed in one activation. A source that is away would cost every SLO a
/// time-out, and claims end meanwhile: after so many the rest are told so without asking.
#[derive(Debug, Default)]
pub(super) struct Strikes(AtomicUsize);

impl Strikes {
    /// As many as are asked at once: one slow query is no outage.
    const OUT: usize = 8;

    fn is_out(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Self::OUT
    }

    fn note(&self, class: FailureClass) {
        let weight = match class {
            FailureClass::Unreachable => Self::OUT,
            FailureClass::Timeout | FailureClass::Unavailable => 1,
            _ => 0,
        };
        self.0
            .fetch_add(weight, Ordering::Relaxed);
    }
}

impl Reader<'_> {
    /// Reads the whole slices of `during`.
    pub(super) async fn read(
        &self,
        slo: &Slo,
        during: Interval,
        measured_until: Option<DateTime<Utc>>,
    ) -> Result<Read, StoreError> {
        match &slo.definition.indicator {
            Indicator::Metric(metric) => {
                self.read_metric(slo, metric, during)
                    .await
            }
            Indicator::Composite(composite) => {
                self.read_members(slo, composite, during)
                    .await
            }
            Indicator::Prometheus(query) => Ok(self
                .read_source(slo, query, during, measured_until)
                .await),
        }
    }

    /// Stored samples, all label sets together.
    async fn read_metric(
        &self,
        slo: &Slo,
        metric: &MetricName,
        during: Interval,
    ) -> Result<Read, StoreError> {
        let (width, service) = (slo.definition.slice, &slo.definition.service_name);
        let metric = &counted_metric(self.samples, service, metric).await?;
        let mut read = Read::default();
        for hour in steps(during, Span::hours(1)) {
            let samples = self
                .samples
                .series(service, metric, hour, SERIES_LIMIT)
                .await?;
            // Ordered by instant, so that each slice is one run of them.
            let mut rest = samples.as_slice();
            for slice in slices(hour, width) {
                let (run, after) =
                    rest.split_at(rest.partition_point(|s: &Sample| s.at < slice.end()));
                read.slices
                    .push(fold(&slo.definition, run.iter()));
                rest = after;
            }
        }
        Ok(read)
    }

    /// What a source is asked.
    async fn read_source(
        &self,
        slo: &Slo,
        query: &Query,
        during: Interval,
        measured_until: Option<DateTime<Utc>>,
    ) -> Read {
        let width = slo.definition.slice;
        let question = Question {
            query,
            during,
            width,
            measured_until,
        };
        let (mut is_estimated, mut bracket) = (false, None);
        let (answered, left_out) = if self.strikes.is_out() {
            let left_out = failed(
                FailureClass::Unreachable,
                "the source is away for others, too",
            );
            (Vec::new(), left_out)
        } else if let Some(source) = self.source {
            let left_out = failed(FailureClass::Malformed, "the source left the slice out");
            let answer = source.measure(&question).await;
            is_estimated = answer.estimated;
            bracket = answer.bracket;
            (answer.slices, left_out)
        } else {
            let left_out = failed(FailureClass::Unavailable, "no source is configured");
            (Vec::new(), left_out)
        };
        let mut read = Read {
            bracket,
            ..Read::default()
        };
        let mut answered = answered.into_iter();
        for slice in slices(during, width) {
            // Nobody said that there are no such series, so `on_absent` has no say here.
            let measurement = answered
                .next()
                .unwrap_or_else(|| left_out.clone());
            match &measurement {
                Measurement::Failed(failure) => {
                    read.failure = Some(failure.class);
                    read.failed.push(slice);
                }
                Measurement::Partial { .. } => read.failed.push(slice),
                Measurement::Measured(_) => read.is_estimated = Some(is_estimated),
                _ => {}
            }
            let events = measurement.to_slice(slo.definition.on_absent);
            read.slices
                .push(slo.definition.method.judge(events));
        }
        if let Some(class) = read.failure {
            self.strikes.note(class);
        }
        read
    }
}

/// The metric whose samples count: the availability of a service has one source, what is pushed or
/// recorded, else its probe.
pub(super) async fn counted_metric(
    samples: &dyn Samples,
    service: &ServiceName,
    metric: &MetricName,
) -> Result<MetricName, StoreError> {
    if metric.as_str() != "availability" {
        return Ok(metric.clone());
    }
    let ever = Interval::new(DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
    let pushed = samples
        .series(service, metric, ever, 1)
        .await?;
    let probed = pushed
        .is_empty()
        .then(|| "probe_success".parse().ok());
    Ok(probed
        .flatten()
        .unwrap_or_else(|| metric.clone()))
}

fn failed(class: FailureClass, detail: &str) -> Measurement {
    let detail = detail.to_owned();
    Measurement::Failed(Failure { class, detail })
}

/// The slices of a stretch, in order.
pub(super) fn slices(during: Interval, width: SliceWidth) -> impl Iterator<Item = Interval> {
    let (first, last) = (width.index_of(during.start()), width.index_of(during.end()));
    (first..last).map(move |index| width.interval(index))
}

/// A stretch in aligned steps, in order.
pub(super) fn steps(during: Interval, step: Span) -> impl Iterator<Item = Interval> {
    let step = step.as_secs_i64();
    let first = during
        .start()
        .timestamp()
        .div_euclid(step);
    let last = (during.end() - TimeDelta::microseconds(1))
        .timestamp()
        .div_euclid(step);
    (first..=last).map(move |n| {
        let start = crate::time::at_second(n * step);
        Interval::new(start, start + TimeDelta::seconds(step)).intersection(during)
    })
}

/// Splits off the newest hours of dirty stretches, at most `hours` of them: first what is folded
/// now, newest first, then what is left.
pub(super) fn newest_hours(dirty: Vec<Interval>, hours: usize) -> (Vec<Interval>, Vec<Interval>) {
    let (mut now, mut later) = (Vec::new(), Vec::new());
    let mut hours_taken = std::collections::BTreeSet::new();
    for stretch in merged(dirty).into_iter().rev() {
        let steps: Vec<Interval> = steps(stretch, Span::hours(1)).collect();
        for step in steps.into_iter().rev() {
            let hour = crate::hour::Hour::floor(step.start());
            if hours_taken.contains(&hour) || hours_taken.len() < hours {
                hours_taken.insert(hour);
                now.push(step);
            } else {
                later.push(step);
            }
        }
    }
    (now, merged(later))
}

/// The most samples of one metric and hour that are folded: a thousand series with a sample a
/// second would be more than any store answers in time.
const SERIES_LIMIT: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at_second;

    fn stretch(start: i64, end: i64) -> Interval {
        Interval::new(at_second(start), at_second(end))
    }

    #[test]
    fn stretches_that_touch_become_one() {
        let apart = vec![
            stretch(120, 180),
            stretch(0, 60),
            stretch(60, 100),
            stretch(5, 5),
        ];
        assert_eq!(merged(apart), [stretch(0, 100), stretch(120, 180)]);
    }

    #[test]
    fn the_newest_hours_come_first_and_the_rest_stays() {
        let (now, later) = newest_hours(vec![stretch(0, 9_000), stretch(10_000, 10_060)], 2);
        assert_eq!(
            now,
            [
                stretch(10_000, 10_060),
                stretch(7_200, 9_000),
                stretch(3_600, 7_200)
            ]
        );
        assert_eq!(later, [stretch(0, 3_600)]);
    }

    #[test]
    fn steps_are_aligned_and_cover_everything_once() {
        let steps: Vec<_> = steps(stretch(3_000, 7_800), Span::hours(1)).collect();
        assert_eq!(
            steps,
            [
                stretch(3_000, 3_600),
                stretch(3_600, 7_200),
                stretch(7_200, 7_800)
            ]
        );
    }
}
