//! The forms of an indicator that ask a Prometheus: what is read, shown and refused.

use serde_json::{Value, json};

use super::{body, faults};
use crate::http::Answered;
use crate::world::World;

async fn made(indicator: Value) -> Answered {
    World::with_prometheus()
        .post(
            "/slo",
            &body(&json!({"metric_name": null, "indicator": indicator})),
        )
        .await
}

async fn accepted(indicator: Value) -> Value {
    let answer = made(indicator).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()
}

async fn refusal(indicator: Value) -> Vec<String> {
    let answer = made(indicator).await;
    assert_eq!(answer.status, 422, "{}", answer.json());
    faults(&answer)
}

fn latency(changes: &Value) -> Value {
    let mut latency = json!({"type": "latency", "source": "prometheus",
        "histogram": "http_request_duration_seconds", "selector": "job=\"api\"",
        "threshold": "300ms"});
    sre_server::http::json::merge_patch(&mut latency, changes);
    latency
}

#[tokio::test]
async fn a_latency_counts_the_requests_of_a_histogram() {
    let slo = accepted(latency(&json!({}))).await;
    assert_eq!(slo["metric_name"], "http_request_duration_seconds");
    assert_eq!(slo["budgeting_method"], "occurrences");
    assert_eq!(
        slo["indicator"],
        json!({"type": "latency", "source": "prometheus", "unit": "seconds",
            "histogram": "http_request_duration_seconds", "selector": "job=\"api\"",
            "threshold": "300ms"})
    );
    assert_eq!(
        slo["resolved_source"],
        json!({"kind": "prometheus", "estimated": false, "bucket": null, "members": null, "missing_members": null,
            "queries": [
            "http_request_duration_seconds_bucket{job=\"api\",le=\"0.3\"}",
            "http_request_duration_seconds_count{job=\"api\"}"]})
    );
    for (threshold, shown) in [
        (json!(0.3), "300ms"),
        (json!("1.50s"), "1500ms"),
        (json!(2), "2s"),
    ] {
        let slo = accepted(latency(&json!({"threshold": threshold}))).await;
        assert_eq!(slo["indicator"]["threshold"], shown);
    }
    let slo = accepted(latency(&json!({"unit": "milliseconds", "selector": null}))).await;
    assert_eq!(
        slo["resolved_source"]["queries"],
        json!([
            "http_request_duration_seconds_bucket{le=\"300\"}",
            "http_request_duration_seconds_count"
        ])
    );
}

#[tokio::test]
async fn every_fault_of_a_latency_is_told_at_once() {
    let told = refusal(
        json!({"type": "latency", "source": "graphite", "selector": 7,
        "threshold": "fast", "unit": "hours", "quantile": 0.95}),
    )
    .await;
    assert_eq!(
        told,
        [
            "/indicator/source: must be prometheus",
            "/indicator/histogram: is required",
            "/indicator/selector: must be a text, not a number",
            "/indicator/threshold: expected a number and one of ms, s, m, h, us, ns, such as 300ms \
             or 1.5s",
            "/indicator/unit: must be one of seconds and milliseconds",
            "/indicator/quantile: unknown field; known are type, source, histogram, selector, \
             threshold, unit",
        ]
    );
    let told = refusal(latency(&json!({"histogram": "http_seconds_bucket"}))).await;
    assert_eq!(
        told,
        ["/indicator/histogram: name the histogram itself, without _bucket: http_seconds"]
    );
    let told = refusal(latency(&json!({"selector": "job=\"api\",le=\"0.3\""}))).await;
    assert_eq!(
        told,
        ["/indicator/selector: leave `le` out: the threshold chooses the bucket"]
    );
}

#[tokio::test]
async fn expressions_are_rewritten_to_counters_where_they_can_be() {
    let slo = accepted(json!({"type": "ratio", "source": "prometheus",
        "good_query": "sum(rate(calls_total{code!~\"5..\"}[{{window}}]))",
        "total_query": "sum by (job) (\n  increase(calls_total[{{window}}])\n)"}))
    .await;
    assert_eq!(
        slo["resolved_source"],
        json!({"kind": "prometheus", "estimated": false, "bucket": null, "members": null, "missing_members": null,
            "queries": ["calls_total{code!~\"5..\"}", "calls_total"]})
    );
    assert_eq!(
        slo["indicator"]["good_query"],
        "sum(rate(calls_total{code!~\"5..\"}[{{window}}]))"
    );
    let slo = accepted(json!({"type": "ratio", "source": "prometheus",
        "bad_query": "sum(increase(calls_total[{{window}}])) / 2",
        "total_query": "sum(increase(calls_total[{{window}}]))"}))
    .await;
    // Over four scrapes of a minute, both.
    assert_eq!(
        slo["resolved_source"],
        json!({"kind": "prometheus", "estimated": true, "bucket": null, "members": null, "missing_members": null,
            "queries": ["sum(increase(calls_total[240s])) / 2", "sum(increase(calls_total[240s]))"]})
    );
}

