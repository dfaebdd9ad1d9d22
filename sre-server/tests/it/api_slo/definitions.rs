//! Which definitions are refused, and in which words.

use serde_json::{Value, json};

use super::{body, faults, pointers};
use crate::world::World;

/// The faults of a body that differs so from a right one.
async fn refusal(changes: Value) -> Vec<String> {
    let answer = World::with_prometheus()
        .post("/slo", &body(&changes))
        .await;
    assert_eq!(
        answer.status,
        422,
        "{changes} was answered {}",
        answer.json()
    );
    faults(&answer)
}

/// The resource of a body that differs so from a right one.
async fn accepted(changes: Value) -> Value {
    let answer = World::with_prometheus()
        .post("/slo", &body(&changes))
        .await;
    assert_eq!(
        answer.status,
        201,
        "{changes} was answered {}",
        answer.json()
    );
    answer.json()
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let answer = World::new()
        .post(
            "/slo",
            &json!({
                "service_name": "-", "metric_name": "latency_p95", "target_percentage": 100,
                "time_window": "60s", "operator": "~", "slice": "60s",
                "expected_interval": "soon", "min_bad": 0, "min_coverage": 1.5,
                "on_absent": "ignore", "enabled": "yes", "colour": "red",
                "budgeting_method": "averages",
                "labels": {"team": 7}, "links": {"runbook": "javascript:alert(1)"},
                "burn_policy": {"name": "custom", "rules": [{"level": "low", "factor": 0}]},
            }),
        )
        .await;
    assert_eq!(
        pointers(&answer),
        [
            "/name",
            "/service_name",
            "/target_percentage",
            "/time_window",
            "/expected_interval",
            "/operator",
            "/budgeting_method",
            "/min_bad",
            "/min_coverage",
            "/on_absent",
            "/enabled",
            "/labels/team",
            "/burn_policy/rules/0/level",
            "/burn_policy/rules/0/factor",
            "/burn_policy/rules/0/long",
            "/burn_policy/rules/0/short",
            "/colour",
            "/links/runbook",
        ]
    );
}

#[tokio::test]
async fn a_target_leaves_some_budget_and_can_be_missed() {
    assert_eq!(
        refusal(json!({"target_percentage": 100})).await,
        [
            "/target_percentage: a target of 100 % leaves no error budget: every burn rate would be a \
          division by zero"
        ]
    );
    assert_eq!(
        refusal(json!({"target_percentage": 0})).await,
        ["/target_percentage: a target of 0 % can never be missed, so it says nothing"]
    );
    for wrong in [
        json!(-1),
        json!(100.1),
        json!(99.123_456_7),
        json!("NaN"),
        json!(true),
    ] {
        let told = refusal(json!({"target_percentage": wrong})).await;
        assert!(told[0].starts_with("/target_percentage: "), "{told:?}");
    }
}

#[tokio::test]
async fn a_target_is_kept_exactly_and_printed_as_it_was_written() {
    for target in [json!(99.9), json!(99.999_999), json!(0.1), json!(99)] {
        assert_eq!(
            accepted(json!({"target_percentage": target})).await["target_percentage"],
            target
        );
    }
}

#[tokio::test]
async fn what_is_left_out_has_its_documented_default() {
    let slo = accepted(json!({"target_percentage": null, "time_window": null})).await;
    for (field, default) in [
        ("target_percentage", json!(99)),
        ("time_window", json!("30d")),
        ("description", json!("")),
        ("threshold_value", json!(null)),
        ("operator", json!(null)),
        ("budgeting_method", json!("occurrences")),
        ("indicator", json!(null)),
        ("slice", json!("60s")),
        ("expected_interval", json!(null)),
        ("min_events", json!(0)),
        ("min_bad", json!(3)),
        ("enabled", json!(true)),
        ("labels", json!({})),
        ("links", json!({})),
        ("managed_by", json!("api")),
        ("version", json!(1)),
    ] {
        assert_eq!(slo[field], default, "{field}");
    }
    assert_eq!(slo["burn_policy"]["name"], "default");
}

