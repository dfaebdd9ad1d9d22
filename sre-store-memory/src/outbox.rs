//! What is to be sent: intents, deliveries, attempts.

mod attempts;
mod deliveries;
mod groups;
mod judgements;
mod lanes;
mod notices;

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::name::{AlertId, DeliveryId, DestinationId, IntentId};
use sre_core::notification::{Delivery, Destination, Intent, Subject};
use sre_core::store::{
    Attempt, AttemptRecord, ClaimedDeliveries, Commit, DeliveryState, DueGroups, IntentRecord,
    Judged, LaneStatus, Outbox, QueueDepth, StoreError,
};
use sre_core::suppression::Holder;

use super::lifetime::Claim;
use super::{MemoryStore, State};

pub(super) use self::lanes::Lane;
pub(super) use self::notices::Noted;

/// An intent and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Note {
    intent: Intent,
    /// `pending`, `frozen`, `delivered`, `withheld`, `superseded`, `dead`.
    state: &'static str,
    reason: Option<&'static str>,
    /// What keeps it from being sent, while something does.
    held_by: Option<Holder>,
    sequence: Option<u64>,
}

/// A message with its tries.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Its place in the order in which messages were frozen.
    number: u64,
    delivery: Delivery,
    /// `pending`, `delivered`, `dead`.
    state: &'static str,
    reason: Option<&'static str>,
    next_attempt_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    claim: Claim,
    /// By epoch.
    attempts: BTreeMap<u64, AttemptRecord>,
    is_degraded: bool,
    /// Whether a try was closed as unknown, of this message or of the one it is the minimal form of.
    may_have_arrived: bool,
    /// The dead message whose news it carries again.
    replay_of: Option<DeliveryId>,
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn register_destinations(
        &self,
        destinations: &[Destination],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.state()
            .register_lanes(destinations, now);
        Ok(())
    }

    async fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> Result<DueGroups, StoreError> {
        Ok(self.state().due_groups(now, limit))
    }

    async fn settle(&self, judged: &Judged, now: DateTime<Utc>) -> Result<Commit, StoreError> {
        Ok(answer(self.state().settle(judged, now)))
    }

    async fn claim_deliveries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Result<ClaimedDeliveries, StoreError> {
        Ok(ClaimedDeliveries {
            claimed: self
                .state()
                .claim_messages(now, until, limit, busy),
            faults: Vec::new(),
        })
    }

    async fn record(&self, attempt: &Attempt) -> Result<Commit, StoreError> {
        Ok(answer(self.state().record(attempt)))
    }

    async fn ledger(&self, alert: AlertId) -> Result<Vec<IntentRecord>, StoreError> {
        Ok(self.state().ledger(alert))
    }

    async fn depth(&self) -> Result<QueueDepth, StoreError> {
        let state = self.state();
        let is_open = |note: &&Note| matches!(note.state, "pending" | "frozen");
        let open = state.notes.values().filter(is_open);
        let deliveries = state
            .messages
            .values()
            .filter(|message| message.is_pending());
        Ok(QueueDepth {
            intents: open.clone().count() as u64,
            deliveries: deliveries.count() as u64,
            oldest_at: open
                .map(|note| note.intent.created_at)
                .min(),
        })
    }

    async fn lanes(&self, since: DateTime<Utc>) -> Result<Vec<LaneStatus>, StoreError> {
        Ok(self.state().lane_statuses(since))
    }
}

fn answer(is_applied: bool) -> Commit {
    if is_applied {
        Commit::Applied { revision: 0 }
    } else {
        Commit::Superseded
    }
}

impl State {
    /// Stores an intent, once. One for a destination that is gone ends here.
    pub(super) fn note(&mut self, intent: &Intent) {
        let is_gone = self
            .lanes
            .get(&intent.destination_id)
            .is_some_and(Lane::is_gone);
        let note = Note {
            intent: intent.clone(),
            state: "pending",
            reason: None,
            held_by: None,
            sequence: None,
        };
        let note = if is_gone {
            note.given_up(lanes::GONE)
        } else {
            note
        };
        self.notes
            .entry(intent.id)
            .or_insert(note);
    }

    /// Stores a message behind those that were frozen before.
    fn keep_message(&mut self, mut message: Message) {
        self.frozen = self.frozen.saturating_add(1);
        message.number = self.frozen;
        self.messages
            .insert(message.id(), message);
    }

