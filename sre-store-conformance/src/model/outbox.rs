//! Dispatchers judge, send, die, record, and come too late; destinations come and go.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sre_core::notification::{DeadReason, Destination, Lane, Part, Withheld};
use sre_core::store::{
    Attempt, ClaimedDelivery, DueGroup, DueNotices, Frozen, Judged, Kept, NextAction, Notices,
    Outbox, Recorded, Retention,
};
use sre_core::time::Span;

use super::{History, Pair, both, seen};
use crate::fixtures::{
    announced, as_digest, at, attempt, destination, first_try, frozen, frozen_together, notice,
    resend, withheld,
};

impl History<'_> {
    pub(super) async fn notify(&mut self) {
        match self.random.below(18) {
            0 => self.register().await,
            16 => self.announce().await,
            17 => self.settle_notice().await,
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
                let destination = Destination::new("webhook", name, configuration.as_bytes());
                destinations.push(if self.random.percent(30) {
                    destination.spaced(Span::seconds(10))
                } else {
                    destination
                });
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
        let (expected, answer) = both!(self, due_groups(now, limit));
        let due = self.same("due_groups", (expected.map(seen), answer.map(seen)));
        let (groups, ..) = due.unwrap_or_default();
        self.groups.extend(groups);
    }

    /// Judges a group as it was read, and begins to send it.
    async fn settle(&mut self) {
        let Some(group) = self.random.take(&mut self.groups) else {
            return;
        };
        let now = self.now();
        let judged = match self.random.below(6) {
            0 => withheld(&group, Withheld::NothingNew),
            2 | 3 => Judged::Send(self.together(group, now)),
            1 => Judged::Postpone {
                intents: group
                    .intents
                    .iter()
                    .map(|intent| intent.id)
                    .collect(),
                until: at(self.second + 40),
                rule: Withheld::Cooldown,
                by: None,
            },
            _ => Judged::Send(frozen(&group, now)),
        };
        let is_applied = self.same_fate("settle", both!(self, settle(&judged, now)));
        if let (Judged::Send(frozen), true) = (judged, is_applied) {
            self.tries
                .push((first_try(&frozen), first_try(&frozen)));
        }
    }

    /// A message, or a digest, of all groups in hand for the destination of this one.
    fn together(&mut self, group: DueGroup, now: DateTime<Utc>) -> Frozen {
        let mut groups = vec![group];
        let mut episodes = BTreeSet::from([groups[0].alert.id]);
        let destination_id = groups[0].destination_id;
        self.groups.retain(|other| {
            let joins = other.destination_id == destination_id && episodes.insert(other.alert.id);
            if joins {
                groups.push(other.clone());
            }
            !joins
        });
        let frozen = frozen_together(&groups, now);
        if self.random.percent(40) {
            as_digest(frozen)
        } else {
            frozen
        }
    }

    /// Somebody announces something, twice perhaps.
    async fn announce(&mut self) {
        let to = destination(self.random.of(&["ops", "boss"])).id;
        let notice = notice(self.random.below(40) as u128, to, self.now());
        let notices = [notice.clone()];
        self.announced.insert(notice.id);
        self.same("add_notices", both!(self, add_notices(&notices)));
    }

    /// Begins to send one of the notices that wait, or withholds it.
    async fn settle_notice(&mut self) {
        let (now, limit) = (self.now(), self.random.of(&[1, 100]));
        let (expected, answer) = both!(self, due_notices(now, limit));
        let seen = |due: DueNotices| due.notices;
        let due = self.same("due_notices", (expected.map(seen), answer.map(seen)));
        let Some(notice) = due
            .unwrap_or_default()
            .into_iter()
            .next()
        else {
            return;
        };
        let judged = if self.random.percent(20) {
            Judged::WithholdNotice {
                notice: notice.id,
                rule: Withheld::Shadow,
            }
        } else {
            Judged::Send(announced(&notice, now))
        };
        let is_applied = self.same_fate("settle", both!(self, settle(&judged, now)));
        if let (Judged::Send(frozen), true) = (judged, is_applied) {
            self.tries
                .push((first_try(&frozen), first_try(&frozen)));
        }
    }

    async fn claim_deliveries(&mut self) {
        let (now, until, limit) = (self.now(), self.until(), self.random.of(&[1, 10]));
        let busy = self
            .random
            .percent(20)
            .then_some(destination("boss").id);
        let busy = busy.as_slice();
        let (expected, answer) = both!(self, claim_deliveries(now, until, limit, busy));
        let (expected, answer) = (expected.unwrap_or_default(), answer.unwrap_or_default());
        assert_eq!(answer.faults.len(), 0, "all can be read");
        let (expected, answer) = (expected.claimed, answer.claimed);
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
                let next_at = self.random.percent(70).then_some(later);
                let next = |part: &Part| NextAction {
                    alert_id: part.alert_id,
                    transition,
                    at: next_at,
                };
                Recorded::Delivered {
                    next: tried
                        .delivery
                        .parts()
                        .iter()
                        .map(next)
                        .collect(),
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
