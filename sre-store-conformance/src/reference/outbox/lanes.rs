//! Lanes: one a destination, open, paused or stopped, so that a broken receiver holds no other up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::name::{DeliveryId, DestinationId};
use sre_core::notification::{self, DeadReason, Destination};

use super::State;

/// Why what was meant for a destination that is gone is given up.
pub(super) const GONE: &str = DeadReason::DestinationRemoved.as_str();

/// The lane of a destination that is configured, or once was.
#[derive(Clone, Debug)]
pub(in crate::reference) struct Lane {
    fingerprint: String,
    is_configured: bool,
    traffic: notification::Lane,
}

impl Lane {
    fn open(fingerprint: &str) -> Self {
        let traffic = notification::Lane::Open;
        Self {
            fingerprint: fingerprint.to_owned(),
            is_configured: true,
            traffic,
        }
    }

    /// Whether the destination was configured once and is no more.
    pub(super) fn is_gone(&self) -> bool {
        !self.is_configured
    }

    /// Whether messages may go out; a pause until an instant has ended at that instant.
    fn is_open_at(&self, now: DateTime<Utc>) -> bool {
        self.is_configured
            && match self.traffic {
                notification::Lane::Open => true,
                notification::Lane::PausedUntil(until) => until <= now,
                notification::Lane::Stopped => false,
            }
    }

    /// What a try does to the lane: of two pauses the longer holds, and a stop holds until the
    /// configuration changes.
    pub(super) fn follow(&mut self, after: notification::Lane) {
        use notification::Lane::{Open, PausedUntil, Stopped};
        self.traffic = match (self.traffic, after) {
            (Stopped, _) | (_, Stopped) => Stopped,
            (PausedUntil(one), PausedUntil(other)) => PausedUntil(one.max(other)),
            (Open, after) => after,
            (paused, Open) => paused,
        };
    }
}

impl State {
    /// Whether messages may go to the destination; one that is not configured gets none.
    pub(super) fn is_lane_open(&self, destination: DestinationId, now: DateTime<Utc>) -> bool {
        self.lanes
            .get(&destination)
            .is_some_and(|lane| lane.is_open_at(now))
    }

    /// Makes these the configured destinations, and gives up what is meant for any other.
    pub(super) fn register_lanes(&mut self, destinations: &[Destination], now: DateTime<Utc>) {
        let configured: BTreeMap<DestinationId, &str> = destinations
            .iter()
            .map(|destination| (destination.id, destination.fingerprint.as_str()))
            .collect();
        for (id, fingerprint) in &configured {
            let lane = self
                .lanes
                .entry(*id)
                .or_insert_with(|| Lane::open(fingerprint));
            lane.is_configured = true;
            if lane.fingerprint != *fingerprint {
                *lane = Lane::open(fingerprint);
            }
        }
        for (id, lane) in &mut self.lanes {
            lane.is_configured = configured.contains_key(id);
        }
        let is_gone = |id: &DestinationId| !configured.contains_key(id);
        let lost: Vec<DeliveryId> = self
            .messages
            .values()
            .filter(|message| message.is_pending() && is_gone(&message.delivery().destination_id))
            .map(super::Message::id)
            .collect();
        for id in lost {
            self.give_up(id, GONE, now);
        }
        for note in self.notes.values_mut() {
            if note.state == "pending" && is_gone(&note.intent.destination_id) {
                *note = note.clone().given_up(GONE);
            }
        }
    }
}
