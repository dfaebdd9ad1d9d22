//! `/alerts`: reported, repeated, acknowledged, resolved, listed, and who was told.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures;

use crate::http::Answered;
use crate::world::World;

mod lists;
mod notifications;
mod races;
mod routed;
mod transitions;

/// The example of the service's documentation, word for word.
const EXAMPLE: &str = r#"{
    "service_name": "api-gateway",
    "alert_type": "slo_violation",
    "severity": "high",
    "message": "API Gateway availability dropped below 99.9%"
  }"#;

/// The example with some fields changed; `null` takes one away.
fn report(changes: &Value) -> Value {
    let mut report = serde_json::from_str(EXAMPLE).expect("JSON");
    sre_server::http::json::merge_patch(&mut report, changes);
    report
}

/// Reports a trouble that is open or new.
async fn reported(world: &World, changes: &Value) -> Answered {
    let answer = world
        .post("/alerts", &report(changes))
        .await;
    assert!(matches!(answer.status, 200 | 201), "{:?}", answer.body);
    answer
}

/// Where in a body faults were found, in order.
fn places(answer: &Answered) -> Vec<String> {
    let (kind, faults) = answer.problem();
    assert_eq!((answer.status, kind.as_str()), (422, "invalid"));
    let faults = faults
        .as_array()
        .expect("faults")
        .iter();
    let place = |fault: &Value| {
        let place = fault
            .get("pointer")
            .or(fault.get("parameter"))
            .expect("a place");
        place
            .as_str()
            .expect("a text")
            .to_owned()
    };
    faults.map(place).collect()
}

#[tokio::test]
async fn the_documented_example_makes_an_alert() {
    let world = World::new();
    let answer = world
        .send("POST", "/alerts", &[], Some(EXAMPLE.to_owned()))
        .await;
    assert_eq!(answer.status, 201);
    let alert = answer.json();
    let id = alert["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/alerts/{id}"));
    assert_eq!(answer.header("etag"), "\"v1\"");
    assert_eq!(
        alert,
        json!({
            "id": id, "fingerprint": alert["fingerprint"],
            "service_name": "api-gateway", "alert_type": "slo_violation", "severity": "high",
            "state": "firing", "message": "API Gateway availability dropped below 99.9%",
            "slo_id": null, "labels": {}, "value": null, "threshold": null,
            "starts_at": "2026-01-01T12:00:00Z", "ends_at": null, "acknowledged_at": null,
            "acknowledged_by": null, "last_notified_at": null, "occurrences": 1,
            "silenced_by": [], "in_maintenance": [], "inhibited_by": null, "incident_id": null, "resolve_reason": null, "episode": 1,
            "is_flapping": false,
            "flapping_since": null,
            "flap_percentage": 6.25, "rules": [],
        })
    );
    assert_eq!(
        alert["fingerprint"]
            .as_str()
            .unwrap()
            .len(),
        32
    );
    assert_eq!(
        world
            .get(answer.header("location"))
            .await
            .json(),
        alert
    );
}

#[tokio::test]
async fn the_same_again_is_one_more_occurrence_of_the_open_alert() {
    let world = World::new();
    let first = reported(&world, &json!({}))
        .await
        .json();
    let again = reported(&world, &json!({"message": "still down", "severity": "low"})).await;
    assert_eq!((again.status, again.header("location")), (200, ""));
    let again = again.json();
    assert_eq!(
        (&again["id"], &again["occurrences"]),
        (&first["id"], &json!(2))
    );
    assert_eq!(
        again["severity"], "high",
        "a lower severity does not calm an alert"
    );
}

#[tokio::test]
async fn message_value_and_severity_are_no_identity_and_service_type_labels_and_slo_are() {
    let world = World::new();
    let slo = fixtures::slo(1).build();
    let start = fixtures::start_of(&slo);
    world
        .context
        .catalog
        .insert(&slo, &start)
        .await
        .unwrap();
    reported(&world, &json!({})).await;
    let same = json!({"value": 1, "labels": {"zone": ""}});
    assert_eq!(reported(&world, &same).await.status, 200);
    for other in [
        json!({"service_name": "checkout"}),
        json!({"alert_type": "disk_full"}),
        json!({"labels": {"zone": "a"}}),
        json!({"slo_id": slo.id.to_string()}),
    ] {
        assert_eq!(reported(&world, &other).await.status, 201, "{other}");
    }
}

#[tokio::test]
async fn a_higher_severity_raises_the_open_alert_and_ends_its_acknowledgement() {
    let world = World::new();
    let id = reported(&world, &json!({}))
        .await
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .post(&format!("/alerts/{id}/acknowledge"), &json!({}))
        .await;
    let raised = json!({"severity": "critical", "message": "all of it is down"});
    let raised = reported(&world, &raised).await.json();
    assert_eq!(raised["id"], id);
    assert_eq!(
        (&raised["severity"], &raised["state"]),
        (&json!("critical"), &json!("firing"))
    );
    assert_eq!(raised["message"], "all of it is down");
}