    /// What this keeps from being sent is due from `now` on.
    pub(super) fn release(&mut self, holder: Holder, now: DateTime<Utc>) {
        let held = self
            .notes
            .values_mut()
            .filter(|note| note.state == "pending" && note.held_by == Some(holder));
        for note in held {
            note.intent.due_at = note.intent.due_at.min(now);
        }
    }

    /// Every intent of the episode by transition, then destination.
    fn ledger(&self, alert: AlertId) -> Vec<IntentRecord> {
        let mut notes: Vec<&Note> = self
            .notes
            .values()
            .filter(|note| note.intent.alert_id == alert)
            .collect();
        notes.sort_by_key(|note| (note.intent.transition, note.intent.destination_id));
        let record = |note: &Note| IntentRecord {
            intent: note.intent.clone(),
            state: note.state.to_owned(),
            reason: note.reason.map(str::to_owned),
            held_by: note.held_by,
            sequence: note.sequence,
            deliveries: self.messages_of(|message| message.carries(note.intent.id)),
        };
        notes.into_iter().map(record).collect()
    }

    /// The messages about something, the minimal form last.
    fn messages_of(
        &self,
        is_about: impl Fn(&Message) -> bool,
    ) -> Vec<(DeliveryState, Vec<AttemptRecord>)> {
        let mut messages: Vec<&Message> = self
            .messages
            .values()
            .filter(|message| is_about(message))
            .collect();
        messages.sort_by_key(|message| (message.is_degraded, message.delivery().created_at));
        messages
            .into_iter()
            .map(Message::shown)
            .collect()
    }

    /// Forgets everything that was noted and told of an episode.
    pub(super) fn forget_notes(&mut self, alert: AlertId) {
        self.notes
            .retain(|_, note| note.intent.alert_id != alert);
        self.messages
            .retain(|_, message| !message.forgets(alert));
        self.told
            .retain(|_, told| told.alert_id != alert);
    }

    /// Whether somebody is still to hear of the episode.
    pub(super) fn is_owed(&self, alert: AlertId) -> bool {
        let is_open = |note: &Note| matches!(note.state, "pending" | "frozen");
        self.notes
            .values()
            .any(|note| note.intent.alert_id == alert && is_open(note))
    }
}

impl Note {
    /// The intent, ended without having been told.
    fn given_up(self, reason: &'static str) -> Self {
        Self {
            state: "dead",
            reason: Some(reason),
            held_by: None,
            ..self
        }
    }
}

impl Message {
    /// A message that is to be tried from `now` on.
    fn new(delivery: Delivery, now: DateTime<Utc>) -> Self {
        Self {
            number: 0,
            delivery,
            state: "pending",
            reason: None,
            next_attempt_at: now,
            sent_at: None,
            claim: Claim::NONE,
            attempts: BTreeMap::new(),
            is_degraded: false,
            may_have_arrived: false,
            replay_of: None,
        }
    }

    fn id(&self) -> DeliveryId {
        self.delivery.id
    }

    fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    fn speaks_of(&self, alert: AlertId) -> bool {
        self.delivery
            .parts()
            .iter()
            .any(|part| part.alert_id == alert)
    }

    fn carries(&self, intent: IntentId) -> bool {
        self.delivery
            .parts()
            .iter()
            .any(|part| part.intent_id == intent)
    }

    /// Forgets what it says of the episode; answers whether it spoke of nothing else.
    fn forgets(&mut self, alert: AlertId) -> bool {
        let spoke = self.speaks_of(alert);
        if let Subject::Alerts { parts, .. } | Subject::Digest { parts } =
            &mut self.delivery.subject
        {
            parts.retain(|part| part.alert_id != alert);
        }
        spoke && self.delivery.parts().is_empty()
    }

    fn is_pending(&self) -> bool {
        self.state == "pending"
    }

    fn shown(&self) -> (DeliveryState, Vec<AttemptRecord>) {
        let state = DeliveryState {
            id: self.id(),
            state: self.state.to_owned(),
            reason: self.reason.map(str::to_owned),
            body: self.delivery().body.clone(),
            next_attempt_at: self
                .is_pending()
                .then_some(self.next_attempt_at),
            created_at: self.delivery().created_at,
            sent_at: self.sent_at,
        };
        (
            state,
            self.attempts
                .values()
                .cloned()
                .collect(),
        )
    }
}
