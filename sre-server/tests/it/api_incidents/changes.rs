//! Steps, edits, notes and merges, and what refuses them.

use serde_json::{Value, json};
use sre_core::time::Span;

use super::{alert, detail, got, opened, places};
use crate::world::World;

/// Moves the incident; its view.
async fn moved(world: &World, path: &str, status: &str) -> Value {
    world
        .clock
        .set(world.now() + Span::minutes(1).as_delta());
    let answer = world
        .put(path, &json!({"status": status, "by": "ada"}))
        .await;
    assert_eq!(answer.status, 200, "{status}: {:?}", answer.body);
    answer.json()
}

#[tokio::test]
async fn an_incident_lives_step_by_step_and_back() {
    let world = World::new();
    let path = opened(&world, &json!({})).await;
    for (minute, status) in (1..).zip(["acknowledged", "mitigated", "resolved", "closed"]) {
        let incident = moved(&world, &path, status).await;
        assert_eq!(incident["status"], status);
        assert_eq!(
            incident[format!("{status}_at")],
            format!("2026-01-01T12:0{minute}:00Z")
        );
    }
    for (status, gone) in [
        ("resolved", "closed_at"),
        ("mitigated", "resolved_at"),
        ("acknowledged", "mitigated_at"),
        ("open", "acknowledged_at"),
    ] {
        let incident = moved(&world, &path, status).await;
        assert_eq!(
            (&incident["status"], &incident[gone]),
            (&json!(status), &Value::Null)
        );
    }
    let incident = got(&world, &path).await;
    let lines = incident["timeline"]
        .as_array()
        .expect("lines");
    assert_eq!(lines.len(), 9, "every step stays in the timeline");
    assert_eq!(
        (&lines[1]["kind"], &lines[1]["actor"], &lines[1]["text"]),
        (
            &json!("status"),
            &json!("ada"),
            &json!("open → acknowledged")
        )
    );
    assert_eq!(incident["version"], 9);
}

