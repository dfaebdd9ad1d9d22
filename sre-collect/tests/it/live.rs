//! A Prometheus that scrapes, in real time.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use sre_core::slice::SliceWidth;
use sre_core::source::{Measurement, MetricSource, Question};
use sre_core::time::Interval;

use crate::exporter::{Exporter, FIRST_ERROR};
use crate::prometheus::Prometheus;
use crate::question::{bad_of, source, sums};

#[expect(
    clippy::disallowed_methods,
    reason = "Prometheus stamps its samples by the real clock"
)]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

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
                ratio: &ratio,
                during,
                width,
                measured_until: None,
            };
            source.measure(&question).await.slices
        }
    };
    let scraped = steady.scrapes();
    let alive = ask(bad_of(
        r#"errors_total{job="steady"}"#,
        r#"calls_total{job="steady"}"#,
    ))
    .await;
    let dead = ask(bad_of(
        r#"errors_total{job="dying"}"#,
        r#"calls_total{job="dying"}"#,
    ))
    .await;

    let answer = sre_core::source::Answer {
        slices: alive.clone(),
        estimated: false,
    };
    let (bad, total) = sums(&answer);
    // The first scrape is the baseline; the last may lie beyond the end.
    let counted = total / 10 + 1;
    assert_eq!(total % 10, 0, "{alive:?}");
    assert!(
        counted == scraped || counted + 1 == scraped,
        "{counted} of {scraped} scrapes"
    );
    assert_eq!(
        bad,
        counted - FIRST_ERROR + 1,
        "the first error counts: {alive:?}"
    );
    for slice in &alive[alive.len() - 2..] {
        let Measurement::Measured(counts) = slice else {
            panic!("{slice:?}")
        };
        let found = counts.total().whole_events() / 10;
        assert!((9..=11).contains(&found), "{found} scrapes in ten seconds");
    }
    assert_eq!(dead.last(), Some(&Measurement::Absent), "{dead:?}");
}
