//! How healthy services were, as the worker recorded it.

use super::*;

const PERIOD: Span = Span::minutes(1);

/// Lets time pass, recording health every minute as the worker does; answers how many snapshots were
/// made.
async fn watched(world: &World, minutes: u32) -> usize {
    let mut recorded = 0;
    for _ in 0..minutes {
        world.run_for(Span::minutes(1)).await;
        recorded += recorded_now(world).await;
    }
    recorded
}

async fn recorded_now(world: &World) -> usize {
    let recorded = world
        .context
        .health
        .record(world.now(), PERIOD)
        .await;
    recorded.expect("is recorded")
}

/// Instants and scores of a history.
async fn history(world: &World, query: &str) -> Vec<(String, Value)> {
    let path = format!("/service-health/checkout/history{query}");
    let answer = world.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let items = answer.json()["items"]
        .as_array()
        .expect("items")
        .clone();
    items
        .into_iter()
        .map(|health| {
            let at = health["as_of"]
                .as_str()
                .expect("an instant");
            (at.to_owned(), health["score"].clone())
        })
        .collect()
}

#[tokio::test]
async fn health_is_recorded_when_it_changes_and_once_an_hour_when_it_does_not() {
    let world = World::new();
    world
        .post("/services", &json!({"name": "checkout"}))
        .await;
    assert_eq!(watched(&world, 30).await, 1);
    assert_eq!(recorded_now(&world).await, 0, "an instant is recorded once");
    alerted(&world, "checkout", "critical").await;
    assert_eq!(watched(&world, 10).await, 1);
    assert_eq!(watched(&world, 60).await, 1);
    assert_eq!(
        history(&world, "").await,
        [
            ("2026-01-01T12:01:00Z".to_owned(), json!(null)),
            ("2026-01-01T12:31:00Z".to_owned(), json!(85)),
            ("2026-01-01T13:31:00Z".to_owned(), json!(85)),
        ]
    );
    assert_eq!(
        history(&world, "?from=2026-01-01T12:31:00Z&to=2026-01-01T13:31:00Z").await,
        [("2026-01-01T12:31:00Z".to_owned(), json!(85))]
    );
}

#[tokio::test]
async fn pages_of_a_history_tile_it() {
    let world = World::new();
    for severity in ["low", "high", "critical"] {
        let alert = json!({"service_name": "checkout", "alert_type": severity,
            "severity": severity, "message": "m"});
        world.post("/alerts", &alert).await;
        watched(&world, 1).await;
    }
    let whole = history(&world, "").await;
    assert_eq!(whole.len(), 3);
    let path = "/service-health/checkout/history?limit=2";
    let page = world.get(path).await.json();
    let cursor = page["next_cursor"]
        .as_str()
        .expect("a cursor");
    let rest = history(&world, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(rest, whole[2..]);
    let wrong = world
        .get(&format!(
            "{path}&from=2026-01-01T13:00:00Z&to=2026-01-01T12:00:00Z"
        ))
        .await;
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn what_held_at_an_instant_is_answered_from_what_was_recorded() {
    let world = World::new();
    world
        .post("/services", &json!({"name": "checkout"}))
        .await;
    watched(&world, 5).await;
    alerted(&world, "checkout", "critical").await;
    watched(&world, 5).await;
    let at = |minute: u32| format!("?at=2026-01-01T12:{minute:02}:00Z");
    let score = async |query: String| {
        let one = world
            .get(&format!("/service-health/checkout{query}"))
            .await;
        assert_eq!(one.status, 200, "{}", one.json());
        let all = world
            .get(&format!("/service-health{query}"))
            .await
            .json();
        assert_eq!(all["items"][0]["score"], one.json()["score"]);
        one.json()["score"].clone()
    };
    assert_eq!(score(at(3)).await, json!(null));
    assert_eq!(score(at(8)).await, json!(85));
    // Before the first snapshot.
    let early = world
        .get(&format!("/service-health/checkout{}", at(0)))
        .await;
    let (kind, faults) = early.problem();
    assert_eq!((early.status, kind.as_str()), (422, "invalid"));
    let detail = faults[0]["detail"]
        .as_str()
        .expect("a text");
    assert!(
        detail.ends_with("the earliest is 2026-01-01T12:01:00Z"),
        "{detail}"
    );
    let all = world
        .get(&format!("/service-health{}", at(0)))
        .await
        .json();
    assert_eq!(all["items"][0]["status"], "unknown");
}

#[tokio::test]
async fn nobody_knows_what_held_while_nobody_looked() {
    let world = World::new();
    world
        .post("/services", &json!({"name": "checkout"}))
        .await;
    watched(&world, 1).await;
    world.run_for(Span::hours(3)).await;
    let late = world
        .get("/service-health/checkout?at=2026-01-01T14:00:00Z")
        .await;
    assert_eq!(late.status, 422);
}

#[tokio::test]
async fn a_service_that_falls_silent_keeps_what_it_cost() {
    let world = World::new();
    promised(&world, "checkout", "Checkout").await;
    for _ in 0..10 {
        world
            .push("checkout", "availability", counts(969, 1_000))
            .await;
        watched(&world, 1).await;
    }
    watched(&world, 1).await;
    let burning = health(&world, "checkout").await;
    assert_eq!(burning["score"], 62.6);
    // By then the hour is clean, and nobody has measured anything since.
    watched(&world, 120).await;
    let silent = health(&world, "checkout").await;
    assert_eq!(
        (&silent["score"], &silent["coverage"]),
        (&json!(62.6), &json!(0))
    );
    let deductions = silent["deductions"]
        .as_array()
        .expect("a list");
    assert!(
        deductions
            .iter()
            .all(|lost| lost["stale"] == true),
        "{silent}"
    );
    // It speaks again, and all is well but the budget.
    for _ in 0..6 {
        world
            .push("checkout", "availability", counts(1_000, 1_000))
            .await;
        watched(&world, 1).await;
    }
    let back = health(&world, "checkout").await;
    let reasons: Vec<_> = back["deductions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|lost| (lost["reason"].clone(), lost["stale"].clone()))
        .collect();
    assert_eq!(reasons, [(json!("budget"), json!(false))], "{back}");
}
