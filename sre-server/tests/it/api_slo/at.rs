//! `?at=`: as of an instant.

use serde_json::json;
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, faults};
use crate::world::World;

/// An SLO with ten minutes of data from noon on, all good but the first: at 12:11.
async fn measured() -> (World, String) {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    for minute in 0..10 {
        let good = if minute == 0 { 0 } else { 100 };
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::minutes(1)).await;
    (world, path)
}

#[tokio::test]
async fn the_past_is_recomputed_from_stored_slices() {
    let (world, path) = measured().await;
    let status = world
        .get(&format!("{path}?at=2026-01-01T12:05:30Z"))
        .await
        .json()["status"]
        .clone();
    assert_eq!(status["basis"], "recomputed");
    assert_eq!(status["as_of"], "2026-01-01T12:05:00Z");
    assert_eq!(
        (&status["bad"], &status["total"]),
        (&json!(100), &json!(500))
    );
    let now = world.get(&path).await.json()["status"].clone();
    assert_eq!(
        (&now["basis"], &now["total"]),
        (&json!("slot"), &json!(1_000))
    );
}

#[tokio::test]
async fn the_past_is_judged_by_the_definition_of_today() {
    let (world, path) = measured().await;
    world
        .patch(&path, &json!({"target_percentage": 50}))
        .await;
    let status = world
        .get(&format!("{path}?at=2026-01-01T12:05:30Z"))
        .await
        .json()["status"]
        .clone();
    assert_eq!(
        (&status["state"], &status["error_budget"]["allowed"]),
        (&json!("met"), &json!(250))
    );
}

#[tokio::test]
async fn the_present_as_of_now_is_what_the_last_slot_found() {
    let (world, path) = measured().await;
    let recomputed = world
        .get(&format!("{path}?at=2026-01-01T12:11:00Z"))
        .await
        .json();
    let mut status = world.get(&path).await.json()["status"].clone();
    status["basis"] = json!("recomputed");
    assert_eq!(recomputed["status"], status);
}

#[tokio::test]
async fn what_lies_before_the_first_data_names_the_earliest_instant() {
    let (world, path) = measured().await;
    let answer = world
        .get(&format!("{path}?at=2026-01-01T12:00:59Z"))
        .await;
    assert_eq!(
        faults(&answer),
        ["at: lies before its first data; the earliest instant is 2026-01-01T12:01:00Z"]
    );
    assert_eq!(
        world
            .get(&format!("{path}?at=2026-01-01T12:01:00Z"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_list_shows_what_was_not_measured_yet_as_waiting() {
    let (world, _) = measured().await;
    let list = world
        .get("/slo?at=2026-01-01T11:00:00Z")
        .await
        .json();
    let status = &list["items"][0]["status"];
    assert_eq!(
        (&status["state"], &status["total"]),
        (&json!("waiting"), &json!(null))
    );
    assert_eq!(status["basis"], "recomputed");
}

#[tokio::test]
async fn the_future_and_what_is_no_longer_kept_are_refused() {
    let (world, path) = measured().await;
    for path in [
        path.as_str(),
        "/slo",
        "/error-budget",
        "/error-budget/checkout",
    ] {
        let answer = world
            .get(&format!("{path}?at=2026-01-01T12:11:01Z"))
            .await;
        assert_eq!(faults(&answer), ["at: lies in the future"]);
        let answer = world
            .get(&format!("{path}?at=2024-01-01T00:00:00Z"))
            .await;
        let reason = "at: is no longer kept; the earliest instant is 2024-11-27T12:11:00Z";
        assert_eq!(faults(&answer), [reason]);
    }
}

#[tokio::test]
async fn an_slo_that_was_never_measured_waits_at_every_instant() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let slo = world
        .get(&format!("{path}?at=2025-12-31T12:00:00Z"))
        .await;
    assert_eq!(
        (slo.status, &slo.json()["status"]["state"]),
        (200, &json!("waiting"))
    );
}

/// With slices kept for two hours only, a window of one reaches back to an hour ago.
#[tokio::test]
async fn an_instant_whose_window_is_no_longer_kept_whole_is_refused() {
    let world = World::with(|context| context.slices_kept = Span::hours(2));
    let path = create(&world, &json!({"time_window": "1h"})).await;
    for _ in 0..150 {
        world
            .push("checkout", "availability", counts(100, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    let answer = world
        .get(&format!("{path}?at=2026-01-01T12:30:00Z"))
        .await;
    assert_eq!(
        faults(&answer),
        ["at: reaches before what is still kept; the earliest instant is 2026-01-01T13:29:00Z"]
    );
    let earliest = format!("{path}?at=2026-01-01T13:29:00Z");
    assert_eq!(world.get(&earliest).await.status, 200);
}
