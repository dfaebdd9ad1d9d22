//! Moving what only time moves: acknowledgements that end, alerts that expire, repeats.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{LifecycleSettings, Moment};
use crate::name::DestinationId;
use crate::store::{Alerts, StoreError};
use crate::time::Span;

/// Moves due alerts. One a process; replicas share the work by claims.
#[derive(Debug)]
pub struct AlertMover {
    alerts: Arc<dyn Alerts>,
    settings: LifecycleSettings,
    routes: Vec<DestinationId>,
    holder: String,
}

impl AlertMover {
    /// A mover that tells `routes` and claims as `holder`.
    #[must_use]
    pub fn new(
        alerts: Arc<dyn Alerts>,
        settings: LifecycleSettings,
        routes: Vec<DestinationId>,
        holder: String,
    ) -> Self {
        Self {
            alerts,
            settings,
            routes,
            holder,
        }
    }

    /// Moves one batch of due alerts; answers how many were claimed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn activate(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let until = now + CLAIM.as_delta();
        let due = self
            .alerts
            .claim_due_alerts(&self.holder, now, until, BATCH)
            .await?;
        let claimed = due.len();
        let moment = Moment {
            now,
            slot: None,
            routes: &self.routes,
            settings: &self.settings,
        };
        for alert in due {
            let (id, transition) = (alert.id, alert.transition);
            let next = alert.next_action(&self.settings);
            match alert.moved_by_time(&moment) {
                // A person who was first has decided; their transition set the next instant.
                Some(update) => drop(self.alerts.apply(&update).await?),
                None => {
                    self.alerts
                        .postpone(id, transition, next)
                        .await?;
                }
            }
        }
        Ok(claimed)
    }
}

/// How long a claim holds; moving one takes milliseconds.
const CLAIM: Span = Span::seconds(20);
/// Alerts a batch.
const BATCH: u32 = 100;
