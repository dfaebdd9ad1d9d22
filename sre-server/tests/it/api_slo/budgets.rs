//! `/error-budget`.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, faults};
use crate::world::World;

/// Two SLOs of one service with 90 minutes of data, of which one is overspent, and a third SLO of
/// another that waits.
async fn world() -> World {
    let world = World::new();
    create(&world, &json!({"name": "calm", "target_percentage": 90})).await;
    create(
        &world,
        &json!({"name": "overspent", "target_percentage": 99.9, "time_window": "12h"}),
    )
    .await;
    create(
        &world,
        &json!({"name": "waiting", "service_name": "basket"}),
    )
    .await;
    for minute in 0..90 {
        let good = if minute == 10 { 90 } else { 100 };
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::minutes(1)).await;
    world
}

fn without_ids(mut list: Value) -> Value {
    for item in list["items"]
        .as_array_mut()
        .expect("items")
    {
        item["slo_id"] = json!("an id");
    }
    list
}

#[tokio::test]
async fn the_budget_of_every_slo_is_listed() {
    let list = world()
        .await
        .get("/error-budget")
        .await
        .json();
    insta::assert_json_snapshot!("budgets", without_ids(list));
}

#[tokio::test]
async fn a_service_shows_its_budgets_and_the_worst_of_them() {
    let world = world().await;
    let answer = world
        .get("/error-budget/checkout")
        .await
        .json();
    assert_eq!(
        (&answer["service_name"], &answer["window"]),
        (&json!("checkout"), &json!(null))
    );
    let budgets = answer["budgets"]
        .as_array()
        .expect("budgets");
    assert_eq!(budgets.len(), 2);
    assert_eq!(answer["summary"]["worst_slo_id"], budgets[1]["slo_id"]);
    assert_eq!(
        answer["summary"]["remaining_percentage"],
        budgets[1]["remaining_percentage"]
    );
    assert_eq!(budgets[1]["exhaustion"]["state"], "exhausted");
    assert_eq!(budgets[0]["exhaustion"]["state"], "none");
}

#[tokio::test]
async fn a_window_takes_the_place_of_each_slos_own() {
    let world = world().await;
    let answer = world
        .get("/error-budget/checkout?window=1h")
        .await
        .json();
    assert_eq!(answer["window"], "1h");
    for budget in answer["budgets"]
        .as_array()
        .expect("budgets")
    {
        assert_eq!(
            (&budget["window"], &budget["basis"]),
            (&json!("1h"), &json!("recomputed"))
        );
        assert_eq!(
            (&budget["bad"], &budget["total"]),
            (&json!(0), &json!(6_000))
        );
        assert_eq!(budget["window_end"], "2026-01-01T13:30:00Z");
        assert_eq!(budget["window_start"], "2026-01-01T12:30:00Z");
    }
    let own = world
        .get("/error-budget?service=checkout&window=12h")
        .await
        .json();
    assert_eq!(own["items"][1]["basis"], "slot");
    assert_eq!(own["items"][0]["total"], own["items"][1]["total"]);
}

#[tokio::test]
async fn the_documented_address_answers() {
    let world = world().await;
    let answer = world
        .get("/error-budget/checkout?window=30d")
        .await;
    assert_eq!(
        (answer.status, &answer.json()["window"]),
        (200, &json!("30d"))
    );
}

#[tokio::test]
async fn a_budget_is_recomputed_as_of_an_instant() {
    let world = world().await;
    let answer = world
        .get("/error-budget/checkout?at=2026-01-01T12:10:00Z")
        .await
        .json();
    assert_eq!(answer["budgets"][1]["consumed"], 0);
    let answer = world
        .get("/error-budget/checkout?at=2026-01-01T12:11:00Z")
        .await
        .json();
    assert_eq!(answer["budgets"][1]["consumed"], 10);
}

#[tokio::test]
async fn an_unknown_service_and_one_that_is_no_name_are_not_found() {
    let world = world().await;
    for path in ["/error-budget/nobody", "/error-budget/-"] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (404, "not-found")
        );
    }
    let list = world
        .get("/error-budget?service=nobody")
        .await;
    assert_eq!((list.status, &list.json()["items"]), (200, &json!([])));
}

#[tokio::test]
async fn a_window_that_cannot_stand_is_refused() {
    let world = world().await;
    for (window, reason) in [
        (
            "1m",
            "window: must hold at least two slices of 60s, which calm has",
        ),
        ("401d", "window: may be at most 400d, which calm has"),
        (
            "month",
            "window: expected a number and one of s, m, h, d, w, such as 30s, 5m, 1h or 30d",
        ),
    ] {
        let answer = world
            .get(&format!("/error-budget/checkout?window={window}"))
            .await;
        assert_eq!(faults(&answer), [reason]);
    }
}

#[tokio::test]
async fn budgets_are_paged() {
    let world = world().await;
    let first = world
        .get("/error-budget?limit=2")
        .await
        .json();
    let cursor = first["next_cursor"]
        .as_str()
        .expect("more");
    let rest = world
        .get(&format!("/error-budget?limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(rest["items"][0]["slo_name"], "waiting");
    assert_eq!(rest["next_cursor"], json!(null));
}
