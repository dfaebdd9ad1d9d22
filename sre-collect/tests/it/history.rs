//! Counting from a real Prometheus' history: resets, births, holes, edges, scrape intervals.

use sre_core::source::{FailureClass, Measurement, MetricSource};

use crate::prometheus::{History, Prometheus};
use crate::question::{
    ask, bad_of, classes, good_of, measured, seconds, source, source_with, sums,
};

const TARGET: &str = r#"job="shop",instance="a:1""#;

/// Every so many seconds from a phase on until an end, with `value` of the sample's number.
pub(crate) fn every(
    step: u32,
    phase: f64,
    until: u32,
    value: impl Fn(u32) -> f64,
) -> Vec<(f64, f64)> {
    let samples = (0..).map(|n| (phase + f64::from(n * step), value(n)));
    samples
        .take_while(|(second, _)| *second < f64::from(until))
        .collect()
}

fn labelled(more: &str) -> String {
    format!("{TARGET},{more}")
}

#[tokio::test]
async fn counts_equal_the_truth_at_any_scrape_interval() {
    let mut history = History::default();
    for (step, phase) in [(15, 0.0), (30, 7.123), (60, 59.999), (60, 0.0)] {
        let name = format!("scraped_{step}_{}_total", f64::trunc(phase));
        history = history
            .series(
                &name,
                &labelled("code=\"200\""),
                every(step, phase, 7_200, |n| f64::from(n * 9)),
            )
            .series(
                &name,
                &labelled("code=\"500\""),
                every(step, phase, 7_200, f64::from),
            );
    }
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    for (step, phase) in [(15, 0), (30, 7), (60, 59), (60, 0)] {
        let name = format!("scraped_{step}_{phase}_total");
        let ratio = bad_of(&format!("{name}{{code=~\"5..\"}}"), &name);
        let answer = ask(&source, &ratio, seconds(3_600, 7_200), "60s").await;
        let scrapes = 60 / step;
        let minute = measured(scrapes, 10 * scrapes);
        assert_eq!(
            answer.slices,
            vec![minute; 60],
            "every {step} s from {phase}"
        );
        assert!(!answer.estimated);
    }
}

#[tokio::test]
async fn known_vectors_are_counted_exactly() {
    // Prometheus, promql/testdata/functions.test, and the proposal PROM-52.
    let steps = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 10.0, 11.0, 12.0, 13.0];
    let reset = [0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0];
    let of = |values: &'static [f64], step| {
        (0..)
            .step_by(step)
            .map(f64::from)
            .zip(values.iter().copied())
            .collect::<Vec<_>>()
    };
    let (steps, reset): (&'static [f64], &'static [f64]) =
        (Box::leak(Box::new(steps)), Box::leak(Box::new(reset)));
    // The minute that ends at second 80 begins at 20.
    let shifted = of(steps, 15)
        .into_iter()
        .map(|(second, value)| (second + 40.0, value));
    let history = History::default()
        .series("prom_52_total", TARGET, shifted)
        .series("reset_total", TARGET, of(reset, 300))
        .series(
            "steady_total",
            TARGET,
            every(300, 0.0, 3_001, |n| f64::from(n * 10)),
        );
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let total = |name: &'static str, start, end| {
        let source = &source;
        async move {
            let ratio = bad_of("nothing_total", name);
            sums(&ask(source, &ratio, seconds(start, end), "60s").await).1
        }
    };
    assert_eq!(total("prom_52_total", 60, 120).await, 7);
    assert_eq!(total("reset_total", 0, 3_600).await, 7);
    assert_eq!(total("steady_total", 0, 3_600).await, 100);
}

#[tokio::test]
async fn a_sample_on_an_edge_belongs_to_the_slice_that_begins_there() {
    let samples = [
        (0.0, 1.0),
        (59.999, 4.0),
        (60.0, 9.0),
        (119.999, 10.0),
        (120.0, 30.0),
    ];
    let history = History::default().series("edge_total", TARGET, samples);
    let prometheus = Prometheus::with(&history).await;
    let ratio = bad_of("nothing_total", "edge_total");
    let source = source(&prometheus.url);
    let answer = ask(&source, &ratio, seconds(0, 120), "60s").await;
    assert_eq!(answer.slices, [measured(0, 3), measured(0, 6)]);
    let answer = ask(&source, &ratio, seconds(60, 120), "60s").await;
    assert_eq!(answer.slices, [measured(0, 6)], "the same, asked by itself");
}

