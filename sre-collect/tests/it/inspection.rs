//! What a real Prometheus says of a query that somebody has just written.

use sre_core::slice::SliceWidth;
use sre_core::source::{Finding, MetricSource, Place, Query};
use sre_core::threshold::Operator;

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{at, bad_of, expressions, latency, source, votes};

const WINDOW: &str = "{{window}}";

fn history() -> History {
    let counted = || every(15, 0.0, 600, f64::from);
    let labels = |more: &str| format!(r#"job="shop",instance="a:1"{more}"#);
    ["0.1", "0.25", "0.5", "+Inf"]
        .into_iter()
        .fold(History::default(), |history, le| {
            history.series(
                "http_seconds_bucket",
                &labels(&format!(r#",le="{le}""#)),
                counted(),
            )
        })
        .series("http_seconds_count", &labels(""), counted())
        .series("calls_total", &labels(r#",code="200""#), counted())
        .series("calls_total", &labels(r#",code="500""#), counted())
        .series("lone_seconds_bucket", &labels(r#",le="+Inf""#), counted())
}

/// A finding: where, whether it is a fault, and a part of what it says.
type Told = (Place, bool, &'static str);

#[tokio::test]
async fn what_is_wrong_is_a_fault_and_what_is_not_there_a_warning() {
    let prometheus = Prometheus::with(&history()).await;
    let source = source(&prometheus.url);
    let inspect = |query: Query| {
        let source = &source;
        async move {
            assert!(
                source
                    .check(&query)
                    .iter()
                    .all(|finding| !finding.is_fault)
            );
            source
                .inspect(&query, SliceWidth::MINUTE, at(590))
                .await
        }
    };
    let of = |inner: &str| format!("{inner}[{WINDOW}]");
    let cases: Vec<(Query, &[Told])> = vec![
        (bad_of(r#"calls_total{code="500"}"#, "calls_total"), &[]),
        (
            bad_of(r#"calls_total{code="5xx"}"#, "call_total"),
            &[
                (Place::Part, false, "selects no series now"),
                (Place::Total, false, "call_total selects no series now"),
            ],
        ),
        (
            bad_of(r#"calls_total{code=~"("}"#, "calls_total"),
            &[(Place::Part, true, "missing closing")],
        ),
        (latency("http_seconds", r#"job="shop""#, "250ms"), &[]),
        (
            latency("http_seconds", "", "300ms"),
            &[(Place::Threshold, false, "from 0.25 to 0.5")],
        ),
        (
            latency("http_seconds", "", "2s"),
            &[(Place::Threshold, true, "above the highest bucket, 0.5")],
        ),
        (
            latency("lone_seconds", "", "2s"),
            &[
                (Place::Threshold, true, "no finite bucket"),
                (
                    Place::Histogram,
                    false,
                    "lone_seconds_count selects no series now",
                ),
            ],
        ),
        (
            latency("htp_seconds", "", "2s"),
            &[(Place::Histogram, false, "has no bucket now")],
        ),
        (
            expressions(
                &format!("sum(increase({})", of("calls_total")),
                &format!("increase({})", of("calls_total")),
            ),
            &[
                (Place::Part, true, "parse error"),
                (Place::Total, true, "answers 2 series"),
            ],
        ),
        (
            expressions(
                &format!("sum(increase({})) + 0", of("no_total")),
                &format!("sum(increase({})) + 0", of("calls_total")),
            ),
            &[(Place::Part, false, "answers nothing now")],
        ),
        (votes("calls_total", Operator::Lt, 1.0), &[]),
        (
            votes("calls_total{", Operator::Lt, 1.0),
            &[(Place::Query, true, "parse error")],
        ),
        (
            votes("no_gauge", Operator::Lt, 1.0),
            &[(Place::Query, false, "answers nothing now")],
        ),
    ];
    for (query, expected) in cases {
        let told = format!("{query:?}");
        let found = inspect(query).await;
        assert_eq!(found.len(), expected.len(), "{told}: {found:?}");
        for (finding, (place, is_fault, said)) in found.iter().zip(expected) {
            assert_eq!(
                (finding.place, finding.is_fault),
                (*place, *is_fault),
                "{told}: {finding:?}"
            );
            assert!(finding.detail.contains(said), "{told}: {finding:?}");
        }
    }
}

#[tokio::test]
async fn a_source_that_is_away_is_no_fault_of_the_author() {
    let source = source("http://127.0.0.1:1");
    for query in [
        bad_of("a_total", "b_total"),
        latency("http_seconds", "", "1s"),
        votes("queue", Operator::Lt, 1.0),
    ] {
        let found = source
            .inspect(&query, SliceWidth::MINUTE, at(0))
            .await;
        assert!(!found.is_empty());
        let is_warning =
            |finding: &Finding| !finding.is_fault && finding.detail.contains("unreachable");
        assert!(found.iter().all(is_warning), "{found:?}");
    }
}
