//! `GET /slo`: filters and pages.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, pointers};
use crate::world::World;

/// The names of a page's SLOs.
fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("items");
    items
        .iter()
        .map(|slo| slo["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn an_empty_store_lists_nothing() {
    let list = World::new().get("/slo").await;
    assert_eq!(
        (list.status, list.json()),
        (200, json!({"items": [], "next_cursor": null}))
    );
}

#[tokio::test]
async fn a_list_is_filtered_by_service_and_by_all_of_its_labels() {
    let world = World::new();
    create(
        &world,
        &json!({"name": "a", "labels": {"team": "x", "tier": "1"}}),
    )
    .await;
    create(&world, &json!({"name": "b", "labels": {"team": "x"}})).await;
    create(
        &world,
        &json!({"name": "c", "service_name": "basket", "labels": {"q": "a=b"}}),
    )
    .await;
    for (query, found) in [
        ("", vec!["a", "b", "c"]),
        ("?service=checkout", vec!["a", "b"]),
        ("?service=nobody", vec![]),
        ("?label=team=x", vec!["a", "b"]),
        ("?label=team=x&label=tier=1", vec!["a"]),
        ("?label=q=a%3Db", vec!["c"]),
        ("?label=team=", vec![]),
        ("?service=basket&label=team=x", vec![]),
    ] {
        let page = world
            .get(&format!("/slo{query}"))
            .await
            .json();
        assert_eq!(names(&page), found, "{query}");
    }
}

#[tokio::test]
async fn a_list_is_filtered_by_state() {
    let world = World::new();
    create(&world, &json!({"name": "measured"})).await;
    create(
        &world,
        &json!({"name": "waiting", "service_name": "basket"}),
    )
    .await;
    for _ in 0..3 {
        world
            .push("checkout", "availability", counts(10, 10))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::seconds(30)).await;
    for (state, found) in [
        ("met", vec!["measured"]),
        ("waiting", vec!["waiting"]),
        ("violated", vec![]),
    ] {
        let page = world
            .get(&format!("/slo?state={state}"))
            .await
            .json();
        assert_eq!(names(&page), found, "{state}");
    }
}

#[tokio::test]
async fn every_fault_of_a_query_is_told() {
    let answer = World::new()
        .get("/slo?service=-&state=fine&label=x&at=yesterday&limit=0&cursor=x")
        .await;
    assert_eq!(
        pointers(&answer),
        ["service", "state", "label", "at", "limit", "cursor"]
    );
    assert_eq!(pointers(&World::new().get("/slo?sate=met").await), ["sate"]);
}

#[tokio::test]
async fn pages_follow_each_other_by_their_cursor_filtered_or_not() {
    let world = World::new();
    for n in 0..7 {
        create(
            &world,
            &json!({"name": n.to_string(), "labels": {"a": "1", "b": "2"}}),
        )
        .await;
    }
    for filter in ["", "&state=waiting", "&label=a=1&label=b=2"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world
                .get(&format!("/slo?limit=3{filter}{cursor}"))
                .await
                .json();
            seen.extend(
                names(&page)
                    .into_iter()
                    .map(str::to_owned),
            );
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"], "{filter}");
    }
}
