//! Tries of a message, and what comes of them.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use sre_core::name::DeliveryId;
use sre_core::notification::{Delivery, Told};
use sre_core::store::{Attempt, AttemptRecord, ClaimedDelivery, Frozen, Recorded};

use super::{Message, State};
use crate::reference::length;

/// The result of an attempt of which nobody can tell whether it arrived.
const UNKNOWN: &str = "unknown";
/// The reason of a message whose intents its minimal form carries.
const DEGRADED: &str = "degraded";

impl State {
    /// Claims messages whose try is due and that nobody has, urgent ones first.
    pub(super) fn claim_messages(
        &mut self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Vec<ClaimedDelivery> {
        let is_due = |message: &&Message| {
            message.is_pending()
                && message.next_attempt_at <= now
                && message.claim.is_free_at(now)
                && self.is_lane_open(message.delivery().destination_id, now)
        };
        let mut due: Vec<&Message> = self
            .messages
            .values()
            .filter(is_due)
            .collect();
        due.sort_by_key(|message| {
            let urgency = message.delivery().urgency;
            (
                urgency.class,
                Reverse(urgency.severity),
                message.next_attempt_at,
                message.id(),
            )
        });
        let due: Vec<DeliveryId> = due
            .into_iter()
            .take(length(limit))
            .map(Message::id)
            .collect();
        let claim = |id| {
            Some(
                self.messages
                    .get_mut(&id)?
                    .claimed(now, until),
            )
        };
        due.into_iter()
            .filter_map(claim)
            .collect()
    }

    /// Closes the attempt if its claim still stands; answers whether it did.
    pub(super) fn record(&mut self, attempt: &Attempt) -> bool {
        let stands =
            |message: &&mut Message| message.is_pending() && message.claim.epoch == attempt.epoch;
        let Some(message) = self
            .messages
            .get_mut(&attempt.delivery_id)
            .filter(stands)
        else {
            return false;
        };
        message.close(attempt);
        if let Some(lane) = self
            .lanes
            .get_mut(&attempt.destination_id)
        {
            lane.follow(attempt.lane);
        }
        match &attempt.result {
            Recorded::Delivered {
                next_action_at,
                transition,
            } => {
                self.deliver(attempt, *next_action_at, *transition);
            }
            Recorded::Retry { at, .. } => {
                self.messages
                    .get_mut(&attempt.delivery_id)
                    .into_iter()
                    .for_each(|message| {
                        message.next_attempt_at = *at;
                    });
            }
            Recorded::Degraded { resend } => self.degrade(attempt, resend),
            Recorded::Dead { reason } => {
                self.give_up(attempt.delivery_id, reason.as_str(), attempt.finished_at);
            }
        }
        true
    }

    /// It arrived: the destination has been told, and the episode knows.
    fn deliver(&mut self, attempt: &Attempt, next_at: Option<DateTime<Utc>>, transition: u64) {
        let Some(message) = self
            .messages
            .get_mut(&attempt.delivery_id)
        else {
            return;
        };
        (message.state, message.sent_at) = ("delivered", Some(attempt.finished_at));
        let frozen = message.frozen.clone();
        for id in &frozen.delivery.intents {
            self.notes
                .get_mut(id)
                .into_iter()
                .for_each(|note| note.state = "delivered");
        }
        self.tell(&frozen, attempt.finished_at);
        if let Some(episode) = self.episodes.get_mut(&frozen.alert_id) {
            let alert = &mut episode.alert;
            alert.last_notified_at = alert
                .last_notified_at
                .max(Some(attempt.finished_at));
            if alert.is_open() && alert.transition == transition {
                alert.next_action_at = next_at;
            }
        }
    }

    /// The destination believes what the message says.
    fn tell(&mut self, frozen: &Frozen, at: DateTime<Utc>) {
        let Some(episode) = self.episodes.get(&frozen.alert_id) else {
            return;
        };
        let alert = &episode.alert;
        let key = (frozen.delivery.destination_id, alert.identity.key());
        let told = Told {
            alert_id: alert.id,
            episode: alert.episode,
            state: frozen.tells,
            severity: frozen.severity,
            delivered_at: at,
        };
        self.told.insert(key, told);
    }

    /// The minimal form takes the place of the message that was refused.
    fn degrade(&mut self, attempt: &Attempt, resend: &Delivery) {
        let Some(message) = self
            .messages
            .get_mut(&attempt.delivery_id)
        else {
            return;
        };
        (message.state, message.reason) = ("dead", Some(DEGRADED));
        let frozen = Frozen {
            delivery: resend.clone(),
            ..message.frozen.clone()
        };
        let minimal = Message {
            is_degraded: true,
            may_have_arrived: message.may_have_arrived(),
            ..Message::new(frozen, attempt.finished_at)
        };
        self.messages.insert(resend.id, minimal);
    }

    /// Gives a message up. One that may have arrived has told the destination, so that the end is
    /// owed; one that was refused every time has not.
    pub(super) fn give_up(&mut self, id: DeliveryId, reason: &'static str, at: DateTime<Utc>) {
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        (message.state, message.reason) = ("dead", Some(reason));
        let (frozen, has_told) = (message.frozen.clone(), message.may_have_arrived());
        for id in &frozen.delivery.intents {
            if let Some(note) = self.notes.get_mut(id) {
                *note = note.clone().given_up(reason);
            }
        }
        if has_told {
            self.tell(&frozen, at);
        }
    }
}

impl Message {
    /// Begins one more try.
    fn claimed(&mut self, now: DateTime<Utc>, until: DateTime<Utc>) -> ClaimedDelivery {
        let is_possible_duplicate = self.may_have_arrived();
        let epoch = self.claim.take(until);
        let attempt = AttemptRecord {
            started_at: now,
            is_possible_duplicate,
            ..AttemptRecord::default()
        };
        self.attempts.insert(epoch, attempt);
        ClaimedDelivery {
            delivery: self.delivery().clone(),
            alert_id: self.frozen.alert_id,
            reason: self.frozen.reason,
            sequence: self.frozen.sequence,
            epoch,
            attempts: u32::try_from(self.attempts.len()).unwrap_or(u32::MAX),
            is_possible_duplicate,
            is_degraded: self.is_degraded,
        }
    }

    /// Notes what came of the try under way; when it began was noted when it did.
    fn close(&mut self, attempt: &Attempt) {
        self.claim.end();
        let is_unknown = matches!(
            attempt.result,
            Recorded::Retry {
                is_unknown: true,
                ..
            }
        ) || attempt.record.result.as_deref() == Some(UNKNOWN);
        self.may_have_arrived |= is_unknown;
        if let Some(record) = self.attempts.get_mut(&attempt.epoch) {
            *record = AttemptRecord {
                started_at: record.started_at,
                finished_at: Some(attempt.finished_at),
                is_possible_duplicate: record.is_possible_duplicate,
                ..attempt.record.clone()
            };
        }
    }

    /// Whether a try was closed as unknown, or never closed.
    fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
            || self
                .attempts
                .values()
                .any(|attempt| attempt.finished_at.is_none())
    }
}
