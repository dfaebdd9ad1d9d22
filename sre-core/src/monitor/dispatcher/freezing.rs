//! From what is due to frozen messages, a lane at a time: what ails one keeps no other waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};

use crate::alert::{Alert, LifecycleSettings};
use crate::monitor::brake::Brakes;
use crate::monitor::dispatcher::drafts::{Candidate, Draft};
use crate::monitor::dispatcher::{Dispatched, Dispatcher, Sending};
use crate::name::{DestinationId, IntentId};
use crate::notification::{
    Judgement, Notice, Notifier, Plan, Reason, Said, Sendable, Withheld, judge, plan,
};
use crate::routing::Lead;
use crate::store::{ClaimedDelivery, Commit, DueGroup, Frozen, Judged, StoreError};
use crate::suppression::{Holder, Suppressions};

/// When something is frozen, and until when its first try is claimed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

/// What is due to one destination.
#[derive(Debug, Default)]
struct DueLane {
    groups: Vec<DueGroup>,
    said: Said,
    notices: Vec<Notice>,
}

/// What is not sent now, put together so that a storm is a handful of transactions.
#[derive(Debug, Default)]
struct Unsent {
    withheld: BTreeMap<Withheld, Vec<IntentId>>,
    postponed: BTreeMap<(DateTime<Utc>, Withheld, Option<Holder>), Vec<IntentId>>,
}

impl Dispatcher {
    /// Judges what is due. What fails keeps nothing that was claimed before from being sent.
    pub(super) async fn freeze_lanes(
        &self,
        moment: Moment,
        busy: &[DestinationId],
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        let lanes = self.due_lanes(moment, done).await?;
        // Before the first message is frozen, so that none goes out that a restart forgot to hold.
        let suppressions = self
            .suppressions(&lanes, moment, done)
            .await?;
        let brakes = self
            .brakes(&lanes, moment, done)
            .await?;
        let held = (&suppressions, &brakes);
        for (destination, lane) in lanes {
            let Some(notifier) = self.notifiers.get(&destination) else {
                continue;
            };
            if busy.contains(&destination) {
                continue;
            }
            done.has_more |= lane.groups.len() >= GROUPS as usize;
            match self
                .freeze_lane(lane, notifier, held, moment, done)
                .await
            {
                // What is corrupt concerns one lane, and the next activation will not mend it.
                Err(error @ StoreError::Corrupt { .. }) => done.note(error),
                frozen => frozen?,
            }
        }
        Ok(())
    }

    /// What may keep back news of what is due.
    async fn suppressions(
        &self,
        lanes: &BTreeMap<DestinationId, DueLane>,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<Suppressions, StoreError> {
        let alerts: Vec<&Alert> = lanes
            .values()
            .flat_map(|lane| &lane.groups)
            .map(|group| &group.alert)
            .collect();
        if alerts.is_empty() {
            return Ok(Suppressions::default());
        }
        let found = self
            .ports
            .suppressors
            .around(alerts, moment.now)
            .await?;
        for fault in found.faults {
            done.note(fault);
        }
        Ok(found.suppressions)
    }

    /// What is silent together with others. What cannot be read there keeps nothing back.
    async fn brakes(
        &self,
        lanes: &BTreeMap<DestinationId, DueLane>,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<Brakes, StoreError> {
        let Some(book) = &self.book else {
            return Ok(Brakes::default());
        };
        let due: Vec<&Alert> = lanes
            .values()
            .flat_map(|lane| &lane.groups)
            .map(|group| &group.alert)
            .collect();
        match Brakes::around(&self.ports.alerts, self.settings, book, due, moment.now).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                done.note(error);
                Ok(Brakes::default())
            }
            read => read,
        }
    }

