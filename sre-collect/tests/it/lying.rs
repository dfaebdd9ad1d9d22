//! Sources that are down, slow or lying: never a good slice, never a wrong figure.

use std::time::Duration;

use sre_core::count::Counts;
use sre_core::source::{Answer, FailureClass, Measurement, Query};
use sre_core::threshold::Operator;

use crate::liar::{Liar, Reply};
use crate::question::{
    ZERO, ask, bad_of, classes, expressions, good_of, latency, measured, seconds, source_with,
    votes,
};

/// A series whose samples stand at the given seconds.
fn series(name: &str, samples: &[(i64, &str)]) -> String {
    let value = |(second, value): &(i64, &str)| format!(r#"[{},"{value}"]"#, ZERO + second);
    let values: Vec<_> = samples.iter().map(value).collect();
    format!(
        r#"{{"metric":{{"__name__":"{name}","job":"shop","instance":"a:1"}},"values":[{}]}}"#,
        values.join(",")
    )
}

/// Minutes 0 to 2 of a source that says this of `a_total`, and of anything else that there is none.
async fn minutes_of(total: &str) -> Answer {
    let total = total.to_owned();
    let reply = move |request: &str| {
        Reply::matrix(if request.contains("query=a_total") {
            &total
        } else {
            ""
        })
    };
    let liar = Liar::answering(reply).await;
    ask(
        &source_with(&liar.url, TIMEOUT),
        &bad_of("b_total", "a_total"),
        seconds(0, 180),
        "60s",
    )
    .await
}

async fn minutes_from(reply: Reply) -> Answer {
    let liar = Liar::answering(move |_| reply.clone()).await;
    ask(
        &source_with(&liar.url, TIMEOUT),
        &bad_of("b_total", "a_total"),
        seconds(0, 180),
        "60s",
    )
    .await
}

const TIMEOUT: Duration = Duration::from_secs(2);

async fn all_minutes_fail_as(reply: Reply, class: FailureClass) {
    let answer = minutes_from(reply).await;
    assert_eq!(classes(&answer), [Some(class); 3], "{:?}", answer.slices[0]);
}

fn status(status: u16, body: &str) -> Reply {
    Reply::Whole(status, "", body.to_owned())
}

#[tokio::test]
async fn an_honest_answer_is_measured() {
    let answer = minutes_of(&series(
        "a_total",
        &[(0, "5"), (30, "7"), (60, "9"), (130, "1")],
    ))
    .await;
    assert_eq!(
        answer.slices,
        [measured(0, 2), measured(0, 2), measured(0, 1)]
    );
}

#[tokio::test]
async fn an_empty_result_is_absence() {
    assert_eq!(minutes_of("").await.slices, vec![Measurement::Absent; 3]);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let source = source_with("http://127.0.0.1:1", TIMEOUT);
    let answer = ask(
        &source,
        &bad_of("b_total", "a_total"),
        seconds(0, 60),
        "60s",
    )
    .await;
    assert_eq!(classes(&answer), [Some(FailureClass::Unreachable)]);
    let source = source_with("http://no-such-host.invalid", TIMEOUT);
    let answer = ask(
        &source,
        &bad_of("b_total", "a_total"),
        seconds(0, 60),
        "60s",
    )
    .await;
    assert_eq!(classes(&answer), [Some(FailureClass::Unreachable)]);
}

#[tokio::test]
async fn silence_and_a_dripped_answer_end_at_the_timeout() {
    for reply in [Reply::Silence, Reply::Drip] {
        let began = tokio::time::Instant::now();
        all_minutes_fail_as(reply, FailureClass::Timeout).await;
        assert!(began.elapsed() < 3 * TIMEOUT);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_unreachable() {
    all_minutes_fail_as(Reply::Broken, FailureClass::Unreachable).await;
}

#[tokio::test]
async fn refusals_are_refused() {
    let bad_data = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
    for reply in [
        status(400, bad_data),
        status(401, ""),
        status(404, "not found"),
        status(200, bad_data),
    ] {
        all_minutes_fail_as(reply, FailureClass::Refused).await;
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let location = "location: http://169.254.169.254/latest\r\n";
    for code in [301, 302, 303, 307, 308] {
        let reply = Reply::Whole(code, location, String::new());
        all_minutes_fail_as(reply, FailureClass::Refused).await;
    }
}

#[tokio::test]
async fn errors_of_the_source_are_unavailable() {
    let error = |kind| format!(r#"{{"status":"error","errorType":"{kind}","error":"no"}}"#);
    for reply in [
        status(503, "<html>Service Unavailable</html>"),
        status(500, &error("internal")),
        status(422, &error("execution")),
        status(503, &error("unavailable")),
    ] {
        all_minutes_fail_as(reply, FailureClass::Unavailable).await;
    }
    all_minutes_fail_as(status(503, &error("timeout")), FailureClass::Timeout).await;
}

#[tokio::test]
async fn what_is_no_answer_of_the_protocol_is_malformed() {
    let html = Reply::Whole(
        200,
        "content-type: text/html\r\n",
        "<!doctype html><title>Sign in</title>".to_owned(),
    );
    let vector = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    for reply in [
        html,
        status(200, ""),
        status(200, "{\"status\":"),
        status(200, vector),
        status(204, ""),
        Reply::matrix(&series("a_total", &[(0, "1"), (0, "1")])),
        Reply::matrix(&series("a_total", &[(30, "1"), (0, "1")])),
        Reply::matrix(
            &[
                series("a_total", &[(0, "1")]),
                series("a_total", &[(30, "1")]),
            ]
            .join(","),
        ),
    ] {
        all_minutes_fail_as(reply, FailureClass::Malformed).await;
    }
}

#[tokio::test]
async fn a_value_that_no_counter_has_is_impossible_in_its_slices_only() {
    for value in ["NaN", "+Inf", "-Inf", "-1", "1e309"] {
        let samples = [
            (0, "5"),
            (30, "7"),
            (60, value),
            (90, "9"),
            (120, "10"),
            (150, "11"),
        ];
        let answer = minutes_of(&series("a_total", &samples)).await;
        let impossible = Some(FailureClass::Impossible);
        assert_eq!(classes(&answer), [None, impossible, None], "{value}");
        assert_eq!(answer.slices[0], measured(0, 2), "{value}");
        assert_eq!(answer.slices[2], measured(0, 2), "{value}");
    }
}

#[tokio::test]
async fn good_above_total_is_impossible_and_floating_noise_is_not() {
    let good = series(
        "g_total",
        &[(0, "0"), (30, "3"), (60, "4.000001"), (120, "9")],
    );
    let total = series(
        "a_total",
        &[(0, "0"), (30, "2"), (60, "3.000001"), (120, "9")],
    );
    let liar = Liar::answering(move |request: &str| {
        Reply::matrix(if request.contains("query=a_total") {
            &total
        } else {
            &good
        })
    })
    .await;
    let source = source_with(&liar.url, TIMEOUT);
    let answer = ask(
        &source,
        &good_of("g_total", "a_total"),
        seconds(0, 180),
        "60s",
    )
    .await;
    assert_eq!(
        classes(&answer),
        [Some(FailureClass::Impossible), None, None]
    );
}

#[tokio::test]
async fn warnings_make_every_slice_partial() {
    for result in [series("a_total", &[(0, "5"), (30, "7")]), String::new()] {
        let body = format!(
            r#"{{"status":"success","warnings":["a store was away"],"infos":["x"],
                "data":{{"resultType":"matrix","result":[{result}]}}}}"#
        );
        let answer = minutes_from(status(200, &body)).await;
        for slice in &answer.slices {
            let Measurement::Partial { warnings, .. } = slice else {
                panic!("{slice:?}")
            };
            assert!(
                warnings
                    .iter()
                    .all(|warning| warning == "a store was away")
            );
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_left_and_memory_does_not_grow() {
    for reply in [Reply::Declared(1 << 30), Reply::Endless] {
        let before = peak_kib();
        all_minutes_fail_as(reply, FailureClass::TooLarge).await;
        let grown = peak_kib() - before;
        assert!(grown < 64 * 1_024, "{grown} KiB");
    }
}

/// The most memory this process has had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .expect("a peak");
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .expect("a number")
}

#[tokio::test]
async fn a_source_that_is_down_is_not_asked_for_every_hour_of_a_day() {
    let liar = Liar::answering(|_| status(503, "")).await;
    let source = source_with(&liar.url, TIMEOUT);
    let answer = ask(
        &source,
        &bad_of("b_total", "a_total"),
        seconds(0, 86_400),
        "60s",
    )
    .await;
    assert_eq!(classes(&answer), [Some(FailureClass::Unavailable); 1_440]);
    assert!(liar.requests().len() <= 2);
}

#[tokio::test]
async fn what_is_too_much_once_is_estimated_from_there_on() {
    let many: Vec<_> = (0..1_001)
        .map(|n| format!(r#"{{"metric":{{"n":"{n}"}}}}"#))
        .collect();
    let many = many.join(",");
    let liar = Liar::answering(move |request: &str| {
        Reply::matrix(if request.contains("/api/v1/query_range ") {
            ""
        } else {
            &many
        })
    })
    .await;
    let source = source_with(&liar.url, TIMEOUT);
    let answer = ask(
        &source,
        &bad_of("b_total", "a_total"),
        seconds(0, 86_400),
        "60s",
    )
    .await;
    assert!(answer.estimated);
    assert_eq!(answer.slices, vec![Measurement::Absent; 1_440]);
    assert!(liar.requests().len() < 70, "{}", liar.requests().len());
}

#[tokio::test]
async fn name_and_password_are_sent_and_never_shown() {
    let liar = Liar::answering(|_| status(401, "")).await;
    let url = liar
        .url
        .replace("http://", "http://ann:s%40crit@");
    let source = source_with(&url, TIMEOUT);
    let answer = ask(
        &source,
        &bad_of("b_total", "a_total"),
        seconds(0, 60),
        "60s",
    )
    .await;
    let request = liar
        .requests()
        .remove(0)
        .to_ascii_lowercase();
    assert!(
        request.contains("authorization: basic yw5uonnay3jpda=="),
        "{request}"
    );
    let shown = format!("{source:?} {answer:?}");
    assert!(!shown.contains("crit") && !shown.contains("ann"), "{shown}");
    let unreachable = source_with("http://ann:s%40crit@127.0.0.1:1", TIMEOUT);
    let answer = ask(
        &unreachable,
        &bad_of("b_total", "a_total"),
        seconds(0, 60),
        "60s",
    )
    .await;
    let shown = format!("{answer:?}");
    assert!(!shown.contains("crit") && !shown.contains("ann"), "{shown}");
}

#[tokio::test]
async fn both_selectors_are_asked_at_one_instant() {
    let liar = Liar::answering(|_| Reply::matrix("")).await;
    let source = source_with(&liar.url, TIMEOUT);
    ask(
        &source,
        &bad_of("b_total", "a_total"),
        seconds(0, 60),
        "60s",
    )
    .await;
    let requests = liar.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert!(
            request.starts_with("POST /api/v1/query HTTP/1.1"),
            "{request}"
        );
        assert!(
            request.contains("%5B360001ms%5D&time=1704067260.000&timeout=2000ms"),
            "{request}"
        );
    }
}

/// What is answered to a question that asks for the bounds of a histogram, its buckets, and all.
struct Histogram {
    bounds: String,
    buckets: String,
    count: String,
}

impl Histogram {
    /// Three minutes of ten calls each, of which eight take at most 0.3 s.
    fn honest() -> Self {
        Self {
            bounds: bounds(&[("0.3", "1"), ("+Inf", "1")]),
            buckets: bucket("0.3", &[(0, "0"), (30, "8"), (90, "16"), (150, "24")]),
            count: series("h_count", &[(0, "0"), (30, "10"), (90, "20"), (150, "30")]),
        }
    }

    async fn answer(self) -> Answer {
        let reply = move |request: &str| {
            Reply::matrix(if request.contains("/api/v1/query_range ") {
                &self.bounds
            } else if request.contains("query=h_bucket") {
                &self.buckets
            } else if request.contains("query=h_count") {
                &self.count
            } else {
                ""
            })
        };
        let liar = Liar::answering(reply).await;
        let query = latency("h", "", "300ms");
        let source = source_with(&liar.url, TIMEOUT);
        ask(&source, &query, seconds(0, 180), "60s").await
    }
}

/// How many series there are by bound.
fn bounds(counts: &[(&str, &str)]) -> String {
    let one = |(le, count): &(&str, &str)| {
        format!(
            r#"{{"metric":{{"le":"{le}"}},"values":[[{},"{count}"]]}}"#,
            ZERO + 180
        )
    };
    counts
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(",")
}

fn bucket(le: &str, samples: &[(i64, &str)]) -> String {
    series("h_bucket", samples).replace(r#""job":"shop""#, &format!(r#""job":"shop","le":"{le}""#))
}

#[tokio::test]
async fn an_honest_histogram_is_measured_and_a_lying_one_makes_no_good_slice() {
    let honest = Histogram::honest().answer().await;
    assert_eq!(honest.slices, vec![measured(2, 10); 3]);
    let impossible = Some(FailureClass::Impossible);

    // More within a bucket than there are.
    let mut above = Histogram::honest();
    above.buckets = bucket("0.3", &[(0, "0"), (30, "80"), (90, "81"), (150, "82")]);
    assert_eq!(classes(&above.answer().await), [impossible, None, None]);

    // Bounds that are none, or only +Inf: nothing says where the threshold lies.
    for (given, class) in [
        (bounds(&[("+Inf", "1")]), impossible),
        (bounds(&[("9", "1"), ("+Inf", "1")]), impossible),
        (bounds(&[("0.1", "1"), ("+Inf", "1")]), impossible),
        (bounds(&[("NaN", "1"), ("-Inf", "1"), ("soon", "1")]), None),
        (String::new(), None),
    ] {
        let mut strange = Histogram::honest();
        strange.bounds = given.clone();
        let answer = strange.answer().await;
        assert_eq!(classes(&answer), [class; 3], "{given}");
        let is_good = |slice: &Measurement| matches!(slice, Measurement::Measured(_));
        assert!(!answer.slices.iter().any(is_good), "{given}: {answer:?}");
    }

    // A bucket that is promised and does not come, beside requests: none of them is known good.
    let mut missing = Histogram::honest();
    missing.buckets = String::new();
    assert_eq!(missing.answer().await.slices, vec![measured(10, 10); 3]);

    // Another bucket than was asked for is not taken for it.
    let mut other = Histogram::honest();
    other.buckets = bucket("5", &[(0, "0"), (30, "10"), (90, "20"), (150, "30")]);
    assert_eq!(other.answer().await.slices, vec![measured(10, 10); 3]);

    // Requests without their number are nobody's.
    let mut uncounted = Histogram::honest();
    uncounted.count = String::new();
    assert_eq!(
        uncounted.answer().await.slices,
        vec![Measurement::Absent; 3]
    );

    let mut torn = Histogram::honest();
    torn.bounds = r#"{"metric":{"le":"0.3"},"values":[[1,1]]}"#.to_owned();
    assert_eq!(
        classes(&torn.answer().await),
        [Some(FailureClass::Malformed); 3]
    );
}

/// Every slice of three that expressions are asked for, each answered so.
async fn asked(query: &Query, result: &str) -> Answer {
    let result = result.to_owned();
    let liar = Liar::answering(move |_| Reply::matrix(&result)).await;
    ask(
        &source_with(&liar.url, TIMEOUT),
        query,
        seconds(0, 180),
        "60s",
    )
    .await
}

/// A series with these values at the ends of three minutes, so many milliseconds before the edge.
fn ends(name: &str, values: [&str; 3], before: i64) -> String {
    let at = |minute: i64| (ZERO + minute * 60) * 1_000 - before;
    let values: Vec<_> = (1..)
        .zip(values)
        .map(|(minute, value)| {
            let at = at(minute);
            format!(r#"[{}.{:03},"{value}"]"#, at / 1_000, at % 1_000)
        })
        .collect();
    format!(
        r#"{{"metric":{{"n":"{name}"}},"values":[{}]}}"#,
        values.join(",")
    )
}

#[tokio::test]
async fn an_expression_that_lies_makes_no_good_slice() {
    let query = expressions("a[{{window}}]", "b[{{window}}]");
    let impossible = Some(FailureClass::Impossible);
    for (values, expected) in [
        (["NaN", "1", "1"], [impossible, None, None]),
        (["-1", "+Inf", "1e309"], [impossible; 3]),
        (["1e30", "1", "-0.5"], [impossible, None, impossible]),
    ] {
        let answer = asked(&query, &ends("x", values, 0)).await;
        assert_eq!(classes(&answer), expected, "{values:?}");
        assert!(answer.estimated);
    }
    let two = [ends("x", ["1"; 3], 0), ends("y", ["1"; 3], 0)].join(",");
    assert_eq!(classes(&asked(&query, &two).await), [impossible; 3]);
    // Values at other instants than were asked for are no answer.
    let shifted = asked(&query, &ends("x", ["1"; 3], 20_000)).await;
    assert_eq!(shifted.slices, vec![Measurement::Absent; 3]);
    assert_eq!(asked(&query, "").await.slices, vec![Measurement::Absent; 3]);
    let torn = asked(&query, r#"{"metric":{},"values":[["1","1"]]}"#).await;
    assert_eq!(classes(&torn), [Some(FailureClass::Malformed); 3]);
}

/// T13: numerator and denominator are read at one instant.
#[tokio::test]
async fn t13_both_expressions_are_asked_at_the_same_instants() {
    let liar = Liar::answering(|_| Reply::matrix("")).await;
    let source = source_with(&liar.url, TIMEOUT);
    let query = expressions("a[{{window}}]", "b[{{window}}]");
    ask(&source, &query, seconds(0, 180), "60s").await;
    let requests = liar.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let asked = "%5B240s%5D&start=1704067260.000&end=1704067380.000&step=60";
        assert!(request.contains(asked), "{request}");
    }
}

#[tokio::test]
async fn votes_that_are_no_numbers_make_no_good_slice() {
    let query = votes("level", Operator::Lt, 5.0);
    let vote = |good, total| Measurement::Measured(Counts::events(good, total).expect("legal"));
    let honest = asked(&query, &ends("x", ["1", "9", "1"], 1)).await;
    assert_eq!(honest.slices, [vote(1, 1), vote(0, 1), vote(1, 1)]);
    let answer = asked(&query, &ends("x", ["NaN", "-Inf", "1"], 1)).await;
    let impossible = Some(FailureClass::Impossible);
    assert_eq!(classes(&answer), [impossible, impossible, None]);
    // One series without a number spoils not the votes of the others (T2).
    let two = [ends("x", ["NaN"; 3], 1), ends("y", ["1", "9", "1"], 1)].join(",");
    assert_eq!(asked(&query, &two).await.slices, honest.slices);
    let shifted = asked(&query, &ends("x", ["1"; 3], 0)).await;
    assert_eq!(shifted.slices, vec![Measurement::Absent; 3]);
    assert_eq!(asked(&query, "").await.slices, vec![Measurement::Absent; 3]);
}

#[tokio::test]
async fn whatever_is_asked_a_source_that_fails_or_warns_measures_nothing() {
    for query in [
        latency("h", "", "300ms"),
        expressions("a[{{window}}]", "b[{{window}}]"),
        votes("level", Operator::Lt, 5.0),
    ] {
        for (reply, class) in [
            (status(503, ""), FailureClass::Unavailable),
            (status(400, ""), FailureClass::Refused),
            (status(200, "{}"), FailureClass::Malformed),
            (Reply::Broken, FailureClass::Unreachable),
            (Reply::Declared(1 << 30), FailureClass::TooLarge),
        ] {
            let liar = Liar::answering(move |_| reply.clone()).await;
            let source = source_with(&liar.url, TIMEOUT);
            let answer = ask(&source, &query, seconds(0, 180), "60s").await;
            assert_eq!(classes(&answer), [Some(class); 3], "{query:?}");
        }
        let warned = r#"{"status":"success","warnings":["a store was away"],
            "data":{"resultType":"matrix","result":[]}}"#;
        let liar = Liar::answering(move |_| status(200, warned)).await;
        let source = source_with(&liar.url, TIMEOUT);
        let answer = ask(&source, &query, seconds(0, 180), "60s").await;
        let is_partial = |slice: &Measurement| matches!(slice, Measurement::Partial { .. });
        assert!(
            answer.slices.iter().all(is_partial),
            "{query:?}: {answer:?}"
        );
    }
}
