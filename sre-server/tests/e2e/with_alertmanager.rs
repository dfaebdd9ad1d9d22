//! Alertmanager's clients, unchanged: `amtool`, and a real Prometheus that posts its alerts to us.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::process::{Running, Service};
use crate::prometheus::Prometheus;
use crate::sink::{SECRET, Sink};
use crate::waiting::eventually;

/// What `amtool` says of this service.
async fn amtool(running: &Running, words: &[&str]) -> Output {
    let mut command = Command::new("amtool");
    command
        .args(["--alertmanager.url", &running.client.base])
        .args(words)
        .env("HOME", std::env::temp_dir());
    tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic")
        .expect("amtool runs")
}

async fn said(running: &Running, words: &[&str]) -> String {
    let output = amtool(running, words).await;
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("a text")
}

#[tokio::test]
async fn amtool_adds_and_asks_for_alerts() {
    let sink = Sink::new().await;
    let mut service = Service::new()
        .with("WEBHOOK_URL", &sink.url)
        .with("WEBHOOK_SECRET", SECRET);
    let running = service.start().await;
    let added = [
        "alert",
        "add",
        "HighBurn",
        "service=checkout",
        "severity=critical",
    ];
    let annotated = [&added[..], &["--annotation=summary=burn 14.4x"]].concat();
    assert_eq!(said(&running, &annotated).await, "");
    let found = said(&running, &["alert", "query", "-o", "json"]).await;
    let found: Value = serde_json::from_str(&found).expect("json");
    assert_eq!(found[0]["fingerprint"], "4051cf239955e8ae");
    let simple = said(
        &running,
        &["alert", "query", "alertname=~High.*", "service=checkout"],
    )
    .await;
    assert!(
        simple.contains("HighBurn") && simple.contains("burn 14.4x"),
        "{simple}"
    );
    let none = said(
        &running,
        &["alert", "query", "-o", "json", "service=search"],
    )
    .await;
    assert!(matches!(none.trim(), "[]" | "null"), "{none}");
    let shown = said(&running, &["config", "show"]).await;
    assert!(shown.contains("webhook"), "{shown}");
    let routed = said(&running, &["config", "routes", "test", "service=checkout"]).await;
    assert_eq!(routed.trim(), "webhook");
    // An end from before it began is none of this episode.
    let ended = [&added[..], &["--end=2020-01-01T00:00:00Z"]].concat();
    assert_eq!(said(&running, &ended).await, "");
    let wrong = amtool(&running, &["alert", "query", "b=c", "a=~("]).await;
    assert!(!wrong.status.success());
    eventually("the page", Duration::from_secs(20), async || {
        sink.messages()
            .iter()
            .find(|message| message.tells("alert.firing", "checkout", "HighBurn"))
            .map(|_| ())
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_rule_of_prometheus_is_told_once_when_it_fires_and_once_when_it_ends() {
    let sink = Sink::new().await;
    let mut service = Service::new()
        .with("WEBHOOK_URL", &sink.url)
        .with("WEBHOOK_SECRET", SECRET)
        .with("SLO_VIOLATION_COOLDOWN", "1");
    let running = service.start().await;
    let address = running
        .client
        .base
        .trim_start_matches("http://")
        .to_owned();
    // It fires for half of every 40 s, and is posted again every 5 s meanwhile.
    let _prometheus = Prometheus::alerting(&address, "vector(time()) % 40 < 20").await;
    let told = eventually("two cycles", Duration::from_secs(140), async || {
        let kinds: Vec<String> = sink
            .messages()
            .iter()
            .filter(|message| {
                message
                    .alerts()
                    .iter()
                    .any(|alert| alert["alert_type"] == "HalfTheTime")
            })
            .map(|message| message.kind().to_owned())
            .collect();
        (kinds.len() >= 4).then_some(kinds)
    })
    .await;
    assert_eq!(
        told[..4],
        [
            "alert.firing",
            "alert.resolved",
            "alert.firing",
            "alert.resolved"
        ]
    );
    running.stop().await;
}

#[tokio::test]
async fn amtool_adds_asks_for_changes_and_expires_silences() {
    let mut service = Service::new();
    let running = service.start().await;
    let added = said(
        &running,
        &[
            "silence",
            "add",
            "-a",
            "ada",
            "-c",
            "the database moves",
            "-d",
            "1h",
            "alertname=~High.*",
            "severity!=low",
        ],
    )
    .await;
    let id = added.trim();
    said(&running, &["alert", "add", "HighBurn", "service=checkout"]).await;
    assert_eq!(
        said(&running, &["silence", "query", "-q"])
            .await
            .trim(),
        id
    );
    let active = said(&running, &["alert", "query", "-o", "json"]).await;
    assert!(matches!(active.trim(), "[]" | "null"), "{active}");
    let silenced = said(&running, &["alert", "query", "--silenced", "-o", "json"]).await;
    let silenced: Value = serde_json::from_str(&silenced).expect("json");
    assert_eq!(silenced[0]["status"]["state"], "suppressed");
    assert_eq!(silenced[0]["status"]["silencedBy"][0], id);

    let updated = said(
        &running,
        &["silence", "update", "-d", "2h", id, "-o", "json"],
    )
    .await;
    let updated: Value = serde_json::from_str(&updated).expect("json");
    assert_eq!(updated[0]["id"], id, "{updated}");
    assert_eq!(said(&running, &["silence", "expire", id]).await, "");
    assert_eq!(
        said(&running, &["silence", "query", "-q"])
            .await
            .trim(),
        ""
    );
    let expired = said(&running, &["silence", "query", "--expired", "-q"]).await;
    assert_eq!(expired.trim(), id);
    let unknown = "00000000-0000-0000-0000-000000000000";
    let output = amtool(&running, &["silence", "expire", unknown]).await;
    assert!(!output.status.success(), "{output:?}");
    running.stop().await;
}
