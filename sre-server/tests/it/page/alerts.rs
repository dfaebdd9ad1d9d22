//! `GET /ui/alerts` and `GET /ui/alerts/{id}`

use serde_json::json;
use sre_core::time::Span;
use sre_store_conformance::fixtures;

use super::{create, minutes, page, words};
use crate::world::World;

#[tokio::test]
async fn open_alerts_come_first_and_resolved_ones_say_how_long_they_lasted() {
    let world = World::new();
    let said = words(&page(&world, "/ui/alerts").await);
    assert!(said.contains("Nothing is wrong."), "{said}");

    let body = json!({
        "service_name": "search", "alert_type": "latency", "severity": "high",
        "message": "Search is slow",
    });
    let id = world
        .post("/alerts", &body)
        .await
        .json()["id"]
        .clone();
    let resolve = format!("/alerts/{}/resolve", id.as_str().expect("an id"));
    world.run_for(Span::minutes(12)).await;
    world.post(&resolve, &json!({})).await;
    create(&world, &json!({})).await;
    minutes(&world, [100, 100, 100, 0, 0, 0, 0, 0, 0]).await;
    let said = words(&page(&world, "/ui/alerts").await);
    let (open, over) = said
        .split_once(" Resolved ")
        .expect("both");
    assert!(
        open.contains("Emergency") && open.contains("firing since"),
        "{said}"
    );
    assert!(
        over.contains("Search is slow search · lasted 12 min, over 9 min ago"),
        "{said}"
    );
}

#[tokio::test]
async fn an_alert_says_who_was_told_and_who_is_about_to_be() {
    let world = World::with(|context| context.destinations = vec![fixtures::destination("ops")]);
    create(&world, &json!({})).await;
    minutes(&world, [100, 100, 100, 0, 0, 0, 0, 0, 0]).await;
    let alerts = world
        .get("/alerts?type=burn_rate")
        .await
        .json();
    let alert = alerts["items"][0]["id"]
        .as_str()
        .expect("it fires");
    let said = words(&page(&world, &format!("/ui/alerts/{alert}")).await);
    assert!(
        said.contains("Is about to tell ops of the beginning"),
        "{said}"
    );
    assert!(said.contains("What its rules saw"), "{said}");
    assert!(said.contains("Type burn_rate"), "{said}");
}
