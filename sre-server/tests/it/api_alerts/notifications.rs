//! `GET /alerts/{id}/notifications`.

use serde_json::{Value, json};
use sre_core::notification::Withheld;
use sre_core::store::{Commit, Judged, Outbox as _, Recorded};
use sre_store_conformance::fixtures;

use super::reported;
use crate::world::World;

/// A world in which one webhook is told.
pub(super) fn telling() -> World {
    World::with(|context| context.destinations = vec![fixtures::destination("ops")])
}

/// Reports a trouble and delivers what is to be said of it; answers the alert's id.
pub(super) async fn deliver(world: &World, changes: &Value) -> String {
    let now = world.now();
    let outbox = &world.store;
    outbox
        .register_destinations(&world.context.destinations, now)
        .await
        .expect("the store takes it");
    let id = reported(world, changes).await.json()["id"]
        .as_str()
        .expect("it is there")
        .to_owned();
    let groups = outbox
        .due_groups(now, 10)
        .await
        .expect("the store takes it")
        .groups;
    let group = groups
        .iter()
        .find(|group| group.alert.id.to_string() == id)
        .expect("is due");
    let frozen = fixtures::frozen(group, now);
    let sent = outbox
        .settle(&Judged::Send(frozen.clone()), now)
        .await
        .expect("the store takes it");
    assert_ne!(sent, Commit::Superseded);
    let result = Recorded::Delivered { next: Vec::new() };
    let attempt = fixtures::attempt(&fixtures::first_try(&frozen), now, result);
    assert_ne!(
        outbox
            .record(&attempt)
            .await
            .expect("the store takes it"),
        Commit::Superseded
    );
    id
}

async fn told(world: &World, id: &str, query: &str) -> Value {
    let answer = world
        .get(&format!("/alerts/{id}/notifications{query}"))
        .await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn what_was_delivered_is_shown_with_its_message_and_every_try() {
    let world = telling();
    let id = deliver(&world, &json!({})).await;
    let told = told(&world, &id, "").await;
    let item = &told["items"][0];
    assert_eq!(
        (&item["kind"], &item["state"]),
        (&json!("fire"), &json!("delivered"))
    );
    assert_eq!(
        (&item["reason"], &item["sequence"]),
        (&json!("first"), &json!(1))
    );
    assert_eq!(item["transition"], 1);
    assert_eq!(item["destination"]["name"], "ops");
    assert_eq!(item["destination"]["channel"], "webhook");
    let delivery = &item["deliveries"][0];
    assert_eq!(delivery["state"], "delivered");
    assert_eq!(
        delivery["body"],
        "API Gateway availability dropped below 99.9% 1"
    );
    assert_eq!(delivery["next_attempt_at"], Value::Null);
    assert_eq!(
        delivery["attempts"],
        json!([{
            "started_at": "2026-01-01T12:00:00Z", "finished_at": "2026-01-01T12:00:00Z",
            "result": "delivered", "status": 200, "detail": "as it was answered",
            "possible_duplicate": false,
        }])
    );
    let path = format!("/alerts/{id}");
    assert_eq!(
        world.get(&path).await.json()["last_notified_at"],
        "2026-01-01T12:00:00Z"
    );
}

#[tokio::test]
async fn what_was_not_sent_says_by_which_rule() {
    let world = telling();
    world
        .store
        .register_destinations(&world.context.destinations, world.now())
        .await
        .unwrap();
    let alert = reported(&world, &json!({}))
        .await
        .json();
    let id = alert["id"].as_str().unwrap();
    let groups = world
        .store
        .due_groups(world.now(), 10)
        .await
        .unwrap()
        .groups;
    let judged = fixtures::withheld(&groups[0], Withheld::Shadow);
    world
        .store
        .settle(&judged, world.now())
        .await
        .unwrap();
    let told = told(&world, id, "").await;
    let item = &told["items"][0];
    assert_eq!(
        (&item["state"], &item["reason"]),
        (&json!("withheld"), &json!("shadow"))
    );
    assert_eq!(
        (&item["sequence"], &item["deliveries"]),
        (&Value::Null, &json!([]))
    );
}

#[tokio::test]
async fn what_waits_is_pending_and_of_a_destination_that_is_gone_only_the_id_is_known() {
    let mut telling = telling();
    let alert = reported(&telling, &json!({}))
        .await
        .json();
    let id = alert["id"].as_str().unwrap();
    let pending = told(&telling, id, "").await;
    assert_eq!(pending["items"][0]["state"], "pending");
    let context = std::sync::Arc::get_mut(&mut telling.context).expect("nobody else holds it");
    context.destinations.clear();
    let gone = told(&telling, id, "").await;
    assert_eq!(gone["items"][0]["destination"]["name"], Value::Null);
    assert_eq!(
        gone["items"][0]["destination"]["id"],
        fixtures::destination("ops")
            .id
            .to_string()
    );
}

#[tokio::test]
async fn without_destinations_nobody_is_told() {
    let world = World::new();
    let alert = reported(&world, &json!({}))
        .await
        .json();
    let told = told(&world, alert["id"].as_str().unwrap(), "").await;
    assert_eq!(told, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn many_notifications_are_walked_page_by_page() {
    let world = telling();
    let id = deliver(&world, &json!({"severity": "low"})).await;
    for severity in ["medium", "high", "critical", "emergency"] {
        reported(&world, &json!({"severity": severity})).await;
    }
    let (mut query, mut transitions) = ("?limit=2".to_owned(), Vec::new());
    loop {
        let page = told(&world, &id, &query).await;
        let items = page["items"].as_array().unwrap();
        transitions.extend(
            items
                .iter()
                .map(|item| item["transition"].as_u64().unwrap()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(transitions, [1, 2, 3, 4, 5]);
}
