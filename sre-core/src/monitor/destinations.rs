//! Looking after destinations: one that does not take what it is owed is an alert of its own, told
//! through the others, and what it misses is told to its fallback.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{Identity, LifecycleSettings, ResolveReason};
use crate::monitor::own_alerts::OwnAlerts;
use crate::name::{DestinationId, ServiceName};
use crate::notification::{
    DESTINATION_BROKEN, DESTINATION_ID, Destination, Fallback, Lane, did_not_take,
};
use crate::routing::Audience;
use crate::store::{Alerts, Commit, Deliveries, LaneStatus, Missed, Outbox, StoreError};

/// What the keeper reads and writes.
#[derive(Clone, Debug)]
pub struct DestinationPorts {
    /// How lanes stand.
    pub outbox: Arc<dyn Outbox>,
    /// What somebody was not told.
    pub deliveries: Arc<dyn Deliveries>,
    /// Where that is noted.
    pub alerts: Arc<dyn Alerts>,
}

/// Looks after the configured destinations. One a process; what two do at once is done once.
#[derive(Debug)]
pub struct DestinationKeeper {
    ports: DestinationPorts,
    own: OwnAlerts,
    destinations: Vec<Destination>,
    fallbacks: Vec<Fallback>,
}

impl DestinationKeeper {
    /// A keeper of `destinations` whose alerts are about `service`, this one.
    #[must_use]
    pub fn new(
        ports: DestinationPorts,
        settings: LifecycleSettings,
        service: ServiceName,
        destinations: Vec<Destination>,
        fallbacks: Vec<Fallback>,
    ) -> Self {
        let own = OwnAlerts {
            alerts: Arc::clone(&ports.alerts),
            settings,
            service,
        };
        Self {
            ports,
            own,
            destinations,
            fallbacks: Fallback::merged(fallbacks),
        }
    }

    /// Raises and resolves what is to be said of destinations, then tells fallbacks what was missed;
    /// answers how much of that there was.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn activate(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let lanes = self.ports.outbox.lanes(now).await?;
        let open = self
            .own
            .open(DESTINATION_BROKEN)
            .await?;
        let mut is_said = BTreeSet::new();
        for alert in &open {
            let broken = self
                .destinations
                .iter()
                .find(|destination| self.identity(destination) == alert.identity)
                .map(|destination| (destination.id, fault(&lanes, destination.id)));
            match broken {
                Some((id, Some(_))) => drop(is_said.insert(id)),
                ended => {
                    let reason = match ended {
                        Some(_) => ResolveReason::Condition,
                        None => ResolveReason::Definition,
                    };
                    self.own
                        .resolve(&alert.identity, reason, now)
                        .await?;
                }
            }
        }
        for destination in &self.destinations {
            if let Some(lane) = fault(&lanes, destination.id)
                && !is_said.contains(&destination.id)
            {
                self.raise(destination, lane, now)
                    .await?;
            }
        }
        self.fall_back(now).await
    }

    /// Says through the others that a destination is broken.
    async fn raise(
        &self,
        destination: &Destination,
        lane: &LaneStatus,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let others: Vec<DestinationId> = self
            .destinations
            .iter()
            .map(|other| other.id)
            .filter(|other| *other != destination.id)
            .collect();
        let because = lane
            .broken
            .as_ref()
            .map(|fault| fault.because.as_str());
        let did = did_not_take(&destination.name, because);
        let next = if lane.traffic == Lane::Stopped {
            "nothing is sent to it until its configuration changes"
        } else {
            "a message was given up, and none has arrived since"
        };
        let message = format!("the channel {did}: {next}");
        self.own
            .raise(
                self.identity(destination),
                message,
                Audience::everyone(&others),
                now,
            )
            .await
    }

    /// What is wrong with a destination, as an identity. The one that it is about never hears of it.
    fn identity(&self, destination: &Destination) -> Identity {
        let labels = BTreeMap::from([
            ("channel".to_owned(), destination.channel.to_string()),
            ("destination".to_owned(), destination.name.clone()),
            (DESTINATION_ID.to_owned(), destination.id.0.to_string()),
        ]);
        self.own
            .identity(DESTINATION_BROKEN, labels)
    }

    /// Tells fallbacks what they are to hear; from then on the end is owed to them as well.
    async fn fall_back(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        if self.fallbacks.is_empty() {
            return Ok(0);
        }
        let missed = self
            .ports
            .deliveries
            .missed(&self.fallbacks, now, BATCH)
            .await?;
        let mut told = 0;
        // Of what one destination missed of an episode, one message tells all.
        let mut looked_at = BTreeSet::new();
        for missed in missed {
            if looked_at.insert((missed.alert_id, missed.destination_id)) {
                told += usize::from(self.tell(&missed, now).await?);
            }
        }
        Ok(told)
    }

    async fn tell(&self, missed: &Missed, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let fallback = self
            .fallbacks
            .iter()
            .find(|fallback| fallback.of == missed.destination_id);
        let alert = self
            .ports
            .alerts
            .find_alert(missed.alert_id)
            .await?;
        let Some((fallback, alert)) = fallback.zip(alert) else {
            return Ok(false);
        };
        let moment = self
            .own
            .moment(Audience::everyone(&fallback.to), now);
        let Some(update) = alert.told_also(missed.kind, &moment) else {
            return Ok(false);
        };
        // Whoever changed the alert meanwhile goes first; it is missed still.
        Ok(self.ports.alerts.apply(&update).await? != Commit::Superseded)
    }
}

/// The lane, where its destination is broken.
fn fault(lanes: &[LaneStatus], id: DestinationId) -> Option<&LaneStatus> {
    lanes
        .iter()
        .find(|lane| lane.destination_id == id)
        .filter(|lane| lane.broken.is_some())
}

/// What was missed and is told at once: more waits for the next activation.
const BATCH: u32 = 100;
