//! Questions and answers, with what does not matter left out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sre_collect::{PrometheusConfig, PrometheusSource};
use sre_core::count::{Count, Counts};
use sre_core::latency::LatencyUnit;
use sre_core::slice::SliceWidth;
use sre_core::source::{
    Answer, CounterPart, CounterRatio, FailureClass, LatencyQuery, Measurement, MetricSource,
    Query, QueryRatio, Question, ThresholdQuery,
};
use sre_core::threshold::{Operator, Threshold};
use sre_core::time::{Interval, at_second};

/// An hour's edge long ago, the zero of every history.
pub(crate) const ZERO: i64 = 1_704_067_200;

/// So many seconds after [`ZERO`].
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    at_second(ZERO + second)
}

pub(crate) fn seconds(start: i64, end: i64) -> Interval {
    Interval::new(at(start), at(end))
}

pub(crate) fn source(url: &str) -> PrometheusSource {
    source_with(url, Duration::from_secs(10))
}

pub(crate) fn source_with(url: &str, timeout: Duration) -> PrometheusSource {
    install_tls();
    let mut config = PrometheusConfig::new(url.parse().expect("a url"));
    config.timeout = timeout;
    PrometheusSource::new(&config).expect("a source")
}

/// As the binary does it first thing; a second time changes nothing.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(crate) fn bad_of(bad: &str, total: &str) -> Query {
    Query::Counters(CounterRatio {
        part: CounterPart::Bad(bad.to_owned()),
        total: total.to_owned(),
    })
}

pub(crate) fn good_of(good: &str, total: &str) -> Query {
    Query::Counters(CounterRatio {
        part: CounterPart::Good(good.to_owned()),
        total: total.to_owned(),
    })
}

/// Requests of a histogram, in seconds, that took no longer than a threshold.
pub(crate) fn latency(histogram: &str, selector: &str, threshold: &str) -> Query {
    Query::Latency(LatencyQuery {
        histogram: histogram.to_owned(),
        selector: selector.to_owned(),
        threshold: threshold.parse().expect("a latency"),
        unit: LatencyUnit::Seconds,
    })
}

/// Expressions that count bad events among all.
pub(crate) fn expressions(bad: &str, total: &str) -> Query {
    Query::Ratio(QueryRatio {
        part: CounterPart::Bad(bad.to_owned()),
        total: total.to_owned(),
    })
}

/// Values of an expression that hold a line.
pub(crate) fn votes(query: &str, operator: Operator, value: f64) -> Query {
    Query::Threshold(ThresholdQuery {
        query: query.to_owned(),
        line: Threshold::new(operator, value).expect("finite"),
    })
}

pub(crate) async fn ask(
    source: &PrometheusSource,
    query: &Query,
    during: Interval,
    width: &str,
) -> Answer {
    let width: SliceWidth = width.parse().expect("a width");
    source
        .measure(&Question {
            query,
            during,
            width,
            measured_until: None,
        })
        .await
}

pub(crate) fn measured(bad: u64, total: u64) -> Measurement {
    let count = |n| Count::events(n).expect("fits");
    Measurement::Measured(Counts::with_bad(count(bad), count(total)).expect("legal"))
}

/// Bad and total over all slices.
pub(crate) fn sums(answer: &Answer) -> (u64, u64) {
    let counts = answer
        .slices
        .iter()
        .map(|slice| match slice {
            Measurement::Measured(counts) => *counts,
            _ => Counts::NONE,
        });
    let sum = counts.fold(Counts::NONE, |sum, one| sum.checked_add(one).expect("fits"));
    (sum.bad().whole_events(), sum.total().whole_events())
}

/// The class of each slice's failure.
pub(crate) fn classes(answer: &Answer) -> Vec<Option<FailureClass>> {
    let class = |slice: &Measurement| match slice {
        Measurement::Failed(failure) => Some(failure.class),
        _ => None,
    };
    answer
        .slices
        .iter()
        .map(class)
        .collect()
}