#[tokio::test]
async fn a_rolling_window_holds_at_least_two_slices() {
    for (window, slice, reason) in [
        (json!("1m"), "60s", "must hold at least two slices of 60s"),
        (json!("29m"), "15m", "must hold at least two slices of 15m"),
        (json!("90s"), "30s", ""),
        (
            json!("100s"),
            "30s",
            "must be a whole number of slices of 30s",
        ),
        (json!("401d"), "60s", "may be at most 400d"),
        (json!("400d"), "60s", ""),
        (json!("0d"), "60s", "a span must be at least 1s"),
        (
            json!("a month"),
            "60s",
            "expected a number and one of s, m, h, d, w",
        ),
        (json!(30), "60s", "must be a text such as 30d"),
    ] {
        let changes = json!({"time_window": window, "slice": slice});
        if reason.is_empty() {
            accepted(changes).await;
        } else {
            let told = refusal(changes).await;
            assert!(
                told[0].starts_with(&format!("/time_window: {reason}")),
                "{told:?}"
            );
        }
    }
}

#[tokio::test]
async fn operators_are_taken_by_name_and_by_sign() {
    for (sign, name) in [
        (">", "gt"),
        (">=", "gte"),
        ("<", "lt"),
        ("<=", "lte"),
        ("==", "eq"),
    ] {
        for text in [sign, name] {
            let line = json!({"threshold_value": 99.5, "operator": text});
            assert_eq!(accepted(line).await["operator"], name);
        }
    }
}

#[tokio::test]
async fn a_metric_of_values_needs_its_line_and_counts_slices() {
    let told = refusal(json!({"metric_name": "latency_p95"})).await;
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("/threshold_value: is required: a sample of latency_p95"));
    assert_eq!(told[1], "/operator: is required with threshold_value");
    let line = json!({"metric_name": "latency_p95", "threshold_value": 500, "operator": "lt"});
    let slo = accepted(line).await;
    assert_eq!(slo["budgeting_method"], "timeslices");
    assert_eq!(slo["timeslice_target_percentage"], 100);
    assert_eq!(slo["threshold_value"], 500);
    assert_eq!(slo["status"]["unit"], "slices");
}

#[tokio::test]
async fn half_a_line_is_refused() {
    assert_eq!(
        refusal(json!({"threshold_value": 99.9})).await,
        ["/operator: is required with threshold_value"]
    );
    assert_eq!(
        refusal(json!({"operator": "gte"})).await,
        ["/threshold_value: is required with operator"]
    );
}

#[tokio::test]
async fn a_slice_target_is_for_slices_alone_and_may_be_everything() {
    let line = |target: Value| {
        json!({"metric_name": "latency", "threshold_value": 5, "operator": "lt",
            "timeslice_target_percentage": target})
    };
    assert_eq!(
        accepted(line(json!(100))).await["timeslice_target_percentage"],
        100
    );
    assert_eq!(
        accepted(line(json!(99.5))).await["timeslice_target_percentage"],
        99.5
    );
    assert!(refusal(line(json!(0))).await[0].starts_with("/timeslice_target_percentage: "));
    assert_eq!(
        refusal(json!({"timeslice_target_percentage": 99})).await,
        ["/timeslice_target_percentage: is only for the budgeting_method timeslices"]
    );
}

#[tokio::test]
async fn a_metric_that_is_pushed_as_counts_needs_no_line() {
    let slo = accepted(json!({"metric_name": null,
        "indicator": {"type": "metric", "metric": "checkout_ok"}}))
    .await;
    assert_eq!(slo["metric_name"], "checkout_ok");
    assert_eq!(slo["budgeting_method"], "occurrences");
    assert_eq!(
        slo["indicator"],
        json!({"type": "metric", "metric": "checkout_ok"})
    );
    assert_eq!(
        slo["resolved_source"]["queries"],
        json!(["checkout_ok{service_name=\"checkout\"}"])
    );
}

#[tokio::test]
async fn counters_name_a_total_and_one_of_good_and_bad() {
    let ratio = |fields: Value| {
        let mut ratio = json!({"type": "ratio", "source": "prometheus"});
        sre_server::http::json::merge_patch(&mut ratio, &fields);
        json!({"indicator": ratio})
    };
    accepted(ratio(
        json!({"bad": "errors_total", "total": "requests_total"}),
    ))
    .await;
    assert_eq!(
        refusal(ratio(json!({"total": "requests_total"}))).await,
        ["/indicator/good: is required, or bad in its place"]
    );
    let told = refusal(ratio(json!({"good": "a", "bad": "b", "total": "c"}))).await;
    assert!(
        told[0].starts_with("/indicator/bad: good and bad exclude each other"),
        "{told:?}"
    );
    let told = refusal(ratio(json!({"good": "rate(a[5m])", "total": "{"}))).await;
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("/indicator/good: "), "{told:?}");
    assert!(told[1].starts_with("/indicator/total: "), "{told:?}");
}

