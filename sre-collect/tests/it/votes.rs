//! Thresholds on the values of a real Prometheus.

use sre_core::count::Counts;
use sre_core::source::{FailureClass, Measurement};
use sre_core::threshold::Operator;

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{ask, classes, seconds, source, votes};

fn voted(good: u64, total: u64) -> Measurement {
    Measurement::Measured(Counts::events(good, total).expect("legal"))
}

/// Queues of two pods; that of `b` is long from second 600 to 900, and `b` is gone after 1500.
fn queues() -> History {
    let pod = |pod| format!(r#"job="shop",instance="{pod}:1""#);
    let long = |n: u32| if (40..60).contains(&n) { 90.0 } else { 5.0 };
    History::default()
        .series("queue_length", &pod("a"), every(15, 0.0, 3_600, |_| 3.0))
        .series("queue_length", &pod("b"), every(15, 0.0, 1_500, long))
}

#[tokio::test]
async fn every_series_votes_once_a_slice_and_an_absent_one_not() {
    let prometheus = Prometheus::with(&queues()).await;
    let source = source(&prometheus.url);
    let query = votes("queue_length", Operator::Lte, 10.0);
    let answer = ask(&source, &query, seconds(540, 960), "60s").await;
    let mut expected = vec![voted(1, 2); 7];
    expected[0] = voted(2, 2);
    expected[6] = voted(2, 2);
    assert_eq!(answer.slices, expected);
    assert!(!answer.estimated);
    // A pod is remembered for as long as the source looks back, five minutes.
    let answer = ask(&source, &query, seconds(2_400, 2_460), "60s").await;
    assert_eq!(answer.slices, [voted(1, 1)]);
    let nobody = votes("no_queue", Operator::Lte, 10.0);
    let answer = ask(&source, &nobody, seconds(600, 720), "60s").await;
    assert_eq!(answer.slices, vec![Measurement::Absent; 2]);
}

#[tokio::test]
async fn a_value_on_the_edge_votes_in_the_slice_that_begins_there() {
    let samples = [(0.0, 1.0), (60.0, 9.0), (120.0, 1.0)];
    let history = History::default().series("level", r#"job="x""#, samples);
    let prometheus = Prometheus::with(&history).await;
    let query = votes("level", Operator::Lt, 5.0);
    let answer = ask(&source(&prometheus.url), &query, seconds(0, 180), "60s").await;
    assert_eq!(answer.slices, [voted(1, 1), voted(0, 1), voted(1, 1)]);
}

#[tokio::test]
async fn expressions_vote_by_what_they_answer_over_the_window() {
    let prometheus = Prometheus::with(&queues()).await;
    let source = source(&prometheus.url);
    let worst = votes(
        "max(max_over_time(queue_length[{{window}}]))",
        Operator::Lt,
        50.0,
    );
    let answer = ask(&source, &worst, seconds(540, 1_200), "60s").await;
    // The window is four minutes, so what was long is so for as long after.
    let good = answer
        .slices
        .iter()
        .filter(|slice| **slice == voted(1, 1))
        .count();
    assert_eq!((answer.slices.len(), good), (11, 3), "{:?}", answer.slices);
    let undefined = votes("sum(queue_length) * 0 / 0", Operator::Lt, 50.0);
    let answer = ask(&source, &undefined, seconds(600, 660), "60s").await;
    assert_eq!(classes(&answer), [Some(FailureClass::Impossible)]);
}

#[tokio::test]
async fn a_day_of_votes_equals_slice_by_slice() {
    let wave = |n: u32| f64::from(n % 50);
    let labels = r#"job="shop",instance="a:1""#;
    let history = History::default().series("wave", labels, every(60, 7.0, 86_400, wave));
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let query = votes("wave", Operator::Gte, 25.0);
    let day = ask(&source, &query, seconds(0, 86_400), "60s").await;
    assert_eq!(day.slices.len(), 1_440);
    let good = day
        .slices
        .iter()
        .filter(|slice| **slice == voted(1, 1))
        .count();
    assert_eq!(good, 1_440 / 50 * 25 + 15);
    for slice in [0_usize, 59, 60, 719, 1_439] {
        let start = i64::try_from(slice).expect("small") * 60;
        let alone = ask(&source, &query, seconds(start, start + 60), "60s").await;
        assert_eq!(alone.slices, day.slices[slice..=slice], "{slice}");
    }
}
