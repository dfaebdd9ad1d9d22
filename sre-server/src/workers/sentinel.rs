//! Watches the watcher.
//!
//! A monitor that stands still looks like a quiet day. So one worker looks whether slots are evaluated
//! on time, whether messages are judged and sent, and whether the source answers. While the service
//! itself is well it pings [`Pulse`], whose silence is the alarm of whoever listens there; when
//! something is wrong for minutes it tells every channel, once, and once when it is over. Neither goes
//! through the store, since that may be what is wrong; with the alerts' own messages they are all that
//! leaves.

mod sight;
mod source_sight;
mod telling;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sre_core::notification::Notifier;
use sre_core::store::Evaluations;
use sre_core::time::{Clock, Span};

pub use source_sight::SourceSight;

use self::sight::{Announcement, Sight, Trouble, What};
use self::telling::Telling;
use crate::metrics::Metrics;
use crate::workers::board::Board;
use crate::workers::driver::{Activity, Worker, chain};
use crate::workers::{AuditSight, DispatcherWorker, EvaluatorWorker};

/// Something outside that waits for our heartbeat.
#[async_trait]
pub trait Pulse: fmt::Debug + Send + Sync {
    /// Says that all is well, within a time limit of its own.
    async fn beat(&self) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// What the sentinel looks at, and whom it tells.
#[derive(Debug)]
pub struct SentinelParts {
    /// Whether slots wait.
    pub evaluations: Arc<dyn Evaluations>,
    /// Whether workers do what they should.
    pub board: Arc<Board>,
    /// Whether the source answers.
    pub source: Arc<SourceSight>,
    /// Whether anything stands still.
    pub audit: Arc<AuditSight>,
    /// Our own metrics.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is pinged, and how often, where somebody waits for it.
    pub pulse: Option<(Arc<dyn Pulse>, Span)>,
    /// Who is told; nobody in shadow mode.
    pub channels: Vec<Arc<dyn Notifier>>,
    /// The name of this process.
    pub replica: String,
}

/// Looks whether the service sees.
#[derive(Debug)]
pub struct SentinelWorker {
    parts: SentinelParts,
    began_at: DateTime<Utc>,
    store_away_since: Option<DateTime<Utc>>,
    beaten_at: Option<DateTime<Utc>>,
    sight: Sight,
    telling: Telling,
}

impl SentinelWorker {
    /// A sentinel that has seen nothing yet.
    pub fn new(mut parts: SentinelParts) -> Self {
        let channels = std::mem::take(&mut parts.channels);
        parts.metrics.set_blind(false);
        Self {
            began_at: parts.clock.now(),
            store_away_since: None,
            beaten_at: None,
            sight: Sight::default(),
            telling: Telling::new(channels, parts.replica.clone()),
            parts,
        }
    }

    /// Everything that is wrong now.
    async fn troubles(&mut self, now: DateTime<Utc>) -> Vec<Trouble> {
        let slot = self
            .parts
            .evaluations
            .earliest_slot()
            .await;
        self.store_away_since = match &slot {
            Ok(_) => None,
            Err(_) => self.store_away_since.or(Some(now)),
        };
        let slot = slot.ok().flatten();
        let trouble = |what| move |since| Trouble { what, since };
        [
            self.store_away_since
                .map(trouble(What::Store)),
            slot.filter(|slot| now - *slot > SLOT_LATE)
                .map(trouble(What::Evaluation)),
            self.idle_since(EvaluatorWorker::NAME, now)
                .map(trouble(What::Evaluation)),
            self.idle_since(DispatcherWorker::NAME, now)
                .map(trouble(What::Dispatch)),
            self.parts
                .source
                .dark_since()
                .map(trouble(What::Source)),
            self.parts
                .audit
                .stuck_since()
                .map(trouble(What::Audit)),
        ]
        .into_iter()
        .flatten()
        .fold(Vec::new(), |mut troubles: Vec<Trouble>, trouble| {
            if troubles
                .iter()
                .all(|held| held.what != trouble.what)
            {
                troubles.push(trouble);
            }
            troubles
        })
    }

    /// Since when a worker has not done what it should, where that is too long.
    fn idle_since(&self, worker: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let statuses = self.parts.board.statuses();
        let last = statuses
            .get(worker)
            .and_then(|status| status.last_success)
            .unwrap_or(self.began_at);
        (now - last > WORKER_IDLE).then_some(last)
    }

    fn announce(&mut self, announcement: &Announcement, now: DateTime<Utc>) {
        match announcement {
            Announcement::Blind(troubles) => {
                for trouble in troubles {
                    tracing::error!(what = trouble.what.as_str(), "blind: {trouble}");
                }
            }
            Announcement::Recovered { .. } => tracing::info!("sees again"),
        }
        self.telling.announce(announcement, now);
        self.parts
            .metrics
            .set_blind(self.sight.is_blind());
    }

    /// Pings where that is due, and nothing is wrong with this service.
    async fn beat(&mut self, troubles: &[Trouble], now: DateTime<Utc>) {
        let Some((pulse, interval)) = &self.parts.pulse else {
            return;
        };
        let is_due = self
            .beaten_at
            .is_none_or(|last| now - last >= interval.as_delta());
        let is_well = !troubles
            .iter()
            .any(|trouble| trouble.what.is_ours());
        if !is_due || !is_well {
            return;
        }
        self.beaten_at = Some(now);
        let beat = pulse.beat().await;
        self.parts
            .metrics
            .on_heartbeat(beat.is_ok());
        if let Err(error) = beat {
            tracing::warn!(error = %chain(error.as_ref()), "the heartbeat was not heard");
        }
    }
}

impl Worker for SentinelWorker {
    const NAME: &'static str = "sentinel";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.parts.clock.now();
        let troubles = self.troubles(now).await;
        if let Some(announcement) = self.sight.look(&troubles, now) {
            self.announce(&announcement, now);
        }
        self.telling.send_due(now).await;
        self.beat(&troubles, now).await;
        Ok(Activity::default())
    }
}

/// A slot that waits for longer is late: two slices of the default length.
const SLOT_LATE: TimeDelta = TimeDelta::minutes(2);
/// A worker that wakes four times a second, and may wait for a slow source or receiver, has done
/// something within this time.
const WORKER_IDLE: TimeDelta = TimeDelta::seconds(45);