#[tokio::test]
async fn counters_need_a_prometheus() {
    let ratio = json!({"type": "ratio", "source": "prometheus", "good": "a", "total": "b"});
    let answer = World::new()
        .post("/slo", &body(&json!({"indicator": ratio})))
        .await;
    assert_eq!(
        faults(&answer),
        ["/indicator/source: no Prometheus is configured: PROMETHEUS_URL is unset"]
    );
}

#[tokio::test]
async fn a_written_rule_that_cannot_stand_is_refused_with_the_arithmetic() {
    let rule = |factor: f64, long: &str, short: &str| {
        json!({"target_percentage": 99, "time_window": "30d", "burn_policy": {"rules": [
            {"level": "warning", "factor": 2, "long": "24h", "short": "2h"},
            {"level": "critical", "factor": factor, "long": long, "short": short}]}})
    };
    for (body, reason) in [
        (
            rule(100.0, "1h", "5m"),
            "can never fire: at 99 % even a total outage burns only 100",
        ),
        (
            rule(0.5, "1h", "5m"),
            "a factor of 0.5 would alert on a service that is on track",
        ),
        (rule(2.0, "1h", "1m"), "a window must hold two slices"),
        (
            rule(2.0, "5m", "1h"),
            "the short window 1h is longer than the long 5m",
        ),
        (
            rule(2.0, "31d", "1h"),
            "the long window 31d is longer than the SLO's 30d",
        ),
        (
            rule(2.0, "1h", "150s"),
            "its window 150s is not a whole number of slices of 60s",
        ),
    ] {
        let told = refusal(body).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(&format!("/burn_policy/rules/1: {reason}")),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_preset_is_chosen_by_name_and_lists_what_it_leaves_out() {
    let policy = accepted(json!({"target_percentage": 90, "time_window": "30d",
        "burn_policy": {"name": "google-sre"}}))
    .await["burn_policy"]
        .clone();
    assert_eq!(policy["name"], "google-sre");
    assert_eq!(
        policy["rules"][0],
        json!({"level": "critical", "factor": 6, "long": "6h",
        "short": "30m", "min_budget_share": null, "budget_share": 0.05,
        "detects_outage_in_seconds": 12_960, "resets_in_seconds": 720, "warning": null})
    );
    assert_eq!(policy["left_out"][0]["rule"]["factor"], 14.4);
    let told = refusal(json!({"burn_policy": {"name": "mine"}})).await;
    assert!(told[0].starts_with("/burn_policy/name: must be one of default and google-sre"));
    let told = refusal(json!({"burn_policy": {"rules": []}})).await;
    assert_eq!(told, ["/burn_policy/rules: must hold at least one rule"]);
}

#[tokio::test]
async fn labels_and_links_are_bounded() {
    let many: serde_json::Map<_, _> = (0..33)
        .map(|n| (n.to_string(), json!("x")))
        .collect();
    assert_eq!(
        refusal(json!({"labels": many})).await,
        ["/labels: may hold 32 entries at most"]
    );
    let long = json!({"labels": {"x".repeat(129): "", "ok": "y".repeat(4_097)}});
    assert_eq!(refusal(long).await.len(), 1);
    let long = json!({"labels": {format!("{}/", "x".repeat(128)): ""}});
    assert!(refusal(long).await[0].ends_with("~1: a label's name has at most 128 characters"));
    for address in ["ftp://x.example/", "x", "http:", "data:text/html,x"] {
        let told = refusal(json!({"links": {"runbook": address}})).await;
        assert!(
            told[0].starts_with("/links/runbook: must be an address"),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn the_name_of_a_live_slo_is_taken_within_its_service() {
    let world = World::new();
    assert_eq!(
        world
            .post("/slo", &body(&json!({})))
            .await
            .status,
        201
    );
    let again = world
        .post("/slo", &body(&json!({})))
        .await;
    assert_eq!(
        (again.status, again.problem().0.as_str()),
        (409, "conflict")
    );
    let elsewhere = body(&json!({"service_name": "basket"}));
    assert_eq!(
        world
            .post("/slo", &elsewhere)
            .await
            .status,
        201
    );
}
