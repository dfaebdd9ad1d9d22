//! Moves what only time moves.

use std::error::Error;
use std::sync::Arc;

use sre_core::monitor::AlertMover;
use sre_core::time::Clock;
use tokio::sync::Notify;

use crate::workers::driver::{Activity, Worker};

/// Claims alerts whose next action is due: acknowledgements that end, alerts that expire, repeats.
#[derive(Debug)]
pub struct AlertsWorker {
    /// What moves them.
    pub mover: AlertMover,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the dispatcher when there may be something to tell.
    pub told: Arc<Notify>,
}

impl Worker for AlertsWorker {
    const NAME: &'static str = "alerts";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let moved = self
            .mover
            .activate(self.clock.now())
            .await?;
        if moved > 0 {
            self.told.notify_one();
        }
        Ok(Activity {
            has_more: moved > 0,
            lag: None,
        })
    }
}
