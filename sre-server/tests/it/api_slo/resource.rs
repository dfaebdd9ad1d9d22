//! The resource as it is answered.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{DOCUMENTED, body, create};
use crate::world::World;

/// An answer with what a new id brings replaced, since ids of what people create are drawn.
fn shown(mut answer: Value) -> Value {
    answer["id"] = json!("an id");
    answer
}

#[tokio::test]
async fn the_documented_example_creates_an_slo() {
    let world = World::new();
    let made = world
        .send("POST", "/slo", &[], Some(DOCUMENTED.to_owned()))
        .await;
    assert_eq!(made.status, 201);
    let slo = made.json();
    let location = format!("/slo/{}", slo["id"].as_str().expect("an id"));
    assert_eq!(made.header("location"), location);
    assert_eq!(made.header("etag"), "\"v1\"");
    let found = world.get(&location).await;
    assert_eq!((found.status, found.json()), (200, slo));
    assert_eq!(found.header("etag"), "\"v1\"");
}

#[tokio::test]
async fn a_new_slo_waits_and_says_null_where_nothing_is_known() {
    let world = World::new();
    let made = world
        .send("POST", "/slo", &[], Some(DOCUMENTED.to_owned()))
        .await;
    insta::assert_json_snapshot!("waiting", shown(made.json()));
}

#[tokio::test]
async fn a_measured_slo_shows_what_its_last_slot_found() {
    let world = World::new();
    let path = create(&world, &json!({"target_percentage": 99.9})).await;
    for minute in 0..20 {
        let good = if minute == 3 { 998 } else { 1_000 };
        world
            .push("checkout", "availability", counts(good, 1_000))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::seconds(30)).await;
    insta::assert_json_snapshot!("measured", shown(world.get(&path).await.json()));
}

#[tokio::test]
async fn what_was_read_can_be_sent_back_and_changes_nothing() {
    let world = World::with_prometheus();
    let custom = json!({"rules": [
        {"severity": "critical", "factor": 14.4, "long": "1h", "short": "5m"},
        {"level": "warning", "factor": 2, "long": "6h", "short": "30m"}]});
    let counters = json!({"type": "ratio", "source": "prometheus",
        "bad": "errors_total{job=\"api\"}", "total": "requests_total{job=\"api\"}"});
    for (n, change) in [
        json!({}),
        json!({"metric_name": "latency_p95", "threshold_value": 500, "operator": "<",
            "timeslice_target_percentage": 99.5}),
        json!({"metric_name": null, "indicator": {"type": "metric", "metric": "checkout_ok"}}),
        json!({"metric_name": null, "indicator": counters, "min_coverage": 0.805}),
        json!({"burn_policy": custom, "labels": {"a/b": "c"}, "links": {"runbook": "https://x.example/"}}),
        json!({"burn_policy": {"name": "google-sre"}, "slice": "15m", "expected_interval": "15m"}),
    ]
    .into_iter()
    .enumerate()
    {
        let change = body(&change);
        let mut change = change;
        change["name"] = json!(n.to_string());
        let made = world.post("/slo", &change).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let read = world
            .get(made.header("location"))
            .await
            .json();
        let again = world.put(made.header("location"), &read).await;
        assert_eq!((again.status, again.json()), (200, read));
    }
}

#[tokio::test]
async fn a_learned_interval_is_shown_and_not_frozen_by_sending_it_back() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    for _ in 0..4 {
        world
            .push("checkout", "availability", counts(5, 5))
            .await;
        world.run_for(Span::minutes(5)).await;
    }
    let read = world.get(&path).await.json();
    assert_eq!(read["expected_interval"], "5m");
    let sent_back = world.put(&path, &read).await;
    assert_eq!(
        (sent_back.status, &sent_back.json()["version"]),
        (200, &json!(1))
    );
    let declared = world
        .patch(&path, &json!({"expected_interval": "5m"}))
        .await;
    assert_eq!(declared.json()["version"], 2);
}

#[tokio::test]
async fn counters_are_shown_as_the_source_that_they_resolve_to() {
    let world = World::with_prometheus();
    let slo = world
        .post(
            "/slo",
            &body(&json!({"metric_name": null, "indicator": {
                "type": "ratio", "source": "prometheus",
                "good": "http_requests_total{job=\"api\",code!~\"5..\"}",
                "total": "http_requests_total{job=\"api\"}"}})),
        )
        .await
        .json();
    assert_eq!(slo["metric_name"], "http_requests_total");
    assert_eq!(
        slo["resolved_source"],
        json!({"kind": "prometheus", "estimated": false, "bucket": null, "members": null, "missing_members": null,
            "queries": [
            "http_requests_total{job=\"api\",code!~\"5..\"}", "http_requests_total{job=\"api\"}"]})
    );
}

#[tokio::test]
async fn an_unknown_and_an_impossible_id_are_not_found() {
    let world = World::new();
    for id in ["0198c0de-0000-7000-8000-000000000000", "seven"] {
        for method in ["GET", "DELETE"] {
            let answer = world
                .send(method, &format!("/slo/{id}"), &[], None)
                .await;
            assert_eq!(
                (answer.status, answer.problem().0.as_str()),
                (404, "not-found")
            );
        }
        assert_eq!(
            world
                .get(&format!("/slo/{id}/history"))
                .await
                .status,
            404
        );
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_told_those_that_it_does() {
    let world = World::new();
    let answer = world.delete("/slo").await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET, HEAD, POST")
    );
    let answer = world.post("/slo/x", &json!({})).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "DELETE, GET, HEAD, PATCH, PUT")
    );
    let answer = world
        .put("/error-budget/x", &json!({}))
        .await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn a_body_that_is_not_json_or_does_not_say_so_is_refused() {
    let world = World::new();
    for text in [
        "{\"name\":",
        "{\"target_percentage\": NaN}",
        "{\"name\":1,\"name\":2}",
    ] {
        let answer = world
            .send("POST", "/slo", &[], Some(text.to_owned()))
            .await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (400, "malformed"),
            "{text}"
        );
    }
    let headers = [("content-type", "text/plain")];
    let answer = world
        .send("POST", "/slo", &headers, Some(DOCUMENTED.to_owned()))
        .await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (415, "unsupported-media-type")
    );
}
