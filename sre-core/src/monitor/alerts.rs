//! Moving what only time moves: acknowledgements that end, alerts that expire, escalations, repeats.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{LifecycleSettings, Moment};
use crate::monitor::Router;
use crate::store::{Alerts, StoreError};
use crate::time::Span;

/// Moves due alerts. One a process; replicas share the work by claims.
#[derive(Debug)]
pub struct AlertMover {
    alerts: Arc<dyn Alerts>,
    settings: LifecycleSettings,
    router: Router,
    holder: String,
}

impl AlertMover {
    /// A mover that tells whom `router` leads to and claims as `holder`.
    #[must_use]
    pub fn new(
        alerts: Arc<dyn Alerts>,
        settings: LifecycleSettings,
        router: impl Into<Router>,
        holder: String,
    ) -> Self {
        Self {
            alerts,
            settings,
            router: router.into(),
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
        for alert in due {
            let owner = self
                .router
                .owner(alert.service_name())
                .await?;
            let moment = Moment {
                now,
                slot: None,
                routes: self.router.audience(owner.as_deref()),
                settings: &self.settings,
            };
            let (id, transition) = (alert.id, alert.transition);
            let next = alert.next_action(&self.settings, moment.routes);
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
