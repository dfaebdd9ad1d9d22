//! A store in memory: every port of [`sre_core::store`], and nothing to install.
//!
//! It is good for SLOs inside a program of your own, whose history may begin anew with the program,
//! for trying things, and for tests. It obeys the laws of `sre-store-conformance`, where it is also
//! the model that other stores are compared with: the ports' contract as a program that one can
//! read.
//!
//! # What it promises
//!
//! One lock around maps in order: each method is one transaction, and every answer is a function of
//! the calls before it. No method waits for anything but the lock, so every future is ready when it
//! is first polled, on any executor or none.
//!
//! # What it does not
//!
//! - **Nothing survives the process**, or the value: when a [`MemoryStore`] is dropped, so is all that
//!   it held. There is nothing to share between replicas.
//! - **It grows until it is pruned**, as every store does. An SLO of one-minute slices adds 34 KiB of
//!   slices a day, beside its samples and the calculations that are recorded. Whoever lets it run for
//!   long calls [`Retention::prune`](sre_core::store::Retention::prune) now and then.
//! - **It is not fast with much in it.** What a database finds by an index it finds by looking through a
//!   map: right for hundreds of SLOs, not for ten thousand.

mod alerts;
mod catalog;
mod corrections;
mod evaluations;
mod health;
mod incidents;
mod lifetime;
mod maintenances;
mod outbox;
mod replies;
mod retention;
mod samples;
mod services;
mod silences;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use sre_core::alert::DedupKey;
use sre_core::correction::Correction;
use sre_core::health::ServiceHealth;
use sre_core::hour::Hour;
use sre_core::incident::{Incident, IncidentEvent};
use sre_core::maintenance::Maintenance;
use sre_core::name::{
    AlertId, CorrectionId, DeliveryId, DestinationId, IncidentId, IntentId, MaintenanceId,
    MetricName, NoticeId, ServiceName, SilenceId, SloId,
};
use sre_core::notification::Told;
use sre_core::sample::SampleValue;
use sre_core::service::Service;
use sre_core::silence::Silence;
use sre_core::slo::Slo;
use sre_core::store::{AlertStep, BudgetRecord, Calculation, Gap, ReplyKey};

use self::alerts::Episode;
use self::evaluations::Cursor;
use self::outbox::{Lane, Message, Note, Noted};
use self::replies::ReplyRow;
use self::samples::TargetRow;

/// The store in memory.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::sample::{Sample, SampleValue};
/// use sre_core::store::{Appended, Samples};
/// use sre_core::time::at_second;
/// use sre_store_memory::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let sample = Sample {
///     service_name: "checkout".parse()?,
///     metric_name: "availability".parse()?,
///     labels: [].into(),
///     at: at_second(60),
///     value: SampleValue::Counts(Counts::events(999, 1_000)?),
/// };
/// let samples = [sample.clone(), sample];
/// let appended = store.append(&samples, at_second(0)).await?;
/// assert_eq!(appended, [Appended::Stored { is_late: false }, Appended::Duplicate]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// A store that has never held anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All that is stored, for one transaction. A test that panicked in the middle of one leaves
    /// what it wrote: its store is not looked at again.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that is remembered, by key.
#[derive(Debug, Default)]
struct State {
    /// How many messages were frozen.
    frozen: u64,
    services: BTreeMap<ServiceName, Service>,
    corrections: BTreeMap<CorrectionId, Correction>,
    silences: BTreeMap<SilenceId, Silence>,
    maintenances: BTreeMap<MaintenanceId, Maintenance>,
    snapshots: BTreeMap<(ServiceName, DateTime<Utc>), ServiceHealth>,
    slos: BTreeMap<SloId, Slo>,
    cursors: BTreeMap<SloId, Cursor>,
    hours: BTreeMap<(SloId, i64, DateTime<Utc>), Hour>,
    calculations: BTreeMap<(SloId, DateTime<Utc>), Calculation>,
    gaps: BTreeMap<(SloId, DateTime<Utc>), Gap>,
    budgets: BTreeMap<(SloId, DateTime<Utc>), BudgetRecord>,
    metrics: BTreeMap<(ServiceName, MetricName), Series>,
    targets: BTreeMap<String, TargetRow>,
    episodes: BTreeMap<AlertId, Episode>,
    steps: BTreeMap<(AlertId, u64), AlertStep>,
    incidents: BTreeMap<IncidentId, Incident>,
    incident_events: BTreeMap<IncidentId, Vec<IncidentEvent>>,
    lanes: BTreeMap<DestinationId, Lane>,
    notes: BTreeMap<IntentId, Note>,
    messages: BTreeMap<DeliveryId, Message>,
    notices: BTreeMap<NoticeId, Noted>,
    told: BTreeMap<(DestinationId, DedupKey), Told>,
    replies: BTreeMap<ReplyKey, ReplyRow>,
}

/// The samples of one metric, over all label sets.
type Series = BTreeMap<(DateTime<Utc>, BTreeMap<String, String>), SampleValue>;

/// A limit as a length; a list in memory is never longer.
fn length(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
