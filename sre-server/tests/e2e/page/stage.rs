//! A store with something to look at: two days of a handful of services, of which some are well and
//! some are not.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Running, Service};
use crate::waiting::{eventually, now};

/// How far apart samples are.
const STEP: TimeDelta = TimeDelta::minutes(5);

/// How many there are: two days, which one slot folds.
const STEPS: i64 = 47 * 12;

/// One service's story: of each step, how many of how many were good, or that nobody measured.
struct Story {
    service: &'static str,
    name: &'static str,
    target: f64,
    told: fn(i64) -> Option<(u64, u64)>,
}

const STORIES: [Story; 5] = [
    Story {
        service: "api-gateway",
        name: "API Gateway Availability",
        target: 99.9,
        told: |ago| Some((waves(ago) - u64::from(ago % 9 == 4), waves(ago))),
    },
    Story {
        service: "checkout",
        name: "Carts can be paid",
        target: 99.9,
        told: |ago| {
            Some((
                waves(ago) - if ago < 5 { waves(ago) / 4 } else { 0 },
                waves(ago),
            ))
        },
    },
    Story {
        service: "payments",
        name: "Payments are accepted",
        target: 99.5,
        told: |ago| {
            let is_out = (200..214).contains(&ago);
            Some((
                waves(ago) - if is_out { waves(ago) / 2 } else { 1 },
                waves(ago),
            ))
        },
    },
    Story {
        service: "search",
        name: "Search answers",
        target: 99.0,
        told: |ago| {
            let is_blind = (120..170).contains(&ago);
            let bad = if ago > 170 { waves(ago) / 60 } else { 2 };
            (!is_blind).then_some((waves(ago) - bad, waves(ago)))
        },
    },
    Story {
        service: "reports",
        name: "Reports are there by morning",
        target: 95.0,
        told: |_| None,
    },
];

/// Traffic of a day, by night less.
fn waves(ago: i64) -> u64 {
    let hour = (ago * 5 / 60).rem_euclid(24);
    let distance = (hour - 12).unsigned_abs();
    400 + 90 * distance
}

/// Starts a service with all that, and waits until it stands.
pub(crate) async fn lively() -> Running {
    let mut service = Service::new()
        .with("SLO_VALIDATION_INTERVAL", "10s")
        .with("SRE_MONITOR_DEFAULTS", "none");
    let running = service.start().await;
    let client = &running.client;
    let last = now() - TimeDelta::seconds(20);
    for story in &STORIES {
        push(client, story, last).await;
        client
            .post("/slo", &definition(story))
            .await
            .expect(201);
    }
    let third_party = json!({
        "service_name": "payments", "alert_type": "certificate", "severity": "medium",
        "message": "The certificate of pay.example ends in 9 days",
    });
    client
        .post("/alerts", &third_party)
        .await
        .expect(201);
    eventually("figures", Duration::from_mins(3), || async {
        let slos = client.items("/slo").await;
        let known = slos
            .iter()
            .filter(|slo| slo["status"]["filled"].as_f64() > Some(0.9))
            .count();
        (known == STORIES.len() - 1).then_some(())
    })
    .await;
    // Slots decide at the newest slice, so the page follows the history.
    eventually("a page", Duration::from_mins(1), || async {
        let alerts = client
            .items("/alerts?service=checkout")
            .await;
        (!alerts.is_empty()).then_some(())
    })
    .await;
    running
}

async fn push(client: &Client, story: &Story, last: DateTime<Utc>) {
    let samples: Vec<Value> = (0..STEPS)
        .filter_map(|ago| {
            let (good, total) = (story.told)(ago)?;
            let at = last - STEP * i32::try_from(ago).ok()?;
            Some(json!({
                "service_name": story.service, "metric_name": "availability",
                "timestamp": at.to_rfc3339(), "good": good, "total": total,
            }))
        })
        .collect();
    if !samples.is_empty() {
        let answer = client
            .post("/service-metrics", &json!({ "samples": samples }))
            .await
            .expect(202);
        assert_eq!(answer["rejected"], json!([]));
    }
}

fn definition(story: &Story) -> Value {
    json!({
        "name": story.name, "service_name": story.service, "metric_name": "availability",
        "description": "Made up, to have something to look at.",
        "target_percentage": story.target, "time_window": "2d",
        "links": {"runbook": "https://wiki.example/runbook"},
    })
}
