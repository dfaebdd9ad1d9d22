//! Several at once on one alert.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;
use sre_core::alert::{Alert, AlertUpdate, DedupKey};
use sre_core::name::AlertId;
use sre_core::store::{AlertQuery, Alerts, AlertsPage, Commit, Page, StoreError};

use super::report;
use crate::world::World;

/// A store of alerts in which somebody else is faster so many times.
#[derive(Debug)]
struct Contended {
    inner: Arc<dyn Alerts>,
    left: AtomicU32,
}

#[async_trait]
impl Alerts for Contended {
    async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.inner.find_alert(id).await
    }

    async fn latest_episodes(&self, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError> {
        self.inner.latest_episodes(keys).await
    }

    async fn list_alerts(
        &self,
        _: &AlertQuery,
        _: Page<AlertsPage>,
    ) -> Result<Vec<Alert>, StoreError> {
        Err(StoreError::Unavailable {
            source: "away".into(),
        })
    }

    async fn pages_since(&self, since: DateTime<Utc>) -> Result<Vec<Alert>, StoreError> {
        self.inner.pages_since(since).await
    }

    async fn claim_due_alerts(
        &self,
        _: &str,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
        _: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        Ok(Vec::new())
    }

    async fn apply(&self, update: &AlertUpdate) -> Result<Commit, StoreError> {
        let lost = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        match lost {
            Ok(_) => Ok(Commit::Superseded),
            Err(_) => self.inner.apply(update).await,
        }
    }

    async fn postpone(
        &self,
        _: AlertId,
        _: u64,
        _: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

fn contended(times: u32) -> World {
    World::with(|context| {
        let inner = Arc::clone(&context.alerts);
        context.alerts = Arc::new(Contended {
            inner,
            left: AtomicU32::new(times),
        });
    })
}

#[tokio::test]
async fn who_was_slower_reads_again_and_decides_again() {
    let world = contended(3);
    assert_eq!(
        world
            .post("/alerts", &report(&json!({})))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn who_is_always_slower_is_told_so() {
    let world = contended(u32::MAX);
    let answer = world
        .post("/alerts", &report(&json!({})))
        .await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (409, "conflict")
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_unavailable_and_says_when_to_come_back() {
    let answer = contended(0).get("/alerts").await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (503, "unavailable")
    );
    assert_eq!(answer.header("retry-after"), "5");
    assert!(!String::from_utf8_lossy(&answer.body).contains("away"));
}

#[tokio::test]
async fn a_crowd_that_reports_the_same_makes_one_alert() {
    let world = World::new();
    let body = report(&json!({}));
    let answers =
        futures_util::future::join_all((0..50).map(|_| world.post("/alerts", &body))).await;
    let made = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .count();
    let repeated = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .count();
    assert_eq!((made, repeated), (1, 49));
    let list = world.get("/alerts").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["occurrences"], 50);
}
