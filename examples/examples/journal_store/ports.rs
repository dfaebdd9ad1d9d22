//! The store: reads come from memory, writes go through the journal.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sre_core::alert::{Alert, AlertUpdate, DedupKey};
use sre_core::correction::{Cancellation, Correction, Ended};
use sre_core::evaluation::Evaluation;
use sre_core::health::{OpenAlerts, ServiceHealth};
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
    ClaimedDeliveries, ClaimedReply, Commit, CorrectionQuery, Corrections, Deliveries,
    DeliveryQuery, DeliveryRecord, DueGroups, DueNotices, Evaluations, HealthRecords, HistoryItem,
    IncidentQuery, Incidents, IncidentsPage, IntentRecord, Judged, Kept, LaneStatus, Maintenances,
    Missed, NoticeRecord, Notices, Outbox, Overdue, Page, QueueDepth, Readable, Recollection,
    Replay, Replies, Reply, ReplyKey, Retention, Samples, Seeded, Services, SilenceQuery, Silences,
    SloChange, SloQuery, SlotClaim, Standing, Start, StoreError, Target, TargetClaim,
};
use sre_core::time::Interval;
use sre_store_memory::MemoryStore;

use crate::call::{Call, Claim};
use crate::journal::Journal;

/// A store in memory whose writes are in a file before they are done.
#[derive(Debug)]
pub(crate) struct JournalStore {
    memory: MemoryStore,
    /// Held while a write is written down and done, so that the order in the file is the order in
    /// which it happened.
    journal: Mutex<Journal>,
}

impl JournalStore {
    /// The store that the file holds; a new one where there is no file.
    ///
    /// # Errors
    ///
    /// Those of [`Journal::open`].
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let (journal, calls) = Journal::open(path)?;
        let memory = MemoryStore::new();
        for call in calls {
            // What was refused then is refused now, and its caller was told then.
            let _refused = call.redo(&memory).await;
        }
        let journal = Mutex::new(journal);
        Ok(Self { memory, journal })
    }

    /// All that it holds, to be compared.
    #[cfg(test)]
    pub(crate) fn contents(&self) -> String {
        format!("{:?}", self.memory)
    }

    /// Writes `call` down, then does it.
    fn write<T>(
        &self,
        call: &Call,
        doing: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut journal = self
            .journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        journal.append(call)?;
        doing
            .now_or_never()
            .expect("a store in memory waits for nothing")
    }
}

#[async_trait]
impl Alerts for JournalStore {
    async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.memory.find_alert(id).await
    }

    async fn latest_episodes(&self, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError> {
        self.memory.latest_episodes(keys).await
    }

    async fn list_alerts(
        &self,
        query: &AlertQuery,
        page: Page<AlertsPage>,
    ) -> Result<Vec<Alert>, StoreError> {
        self.memory
            .list_alerts(query, page)
            .await
    }

    async fn pages_since(&self, since: DateTime<Utc>) -> Result<Vec<Alert>, StoreError> {
        self.memory.pages_since(since).await
    }

    async fn claim_due_alerts(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let call = Call::ClaimDueAlerts(Claim::new(holder, now, until, limit));
        self.write(
            &call,
            self.memory
                .claim_due_alerts(holder, now, until, limit),
        )
    }

    async fn apply(&self, update: &AlertUpdate) -> Result<Commit, StoreError> {
        let call = Call::Apply(update.clone());
        self.write(&call, self.memory.apply(update))
    }

    async fn postpone(
        &self,
        id: AlertId,
        transition: u64,
        next_action_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let call = Call::Postpone(id, transition, next_action_at);
        self.write(
            &call,
            self.memory
                .postpone(id, transition, next_action_at),
        )
    }
}

#[async_trait]
impl Catalog for JournalStore {
    async fn insert(&self, slo: &Slo, start: &Start) -> Result<(), StoreError> {
        let call = Call::Insert(slo.clone(), *start);
        self.write(&call, self.memory.insert(slo, start))
    }

    async fn seed(&self, slos: &[(Slo, Start)]) -> Result<Seeded, StoreError> {
        let call = Call::Seed(slos.to_vec());
        self.write(&call, self.memory.seed(slos))
    }

    async fn update(&self, change: &SloChange<'_>) -> Result<(), StoreError> {
        let call = Call::Update {
            slo: change.slo.clone(),
            expected_version: change.expected_version,
            restart: change.restart,
            backfill: change.backfill,
            alerts: change.alerts.to_vec(),
        };
        self.write(&call, self.memory.update(change))
    }

