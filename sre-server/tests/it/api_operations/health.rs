//! `GET /health`, `/health/live` and `/health/ready`.

use serde_json::{Value, json};

use super::*;

/// The state and detail of one check.
async fn check(world: &World, name: &str) -> (String, Value) {
    let answer = world.get("/health").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    let check = answer.json()["checks"][name].clone();
    (
        check["status"]
            .as_str()
            .expect("a check")
            .to_owned(),
        check["detail"].clone(),
    )
}

/// Lets what was rendered grow old.
fn later(world: &World, seconds: i64) {
    world.clock.set(fixtures::at(seconds));
}

#[tokio::test]
async fn health_says_version_store_and_every_check() {
    let world = World::with(|context| context.destinations = vec![fixtures::destination("ops")]);
    worked(&world, "evaluator", &Outcome::Succeeded);
    let ok = json!({"status": "ok", "detail": null, "last_success_age_seconds": null});
    assert_eq!(
        world.get("/health").await.json(),
        json!({
            "status": "ok", "version": "0.1.0", "store": "memory",
            "checks": {
                "notifications": ok, "store": ok,
                "source": {
                    "status": "off", "detail": "no Prometheus is configured",
                    "last_success_age_seconds": null,
                },
                "worker_evaluator": {
                    "status": "ok", "detail": null, "last_success_age_seconds": 0.0,
                },
            },
        })
    );
}

#[tokio::test]
async fn without_a_channel_health_says_that_nobody_is_told() {
    let (status, detail) = check(&World::new(), "notifications").await;
    assert_eq!(status, "off");
    assert_eq!(detail, "nobody is told: no channel is configured");
}

#[tokio::test]
async fn a_worker_that_stops_degrades_health_after_a_while() {
    let world = World::new();
    worked(&world, "evaluator", &Outcome::Succeeded);
    assert_eq!(world.get("/health").await.json()["status"], "ok");
    later(&world, 32);
    assert_eq!(world.get("/health").await.json()["status"], "degraded");
    let (status, detail) = check(&world, "worker_evaluator").await;
    assert_eq!((status.as_str(), detail.is_string()), ("failing", true));
}

#[tokio::test]
async fn what_went_wrong_inside_and_where_the_store_is_is_not_for_everybody() {
    let world = World::with(|context| context.about.store = "SQLite at /secret/path".to_owned());
    worked(
        &world,
        "evaluator",
        &Outcome::Failed("password=hunter2".to_owned()),
    );
    let answer = world.get("/health").await;
    assert_eq!(answer.json()["status"], "degraded");
    assert_eq!(answer.json()["store"], "SQLite");
    assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2"));
}

#[tokio::test]
async fn a_store_that_is_away_degrades_health_at_once_and_ends_readiness() {
    let world = World::new();
    world.context.readiness.set(true);
    assert_eq!(world.get("/health").await.json()["status"], "ok");
    assert_eq!(world.get("/health/ready").await.status, 200);
    world
        .context
        .readiness
        .note_store(false);
    assert_eq!(check(&world, "store").await.0, "failing");
    let ready = world.get("/health/ready").await;
    assert_eq!((ready.status, ready.header("retry-after")), (503, "5"));
    assert_eq!(ready.json()["detail"], "the store does not answer");
    assert_eq!(
        world.get("/health/live").await.json(),
        json!({"status": "ok"})
    );
}

#[tokio::test]
async fn a_process_that_starts_is_alive_and_not_ready() {
    let world = World::new();
    assert_eq!(world.get("/health/live").await.status, 200);
    let ready = world.get("/health/ready").await;
    assert_eq!((ready.status, ready.header("retry-after")), (503, "5"));
    world.context.readiness.set(true);
    assert_eq!(
        world.get("/health/ready").await.json(),
        json!({"status": "ok"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_degrades_health_until_it_has_been_quiet() {
    let world = World::with_prometheus();
    assert_eq!(check(&world, "source").await.0, "ok");
    world
        .context
        .metrics
        .on_evaluated(&Evaluated {
            source_failures: [(FailureClass::Unreachable, 1)].into(),
            ..Evaluated::default()
        });
    later(&world, 1);
    assert_eq!(check(&world, "source").await.0, "failing");
    tokio::time::advance(Duration::from_secs(150)).await;
    later(&world, 2);
    assert_eq!(check(&world, "source").await.0, "ok");
}

#[tokio::test]
async fn what_was_rendered_is_served_for_a_second() {
    let world = World::new();
    let first = world.get("/health").await.body;
    worked(&world, "evaluator", &Outcome::Succeeded);
    assert_eq!(world.get("/health").await.body, first);
    later(&world, 1);
    assert_ne!(world.get("/health").await.body, first);
}

#[tokio::test]
async fn health_is_answered_while_the_store_is_away() {
    let world = World::with(|context| context.catalog = Arc::new(Away));
    assert_eq!(world.get("/health").await.status, 200);
    assert_eq!(world.get("/metrics").await.status, 200);
}
