//! Lanes: one a destination, open, paused or stopped, so that a broken receiver holds no other up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::name::{DeliveryId, DestinationId};
use sre_core::notification::{self, DeadReason, Destination};
use sre_core::store::{Attempt, LaneFault, LaneStatus, Recorded};
use sre_core::time::Span;

use super::State;

/// Why what was meant for a destination that is gone is given up.
pub(super) const GONE: &str = DeadReason::DestinationRemoved.as_str();

/// The lane of a destination that is configured, or once was.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    fingerprint: String,
    is_configured: bool,
    spacing: Option<Span>,
    traffic: notification::Lane,
    stopped_because: Option<&'static str>,
    broken: Option<LaneFault>,
    last_delivered_at: Option<DateTime<Utc>>,
}

impl Lane {
    fn open(destination: &Destination) -> Self {
        Self {
            fingerprint: destination.fingerprint.clone(),
            is_configured: true,
            spacing: destination.spacing,
            traffic: notification::Lane::Open,
            stopped_because: None,
            broken: None,
            last_delivered_at: None,
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

    /// What a try does to the lane, and what is remembered of it.
    pub(super) fn note(&mut self, attempt: &Attempt) {
        let was_stopped = self.traffic == notification::Lane::Stopped;
        self.follow(attempt.lane);
        match attempt.result {
            Recorded::Delivered { .. } => {
                self.last_delivered_at = self
                    .last_delivered_at
                    .max(Some(attempt.finished_at));
            }
            Recorded::Dead { reason }
                if !was_stopped && self.traffic == notification::Lane::Stopped =>
            {
                self.stopped_because = Some(reason.as_str());
            }
            _ => {}
        }
        self.note_fault(attempt);
    }

    /// The first message that is given up breaks the destination, and one that arrives mends it; a
    /// stop lasts whatever arrives.
    fn note_fault(&mut self, attempt: &Attempt) {
        match attempt.result {
            Recorded::Dead { reason } if reason.is_fault() && self.broken.is_none() => {
                self.broken = Some(LaneFault {
                    since: attempt.finished_at,
                    because: reason.as_str().to_owned(),
                });
            }
            Recorded::Delivered { .. } if self.traffic != notification::Lane::Stopped => {
                self.broken = None;
            }
            _ => {}
        }
    }

    /// Of two pauses the longer holds, and a stop holds until the configuration changes.
    fn follow(&mut self, after: notification::Lane) {
        use notification::Lane::{Open, PausedUntil, Stopped};
        self.traffic = match (self.traffic, after) {
            (Stopped, _) | (_, Stopped) => Stopped,
            (PausedUntil(one), PausedUntil(other)) => PausedUntil(one.max(other)),
            (Open, after) => after,
            (paused, Open) => paused,
        };
    }

    /// A message begins: a receiver that wants them spaced gets the next one later.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        if let Some(spacing) = self.spacing {
            self.follow(notification::Lane::PausedUntil(now + spacing.as_delta()));
        }
    }

    /// How many messages may begin at once, of at most `limit`.
    pub(super) fn room(&self, limit: usize) -> usize {
        self.spacing
            .map_or(limit, |_| limit.min(1))
    }
}

impl State {
    /// Whether messages may go to the destination; one that is not configured gets none.
    pub(super) fn is_lane_open(&self, destination: DestinationId, now: DateTime<Utc>) -> bool {
        self.lanes
            .get(&destination)
            .is_some_and(|lane| lane.is_open_at(now))
    }

    /// Whether messages go out; a lane that nobody knows is stopped.
    pub(super) fn traffic(&self, destination: DestinationId) -> notification::Lane {
        self.lanes
            .get(&destination)
            .map_or(notification::Lane::Stopped, |lane| lane.traffic)
    }

    /// Makes these the configured destinations, and gives up what is meant for any other.
    pub(super) fn register_lanes(&mut self, destinations: &[Destination], now: DateTime<Utc>) {
        let configured: BTreeMap<DestinationId, &Destination> = destinations
            .iter()
            .map(|destination| (destination.id, destination))
            .collect();
        for (id, destination) in &configured {
            let lane = self
                .lanes
                .entry(*id)
                .or_insert_with(|| Lane::open(destination));
            lane.is_configured = true;
            lane.spacing = destination.spacing;
            if lane.fingerprint != destination.fingerprint {
                *lane = Lane {
                    last_delivered_at: lane.last_delivered_at,
                    ..Lane::open(destination)
                };
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
        for announced in self.notices.values_mut() {
            if announced.state == "pending" && is_gone(&announced.notice.destination_id) {
                (announced.state, announced.reason) = ("dead", Some(GONE));
            }
        }
    }

    /// How every configured lane stands.
    pub(super) fn lane_statuses(&self, since: DateTime<Utc>) -> Vec<LaneStatus> {
        let configured = self
            .lanes
            .iter()
            .filter(|(_, lane)| lane.is_configured);
        configured
            .map(|(id, lane)| self.lane_status(*id, lane, since))
            .collect()
    }

    fn lane_status(&self, id: DestinationId, lane: &Lane, since: DateTime<Utc>) -> LaneStatus {
        let intents = self
            .notes
            .values()
            .filter(|note| note.state == "pending" && note.intent.destination_id == id);
        let notices = self
            .notices
            .values()
            .filter(|note| note.state == "pending" && note.notice.destination_id == id);
        let messages = self
            .messages
            .values()
            .filter(|message| message.delivery().destination_id == id);
        let under_way = messages
            .clone()
            .filter(|message| message.is_pending());
        let dead = messages.filter(|message| {
            message.state == "dead"
                && message.reason != Some("degraded")
                && message.delivery().created_at >= since
        });
        LaneStatus {
            destination_id: id,
            traffic: lane.traffic,
            stopped_because: lane.stopped_because.map(str::to_owned),
            broken: lane.broken.clone(),
            last_delivered_at: lane.last_delivered_at,
            waiting: (intents.count() + notices.count()) as u64,
            under_way: under_way.clone().count() as u64,
            oldest_at: under_way
                .map(|message| message.delivery().created_at)
                .min(),
            dead: dead.count() as u64,
        }
    }
}
