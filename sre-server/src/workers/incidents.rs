//! Looks back for incidents.

use std::error::Error;
use std::sync::Arc;

use sre_core::monitor::IncidentKeeper;
use sre_core::time::Clock;

use crate::workers::driver::{Activity, Worker};

/// Opens incidents from alerts that pile up, ends those that have become quiet, reopens those whose
/// acknowledgement was forgotten.
#[derive(Debug)]
pub struct IncidentsWorker {
    /// What decides.
    pub keeper: IncidentKeeper,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Worker for IncidentsWorker {
    const NAME: &'static str = "incidents";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let changed = self
            .keeper
            .activate(self.clock.now())
            .await?;
        Ok(Activity {
            // What has changed may leave something to gather.
            has_more: changed > 0,
            lag: None,
        })
    }
}
