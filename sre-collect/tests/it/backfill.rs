//! Hours of history at once, and more of it than is ever read.

use sre_core::source::Measurement;

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{ask, bad_of, seconds, source, sums};

/// Rises by 3 a scrape and starts again every 50 minutes.
fn restarting(n: u32) -> f64 {
    f64::from(n % 200 + 1) * 3.0
}

fn pods(name: &str, count: u32, step: u32, until: u32) -> History {
    (0..count).fold(History::default(), |history, pod| {
        let labels = format!(r#"job="shop",instance="pod-{pod}:80""#);
        history.series(
            name,
            &labels,
            every(step, f64::from(pod % step), until, f64::from),
        )
    })
}

#[tokio::test]
async fn a_day_at_once_equals_the_truth_and_equals_slice_by_slice() {
    let day = 24 * 3_600;
    let labels = |code| format!(r#"job="shop",instance="a:1",code="{code}""#);
    let errors = |n: u32| f64::from(n % 200 / 10);
    let history = History::default()
        .series("calls_total", &labels(200), every(15, 4.0, day, restarting))
        .series("calls_total", &labels(500), every(15, 4.0, day, errors));
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let ratio = bad_of(r#"calls_total{code="500"}"#, "calls_total");
    let answer = ask(&source, &ratio, seconds(0, i64::from(day)), "60s").await;
    assert_eq!(answer.slices.len(), 1_440);
    let grown = |value: fn(u32) -> f64| -> f64 {
        let step = |n| {
            if value(n) >= value(n - 1) {
                value(n) - value(n - 1)
            } else {
                value(n)
            }
        };
        (1..day / 15).map(step).sum()
    };
    let errors = grown(|n| f64::from(n % 200 / 10));
    let (bad, total) = sums(&answer);
    assert_eq!(
        (f64_of(bad), f64_of(total)),
        (errors, grown(restarting) + errors)
    );
    // Around an edge between two steps, and around a reset.
    for slice in [0, 49, 50, 59, 60, 61, 119, 120, 700, 1_439] {
        let start = i64::from(slice) * 60;
        let alone = ask(&source, &ratio, seconds(start, start + 60), "60s").await;
        let place = usize::try_from(slice).expect("small");
        assert_eq!(alone.slices, answer.slices[place..=place], "slice {slice}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn f64_of(n: u64) -> f64 {
    n as f64
}

#[tokio::test]
async fn more_samples_than_are_read_at_once_are_read_in_parts_and_stay_exact() {
    // 300 × 240 samples an hour; half an hour and what lies before it passes.
    let prometheus = Prometheus::with(&pods("calls_total", 300, 15, 3_600)).await;
    let ratio = bad_of("no_total", "calls_total");
    let answer = ask(&source(&prometheus.url), &ratio, seconds(0, 3_600), "60s").await;
    assert!(!answer.estimated);
    assert_eq!(sums(&answer), (0, 300 * 239));
}

#[tokio::test]
async fn more_series_than_are_read_are_estimated_by_the_source_and_marked() {
    let prometheus = Prometheus::with(&pods("calls_total", 1_200, 15, 1_200)).await;
    let ratio = bad_of(r#"calls_total{instance=~"pod-1..:80"}"#, "calls_total");
    let answer = ask(&source(&prometheus.url), &ratio, seconds(600, 900), "60s").await;
    assert!(answer.estimated);
    let Measurement::Measured(counts) = answer.slices[2] else {
        panic!("{:?}", answer.slices)
    };
    // The truth is 4800 of which 400 are bad; estimates come near.
    assert!(
        (4_750..=4_850).contains(&counts.total().whole_events()),
        "{counts:?}"
    );
    assert!(
        (395..=405).contains(&counts.bad().whole_events()),
        "{counts:?}"
    );
}

#[tokio::test]
async fn a_selector_beyond_the_limits_that_nobody_can_aggregate_is_a_failure() {
    let prometheus = Prometheus::with(&pods("calls_total", 1_200, 15, 600)).await;
    // The bad selector is no regular expression, which only the source can say.
    let ratio = bad_of(r#"calls_total{instance=~"("}"#, "calls_total");
    let answer = ask(&source(&prometheus.url), &ratio, seconds(0, 600), "60s").await;
    let refused = |slice: &Measurement| matches!(slice, Measurement::Failed(_));
    assert!(answer.slices.iter().all(refused), "{:?}", answer.slices);
}

#[tokio::test]
async fn the_second_look_goes_back_in_parts_where_an_hour_is_too_much() {
    // 400 series, scraped every 15 s for an hour, pause for six minutes and come back: 88,000
    // samples lie in the hour before.
    let history = (0..400).fold(History::default(), |history, pod| {
        let labels = format!(r#"job="shop",instance="pod-{pod}:80""#);
        let mut samples = every(15, 0.0, 3_240, f64::from);
        samples.extend([(3_600.0, 1_000.0), (3_615.0, 1_001.0)]);
        history.series("calls_total", &labels, samples)
    });
    let prometheus = Prometheus::with(&history).await;
    let ratio = bad_of("no_total", "calls_total");
    let answer = ask(
        &source(&prometheus.url),
        &ratio,
        seconds(3_600, 3_660),
        "60s",
    )
    .await;
    assert!(!answer.estimated);
    assert_eq!(sums(&answer), (0, 400 * (1_001 - 215)));
}
