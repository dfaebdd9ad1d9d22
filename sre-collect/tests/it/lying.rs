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

mod expression;
mod histogram;

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
