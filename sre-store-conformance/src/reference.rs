//! A store in memory: the ports' contract as a program that one can read, and the fake for every
//! test that needs a store and not its durability.
//!
//! One lock around maps in order: each method is one transaction, and every answer is a function of
//! the calls before it. Nothing here is fast, and nothing is kept when it is dropped.

mod alerts;
mod catalog;
mod evaluations;
mod health;
mod incidents;
mod lifetime;
mod outbox;
mod replies;
mod retention;
mod samples;
mod services;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use sre_core::alert::DedupKey;
use sre_core::health::ServiceHealth;
use sre_core::hour::Hour;
use sre_core::incident::{Incident, IncidentEvent};
use sre_core::name::{
    AlertId, DeliveryId, DestinationId, IncidentId, IntentId, MetricName, NoticeId, ServiceName,
    SloId,
};
use sre_core::notification::Told;
use sre_core::sample::SampleValue;
use sre_core::service::Service;
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
/// use sre_core::store::{Catalog, SloQuery, Page};
/// use sre_store_conformance::{ReferenceStore, fixtures};
///
/// sre_store_conformance::run(async {
///     let store = ReferenceStore::new();
///     let slo = fixtures::slo(1).build();
///     store.insert(&slo, &fixtures::start_of(&slo)).await?;
///     assert_eq!(store.find(slo.id).await?, Some(slo));
///     Ok::<(), sre_core::store::StoreError>(())
/// })?;
/// # Ok::<(), sre_core::store::StoreError>(())
/// ```
#[derive(Debug, Default)]
pub struct ReferenceStore {
    state: Mutex<State>,
}

impl ReferenceStore {
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
    services: BTreeMap<ServiceName, Service>,
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
