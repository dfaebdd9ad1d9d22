//! Tells once that most of what a source measures has no data.

use std::error::Error;
use std::sync::Arc;

use sre_core::monitor::BrakeKeeper;
use sre_core::time::Clock;
use tokio::sync::Notify;

use crate::workers::SourceSight;
use crate::workers::driver::{Activity, Worker};

/// Pulls the brake of a source, and lets it go.
#[derive(Debug)]
pub struct BrakeWorker {
    /// What does it.
    pub keeper: BrakeKeeper,
    /// Whether the source of metrics answers.
    pub source: Arc<SourceSight>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the dispatcher when there may be something to tell.
    pub told: Arc<Notify>,
    /// How many brakes were pulled when it looked last.
    pub pulled: usize,
}

impl Worker for BrakeWorker {
    const NAME: &'static str = "brake";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let cause = self.source.dark_since().map_or_else(
            || "it answers, and has nothing for these".to_owned(),
            |since| {
                let since = since.format("%Y-%m-%d %H:%M:%S UTC");
                format!("it has answered nothing since {since}")
            },
        );
        let pulled = self
            .keeper
            .activate(self.clock.now(), &cause)
            .await?;
        if pulled != self.pulled {
            tracing::info!(pulled, before = self.pulled, "brakes of sources");
            self.pulled = pulled;
            self.told.notify_one();
        }
        Ok(Activity::default())
    }
}