    async fn refold(&self, id: SloId, during: Interval) -> Result<(), StoreError> {
        let call = Call::Refold(id, during);
        self.write(&call, self.memory.refold(id, during))
    }

    async fn find(&self, id: SloId) -> Result<Option<Slo>, StoreError> {
        self.memory.find(id).await
    }

    async fn list(&self, query: &SloQuery, page: Page<SloId>) -> Result<Vec<Slo>, StoreError> {
        self.memory.list(query, page).await
    }

    async fn count(&self) -> Result<u64, StoreError> {
        self.memory.count().await
    }
}

#[async_trait]
impl Corrections for JournalStore {
    async fn create_correction(&self, correction: &Correction) -> Result<(), StoreError> {
        let call = Call::CreateCorrection(correction.clone());
        self.write(
            &call,
            self.memory
                .create_correction(correction),
        )
    }

    async fn cancel_correction(
        &self,
        id: CorrectionId,
        cancellation: &Cancellation,
    ) -> Result<(), StoreError> {
        let call = Call::CancelCorrection(id, cancellation.clone());
        self.write(
            &call,
            self.memory
                .cancel_correction(id, cancellation),
        )
    }

    async fn end_correction(&self, id: CorrectionId, ended: &Ended) -> Result<(), StoreError> {
        let call = Call::EndCorrection(id, ended.clone());
        self.write(&call, self.memory.end_correction(id, ended))
    }

    async fn find_correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        self.memory.find_correction(id).await
    }

    async fn list_corrections(
        &self,
        query: &CorrectionQuery,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>, StoreError> {
        self.memory
            .list_corrections(query, page)
            .await
    }

    async fn corrections_of(
        &self,
        slo: SloId,
        service: &ServiceName,
        during: Interval,
    ) -> Result<Vec<Correction>, StoreError> {
        self.memory
            .corrections_of(slo, service, during)
            .await
    }
}

