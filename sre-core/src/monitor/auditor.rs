//! Looking whether everything that should have moved by now has moved.
//!
//! Every intent has an end, or an instant at which something is done about it; so has every open
//! episode that time moves. Whatever breaks that (a worker that hangs, a row that cannot be read, a
//! fault of ours) would otherwise be silence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{LifecycleSettings, ResolveReason};
use crate::monitor::Router;
use crate::monitor::own_alerts::OwnAlerts;
use crate::name::ServiceName;
use crate::store::{Alerts, Deliveries, Outbox, Overdue, OverdueKind, StoreError};
use crate::time::Span;

/// What the auditor reads and writes.
#[derive(Clone, Debug)]
pub struct AuditPorts {
    /// What is to be judged.
    pub outbox: Arc<dyn Outbox>,
    /// What should have moved.
    pub deliveries: Arc<dyn Deliveries>,
    /// Where a finding is told.
    pub alerts: Arc<dyn Alerts>,
}

/// Looks for what stands still. One a process; the alert that it raises is one for all of them.
#[derive(Debug)]
pub struct Auditor {
    ports: AuditPorts,
    own: OwnAlerts,
    router: Router,
    seen: BTreeSet<Overdue>,
}

impl Auditor {
    /// An auditor that tells whom `router` leads to, in alerts about `service`, this one.
    #[must_use]
    pub fn new(
        ports: AuditPorts,
        settings: LifecycleSettings,
        service: ServiceName,
        router: Router,
    ) -> Self {
        let own = OwnAlerts {
            alerts: Arc::clone(&ports.alerts),
            settings,
            service,
        };
        Self {
            ports,
            own,
            router,
            seen: BTreeSet::new(),
        }
    }

    /// Looks, and raises or resolves the alert; answers what has stood still from one look to the next.
    /// What waited for something else until a moment ago looks overdue once, and is gone the next time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn activate(&mut self, now: DateTime<Utc>) -> Result<Vec<Overdue>, StoreError> {
        let found = self
            .found(now - OVERDUE.as_delta())
            .await?;
        let stuck: Vec<Overdue> = found
            .intersection(&self.seen)
            .copied()
            .collect();
        self.seen = found;
        let identity = self
            .own
            .identity(AUDIT_FAILED, BTreeMap::new());
        if let Some(oldest) = stuck
            .iter()
            .min_by_key(|overdue| overdue.since)
        {
            let owner = self
                .router
                .owner(&self.own.service)
                .await?;
            let audience = self.router.audience(owner.as_deref());
            self.own
                .raise(identity, message(&stuck, oldest), audience, now)
                .await?;
        } else {
            self.own
                .resolve(&identity, ResolveReason::Condition, now)
                .await?;
        }
        Ok(stuck)
    }

    async fn found(&self, before: DateTime<Utc>) -> Result<BTreeSet<Overdue>, StoreError> {
        let overdue = self
            .ports
            .deliveries
            .overdue(before, LIMIT)
            .await?;
        // What was to be judged then, and is still to be judged.
        let unjudged = self
            .ports
            .outbox
            .due_groups(before, 1)
            .await?;
        let intents = unjudged
            .groups
            .iter()
            .filter_map(|group| group.intents.first())
            .map(|intent| Overdue {
                kind: OverdueKind::Intent,
                id: intent.id.0,
                since: intent.due_at,
            });
        Ok(overdue
            .into_iter()
            .chain(intents)
            .collect())
    }
}

fn message(stuck: &[Overdue], oldest: &Overdue) -> String {
    let count = |kind| {
        stuck
            .iter()
            .filter(|overdue| overdue.kind == kind)
            .count()
    };
    format!(
        "notifications stand still since {}: {} not judged, {} not tried, {} alerts not moved",
        oldest
            .since
            .format("%Y-%m-%d %H:%M:%S UTC"),
        count(OverdueKind::Intent),
        count(OverdueKind::Delivery),
        count(OverdueKind::Alert),
    )
}

/// The type of the alert that something stands still.
pub const AUDIT_FAILED: &str = "audit_failed";
/// What should have moved so long ago stands still: far more than any claim lasts.
const OVERDUE: Span = Span::minutes(5);
/// What is looked at of each kind: one is enough to tell of.
const LIMIT: u32 = 100;
