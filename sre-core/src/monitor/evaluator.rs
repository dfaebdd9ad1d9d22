//! Evaluating what is due: fold, evaluate, decide, one commit.

mod recording;
mod refolding;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use crate::alert::{Alert, Moment};
use crate::decide::{Situation, decide, identities};
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::incident::begin_at_onset;
use crate::indicator::Indicator;
use crate::ledger::Ledger;
use crate::monitor::Router;
use crate::monitor::books::Books;
use crate::monitor::folding::{Reader, Strikes, merged, readable_until};
use crate::monitor::ledgers::{LedgerKey, Ledgers, horizon, load_ledger};
use crate::name::{ServiceName, SloId};
use crate::schedule::SlotGrid;
use crate::service::Criticality;
use crate::slo::Slo;
use crate::source::{FailureClass, MetricSource};
use crate::store::{
    Alerts, Changes, Commit, Evaluations, Gap, MemberStanding, Samples, Services, SlotClaim,
    StoreError,
};
use crate::time::{Interval, Span};

pub use settings::MonitorSettings;

use recording::newest_slice;
use refolding::{BACKFILL_HOURS, merge_hours, still_dirty};

/// What the evaluator reads and writes.
#[derive(Clone, Debug)]
pub struct EvaluatorPorts {
    /// Slots, slices, commits.
    pub evaluations: Arc<dyn Evaluations>,
    /// Stored samples.
    pub samples: Arc<dyn Samples>,
    /// Open episodes.
    pub alerts: Arc<dyn Alerts>,
    /// How much services matter.
    pub services: Arc<dyn Services>,
    /// The source of counters, where one is configured.
    pub source: Option<Arc<dyn MetricSource>>,
}

/// Evaluates SLOs at their slots. One a process; replicas share the work by claims.
#[derive(Debug)]
pub struct Evaluator {
    ports: EvaluatorPorts,
    settings: MonitorSettings,
    router: Router,
    holder: String,
    ledgers: Ledgers,
    backfills: Mutex<BTreeMap<SloId, SlotClaim>>,
    backfill_hours: AtomicUsize,
}

/// What one activation did.
#[derive(Clone, Debug, Default)]
pub struct Evaluated {
    /// Slots that were committed.
    pub applied: u32,
    /// Slots whose claim, definition or alert had moved on: another will have decided them.
    pub superseded: u32,
    /// SLOs that could not be evaluated; their claims end by themselves.
    pub failed: u32,
    /// Slots that passed before they were evaluated: those of a pause, or of overload.
    pub missed: u32,
    /// The longest time between a slot and its evaluation.
    pub lag_max: Option<TimeDelta>,
    /// SLOs that the source answered for.
    pub source_answered: u32,
    /// SLOs that it answered for at some time, and not now.
    pub source_dark: u32,
    /// How sources failed.
    pub source_failures: BTreeMap<FailureClass, u32>,
    /// The last failure of the store, where one kept an SLO from being evaluated.
    pub error: Option<Arc<StoreError>>,
    /// Whether more is due at once.
    pub has_more: bool,
}

/// What alerts need to know of what people say of a service.
#[derive(Clone, Debug, Default)]
struct Declaration {
    criticality: Criticality,
    owner: Option<String>,
}

/// One SLO on its way from claim to commit.
struct Prepared {
    claim: SlotClaim,
    changes: Changes,
    books: Books,
    failure: Option<FailureClass>,
}

impl Evaluator {
    /// An evaluator that tells whom `router` leads to and claims as `holder`.
    #[must_use]
    pub fn new(
        ports: EvaluatorPorts,
        settings: MonitorSettings,
        router: impl Into<Router>,
        holder: String,
    ) -> Self {
        let (ledgers, backfills) = (Ledgers::default(), Mutex::default());
        Self {
            ports,
            settings,
            router: router.into(),
            holder,
            ledgers,
            backfills,
            backfill_hours: AtomicUsize::new(BACKFILL_HOURS),
        }
    }

