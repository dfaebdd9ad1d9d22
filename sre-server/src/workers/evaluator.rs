//! Evaluates due slots, and folds history beside them.

use std::error::Error;
use std::sync::Arc;

use sre_core::monitor::Evaluator;
use sre_core::store::StoreError;
use sre_core::time::Clock;
use tokio::sync::Notify;

use crate::context::Readiness;
use crate::metrics::Metrics;
use crate::watch::SelfWatch;
use crate::workers::SourceSight;
use crate::workers::driver::{Activity, Worker};

/// Claims due slots in batches: folds, evaluates, decides, commits.
#[derive(Debug)]
pub struct EvaluatorWorker {
    /// What evaluates.
    pub evaluator: Arc<Evaluator>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Our own metrics.
    pub metrics: Arc<Metrics>,
    /// Our own SLOs.
    pub watch: Arc<SelfWatch>,
    /// Whether the source answers.
    pub source: Arc<SourceSight>,
    /// Whether the store answers.
    pub readiness: Arc<Readiness>,
    /// Wakes the dispatcher when there may be something to tell.
    pub told: Arc<Notify>,
}

impl Worker for EvaluatorWorker {
    const NAME: &'static str = "evaluator";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.clock.now();
        let evaluated = self.evaluator.activate(now).await;
        let is_away = matches!(evaluated, Err(StoreError::Unavailable { .. }));
        self.readiness.note_store(!is_away);
        let evaluated = evaluated?;
        self.metrics.on_evaluated(&evaluated);
        self.watch.on_evaluated(&evaluated);
        self.source.note(&evaluated, now);
        if evaluated.applied > 0 {
            self.told.notify_one();
        }
        if let Some(error) = evaluated.error {
            return Err(Box::new(error));
        }
        let lag = evaluated
            .lag_max
            .and_then(|lag| lag.to_std().ok());
        Ok(Activity {
            has_more: evaluated.has_more,
            lag,
        })
    }
}

/// Folds the history that a new SLO, or an outage of the source, still lacks.
#[derive(Debug)]
pub struct BackfillWorker {
    /// What evaluates.
    pub evaluator: Arc<Evaluator>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Worker for BackfillWorker {
    const NAME: &'static str = "backfill";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let has_more = self
            .evaluator
            .backfill(self.clock.now())
            .await?;
        Ok(Activity {
            has_more,
            lag: None,
        })
    }
}
