//! Tries of a message, and what comes of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::name::{DeliveryId, DestinationId};
use sre_core::notification::{Delivery, Subject, Told};
use sre_core::store::{Attempt, AttemptRecord, ClaimedDelivery, NextAction, Recorded};

use super::{Message, State};
use crate::length;

/// The result of an attempt of which nobody can tell whether it arrived.
const UNKNOWN: &str = "unknown";
/// The reason of a message whose intents its minimal form carries.
const DEGRADED: &str = "degraded";

impl State {
    /// Claims messages whose try is due and that nobody has, urgent ones first, so many of each
    /// destination as it has room for.
    pub(super) fn claim_messages(
        &mut self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Vec<ClaimedDelivery> {
        let is_due = |message: &&Message| {
            message.is_pending()
                && message.next_attempt_at <= now
                && message.claim.is_free_at(now)
                && self.is_lane_open(message.delivery().destination_id, now)
                && !busy.contains(&message.delivery().destination_id)
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
        let due: Vec<(DeliveryId, DestinationId)> = due
            .into_iter()
            .map(|message| (message.id(), message.delivery().destination_id))
            .collect();
        let mut counts: BTreeMap<DestinationId, usize> = BTreeMap::new();
        let mut claimed = Vec::new();
        for (id, destination) in due {
            let (Some(message), Some(lane)) =
                (self.messages.get_mut(&id), self.lanes.get_mut(&destination))
            else {
                continue;
            };
            let count = counts.entry(destination).or_default();
            if *count < lane.room(length(limit)) {
                *count += 1;
                lane.begin(now);
                claimed.push(message.claimed(now, until));
            }
        }
        claimed
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
            lane.note(attempt);
        }
        match &attempt.result {
            Recorded::Delivered { next } => self.deliver(attempt, next),
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

    /// It arrived: the destination has been told, and the episodes know.
    fn deliver(&mut self, attempt: &Attempt, next: &[NextAction]) {
        let Some(message) = self
            .messages
            .get_mut(&attempt.delivery_id)
        else {
            return;
        };
        (message.state, message.sent_at) = ("delivered", Some(attempt.finished_at));
        let delivery = message.delivery.clone();
        self.end_carried(&delivery, "delivered", None);
        self.tell(&delivery, attempt.finished_at);
        for part in delivery.parts() {
            let Some(episode) = self.episodes.get_mut(&part.alert_id) else {
                continue;
            };
            let alert = &mut episode.alert;
            alert.last_notified_at = alert
                .last_notified_at
                .max(Some(attempt.finished_at));
            let moved = next.iter().find(|next| {
                next.alert_id == alert.id && alert.is_open() && alert.transition == next.transition
            });
            if let Some(next) = moved {
                alert.next_action_at = next.at;
            }
        }
    }

    /// What the message carried ends with it.
    fn end_carried(
        &mut self,
        delivery: &Delivery,
        state: &'static str,
        reason: Option<&'static str>,
    ) {
        for part in delivery.parts() {
            if let Some(note) = self.notes.get_mut(&part.intent_id) {
                note.state = state;
                note.reason = reason.or(note.reason);
            }
        }
        if let Subject::Notice(id) = delivery.subject
            && let Some(noted) = self.notices.get_mut(&id)
        {
            (noted.state, noted.reason) = (state, reason);
        }
    }

    /// The destination believes what the message says, unless it has heard of a later episode.
    fn tell(&mut self, delivery: &Delivery, at: DateTime<Utc>) {
        for part in delivery.parts() {
            let Some(episode) = self.episodes.get(&part.alert_id) else {
                continue;
            };
            let alert = &episode.alert;
            let key = (delivery.destination_id, alert.identity.key());
            let told = Told {
                alert_id: alert.id,
                episode: alert.episode,
                state: part.tells,
                severity: part.severity,
                delivered_at: at,
            };
            let is_news = self
                .told
                .get(&key)
                .is_none_or(|known| known.episode <= told.episode);
            if is_news {
                self.told.insert(key, told);
            }
        }
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
        let minimal = Message {
            is_degraded: true,
            may_have_arrived: message.may_have_arrived(),
            replay_of: message.replay_of,
            ..Message::new(resend.clone(), attempt.finished_at)
        };
        self.keep_message(minimal);
    }

    /// Gives a message up. One that may have arrived has told the destination, so that the end is
    /// owed; one that was refused every time has not.
    pub(super) fn give_up(&mut self, id: DeliveryId, reason: &'static str, at: DateTime<Utc>) {
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        (message.state, message.reason) = ("dead", Some(reason));
        let (delivery, has_told) = (message.delivery.clone(), message.may_have_arrived());
        self.end_carried(&delivery, "dead", Some(reason));
        if has_told {
            self.tell(&delivery, at);
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
    pub(super) fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
            || self
                .attempts
                .values()
                .any(|attempt| attempt.finished_at.is_none())
    }
}
