//! `sre-monitor demo`, as a newcomer meets it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::process::Service;
use crate::waiting::{eventually, now, say, seconds};

/// SLOs by service and name.
fn by_name(slos: Vec<Value>) -> BTreeMap<String, Value> {
    slos.into_iter()
        .map(|slo| {
            let part = |name: &str| {
                slo[name]
                    .as_str()
                    .expect("a text")
                    .to_owned()
            };
            (format!("{} {}", part("service_name"), part("name")), slo)
        })
        .collect()
}

#[tokio::test]
async fn a_demo_shows_every_state_and_a_month_of_pages_that_came_and_went() {
    let mut service = Service::new().asking(&["demo", "a-demo"]);
    let began = now();
    let running = service
        .start_within(Duration::from_mins(8))
        .await;
    say(&format!("demo: made in {:.0} s", seconds(began, now())));
    let client = &running.client;
    let slos = by_name(client.items("/slo").await);
    let state = |name: &str| {
        slos[name]["status"]["state"]
            .as_str()
            .expect("a state")
    };
    for (name, expected) in [
        ("api-gateway Latency", "met"),
        ("intent-parser-server Latency", "violated"),
        ("mcp-manager-server Latency", "at_risk"),
        ("federation-server Availability", "insufficient_data"),
        ("test-data-api Availability", "met"),
    ] {
        assert_eq!(state(name), expected, "{name}");
    }
    assert_eq!(slos["api-gateway Latency"]["labels"]["demo"], "true");

    let alerts = client.items("/alerts").await;
    let of = |service: &str, alert_type: &str| {
        alerts
            .iter()
            .filter(|alert| alert["service_name"] == service && alert["alert_type"] == alert_type)
            .count()
    };
    assert_eq!(of("api-gateway", "burn_rate"), 2, "two outages");
    assert!(of("mcp-manager-server", "burn_rate") >= 9, "one that flaps");
    assert_eq!(of("intent-parser-server", "slo_violation"), 1);
    assert_eq!(of("federation-server", "no_data"), 2);
    assert_eq!(
        of("test-data-api", "burn_rate"),
        0,
        "low traffic wakes nobody"
    );
    let open: BTreeSet<&str> = alerts
        .iter()
        .filter(|alert| alert["ends_at"].is_null())
        .map(|alert| {
            alert["alert_type"]
                .as_str()
                .expect("a type")
        })
        .collect();
    assert!(
        open.contains("no_data") && open.contains("slow_burn"),
        "{open:?}"
    );

    let incidents = client.items("/incidents").await;
    let outages = incidents
        .iter()
        .filter(|incident| incident["service_name"] == "api-gateway");
    assert_eq!(outages.count(), 2, "{incidents:?}");

    let health = client.get("/health").await.expect(200);
    assert!(
        health["checks"]["demo"]["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("made up")),
        "{health}"
    );
    // It goes on: a slice that was not there when it was made.
    let first = slos["api-gateway Availability"]["status"]["as_of"].clone();
    eventually("a slice of today", Duration::from_mins(3), || async {
        let slos = by_name(client.items("/slo").await);
        (slos["api-gateway Availability"]["status"]["as_of"] != first).then_some(())
    })
    .await;
    running.stop().await;

    // What is made once is served at once.
    let running = service.start().await;
    let again = running.client.items("/alerts").await;
    assert!(again.len() >= alerts.len());
    running.stop().await;
}

#[test]
fn a_directory_that_holds_anything_else_is_left_alone() {
    let mut service = Service::new().asking(&["demo", "mine"]);
    let mine = service.room().join("mine");
    fs::create_dir(&mine).expect("a directory");
    fs::write(mine.join("sre-monitor.db"), "precious").expect("a file");
    let (status, said) = service.fail();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("holds no demo"), "{said}");
    let left = fs::read_to_string(mine.join("sre-monitor.db")).expect("the file");
    assert_eq!(left, "precious");
    assert_eq!(
        fs::read_dir(&mine)
            .expect("a directory")
            .count(),
        1
    );
}
