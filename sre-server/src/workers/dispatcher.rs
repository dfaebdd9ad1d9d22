//! Sends what is due: each send on a task of its own, so that a slow receiver delays nobody else.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::monitor::{Dispatcher, Sending};
use sre_core::name::DestinationId;
use sre_core::store::{Outbox, StoreError};
use sre_core::time::Clock;
use tokio_util::task::TaskTracker;

use crate::ids::jitter_permille;
use crate::metrics::Metrics;
use crate::watch::SelfWatch;
use crate::workers::driver::{Activity, Worker, chain};
use crate::workers::mailroom::Mailroom;

/// Judges due intents, freezes deliveries, and makes their tries.
#[derive(Debug)]
pub struct DispatcherWorker {
    shared: Arc<Shared>,
    outbox: Arc<dyn Outbox>,
    sends: TaskTracker,
    /// When the lanes were looked at last.
    looked_at: Option<DateTime<Utc>>,
}

/// What a send needs after the activation that began it.
#[derive(Debug)]
struct Shared {
    dispatcher: Dispatcher,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    watch: Arc<SelfWatch>,
    mailroom: Arc<Mailroom>,
    in_flight: Mutex<BTreeMap<DestinationId, usize>>,
}

impl DispatcherWorker {
    /// A worker whose sends run on `sends`. The mailroom wakes it, also when a send has ended, since
    /// what was said makes way for what is said next.
    pub fn new(
        dispatcher: Dispatcher,
        outbox: Arc<dyn Outbox>,
        mailroom: Arc<Mailroom>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        watch: Arc<SelfWatch>,
        sends: TaskTracker,
    ) -> Self {
        let in_flight = Mutex::default();
        let shared = Shared {
            dispatcher,
            clock,
            metrics,
            watch,
            mailroom,
            in_flight,
        };
        Self {
            shared: Arc::new(shared),
            outbox,
            sends,
            looked_at: None,
        }
    }

    /// Looks how the lanes stand, for those who ask often, unless that was done a moment ago.
    async fn look_at_lanes(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let is_recent = |at: DateTime<Utc>| now >= at && now - at < LOOK_EVERY;
        if self.looked_at.is_some_and(is_recent) {
            return Ok(());
        }
        let lanes = self
            .outbox
            .lanes(now - DEAD_COUNTED)
            .await?;
        self.shared.mailroom.note_lanes(lanes);
        self.looked_at = Some(now);
        Ok(())
    }
}

impl Worker for DispatcherWorker {
    const NAME: &'static str = "dispatcher";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.shared.clock.now();
        let is_busy = |destination| self.shared.count(destination, 0) >= LANE_IN_FLIGHT;
        let dispatched = self
            .shared
            .dispatcher
            .freeze_due(now, &is_busy)
            .await?;
        self.shared
            .metrics
            .on_dispatched(&dispatched);
        for sending in dispatched.sendings {
            let place = Place::take(&self.shared, sending.destination_id());
            self.sends
                .spawn(async move { place.shared.send(sending).await });
        }
        self.look_at_lanes(now).await?;
        if let Some(error) = dispatched.error {
            return Err(Box::new(error));
        }
        Ok(Activity {
            has_more: dispatched.has_more,
            lag: None,
        })
    }
}

/// A place among the sends under way to a destination; given back however the send ends.
#[derive(Debug)]
struct Place {
    shared: Arc<Shared>,
    destination: DestinationId,
}

impl Place {
    fn take(shared: &Arc<Shared>, destination: DestinationId) -> Self {
        shared.count(destination, 1);
        Self {
            shared: Arc::clone(shared),
            destination,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.count(self.destination, -1);
        self.shared.mailroom.due.notify_one();
        self.shared
            .mailroom
            .sent
            .notify_waiters();
    }
}

impl Shared {
    /// Makes one try. What fails here is tried again when its claim ends.
    async fn send(&self, sending: Sending) {
        let clock = self.clock.as_ref();
        match self
            .dispatcher
            .send(sending, jitter_permille(), clock)
            .await
        {
            Ok(sent) => {
                self.metrics.on_sent(&sent);
                self.watch.on_sent(&sent, clock.now());
                if sent.outcome == "delivered" {
                    tracing::debug!(delivery = %sent.delivery_id, "delivered");
                } else {
                    tracing::warn!(
                        delivery = %sent.delivery_id,
                        outcome = sent.outcome,
                        detail = sent.detail,
                        "not delivered",
                    );
                }
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "the outcome of a send is not recorded");
            }
        }
    }

    /// Adds to the sends under way to a destination; how many there are then.
    fn count(&self, destination: DestinationId, change: isize) -> usize {
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = in_flight
            .entry(destination)
            .or_default();
        *count = count.saturating_add_signed(change);
        *count
    }
}

/// Sends under way to one destination: as many as a receiver is likely to take at once.
const LANE_IN_FLIGHT: usize = 16;
/// How old what is known of the lanes may be.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(5);
/// Messages that were given up are counted for so long.
pub(crate) const DEAD_COUNTED: TimeDelta = TimeDelta::hours(1);
