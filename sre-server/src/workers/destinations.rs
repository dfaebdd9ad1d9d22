//! Looks after destinations: says of one that is broken that it is, and tells its fallback.

use std::error::Error;
use std::sync::Arc;

use sre_core::monitor::DestinationKeeper;
use sre_core::time::Clock;
use tokio::sync::Notify;

use crate::workers::driver::{Activity, Worker};

/// Raises and resolves the alerts about destinations, and tells fallbacks what was missed.
#[derive(Debug)]
pub struct DestinationsWorker {
    /// What does it.
    pub keeper: DestinationKeeper,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the dispatcher when there may be something to tell.
    pub told: Arc<Notify>,
}

impl Worker for DestinationsWorker {
    const NAME: &'static str = "destinations";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let told = self
            .keeper
            .activate(self.clock.now())
            .await?;
        if told > 0 {
            self.told.notify_one();
        }
        Ok(Activity {
            has_more: told > 0,
            lag: None,
        })
    }
}
