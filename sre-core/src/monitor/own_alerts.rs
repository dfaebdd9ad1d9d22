//! Alerts about this service itself: raised while something is wrong, resolved when it is not.
//!
//! Their identities are derived, and the store lets an identity have one open episode. So raising one
//! is idempotent: killed between any two steps, or on two replicas at once, it is one alert.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{
    Alert, AlertStatus, AlertType, Identity, LifecycleSettings, Moment, Opening, Origin,
    ResolveReason, Severity,
};
use crate::name::ServiceName;
use crate::routing::Audience;
use crate::store::{AlertQuery, Alerts, Page, StoreError};

/// What raises and resolves them.
#[derive(Clone, Debug)]
pub(super) struct OwnAlerts {
    pub(super) alerts: Arc<dyn Alerts>,
    pub(super) settings: LifecycleSettings,
    /// As which service this one is known.
    pub(super) service: ServiceName,
}

impl OwnAlerts {
    /// The identity of a trouble of this service.
    pub(super) fn identity(&self, kind: &str, labels: BTreeMap<String, String>) -> Identity {
        Identity {
            origin: Origin::Generated,
            service_name: self.service.clone(),
            alert_type: AlertType::Other(kind.to_owned()),
            slo_id: None,
            labels,
        }
    }

    /// Opens an episode, unless one is open.
    pub(super) async fn raise(
        &self,
        identity: Identity,
        message: String,
        routes: Audience<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let latest = self.latest(&identity).await?;
        if latest
            .as_ref()
            .is_some_and(Alert::is_open)
        {
            return Ok(());
        }
        let opening = Opening {
            identity,
            episode: latest.map_or(1, |alert| alert.episode.saturating_add(1)),
            severity: Severity::High,
            message,
            rules: Vec::new(),
        };
        let update = Alert::open(opening, &self.moment(routes, now));
        // Whoever was first has raised the same.
        self.alerts.apply(&update).await?;
        Ok(())
    }

    /// Ends the open episode, where there is one.
    pub(super) async fn resolve(
        &self,
        identity: &Identity,
        reason: ResolveReason,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(latest) = self.latest(identity).await? else {
            return Ok(());
        };
        if let Ok(update) = latest.resolve(
            reason,
            None,
            None,
            &self.moment(Audience::everyone(&[]), now),
        ) {
            self.alerts.apply(&update).await?;
        }
        Ok(())
    }

    /// The open episodes of a kind: few, since each is about a destination or a worker.
    pub(super) async fn open(&self, kind: &str) -> Result<Vec<Alert>, StoreError> {
        let mut open = Vec::new();
        for state in [AlertStatus::Firing, AlertStatus::Acknowledged] {
            let query = AlertQuery {
                service: Some(self.service.clone()),
                state: Some(state),
                alert_type: Some(AlertType::Other(kind.to_owned())),
                ..AlertQuery::default()
            };
            let page = Page::first(Page::<()>::LIMIT_MAX);
            let found = self.alerts.list_alerts(&query, page);
            open.extend(
                found
                    .await?
                    .into_iter()
                    .filter(|alert| alert.identity.origin == Origin::Generated),
            );
        }
        Ok(open)
    }

    async fn latest(&self, identity: &Identity) -> Result<Option<Alert>, StoreError> {
        let mut latest = self
            .alerts
            .latest_episodes(&[identity.key()])
            .await?;
        Ok(latest.pop())
    }

    pub(super) fn moment<'a>(&'a self, routes: Audience<'a>, now: DateTime<Utc>) -> Moment<'a> {
        Moment {
            now,
            slot: None,
            routes,
            settings: &self.settings,
        }
    }
}
