//! Asks what has to be asked: direct health checks, recipes, what there is to discover; each once
//! across replicas.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use sre_core::sample::Sample;
use sre_core::store::{Samples, Target, TargetClaim};
use sre_core::time::{Clock, Span};

use crate::workers::driver::{Activity, Worker};

/// Asks one target; what it answers, a failure included, is samples.
#[async_trait]
pub trait Asker: std::fmt::Debug + Send + Sync {
    /// Asks, within a time of its own that is shorter than a claim.
    async fn ask(&self, target: &Target, now: DateTime<Utc>) -> Asked;
}

/// What came of asking a target.
#[derive(Debug, Default)]
pub struct Asked {
    /// What was measured.
    pub samples: Vec<Sample>,
    /// What is to be asked from now on beside the configured targets, where the target is what
    /// finds others.
    pub found: Option<Vec<Target>>,
    /// When it is asked next, where that is not the next instant of its own grid.
    pub next_at: Option<DateTime<Utc>>,
}

/// Claims due targets, asks them at once, and appends what they say.
#[derive(Debug)]
pub struct CollectorWorker {
    /// Targets, and where samples go.
    pub samples: Arc<dyn Samples>,
    /// What asks.
    pub asker: Arc<dyn Asker>,
    /// What is asked whatever is found.
    pub configured: Vec<Target>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long after its end a slice closes.
    pub delay: Span,
    /// The name on claims.
    pub holder: String,
}

impl Worker for CollectorWorker {
    const NAME: &'static str = "collector";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.clock.now();
        let until = now + CLAIM.as_delta();
        let claims = self
            .samples
            .claim_targets(&self.holder, now, until, BATCH)
            .await?;
        let asked = claims
            .iter()
            .map(|claim| self.ask(claim, now));
        for outcome in join_all(asked).await {
            outcome?;
        }
        Ok(Activity {
            has_more: claims.len() >= BATCH as usize,
            lag: None,
        })
    }
}

impl CollectorWorker {
    async fn ask(
        &self,
        claim: &TargetClaim,
        now: DateTime<Utc>,
    ) -> Result<(), sre_core::store::StoreError> {
        let asked = self.asker.ask(&claim.target, now).await;
        let closed_before = self.clock.now() - self.delay.as_delta();
        let next = asked
            .next_at
            .unwrap_or_else(|| next_at(claim, now));
        self.samples
            .complete_target(claim, &asked.samples, next, closed_before)
            .await?;
        if let Some(found) = asked.found {
            let targets = [self.configured.clone(), found].concat();
            self.samples
                .register_targets(&targets, now)
                .await?;
        }
        Ok(())
    }
}

/// The next instant on the target's own grid; what was missed is not made up for.
fn next_at(claim: &TargetClaim, now: DateTime<Utc>) -> DateTime<Utc> {
    let interval = claim.target.interval.as_secs_i64();
    let behind = (now - claim.due_at)
        .num_seconds()
        .max(0)
        / interval;
    claim.due_at + chrono::TimeDelta::seconds((behind + 1) * interval)
}

/// Longer than any probe may take.
const CLAIM: Span = Span::seconds(30);
/// Targets that are asked at once.
const BATCH: u32 = 32;
