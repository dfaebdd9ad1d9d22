//! `/slo/{id}/history`.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, faults, pointers};
use crate::world::World;

/// An SLO with an hour of data, and its address.
async fn an_hour() -> (World, String) {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    for _ in 0..60 {
        world
            .push("checkout", "availability", counts(100, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    (world, path)
}

async fn items(world: &World, path: &str) -> Vec<Value> {
    let page = world.get(path).await;
    assert_eq!(page.status, 200, "{}", page.json());
    page.json()["items"]
        .as_array()
        .expect("items")
        .clone()
}

#[tokio::test]
async fn every_validation_interval_is_recorded_with_what_was_found() {
    let (world, path) = an_hour().await;
    let items = items(&world, &format!("{path}/history")).await;
    assert!((12..=14).contains(&items.len()), "{} items", items.len());
    let last = items.last().expect("one");
    assert_eq!(
        (&last["outcome"], &last["state"]),
        (&json!("measured"), &json!("met"))
    );
    assert_eq!(
        (&last["sli_percentage"], &last["bad"]),
        (&json!(100), &json!(0))
    );
    assert_eq!(last["coverage"], 1);
    assert_eq!(last["burn_rates"][0]["window"], "5m");
    assert_eq!(items[0]["state"], "waiting");
    assert_eq!(items[0]["total"], json!(null));
}

#[tokio::test]
async fn a_step_keeps_the_last_calculation_of_each() {
    let (world, path) = an_hour().await;
    let all = items(&world, &format!("{path}/history")).await;
    let stepped = items(&world, &format!("{path}/history?step=30m")).await;
    assert_eq!(
        stepped.len(),
        2 + usize::from(all.last().expect("one")["slot"].as_str() >= Some("2026-01-01T13"))
    );
    let before_half = |item: &&Value| item["slot"].as_str() < Some("2026-01-01T12:30");
    assert_eq!(Some(&stepped[0]), all.iter().rfind(before_half));
}

#[tokio::test]
async fn a_stretch_is_half_open_and_pages_are_stable() {
    let (world, path) = an_hour().await;
    let all = items(&world, &format!("{path}/history")).await;
    let (second, fourth) = (all[1]["slot"].as_str(), all[3]["slot"].as_str());
    let (from, to) = (second.expect("a slot"), fourth.expect("a slot"));
    let part = items(&world, &format!("{path}/history?from={from}&to={to}")).await;
    assert_eq!(part, all[1..3]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world
            .get(&format!("{path}/history?limit=5{cursor}"))
            .await
            .json();
        seen.extend(
            page["items"]
                .as_array()
                .expect("items")
                .clone(),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_gap_is_told_with_its_reason() {
    let (world, path) = an_hour().await;
    // Nobody watches for three days; the window has one.
    world
        .clock
        .set(world.now() + Span::days(3).as_delta());
    world.run_for(Span::minutes(2)).await;
    let history = items(&world, &format!("{path}/history?from=2026-01-01T00:00:00Z")).await;
    let gap = history
        .iter()
        .find(|item| item["gap"] == true)
        .expect("a gap");
    assert_eq!(gap["reason"], "nobody watched for longer than the window");
    assert!(gap["from"].as_str() < gap["to"].as_str());
}

#[tokio::test]
async fn a_stretch_that_runs_backwards_and_a_step_that_is_none_are_refused() {
    let (world, path) = an_hour().await;
    let answer = world
        .get(&format!(
            "{path}/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z&step=0s"
        ))
        .await;
    assert_eq!(pointers(&answer), ["from", "step"]);
    assert_eq!(faults(&answer)[0], "from: must lie before `to`");
}