    /// Evaluates one batch of due slots.
    ///
    /// # Errors
    ///
    /// Those of claiming and of the commit; what keeps one SLO from being evaluated is in
    /// [`Evaluated::error`] and keeps no other.
    pub async fn activate(&self, now: DateTime<Utc>) -> Result<Evaluated, StoreError> {
        let evaluations = &self.ports.evaluations;
        let until = now + CLAIM.as_delta();
        let claims = evaluations
            .claim_slots(&self.holder, now, until, BATCH)
            .await?;
        let mut done = Evaluated {
            has_more: claims.len() >= BATCH as usize,
            ..Evaluated::default()
        };
        if claims.is_empty() {
            self.ledgers
                .forget_before(now - LEDGERS_KEPT.as_delta());
            return Ok(done);
        }
        let mut latest = self.latest_episodes(&claims).await?;
        // What is corrupt of a service keeps no SLO from being judged: it matters as others do.
        let declared = match self.declared(&claims).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                done.error = Some(Arc::new(error));
                BTreeMap::new()
            }
            found => found?,
        };
        let strikes = &Strikes::default();
        let prepared: Vec<_> = stream::iter(claims)
            .map(|claim| {
                let episodes = latest
                    .remove(&claim.slo.id)
                    .unwrap_or_default();
                let service = &claim.slo.definition.service_name;
                let declared = declared
                    .get(service)
                    .cloned()
                    .unwrap_or_default();
                async move {
                    self.prepare(claim, &episodes, &declared, strikes, now)
                        .await
                }
            })
            .buffer_unordered(CONCURRENT)
            .collect()
            .await;
        let mut standing = Vec::with_capacity(prepared.len());
        for outcome in prepared {
            match outcome {
                Ok(prepared) => standing.push(prepared),
                Err(error) => {
                    done.failed += 1;
                    done.error = Some(Arc::new(error));
                }
            }
        }
        self.commit(standing, now, &mut done)
            .await?;
        Ok(done)
    }

    async fn latest_episodes(
        &self,
        claims: &[SlotClaim],
    ) -> Result<BTreeMap<SloId, Vec<Alert>>, StoreError> {
        let keys: Vec<_> = claims
            .iter()
            .flat_map(|claim| identities(&claim.slo))
            .map(|identity| identity.key())
            .collect();
        let mut latest: BTreeMap<SloId, Vec<Alert>> = BTreeMap::new();
        for alert in self
            .ports
            .alerts
            .latest_episodes(&keys)
            .await?
        {
            if let Some(slo) = alert.slo_id() {
                latest
                    .entry(slo)
                    .or_default()
                    .push(alert);
            }
        }
        Ok(latest)
    }

    async fn declared(
        &self,
        claims: &[SlotClaim],
    ) -> Result<BTreeMap<ServiceName, Declaration>, StoreError> {
        let names: BTreeSet<&ServiceName> = claims
            .iter()
            .map(|claim| &claim.slo.definition.service_name)
            .collect();
        let names: Vec<ServiceName> = names.into_iter().cloned().collect();
        let services = self
            .ports
            .services
            .find_services(&names)
            .await?;
        Ok(services
            .into_iter()
            .map(|service| {
                let declaration = Declaration {
                    criticality: service.criticality,
                    owner: service.owner,
                };
                (service.name, declaration)
            })
            .collect())
    }

    /// Folds what has closed, evaluates it and decides.
    async fn prepare(
        &self,
        mut claim: SlotClaim,
        latest: &[Alert],
        declared: &Declaration,
        strikes: &Strikes,
        now: DateTime<Utc>,
    ) -> Result<Prepared, StoreError> {
        let grid = self.settings.grid(&claim.slo);
        let newest = readable_until(&claim, grid.closed_at(now));
        let gaps = skip_what_no_window_holds(&mut claim, newest);
        let end = newest
            .min(claim.last_slice + CATCH_UP.as_delta())
            .max(claim.last_slice);
        let is_newest = end == newest;
        // After a pause the claimed slot is the first that was missed; the newest one decides.
        let slot = grid.at_or_before(now).max(claim.slot);
        let mut progress = claim.progress.clone();
        note_pause(&mut progress, &claim, &grid, now);

        let live = Interval::new(claim.last_slice, end);
        let reader = self.reader(strikes, &claim.members);
        let read = reader
            .read(&claim.slo, live, progress.last_measured)
            .await?;
        progress.is_estimated = read
            .is_estimated
            .unwrap_or(progress.is_estimated);
        progress.missing_members = read
            .missing
            .unwrap_or(progress.missing_members);
        progress.bracket = read.bracket.or(progress.bracket);
        let mut books = self.books(&claim).await?;
        let store = self.ports.evaluations.as_ref();
        books
            .correct(store, &claim.slo, claim.generation, &claim.corrections, end)
            .await?;
        let calculations = self
            .fold_live(&claim, slot, &mut books, &mut progress, live, &read)
            .await?;
        let refold = self
            .refold_stored(&claim, &mut books, &mut progress)
            .await?;
        progress.resolve_rules(
            latest
                .iter()
                .any(Alert::is_held_by_rules),
        );
        let evaluation = self
            .evaluation(&claim, &mut books, &progress, end)
            .await?;

        let mut hours = refold.hours;
        let mut folded = refold.folded;
        folded.push(live);
        merge_hours(&mut hours, live_hours(books.raw(), live));
        let has_failed = !read.failed.is_empty();
        let next_slot = if is_newest {
            grid.after(now)
        } else {
            grid.of_slice(
                end + claim
                    .slo
                    .definition
                    .slice
                    .span()
                    .as_delta(),
            )
        };
        let mut changes = Changes {
            next_slot: next_slot.max(grid.after(claim.slot)),
            last_slice: end,
            hours,
            refolded: refold
                .refolded
                .or_else(|| has_failed.then(|| still_dirty(&claim))),
            calculations,
            gaps,
            folded: merged(folded),
            ..unchanged(&claim, progress, evaluation)
        };
        if let (Some(refolded), true) = (&mut changes.refolded, has_failed) {
            refolded.remaining.extend(&read.failed);
            refolded.remaining = merged(std::mem::take(&mut refolded.remaining));
        }
        if is_newest {
            let newest = newest_slice(books.raw(), &claim.slo);
            self.record_slot(&claim, slot, newest, &mut changes);
            let moment = Moment {
                now,
                slot: Some(slot),
                routes: self
                    .router
                    .audience(declared.owner.as_deref()),
                settings: &self.settings.lifecycle,
            };
            decide_on(&claim, latest, declared.criticality, moment, &mut changes);
            let target = claim.slo.definition.target;
            begin_at_onset(&mut changes.alerts, books.judged(), target);
        }
        Ok(Prepared {
            claim,
            changes,
            books,
            failure: read.failure,
        })
    }

    /// The books of a claim: the cached ones when they are what is stored, else from the store.
    async fn books(&self, claim: &SlotClaim) -> Result<Books, StoreError> {
        let key = LedgerKey {
            generation: claim.generation,
            revision: claim.revision,
            last_slice: claim.last_slice,
        };
        if let Some(books) = self
            .ledgers
            .take(claim.slo.id, key, &claim.slo.definition)
        {
            return Ok(books);
        }
        let evaluations = self.ports.evaluations.as_ref();
        let ledger = load_ledger(evaluations, &claim.slo, claim.generation, claim.last_slice);
        Ok(Books::new(ledger.await?))
    }

    async fn evaluation(
        &self,
        claim: &SlotClaim,
        books: &mut Books,
        progress: &Progress,
        end: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        books
            .evaluate(
                self.ports.evaluations.as_ref(),
                &claim.slo,
                claim.generation,
                progress,
                end,
                &self.settings.evaluation,
            )
            .await
    }

    /// Commits a batch; what stands keeps its ledger, and its history is queued.
    async fn commit(
        &self,
        prepared: Vec<Prepared>,
        now: DateTime<Utc>,
        done: &mut Evaluated,
    ) -> Result<(), StoreError> {
        let (mut changes, mut rest) = (Vec::new(), Vec::new());
        for one in prepared {
            changes.push(one.changes);
            rest.push((one.claim, one.books, one.failure));
        }
        let commits = self
            .ports
            .evaluations
            .commit(&changes)
            .await?;
        let mut lost = Vec::new();
        for ((changes, commit), (claim, books, failure)) in changes
            .into_iter()
            .zip(commits)
            .zip(rest)
        {
            let was_asked = matches!(claim.slo.definition.indicator, Indicator::Prometheus(_))
                && changes.last_slice > claim.last_slice;
            done.source_answered += u32::from(was_asked && failure.is_none());
            let has_history = claim.progress.first_measured.is_some();
            done.source_dark += u32::from(was_asked && failure.is_some() && has_history);
            if let Some(class) = failure {
                *done
                    .source_failures
                    .entry(class)
                    .or_default() += 1;
            }
            let Commit::Applied { revision } = commit else {
                done.superseded += 1;
                lost.push(claim);
                continue;
            };
            done.applied += 1;
            done.has_more |= changes.next_slot <= now;
            let step = self
                .settings
                .grid(&claim.slo)
                .step()
                .as_secs_i64();
            // Of the slots that this commit moves past, only the newest was on time.
            let passed = (changes.next_slot - claim.slot).num_seconds() / step;
            let missed = passed - i64::from(changes.next_slot > now);
            done.missed = done
                .missed
                .saturating_add(u32::try_from(missed.max(0)).unwrap_or(u32::MAX));
            done.lag_max = done.lag_max.max(Some(now - claim.slot));
            let key = LedgerKey {
                generation: changes.generation,
                revision,
                last_slice: changes.last_slice,
            };
            self.ledgers
                .put(claim.slo.id, key, books);
            self.queue_backfill(claim, changes, revision);
        }
        // An alert or a definition that moved on leaves the claim standing: the slot is due now, and
        // not when the claim would have ended.
        if !lost.is_empty() {
            self.ports
                .evaluations
                .release(&lost)
                .await?;
        }
        Ok(())
    }

    fn reader<'a>(&'a self, strikes: &'a Strikes, members: &'a [MemberStanding]) -> Reader<'a> {
        Reader {
            samples: self.ports.samples.as_ref(),
            source: self.ports.source.as_deref(),
            strikes,
            evaluations: self.ports.evaluations.as_ref(),
            members,
            min_coverage_permille: self
                .settings
                .evaluation
                .min_coverage_permille,
        }
    }
}