#[tokio::test]
async fn every_step_that_there_is_not_is_a_conflict_that_names_those_that_there_are() {
    let all = [
        "candidate",
        "open",
        "acknowledged",
        "mitigated",
        "resolved",
        "closed",
        "dismissed",
    ];
    let ways: [(&[&str], &[&str], &str); 6] = [
        (
            &[],
            &["acknowledged", "dismissed"],
            "acknowledged, dismissed or merged",
        ),
        (
            &["acknowledged"],
            &["mitigated", "open"],
            "mitigated, open or merged",
        ),
        (
            &["acknowledged", "mitigated"],
            &["resolved", "acknowledged"],
            "resolved or acknowledged",
        ),
        (
            &["acknowledged", "mitigated", "resolved"],
            &["closed", "mitigated"],
            "closed or mitigated",
        ),
        (
            &["acknowledged", "mitigated", "resolved", "closed"],
            &["resolved"],
            "resolved",
        ),
        (&["dismissed"], &[], "nothing any more"),
    ];
    for (way, allowed, named) in ways {
        let world = World::new();
        let path = opened(&world, &json!({})).await;
        for status in way {
            moved(&world, &path, status).await;
        }
        let from = way.last().unwrap_or(&"open");
        for to in all {
            if allowed.contains(&to) || to == *from {
                continue;
            }
            let answer = world
                .put(&path, &json!({"status": to}))
                .await;
            assert_eq!(answer.status, 409, "{from} → {to}");
            assert_eq!(
                detail(&answer),
                format!("an incident that is {from} cannot become {to}; it can become {named}")
            );
        }
        let answer = world
            .put(&path, &json!({"status": from}))
            .await;
        assert_eq!(answer.status, 200, "to stay is no step");
    }
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name_and_null_takes_away() {
    let world = World::new();
    let path = opened(
        &world,
        &json!({"description": "since noon", "root_cause_service": "cards"}),
    )
    .await;
    for method in ["PUT", "PATCH"] {
        let body = json!({"severity": "high", "comment": "calmer"}).to_string();
        let answer = world
            .send(method, &path, &[], Some(body))
            .await;
        let incident = answer.json();
        assert_eq!(
            (
                &incident["severity"],
                &incident["description"],
                &incident["title"]
            ),
            (
                &json!("high"),
                &json!("since noon"),
                &json!("Nobody can pay")
            )
        );
    }
    let incident = got(&world, &path).await;
    assert_eq!(incident["version"], 2, "the same again changes nothing");
    let cleared = world
        .put(
            &path,
            &json!({"description": null, "root_cause_service": null,
                    "affected_services": ["search"]}),
        )
        .await
        .json();
    assert_eq!(
        (
            &cleared["description"],
            &cleared["root_cause_service"],
            &cleared["affected_services"]
        ),
        (
            &Value::Null,
            &Value::Null,
            &json!(["api-gateway", "search"])
        )
    );
    // What was read can be sent back.
    let read = got(&world, &path).await;
    let answer = world.put(&path, &read).await;
    assert_eq!((answer.status, answer.json()), (200, read));
}

#[tokio::test]
async fn faults_of_a_change_are_told_at_once() {
    let world = World::new();
    let path = opened(&world, &json!({})).await;
    let answer = world
        .put(
            &path,
            &json!({"status": "merged", "title": "", "severity": 1, "nonsense": true}),
        )
        .await;
    assert_eq!(
        places(&answer),
        ["/status", "/title", "/severity", "/nonsense"]
    );
    let answer = world
        .send(
            "PUT",
            &path,
            &[("content-type", "text/plain")],
            Some("x".to_owned()),
        )
        .await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn a_change_that_was_meant_for_another_version_is_stale() {
    let world = World::new();
    let path = opened(&world, &json!({})).await;
    let change = async |tag: &str| {
        let body = json!({"status": "acknowledged"}).to_string();
        world
            .send("PUT", &path, &[("if-match", tag)], Some(body))
            .await
            .status
    };
    assert_eq!(change("\"v2\"").await, 412);
    assert_eq!(change("\"v1\"").await, 200);
    assert_eq!(change("\"v1\"").await, 412);
    let answer = world.get(&path).await;
    assert_eq!(answer.header("etag"), "\"v2\"");
}

#[tokio::test]
async fn what_is_closed_is_written_down_for_good_but_takes_notes() {
    let world = World::new();
    let path = opened(&world, &json!({})).await;
    for status in ["acknowledged", "mitigated", "resolved"] {
        moved(&world, &path, status).await;
    }
    let last_words = json!({"status": "closed", "description": "the disk was full"});
    let closed = world.put(&path, &last_words).await;
    assert_eq!(closed.json()["description"], "the disk was full");
    let answer = world
        .put(&path, &json!({"title": "another"}))
        .await;
    assert_eq!(answer.status, 409);
    let note = json!({"text": "buy a larger disk", "by": "ada", "at": "2026-01-01T12:00:30Z"});
    let noted = world
        .post(&format!("{path}/timeline"), &note)
        .await;
    assert_eq!(noted.status, 200);
    let lines = noted.json()["timeline"].clone();
    assert_eq!(
        lines[1],
        json!({"at": "2026-01-01T12:00:30Z", "recorded_at": "2026-01-01T12:03:00Z",
               "kind": "note", "actor": "ada", "text": "buy a larger disk"}),
        "in its place, with when it was written down"
    );
}

#[tokio::test]
async fn faults_of_a_note_are_told_at_once() {
    let world = World::new();
    let path = opened(&world, &json!({})).await;
    let faults = json!({"text": "", "by": 1, "at": "2099-01-01T00:00:00Z", "x": 1});
    let answer = world
        .post(&format!("{path}/timeline"), &faults)
        .await;
    assert_eq!(places(&answer), ["/text", "/by", "/at", "/x"]);
}

#[tokio::test]
async fn a_merge_moves_alerts_severity_and_services() {
    let world = World::new();
    let alert = alert(
        &world,
        &json!({"severity": "emergency", "service_name": "cards"}),
    )
    .await;
    let from = format!(
        "/incidents/{}",
        alert["incident_id"]
            .as_str()
            .expect("an id")
    );
    let into = opened(&world, &json!({})).await;
    let into_id = into.replace("/incidents/", "");
    let merge = json!({"into": into_id, "by": "ada"});
    let answer = world
        .post(&format!("{from}/merge"), &merge)
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let merged = answer.json();
    assert_eq!(
        (
            &merged["status"],
            &merged["merged_into"],
            &merged["alert_ids"]
        ),
        (&json!("merged"), &json!(into_id), &json!([]))
    );
    let target = got(&world, &into).await;
    assert_eq!(
        (
            &target["severity"],
            &target["affected_services"],
            &target["alert_ids"]
        ),
        (
            &json!("emergency"),
            &json!(["api-gateway", "cards"]),
            &json!([alert["id"]])
        )
    );
    let again = world
        .post(&format!("{from}/merge"), &merge)
        .await;
    assert_eq!(again.status, 409);
    // New alerts of the service go where the old ones went.
    let next = super::alert(&world, &json!({"service_name": "cards", "alert_type": "x"})).await;
    assert_eq!(next["incident_id"], json!(into_id));
}

#[tokio::test]
async fn a_merge_that_makes_no_sense_is_refused() {
    let world = World::new();
    let one = opened(&world, &json!({})).await;
    let merge = async |into: &str| {
        let body = json!({"into": into.replace("/incidents/", "")});
        world
            .post(&format!("{one}/merge"), &body)
            .await
    };
    assert_eq!(merge(&one).await.status, 409);
    assert_eq!(
        places(&merge("0197a000-0000-7000-8000-000000000000").await),
        ["/into"]
    );
    assert_eq!(places(&merge("x").await), ["/into"]);
    let over = opened(&world, &json!({})).await;
    moved(&world, &over, "dismissed").await;
    let answer = merge(&over).await;
    assert_eq!(
        (answer.status, detail(&answer).as_str()),
        (
            409,
            "nothing can be merged into an incident that is dismissed"
        )
    );
}

#[tokio::test]
async fn many_hands_at_once_lose_no_note() {
    let world = World::new();
    let path = opened(&world, &json!({})).await;
    let address = format!("{path}/timeline");
    let note = async |n: usize| {
        let body = json!({"text": format!("note {n}")});
        world.post(&address, &body).await.status
    };
    let statuses = futures_util::future::join_all((0..20).map(note)).await;
    assert_eq!(statuses, [200; 20]);
    let incident = got(&world, &path).await;
    assert_eq!(
        incident["timeline"]
            .as_array()
            .map(Vec::len),
        Some(21)
    );
}