#[async_trait]
impl Evaluations for JournalStore {
    async fn claim_slots(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SlotClaim>, StoreError> {
        let call = Call::ClaimSlots(Claim::new(holder, now, until, limit));
        self.write(
            &call,
            self.memory
                .claim_slots(holder, now, until, limit),
        )
    }

    async fn release(&self, claims: &[SlotClaim]) -> Result<(), StoreError> {
        let call = Call::Release(claims.to_vec());
        self.write(&call, self.memory.release(claims))
    }

    async fn hours(
        &self,
        slo: SloId,
        generation: Generation,
        width: SliceWidth,
        during: Interval,
    ) -> Result<Vec<Hour>, StoreError> {
        self.memory
            .hours(slo, generation, width, during)
            .await
    }

    async fn commit(&self, changes: &[Changes]) -> Result<Vec<Commit>, StoreError> {
        let call = Call::Commit(changes.to_vec());
        self.write(&call, self.memory.commit(changes))
    }

    async fn standings(&self, slos: &[SloId]) -> Result<Vec<Standing>, StoreError> {
        self.memory.standings(slos).await
    }

    async fn earliest_slot(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.memory.earliest_slot().await
    }

    async fn history(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        self.memory
            .history(slo, during, limit)
            .await
    }

    async fn budgets(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<BudgetRecord>, StoreError> {
        self.memory
            .budgets(slo, during, limit)
            .await
    }
}

#[async_trait]
impl HealthRecords for JournalStore {
    async fn live_slos(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(Slo, Option<Evaluation>)>, StoreError> {
        self.memory.live_slos(services).await
    }

    async fn probe_samples(
        &self,
        services: &[ServiceName],
        during: Interval,
    ) -> Result<Vec<Sample>, StoreError> {
        self.memory
            .probe_samples(services, during)
            .await
    }

    async fn open_alerts(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(ServiceName, OpenAlerts)>, StoreError> {
        self.memory.open_alerts(services).await
    }

    async fn record_health(&self, found: &[ServiceHealth]) -> Result<(), StoreError> {
        let call = Call::RecordHealth(found.to_vec());
        self.write(&call, self.memory.record_health(found))
    }

    async fn health_at(
        &self,
        services: &[ServiceName],
        at: DateTime<Utc>,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        self.memory
            .health_at(services, at)
            .await
    }

    async fn health_history(
        &self,
        service: &ServiceName,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        self.memory
            .health_history(service, during, limit)
            .await
    }
}

#[async_trait]
impl Incidents for JournalStore {
    async fn find_incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.memory.find_incident(id).await
    }

    async fn list_incidents(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<Incident>, StoreError> {
        self.memory
            .list_incidents(query, page)
            .await
    }

    async fn alerts_of(&self, incidents: &[IncidentId]) -> Result<Vec<Alert>, StoreError> {
        self.memory.alerts_of(incidents).await
    }

    async fn recollect(&self, id: IncidentId) -> Result<Recollection, StoreError> {
        self.memory.recollect(id).await
    }

    async fn loose_alerts(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        self.memory
            .loose_alerts(since, limit)
            .await
    }

    async fn change_incidents(&self, updates: &[IncidentUpdate]) -> Result<Commit, StoreError> {
        let call = Call::ChangeIncidents(updates.to_vec());
        self.write(&call, self.memory.change_incidents(updates))
    }
}

#[async_trait]
impl Notices for JournalStore {
    async fn add_notices(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let call = Call::AddNotices(notices.to_vec());
        self.write(&call, self.memory.add_notices(notices))
    }

    async fn due_notices(&self, now: DateTime<Utc>, limit: u32) -> Result<DueNotices, StoreError> {
        self.memory
            .due_notices(now, limit)
            .await
    }

    async fn find_notice(&self, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError> {
        self.memory.find_notice(id).await
    }
}

#[async_trait]
impl Deliveries for JournalStore {
    async fn list_deliveries(
        &self,
        query: &DeliveryQuery,
        page: Page<u64>,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        self.memory
            .list_deliveries(query, page)
            .await
    }

    async fn find_delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        self.memory.find_delivery(id).await
    }

    async fn replay(&self, replay: &Replay) -> Result<Commit, StoreError> {
        let call = Call::Replay(replay.clone());
        self.write(&call, self.memory.replay(replay))
    }

    async fn missed(
        &self,
        fallbacks: &[Fallback],
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Missed>, StoreError> {
        self.memory
            .missed(fallbacks, now, limit)
            .await
    }

    async fn overdue(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Overdue>, StoreError> {
        self.memory.overdue(before, limit).await
    }
}

#[async_trait]
impl Outbox for JournalStore {
    async fn register_destinations(
        &self,
        destinations: &[Destination],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let call = Call::RegisterDestinations(destinations.to_vec(), now);
        self.write(
            &call,
            self.memory
                .register_destinations(destinations, now),
        )
    }

    async fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> Result<DueGroups, StoreError> {
        self.memory.due_groups(now, limit).await
    }

    async fn settle(&self, judged: &Judged, now: DateTime<Utc>) -> Result<Commit, StoreError> {
        let call = Call::Settle(judged.clone(), now);
        self.write(&call, self.memory.settle(judged, now))
    }

    async fn claim_deliveries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Result<ClaimedDeliveries, StoreError> {
        let call = Call::ClaimDeliveries {
            now,
            until,
            limit,
            busy: busy.to_vec(),
        };
        self.write(
            &call,
            self.memory
                .claim_deliveries(now, until, limit, busy),
        )
    }

    async fn record(&self, attempt: &Attempt) -> Result<Commit, StoreError> {
        let call = Call::Record(attempt.clone());
        self.write(&call, self.memory.record(attempt))
    }

    async fn ledger(&self, alert: AlertId) -> Result<Vec<IntentRecord>, StoreError> {
        self.memory.ledger(alert).await
    }

    async fn depth(&self) -> Result<QueueDepth, StoreError> {
        self.memory.depth().await
    }

    async fn lanes(&self, since: DateTime<Utc>) -> Result<Vec<LaneStatus>, StoreError> {
        self.memory.lanes(since).await
    }
}

#[async_trait]
impl Replies for JournalStore {
    async fn claim_reply(
        &self,
        key: &ReplyKey,
        fingerprint: [u8; 32],
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<ClaimedReply, StoreError> {
        let call = Call::ClaimReply(key.clone(), fingerprint, now, until);
        self.write(
            &call,
            self.memory
                .claim_reply(key, fingerprint, now, until),
        )
    }

    async fn keep_reply(
        &self,
        key: &ReplyKey,
        epoch: u64,
        reply: &Reply,
    ) -> Result<Commit, StoreError> {
        let call = Call::KeepReply(key.clone(), epoch, reply.clone());
        self.write(
            &call,
            self.memory
                .keep_reply(key, epoch, reply),
        )
    }

    async fn release_reply(&self, key: &ReplyKey, epoch: u64) -> Result<Commit, StoreError> {
        let call = Call::ReleaseReply(key.clone(), epoch);
        self.write(&call, self.memory.release_reply(key, epoch))
    }
}

#[async_trait]
impl Retention for JournalStore {
    async fn prune(
        &self,
        kept: Kept,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let call = Call::Prune(kept, before, limit);
        self.write(&call, self.memory.prune(kept, before, limit))
    }
}

#[async_trait]
impl Samples for JournalStore {
    async fn append(
        &self,
        samples: &[Sample],
        closed_before: DateTime<Utc>,
    ) -> Result<Vec<Appended>, StoreError> {
        let call = Call::Append(samples.to_vec(), closed_before);
        self.write(
            &call,
            self.memory
                .append(samples, closed_before),
        )
    }

    async fn series(
        &self,
        service: &ServiceName,
        metric: &MetricName,
        during: Interval,
        limit: u32,
    ) -> Result<Vec<Sample>, StoreError> {
        self.memory
            .series(service, metric, during, limit)
            .await
    }

    async fn register_targets(
        &self,
        targets: &[Target],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let call = Call::RegisterTargets(targets.to_vec(), now);
        self.write(
            &call,
            self.memory
                .register_targets(targets, now),
        )
    }

    async fn claim_targets(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<TargetClaim>, StoreError> {
        let call = Call::ClaimTargets(Claim::new(holder, now, until, limit));
        self.write(
            &call,
            self.memory
                .claim_targets(holder, now, until, limit),
        )
    }

    async fn complete_target(
        &self,
        claim: &TargetClaim,
        samples: &[Sample],
        next_at: DateTime<Utc>,
        closed_before: DateTime<Utc>,
    ) -> Result<Commit, StoreError> {
        let call = Call::CompleteTarget {
            claim: claim.clone(),
            samples: samples.to_vec(),
            next_at,
            closed_before,
        };
        self.write(
            &call,
            self.memory
                .complete_target(claim, samples, next_at, closed_before),
        )
    }
}

#[async_trait]
impl Services for JournalStore {
    async fn put_service(
        &self,
        service: &Service,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let call = Call::PutService(service.clone(), expected_version);
        self.write(
            &call,
            self.memory
                .put_service(service, expected_version),
        )
    }

    async fn delete_service(
        &self,
        name: &ServiceName,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let call = Call::DeleteService(name.clone(), expected_version);
        self.write(
            &call,
            self.memory
                .delete_service(name, expected_version),
        )
    }

    async fn find_services(&self, names: &[ServiceName]) -> Result<Vec<Service>, StoreError> {
        self.memory.find_services(names).await
    }

    async fn list_services(&self, page: Page<ServiceName>) -> Result<Vec<Service>, StoreError> {
        self.memory.list_services(page).await
    }

    async fn dependents(&self, names: &[ServiceName]) -> Result<Vec<ServiceName>, StoreError> {
        self.memory.dependents(names).await
    }
}

#[async_trait]
impl Silences for JournalStore {
    async fn create_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        let call = Call::CreateSilence(silence.clone());
        self.write(&call, self.memory.create_silence(silence))
    }

    async fn change_silence(
        &self,
        silence: &Silence,
        successor: Option<&Silence>,
    ) -> Result<(), StoreError> {
        let call = Call::ChangeSilence(silence.clone(), successor.cloned());
        self.write(
            &call,
            self.memory
                .change_silence(silence, successor),
        )
    }

    async fn find_silence(&self, id: SilenceId) -> Result<Option<Silence>, StoreError> {
        self.memory.find_silence(id).await
    }

    async fn list_silences(
        &self,
        query: &SilenceQuery,
        page: Page<SilenceId>,
    ) -> Result<Vec<Silence>, StoreError> {
        self.memory
            .list_silences(query, page)
            .await
    }

    async fn active_silences(&self, now: DateTime<Utc>) -> Result<Readable<Silence>, StoreError> {
        self.memory.active_silences(now).await
    }
}

#[async_trait]
impl Maintenances for JournalStore {
    async fn create_maintenance(&self, maintenance: &Maintenance) -> Result<(), StoreError> {
        let call = Call::CreateMaintenance(maintenance.clone());
        self.write(
            &call,
            self.memory
                .create_maintenance(maintenance),
        )
    }

    async fn end_maintenance(
        &self,
        maintenance: &Maintenance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let call = Call::EndMaintenance(maintenance.clone(), now);
        self.write(
            &call,
            self.memory
                .end_maintenance(maintenance, now),
        )
    }

    async fn find_maintenance(&self, id: MaintenanceId) -> Result<Option<Maintenance>, StoreError> {
        self.memory.find_maintenance(id).await
    }

    async fn list_maintenances(
        &self,
        page: Page<MaintenanceId>,
    ) -> Result<Vec<Maintenance>, StoreError> {
        self.memory
            .list_maintenances(page)
            .await
    }

    async fn standing_maintenances(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Readable<Maintenance>, StoreError> {
        self.memory
            .standing_maintenances(now)
            .await
    }
}
