//! `/slo/{id}/forecast`, and the forecast wherever a budget is shown.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::create;
use crate::http::Answered;
use crate::world::World;

/// An SLO of a day at 99 % with 12 hours of data, of which so many minutes at the end were bad by
/// this many in a hundred.
async fn burning(minutes: u32, bad: u64) -> (World, String) {
    let world = World::new();
    let path = create(
        &world,
        &json!({"target_percentage": 99, "time_window": "1d"}),
    )
    .await;
    for minute in 0..720 {
        let bad = if minute >= 720 - minutes { bad } else { 0 };
        world
            .push("checkout", "availability", counts(100 - bad, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    (world, path)
}

async fn forecast(world: &World, path: &str) -> Value {
    let answer = world
        .get(&format!("{path}/forecast"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn text(answer: &Answered) -> &str {
    std::str::from_utf8(&answer.body).expect("a text")
}

#[tokio::test]
async fn a_pace_that_goes_on_ends_the_budget_at_an_instant() {
    let (world, path) = burning(130, 3).await;
    let forecast = forecast(&world, &path).await;
    let exhaustion = &forecast["exhaustion"];
    assert_eq!(exhaustion["state"], "projected", "{forecast}");
    // 720 − 390 are left, and two a minute more are lost than come: nothing leaves for 12 hours.
    let minutes = |key: &str| {
        let instant = |value: &Value| {
            let text = value.as_str().expect("an instant");
            chrono::DateTime::parse_from_rfc3339(text).expect("an instant")
        };
        (instant(&exhaustion[key]) - instant(&forecast["as_of"])).num_minutes()
    };
    assert!((155..=175).contains(&minutes("at")), "{forecast}");
    assert!(minutes("earliest") <= minutes("at") && minutes("at") <= minutes("latest"));
    assert_eq!(forecast["near"], "160m");
    let windows: Vec<_> = forecast["look_backs"]
        .as_array()
        .expect("look-backs")
        .iter()
        .map(|look_back| look_back["window"].as_str())
        .collect();
    assert_eq!(windows, [Some("30m"), Some("1h"), Some("2h")]);
    assert_eq!(forecast["look_backs"][0]["burn_rate"], 3);

    let slo = world.get(&path).await.json();
    assert_eq!(slo["status"]["exhaustion"], *exhaustion);
    let budget = world
        .get("/error-budget/checkout")
        .await
        .json();
    assert_eq!(budget["budgets"][0]["exhaustion"], *exhaustion);
    let history = world
        .get(&format!("{path}/budget-history"))
        .await
        .json();
    let last = history["items"]
        .as_array()
        .and_then(|items| items.last())
        .expect("a record");
    assert!(last["exhaustion"]["state"].is_string());
    let page = world.get("/metrics").await;
    let line = text(&page)
        .lines()
        .find(|line| line.starts_with("sre_monitor_error_budget_exhaustion_seconds{"))
        .expect("a series")
        .to_owned();
    let seconds: f64 = line
        .rsplit(' ')
        .next()
        .and_then(|value| value.parse().ok())
        .expect("a number");
    assert!((155.0..175.0).contains(&(seconds / 60.0)), "{line}");
}

#[tokio::test]
async fn where_nothing_ends_there_is_no_instant_and_no_series() {
    let (world, path) = burning(0, 0).await;
    let forecast = forecast(&world, &path).await;
    assert_eq!(
        forecast["exhaustion"],
        json!({"state": "none", "at": null, "earliest": null, "latest": null})
    );
    let page = world.get("/metrics").await;
    assert!(!text(&page).contains("sre_monitor_error_budget_exhaustion_seconds{"));
}

#[tokio::test]
async fn of_an_slo_without_data_nothing_is_foretold() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let forecast = forecast(&world, &path).await;
    assert_eq!(forecast["exhaustion"]["state"], "unknown");
    assert_eq!(forecast["look_backs"], json!([]));
    let unknown = "/slo/00000000-0000-7000-8000-000000000000/forecast";
    assert_eq!(world.get(unknown).await.status, 404);
}
