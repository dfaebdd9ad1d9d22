//! A Prometheus that scrapes, in real time.

use std::time::Duration;

use chrono::TimeDelta;
use sre_core::slice::SliceWidth;
use sre_core::source::{Answer, Measurement, MetricSource, Question};
use sre_core::time::Interval;

use crate::exporter::{Exporter, FIRST_ERROR, now};
use crate::prometheus::Prometheus;
use crate::question::{bad_of, latency, source, sums};

#[tokio::test]
async fn a_scraping_prometheus_is_counted_exactly_and_a_dead_exporter_is_absence() {
    let steady = Exporter::start(u64::MAX).await;
    // Dies before it has shown any error.
    let dying = Exporter::start(4).await;
    let targets = [
        ("steady", steady.address.clone()),
        ("dying", dying.address.clone()),
    ];
    let began = now();
    let prometheus = Prometheus::scraping(&targets).await;
    let source = source(&prometheus.url);
    let width = SliceWidth::TEN_SECONDS;
    // The slice that scraping begins in, and two whole ones.
    let during = Interval::new(
        width.floor(began),
        width.ceil(began) + width.span().as_delta() * 2,
    );
    // A scrape of the last millisecond has then been stored, and the next is on its way.
    let settled = during.end() + Duration::from_millis(950);
    while now() < settled {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ask = |ratio| {
        let source = &source;
        async move {
            let question = Question {
                query: &ratio,
                during,
                width,
                measured_until: None,
            };
            source.measure(&question).await
        }
    };
    let alive = ask(bad_of(
        r#"errors_total{job="steady"}"#,
        r#"calls_total{job="steady"}"#,
    ))
    .await
    .slices;
    let dead = ask(bad_of(
        r#"errors_total{job="dying"}"#,
        r#"calls_total{job="dying"}"#,
    ))
    .await
    .slices;

    let (bad, total) = sums(&Answer::exact(alive.clone()));
    // The first scrape is a baseline. A scrape is stamped a moment before it arrives, so one that
    // arrives just after the end may lie before it.
    let moment = TimeDelta::milliseconds(500);
    let scraped = |until| {
        u64::try_from(
            steady
                .scrapes()
                .iter()
                .filter(|at| **at < until)
                .count(),
        )
        .expect("few")
    };
    let counted = total / 10 + 1;
    let possible = scraped(during.end())..=scraped(during.end() + moment);
    assert!(
        possible.contains(&counted),
        "{counted} of {possible:?} scrapes: {alive:?}"
    );
    assert_eq!(total % 10, 0, "{alive:?}");
    assert_eq!(
        bad,
        counted - FIRST_ERROR + 1,
        "the first error counts: {alive:?}"
    );
    assert!(
        matches!(alive.last(), Some(Measurement::Measured(_))),
        "{alive:?}"
    );
    assert_eq!(dead.last(), Some(&Measurement::Absent), "{dead:?}");
    // Of ten calls two take longer than a quarter of a second, none longer than one; Prometheus
    // itself may spell the bound of the latter `1.0`.
    for (threshold, slow, is_exact) in [("250ms", 2, true), ("300ms", 2, false), ("1s", 0, true)] {
        let answer = ask(latency("calls_seconds", r#"job="steady""#, threshold)).await;
        assert_eq!(sums(&answer), (total / 10 * slow, total), "{threshold}");
        let bracket = answer.bracket.expect("buckets");
        assert_eq!(bracket.is_exact(), is_exact, "{threshold}: {bracket:?}");
    }
}
