//! Sending again what was given up, because a person asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{Alert, Severity};
use crate::monitor::dispatcher::{DispatcherPorts, retelling};
use crate::name::{AlertId, DeliveryId, DestinationId, derived_id};
use crate::notification::{
    AlertNews, Delivery, Lane, Message, Notifier, Part, Reason, Subject, ToldState, Urgency,
};
use crate::store::{Commit, Deliveries, DeliveryRecord, DeliveryStatus, Replay, StoreError};

/// Sends dead messages again. What it stores is sent by the dispatcher like any other message.
#[derive(Debug)]
pub struct Replayer {
    ports: DispatcherPorts,
    deliveries: Arc<dyn Deliveries>,
    notifiers: BTreeMap<DestinationId, Arc<dyn Notifier>>,
}

/// What became of the wish to send a message again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Replayed {
    /// It is under way, as this message.
    Begun(DeliveryId),
    /// There is no such message.
    Unknown,
    /// It is not dead, or what it carried has arrived since, or its minimal form carries that on.
    NotDead,
    /// Its destination is not configured any more.
    Removed,
    /// Nothing is sent to its destination before its configuration changes, for this reason.
    Stopped(String),
    /// Everything that it spoke of is forgotten.
    Forgotten,
}

impl Replayer {
    /// A replayer over these channels.
    #[must_use]
    pub fn new(
        ports: DispatcherPorts,
        deliveries: Arc<dyn Deliveries>,
        notifiers: &[Arc<dyn Notifier>],
    ) -> Self {
        let notifiers = notifiers
            .iter()
            .map(|notifier| (notifier.destination().id, Arc::clone(notifier)))
            .collect();
        Self {
            ports,
            deliveries,
            notifiers,
        }
    }

    /// Stores a new message that carries what the dead one carried, as it is now, and says that it
    /// comes again. An episode that has ended meanwhile is told as ended.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn replay(&self, id: DeliveryId, now: DateTime<Utc>) -> Result<Replayed, StoreError> {
        for _ in 0..TRIES {
            let replayed = self.replay_once(id, now).await?;
            if let Some(replayed) = replayed {
                return Ok(replayed);
            }
        }
        Ok(Replayed::NotDead)
    }

    /// One try; `None` where what was read has changed before it was stored.
    async fn replay_once(
        &self,
        id: DeliveryId,
        now: DateTime<Utc>,
    ) -> Result<Option<Replayed>, StoreError> {
        let Some(dead) = self
            .deliveries
            .find_delivery(id)
            .await?
        else {
            return Ok(Some(Replayed::Unknown));
        };
        if dead.status != DeliveryStatus::Dead || dead.reason.as_deref() == Some("degraded") {
            return Ok(Some(Replayed::NotDead));
        }
        let Some(notifier) = self
            .notifiers
            .get(&dead.delivery.destination_id)
        else {
            return Ok(Some(Replayed::Removed));
        };
        if let Some(reason) = self
            .stopped(dead.delivery.destination_id, now)
            .await?
        {
            return Ok(Some(Replayed::Stopped(reason)));
        }
        let Some(delivery) = self
            .again(&dead, notifier.as_ref(), now)
            .await?
        else {
            return Ok(Some(Replayed::Forgotten));
        };
        let id = delivery.id;
        let replay = Replay {
            of: dead.delivery.id,
            delivery,
        };
        Ok(match self.deliveries.replay(&replay).await? {
            Commit::Superseded => None,
            Commit::Applied { .. } => Some(Replayed::Begun(id)),
        })
    }

    /// Why nothing is sent to a destination, where its lane is stopped.
    async fn stopped(
        &self,
        destination: DestinationId,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let lanes = self.ports.outbox.lanes(now).await?;
        let lane = lanes
            .into_iter()
            .find(|lane| lane.destination_id == destination && lane.traffic == Lane::Stopped);
        Ok(lane.map(|lane| lane.stopped_because.unwrap_or_default()))
    }

    /// The message, again; `None` where there is nothing left to say.
    async fn again(
        &self,
        dead: &DeliveryRecord,
        notifier: &dyn Notifier,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StoreError> {
        let old = &dead.delivery;
        let retold = self.ports.retold(old).await?;
        let mut parts = Vec::with_capacity(retold.alerts.len());
        let mut facts = Vec::with_capacity(retold.alerts.len());
        for (alert, part) in &retold.alerts {
            let sequence = self
                .last_sequence(alert.id, old.destination_id)
                .await?;
            parts.push(retold_part(alert, part, sequence));
            facts.push(self.ports.facts_of(alert).await?);
        }
        let news: Vec<AlertNews<'_>> = retold
            .news()
            .into_iter()
            .zip(parts.iter().zip(&facts))
            .map(|(news, (part, facts))| AlertNews {
                reason: part.reason,
                sequence: part.sequence,
                slo: facts.slo.as_ref(),
                evaluation: facts.evaluation.as_ref(),
                ..news
            })
            .collect();
        let Some(content) = retelling::content(&old.subject, &news, retold.notice.as_ref()) else {
            return Ok(None);
        };
        let note = format!(
            "Sent again by hand. The message of {} was given up.",
            old.created_at
                .format("%Y-%m-%d %H:%M:%S UTC"),
        );
        let message = Message {
            content,
            now,
            note: Some(&note),
        };
        let at = now.timestamp_micros().to_be_bytes();
        Ok(Some(Delivery {
            id: DeliveryId(derived_id("replay", &[old.id.0.as_bytes(), &at])),
            destination_id: old.destination_id,
            body: notifier.render(&message),
            urgency: urgency(old, &parts),
            subject: subject(&old.subject, parts),
            created_at: now,
        }))
    }

    /// The number of the last message of the episode to the destination; 0 for none.
    async fn last_sequence(
        &self,
        alert: AlertId,
        destination: DestinationId,
    ) -> Result<u64, StoreError> {
        let ledger = self.ports.outbox.ledger(alert).await?;
        Ok(ledger
            .iter()
            .filter(|record| record.intent.destination_id == destination)
            .filter_map(|record| record.sequence)
            .max()
            .unwrap_or(0))
    }
}

/// An alert ends once, and somebody else sends the same again once: what is read then stands.
const TRIES: usize = 3;

/// What is said of an episode now.
fn retold_part(alert: &Alert, part: &Part, last_sequence: u64) -> Part {
    let (reason, tells) = if alert.is_open() {
        (part.reason, part.tells)
    } else {
        (Reason::AllResolved, ToldState::Resolved)
    };
    Part {
        reason,
        tells,
        sequence: last_sequence.saturating_add(1),
        severity: alert.severity,
        ..part.clone()
    }
}

fn urgency(old: &Delivery, parts: &[Part]) -> Urgency {
    let gravest: Option<Severity> = parts
        .iter()
        .map(|part| part.severity)
        .max();
    Urgency {
        is_resolve: old.urgency.is_resolve
            || parts
                .iter()
                .any(|part| part.tells == ToldState::Resolved),
        severity: gravest.unwrap_or(old.urgency.severity),
        class: old.urgency.class,
    }
}

/// The same subject with these parts. It holds nothing back: what joins its group is not news of it.
fn subject(old: &Subject, parts: Vec<Part>) -> Subject {
    match old {
        Subject::Alerts {
            service_name,
            group,
            ..
        } => Subject::Alerts {
            service_name: service_name.clone(),
            group: *group,
            window_at: None,
            parts,
        },
        Subject::Digest { .. } => Subject::Digest { parts },
        Subject::Notice(id) => Subject::Notice(*id),
    }
}