#[tokio::test]
async fn an_expression_counts_over_the_window_and_stands_beside_no_counter() {
    let told = refusal(json!({"type": "ratio", "source": "prometheus",
        "good_query": "sum(increase(calls_total[5m]))", "total_query": " "}))
    .await;
    assert_eq!(
        told,
        [
            "/indicator/good_query: must count over {{window}}, such as \
             sum(increase(requests_total[{{window}}]))",
            "/indicator/total_query: the expression is empty",
        ]
    );
    let told = refusal(json!({"type": "ratio", "source": "prometheus",
        "good_query": "x[{{window}}]", "bad_query": "y[{{window}}]", "total": "z"}))
    .await;
    assert_eq!(
        told,
        [
            "/indicator/bad_query: good_query and bad_query exclude each other: the rest of total is \
             the other",
            "/indicator/total_query: is required",
            "/indicator/total_query: counters and expressions exclude each other: name good or bad, \
             and total, all by selectors or all by queries",
        ]
    );
}

#[tokio::test]
async fn a_threshold_counts_slices_by_the_votes_of_its_series() {
    let slo = accepted(json!({"type": "threshold", "source": "prometheus",
        "query": "max(queue_length)", "operator": "<", "value": 0.5}))
    .await;
    assert_eq!(slo["metric_name"], "threshold");
    assert_eq!(slo["budgeting_method"], "timeslices");
    assert_eq!(slo["timeslice_target_percentage"], 100);
    assert_eq!(
        slo["indicator"],
        json!({"type": "threshold", "source": "prometheus", "query": "max(queue_length)",
            "operator": "lt", "value": 0.5})
    );
    assert_eq!(
        slo["resolved_source"],
        json!({"kind": "prometheus", "estimated": false, "bucket": null, "members": null, "missing_members": null,
            "queries": ["max(queue_length)"]})
    );
    let told =
        refusal(json!({"type": "threshold", "source": "prometheus", "operator": "near"})).await;
    assert_eq!(
        told,
        [
            "/indicator/query: is required",
            "/indicator/operator: an operator is one of gt gte lt lte eq, or > >= < <= ==",
            "/indicator/value: is required",
        ]
    );
}

#[tokio::test]
async fn a_source_that_is_away_lets_an_slo_be_written_and_says_so() {
    let answer = made(latency(&json!({}))).await.json();
    let warnings = answer["warnings"]
        .as_array()
        .expect("warnings");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["pointer"], "/indicator/selector");
    let detail = warnings[0]["detail"]
        .as_str()
        .expect("a text");
    assert!(
        detail.starts_with("could not be tried: unreachable"),
        "{detail}"
    );
}

#[tokio::test]
async fn only_a_change_of_what_is_asked_is_asked_of_the_source() {
    let world = World::with_prometheus();
    let indicator = latency(&json!({}));
    let made = world
        .post("/slo", &body(&json!({"indicator": indicator})))
        .await;
    let path = made.header("location").to_owned();
    let renamed = world
        .patch(&path, &json!({"description": "x"}))
        .await;
    assert_eq!(renamed.json()["warnings"], json!([]));
    let slower = world
        .patch(&path, &json!({"indicator": {"threshold": "500ms"}}))
        .await;
    assert_eq!(slower.status, 200, "{}", slower.json());
    assert_eq!(
        slower.json()["warnings"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // What was read can be sent back, and is the same.
    let sent_back = world.put(&path, &slower.json()).await;
    assert_eq!(sent_back.json()["indicator"], slower.json()["indicator"]);
    assert_eq!(sent_back.json()["version"], slower.json()["version"]);
}

#[tokio::test]
async fn whatever_is_asked_needs_a_prometheus() {
    for indicator in [
        latency(&json!({})),
        json!({"type": "threshold", "source": "prometheus", "query": "x", "operator": "lt", "value": 1}),
        json!({"type": "ratio", "source": "prometheus", "good_query": "x[{{window}}]",
            "total_query": "y[{{window}}]"}),
    ] {
        let answer = World::new()
            .post("/slo", &body(&json!({"indicator": indicator})))
            .await;
        assert_eq!(
            faults(&answer),
            ["/indicator/source: no Prometheus is configured: PROMETHEUS_URL is unset"]
        );
    }
}
