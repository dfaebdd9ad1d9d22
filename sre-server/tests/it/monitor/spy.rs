//! A store that remembers what was committed, and fails at the call that a test names.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, AlertUpdate, DedupKey};
use sre_core::correction::{Cancellation, Correction, Ended};
use sre_core::hour::Hour;
use sre_core::incident::{Incident, IncidentUpdate};
use sre_core::maintenance::Maintenance;
use sre_core::name::{
    AlertId, CorrectionId, DeliveryId, DestinationId, IncidentId, MaintenanceId, MetricName,
    NoticeId, ServiceName, SilenceId, SloId,
};
use sre_core::notification::{Destination, Fallback, Notice};
use sre_core::sample::Sample;
use sre_core::service::Service;
use sre_core::silence::Silence;
use sre_core::slice::SliceWidth;
use sre_core::slo::{Generation, Slo};
use sre_core::store::{
    AlertQuery, Alerts, AlertsPage, Appended, Attempt, BudgetRecord, Catalog, Changes,
    ClaimedDeliveries, Commit, CorrectionQuery, Corrections, Deliveries, DeliveryQuery,
    DeliveryRecord, DueGroups, DueNotices, Evaluations, HistoryItem, IncidentQuery, Incidents,
    IncidentsPage, IntentRecord, Judged, LaneStatus, Maintenances, Missed, NoticeRecord, Notices,
    Outbox, Overdue, Page, QueueDepth, Readable, Recollection, Replay, Samples, Seeded, Services,
    SilenceQuery, Silences, SloChange, SloQuery, SlotClaim, Standing, Start, StoreError, Target,
    TargetClaim,
};
use sre_core::time::Interval;
use sre_store_memory::MemoryStore;

/// When a call fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failing {
    /// Before anything was written.
    Before,
    /// After it was written: the answer is lost.
    After,
}

/// The store in memory, watched.
#[derive(Debug)]
pub(super) struct Spy {
    inner: MemoryStore,
    calls: AtomicUsize,
    fault: Mutex<Option<(usize, Failing)>>,
    committed: Mutex<Vec<Changes>>,
}

impl Spy {
    pub(super) fn over(inner: MemoryStore) -> Self {
        Self {
            inner,
            calls: AtomicUsize::new(0),
            fault: Mutex::default(),
            committed: Mutex::default(),
        }
    }

    /// Call number `n` from now on, counted from zero, fails.
    pub(super) fn fails_at(&self, n: usize, failing: Failing) {
        let n = n + self.calls();
        *self
            .fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((n, failing));
    }