#[tokio::test]
async fn an_error_series_counts_from_its_birth() {
    let born =
        |from: u32, first: f64| every(15, f64::from(from), 600, move |n| first + f64::from(n));
    let up = |value: f64, until| every(15, 0.0, until, move |_| value);
    let history = History::default()
        .series(
            "calls_total",
            &labelled("code=\"200\""),
            every(15, 0.0, 600, |n| f64::from(n * 4)),
        )
        // Born beside its siblings, with three errors at once.
        .series("calls_total", &labelled("code=\"500\""), born(120, 3.0))
        // Known only by `up`.
        .series("up", r#"job="shop",instance="b:1""#, up(1.0, 600))
        .series("lone_total", r#"job="shop",instance="b:1""#, born(120, 5.0))
        // Its target failed to be scraped until now.
        .series("up", r#"job="shop",instance="c:1""#, up(0.0, 120))
        .series("late_total", r#"job="shop",instance="c:1""#, born(120, 5.0))
        // Nobody knows its target.
        .series("stray_total", r#"x="y""#, born(120, 5.0));
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let slice = |ratio| {
        let source = &source;
        async move {
            ask(source, &ratio, seconds(120, 180), "60s")
                .await
                .slices
        }
    };
    let calls = bad_of("calls_total{code=~\"5..\"}", "calls_total");
    assert_eq!(slice(calls).await, [measured(6, 6 + 16)]);
    assert_eq!(
        slice(bad_of("x_total", "lone_total")).await,
        [measured(0, 8)]
    );
    assert_eq!(
        slice(bad_of("x_total", "late_total")).await,
        [measured(0, 3)]
    );
    assert_eq!(
        slice(bad_of("x_total", "stray_total")).await,
        [measured(0, 3)]
    );
}

#[tokio::test]
async fn an_absent_error_series_is_no_error_and_an_absent_good_one_no_success() {
    let history = History::default()
        .series(
            "busy_total",
            TARGET,
            every(15, 0.0, 600, |n| f64::from(n * 2)),
        )
        .series("idle_total", TARGET, every(15, 0.0, 600, |_| 7.0));
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let slice = |ratio| {
        let source = &source;
        async move {
            ask(source, &ratio, seconds(120, 180), "60s")
                .await
                .slices
        }
    };
    assert_eq!(
        slice(bad_of("no_total", "busy_total")).await,
        [measured(0, 8)]
    );
    assert_eq!(
        slice(good_of("no_total", "busy_total")).await,
        [measured(8, 8)]
    );
    assert_eq!(
        slice(bad_of("no_total", "idle_total")).await,
        [Measurement::NoTraffic]
    );
    assert_eq!(
        slice(bad_of("no_total", "no_total")).await,
        [Measurement::Absent]
    );
    assert_eq!(
        slice(bad_of("busy_total", "no_total")).await,
        [Measurement::Absent]
    );
    let above = slice(bad_of("busy_total", "idle_total")).await;
    assert!(
        matches!(&above[..], [Measurement::Failed(failure)]
            if failure.class == FailureClass::Impossible),
        "{above:?}"
    );
}

#[tokio::test]
async fn a_hole_counts_whole_up_to_an_hour_and_not_beyond() {
    let around = |hole: f64| {
        let after = move |n: u32| (600.0 + hole + f64::from(n * 15), 100.0 + f64::from(n));
        let mut samples = every(15, 0.0, 601, f64::from);
        samples.extend((0..40).map(after));
        samples
    };
    let history = History::default()
        .series("short_total", TARGET, around(1_800.0))
        .series("long_total", TARGET, around(5_400.0));
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let ratio = bad_of("no_total", "short_total");
    let answer = ask(&source, &ratio, seconds(2_340, 2_460), "60s").await;
    assert_eq!(answer.slices, [Measurement::Absent, measured(0, 60 + 3)]);
    let ratio = bad_of("no_total", "long_total");
    let answer = ask(&source, &ratio, seconds(0, 7_200), "60s").await;
    assert_eq!(
        answer.slices[100],
        measured(0, 3),
        "the first sample after is a baseline"
    );
    assert_eq!(
        sums(&answer),
        (0, 40 + 39),
        "nothing of the hole is counted"
    );
    let hole = &answer.slices[11..100];
    assert!(
        hole.iter()
            .all(|slice| *slice == Measurement::Absent),
        "{hole:?}"
    );
}

#[tokio::test]
async fn samples_that_no_counter_can_have_spoil_their_slices_only() {
    let mut samples = every(15, 0.0, 600, f64::from);
    samples[17].1 = f64::NAN;
    samples[28].1 = f64::INFINITY;
    let history = History::default().series("odd_total", TARGET, samples);
    let prometheus = Prometheus::with(&history).await;
    let answer = ask(
        &source(&prometheus.url),
        &bad_of("no_total", "odd_total"),
        seconds(0, 600),
        "60s",
    )
    .await;
    let impossible = |slice: usize| classes(&answer)[slice] == Some(FailureClass::Impossible);
    let spoiled: Vec<_> = (0..10)
        .filter(|slice| impossible(*slice))
        .collect();
    assert_eq!(spoiled, [4, 7]);
    assert_eq!(answer.slices[5], measured(0, 4));
}

#[tokio::test]
async fn a_stopped_and_a_frozen_prometheus_are_failures_of_every_slice() {
    let history = History::default().series("a_total", TARGET, every(15, 0.0, 600, f64::from));
    let mut prometheus = Prometheus::with(&history).await;
    let source = source_with(&prometheus.url, std::time::Duration::from_millis(700));
    let ratio = bad_of("b_total", "a_total");
    assert_eq!(
        sums(&ask(&source, &ratio, seconds(60, 600), "60s").await),
        (0, 36)
    );
    prometheus.freeze();
    let answer = ask(&source, &ratio, seconds(0, 10_800), "60s").await;
    assert_eq!(classes(&answer), [Some(FailureClass::Timeout); 180]);
    prometheus.stop();
    let answer = ask(&source, &ratio, seconds(0, 10_800), "60s").await;
    assert_eq!(classes(&answer), [Some(FailureClass::Unreachable); 180]);
    assert_eq!(
        source.describe(),
        format!("Prometheus at {}", prometheus.url)
    );
}
