//! Forgetting what is old, and losing nothing that a window needs.

use std::sync::Arc;

use serde_json::{Value, json};
use sre_core::store::{Evaluations as _, Samples as _};
use sre_core::time::{Interval, Span};
use sre_server::workers::{RetentionSettings, RetentionWorker, Worker as _};
use sre_store_conformance::fixtures::counts;
use sre_store_memory::MemoryStore;

use crate::api_slo::create;
use crate::world::World;

/// An SLO of a day that has been measured for six hours, of which a minute in each was bad.
async fn six_hours() -> (World, String) {
    let world = World::new();
    let path = create(&world, &json!({"time_window": "1d"})).await;
    for minute in 0..360 {
        let good = if minute % 60 == 7 { 90 } else { 100 };
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    (world, path)
}

async fn forget(world: &World, samples: Span, slices: Span, hour_sums: Span) {
    let mut worker = RetentionWorker {
        retention: Arc::<MemoryStore>::clone(&world.store),
        settings: RetentionSettings {
            samples,
            slices,
            hour_sums,
        },
        clock: Arc::clone(&world.context.clock),
    };
    while worker
        .activate()
        .await
        .expect("it forgets")
        .has_more
    {}
}

async fn figures(world: &World, path: &str) -> Value {
    let status = world.get(path).await.json()["status"].clone();
    json!([status["good"], status["bad"], status["coverage"]])
}

#[tokio::test]
async fn raw_samples_go_after_their_days_and_their_slices_stay() {
    let (world, path) = six_hours().await;
    let before = figures(&world, &path).await;
    forget(&world, Span::hours(1), Span::days(92), Span::days(400)).await;
    let (service, metric) = ("checkout".parse(), "availability".parse());
    let ever = Interval::ending(world.now(), Span::days(1));
    let samples = world
        .store
        .series(
            &service.expect("a name"),
            &metric.expect("a name"),
            ever,
            1_000,
        )
        .await
        .expect("samples");
    assert_eq!(samples.len(), 60);
    assert_eq!(figures(&world, &path).await, before);
    // The slots after it read nothing that is gone.
    world.run_for(Span::minutes(2)).await;
    assert_eq!(figures(&world, &path).await[1], before[1]);
}

#[tokio::test]
async fn fine_slices_become_sums_of_hours_that_windows_still_hold() {
    let (world, path) = six_hours().await;
    let at = format!("{path}?at=2026-01-01T18:00:00Z");
    let before = figures(&world, &at).await;
    forget(&world, Span::days(30), Span::hours(2), Span::days(400)).await;
    let slo = world.get(&path).await.json();
    let id = slo["id"].as_str().expect("an id");
    let slo = world
        .store
        .standings(&[sre_core::name::SloId(id.parse().expect("an id"))])
        .await
        .expect("a standing");
    let ever = Interval::ending(world.now(), Span::days(1));
    let width = sre_core::slice::SliceWidth::MINUTE;
    let hours = world
        .store
        .hours(slo[0].slo_id, slo[0].generation, width, ever)
        .await
        .expect("hours");
    let fine = hours
        .iter()
        .filter(|hour| hour.is_fine());
    assert_eq!(fine.count(), 2);
    assert_eq!(figures(&world, &at).await, before, "as of a full hour");
}

#[tokio::test]
async fn history_goes_with_the_fine_slices() {
    let (world, path) = six_hours().await;
    let count = async |path: &str| {
        let page = world.get(path).await.json();
        page["items"]
            .as_array()
            .expect("items")
            .len()
    };
    let all = format!("{path}/history?limit=1000");
    let budgets = format!("{path}/budget-history");
    assert!(count(&all).await > 70 && count(&budgets).await >= 6);
    forget(&world, Span::days(30), Span::hours(2), Span::days(400)).await;
    assert!(
        (23..=26).contains(&count(&all).await),
        "{}",
        count(&all).await
    );
    assert!((2..=3).contains(&count(&budgets).await));
}