    /// No call fails from now on.
    pub(super) fn heals(&self) {
        *self
            .fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many calls were made.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What was committed since the last look.
    pub(super) fn committed(&self) -> Vec<Changes> {
        std::mem::take(
            &mut *self
                .committed
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let n = self
            .calls
            .fetch_add(1, Ordering::SeqCst);
        let fault = *self
            .fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match fault.filter(|(at, _)| *at == n) {
            Some((_, Failing::Before)) => Err(away()),
            Some((_, Failing::After)) => {
                work.await?;
                Err(away())
            }
            None => work.await,
        }
    }
}

fn away() -> StoreError {
    StoreError::Unavailable {
        source: "as it was told".into(),
    }
}

#[async_trait]
impl Evaluations for Spy {
    async fn claim_slots(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SlotClaim>, StoreError> {
        self.call(
            self.inner
                .claim_slots(holder, now, until, limit),
        )
        .await
    }

    async fn release(&self, claims: &[SlotClaim]) -> Result<(), StoreError> {
        self.call(self.inner.release(claims))
            .await
    }

    async fn hours(
        &self,
        slo: SloId,
        generation: Generation,
        width: SliceWidth,
        during: Interval,
    ) -> Result<Vec<Hour>, StoreError> {
        self.call(
            self.inner
                .hours(slo, generation, width, during),
        )
        .await
    }

    async fn commit(&self, changes: &[Changes]) -> Result<Vec<Commit>, StoreError> {
        let commits = async {
            let commits = self.inner.commit(changes).await?;
            let mut committed = self
                .committed
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let applied = changes.iter().zip(&commits);
            committed.extend(
                applied
                    .filter(|(_, commit)| **commit != Commit::Superseded)
                    .map(|(changes, _)| changes.clone()),
            );
            Ok(commits)
        };
        self.call(commits).await
    }

    async fn standings(&self, slos: &[SloId]) -> Result<Vec<Standing>, StoreError> {
        self.call(self.inner.standings(slos))
            .await
    }

    async fn earliest_slot(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.call(self.inner.earliest_slot())
            .await
    }

    async fn history(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        self.call(self.inner.history(slo, during, limit))
            .await
    }

    async fn budgets(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<BudgetRecord>, StoreError> {
        self.call(self.inner.budgets(slo, during, limit))
            .await
    }
}

#[async_trait]
impl Samples for Spy {
    async fn append(
        &self,
        samples: &[Sample],
        closed_before: DateTime<Utc>,
    ) -> Result<Vec<Appended>, StoreError> {
        self.inner
            .append(samples, closed_before)
            .await
    }

    async fn series(
        &self,
        service: &ServiceName,
        metric: &MetricName,
        during: Interval,
        limit: u32,
    ) -> Result<Vec<Sample>, StoreError> {
        self.call(
            self.inner
                .series(service, metric, during, limit),
        )
        .await
    }

    async fn register_targets(
        &self,
        targets: &[Target],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner
            .register_targets(targets, now)
            .await
    }

    async fn claim_targets(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<TargetClaim>, StoreError> {
        self.inner
            .claim_targets(holder, now, until, limit)
            .await
    }

    async fn complete_target(
        &self,
        claim: &TargetClaim,
        samples: &[Sample],
        next_at: DateTime<Utc>,
        closed_before: DateTime<Utc>,
    ) -> Result<Commit, StoreError> {
        self.inner
            .complete_target(claim, samples, next_at, closed_before)
            .await
    }
}

#[async_trait]
impl Alerts for Spy {
    async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.call(self.inner.find_alert(id))
            .await
    }

    async fn latest_episodes(&self, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError> {
        self.call(self.inner.latest_episodes(keys))
            .await
    }

    async fn list_alerts(
        &self,
        query: &AlertQuery,
        page: Page<AlertsPage>,
    ) -> Result<Vec<Alert>, StoreError> {
        self.inner
            .list_alerts(query, page)
            .await
    }

    async fn pages_since(&self, since: DateTime<Utc>) -> Result<Vec<Alert>, StoreError> {
        self.call(self.inner.pages_since(since))
            .await
    }

    async fn claim_due_alerts(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        self.call(
            self.inner
                .claim_due_alerts(holder, now, until, limit),
        )
        .await
    }

    async fn apply(&self, update: &AlertUpdate) -> Result<Commit, StoreError> {
        self.call(self.inner.apply(update))
            .await
    }

    async fn postpone(
        &self,
        id: AlertId,
        transition: u64,
        next_action_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        self.call(
            self.inner
                .postpone(id, transition, next_action_at),
        )
        .await
    }
}

#[async_trait]
impl Deliveries for Spy {
    async fn list_deliveries(
        &self,
        query: &DeliveryQuery,
        page: Page<u64>,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        self.call(self.inner.list_deliveries(query, page))
            .await
    }

    async fn find_delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        self.call(self.inner.find_delivery(id))
            .await
    }

    async fn replay(&self, replay: &Replay) -> Result<Commit, StoreError> {
        self.call(self.inner.replay(replay))
            .await
    }

    async fn missed(
        &self,
        fallbacks: &[Fallback],
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Missed>, StoreError> {
        self.call(self.inner.missed(fallbacks, now, limit))
            .await
    }

    async fn overdue(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Overdue>, StoreError> {
        self.call(self.inner.overdue(before, limit))
            .await
    }
}

#[async_trait]
impl Outbox for Spy {
    async fn register_destinations(
        &self,
        destinations: &[Destination],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner
            .register_destinations(destinations, now)
            .await
    }

    async fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> Result<DueGroups, StoreError> {
        self.call(self.inner.due_groups(now, limit))
            .await
    }

    async fn settle(&self, judged: &Judged, now: DateTime<Utc>) -> Result<Commit, StoreError> {
        self.call(self.inner.settle(judged, now))
            .await
    }

    async fn claim_deliveries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Result<ClaimedDeliveries, StoreError> {
        self.call(
            self.inner
                .claim_deliveries(now, until, limit, busy),
        )
        .await
    }

    async fn record(&self, attempt: &Attempt) -> Result<Commit, StoreError> {
        self.call(self.inner.record(attempt))
            .await
    }

    async fn ledger(&self, alert: AlertId) -> Result<Vec<IntentRecord>, StoreError> {
        self.inner.ledger(alert).await
    }

    async fn depth(&self) -> Result<QueueDepth, StoreError> {
        self.inner.depth().await
    }

    async fn lanes(&self, since: DateTime<Utc>) -> Result<Vec<LaneStatus>, StoreError> {
        self.inner.lanes(since).await
    }
}

#[async_trait]
impl Notices for Spy {
    async fn add_notices(&self, notices: &[Notice]) -> Result<(), StoreError> {
        self.inner.add_notices(notices).await
    }

    async fn due_notices(&self, now: DateTime<Utc>, limit: u32) -> Result<DueNotices, StoreError> {
        self.call(self.inner.due_notices(now, limit))
            .await
    }

    async fn find_notice(&self, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError> {
        self.call(self.inner.find_notice(id))
            .await
    }
}

#[async_trait]
impl Incidents for Spy {
    async fn find_incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.call(self.inner.find_incident(id))
            .await
    }

    async fn list_incidents(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<Incident>, StoreError> {
        self.inner
            .list_incidents(query, page)
            .await
    }

    async fn alerts_of(&self, incidents: &[IncidentId]) -> Result<Vec<Alert>, StoreError> {
        self.inner.alerts_of(incidents).await
    }

    async fn recollect(&self, id: IncidentId) -> Result<Recollection, StoreError> {
        self.inner.recollect(id).await
    }

    async fn loose_alerts(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        self.inner
            .loose_alerts(since, limit)
            .await
    }

    async fn change_incidents(&self, updates: &[IncidentUpdate]) -> Result<Commit, StoreError> {
        self.inner
            .change_incidents(updates)
            .await
    }
}

#[async_trait]
impl Catalog for Spy {
    async fn insert(&self, slo: &Slo, start: &Start) -> Result<(), StoreError> {
        self.inner.insert(slo, start).await
    }

    async fn seed(&self, slos: &[(Slo, Start)]) -> Result<Seeded, StoreError> {
        self.inner.seed(slos).await
    }

    async fn update(&self, change: &SloChange<'_>) -> Result<(), StoreError> {
        self.inner.update(change).await
    }

    async fn refold(&self, id: SloId, during: Interval) -> Result<(), StoreError> {
        self.inner.refold(id, during).await
    }

    async fn find(&self, id: SloId) -> Result<Option<Slo>, StoreError> {
        self.call(self.inner.find(id)).await
    }

    async fn list(&self, query: &SloQuery, page: Page<SloId>) -> Result<Vec<Slo>, StoreError> {
        self.inner.list(query, page).await
    }

    async fn count(&self) -> Result<u64, StoreError> {
        self.inner.count().await
    }
}

#[async_trait]
impl Corrections for Spy {
    async fn create_correction(&self, correction: &Correction) -> Result<(), StoreError> {
        self.inner
            .create_correction(correction)
            .await
    }

    async fn cancel_correction(
        &self,
        id: CorrectionId,
        cancellation: &Cancellation,
    ) -> Result<(), StoreError> {
        self.inner
            .cancel_correction(id, cancellation)
            .await
    }

    async fn end_correction(&self, id: CorrectionId, ended: &Ended) -> Result<(), StoreError> {
        self.inner
            .end_correction(id, ended)
            .await
    }

    async fn find_correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        self.inner.find_correction(id).await
    }

    async fn list_corrections(
        &self,
        query: &CorrectionQuery,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>, StoreError> {
        self.inner
            .list_corrections(query, page)
            .await
    }

    async fn corrections_of(
        &self,
        slo: SloId,
        service: &ServiceName,
        during: Interval,
    ) -> Result<Vec<Correction>, StoreError> {
        self.inner
            .corrections_of(slo, service, during)
            .await
    }
}

#[async_trait]
impl Services for Spy {
    async fn put_service(
        &self,
        service: &Service,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        self.call(
            self.inner
                .put_service(service, expected_version),
        )
        .await
    }

    async fn delete_service(
        &self,
        name: &ServiceName,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        self.call(
            self.inner
                .delete_service(name, expected_version),
        )
        .await
    }

    async fn find_services(&self, names: &[ServiceName]) -> Result<Vec<Service>, StoreError> {
        self.call(self.inner.find_services(names))
            .await
    }

    async fn list_services(&self, page: Page<ServiceName>) -> Result<Vec<Service>, StoreError> {
        self.call(self.inner.list_services(page))
            .await
    }

    async fn dependents(&self, names: &[ServiceName]) -> Result<Vec<ServiceName>, StoreError> {
        self.call(self.inner.dependents(names))
            .await
    }
}

#[async_trait]
impl Silences for Spy {
    async fn create_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        self.call(self.inner.create_silence(silence))
            .await
    }

    async fn change_silence(
        &self,
        silence: &Silence,
        successor: Option<&Silence>,
    ) -> Result<(), StoreError> {
        self.call(
            self.inner
                .change_silence(silence, successor),
        )
        .await
    }

    async fn find_silence(&self, id: SilenceId) -> Result<Option<Silence>, StoreError> {
        self.call(self.inner.find_silence(id))
            .await
    }

    async fn list_silences(
        &self,
        query: &SilenceQuery,
        page: Page<SilenceId>,
    ) -> Result<Vec<Silence>, StoreError> {
        self.call(self.inner.list_silences(query, page))
            .await
    }

    async fn active_silences(&self, now: DateTime<Utc>) -> Result<Readable<Silence>, StoreError> {
        self.call(self.inner.active_silences(now))
            .await
    }
}

#[async_trait]
impl Maintenances for Spy {
    async fn create_maintenance(&self, maintenance: &Maintenance) -> Result<(), StoreError> {
        self.call(
            self.inner
                .create_maintenance(maintenance),
        )
        .await
    }

    async fn end_maintenance(
        &self,
        maintenance: &Maintenance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.call(
            self.inner
                .end_maintenance(maintenance, now),
        )
        .await
    }

    async fn find_maintenance(&self, id: MaintenanceId) -> Result<Option<Maintenance>, StoreError> {
        self.call(self.inner.find_maintenance(id))
            .await
    }

    async fn list_maintenances(
        &self,
        page: Page<MaintenanceId>,
    ) -> Result<Vec<Maintenance>, StoreError> {
        self.call(self.inner.list_maintenances(page))
            .await
    }

    async fn standing_maintenances(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Readable<Maintenance>, StoreError> {
        self.call(self.inner.standing_maintenances(now))
            .await
    }
}
