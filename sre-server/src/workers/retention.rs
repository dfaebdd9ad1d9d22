//! Forgets what is old, in small batches.

use std::error::Error;
use std::sync::Arc;

use chrono::TimeDelta;
use sre_core::store::{Kept, REPLIES_KEPT, Retention};
use sre_core::time::{Clock, Span};

use crate::workers::driver::{Activity, Worker};

/// How long each thing is kept.
#[derive(Clone, Copy, Debug)]
pub struct RetentionSettings {
    /// Raw samples (`METRICS_RETENTION_DAYS`).
    pub samples: Span,
    /// Fine slices, and the history of calculations.
    pub slices: Span,
    /// Hour sums, alerts, and snapshots of health.
    pub hour_sums: Span,
}

impl RetentionSettings {
    fn of(&self, kept: Kept) -> TimeDelta {
        let span = match kept {
            Kept::Samples => self.samples,
            Kept::FineSlices | Kept::History => self.slices,
            Kept::Replies => return REPLIES_KEPT,
            _ => self.hour_sums,
        };
        span.as_delta()
    }
}

/// Prunes one batch of each kind an activation, until nothing is left to prune.
#[derive(Debug)]
pub struct RetentionWorker {
    /// What forgets.
    pub retention: Arc<dyn Retention>,
    /// How long each thing is kept.
    pub settings: RetentionSettings,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Worker for RetentionWorker {
    const NAME: &'static str = "retention";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.clock.now();
        let mut has_more = false;
        for kept in Kept::ALL {
            let before = now - self.settings.of(kept);
            let pruned = self
                .retention
                .prune(kept, before, BATCH)
                .await?;
            if pruned > 0 {
                tracing::info!(kept = kept.as_str(), rows = pruned, "pruned");
            }
            has_more |= pruned >= u64::from(BATCH);
        }
        Ok(Activity {
            has_more,
            lag: None,
        })
    }
}

/// Rows a transaction: few enough that no other writer waits long.
const BATCH: u32 = 1_000;