#[tokio::test]
async fn once_resolved_the_same_again_is_a_new_alert() {
    let world = World::new();
    let first = reported(&world, &json!({}))
        .await
        .json();
    let path = format!("/alerts/{}/resolve", first["id"].as_str().unwrap());
    assert_eq!(
        world
            .post(&path, &json!({}))
            .await
            .status,
        200
    );
    let second = reported(&world, &json!({})).await;
    assert_eq!(second.status, 201);
    let second = second.json();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(second["fingerprint"], first["fingerprint"]);
    assert_eq!(
        (&second["episode"], &second["occurrences"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn an_alert_with_an_expiry_ends_by_itself_and_another_report_puts_it_off() {
    let world = World::new();
    let mover = sre_core::monitor::AlertMover::new(
        std::sync::Arc::clone(&world.context.alerts),
        world.context.settings.lifecycle,
        Vec::new(),
        "test".to_owned(),
    );
    let expiring = json!({"expires_in": "10m", "value": 97.25, "threshold": 99.9});
    let alert = reported(&world, &expiring).await.json();
    assert_eq!(
        (&alert["value"], &alert["threshold"]),
        (&json!(97.25), &json!(99.9))
    );
    let path = format!("/alerts/{}", alert["id"].as_str().unwrap());
    let state_at = async |second| {
        world.clock.set(fixtures::at(second));
        mover
            .activate(fixtures::at(second))
            .await
            .unwrap();
        world.get(&path).await.json()
    };
    assert_eq!(state_at(599).await["state"], "firing");
    reported(&world, &expiring).await;
    assert_eq!(state_at(601).await["state"], "firing");
    let ended = state_at(599 + 600).await;
    assert_eq!(
        (&ended["state"], &ended["resolve_reason"]),
        (&json!("resolved"), &json!("timeout"))
    );
    assert_eq!(ended["ends_at"], "2026-01-01T12:19:59Z");
}

#[tokio::test]
async fn a_report_about_an_unknown_or_deleted_slo_is_refused() {
    let world = World::new();
    let slo = fixtures::slo(1)
        .deleted(fixtures::at(0))
        .build();
    let start = fixtures::start_of(&slo);
    world
        .context
        .catalog
        .insert(&slo, &start)
        .await
        .unwrap();
    for id in [
        "018f0000-0000-7000-8000-000000000000",
        &slo.id.to_string(),
        "seven",
    ] {
        let answer = world
            .post("/alerts", &report(&json!({"slo_id": id})))
            .await;
        assert_eq!(places(&answer), ["/slo_id"], "{id}");
    }
}

#[tokio::test]
async fn every_fault_of_a_report_is_told_at_once() {
    let world = World::new();
    let labels: Value = (0..33)
        .map(|n| (format!("l{n}"), json!("x")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let wrong = json!({
        "service_name": "a b", "alert_type": "ä", "severity": "terrible", "message": "a\u{0}b",
        "labels": labels, "slo_id": 7, "value": "x", "threshold": [], "expires_in": "soon",
        "colour": "red",
    });
    let answer = world.post("/alerts", &wrong).await;
    let expected = [
        "/service_name",
        "/alert_type",
        "/severity",
        "/message",
        "/labels",
        "/slo_id",
        "/value",
        "/threshold",
        "/expires_in",
        "/colour",
    ];
    assert_eq!(places(&answer), expected);
    let answer = world.post("/alerts", &json!({})).await;
    assert_eq!(
        places(&answer),
        ["/service_name", "/alert_type", "/severity", "/message"]
    );
}

#[tokio::test]
async fn a_message_has_one_to_4096_characters_on_one_line() {
    let world = World::new();
    for (message, status) in [
        ("ä".repeat(4096), 201),
        ("ä".repeat(4097), 422),
        (String::new(), 422),
        ("two\nlines".to_owned(), 422),
        ("\u{1b}[31mred".to_owned(), 422),
    ] {
        let answer = world
            .post("/alerts", &report(&json!({"message": message})))
            .await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_by_its_kind() {
    let world = World::new();
    let send = async |headers: &'static [(&str, &str)], body: &str| {
        world
            .send("POST", "/alerts", headers, Some(body.to_owned()))
            .await
            .status
    };
    assert_eq!(send(&[], "{").await, 400);
    assert_eq!(send(&[], "").await, 400);
    assert_eq!(send(&[], r#"{"value": 1e309}"#).await, 400);
    assert_eq!(send(&[], r#"{"value": 1, "value": 2}"#).await, 400);
    assert_eq!(send(&[], "[]").await, 422);
    assert_eq!(send(&[("content-type", "text/plain")], EXAMPLE).await, 415);
    assert_eq!(
        send(&[], &format!("\"{}\"", "x".repeat(1024 * 1024))).await,
        413
    );
    let put = world.put("/alerts", &json!({})).await;
    assert_eq!((put.status, put.header("allow")), (405, "GET, HEAD, POST"));
}

#[tokio::test]
async fn the_same_again_is_told_again_only_after_the_cooldown_since_its_delivery() {
    let world = notifications::telling();
    let id = notifications::deliver(&world, &json!({})).await;
    let kinds = async || {
        let path = format!("/alerts/{id}/notifications");
        let told = world.get(&path).await.json();
        let kinds = told["items"].as_array().unwrap().iter();
        kinds
            .map(|item| {
                item["kind"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    world.clock.set(fixtures::at(599));
    reported(&world, &json!({})).await;
    assert_eq!(kinds().await, ["fire"]);
    world
        .clock
        .set(fixtures::at(0) + Span::minutes(10).as_delta());
    reported(&world, &json!({})).await;
    assert_eq!(kinds().await, ["fire", "recur"]);
}