    async fn due_lanes(
        &self,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<BTreeMap<DestinationId, DueLane>, StoreError> {
        let mut lanes: BTreeMap<DestinationId, DueLane> = BTreeMap::new();
        let due = self
            .ports
            .outbox
            .due_groups(moment.now, GROUPS)
            .await?;
        for group in due.groups {
            let lane = lanes
                .entry(group.destination_id)
                .or_default();
            lane.groups.push(group);
        }
        for (destination, said) in due.said {
            lanes
                .entry(destination)
                .or_default()
                .said = said;
        }
        let announced = self
            .ports
            .notices
            .due_notices(moment.now, NOTICES)
            .await?;
        for notice in announced.notices {
            let lane = lanes
                .entry(notice.destination_id)
                .or_default();
            lane.notices.push(notice);
        }
        for fault in due
            .faults
            .into_iter()
            .chain(announced.faults)
        {
            done.note(fault);
        }
        Ok(lanes)
    }

    /// Judges what is due to one destination, and freezes what is to be said now: all of it, or the
    /// most urgent message where the receiver wants them one by one.
    async fn freeze_lane(
        &self,
        lane: DueLane,
        notifier: &Arc<dyn Notifier>,
        held: (&Suppressions, &Brakes),
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        if self.is_shadow {
            return self
                .withhold_all(lane, moment, done)
                .await;
        }
        let mut unsent = Unsent::default();
        let services = lane
            .groups
            .iter()
            .map(|group| group.alert.service_name());
        let owners = self.router.owners(services).await?;
        let candidates: Vec<Candidate> = lane
            .groups
            .into_iter()
            .filter_map(|group| {
                let owner = owners.get(group.alert.service_name());
                let audience = self
                    .router
                    .audience(owner.map(String::as_str));
                let lead = audience.lead(&group.alert, group.destination_id, moment.now);
                let candidate = self.judged(group, (lead, held), moment.now, &mut unsent, done)?;
                if candidate.reason == Reason::AllResolved && !notifier.takes_ends() {
                    unsent.withhold(candidate.intents(), Withheld::NotWanted);
                    done.count(Withheld::NotWanted);
                    return None;
                }
                Some(candidate)
            })
            .collect();
        let sendable: Vec<Sendable> = candidates
            .iter()
            .map(Candidate::sendable)
            .collect();
        let plan = if notifier.takes_one_alert() {
            Plan::of_each(sendable.len())
        } else {
            plan(&lane.said, &sendable, moment.now)
        };
        for (place, until, rule) in &plan.held {
            if let Some(candidate) = candidates.get(*place) {
                unsent.postpone(candidate.intents(), *until, *rule, None);
                done.count(*rule);
            }
        }
        self.settle_unsent(unsent, moment, done)
            .await?;
        let drafts = Draft::of(&plan, &candidates, &lane.notices);
        let is_spaced = notifier.destination().spacing.is_some();
        let count = if is_spaced { 1 } else { drafts.len() };
        let destination = notifier.destination().id;
        let drafts = Draft::in_turns(drafts, self.is_turn_of_ends(destination));
        for draft in drafts.into_iter().take(count) {
            self.note_turn(destination, draft.is_end());
            self.freeze(&draft, notifier.as_ref(), moment, done)
                .await?;
        }
        Ok(())
    }

    /// Whether the last message to a destination told no end, so that one is next.
    fn is_turn_of_ends(&self, destination: DestinationId) -> bool {
        let told = self
            .told_ends
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        told.get(&destination) == Some(&false)
    }

    /// Remembers what a message tells. A process that has just started begins with a beginning.
    fn note_turn(&self, destination: DestinationId, is_end: bool) {
        self.told_ends
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(destination, is_end);
    }

    /// The group as news to send, unless it is not sent now.
    fn judged(
        &self,
        group: DueGroup,
        (lead, (suppressions, brakes)): (Lead, (&Suppressions, &Brakes)),
        now: DateTime<Utc>,
        unsent: &mut Unsent,
        done: &mut Dispatched,
    ) -> Option<Candidate> {
        let told = group.told.as_ref();
        let settings = LifecycleSettings {
            repeat_interval: lead
                .repeat_interval
                .unwrap_or(self.settings.repeat_interval),
            ..self.settings
        };
        let judgement = judge(&group.alert, &group.intents, told, now, &settings);
        match lead.holding(judgement) {
            Judgement::Send {
                carried,
                superseded,
                reason,
            } => {
                let decided_at = group
                    .intents
                    .iter()
                    .map(|intent| intent.created_at)
                    .min()
                    .unwrap_or(now);
                let alert = &group.alert;
                if let Some(held) = suppressions.withholds(alert, reason, decided_at, now) {
                    let rule = held.by.rule();
                    unsent.postpone(ids(&group), held.until, rule, Some(held.by));
                    done.count(rule);
                    return None;
                }
                if let Some(until) = brakes.holds(alert, reason, decided_at, now) {
                    unsent.postpone(ids(&group), until, Withheld::Brake, None);
                    done.count(Withheld::Brake);
                    return None;
                }
                let wish = suppressions.wished(alert).next();
                Some(Candidate {
                    while_held: wish.map(|held| held.by.rule()),
                    group,
                    carried,
                    superseded,
                    reason,
                    lead,
                })
            }
            Judgement::Withhold(rule) => {
                unsent.withhold(ids(&group), rule);
                done.count(rule);
                None
            }
            Judgement::Postpone { until, rule } => {
                unsent.postpone(ids(&group), until, rule, None);
                done.count(rule);
                None
            }
        }
    }

    /// In shadow nothing leaves, and everything is recorded.
    async fn withhold_all(
        &self,
        lane: DueLane,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        let mut unsent = Unsent::default();
        for group in &lane.groups {
            unsent.withhold(ids(group), Withheld::Shadow);
            done.count(Withheld::Shadow);
        }
        self.settle_unsent(unsent, moment, done)
            .await?;
        for notice in lane.notices {
            let judged = Judged::WithholdNotice {
                notice: notice.id,
                rule: Withheld::Shadow,
            };
            self.settle(&judged, moment, done)
                .await?;
            done.count(Withheld::Shadow);
        }
        Ok(())
    }

    async fn settle_unsent(
        &self,
        unsent: Unsent,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        for (rule, intents) in unsent.withheld {
            let judged = Judged::Withhold { intents, rule };
            self.settle(&judged, moment, done)
                .await?;
        }
        for ((until, rule, by), intents) in unsent.postponed {
            let judged = Judged::Postpone {
                intents,
                until,
                rule,
                by,
            };
            self.settle(&judged, moment, done)
                .await?;
        }
        Ok(())
    }

    /// Stores a judgement; whether it stands.
    async fn settle(
        &self,
        judged: &Judged,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<bool, StoreError> {
        let commit = self
            .ports
            .outbox
            .settle(judged, moment.now)
            .await?;
        let is_applied = commit != Commit::Superseded;
        done.superseded += u32::from(!is_applied);
        Ok(is_applied)
    }

    /// Renders and freezes one message; its first try is claimed.
    async fn freeze(
        &self,
        draft: &Draft<'_>,
        notifier: &dyn Notifier,
        moment: Moment,
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        let known = self
            .known(draft, notifier.destination(), done)
            .await?;
        let delivery = draft.delivery(&known, notifier, moment.now);
        let judged = Judged::Send(Frozen {
            delivery,
            superseded: draft.superseded(),
            claimed_until: moment.until,
        });
        let is_applied = self
            .settle(&judged, moment, done)
            .await?;
        if let (Judged::Send(frozen), true) = (judged, is_applied) {
            let claimed = ClaimedDelivery {
                delivery: frozen.delivery,
                epoch: 1,
                attempts: 1,
                is_possible_duplicate: false,
                is_degraded: false,
            };
            done.sendings.push(Sending {
                claimed,
                started_at: moment.now,
            });
        }
        Ok(())
    }
}

impl Unsent {
    fn withhold(&mut self, intents: impl IntoIterator<Item = IntentId>, rule: Withheld) {
        self.withheld
            .entry(rule)
            .or_default()
            .extend(intents);
    }

    fn postpone(
        &mut self,
        intents: impl IntoIterator<Item = IntentId>,
        until: DateTime<Utc>,
        rule: Withheld,
        by: Option<Holder>,
    ) {
        self.postponed
            .entry((until, rule, by))
            .or_default()
            .extend(intents);
    }
}

impl Dispatched {
    /// Counts a group that is not sent.
    fn count(&mut self, rule: Withheld) {
        *self
            .withheld
            .entry(rule.as_str())
            .or_default() += 1;
    }

    /// Remembers a failure that kept something from being judged.
    pub(super) fn note(&mut self, error: StoreError) {
        self.error = Some(Arc::new(error));
    }
}

fn ids(group: &DueGroup) -> impl Iterator<Item = IntentId> {
    group
        .intents
        .iter()
        .map(|intent| intent.id)
}

/// Groups of one destination that are judged at once: a storm of this size is one digest.
const GROUPS: u32 = 1_000;
/// Notices of one destination that are looked at at once.
const NOTICES: u32 = 10;
