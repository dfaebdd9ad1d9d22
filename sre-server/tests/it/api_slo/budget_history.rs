//! `/slo/{id}/budget-history`.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, pointers};
use crate::world::World;

/// An SLO with three hours of data of which one minute was bad, and its address.
async fn three_hours() -> (World, String) {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    for minute in 0..180 {
        let good = if minute == 65 { 90 } else { 100 };
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    (world, format!("{path}/budget-history"))
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
async fn the_budget_of_every_hour_is_read_back() {
    let (world, path) = three_hours().await;
    let items = items(&world, &path).await;
    assert!((3..=4).contains(&items.len()), "{}", items.len());
    let (first, last) = (&items[0], items.last().expect("one"));
    assert_eq!(
        (
            &first["state"],
            &first["remaining_percentage"],
            &first["burn_level"]
        ),
        (&json!("waiting"), &json!(null), &json!(null))
    );
    assert_eq!((&last["bad"], &last["consumed"]), (&json!(10), &json!(10)));
    assert_eq!(last["coverage"], 1);
    let remaining = last["remaining_percentage"]
        .as_f64()
        .expect("a number");
    let allowed = last["allowed"]
        .as_f64()
        .expect("a number");
    assert!((remaining - 100.0 * (1.0 - 10.0 / allowed)).abs() < 1e-9);
    let times: Vec<_> = items
        .iter()
        .map(|item| item["at"].as_str())
        .collect();
    assert!(times.is_sorted());
}

#[tokio::test]
async fn a_stretch_of_budgets_is_half_open_and_pages_tile_it() {
    let (world, path) = three_hours().await;
    let all = items(&world, &path).await;
    let (second, last) = (&all[1]["at"], &all.last().expect("one")["at"]);
    let (from, to) = (
        second.as_str().expect("an instant"),
        last.as_str().expect("an instant"),
    );
    let part = items(&world, &format!("{path}?from={from}&to={to}")).await;
    assert_eq!(part, all[1..all.len() - 1]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world
            .get(&format!("{path}?limit=2{cursor}"))
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
async fn a_stretch_of_budgets_that_runs_backwards_is_refused() {
    let (world, path) = three_hours().await;
    let stretch = "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z";
    let answer = world
        .get(&format!("{path}?{stretch}"))
        .await;
    assert_eq!(pointers(&answer), ["from"]);
    let unknown = "/slo/00000000-0000-7000-8000-000000000000/budget-history";
    assert_eq!(world.get(unknown).await.status, 404);
}
