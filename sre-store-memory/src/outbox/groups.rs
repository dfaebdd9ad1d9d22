//! Which intents are to be judged now, and in which order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, AlertType, DedupKey, Origin, Severity};
use sre_core::name::{AlertId, DestinationId};
use sre_core::notification::{
    GROUP_INTERVAL_MAX, GROUP_WAIT, GroupWindow, Intent, IntentKind, Said, Subject, ToldState,
};
use sre_core::store::{DueGroup, DueGroups};

use super::{Message, State};
use crate::length;

impl State {
    /// The groups of which at least one intent is due, each with all its pending intents: what is
    /// said says all of it.
    pub(super) fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> DueGroups {
        let mut pending: BTreeMap<(AlertId, DestinationId), Vec<Intent>> = BTreeMap::new();
        for note in self
            .notes
            .values()
            .filter(|note| note.state == "pending")
        {
            let key = (note.intent.alert_id, note.intent.destination_id);
            pending
                .entry(key)
                .or_default()
                .push(note.intent.clone());
        }
        let is_due = |intents: &[Intent]| {
            intents
                .iter()
                .any(|intent| intent.due_at <= now)
        };
        let mut groups: Vec<DueGroup> = pending
            .into_iter()
            .filter_map(|((alert, destination), intents)| self.group(alert, destination, intents))
            .collect();
        // What is said next of an identity waits for what was said first.
        let heads = heads(&groups);
        let under_way = self.under_way();
        groups.retain(|group| {
            is_due(&group.intents)
                && self.is_lane_open(group.destination_id, now)
                && heads.get(&subject(group)) == Some(&group.alert.episode)
                && !under_way.contains(&subject(group))
                && !self.waits_for_page(&group.alert, group.destination_id)
        });
        groups.sort_by_key(place);
        let mut counts: BTreeMap<DestinationId, usize> = BTreeMap::new();
        groups.retain(|group| {
            let count = counts
                .entry(group.destination_id)
                .or_default();
            *count += 1;
            *count <= length(limit)
        });
        DueGroups {
            groups,
            said: counts
                .into_keys()
                .map(|destination| (destination, self.said(destination, now)))
                .collect(),
            faults: Vec::new(),
        }
    }

    /// What the destination was told of alerts within the last while.
    fn said(&self, destination_id: DestinationId, now: DateTime<Utc>) -> Said {
        let mut said = Said::default();
        let recent = self
            .messages
            .values()
            .map(|message| (message, message.delivery()))
            .filter(|(message, delivery)| {
                !message.is_degraded
                    && delivery.destination_id == destination_id
                    && delivery.created_at > now - GROUP_INTERVAL_MAX.as_delta()
            });
        for (_, delivery) in recent {
            let is_recent = delivery.created_at > now - GROUP_WAIT.as_delta();
            let severity = delivery
                .parts()
                .iter()
                .filter(|part| part.tells == ToldState::Firing)
                .map(|part| part.severity)
                .max();
            match &delivery.subject {
                Subject::Alerts {
                    group, window_at, ..
                } => {
                    said.messages += u32::from(is_recent);
                    if let (Some(began_at), Some(severity)) = (window_at, severity) {
                        let window = GroupWindow {
                            began_at: *began_at,
                            severity,
                        };
                        let seen = said
                            .groups
                            .entry(*group)
                            .or_insert(window);
                        *seen = later(*seen, window);
                    }
                }
                Subject::Digest { .. } if !is_recent => {}
                Subject::Digest { .. } => {
                    let window = GroupWindow {
                        began_at: delivery.created_at,
                        severity: severity.unwrap_or(Severity::Low),
                    };
                    said.digest = Some(
                        said.digest
                            .map_or(window, |seen| later(seen, window)),
                    );
                }
                Subject::Notice(_) => {}
            }
        }
        said
    }

