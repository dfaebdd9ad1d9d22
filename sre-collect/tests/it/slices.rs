//! However the slices are asked for, a real Prometheus is counted the same.

use sre_core::source::{MetricSource, Question};

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{ask, at, bad_of, seconds, source, sums};

const TARGET: &str = r#"job="shop",instance="a:1""#;

#[tokio::test]
async fn slices_of_any_width_sum_to_the_same() {
    let history = History::default().series(
        "a_total",
        TARGET,
        every(20, 3.5, 7_200, |n| f64::from(n % 70)),
    );
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let ratio = bad_of("no_total", "a_total");
    let whole = sums(&ask(&source, &ratio, seconds(0, 7_200), "15m").await);
    for width in ["20s", "30s", "60s", "5m"] {
        let found = sums(&ask(&source, &ratio, seconds(0, 7_200), width).await);
        assert_eq!(found, whole, "{width}");
    }
    let mut parts = 0;
    for (start, end) in [(0, 900), (900, 4_500), (4_500, 5_400), (5_400, 7_200)] {
        parts += sums(&ask(&source, &ratio, seconds(start, end), "15m").await).1;
    }
    assert_eq!(parts, whole.1);
}

#[tokio::test]
async fn what_was_measured_long_ago_is_subtracted_from() {
    let samples = [(0.0, 10.0), (15.0, 12.0), (3_000.0, 40.0)];
    let history = History::default().series("a_total", TARGET, samples);
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let ratio = bad_of("no_total", "a_total");
    for measured_until in [None, Some(at(60)), Some(at(2_940))] {
        let width = "60s".parse().expect("a width");
        let question = Question {
            query: &ratio,
            during: seconds(3_000, 3_060),
            width,
            measured_until,
        };
        let answer = source.measure(&question).await;
        assert_eq!(sums(&answer), (0, 28), "measured until {measured_until:?}");
    }
}
