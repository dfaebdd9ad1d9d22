//! Records how healthy services are.

use std::error::Error;
use std::sync::Arc;

use sre_core::monitor::HealthAssessor;
use sre_core::time::{Clock, Span};

use crate::workers::driver::{Activity, Worker};

/// Judges every known service, and records what changed.
#[derive(Debug)]
pub struct HealthWorker {
    /// What judges them.
    pub assessor: HealthAssessor,
    /// The grid of snapshots, and how often it is activated.
    pub period: Span,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Worker for HealthWorker {
    const NAME: &'static str = "health";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let recorded = self
            .assessor
            .record(self.clock.now(), self.period)
            .await?;
        tracing::debug!(services = recorded, "health was recorded");
        Ok(Activity::default())
    }
}
