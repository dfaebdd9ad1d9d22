//! `/health`, `/workers` and `/metrics`: how the service itself is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sre_core::monitor::Evaluated;
use sre_core::name::SloId;
use sre_core::slo::Slo;
use sre_core::source::FailureClass;
use sre_core::store::{Catalog, Page, Seeded, SloChange, SloQuery, Start, StoreError};
use sre_core::time::Interval;
use sre_server::workers::Outcome;
use sre_store_conformance::fixtures;

use crate::world::World;

mod health;
mod metrics;
mod with_promtool;

/// A catalog in a store that is away.
#[derive(Debug)]
struct Away;

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable {
        source: "secret cause".into(),
    })
}

#[async_trait]
impl Catalog for Away {
    async fn insert(&self, _: &Slo, _: &Start) -> Result<(), StoreError> {
        away()
    }

    async fn seed(&self, _: &[(Slo, Start)]) -> Result<Seeded, StoreError> {
        away()
    }

    async fn update(&self, _: &SloChange<'_>) -> Result<(), StoreError> {
        away()
    }

    async fn refold(&self, _: SloId, _: Interval) -> Result<(), StoreError> {
        away()
    }

    async fn find(&self, _: SloId) -> Result<Option<Slo>, StoreError> {
        away()
    }

    async fn list(&self, _: &SloQuery, _: Page<SloId>) -> Result<Vec<Slo>, StoreError> {
        away()
    }

    async fn count(&self) -> Result<u64, StoreError> {
        away()
    }
}

/// Puts a worker on the board that succeeded at noon.
fn worked(world: &World, name: &'static str, outcome: &Outcome) {
    let board = &world.context.board;
    board.register(name, Duration::from_millis(250));
    let (took, lag) = (Duration::from_millis(2), Some(Duration::from_millis(100)));
    board.note(name, outcome, took, lag, world.now());
}

#[tokio::test]
async fn every_worker_is_shown_with_how_it_fares() {
    let world = World::new();
    worked(&world, "evaluator", &Outcome::Succeeded);
    worked(
        &world,
        "retention",
        &Outcome::Failed("the store is away".to_owned()),
    );
    let workers = world.get("/workers").await.json();
    assert_eq!(
        (&workers["replica"], &workers["next_cursor"]),
        (&json!("test"), &json!(null))
    );
    assert_eq!(
        workers["items"][0],
        json!({
            "name": "evaluator", "status": "ok", "detail": null, "period_seconds": 0.25,
            "succeeded": 1, "failed": 0, "last_success": "2026-01-01T12:00:00Z",
            "last_failure": null, "last_error": null, "last_duration_seconds": 0.002,
            "lag_seconds": 0.1, "next_run": "2026-01-01T12:00:00.250Z",
        })
    );
    let failed = &workers["items"][1];
    assert_eq!(
        (&failed["status"], &failed["failed"]),
        (&json!("failing"), &json!(1))
    );
    assert_eq!(failed["last_error"], "the store is away");
}

#[tokio::test]
async fn the_document_names_every_route() {
    let world = World::new();
    let document = world.get("/openapi.json").await.json();
    for path in [
        "/alerts",
        "/alerts/{id}",
        "/alerts/{id}/acknowledge",
        "/alerts/{id}/resolve",
        "/alerts/{id}/notifications",
        "/service-metrics",
        "/health",
        "/health/live",
        "/health/ready",
        "/workers",
        "/metrics",
    ] {
        let operations = document["paths"][path].as_object();
        assert!(operations.is_some_and(|found| !found.is_empty()), "{path}");
    }
    let text = document.to_string();
    for name in text
        .split("#/components/schemas/")
        .skip(1)
    {
        let name = name.split('"').next().unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is not there"
        );
    }
}
