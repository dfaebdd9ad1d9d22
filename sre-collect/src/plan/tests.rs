//! What the door lets through, and what is really asked.

use sre_core::latency::LatencyUnit;
use sre_core::source::CounterPart;
use sre_core::threshold::{Operator, Threshold};

use super::*;

fn ratio(part: CounterPart, total: &str) -> QueryRatio {
    QueryRatio {
        part,
        total: total.to_owned(),
    }
}

fn good(text: &str) -> CounterPart {
    CounterPart::Good(text.to_owned())
}

fn latency(histogram: &str, selector: &str) -> Query {
    Query::Latency(LatencyQuery {
        histogram: histogram.to_owned(),
        selector: selector.to_owned(),
        threshold: "300ms".parse().expect("a latency"),
        unit: LatencyUnit::Seconds,
    })
}

fn asked(query: &Query) -> (Vec<String>, bool) {
    let explained = Plan::of(query)
        .expect("known")
        .explained(Span::minutes(4), None);
    (explained.queries, explained.is_estimated)
}

#[test]
fn sums_of_increases_are_read_as_the_counters_in_them() {
    let rewritten = Query::Ratio(ratio(
        good(r#"sum(rate(calls_total{code!~"5.."}[{{window}}]))"#),
        "sum by (job) (increase(calls_total[{{window}}]))",
    ));
    let selectors = vec![
        r#"calls_total{code!~"5.."}"#.to_owned(),
        "calls_total".to_owned(),
    ];
    assert_eq!(asked(&rewritten), (selectors, false));
    assert_eq!(check(&rewritten), []);
}

#[test]
fn an_exact_count_never_stands_beside_an_estimated_one() {
    let half = Query::Ratio(ratio(
        good("sum(increase(good_total[{{window}}]))"),
        "sum(increase(calls_total[{{window}}])) + 0",
    ));
    let written = vec![
        "sum(increase(good_total[240s]))".to_owned(),
        "sum(increase(calls_total[240s])) + 0".to_owned(),
    ];
    assert_eq!(asked(&half), (written, true));
}

#[test]
fn a_window_spans_at_least_four_scrapes_and_a_slice() {
    let width = |text: &str| {
        text.parse::<SliceWidth>()
            .expect("a width")
    };
    for (slice, scrape, expected) in [("1m", 15, 60), ("1m", 60, 240), ("15m", 60, 900)] {
        let scrape = Span::seconds(scrape);
        assert_eq!(
            window(width(slice), scrape).as_seconds(),
            expected,
            "{slice}"
        );
    }
}

#[test]
fn an_expression_must_count_over_the_window() {
    let query = Query::Ratio(ratio(good(" "), "sum(increase(calls_total[5m]))"));
    let found = check(&query);
    assert_eq!(
        found[0],
        Finding::fault(Place::Part, "the expression is empty")
    );
    assert_eq!((found[1].place, found[1].is_fault), (Place::Total, true));
    assert!(
        found[1].detail.contains("{{window}}"),
        "{}",
        found[1].detail
    );
    let long = ratio(good(&"x".repeat(5_000)), "sum(increase(a[{{window}}]))");
    assert!(
        check(&Query::Ratio(long))[0]
            .detail
            .contains("4096 bytes")
    );
}

#[test]
fn a_rate_that_is_taken_for_a_count_is_warned_of() {
    let query = ratio(
        good("sum(rate(a[{{window}}])) - 1"),
        "sum(increase(b[{{window}}]))",
    );
    let found = check(&Query::Ratio(query));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].place, found[0].is_fault), (Place::Part, false));
}

#[test]
fn a_histogram_is_named_by_itself_and_selected_without_its_bound() {
    for (histogram, selector, place, said) in [
        ("http_seconds", "", None, ""),
        ("http_seconds", r#"job="api",file="x""#, None, ""),
        ("http_seconds", r#"path="le=",job=~"a,le""#, None, ""),
        ("", "", Some(Place::Histogram), "the name of a histogram"),
        (
            "sum(x)",
            "",
            Some(Place::Histogram),
            "the name of a histogram",
        ),
        (
            "http_seconds_bucket",
            "",
            Some(Place::Histogram),
            "without _bucket: http_seconds",
        ),
        (
            "http_seconds_count",
            "",
            Some(Place::Histogram),
            "without _count",
        ),
        (
            "http_seconds",
            r#"{job="api"}"#,
            Some(Place::Selector),
            "without braces",
        ),
        ("http_seconds", r#"job="api""#, None, ""),
        (
            "http_seconds",
            "job=api",
            Some(Place::Selector),
            "at character 5",
        ),
        (
            "http_seconds",
            r#"job="a"} or x{a="b""#,
            Some(Place::Selector),
            "at character 10",
        ),
        (
            "http_seconds",
            r#"job="a",le="1""#,
            Some(Place::Selector),
            "leave `le` out",
        ),
        (
            "http_seconds",
            r#"le!~"1.*""#,
            Some(Place::Selector),
            "leave `le` out",
        ),
        (
            "http_seconds",
            r#""le"="1""#,
            Some(Place::Selector),
            "leave `le` out",
        ),
    ] {
        let found = check(&latency(histogram, selector));
        assert_eq!(
            found.first().map(|fault| fault.place),
            place,
            "{histogram} {selector}"
        );
        let detail = found
            .first()
            .map_or("", |fault| fault.detail.as_str());
        assert!(detail.contains(said), "{selector}: {detail}");
    }
}

#[test]
fn an_expression_that_votes_is_asked_as_it_is_written() {
    let line = Threshold::new(Operator::Lt, 0.5).expect("finite");
    let votes = |query: &str| {
        Query::Threshold(ThresholdQuery {
            query: query.to_owned(),
            line,
        })
    };
    assert_eq!(check(&votes("max(queue_length)")), []);
    assert!(check(&votes("  "))[0].is_fault);
    let (queries, is_estimated) = asked(&votes("max_over_time(queue_length[{{window}}])"));
    assert_eq!(queries, ["max_over_time(queue_length[240s])"]);
    assert!(!is_estimated);
}
