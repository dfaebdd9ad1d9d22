//! Expressions that people write, run by a real Prometheus: rewritten where they can be, else within
//! what an estimate may err.

use sre_core::source::{FailureClass, Measurement, MetricSource};

use crate::history::every;
use crate::prometheus::{History, Prometheus};
use crate::question::{ask, bad_of, classes, expressions, measured, seconds, source, sums};

const WINDOW: &str = "{{window}}";

fn calls() -> History {
    ["a:1", "b:1"]
        .into_iter()
        .fold(History::default(), |history, instance| {
            let labels = |code| format!(r#"job="shop",instance="{instance}",code="{code}""#);
            let counted =
                |per_scrape: u32| every(15, 4.0, 7_200, move |n| f64::from(n % 97 * per_scrape));
            history
                .series("calls_total", &labels(200), counted(9))
                .series("calls_total", &labels(500), counted(1))
        })
}

#[tokio::test]
async fn a_sum_of_increases_is_counted_as_exactly_as_the_counters_in_it() {
    let prometheus = Prometheus::with(&calls()).await;
    let source = source(&prometheus.url);
    let exact = bad_of(r#"calls_total{code="500"}"#, "calls_total");
    let exact = ask(&source, &exact, seconds(0, 7_200), "60s").await;
    let written = expressions(
        &format!(r#"sum(rate(calls_total{{code="500"}}[{WINDOW}]))"#),
        &format!("sum by (instance) (increase(calls_total[{WINDOW}]))"),
    );
    let answer = ask(&source, &written, seconds(0, 7_200), "60s").await;
    assert_eq!(answer, exact);
    assert!(!answer.estimated);
    // Restarts included: 479 steps, of which one in 97 starts from 0.
    let grown = 479 - 479 / 97;
    assert_eq!(sums(&answer), (2 * grown, 20 * grown));
}

#[tokio::test]
async fn any_other_expression_is_the_sources_own_estimate_and_marked() {
    let prometheus = Prometheus::with(&calls()).await;
    let source = source(&prometheus.url);
    let written = expressions(
        &format!(r#"sum(increase(calls_total{{code="500"}}[{WINDOW}])) + 0"#),
        &format!("sum(increase(calls_total[{WINDOW}])) + 0"),
    );
    // Between two restarts.
    let answer = ask(&source, &written, seconds(300, 1_200), "60s").await;
    assert!(answer.estimated);
    assert_eq!(answer.slices.len(), 15);
    for slice in &answer.slices {
        let Measurement::Measured(counts) = slice else {
            panic!("{slice:?}")
        };
        // The truth is 8 of 80; an estimate errs by its edges.
        let (bad, total) = (counts.bad().as_f64(), counts.total().as_f64());
        assert!(
            (bad - 8.0).abs() < 0.2 && (total - 80.0).abs() < 2.0,
            "{counts:?}"
        );
        // Rounded so that bad is never understated.
        assert!(bad * 10.0 >= total - 1e-5, "{counts:?}");
    }
    let explained = source.explain(&written, "60s".parse().expect("a width"), None);
    assert!(explained.is_estimated);
    assert_eq!(explained.queries[1], "sum(increase(calls_total[240s])) + 0");
}

/// T14: of more than one series nobody said which.
#[tokio::test]
async fn t14_an_answer_of_several_series_is_refused() {
    let prometheus = Prometheus::with(&calls()).await;
    let several = expressions(
        &format!("increase(calls_total[{WINDOW}])"),
        &format!("sum(increase(calls_total[{WINDOW}]))"),
    );
    let answer = ask(&source(&prometheus.url), &several, seconds(300, 420), "60s").await;
    assert_eq!(classes(&answer), [Some(FailureClass::Impossible); 2]);
    let Measurement::Failed(failure) = &answer.slices[0] else {
        panic!("{:?}", answer.slices)
    };
    let expected = "the query answers 4 series: aggregate them, as by sum(…)";
    assert_eq!(failure.detail, expected);
}

/// T2 and T15: what divides by nothing is impossible, what is missing beside a total is nothing.
#[tokio::test]
async fn what_is_no_number_is_impossible_and_what_is_missing_is_nothing() {
    let prometheus = Prometheus::with(&calls()).await;
    let source = source(&prometheus.url);
    let total = format!("sum(increase(calls_total[{WINDOW}])) * 1");
    let ask = |bad: String, total: String| {
        let source = &source;
        async move {
            let query = expressions(&bad, &total);
            ask(source, &query, seconds(300, 360), "60s").await
        }
    };
    let of_nothing = format!("sum(increase(calls_total[{WINDOW}])) * 0 / 0");
    let negative = format!("-sum(increase(calls_total[{WINDOW}]))");
    for bad in [of_nothing, negative] {
        let answer = ask(bad, total.clone()).await;
        assert_eq!(classes(&answer), [Some(FailureClass::Impossible)]);
    }
    let missing = format!("sum(increase(no_total[{WINDOW}]))");
    let answer = ask(missing.clone(), total.clone()).await;
    let Measurement::Measured(counts) = answer.slices[0] else {
        panic!("{:?}", answer.slices)
    };
    assert!(counts.bad().is_zero() && !counts.total().is_zero());
    let answer = ask(total, format!("{missing} * 1")).await;
    assert_eq!(answer.slices, [Measurement::Absent]);
}

#[tokio::test]
async fn an_expression_that_cannot_be_parsed_is_a_failure_of_every_slice() {
    let prometheus = Prometheus::with(&calls()).await;
    let source = source(&prometheus.url);
    let good = format!("sum(increase(calls_total[{WINDOW}]))");
    let torn = expressions(&format!("sum(increase(calls_total[{WINDOW}])"), &good);
    let answer = ask(&source, &torn, seconds(300, 420), "60s").await;
    assert_eq!(classes(&answer), [Some(FailureClass::Refused); 2]);
    let whole = expressions(&good, &good);
    let answer = ask(&source, &whole, seconds(300, 360), "60s").await;
    assert_eq!(answer.slices, [measured(80, 80)]);
}
