//! Looks whether everything that should have moved has moved.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use sre_core::monitor::Auditor;
use sre_core::time::Clock;
use tokio::sync::Notify;

use crate::workers::driver::{Activity, Worker};

/// Looks for notifications and alerts that stand still, and says so.
#[derive(Debug)]
pub struct AuditorWorker {
    /// What looks.
    pub auditor: Auditor,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who wants to know.
    pub sight: Arc<AuditSight>,
    /// Wakes the dispatcher when there may be something to tell.
    pub told: Arc<Notify>,
}

/// What the auditor saw last; shared by it and those who watch the service.
#[derive(Debug, Default)]
pub struct AuditSight(Mutex<Option<DateTime<Utc>>>);

impl AuditSight {
    /// Notes since when something stands still; `None` when nothing does.
    pub fn note(&self, since: Option<DateTime<Utc>>) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Since when something stands still.
    pub(super) fn stuck_since(&self) -> Option<DateTime<Utc>> {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker for AuditorWorker {
    const NAME: &'static str = "auditor";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let stuck = self
            .auditor
            .activate(self.clock.now())
            .await?;
        for overdue in &stuck {
            tracing::error!(
                kind = ?overdue.kind,
                id = %overdue.id,
                since = %overdue.since,
                "this should have moved by now",
            );
        }
        self.sight.note(
            stuck
                .iter()
                .map(|overdue| overdue.since)
                .min(),
        );
        if !stuck.is_empty() {
            self.told.notify_one();
        }
        Ok(Activity::default())
    }
}
