//! Latency from the buckets of a real Prometheus: exact where a bucket ends at the threshold, bounded
//! where none does.

use sre_core::count::{Count, Counts};
use sre_core::histogram::Bracket;
use sre_core::source::{FailureClass, Measurement};

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{ask, classes, latency, measured, seconds, source, sums};

const HISTOGRAM: &str = "http_seconds";

/// The buckets of one pod and its `_count`, every 15 s until an end: `within` so many of each scrape's
/// requests by bound, and a restart after so many scrapes.
fn pod(
    history: History,
    pod: &str,
    within: &[(&str, u32)],
    until: u32,
    restarts_every: u32,
) -> History {
    let labels = |more: &str| format!(r#"job="shop",instance="{pod}:1"{more}"#);
    let total = within.last().expect("+Inf").1;
    let counted = |per_scrape| {
        every(15, 0.0, until, move |n| {
            f64::from(n % restarts_every * per_scrape)
        })
    };
    let history = within
        .iter()
        .fold(history, |history, (le, per_scrape)| {
            let name = format!("{HISTOGRAM}_bucket");
            history.series(
                &name,
                &labels(&format!(r#",le="{le}""#)),
                counted(*per_scrape),
            )
        });
    history.series(&format!("{HISTOGRAM}_count"), &labels(""), counted(total))
}

const USUAL: &[(&str, u32)] = &[("0.1", 50), ("0.25", 80), ("0.5", 95), ("+Inf", 100)];

fn bracket(below: &str, above: &str) -> Bracket {
    Bracket {
        below: below.parse().expect("a bound"),
        above: above.parse().expect("a bound"),
    }
}

#[tokio::test]
async fn requests_within_a_bucket_are_counted_exactly_however_its_bound_is_written() {
    let history = pod(History::default(), "a", USUAL, 7_200, 1_000);
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    for threshold in ["250ms", "0.25", "0.250s"] {
        let query = latency(HISTOGRAM, r#"job="shop""#, threshold);
        let answer = ask(&source, &query, seconds(3_600, 7_200), "60s").await;
        assert_eq!(answer.slices, vec![measured(80, 400); 60], "{threshold}");
        assert_eq!(answer.bracket, Some(bracket("0.25", "0.25")));
        assert!(!answer.estimated);
    }
}

#[tokio::test]
async fn a_threshold_inside_a_bucket_understates_no_bad_event_and_says_so() {
    let history = pod(History::default(), "a", USUAL, 3_600, 1_000);
    let prometheus = Prometheus::with(&history).await;
    let query = latency(HISTOGRAM, "", "300ms");
    let answer = ask(&source(&prometheus.url), &query, seconds(600, 1_200), "60s").await;
    assert_eq!(answer.slices, vec![measured(80, 400); 10]);
    assert_eq!(answer.bracket, Some(bracket("0.25", "0.5")));
}

#[tokio::test]
async fn restarts_are_seen_in_every_bucket() {
    let history = pod(History::default(), "a", USUAL, 7_200, 37);
    let prometheus = Prometheus::with(&history).await;
    let query = latency(HISTOGRAM, "", "500ms");
    let answer = ask(&source(&prometheus.url), &query, seconds(0, 7_200), "60s").await;
    // Of 480 scrapes the first is a baseline, and one of 37 is the first after a restart, at 0.
    let grown = 479 - 479 / 37;
    assert_eq!(sums(&answer), (grown * 5, grown * 100));
}

/// T17: Prometheus 2 stored `le="1"` where Prometheus 3 stores `le="1.0"`.
#[tokio::test]
async fn t17_a_bound_that_an_upgrade_spells_otherwise_goes_on() {
    let labels = |le: &str| format!(r#"job="shop",instance="a:1",le="{le}""#);
    let name = format!("{HISTOGRAM}_bucket");
    let whole = every(15, 0.0, 3_600, |n| f64::from(n * 9));
    let all = every(15, 0.0, 3_600, |n| f64::from(n * 10));
    let (before, after): (Vec<_>, Vec<_>) = whole
        .into_iter()
        .partition(|(second, _)| *second < 1_830.0);
    let history = History::default()
        .series(&name, &labels("1"), before)
        .series(&name, &labels("1.0"), after)
        .series(&name, &labels("+Inf"), all.clone())
        .series(
            &format!("{HISTOGRAM}_count"),
            r#"job="shop",instance="a:1""#,
            all,
        );
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    let query = latency(HISTOGRAM, "", "1s");
    let answer = ask(&source, &query, seconds(1_200, 2_400), "60s").await;
    assert_eq!(answer.slices, vec![measured(4, 40); 20]);
    assert_eq!(answer.bracket, Some(bracket("1", "1")));
    // And slice by slice, as it is asked live.
    for start in (1_740..2_040).step_by(60) {
        let answer = ask(&source, &query, seconds(start, start + 60), "60s").await;
        assert_eq!(answer.slices, [measured(4, 40)], "{start}");
    }
}

#[tokio::test]
async fn pods_with_other_buckets_are_counted_by_those_that_they_have() {
    let history = pod(History::default(), "old", USUAL, 1_800, 1_000);
    let other = &[("0.2", 70), ("0.3", 85), ("+Inf", 100)];
    let prometheus = Prometheus::with(&pod(history, "new", other, 1_800, 1_000)).await;
    let query = latency(HISTOGRAM, "", "300ms");
    let answer = ask(&source(&prometheus.url), &query, seconds(600, 1_200), "60s").await;
    // The new pod's bucket ends at the threshold, the old one's greatest within is 0.25.
    assert_eq!(answer.slices, vec![measured(4 * (20 + 15), 800); 10]);
    assert_eq!(answer.bracket, Some(bracket("0.3", "0.3")));
}

#[tokio::test]
async fn without_a_bucket_for_the_threshold_nothing_is_counted() {
    let history = pod(History::default(), "a", USUAL, 1_200, 1_000);
    let lone = every(15, 0.0, 1_200, f64::from);
    let history = history.series("lone_seconds_bucket", r#"job="x",le="+Inf""#, lone);
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    for (histogram, threshold, said) in [
        (HISTOGRAM, "50ms", "below the lowest bucket, 0.1"),
        (HISTOGRAM, "2s", "above the highest bucket, 0.5"),
        ("lone_seconds", "2s", "no finite bucket"),
    ] {
        let query = latency(histogram, "", threshold);
        let answer = ask(&source, &query, seconds(600, 720), "60s").await;
        assert_eq!(classes(&answer), [Some(FailureClass::Impossible); 2]);
        let Measurement::Failed(failure) = &answer.slices[0] else {
            panic!("{:?}", answer.slices)
        };
        assert!(failure.detail.contains(said), "{}", failure.detail);
    }
    let answer = ask(
        &source,
        &latency("no_seconds", "", "1s"),
        seconds(600, 720),
        "60s",
    )
    .await;
    assert_eq!(answer.slices, vec![Measurement::Absent; 2]);
}

#[tokio::test]
async fn more_pods_than_are_read_are_estimated_and_marked() {
    let history = (0..1_100).fold(History::default(), |history, pod| {
        let labels = |more: &str| format!(r#"job="shop",instance="pod-{pod}:80"{more}"#);
        let counted = |per_scrape: u32| every(60, 0.0, 1_200, move |n| f64::from(n * per_scrape));
        history
            .series("many_bucket", &labels(r#",le="0.3""#), counted(9))
            .series("many_bucket", &labels(r#",le="+Inf""#), counted(10))
            .series("many_count", &labels(""), counted(10))
    });
    let prometheus = Prometheus::with(&history).await;
    let query = latency("many", "", "300ms");
    let answer = ask(&source(&prometheus.url), &query, seconds(600, 900), "60s").await;
    assert!(answer.estimated);
    assert_eq!(answer.bracket, Some(bracket("0.3", "0.3")));
    for slice in &answer.slices {
        let Measurement::Measured(counts) = slice else {
            panic!("{slice:?}")
        };
        // The truth is 11000 of which 1100 are slow; estimates come near.
        let near = |found: Count, truth: u64| found.whole_events().abs_diff(truth) <= truth / 50;
        assert!(
            near(counts.total(), 11_000) && near(counts.bad(), 1_100),
            "{counts:?}"
        );
    }
}

#[tokio::test]
async fn a_bound_in_milliseconds_is_the_same_threshold() {
    let labels = |le: &str| format!(r#"job="shop",instance="a:1",le="{le}""#);
    let counted = |per_scrape: u32| every(15, 0.0, 1_200, move |n| f64::from(n * per_scrape));
    let history = History::default()
        .series("envoy_time_bucket", &labels("300.0"), counted(9))
        .series("envoy_time_bucket", &labels("+Inf"), counted(10))
        .series(
            "envoy_time_count",
            r#"job="shop",instance="a:1""#,
            counted(10),
        );
    let prometheus = Prometheus::with(&history).await;
    let sre_core::source::Query::Latency(mut query) = latency("envoy_time", "", "300ms") else {
        panic!("a latency")
    };
    query.unit = sre_core::latency::LatencyUnit::Milliseconds;
    let query = sre_core::source::Query::Latency(query);
    let answer = ask(&source(&prometheus.url), &query, seconds(600, 660), "60s").await;
    let counts = Counts::events(36, 40).expect("legal");
    assert_eq!(answer.slices, [Measurement::Measured(counts)]);
}
