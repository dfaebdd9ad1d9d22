//! `/api/v2/*`: what Prometheus and amtool say and hear.

use serde_json::{Value, json};
use sre_core::notification::{Destination, Notifier as _, Reason};
use sre_core::time::Span;

use crate::world::World;

mod silences;

const ALERTS: &str = "/api/v2/alerts";

/// A world in which a webhook is told.
fn world() -> World {
    World::with(|context| context.destinations = vec![Destination::new("webhook", "webhook", b"")])
}

/// The time so many seconds from now, as Prometheus writes it.
fn at(world: &World, seconds: u32) -> String {
    (world.now() + Span::seconds(seconds).as_delta())
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn ago(world: &World, seconds: u32) -> String {
    (world.now() - Span::seconds(seconds).as_delta())
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn high_burn(changes: &Value) -> Value {
    let mut alert = json!({
        "labels": {"alertname": "HighBurn", "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "burn 14.4x"},
        "generatorURL": "http://prometheus:9090/graph",
    });
    sre_server::http::json::merge_patch(&mut alert, changes);
    alert
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let answer = world
        .get(&format!("{ALERTS}{query}"))
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer
        .json()
        .as_array()
        .expect("an array")
        .clone()
}

async fn stored(world: &World) -> Vec<Value> {
    world.get("/alerts").await.json()["items"]
        .as_array()
        .expect("items")
        .clone()
}

#[tokio::test]
async fn an_alert_that_is_posted_is_shown_as_alertmanager_shows_it_and_as_one_of_ours() {
    let world = world();
    let ends = at(&world, 240);
    let alert = high_burn(&json!({"startsAt": ago(&world, 60), "endsAt": ends}));
    let answer = world
        .post(ALERTS, &json!([alert]))
        .await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));

    let listed = listed(&world, "").await;
    assert_eq!(listed.len(), 1);
    let shown = &listed[0];
    assert_eq!(shown["fingerprint"], "4051cf239955e8ae");
    assert_eq!(shown["labels"], alert["labels"]);
    assert_eq!(shown["annotations"]["summary"], "burn 14.4x");
    assert_eq!(shown["receivers"], json!([{"name": "webhook"}]));
    let active = json!({
        "state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []
    });
    assert_eq!(shown["status"], active);
    let instant = |name: &str| -> chrono::DateTime<chrono::Utc> {
        shown[name]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("an instant")
    };
    assert_eq!(
        instant("startsAt"),
        world.now() - Span::seconds(60).as_delta()
    );
    assert_eq!(
        instant("endsAt"),
        world.now() + Span::seconds(240).as_delta()
    );
    assert_eq!(instant("updatedAt"), world.now());

    let own = &stored(&world).await[0];
    assert_eq!(own["service_name"], "checkout");
    assert_eq!(own["alert_type"], "HighBurn");
    assert_eq!(own["severity"], "critical");
    assert_eq!(own["message"], "burn 14.4x");
    let told = world
        .get(&format!(
            "/alerts/{}/notifications",
            own["id"].as_str().expect("an id")
        ))
        .await
        .json();
    assert_eq!(told["items"].as_array().map(Vec::len), Some(1), "{told}");
}

#[tokio::test]
async fn copies_of_an_alert_are_one_alert_and_one_message() {
    let world = world();
    for _ in 0..5 {
        let copy = high_burn(&json!({"endsAt": at(&world, 240)}));
        // Two Prometheus post the same.
        for _ in 0..2 {
            assert_eq!(
                world
                    .post(ALERTS, &json!([copy, copy]))
                    .await
                    .status,
                200
            );
        }
        world.run_for(Span::seconds(60)).await;
    }
    let own = stored(&world).await;
    assert_eq!(own.len(), 1);
    let path = format!(
        "/alerts/{}/notifications",
        own[0]["id"].as_str().expect("an id")
    );
    let told = world.get(&path).await.json();
    assert_eq!(told["items"].as_array().map(Vec::len), Some(1), "{told}");

    let end = high_burn(&json!({"endsAt": ago(&world, 5)}));
    for _ in 0..3 {
        assert_eq!(
            world
                .post(ALERTS, &json!([end]))
                .await
                .status,
            200
        );
    }
    assert!(listed(&world, "").await.is_empty());
    let own = stored(&world).await;
    assert_eq!((own.len(), &own[0]["state"]), (1, &json!("resolved")));
    assert_eq!(own[0]["resolve_reason"], "condition");
}

#[tokio::test]
async fn of_a_mixed_batch_the_right_ones_are_stored_and_the_answer_is_a_text() {
    let world = world();
    let batch = json!([
        high_burn(&json!({})),
        {"labels": {}},
        {"labels": {"alertname": ""}},
        {"labels": {"alert name": "x"}},
        high_burn(&json!({"labels": {"zone": "b"}, "startsAt": at(&world, 9), "endsAt": at(&world, 8)})),
        high_burn(&json!({"labels": {"zone": 1}})),
        high_burn(&json!({"labels": {"zone": "c"}, "endsAt": "yesterday"})),
        7,
        high_burn(&json!({"labels": {"zone": "d"}})),
    ]);
    let answer = world.post(ALERTS, &batch).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (400, "application/json")
    );
    let text = answer
        .json()
        .as_str()
        .expect("a text")
        .to_owned();
    assert_eq!(text.split("; ").count(), 7, "{text}");
    assert!(text.contains("at least one label pair required"), "{text}");
    assert!(
        text.contains("start time must be before end time"),
        "{text}"
    );
    assert_eq!(listed(&world, "").await.len(), 2);

    for body in ["{}", "[", "7", "null"] {
        let answer = world
            .send("POST", ALERTS, &[], Some(body.to_owned()))
            .await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json().is_string(), "{body}");
    }
}