    /// Whom a message that is neither delivered nor given up is for, and of which identity.
    fn under_way(&self) -> BTreeSet<(DestinationId, DedupKey)> {
        let pending = self
            .messages
            .values()
            .filter(|message| message.is_pending());
        let subjects = |message: &Message| {
            let destination_id = message.delivery().destination_id;
            let parts = message.delivery().parts().to_vec();
            parts
                .into_iter()
                .filter_map(move |part| {
                    let episode = self.episodes.get(&part.alert_id)?;
                    Some((destination_id, episode.alert.identity.key()))
                })
        };
        pending.flat_map(subjects).collect()
    }

    fn group(
        &self,
        alert: AlertId,
        destination_id: DestinationId,
        mut intents: Vec<Intent>,
    ) -> Option<DueGroup> {
        intents.sort_by_key(|intent| intent.transition);
        let alert = self.episodes.get(&alert)?.alert.clone();
        let told = self
            .told
            .get(&(destination_id, alert.identity.key()))
            .cloned();
        let to_destination = self
            .messages
            .values()
            .filter(|message| message.delivery().destination_id == destination_id);
        let sequence = to_destination
            .flat_map(|message| message.delivery().parts())
            .filter(|part| part.alert_id == alert.id)
            .map(|part| part.sequence)
            .max()
            .unwrap_or(0);
        Some(DueGroup {
            destination_id,
            alert,
            intents,
            told,
            sequence,
        })
    }

    /// Whether the destination is still to hear something of the episode.
    fn owes(&self, destination_id: DestinationId, alert: AlertId) -> bool {
        let is_pending = self.notes.values().any(|note| {
            let intent = &note.intent;
            note.state == "pending"
                && (intent.destination_id, intent.alert_id) == (destination_id, alert)
        });
        let is_under_way = self.messages.values().any(|message| {
            message.is_pending()
                && message.speaks_of(alert)
                && message.delivery().destination_id == destination_id
        });
        is_pending || is_under_way
    }

    /// Whether the alert is a ticket of an SLO whose page is open, or of the end of which the
    /// destination is still to hear.
    fn waits_for_page(&self, alert: &Alert, destination_id: DestinationId) -> bool {
        let is_page = |other: &Alert| {
            other.identity.origin == Origin::Generated
                && *other.alert_type() == AlertType::BurnRate
                && other.slo_id() == alert.slo_id()
                && (other.is_open() || self.owes(destination_id, other.id))
        };
        alert.is_ticket()
            && alert.slo_id().is_some()
            && self
                .episodes
                .values()
                .any(|episode| is_page(&episode.alert))
    }
}

/// The window that began later; of one window, the gravest said in it.
fn later(one: GroupWindow, other: GroupWindow) -> GroupWindow {
    if (one.began_at, one.severity) >= (other.began_at, other.severity) {
        one
    } else {
        other
    }
}

/// Whom a group is for, and of which identity.
fn subject(group: &DueGroup) -> (DestinationId, DedupKey) {
    (group.destination_id, group.alert.identity.key())
}

/// The earliest episode of each identity of which a destination is still to hear.
fn heads(groups: &[DueGroup]) -> BTreeMap<(DestinationId, DedupKey), u64> {
    let mut heads = BTreeMap::new();
    for group in groups {
        let head = heads
            .entry(subject(group))
            .or_insert(group.alert.episode);
        *head = group.alert.episode.min(*head);
    }
    heads
}

/// What began, changed or ended before what merely goes on; then the graver; then the longest due.
fn place(
    group: &DueGroup,
) -> (
    bool,
    Reverse<Severity>,
    Option<DateTime<Utc>>,
    AlertId,
    DestinationId,
) {
    let goes_on = |intent: &Intent| matches!(intent.kind, IntentKind::Repeat | IntentKind::Recur);
    let is_repeat = group.intents.iter().all(goes_on);
    let due_at = group
        .intents
        .iter()
        .map(|intent| intent.due_at)
        .min();
    (
        is_repeat,
        Reverse(group.alert.severity),
        due_at,
        group.alert.id,
        group.destination_id,
    )
}
