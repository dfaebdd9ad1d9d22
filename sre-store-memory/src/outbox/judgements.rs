//! What the dispatcher decides of a group.

use chrono::{DateTime, Utc};
use sre_core::name::IntentId;
use sre_core::notification::Subject;
use sre_core::store::{AttemptRecord, Frozen, Judged};
use sre_core::suppression::Holder;

use super::{Message, Note, State};

impl State {
    /// Stores a judgement if all its intents are still pending; answers whether it did.
    pub(super) fn settle(&mut self, judged: &Judged, now: DateTime<Utc>) -> bool {
        match judged {
            Judged::Send(frozen) => self.send(frozen, now),
            Judged::Withhold { intents, rule } => self.judge(intents, |note| {
                (note.state, note.reason) = ("withheld", Some(rule.as_str()));
                note.held_by = None;
            }),
            Judged::Postpone {
                intents,
                until,
                rule,
                by,
            } => {
                self.still_holds(*by, *until)
                    && self.judge(intents, |note| {
                        (note.intent.due_at, note.reason) = (*until, Some(rule.as_str()));
                        note.held_by = *by;
                    })
            }
            Judged::WithholdNotice { notice, rule } => self
                .pending_notice(*notice)
                .map(|noted| (noted.state, noted.reason) = ("withheld", Some(rule.as_str())))
                .is_some(),
        }
    }

    /// Freezes the message, claims it and begins its first try.
    fn send(&mut self, frozen: &Frozen, now: DateTime<Utc>) -> bool {
        let delivery = &frozen.delivery;
        let carried: Vec<IntentId> = delivery
            .parts()
            .iter()
            .map(|part| part.intent_id)
            .collect();
        if !self.are_pending(&carried)
            || !self.are_pending(&frozen.superseded)
            || !self.is_lane_open(delivery.destination_id, now)
        {
            return false;
        }
        if let Subject::Notice(id) = delivery.subject {
            let Some(noted) = self.pending_notice(id) else {
                return false;
            };
            noted.state = "frozen";
        }
        for part in delivery.parts() {
            self.judge(&[part.intent_id], |note| {
                (note.state, note.reason) = ("frozen", Some(part.reason.as_str()));
                (note.sequence, note.held_by) = (Some(part.sequence), None);
            });
        }
        self.judge(&frozen.superseded, |note| {
            (note.state, note.reason, note.held_by) = ("superseded", None, None);
        });
        let mut message = Message::new(delivery.clone(), now);
        let epoch = message.claim.take(frozen.claimed_until);
        let attempt = AttemptRecord {
            started_at: now,
            ..AttemptRecord::default()
        };
        message.attempts.insert(epoch, attempt);
        if let Some(lane) = self
            .lanes
            .get_mut(&delivery.destination_id)
        {
            lane.begin(now);
        }
        self.keep_message(message);
        true
    }

    /// Whether what somebody wished lasts as long as the dispatcher saw.
    fn still_holds(&self, by: Option<Holder>, until: DateTime<Utc>) -> bool {
        match by {
            Some(Holder::Silence(id)) => self
                .silences
                .get(&id)
                .is_some_and(|silence| silence.ends_at >= until),
            Some(Holder::Maintenance(id)) => self
                .maintenances
                .get(&id)
                .is_some_and(|planned| {
                    planned
                        .ends_at()
                        .is_none_or(|ends_at| ends_at >= until)
                }),
            _ => true,
        }
    }

    /// Changes all of these intents if all are still pending.
    fn judge(&mut self, intents: &[IntentId], change: impl Fn(&mut Note)) -> bool {
        if !self.are_pending(intents) {
            return false;
        }
        for id in intents {
            self.notes
                .get_mut(id)
                .into_iter()
                .for_each(&change);
        }
        true
    }

    fn are_pending(&self, intents: &[IntentId]) -> bool {
        let is_pending = |id| {
            self.notes
                .get(id)
                .is_some_and(|note: &Note| note.state == "pending")
        };
        intents.iter().all(is_pending)
    }
}
