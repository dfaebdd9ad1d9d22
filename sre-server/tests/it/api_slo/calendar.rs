//! Windows of the calendar: as they are written, and as they stand at their edges.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{body, create, faults, pointers};
use crate::world::World;

/// The day of Nouméa, where no clock is ever moved: it begins at 13:00 UTC, an hour after the world.
fn noumea() -> Value {
    json!({"time_window": {"calendar": "day", "time_zone": "Pacific/Noumea"}})
}

async fn minutes(world: &World, minutes: u32, good: u64) {
    for _ in 0..minutes {
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
}

async fn status(world: &World, path: &str) -> Value {
    world.get(path).await.json()["status"].clone()
}

#[tokio::test]
async fn a_calendar_window_is_answered_as_it_is_written_and_merged_field_by_field() {
    let world = World::new();
    let month = json!({"calendar": "month", "time_zone": "Europe/Zurich"});
    let path = create(&world, &json!({"time_window": month})).await;
    let whole =
        json!({"calendar": "month", "time_zone": "Europe/Zurich", "count": 1, "anchor": null});
    let made = world.get(&path).await.json();
    assert_eq!(made["time_window"], whole);
    // Scaled as 30 days are.
    assert_eq!(made["burn_policy"]["rules"][0]["long"], "1h");

    let read = world.put(&path, &made).await;
    assert_eq!((read.status, &read.json()["time_window"]), (200, &whole));

    let change = json!({"time_window": {"count": 2, "anchor": "2026-01-31"}});
    let merged = world.patch(&path, &change).await;
    assert_eq!(merged.status, 200, "{}", merged.json());
    assert_eq!(
        merged.json()["time_window"],
        json!({"calendar": "month", "time_zone": "Europe/Zurich", "count": 2, "anchor": "2026-01-31"})
    );
    let rolling = world
        .patch(&path, &json!({"time_window": "30d"}))
        .await;
    assert_eq!(rolling.json()["time_window"], "30d");
}

#[tokio::test]
async fn every_part_of_a_calendar_window_that_is_wrong_is_told_by_its_name() {
    let world = World::new();
    let refusal = async |window: Value| {
        let made = world
            .post("/slo", &body(&json!({"time_window": window})))
            .await;
        (pointers(&made), faults(&made))
    };
    let (places, _) = refusal(json!({
        "calendar": "fortnight", "time_zone": "Mars/Olympus", "count": 0, "anchor": "soon", "days": 3
    }))
    .await;
    assert_eq!(
        places,
        [
            "/time_window/calendar",
            "/time_window/time_zone",
            "/time_window/count",
            "/time_window/anchor",
            "/time_window/days",
        ]
    );
    for (window, fault) in [
        (
            json!({"calendar": "month"}),
            "/time_window/time_zone: is required",
        ),
        (
            json!({"time_zone": "UTC"}),
            "/time_window/calendar: is required",
        ),
        (
            json!({"calendar": "month", "time_zone": "UTC", "count": 13}),
            "/time_window/count: must be a whole number between 1 and 12",
        ),
        (
            json!({"calendar": "month", "time_zone": "UTC", "anchor": "2026-02-30"}),
            "/time_window/anchor: must be a date such as 2026-01-31, between 1970 and 2100",
        ),
    ] {
        assert_eq!(refusal(window).await.1, [fault]);
    }
}

/// What was missed on one day is over at its midnight, and can still be looked at.
#[tokio::test]
async fn a_budget_begins_anew_at_midnight_of_its_zone() {
    let world = World::new();
    let path = create(&world, &noumea()).await;
    minutes(&world, 56, 90).await;
    let before = status(&world, &path).await;
    assert_eq!(before["state"], "violated", "{before}");
    assert_eq!(before["window_start"], "2025-12-31T13:00:00Z");
    assert_eq!(before["window_end"], "2026-01-01T13:00:00Z");
    assert!(
        before["filled"]
            .as_f64()
            .expect("a share")
            < 0.05,
        "{before}"
    );
    // So far one of a hundred may be bad; of a whole day at this traffic 1440 may.
    assert_eq!(before["error_budget"]["remaining_percentage"], -900);
    let projected = &before["projected_budget"];
    assert!(
        (projected["allowed"]
            .as_f64()
            .expect("a figure")
            - 1_440.0)
            .abs()
            < 1e-6,
        "{projected}"
    );
    let left = projected["remaining_percentage"]
        .as_f64()
        .expect("a figure");
    assert!((50.0..70.0).contains(&left), "{projected}");

    minutes(&world, 14, 100).await;
    let after = status(&world, &path).await;
    assert_eq!(after["window_start"], "2026-01-01T13:00:00Z");
    assert_eq!(after["window_end"], "2026-01-02T13:00:00Z");
    assert_eq!(
        (&after["bad"], &after["error_budget"]["consumed"]),
        (&json!(0), &json!(0))
    );
    // The burn of the last hour reaches over the midnight.
    let burns = after["burn_rates"]
        .as_array()
        .expect("burn rates");
    let hour = burns
        .iter()
        .find(|burn| burn["window"] == "1h")
        .expect("an hour");
    assert!(
        hour["burn_rate"]
            .as_f64()
            .expect("a rate")
            > 1.0,
        "{hour}"
    );
    let own = burns.last().expect("its own");
    assert_eq!(
        (&own["window"]["calendar"], &own["burn_rate"]),
        (&json!("day"), &json!(0))
    );

    let then = status(&world, &format!("{path}?at=2026-01-01T12:40:30Z")).await;
    assert_eq!(
        (&then["basis"], &then["window_end"]),
        (&json!("recomputed"), &json!("2026-01-01T13:00:00Z"))
    );
    assert_eq!(then["state"], "violated");
}

#[tokio::test]
async fn error_budget_and_forecast_name_the_calendar_window_and_its_bounds() {
    let world = World::new();
    let path = create(&world, &noumea()).await;
    minutes(&world, 10, 100).await;
    let window =
        json!({"calendar": "day", "time_zone": "Pacific/Noumea", "count": 1, "anchor": null});
    let service = world
        .get("/error-budget/checkout")
        .await
        .json();
    let budget = &service["budgets"][0];
    assert_eq!((&service["window"], &budget["window"]), (&window, &window));
    assert_eq!(budget["window_end"], "2026-01-01T13:00:00Z");
    assert!(
        budget["projected"]["allowed"].as_f64() > budget["allowed"].as_f64(),
        "{budget}"
    );
    let rolling = world
        .get("/error-budget/checkout?window=6h")
        .await
        .json();
    assert_eq!(rolling["window"], "6h");
    let forecast = world
        .get(&format!("{path}/forecast"))
        .await
        .json();
    assert_eq!(
        (&forecast["window"], &forecast["near"]),
        (&window, &json!("160m"))
    );
}

/// A day needs more history than ten minutes do: it is folded from what is stored.
#[tokio::test]
async fn history_is_folded_where_a_window_reaches_further_back() {
    let world = World::new();
    minutes(&world, 30, 100).await;
    let path = create(&world, &json!({"time_window": "10m"})).await;
    minutes(&world, 2, 100).await;
    let before = status(&world, &path).await["total"].clone();
    assert!(before.as_f64().expect("measured") <= 1_000.0, "{before}");
    let changed = world.patch(&path, &noumea()).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    minutes(&world, 3, 100).await;
    let after = status(&world, &path).await;
    assert!(after["total"].as_f64() >= Some(3_300.0), "{after}");
    assert_eq!(after["state"], "met");
}
