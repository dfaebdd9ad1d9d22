//! Silences as amtool speaks of them.

use serde_json::{Value, json};
use sre_core::silence::Silence;
use sre_core::store::Silences as _;
use sre_core::time::Span;
use sre_store_conformance::fixtures;

use super::{ALERTS, ago, at, high_burn, listed, world};
use crate::world::World;

const SILENCES: &str = "/api/v2/silences";

fn asked(world: &World, changes: &Value) -> Value {
    let mut silence = json!({
        "comment": "the database moves", "createdBy": "ada",
        "startsAt": ago(world, 1), "endsAt": at(world, 3_600),
        "matchers": [{"name": "alertname", "value": "High.*", "isRegex": true}],
    });
    sre_server::http::json::merge_patch(&mut silence, changes);
    silence
}

async fn posted(world: &World, changes: &Value) -> String {
    let answer = world
        .post(SILENCES, &asked(world, changes))
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()["silenceID"]
        .as_str()
        .expect("an id")
        .to_owned()
}

#[tokio::test]
async fn what_a_silence_matches_is_suppressed_until_it_is_expired() {
    let world = world();
    assert_eq!(
        world
            .post(ALERTS, &json!([high_burn(&json!({}))]))
            .await
            .status,
        200
    );
    let id = posted(&world, &json!({})).await;
    let shown = &listed(&world, "").await[0];
    assert_eq!(shown["status"]["state"], "suppressed");
    assert_eq!(shown["status"]["silencedBy"], json!([id]));
    assert!(
        listed(&world, "?silenced=false")
            .await
            .is_empty()
    );
    assert_eq!(
        listed(&world, "?active=false")
            .await
            .len(),
        1
    );

    let silence = world
        .get(&format!("/api/v2/silence/{id}"))
        .await
        .json();
    assert_eq!(silence["status"]["state"], "active");
    assert_eq!(silence["createdBy"], "ada");
    let matcher = json!({
        "name": "alertname", "value": "High.*", "isRegex": true, "isEqual": true
    });
    assert_eq!(silence["matchers"], json!([matcher]));

    for _ in 0..2 {
        let answer = world
            .delete(&format!("/api/v2/silence/{id}"))
            .await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    }
    assert_eq!(
        listed(&world, "?silenced=false")
            .await
            .len(),
        1
    );
    let silences = world.get(SILENCES).await.json();
    assert_eq!(silences[0]["status"]["state"], "expired");
    // It is the same silence by either name.
    let own = world
        .get(&format!("/silences/{id}"))
        .await;
    assert_eq!(own.json()["state"], "expired");
}

#[tokio::test]
async fn a_silence_is_changed_or_another_takes_its_place() {
    let world = world();
    let id = posted(&world, &json!({})).await;
    world.run_for(Span::seconds(60)).await;
    let longer = json!({"id": id, "endsAt": at(&world, 7_200)});
    assert_eq!(posted(&world, &longer).await, id);
    let wider = json!({
        "id": id, "matchers": [{"name": "service", "value": "a.*", "isRegex": true}]
    });
    let other = posted(&world, &wider).await;
    assert_ne!(other, id);
    let states: Vec<Value> = world
        .get(SILENCES)
        .await
        .json()
        .as_array()
        .expect("silences")
        .iter()
        .map(|silence| json!([silence["id"], silence["status"]["state"]]))
        .collect();
    assert_eq!(states, [json!([other, "active"]), json!([id, "expired"])]);
    let found = world
        .get(&format!("{SILENCES}?filter=alertname%3D%22High.%2A%22"))
        .await
        .json();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_no_silence_is_refused_with_a_text() {
    let world = world();
    for changes in [
        json!({"matchers": []}),
        json!({"matchers": [{"name": "a", "value": "", "isRegex": false}]}),
        json!({"matchers": [{"name": "a", "value": "(", "isRegex": true}]}),
        json!({"matchers": [{"name": "a", "value": "b"}]}),
        json!({"matchers": null}),
        json!({"comment": null}),
        json!({"comment": " "}),
        json!({"endsAt": ago(&world, 60)}),
        json!({"startsAt": "soon"}),
        json!({"id": "x"}),
    ] {
        let answer = world
            .post(SILENCES, &asked(&world, &changes))
            .await;
        assert_eq!(answer.status, 400, "{changes}");
        assert!(answer.json().is_string(), "{changes}");
    }
    let unknown = "00000000-0000-0000-0000-000000000000";
    let answer = world
        .post(SILENCES, &asked(&world, &json!({"id": unknown})))
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (404, json!("silence not found"))
    );
    for method in ["GET", "DELETE"] {
        let answer = world
            .send(method, &format!("/api/v2/silence/{unknown}"), &[], None)
            .await;
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn silences_that_are_expired_at_the_same_moment_are_all_expired() {
    let world = world();
    for _ in 0..8 {
        let id = posted(&world, &json!({})).await;
        let path = format!("/api/v2/silence/{id}");
        let (one, other, third) = tokio::join!(
            world.delete(&path),
            world.delete(&path),
            world.delete(&path)
        );
        assert_eq!((one.status, other.status, third.status), (200, 200, 200));
    }
}

#[tokio::test]
async fn what_has_been_over_for_long_is_shown_no_more() {
    let world = world();
    let now = world.now();
    for (n, hours) in [(1, 119), (2, 121)] {
        let over = now - Span::hours(hours).as_delta();
        let held = Silence {
            starts_at: over - Span::hours(1).as_delta(),
            ends_at: over,
            ..fixtures::silence(n, 0, 60)
        };
        world
            .store
            .create_silence(&held)
            .await
            .expect("stored");
    }
    let active = posted(&world, &json!({})).await;
    let shown = world.get(SILENCES).await.json();
    let ids: Vec<&str> = shown
        .as_array()
        .expect("silences")
        .iter()
        .filter_map(|silence| silence["id"].as_str())
        .collect();
    let recent = fixtures::silence(1, 0, 60)
        .id
        .to_string();
    assert_eq!(ids, [active.as_str(), recent.as_str()]);
    let all = world.get("/silences").await.json();
    assert_eq!(
        all["items"].as_array().map(Vec::len),
        Some(3),
        "they stay known"
    );
}
