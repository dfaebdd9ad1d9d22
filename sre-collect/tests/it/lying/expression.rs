//! Expressions that lie, and thresholds.

use super::*;

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
