//! Dispatchers judge, send, die, record, and come too late; destinations come and go.

use sre_core::notification::{DeadReason, Destination, Lane, Withheld};
use sre_core::store::{Attempt, ClaimedDelivery, Judged, Kept, Outbox, Recorded, Retention};

use super::{History, Pair, both};
use crate::fixtures::{at, attempt, first_try, frozen, resend, withheld};

impl History<'_> {
    pub(super) async fn notify(&mut self) {
        match self.random.below(16) {
            0 => self.register().await,
            1..=4 => self.read_groups().await,
            5..=8 => self.settle().await,
            9..=11 => self.claim_deliveries().await,
            _ => self.record().await,
        }
    }

    /// Sometimes a destination is missing, sometimes its configuration is another.
    async fn register(&mut self) {
        let mut destinations = Vec::new();
        for name in ["ops", "boss"] {
            if self.random.percent(85) {
                let configuration = self.random.of(&["one", "one", "other"]);
                destinations.push(Destination::new("webhook", name, configuration.as_bytes()));
            }
        }
        let now = self.now();
        self.same(
            "register_destinations",
            both!(self, register_destinations(&destinations, now)),
        );
    }

    async fn read_groups(&mut self) {
        let (now, limit) = (self.now(), self.random.of(&[1, 3, 100]));
        let due = self.same("due_groups", both!(self, due_groups(now, limit)));
        self.groups
            .extend(due.unwrap_or_default());
    }

    /// Judges a group as it was read, and begins to send it.
    async fn settle(&mut self) {
        let Some(group) = self.random.take(&mut self.groups) else {
            return;
        };
        let now = self.now();
        let judged = match self.random.below(6) {
            0 => withheld(&group, Withheld::NothingNew),
            1 => Judged::Postpone {
                intents: group
                    .intents
                    .iter()
                    .map(|intent| intent.id)
                    .collect(),
                until: at(self.second + 40),
                rule: Withheld::Cooldown,
            },
            _ => Judged::Send(frozen(&group, now)),
        };
        let is_applied = self.same_fate("settle", both!(self, settle(&judged, now)));
        if let (Judged::Send(frozen), true) = (judged, is_applied) {
            self.tries
                .push((first_try(&frozen), first_try(&frozen)));
        }
    }

    async fn claim_deliveries(&mut self) {
        let (now, until, limit) = (self.now(), self.until(), self.random.of(&[1, 10]));
        let (expected, answer) = both!(self, claim_deliveries(now, until, limit));
        let (expected, answer) = (expected.unwrap_or_default(), answer.unwrap_or_default());
        let numberless = |claimed: &ClaimedDelivery| ClaimedDelivery {
            epoch: 0,
            ..claimed.clone()
        };
        let seen = |claims: &[ClaimedDelivery]| {
            claims
                .iter()
                .map(numberless)
                .collect::<Vec<_>>()
        };
        self.same("claim_deliveries", (Ok(seen(&expected)), Ok(seen(&answer))));
        self.tries
            .extend(expected.into_iter().zip(answer));
    }

    /// Records what came of a try; some are recorded again, and some never.
    async fn record(&mut self) {
        let Some(tried) = self.random.take(&mut self.tries) else {
            return;
        };
        if self.random.percent(20) {
            return;
        }
        let (result, lane) = (self.result(&tried.0), self.lane());
        let attempt = |claimed: &ClaimedDelivery| Attempt {
            lane,
            ..attempt(claimed, at(self.second), result.clone())
        };
        let (expected, answer): Pair<Attempt> = (attempt(&tried.0), attempt(&tried.1));
        let fates = (
            self.reference.record(&expected).await,
            self.store.record(&answer).await,
        );
        self.same_fate("record", fates);
        if self.random.percent(10) {
            self.tries.push(tried);
        }
    }

    fn result(&mut self, tried: &ClaimedDelivery) -> Recorded {
        let later = at(self.second + self.random.of(&[1, 20, 60]));
        match self.random.below(8) {
            0 => Recorded::Dead {
                reason: DeadReason::Expired,
            },
            1 if !tried.is_degraded => Recorded::Degraded {
                resend: resend(&tried.delivery, self.now()),
            },
            2 => Recorded::Retry {
                at: later,
                is_unknown: true,
            },
            3 => Recorded::Retry {
                at: later,
                is_unknown: false,
            },
            _ => {
                let transition = 1 + self.random.below(3) as u64;
                let next_action_at = self.random.percent(70).then_some(later);
                Recorded::Delivered {
                    next_action_at,
                    transition,
                }
            }
        }
    }

    fn lane(&mut self) -> Lane {
        match self.random.below(20) {
            0 => Lane::Stopped,
            1 | 2 => Lane::PausedUntil(at(self.second + self.random.of(&[10, 100]))),
            _ => Lane::Open,
        }
    }

    /// Everything older than some minutes is forgotten.
    pub(super) async fn forget(&mut self) {
        let kept = self.random.of(&Kept::ALL);
        let before = at(self.second - self.random.of(&[60, 600, 3_600]));
        self.same(kept.as_str(), both!(self, prune(kept, before, 1_000)));
    }
}
