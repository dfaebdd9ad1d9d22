//! An incident and its timeline outlive `kill -9`: what was acknowledged stands there once, what
//! nobody answered once or not at all, and every alert of the service is in the one incident.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;
use crate::process::Service;
use crate::random::Random;
use crate::waiting::{now, say};

/// How often the process is killed.
const KILLS: usize = 8;

/// What a client wrote until nobody answered.
#[derive(Debug, Default)]
struct Written {
    /// Notes that were acknowledged.
    notes: Vec<String>,
    /// Ids of alerts that were acknowledged.
    alerts: Vec<String>,
    /// The note or alert that was under way.
    unanswered: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_and_its_timeline_outlive_kills() {
    let seed = now().timestamp_micros().cast_unsigned();
    say(&format!("incident: the seed is {seed}"));
    let mut random = Random::new(seed);
    let mut service = Service::new();
    let mut running = service.start().await;
    let first = running
        .client
        .post("/alerts", &alert("first", "critical"))
        .await
        .expect(201);
    let id = first["incident_id"]
        .as_str()
        .expect("a critical alert opens an incident")
        .to_owned();

    let mut written = Written::default();
    for life in 0..KILLS {
        let writing = tokio::spawn(write(running.client.clone(), id.clone(), life));
        sleep(random.millis(100, 900)).await;
        running.kill();
        let more = writing
            .await
            .expect("a client that does not panic");
        written.notes.extend(more.notes);
        written.alerts.extend(more.alerts);
        written
            .unanswered
            .extend(more.unanswered);
        running = service.start().await;
    }

    let incident = running
        .client
        .get(&format!("/incidents/{id}"))
        .await
        .expect(200);
    notes_stand_once(&incident, &written);
    alerts_are_in_it(&running.client, &incident, &written).await;
    every_version_has_its_line(&incident);
    say(&format!(
        "incident: {} notes and {} alerts were acknowledged over {KILLS} kills, {} writes were hit",
        written.notes.len(),
        written.alerts.len(),
        written.unanswered.len()
    ));
    assert!(!written.notes.is_empty() && !written.alerts.is_empty());
    running.stop().await;
}

/// Writes notes and alerts in turn, until nobody answers.
async fn write(client: Client, id: String, life: usize) -> Written {
    let mut written = Written::default();
    for number in 0.. {
        let name = format!("write {life}.{number}");
        let (path, body) = if number % 2 == 0 {
            let note = json!({"text": name, "by": "ada"});
            (format!("/incidents/{id}/timeline"), note)
        } else {
            ("/alerts".to_owned(), alert(&name, "low"))
        };
        let answer = client
            .try_send(Method::POST, &path, Some(&body))
            .await;
        match answer {
            Ok(answer) if number % 2 == 0 => {
                answer.expect(200);
                written.notes.push(name);
            }
            Ok(answer) => {
                let alert = answer.expect(201);
                assert_eq!(alert["incident_id"], id, "it joins at once");
                written.alerts.push(
                    alert["id"]
                        .as_str()
                        .expect("an id")
                        .to_owned(),
                );
            }
            Err(_) => {
                written.unanswered.push(name);
                break;
            }
        }
        sleep(Duration::from_millis(10)).await;
    }
    written
}

fn alert(name: &str, severity: &str) -> Value {
    json!({
        "service_name": "burning", "alert_type": "drill", "severity": severity,
        "message": name, "labels": {"name": name},
    })
}

fn lines<'a>(incident: &'a Value, kind: &str) -> Vec<&'a str> {
    let lines = incident["timeline"]
        .as_array()
        .expect("lines");
    lines
        .iter()
        .filter(|line| line["kind"] == kind)
        .filter_map(|line| line["text"].as_str())
        .collect()
}

fn notes_stand_once(incident: &Value, written: &Written) {
    let noted = lines(incident, "note");
    for note in &written.notes {
        let times = noted
            .iter()
            .filter(|line| *line == note)
            .count();
        assert_eq!(times, 1, "{note}");
    }
    for note in noted {
        let is_known = written
            .notes
            .iter()
            .any(|known| known == note)
            || written
                .unanswered
                .iter()
                .any(|known| known == note);
        assert!(is_known, "{note} was never written");
    }
}

/// There is one incident, and every alert is in it, also those whose answer was lost.
async fn alerts_are_in_it(client: &Client, incident: &Value, written: &Written) {
    assert_eq!(client.items("/incidents").await.len(), 1);
    let held = incident["alert_ids"]
        .as_array()
        .expect("ids");
    for alert in &written.alerts {
        assert!(held.iter().any(|id| id == alert), "{alert}");
    }
    let all = client.items("/alerts").await;
    assert_eq!(all.len(), held.len());
    for alert in all {
        assert_eq!(alert["incident_id"], incident["id"], "{alert}");
    }
}

/// Each change is a version and a line: neither is there without the other.
fn every_version_has_its_line(incident: &Value) {
    let changes = ["opened", "joined", "note"].map(|kind| lines(incident, kind).len());
    let lines: usize = changes.iter().sum();
    assert_eq!(incident["version"], lines);
}
