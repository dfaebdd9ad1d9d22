//! `POST /alerts/{id}/acknowledge`, `/unacknowledge` and `/resolve`.

use serde_json::json;
use sre_store_conformance::fixtures;

use super::{places, reported};
use crate::world::World;

/// A world with one alert, and its address.
async fn one() -> (World, String) {
    let world = World::new();
    let alert = reported(&world, &json!({}))
        .await
        .json();
    let path = format!(
        "/alerts/{}",
        alert["id"]
            .as_str()
            .expect("it is there")
    );
    (world, path)
}

#[tokio::test]
async fn acknowledging_says_who_looks_since_when() {
    let (world, path) = one().await;
    world.clock.set(fixtures::at(30));
    let said = json!({"by": "ada", "comment": "looking\ninto it"});
    let answer = world
        .post(&format!("{path}/acknowledge"), &said)
        .await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"v2\""));
    let alert = answer.json();
    assert_eq!(alert["state"], "acknowledged");
    assert_eq!(alert["acknowledged_by"], "ada");
    assert_eq!(alert["acknowledged_at"], "2026-01-01T12:00:30Z");
    assert_eq!(world.get(&path).await.json(), alert);
}

#[tokio::test]
async fn an_empty_body_is_enough() {
    let (world, path) = one().await;
    for act in ["acknowledge", "resolve"] {
        let answer = world
            .send("POST", &format!("{path}/{act}"), &[], None)
            .await;
        assert_eq!(answer.status, 200, "{act}");
        assert_eq!(answer.json()["acknowledged_by"], json!(null));
    }
}

#[tokio::test]
async fn resolving_ends_the_alert_for_good() {
    let (world, path) = one().await;
    world.clock.set(fixtures::at(90));
    let alert = world
        .post(&format!("{path}/resolve"), &json!({"by": "ada"}))
        .await
        .json();
    assert_eq!(
        (&alert["state"], &alert["resolve_reason"]),
        (&json!("resolved"), &json!("manual"))
    );
    assert_eq!(alert["ends_at"], "2026-01-01T12:01:30Z");
    for act in ["acknowledge", "resolve"] {
        let answer = world
            .post(&format!("{path}/{act}"), &json!({}))
            .await;
        let detail = answer.json()["detail"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (409, "conflict")
        );
        assert!(detail.contains("is resolved"), "{detail}");
    }
}

#[tokio::test]
async fn acknowledging_again_extends_and_names_the_new_person() {
    let (world, path) = one().await;
    world
        .post(&format!("{path}/acknowledge"), &json!({"by": "ada"}))
        .await;
    world.clock.set(fixtures::at(60));
    let again = world
        .post(&format!("{path}/acknowledge"), &json!({"by": "bob"}))
        .await;
    assert_eq!(again.json()["acknowledged_by"], "bob");
    assert_eq!(again.json()["acknowledged_at"], "2026-01-01T12:01:00Z");
}

#[tokio::test]
async fn faults_of_the_body_are_told_at_once_and_change_nothing() {
    let (world, path) = one().await;
    let wrong = json!({"by": "", "comment": 7, "until": "tomorrow"});
    for act in ["acknowledge", "resolve"] {
        let answer = world
            .post(&format!("{path}/{act}"), &wrong)
            .await;
        assert_eq!(places(&answer), ["/by", "/comment", "/until"]);
    }
    assert_eq!(world.get(&path).await.json()["state"], "firing");
}

#[tokio::test]
async fn a_write_that_was_meant_for_another_version_is_refused() {
    let (world, path) = one().await;
    reported(&world, &json!({})).await;
    let act = format!("{path}/resolve");
    let stale = world
        .send("POST", &act, &[("if-match", "\"v1\"")], None)
        .await;
    assert_eq!((stale.status, stale.problem().0.as_str()), (412, "stale"));
    let current = world
        .send("POST", &act, &[("if-match", "\"v2\"")], None)
        .await;
    assert_eq!(current.status, 200);
}

#[tokio::test]
async fn an_acknowledgement_can_be_taken_back_once() {
    let (world, path) = one().await;
    let back = format!("{path}/unacknowledge");
    let said = json!({"by": "ada"});
    assert_eq!(world.post(&back, &said).await.status, 409, "nobody looks");
    world
        .post(&format!("{path}/acknowledge"), &said)
        .await;
    let alert = world.post(&back, &said).await.json();
    assert_eq!(alert["state"], "firing");
    assert_eq!(alert["acknowledged_by"], json!(null));
    assert_eq!(world.post(&back, &said).await.status, 409);
}

/// Three times wrong and over within an hour: the third end is held open, and says so.
#[tokio::test]
async fn what_is_reported_by_turns_flaps_and_is_held_open() {
    let world = World::new();
    let mut seen = Vec::new();
    for round in 0..3 {
        world
            .clock
            .set(fixtures::at(1_200 * round));
        let alert = reported(&world, &json!({}))
            .await
            .json();
        let id = alert["id"]
            .as_str()
            .expect("it is there")
            .to_owned();
        world
            .clock
            .set(fixtures::at(1_200 * round + 600));
        let alert = world
            .post(&format!("/alerts/{id}/resolve"), &json!({}))
            .await
            .json();
        seen.push((alert["state"].clone(), alert["is_flapping"].clone(), id));
    }
    let (state, is_flapping, id) = seen.pop().expect("three rounds");
    assert_eq!((state, is_flapping), (json!("firing"), json!(true)));
    assert!(
        seen.iter()
            .all(|(state, _, _)| *state == json!("resolved"))
    );
    let alert = world
        .get(&format!("/alerts/{id}"))
        .await
        .json();
    assert_eq!(alert["flapping_since"], "2026-01-01T12:50:00Z");
    assert_eq!(alert["flap_percentage"].to_string(), "35.526315789473685");
    // Said once more, it is meant.
    let alert = world
        .post(&format!("/alerts/{id}/resolve"), &json!({}))
        .await
        .json();
    assert_eq!(
        (&alert["state"], &alert["is_flapping"]),
        (&json!("resolved"), &json!(false))
    );
}
