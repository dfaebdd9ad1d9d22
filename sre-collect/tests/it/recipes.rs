//! What the common families say of services, in a real Prometheus.

use chrono::TimeDelta;
use sre_collect::due_minutes;
use sre_core::count::Counts;
use sre_core::name::ServiceName;
use sre_core::sample::{Sample, SampleValue};

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{at, seconds, source};

/// Two hours of a service that answers `good` requests and fails `bad` a scrape, every 15 s.
fn http(history: History, family: &str, job: &str, label: &str, good: u32, bad: u32) -> History {
    let of = |code: &str| format!(r#"job="{job}",instance="{job}:1",{label}="{code}""#);
    history
        .series(
            family,
            &of("200"),
            every(15, 0.0, 7_200, |n| f64::from(n * good)),
        )
        .series(
            family,
            &of("503"),
            every(15, 0.0, 7_200, |n| f64::from(n * bad)),
        )
}

/// Buckets of requests of which 96 in 100 take at most 250 ms, and all of them half a second.
fn buckets(history: History, family: &str, job: &str) -> History {
    [("0.25", 96), ("0.5", 100), ("+Inf", 100)]
        .into_iter()
        .fold(history, |history, (le, per_scrape)| {
            let labels = format!(r#"job="{job}",instance="{job}:1",le="{le}""#);
            let counts = every(15, 0.0, 7_200, |n| f64::from(n * per_scrape));
            history.series(&format!("{family}_bucket"), &labels, counts)
        })
}

fn service(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

fn of<'a>(samples: &'a [Sample], metric: &str) -> Vec<&'a Sample> {
    samples
        .iter()
        .filter(|sample| sample.metric_name.as_str() == metric)
        .collect()
}

#[tokio::test]
async fn services_are_found_with_the_family_that_they_have_and_counted_exactly() {
    let history = http(
        History::default(),
        "http_requests_total",
        "by-code",
        "code",
        9,
        1,
    );
    let history = http(history, "http_requests_total", "by-status", "status", 10, 0);
    let history = buckets(history, "http_request_duration_seconds", "by-code");
    // A counter without a label of outcomes tells nothing of errors.
    let history = history.series(
        "http_requests_total",
        r#"job="mute",instance="m:1""#,
        every(15, 0.0, 7_200, f64::from),
    );
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);

    let recipes = source
        .recipes(at(7_000))
        .await
        .expect("an answer");
    let names: Vec<_> = recipes
        .keys()
        .map(ServiceName::as_str)
        .collect();
    assert_eq!(names, ["by-code", "by-status"]);
    assert!(
        recipes[&service("by-code")]
            .durations
            .is_some()
    );
    assert!(
        recipes[&service("by-status")]
            .durations
            .is_none()
    );

    let hour = seconds(3_600, 7_200);
    let samples = source
        .cook(
            &service("by-code"),
            &recipes[&service("by-code")],
            hour,
            None,
        )
        .await
        .expect("an answer");
    let counts = Counts::events(36, 40).expect("counts");
    let availability = of(&samples, "availability");
    assert_eq!(availability.len(), 60);
    for (sample, minute) in availability.iter().zip(0..) {
        assert_eq!(sample.at, at(3_600 + minute * 60));
        assert_eq!(sample.value, SampleValue::Counts(counts), "{}", sample.at);
    }
    assert_eq!(of(&samples, "error_rate").len(), 60);
    let SampleValue::Number(p95) = of(&samples, "latency_p95")[30].value else {
        panic!("a percentile is a number");
    };
    assert!((240.0..250.0).contains(&p95), "{p95} ms");
    let SampleValue::Number(rate) = of(&samples, "throughput")[30].value else {
        panic!("a rate is a number");
    };
    assert!((rate - 40.0 / 60.0).abs() < 1e-9, "{rate} a second");
}

#[tokio::test]
async fn targets_that_are_down_are_bad_events_of_their_service() {
    let up = |instance: &str| format!(r#"job="shop",instance="{instance}""#);
    let history = History::default()
        .series("up", &up("a:1"), every(15, 0.0, 3_600, |_| 1.0))
        .series("up", &up("b:1"), every(15, 0.0, 3_600, |_| 0.0));
    let prometheus = Prometheus::with(&history).await;
    let samples = source(&prometheus.url)
        .reached(at(3_600))
        .await
        .expect("an answer");
    let [sample] = samples.as_slice() else {
        panic!("one service: {samples:?}");
    };
    assert_eq!(sample.service_name, service("shop"));
    assert_eq!(sample.metric_name.as_str(), "probe_success");
    let half = Counts::events(1, 2).expect("counts");
    assert_eq!(sample.value, SampleValue::Counts(half));
}

#[tokio::test]
async fn a_source_that_is_away_says_nothing_and_no_minute_is_skipped() {
    let mut prometheus = Prometheus::with(&http(
        History::default(),
        "http_requests_total",
        "shop",
        "code",
        1,
        0,
    ))
    .await;
    let source = source(&prometheus.url);
    let recipes = source
        .recipes(at(7_000))
        .await
        .expect("an answer");
    prometheus.stop();
    let due = due_minutes(Some(at(6_900)), at(7_000), TimeDelta::seconds(10));
    let shop = service("shop");
    assert!(
        source
            .cook(&shop, &recipes[&shop], due, Some(at(6_900)))
            .await
            .is_err()
    );
    assert!(source.recipes(at(7_000)).await.is_err());
}