/// Changes that write nothing but what is remembered beside the slices.
fn unchanged(claim: &SlotClaim, progress: Progress, evaluation: Evaluation) -> Changes {
    Changes {
        slo_id: claim.slo.id,
        slot: claim.slot,
        epoch: claim.epoch,
        version: claim.slo.version,
        generation: claim.generation,
        next_slot: claim.slot,
        last_slice: claim.last_slice,
        hours: Vec::new(),
        refolded: None,
        progress,
        evaluation,
        calculations: Vec::new(),
        gaps: Vec::new(),
        folded: Vec::new(),
        budget: None,
        alerts: Vec::new(),
    }
}

/// After a pause longer than the window and a day, what lies before is folded by nobody any more.
fn skip_what_no_window_holds(claim: &mut SlotClaim, newest: DateTime<Utc>) -> Vec<Gap> {
    let reach = horizon(&claim.slo.definition).as_delta() + Span::days(1).as_delta();
    let earliest = Hour::floor(newest - reach);
    if claim.last_slice >= earliest {
        return Vec::new();
    }
    let during = Interval::new(claim.last_slice, earliest);
    claim.last_slice = earliest;
    vec![Gap {
        during,
        reason: "nobody watched for longer than the window".to_owned(),
    }]
}

/// Time in which nobody watched makes nothing stale. What was stale before stays so until it is
/// measured: a pause is no recovery.
fn note_pause(progress: &mut Progress, claim: &SlotClaim, grid: &SlotGrid, now: DateTime<Utc>) {
    let is_pause = now - claim.slot > grid.step().as_delta() * 2;
    let was_stale = claim
        .last
        .as_ref()
        .is_some_and(|last| last.is_stale);
    if (is_pause && !was_stale) || progress.watching_since.is_none() {
        progress.watching_since = Some(grid.closed_at(now));
    }
}

