//! The calls that change what a store holds, as values that can be written down.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sre_core::alert::AlertUpdate;
use sre_core::correction::{Cancellation, Correction, Ended};
use sre_core::health::ServiceHealth;
use sre_core::incident::IncidentUpdate;
use sre_core::maintenance::Maintenance;
use sre_core::name::{AlertId, CorrectionId, DestinationId, ServiceName, SloId};
use sre_core::notification::{Destination, Notice};
use sre_core::sample::Sample;
use sre_core::service::Service;
use sre_core::silence::Silence;
use sre_core::slo::Slo;
use sre_core::store::{
    Alerts, Attempt, Catalog, Changes, Corrections, Deliveries, Evaluations, HealthRecords,
    Incidents, Judged, Kept, Maintenances, Notices, Outbox, Replay, Replies, Reply, ReplyKey,
    Retention, Samples, Services, Silences, SloChange, SlotClaim, Start, StoreError, Target,
    TargetClaim,
};
use sre_core::time::Interval;
use sre_store_memory::MemoryStore;

/// A call that writes, by the name of its method, with its arguments.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    ClaimDueAlerts(Claim),
    Apply(AlertUpdate),
    Postpone(AlertId, u64, Option<DateTime<Utc>>),
    Insert(Slo, Start),
    Seed(Vec<(Slo, Start)>),
    Update {
        slo: Slo,
        expected_version: u64,
        restart: Option<Start>,
        backfill: Option<Interval>,
        alerts: Vec<AlertUpdate>,
    },
    Refold(SloId, Interval),
    CreateCorrection(Correction),
    CancelCorrection(CorrectionId, Cancellation),
    EndCorrection(CorrectionId, Ended),
    CreateSilence(Silence),
    ChangeSilence(Silence, Option<Silence>),
    CreateMaintenance(Maintenance),
    EndMaintenance(Maintenance, DateTime<Utc>),
    ClaimSlots(Claim),
    Release(Vec<SlotClaim>),
    Commit(Vec<Changes>),
    RecordHealth(Vec<ServiceHealth>),
    ChangeIncidents(Vec<IncidentUpdate>),
    AddNotices(Vec<Notice>),
    RegisterDestinations(Vec<Destination>, DateTime<Utc>),
    Settle(Judged, DateTime<Utc>),
    Replay(Replay),
    ClaimDeliveries {
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: Vec<DestinationId>,
    },
    Record(Attempt),
    ClaimReply(ReplyKey, [u8; 32], DateTime<Utc>, DateTime<Utc>),
    KeepReply(ReplyKey, u64, Reply),
    ReleaseReply(ReplyKey, u64),
    Prune(Kept, DateTime<Utc>, u32),
    Append(Vec<Sample>, DateTime<Utc>),
    RegisterTargets(Vec<Target>, DateTime<Utc>),
    ClaimTargets(Claim),
    CompleteTarget {
        claim: TargetClaim,
        samples: Vec<Sample>,
        next_at: DateTime<Utc>,
        closed_before: DateTime<Utc>,
    },
    PutService(Service, u64),
    DeleteService(ServiceName, u64),
}

/// What every claim of work says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Claim {
    pub(crate) holder: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) limit: u32,
}

impl Claim {
    pub(crate) fn new(holder: &str, now: DateTime<Utc>, until: DateTime<Utc>, limit: u32) -> Self {
        Self {
            holder: holder.to_owned(),
            now,
            until,
            limit,
        }
    }
}

impl Call {
    /// Does it again. What was refused the first time is refused again, and changes nothing.
    #[expect(clippy::too_many_lines, reason = "a flat list: an arm a call")]
    pub(crate) async fn redo(self, store: &MemoryStore) -> Result<(), StoreError> {
        match self {
            Self::ClaimDueAlerts(Claim {
                holder,
                now,
                until,
                limit,
            }) => store
                .claim_due_alerts(&holder, now, until, limit)
                .await
                .map(drop),
            Self::Apply(update) => store.apply(&update).await.map(drop),
            Self::Postpone(id, transition, at) => store.postpone(id, transition, at).await,
            Self::Insert(slo, start) => store.insert(&slo, &start).await,
            Self::Seed(slos) => store.seed(&slos).await.map(drop),
            Self::Update {
                slo,
                expected_version,
                restart,
                backfill,
                alerts,
            } => {
                let change = SloChange {
                    slo: &slo,
                    expected_version,
                    restart,
                    backfill,
                    alerts: &alerts,
                };
                store.update(&change).await
            }
            Self::Refold(id, during) => store.refold(id, during).await,
            Self::CreateCorrection(correction) => {
                store
                    .create_correction(&correction)
                    .await
            }
            Self::CancelCorrection(id, why) => store.cancel_correction(id, &why).await,
            Self::EndCorrection(id, ended) => store.end_correction(id, &ended).await,
            Self::CreateSilence(silence) => store.create_silence(&silence).await,
            Self::ChangeSilence(silence, successor) => {
                store
                    .change_silence(&silence, successor.as_ref())
                    .await
            }
            Self::CreateMaintenance(maintenance) => {
                store
                    .create_maintenance(&maintenance)
                    .await
            }
            Self::EndMaintenance(maintenance, now) => {
                store
                    .end_maintenance(&maintenance, now)
                    .await
            }
            Self::ClaimSlots(Claim {
                holder,
                now,
                until,
                limit,
            }) => store
                .claim_slots(&holder, now, until, limit)
                .await
                .map(drop),
            Self::Release(claims) => store.release(&claims).await,
            Self::Commit(changes) => store.commit(&changes).await.map(drop),
            Self::RecordHealth(found) => store.record_health(&found).await,
            Self::ChangeIncidents(updates) => store
                .change_incidents(&updates)
                .await
                .map(drop),
            Self::AddNotices(notices) => store.add_notices(&notices).await,
            Self::RegisterDestinations(all, now) => {
                store
                    .register_destinations(&all, now)
                    .await
            }
            Self::Replay(replay) => store.replay(&replay).await.map(drop),
            Self::Settle(judged, now) => store
                .settle(&judged, now)
                .await
                .map(drop),
            Self::ClaimDeliveries {
                now,
                until,
                limit,
                busy,
            } => store
                .claim_deliveries(now, until, limit, &busy)
                .await
                .map(drop),
            Self::Record(attempt) => store.record(&attempt).await.map(drop),
            Self::ClaimReply(key, fingerprint, now, until) => store
                .claim_reply(&key, fingerprint, now, until)
                .await
                .map(drop),
            Self::KeepReply(key, epoch, reply) => store
                .keep_reply(&key, epoch, &reply)
                .await
                .map(drop),
            Self::ReleaseReply(key, epoch) => store
                .release_reply(&key, epoch)
                .await
                .map(drop),
            Self::Prune(kept, before, limit) => store
                .prune(kept, before, limit)
                .await
                .map(drop),
            Self::Append(samples, before) => store
                .append(&samples, before)
                .await
                .map(drop),
            Self::RegisterTargets(all, now) => store.register_targets(&all, now).await,
            Self::ClaimTargets(Claim {
                holder,
                now,
                until,
                limit,
            }) => store
                .claim_targets(&holder, now, until, limit)
                .await
                .map(drop),
            Self::CompleteTarget {
                claim,
                samples,
                next_at,
                closed_before,
            } => {
                let done = store.complete_target(&claim, &samples, next_at, closed_before);
                done.await.map(drop)
            }
            Self::PutService(service, version) => {
                store
                    .put_service(&service, version)
                    .await
            }
            Self::DeleteService(name, version) => {
                store
                    .delete_service(&name, version)
                    .await
            }
        }
    }
}