#[tokio::test]
async fn an_alert_is_not_lost_for_what_is_too_long_or_too_much_of_it() {
    let world = world();
    let long = |tail: &str| format!("{}{tail}", "é".repeat(2_000));
    let annotations: serde_json::Map<String, Value> = (0..200)
        .map(|place| (format!("note_{place}"), json!("x".repeat(2_000))))
        .collect();
    let alerts: Vec<Value> = ["one", "other", "one"]
        .map(|tail| {
            high_burn(&json!({"labels": {"query": long(tail)}, "annotations": annotations}))
        })
        .into();
    let answer = world.post(ALERTS, &json!(alerts)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let own = stored(&world).await;
    assert_eq!(own.len(), 2, "two that differ in what was cut are two");
    for alert in &own {
        let query = alert["labels"]["query"]
            .as_str()
            .expect("a text");
        assert_eq!(query.chars().count(), 1_024);
        assert!(query.starts_with("éé") && query.contains('…'), "{query}");
        assert_eq!(alert["message"], "burn 14.4x");
    }
}

#[tokio::test]
async fn the_year_one_is_no_start_and_without_an_end_five_minutes_are_meant() {
    let world = world();
    let alert = high_burn(&json!({
        "startsAt": "0001-01-01T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00.000Z"
    }));
    assert_eq!(
        world
            .post(ALERTS, &json!([alert]))
            .await
            .status,
        200
    );
    let shown = &listed(&world, "").await[0];
    let instant = |name: &str| -> chrono::DateTime<chrono::Utc> {
        shown[name]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("an instant")
    };
    assert_eq!(instant("startsAt"), world.now());
    assert_eq!(instant("endsAt"), world.now() + Span::minutes(5).as_delta());
}

#[tokio::test]
async fn alerts_are_chosen_by_matchers_receivers_and_states() {
    let world = world();
    let batch = json!([
        high_burn(&json!({})),
        high_burn(&json!({"labels": {"severity": "page", "zone": "a"}})),
        {"labels": {"alertname": "Slow", "job": "search"}},
    ]);
    assert_eq!(world.post(ALERTS, &batch).await.status, 200);
    // One of our own is asked for in the same way.
    let own = json!({
        "service_name": "checkout", "alert_type": "queue", "severity": "high", "message": "full"
    });
    assert_eq!(world.post("/alerts", &own).await.status, 201);
    for (query, count) in [
        ("", 4),
        ("?filter=alertname%3D%22HighBurn%22", 2),
        ("?filter=alertname%3DHighBurn&filter=zone%21%3D%22%22", 1),
        ("?filter=severity%3D~%22page%7Chigh%22", 2),
        ("?filter=service%3Dcheckout", 3),
        ("?filter=service%3Dsearch", 1),
        ("?filter=severity%3Dcritical", 1),
        ("?receiver=web.*", 4),
        ("?receiver=web", 0),
        ("?active=false", 0),
        (
            "?active=true&inhibited=false&silenced=false&unprocessed=false",
            4,
        ),
    ] {
        assert_eq!(listed(&world, query).await.len(), count, "{query}");
    }
    for query in [
        "?filter=severity",
        "?filter=a%3D~%22%28%22",
        "?active=maybe",
        "?receiver=%28",
    ] {
        let answer = world
            .get(&format!("{ALERTS}{query}"))
            .await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.json().is_string(), "{query}");
    }
    let groups = world
        .get("/api/v2/alerts/groups")
        .await
        .json();
    let sizes: Vec<(&Value, Option<usize>)> = groups
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| {
            let alerts = group["alerts"].as_array();
            (&group["labels"]["service"], alerts.map(Vec::len))
        })
        .collect();
    let (checkout, search) = (json!("checkout"), json!("search"));
    assert_eq!(sizes, [(&checkout, Some(3)), (&search, Some(1))]);
}

