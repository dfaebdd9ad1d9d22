//! `/silences` and `/maintenance`: asked for, changed, ended; what they keep back, and what they show.

use serde_json::{Value, json};
use sre_core::silence::{SILENCES_MAX, Silence};
use sre_core::store::Silences as _;
use sre_core::time::Span;
use sre_store_conformance::fixtures;

use crate::world::World;

fn asked() -> Value {
    json!({
        "matchers": ["service=\"api-gateway\"", {"name": "severity", "operator": "=~", "value": "low|high"}],
        "duration": "2h", "created_by": "ada", "comment": "The database moves",
    })
}

fn with(changes: &Value) -> Value {
    let mut body = asked();
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            body.as_object_mut()
                .expect("an object")
                .remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body
}

async fn reported(world: &World, service: &str, severity: &str) -> String {
    let alert = json!({
        "service_name": service, "alert_type": format!("queue_{severity}"), "severity": severity, "message": "it waits",
    });
    let answer = world.post("/alerts", &alert).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Where faults were found.
async fn pointers(world: &World, path: &str, body: &Value) -> Vec<String> {
    let answer = world.post(path, body).await;
    assert_eq!(answer.status, 422, "{}", answer.json());
    let (_, faults) = answer.problem();
    let pointer = |fault: &Value| {
        fault["pointer"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    faults
        .as_array()
        .expect("faults")
        .iter()
        .map(pointer)
        .collect()
}

#[tokio::test]
async fn a_silence_is_answered_as_it_was_asked_for_and_ended_by_a_delete() {
    let world = World::new();
    let made = world.post("/silences", &asked()).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let path = made.header("location").to_owned();
    let silence = made.json();
    assert_eq!(silence["state"], "active");
    assert_eq!(
        silence["matchers"],
        json!([
            {"name": "service", "operator": "=", "value": "api-gateway"},
            {"name": "severity", "operator": "=~", "value": "low|high"},
        ])
    );
    assert_eq!(
        (&silence["created_by"], &silence["version"]),
        (&json!("ada"), &json!(1))
    );
    assert_eq!(world.get(&path).await.json(), silence);
    for _ in 0..2 {
        let ended = world.delete(&path).await;
        assert_eq!(ended.status, 200);
        assert_eq!(
            (&ended.json()["state"], &ended.json()["version"]),
            (&json!("expired"), &json!(2))
        );
    }
    let listed = async |state: &str| {
        let answer = world
            .get(&format!("/silences?state={state}"))
            .await;
        answer.json()["items"]
            .as_array()
            .map_or(0, Vec::len)
    };
    assert_eq!((listed("active").await, listed("expired").await), (0, 1));
    assert_eq!(
        world
            .get("/silences?state=x")
            .await
            .status,
        422
    );
    assert_eq!(
        world
            .get("/silences/018f3c5a-0000-7000-8000-0123456789ab")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn every_fault_of_a_silence_is_told_at_once() {
    let world = World::new();
    let wrong = json!({
        "matchers": ["service", {"name": "a", "operator": "=~", "value": "("}, 7],
        "ends_at": "2026-01-01T13:00:00Z", "duration": "2h", "colour": "red",
    });
    assert_eq!(
        pointers(&world, "/silences", &wrong).await,
        [
            "/matchers/0",
            "/matchers/1/value",
            "/matchers/2",
            "/ends_at",
            "/created_by",
            "/comment",
            "/colour"
        ]
    );
    let everything = with(&json!({"matchers": ["severity=~\".*\""]}));
    assert_eq!(
        pointers(&world, "/silences", &everything).await,
        ["/matchers"]
    );
    let past = with(&json!({"duration": null, "ends_at": "2020-01-01T00:00:00Z"}));
    assert_eq!(pointers(&world, "/silences", &past).await, ["/ends_at"]);
    let long = with(&json!({"duration": "367d"}));
    assert_eq!(pointers(&world, "/silences", &long).await, ["/ends_at"]);
}

#[tokio::test]
async fn a_silence_that_recurs_is_answered_with_its_rule_and_what_comes_next() {
    let world = World::new();
    let rule = json!({
        "rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2020-01-05T02:30:00", "duration": "2h",
        "time_zone": "Europe/Berlin",
    });
    let body = with(&json!({"duration": null, "recurrence": rule}));
    let made = world.post("/silences", &body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let silence = made.json();
    assert_eq!(silence["recurrence"], rule);
    assert_eq!(silence["state"], "pending");
    assert_eq!(silence["next"]["from"], silence["starts_at"]);
    let preview = world
        .post("/silences/preview", &body)
        .await;
    assert_eq!(preview.status, 200, "{}", preview.json());
    // What was read can be sent back, and the rule may be left out: it is the same silence.
    let path = made.header("location").to_owned();
    let mut sent = silence.clone();
    sent["comment"] = json!("It takes longer");
    sent.as_object_mut()
        .expect("an object")
        .remove("recurrence");
    let kept = world.put(&path, &sent).await;
    assert_eq!(kept.status, 200, "{}", kept.json());
    assert_eq!(kept.json()["recurrence"], rule);
    assert_eq!(kept.json()["ends_at"], silence["ends_at"]);
    // Alertmanager's place knows no recurrence: it shows what comes next.
    let id = silence["id"].as_str().expect("an id");
    let shown = world
        .get(&format!("/api/v2/silence/{id}"))
        .await
        .json();
    assert_eq!(shown["startsAt"], silence["next"]["from"]);
    assert_eq!(shown["endsAt"], silence["next"]["to"]);
    assert_eq!(shown["status"]["state"], "pending");
    // Whoever sends it back with other words cuts nothing off.
    let mut sent = shown.clone();
    sent["comment"] = json!("As amtool says");
    let answer = world
        .post("/api/v2/silences", &sent)
        .await;
    assert_eq!(answer.json()["silenceID"], json!(id));
    let after = world.get(&path).await.json();
    assert_eq!(after["ends_at"], silence["ends_at"]);
    assert_eq!(after["recurrence"], rule);
    assert_eq!(after["comment"], "As amtool says");
}

#[tokio::test]
async fn every_fault_of_a_recurrence_is_told_at_its_place() {
    let world = World::new();
    let wrong = with(&json!({"recurrence": {
        "rule": "FREQ=HOURLY", "start": "2020-01-05T02:30:00", "duration": "2h", "time_zone": "Mars/Base",
    }}));
    assert_eq!(
        pointers(&world, "/silences", &wrong).await,
        ["/recurrence/rule", "/recurrence/time_zone"]
    );
    let no_rule = with(&json!({"recurrence": "nightly", "duration": null}));
    assert_eq!(
        pointers(&world, "/silences", &no_rule).await,
        ["/recurrence"]
    );
    let never = with(&json!({"recurrence": {
        "rule": "FREQ=DAILY;COUNT=1", "start": "2020-01-05T02:30:00", "duration": "2h",
    }}));
    assert_eq!(pointers(&world, "/silences", &never).await, ["/recurrence"]);
    let long = with(&json!({"duration": "367d", "recurrence": {
        "rule": "FREQ=DAILY", "start": "2020-01-05T02:30:00", "duration": "2h",
    }}));
    assert_eq!(pointers(&world, "/silences", &long).await, ["/ends_at"]);
}

#[tokio::test]
async fn a_change_of_the_end_keeps_the_silence_and_another_choice_replaces_it() {
    let world = World::new();
    let made = world.post("/silences", &asked()).await;
    let path = made.header("location").to_owned();
    world
        .clock
        .set(world.now() + Span::minutes(1).as_delta());
    let longer = world
        .put(
            &path,
            &with(&json!({"duration": "4h", "comment": "it takes longer"})),
        )
        .await;
    assert_eq!(longer.status, 200, "{}", longer.json());
    assert_eq!(longer.json()["id"], made.json()["id"]);
    assert_eq!(longer.json()["comment"], "it takes longer");
    let other = world
        .put(
            &path,
            &with(&json!({"matchers": ["service=cart"], "starts_at": null})),
        )
        .await;
    assert_eq!(other.status, 201, "{}", other.json());
    assert_ne!(other.header("location"), path);
    assert_eq!(world.get(&path).await.json()["state"], "expired");
    assert_eq!(
        world
            .get(other.header("location"))
            .await
            .json()["state"],
        "active"
    );
}

#[tokio::test]
async fn one_silence_too_many_is_refused_by_the_name_of_the_limit() {
    let world = World::new();
    for n in 0..u128::from(SILENCES_MAX) {
        let now = world.now();
        let held = Silence {
            starts_at: now,
            ends_at: now + Span::hours(1).as_delta(),
            created_at: now,
            ..fixtures::silence(n, 0, 60)
        };
        world
            .store
            .create_silence(&held)
            .await
            .expect("stored");
    }
    let refused = world.post("/silences", &asked()).await;
    assert_eq!(refused.status, 422);
    let (_, faults) = refused.problem();
    assert!(
        faults
            .to_string()
            .contains("10000 silences"),
        "{faults}"
    );
}

#[tokio::test]
async fn a_preview_shows_what_a_silence_would_match_and_stores_nothing() {
    let world = World::new();
    let matched = reported(&world, "api-gateway", "high").await;
    reported(&world, "api-gateway", "critical").await;
    reported(&world, "cart", "high").await;
    let preview = world
        .post("/silences/preview", &asked())
        .await;
    assert_eq!(preview.status, 200, "{}", preview.json());
    assert_eq!(preview.json()["items"][0]["id"], json!(matched));
    assert_eq!(
        preview.json()["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(world.get("/silences").await.json()["items"], json!([]));
}

#[tokio::test]
async fn alerts_and_services_show_what_keeps_them_from_being_told() {
    let world = World::new();
    let id = reported(&world, "api-gateway", "high").await;
    let silence = world
        .post("/silences", &asked())
        .await
        .json();
    let planned = json!({
        "services": ["api-gateway"], "from": "2026-01-01T12:00:00Z", "to": "2026-01-01T18:00:00Z",
        "created_by": "ada", "comment": "It moves",
    });
    let planned = world
        .post("/maintenance", &planned)
        .await;
    assert_eq!(planned.status, 201, "{}", planned.json());
    let planned = planned.json();
    let alert = world
        .get(&format!("/alerts/{id}"))
        .await
        .json();
    assert_eq!(alert["silenced_by"], json!([silence["id"]]));
    assert_eq!(alert["in_maintenance"], json!([planned["id"]]));
    assert_eq!(alert["inhibited_by"], Value::Null);
    let listed = world.get("/alerts").await.json();
    assert_eq!(listed["items"][0]["silenced_by"], json!([silence["id"]]));
    let health = world
        .get("/service-health/api-gateway")
        .await
        .json();
    assert_eq!(health["in_maintenance"], json!([planned["id"]]));
    assert_eq!(health["open_alerts"], 1, "it counts in full");
    let shown = world.get("/ui/alerts").await;
    let shown = String::from_utf8_lossy(&shown.body);
    assert!(shown.contains("silenced") && shown.contains("in maintenance"));
    let resolved = world
        .post(&format!("/alerts/{id}/resolve"), &json!({}))
        .await;
    assert_eq!(resolved.json()["silenced_by"], json!([]));
}

#[tokio::test]
async fn a_maintenance_recurs_by_the_clocks_of_its_zone_until_it_is_ended() {
    let world = World::new();
    reported(&world, "api-gateway", "high").await;
    let weekly = json!({
        "services": ["api-gateway"], "matchers": ["severity!=emergency"],
        "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2026-01-04T02:00:00",
                       "duration": "2h", "time_zone": "Europe/Berlin"},
        "created_by": "ada", "comment": "The database is maintained",
    });
    let made = world
        .post("/maintenance", &weekly)
        .await;
    assert_eq!(made.status, 201, "{}", made.json());
    assert_eq!(made.json()["state"], "ahead");
    assert_eq!(
        made.json()["next"],
        json!({"from": "2026-01-04T01:00:00Z", "to": "2026-01-04T03:00:00Z"})
    );
    let path = made.header("location").to_owned();
    assert_eq!(world.get(&path).await.json(), made.json());
    for _ in 0..2 {
        let ended = world.delete(&path).await;
        assert_eq!(ended.status, 200);
        assert_eq!(ended.json()["state"], "past");
        assert_eq!(ended.json()["next"], Value::Null);
    }
    assert_eq!(
        world.get("/maintenance").await.json()["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn every_fault_of_a_maintenance_is_told_at_once() {
    let world = World::new();
    assert_eq!(
        pointers(&world, "/maintenance", &json!({})).await,
        ["/services", "/from", "/created_by", "/comment"]
    );
    let unknown = json!({
        "services": ["nobody"], "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z",
        "created_by": "ada", "comment": "It moves",
    });
    assert_eq!(
        pointers(&world, "/maintenance", &unknown).await,
        ["/services", "/to"]
    );
}
