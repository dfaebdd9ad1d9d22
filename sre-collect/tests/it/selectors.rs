//! What the door lets through, Prometheus takes.

use sre_collect::check_selector;
use sre_core::source::Measurement;

use crate::prometheus::{History, Prometheus};
use crate::question::{ask, bad_of, measured, seconds, source};

#[tokio::test]
async fn a_selector_that_passes_the_check_is_taken_by_prometheus() {
    let labels = r#"job="shop",instance="a:1",path="/a b""#;
    let history = History::default().series("a:b_total", labels, [(0.0, 0.0), (30.0, 4.0)]);
    let prometheus = Prometheus::with(&history).await;
    let source = source(&prometheus.url);
    for selector in [
        "a:b_total",
        " a:b_total { } ",
        r#"a:b_total{path="/a b",}"#,
        r"a:b_total{path='/a\x20b'}",
        "a:b_total{path=`/a b`}",
        r#"{__name__=~"a:.+",job!="x",instance!~"b.*"}"#,
        "{\n\t__name__ = \"a:b_total\"\n}",
    ] {
        assert_eq!(check_selector(selector), Ok(()), "{selector}");
        let answer = ask(&source, &bad_of(selector, selector), seconds(0, 60), "60s").await;
        assert_eq!(answer.slices, [measured(4, 4)], "{selector}");
    }
}

#[tokio::test]
async fn a_selector_that_fails_the_check_is_refused_without_asking() {
    let source = source("http://127.0.0.1:1");
    let answer = ask(
        &source,
        &bad_of("rate(a_total[5m])", "a_total"),
        seconds(0, 120),
        "60s",
    )
    .await;
    for slice in &answer.slices {
        let Measurement::Failed(failure) = slice else {
            panic!("{slice:?}")
        };
        let expected = "the selector of part: `rate(`: name the counter itself, its increase is \
                        taken here, at character 1";
        assert_eq!(failure.detail, expected);
    }
    assert_eq!(answer.slices.len(), 2);
}
