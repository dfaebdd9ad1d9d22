//! Messages as they stand: listed, sent again, and missed by whom they were for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sre_core::name::{AlertId, DeliveryId, DestinationId, IntentId};
use sre_core::notification::{self, Fallback, Part, SLOW, Subject, ToldState};
use sre_core::store::{
    Commit, Deliveries, DeliveryQuery, DeliveryRecord, DeliveryStatus, Missed, Overdue,
    OverdueKind, Page, Replay, StoreError,
};

use super::{Message, Note, answer};
use crate::{MemoryStore, State, length};

#[async_trait]
impl Deliveries for MemoryStore {
    async fn list_deliveries(
        &self,
        query: &DeliveryQuery,
        page: Page<u64>,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        Ok(self
            .state()
            .list_deliveries(query, page))
    }

    async fn find_delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        Ok(self
            .state()
            .messages
            .get(&id)
            .map(Message::record))
    }

    async fn replay(&self, replay: &Replay) -> Result<Commit, StoreError> {
        Ok(answer(self.state().replay(replay)))
    }

    async fn missed(
        &self,
        fallbacks: &[Fallback],
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Missed>, StoreError> {
        let state = self.state();
        let mut missed: Vec<(DateTime<Utc>, Missed)> = fallbacks
            .iter()
            .flat_map(|fallback| state.missed(fallback, fallbacks, now))
            .collect();
        missed.sort_by_key(|(at, missed)| (*at, missed.alert_id, missed.destination_id));
        missed.truncate(length(limit));
        Ok(missed
            .into_iter()
            .map(|(_, missed)| missed)
            .collect())
    }

    async fn overdue(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Overdue>, StoreError> {
        let state = self.state();
        let mut overdue = Vec::new();
        for mut kind in [
            state.untried(before),
            state.uncarried(before),
            state.unmoved(before),
        ] {
            kind.sort_by_key(|overdue| (overdue.since, overdue.id));
            kind.truncate(length(limit));
            overdue.extend(kind);
        }
        Ok(overdue)
    }
}

impl State {
    fn list_deliveries(&self, query: &DeliveryQuery, page: Page<u64>) -> Vec<DeliveryRecord> {
        let is_wanted = |record: &DeliveryRecord| {
            page.after
                .is_none_or(|after| record.number < after)
                && query
                    .destination_id
                    .is_none_or(|id| id == record.delivery.destination_id)
                && query.state.is_none_or(|status| {
                    status == record.status && record.reason.as_deref() != Some("degraded")
                })
        };
        let mut records: Vec<DeliveryRecord> = self
            .messages
            .values()
            .map(Message::record)
            .filter(is_wanted)
            .collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.number));
        records.truncate(length(
            page.limit
                .min(Page::<u64>::LIMIT_MAX)
                .get(),
        ));
        records
    }

    /// Stores the message if the other is dead and so is all that it carried; answers whether it did.
    fn replay(&mut self, replay: &Replay) -> bool {
        let delivery = &replay.delivery;
        let is_dead = |note: Option<&Note>| note.is_some_and(|note| note.state == "dead");
        let carried = delivery.parts();
        // The end of what has ended meanwhile is judged already: nobody would hear it after this.
        let stands = |part: &Part| part.tells == ToldState::Resolved || self.is_open(part.alert_id);
        let are_dead = carried
            .iter()
            .all(|part| is_dead(self.notes.get(&part.intent_id)) && stands(part));
        let Some(dead) = self
            .messages
            .get(&replay.of)
            .filter(|message| message.state == "dead" && are_dead)
        else {
            return false;
        };
        let may_have_arrived = dead.may_have_arrived();
        if let Subject::Notice(id) = delivery.subject {
            let Some(noted) = self
                .notices
                .get_mut(&id)
                .filter(|noted| noted.state == "dead")
            else {
                return false;
            };
            (noted.state, noted.reason) = ("frozen", None);
        }
        for part in carried {
            if let Some(note) = self.notes.get_mut(&part.intent_id) {
                (note.state, note.reason) = ("frozen", Some(part.reason.as_str()));
                note.sequence = Some(part.sequence);
            }
        }
        let message = Message {
            replay_of: Some(replay.of),
            may_have_arrived,
            ..Message::new(delivery.clone(), delivery.created_at)
        };
        self.keep_message(message);
        true
    }

    /// What the destination was not told and its fallback has not heard of since; each with when it
    /// was decided.
    fn missed(
        &self,
        fallback: &Fallback,
        fallbacks: &[Fallback],
        now: DateTime<Utc>,
    ) -> Vec<(DateTime<Utc>, Missed)> {
        let slow_before = now - SLOW.as_delta();
        let held = self
            .notes
            .values()
            .filter(|note| note.state == "pending" && note.intent.destination_id == fallback.of)
            .filter(|note| note.intent.due_at <= now)
            .filter(|note| match self.traffic(fallback.of) {
                notification::Lane::Stopped => true,
                notification::Lane::PausedUntil(until) => {
                    until > now && note.intent.due_at <= slow_before
                }
                notification::Lane::Open => false,
            });
        let refused = self
            .messages
            .values()
            .filter(|message| message.delivery().destination_id == fallback.of)
            .filter(|message| message.is_missed(fallback.quick_retries, slow_before, now))
            .flat_map(|message| message.delivery().parts())
            .filter_map(|part| self.notes.get(&part.intent_id));
        // A message that was given up and its replay carry the same.
        let missed: BTreeMap<IntentId, &Note> = held
            .chain(refused)
            .map(|note| (note.intent.id, note))
            .collect();
        missed
            .into_values()
            .filter(|note| self.is_open(note.intent.alert_id))
            .filter(|note| !self.has_fallen_back(note, fallbacks))
            .filter(|note| {
                fallback
                    .to
                    .iter()
                    .any(|to| !self.hears_since(*to, note))
            })
            .map(|note| {
                let missed = Missed {
                    alert_id: note.intent.alert_id,
                    destination_id: fallback.of,
                    kind: note.intent.kind,
                };
                (note.intent.created_at, missed)
            })
            .collect()
    }

    /// Messages that were to be tried.
    fn untried(&self, before: DateTime<Utc>) -> Vec<Overdue> {
        self.messages
            .values()
            .filter(|message| message.is_pending() && message.next_attempt_at < before)
            .filter(|message| message.claim.is_free_at(before))
            .filter(|message| self.is_lane_open(message.delivery().destination_id, before))
            .map(|message| Overdue {
                kind: OverdueKind::Delivery,
                id: message.id().0,
                since: message.next_attempt_at,
            })
            .collect()
    }

    /// Intents that are frozen, and that no message under way carries.
    fn uncarried(&self, before: DateTime<Utc>) -> Vec<Overdue> {
        let is_carried = |note: &Note| {
            self.messages
                .values()
                .any(|message| message.is_pending() && message.carries(note.intent.id))
        };
        self.notes
            .values()
            .filter(|note| note.state == "frozen" && note.intent.created_at < before)
            .filter(|note| !is_carried(note))
            .map(|note| Overdue {
                kind: OverdueKind::Intent,
                id: note.intent.id.0,
                since: note.intent.created_at,
            })
            .collect()
    }

    /// Open episodes that time was to move.
    fn unmoved(&self, before: DateTime<Utc>) -> Vec<Overdue> {
        self.episodes
            .values()
            .filter(|episode| episode.alert.is_open() && episode.claim.is_free_at(before))
            .filter_map(|episode| {
                let since = episode
                    .alert
                    .next_action_at
                    .filter(|at| *at < before)?;
                Some(Overdue {
                    kind: OverdueKind::Alert,
                    id: episode.alert.id.0,
                    since,
                })
            })
            .collect()
    }

    fn is_open(&self, alert: AlertId) -> bool {
        self.episodes
            .get(&alert)
            .is_some_and(|episode| episode.alert.is_open())
    }

    /// Whether the intent came in place of another destination: that heard of the episode before, and
    /// not at this transition.
    fn has_fallen_back(&self, missed: &Note, fallbacks: &[Fallback]) -> bool {
        let own = &missed.intent;
        let heard = |id: DestinationId| {
            self.notes
                .values()
                .map(|note| &note.intent)
                .filter(move |intent| {
                    intent.alert_id == own.alert_id && intent.destination_id == id
                })
                .map(|intent| intent.transition)
        };
        fallbacks
            .iter()
            .filter(|fallback| {
                fallback
                    .to
                    .contains(&own.destination_id)
            })
            .any(|fallback| {
                heard(fallback.of).any(|at| at < own.transition)
                    && heard(fallback.of).all(|at| at != own.transition)
            })
    }

    /// Whether the destination has an intent of a later transition of the same episode.
    fn hears_since(&self, destination: DestinationId, missed: &Note) -> bool {
        self.notes.values().any(|note| {
            note.intent.alert_id == missed.intent.alert_id
                && note.intent.destination_id == destination
                && note.intent.transition > missed.intent.transition
        })
    }
}

impl Message {
    fn record(&self) -> DeliveryRecord {
        DeliveryRecord {
            number: self.number,
            delivery: self.delivery.clone(),
            status: match self.state {
                "pending" => DeliveryStatus::Pending,
                "delivered" => DeliveryStatus::Delivered,
                _ => DeliveryStatus::Dead,
            },
            reason: self.reason.map(str::to_owned),
            is_degraded: self.is_degraded,
            replay_of: self.replay_of,
            next_attempt_at: self
                .is_pending()
                .then_some(self.next_attempt_at),
            sent_at: self.sent_at,
            attempts: self
                .attempts
                .values()
                .cloned()
                .collect(),
        }
    }

    /// Whether it did not arrive where and when it should have.
    fn is_missed(
        &self,
        quick_retries: u32,
        slow_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        let ended = self
            .attempts
            .values()
            .filter(|attempt| attempt.finished_at.is_some())
            .count();
        match self.state {
            "dead" => {
                self.reason != Some("degraded")
                    && self.delivery.created_at > now - TimeDelta::days(1)
            }
            "pending" => self.delivery.created_at <= slow_before || ended > length(quick_retries),
            _ => false,
        }
    }
}