#[tokio::test]
async fn status_and_receivers_are_what_amtool_asks_for() {
    let world = world();
    let status = world.get("/api/v2/status").await.json();
    assert_eq!(status["cluster"]["status"], "disabled");
    assert_eq!(status["versionInfo"]["version"], "0.1.0");
    assert_eq!(
        status["config"]["original"],
        "route:\n  receiver: 'webhook'\nreceivers:\n- name: 'webhook'\n"
    );
    let receivers = world
        .get("/api/v2/receivers")
        .await
        .json();
    assert_eq!(receivers, json!([{"name": "webhook"}]));
}

#[tokio::test]
async fn a_foreign_page_makes_a_suspicion_of_an_incident() {
    let world = world();
    assert_eq!(
        world
            .post(ALERTS, &json!([high_burn(&json!({}))]))
            .await
            .status,
        200
    );
    let incidents = world.get("/incidents").await.json();
    let incidents = incidents["items"]
        .as_array()
        .expect("items");
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["status"], "candidate");
}

/// What our webhook posts in Alertmanager's form is read by what takes alerts from Prometheus.
#[tokio::test]
async fn the_alerts_of_alertmanagers_webhook_are_taken() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let webhook = sre_notify::WebhookNotifier::new(sre_notify::WebhookConfig {
        name: "am".to_owned(),
        url: "http://h/".parse().expect("an address"),
        format: sre_notify::WebhookFormat::Alertmanager,
        secret: None,
        timeout: std::time::Duration::from_secs(1),
        links_base: None,
        dashboards_url: None,
    })
    .expect("a webhook");
    let first = world();
    let own = json!({
        "service_name": "checkout", "alert_type": "queue", "severity": "high", "message": "full",
        "labels": {"zone": "a"}
    });
    let id = first.post("/alerts", &own).await.json()["id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let alert = first
        .context
        .alerts
        .find_alert(id)
        .await
        .expect("read")
        .expect("there");
    let news = [sre_core::notification::AlertNews {
        alert: &alert,
        reason: Reason::First,
        sequence: 1,
        known_severity: None,
        suppressed_episodes: 0,
        while_held: None,
        slo: None,
        evaluation: None,
        incident: None,
    }];
    let body = webhook.render(&sre_core::notification::Message {
        content: sre_core::notification::Content::Alerts {
            service_name: alert.service_name(),
            grouped_by: &std::collections::BTreeMap::new(),
            news: &news,
        },
        now: first.now(),
        note: None,
    });
    let group: Value = serde_json::from_slice(&body).expect("json");
    let second = world();
    let answer = second
        .post(ALERTS, &group["alerts"])
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let shown = &listed(&second, "").await[0];
    assert_eq!(shown["labels"], group["alerts"][0]["labels"]);
    assert_eq!(shown["fingerprint"], group["alerts"][0]["fingerprint"]);
}