/// Has what the newest slot found decided on, for the changes that it makes.
fn decide_on(
    claim: &SlotClaim,
    latest: &[Alert],
    criticality: Criticality,
    moment: Moment<'_>,
    changes: &mut Changes,
) {
    let pace = pace(&claim.slo, &changes.progress);
    let decided = decide(&Situation {
        slo: &claim.slo,
        criticality,
        evaluation: &changes.evaluation,
        latest,
        course: &claim.progress.course,
        measured: changes
            .progress
            .newly_measured(claim.progress.last_measured, pace),
        moment,
    });
    changes.alerts = decided.alerts;
    changes.progress.course = decided.course;
}

/// How often an SLO is measured: as declared, else as learned; never more often than its slices end.
fn pace(slo: &Slo, progress: &Progress) -> Span {
    let width = slo.definition.slice.span();
    slo.definition
        .expected_interval
        .or_else(|| progress.learned_interval())
        .map_or(width, |expected| expected.max(width))
}

/// The hours that live slices touched, whole.
fn live_hours(ledger: &Ledger, live: Interval) -> Vec<Hour> {
    let mut hours = Vec::new();
    let mut at = Hour::floor(live.start());
    while at < live.end() {
        hours.extend(ledger.fine_hour(at));
        at += Span::hours(1).as_delta();
    }
    hours
}

/// How long a claim holds: longer than any source may take, short enough for a takeover in 22 s.
const CLAIM: Span = Span::seconds(20);
/// SLOs a batch: one transaction, which no other writer waits for long.
const BATCH: u32 = 500;
/// SLOs whose source is asked at once.
const CONCURRENT: usize = 8;
/// Ledgers of SLOs that were not evaluated for so long are forgotten.
const LEDGERS_KEPT: Span = Span::hours(2);
/// The most that one step catches up on.
const CATCH_UP: Span = Span::hours(1);
