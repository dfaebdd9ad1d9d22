//! Evaluating what is due: fold, evaluate, decide, one commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use crate::alert::{Alert, LifecycleSettings, Moment};
use crate::decide::{Situation, decide, identities};
use crate::evaluate::EvaluationSettings;
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::ledger::Ledger;
use crate::monitor::folding::{Read, Reader, merged, newest_hours, slices};
use crate::monitor::ledgers::{
    LedgerKey, Ledgers, evaluate_with_edges, horizon, load_ledger, too_large,
};
use crate::name::{DestinationId, SloId};
use crate::schedule::SlotGrid;
use crate::slice::Slice;
use crate::slo::Indicator;
use crate::source::{FailureClass, MetricSource};
use crate::store::{
    Alerts, BudgetRecord, Calculation, Changes, Commit, Evaluations, Gap, Outcome, Refolded,
    Samples, SlotClaim, StoreError,
};
use crate::time::{Interval, Span};

/// What an installation sets for the evaluator.
#[derive(Clone, Copy, Debug)]
pub struct MonitorSettings {
    /// Levels and coverage.
    pub evaluation: EvaluationSettings,
    /// The times that move alerts.
    pub lifecycle: LifecycleSettings,
    /// How often a calculation is recorded.
    pub validation_interval: Span,
    /// How long after its end a slice closes, so that what was scraped in it has arrived.
    pub delay: Span,
    /// How often the budget is recorded.
    pub budget_interval: Span,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self {
            evaluation: EvaluationSettings::default(),
            lifecycle: LifecycleSettings::default(),
            validation_interval: Span::minutes(5),
            delay: Span::seconds(10),
            budget_interval: Span::hours(1),
        }
    }
}

impl MonitorSettings {
    /// The slots of an SLO.
    #[must_use]
    pub fn grid(&self, slo: &crate::slo::Slo) -> SlotGrid {
        SlotGrid::new(
            slo.id,
            slo.definition.slice,
            self.validation_interval,
            self.delay,
        )
    }
}

/// What the evaluator reads and writes.
#[derive(Clone, Debug)]
pub struct EvaluatorPorts {
    /// Slots, slices, commits.
    pub evaluations: Arc<dyn Evaluations>,
    /// Stored samples.
    pub samples: Arc<dyn Samples>,
    /// Open episodes.
    pub alerts: Arc<dyn Alerts>,
    /// The source of counters, where one is configured.
    pub source: Option<Arc<dyn MetricSource>>,
}

/// Evaluates SLOs at their slots. One a process; replicas share the work by claims.
#[derive(Debug)]
pub struct Evaluator {
    ports: EvaluatorPorts,
    settings: MonitorSettings,
    routes: Vec<DestinationId>,
    holder: String,
    ledgers: Ledgers,
    backfills: Mutex<BTreeMap<SloId, SlotClaim>>,
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
    /// How sources failed.
    pub source_failures: BTreeMap<FailureClass, u32>,
    /// The last failure of the store, where one kept an SLO from being evaluated.
    pub error: Option<Arc<StoreError>>,
    /// Whether more is due at once.
    pub has_more: bool,
}

/// One SLO on its way from claim to commit.
struct Prepared {
    claim: SlotClaim,
    changes: Changes,
    ledger: Ledger,
    failure: Option<FailureClass>,
}

impl Evaluator {
    /// An evaluator that tells `routes` and claims as `holder`.
    #[must_use]
    pub fn new(
        ports: EvaluatorPorts,
        settings: MonitorSettings,
        routes: Vec<DestinationId>,
        holder: String,
    ) -> Self {
        let (ledgers, backfills) = (Ledgers::default(), Mutex::default());
        Self {
            ports,
            settings,
            routes,
            holder,
            ledgers,
            backfills,
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
            return Ok(done);
        }
        let mut latest = self.latest_episodes(&claims).await?;
        let prepared: Vec<_> = stream::iter(claims)
            .map(|claim| {
                let episodes = latest
                    .remove(&claim.slo.id)
                    .unwrap_or_default();
                async move {
                    self.prepare(claim, &episodes, now)
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

    /// Folds the newest part of the history that one claimed SLO still lacks, decides nothing on it,
    /// and says whether more is left. Runs beside [`Evaluator::activate`], so that history never
    /// holds the live edge; a slot that is claimed meanwhile wins.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn backfill(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let Some((_, claim)) = self.backfills().pop_first() else {
            return Ok(false);
        };
        // What the last slot found stands until the next: only a slot decides and records.
        let Some(evaluation) = claim.last.clone() else {
            return Ok(false);
        };
        let (dirty, remaining) = newest_hours(claim.dirty.clone(), BACKFILL_HOURS);
        let mut progress = claim.progress.clone();
        let mut ledger = self.ledger(&claim).await?;
        let refold = self
            .refold(&claim, &mut ledger, &mut progress, dirty)
            .await?;
        let is_at_rest = refold.failed.is_empty();
        let changes = Changes {
            hours: refold.hours,
            refolded: Some(Refolded {
                mark: claim.mark,
                remaining: merged(
                    remaining
                        .into_iter()
                        .chain(refold.failed)
                        .collect(),
                ),
            }),
            ..unchanged(&claim, progress, evaluation)
        };
        let prepared = Prepared {
            changes,
            ledger,
            claim,
            failure: None,
        };
        let mut done = Evaluated::default();
        self.commit(vec![prepared], now, &mut done)
            .await?;
        Ok(is_at_rest && !self.backfills().is_empty())
    }

    /// How many ledgers are held in memory.
    #[must_use]
    pub fn ledgers_held(&self) -> usize {
        self.ledgers.len()
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

    /// Folds what has closed, evaluates it and decides.
    async fn prepare(
        &self,
        mut claim: SlotClaim,
        latest: &[Alert],
        now: DateTime<Utc>,
    ) -> Result<Prepared, StoreError> {
        let grid = self.settings.grid(&claim.slo);
        let newest = grid.closed_at(now);
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
        let reader = self.reader();
        let read = reader
            .read(&claim.slo, live, progress.last_measured)
            .await?;
        let mut ledger = self.ledger(&claim).await?;
        let calculations = self
            .fold_live(&claim, slot, &mut ledger, &mut progress, live, &read)
            .await?;
        let refold = self
            .refold_metric(&claim, &mut ledger, &mut progress)
            .await?;
        let evaluation = self
            .evaluation(&claim, &mut ledger, &progress, end)
            .await?;

        let mut hours = refold.hours;
        merge_hours(&mut hours, live_hours(&ledger, live));
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
            ..unchanged(&claim, progress, evaluation)
        };
        if let (Some(refolded), true) = (&mut changes.refolded, has_failed) {
            refolded.remaining.extend(&read.failed);
            refolded.remaining = merged(std::mem::take(&mut refolded.remaining));
        }
        if is_newest {
            let newest = newest_slice(&ledger, &claim.slo);
            self.record_slot(&claim, slot, newest, &mut changes);
            changes.alerts = decide(&Situation {
                slo: &claim.slo,
                evaluation: &changes.evaluation,
                latest,
                moment: Moment {
                    now,
                    slot: Some(slot),
                    routes: &self.routes,
                    settings: &self.settings.lifecycle,
                },
            });
        }
        Ok(Prepared {
            claim,
            changes,
            ledger,
            failure: read.failure,
        })
    }

    /// Appends the slices that have closed. After a pause, a calculation is recorded for every slot
    /// of the validation grid that was missed, all of them before the slot that decides.
    async fn fold_live(
        &self,
        claim: &SlotClaim,
        deciding: DateTime<Utc>,
        ledger: &mut Ledger,
        progress: &mut Progress,
        live: Interval,
        read: &Read,
    ) -> Result<Vec<Calculation>, StoreError> {
        let grid = self.settings.grid(&claim.slo);
        let mut calculations = Vec::new();
        let mut recorded_at = claim.recorded_at;
        for (stretch, slice) in slices(live, claim.slo.definition.slice).zip(&read.slices) {
            // A sum that does not fit is a data error: its slice stays unmeasured.
            if ledger
                .append(stretch.start(), *slice)
                .is_err()
            {
                ledger
                    .fill_to(stretch.end())
                    .map_err(|error| too_large(claim.slo.id, error))?;
            } else if slice.is_measured() {
                progress.note_measured(stretch.start(), stretch.end());
            }
            let slot = grid.of_slice(stretch.end());
            let is_due = self.is_on_grid(recorded_at, slot, self.settings.validation_interval);
            if slot < deciding && is_due {
                let found = self
                    .evaluation(claim, ledger, progress, stretch.end())
                    .await?;
                calculations.push(calculation(slot, *slice, &found, false));
                recorded_at = Some(slot);
            }
        }
        ledger
            .fill_to(live.end())
            .map_err(|error| too_large(claim.slo.id, error))?;
        Ok(calculations)
    }

    /// Records the slot and the budget where they are due, or where something changed.
    fn record_slot(
        &self,
        claim: &SlotClaim,
        slot: DateTime<Utc>,
        newest: Slice,
        changes: &mut Changes,
    ) {
        let (found, last) = (&changes.evaluation, claim.last.as_ref());
        let recorded_at = changes
            .calculations
            .last()
            .map(|held| held.slot)
            .or(claim.recorded_at);
        let has_new_state = last.is_none_or(|last| last.state != found.state);
        if has_new_state || self.is_on_grid(recorded_at, slot, self.settings.validation_interval) {
            changes
                .calculations
                .push(calculation(slot, newest, found, true));
        }
        let has_new_level = last.is_none_or(|last| {
            (last.burn_level, last.budget_verdict) != (found.burn_level, found.budget_verdict)
        });
        if has_new_level || self.is_on_grid(claim.budget_at, slot, self.settings.budget_interval) {
            let evaluation = found.clone();
            changes.budget = Some(BudgetRecord {
                at: slot,
                evaluation,
            });
        }
    }

    /// Whether an edge of the grid of `interval` lies between what was recorded last and `slot`.
    #[expect(
        clippy::unused_self,
        reason = "reads as a question to the evaluator's grid"
    )]
    fn is_on_grid(&self, last: Option<DateTime<Utc>>, slot: DateTime<Utc>, interval: Span) -> bool {
        let number = |at: DateTime<Utc>| {
            at.timestamp()
                .div_euclid(interval.as_secs_i64())
        };
        last.is_none_or(|last| number(last) < number(slot))
    }

    /// Late samples of a stored metric, and its history: cheap, and so part of the slot.
    async fn refold_metric(
        &self,
        claim: &SlotClaim,
        ledger: &mut Ledger,
        progress: &mut Progress,
    ) -> Result<Refold, StoreError> {
        let Indicator::Metric(_) = claim.slo.definition.indicator else {
            return Ok(Refold::default());
        };
        if claim.dirty.is_empty() {
            return Ok(Refold::default());
        }
        let (dirty, remaining) = newest_hours(claim.dirty.clone(), METRIC_REFOLD_HOURS);
        let mut refold = self
            .refold(claim, ledger, progress, dirty)
            .await?;
        refold.refolded = Some(Refolded {
            mark: claim.mark,
            remaining,
        });
        Ok(refold)
    }

    /// Reads stretches again and puts them into the ledger, the newest first.
    async fn refold(
        &self,
        claim: &SlotClaim,
        ledger: &mut Ledger,
        progress: &mut Progress,
        dirty: Vec<Interval>,
    ) -> Result<Refold, StoreError> {
        let width = claim.slo.definition.slice;
        // Only what was folded can be folded again: the rest is read by its own slot.
        let folded = Interval::new(DateTime::UNIX_EPOCH, claim.last_slice);
        let mut refold = Refold::default();
        let mut is_away = false;
        for stretch in dirty {
            let aligned = Interval::new(width.floor(stretch.start()), width.ceil(stretch.end()));
            let stretch = aligned.intersection(folded);
            if stretch.is_empty() {
                continue;
            }
            if is_away {
                // A source that is away is not asked again in this step; one that could not speak
                // for one stretch may speak for those before it.
                refold.failed.push(stretch);
                continue;
            }
            let read = self
                .reader()
                .read(&claim.slo, stretch, None)
                .await?;
            refold.failed.extend(&read.failed);
            is_away = read.failure.is_some_and(is_of_source);
            self.put(claim, ledger, progress, stretch, &read, &mut refold.hours)
                .await?;
        }
        Ok(refold)
    }

    /// Replaces slices of one hour in the ledger and among the hours to write. What the source
    /// failed to say leaves what is known.
    async fn put(
        &self,
        claim: &SlotClaim,
        ledger: &mut Ledger,
        progress: &mut Progress,
        stretch: Interval,
        read: &Read,
        hours: &mut Vec<Hour>,
    ) -> Result<(), StoreError> {
        let width = claim.slo.definition.slice;
        let start = Hour::floor(stretch.start());
        let hour = match hours
            .iter()
            .find(|hour| hour.start() == start)
        {
            Some(hour) => Some(hour.clone()),
            None => {
                self.stored_hour(claim, ledger, start)
                    .await?
            }
        };
        // Of an hour that is kept as its sum no slice can be replaced.
        let Some(mut hour) = hour else {
            return Ok(());
        };
        for (part, slice) in slices(stretch, width).zip(&read.slices) {
            if read
                .failed
                .iter()
                .any(|failed| failed.contains(part.start()))
            {
                continue;
            }
            hour.set(part.start(), *slice);
            if slice.is_measured() {
                progress.note_measured(part.start(), part.end());
            }
        }
        ledger
            .set_hour(&hour)
            .map_err(|error| too_large(claim.slo.id, error))?;
        if ledger.fine_hour(start).is_none() {
            // A window that begins in it must not fetch what is still stored.
            ledger.attach(&hour);
        }
        merge_hours(hours, vec![hour]);
        Ok(())
    }

    /// The slices of an hour as they are known; `None` where only their sum is.
    async fn stored_hour(
        &self,
        claim: &SlotClaim,
        ledger: &Ledger,
        start: DateTime<Utc>,
    ) -> Result<Option<Hour>, StoreError> {
        if let Some(hour) = ledger.fine_hour(start) {
            return Ok(Some(hour));
        }
        let width = claim.slo.definition.slice;
        let during = Interval::ending(start + Span::hours(1).as_delta(), Span::hours(1));
        let evaluations = &self.ports.evaluations;
        let stored = evaluations
            .hours(claim.slo.id, claim.generation, width, during)
            .await?;
        let hour = stored
            .into_iter()
            .find(|hour| hour.start() == start)
            .unwrap_or_else(|| Hour::unmeasured(start, width));
        Ok(Some(hour).filter(Hour::is_fine))
    }

    /// The ledger of a claim: the cached one when it is what is stored, else from the store.
    async fn ledger(&self, claim: &SlotClaim) -> Result<Ledger, StoreError> {
        let key = LedgerKey {
            generation: claim.generation,
            revision: claim.revision,
            last_slice: claim.last_slice,
        };
        if let Some(ledger) = self
            .ledgers
            .take(claim.slo.id, key, &claim.slo.definition)
        {
            return Ok(ledger);
        }
        let evaluations = self.ports.evaluations.as_ref();
        load_ledger(evaluations, &claim.slo, claim.generation, claim.last_slice).await
    }

    async fn evaluation(
        &self,
        claim: &SlotClaim,
        ledger: &mut Ledger,
        progress: &Progress,
        end: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        let settings = &self.settings.evaluation;
        let definition = &claim.slo.definition;
        let policy = definition.policy(&settings.thresholds, progress.learned_interval());
        evaluate_with_edges(
            self.ports.evaluations.as_ref(),
            &claim.slo,
            claim.generation,
            &policy,
            ledger,
            progress,
            end,
            settings,
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
            rest.push((one.claim, one.ledger, one.failure));
        }
        let commits = self
            .ports
            .evaluations
            .commit(&changes)
            .await?;
        let mut lost = Vec::new();
        for ((changes, commit), (claim, ledger, failure)) in changes
            .into_iter()
            .zip(commits)
            .zip(rest)
        {
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
                .put(claim.slo.id, key, ledger);
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

    /// Queues the history that the source can be asked for, now that the live edge stands.
    fn queue_backfill(&self, claim: SlotClaim, changes: Changes, revision: u64) {
        let is_live = changes.refolded.is_none() && changes.next_slot > claim.slot;
        let Indicator::Prometheus(_) = claim.slo.definition.indicator else {
            return;
        };
        if !is_live || claim.dirty.is_empty() {
            return;
        }
        let queued = SlotClaim {
            slot: changes.next_slot,
            revision,
            last_slice: changes.last_slice,
            progress: changes.progress,
            last: Some(changes.evaluation),
            ..claim
        };
        self.backfills()
            .insert(queued.slo.id, queued);
    }

    fn backfills(&self) -> std::sync::MutexGuard<'_, BTreeMap<SloId, SlotClaim>> {
        self.backfills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            samples: self.ports.samples.as_ref(),
            source: self.ports.source.as_deref(),
        }
    }
}

/// What was folded again.
#[derive(Debug, Default)]
struct Refold {
    hours: Vec<Hour>,
    failed: Vec<Interval>,
    refolded: Option<Refolded>,
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
        budget: None,
        alerts: Vec::new(),
    }
}

/// Everything that was dirty, still dirty.
fn still_dirty(claim: &SlotClaim) -> Refolded {
    Refolded {
        mark: claim.mark,
        remaining: claim.dirty.clone(),
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

/// Whether a failure is one of the source as a whole, and not of the stretch that it was asked for.
const fn is_of_source(class: FailureClass) -> bool {
    matches!(
        class,
        FailureClass::Unreachable
            | FailureClass::Timeout
            | FailureClass::Refused
            | FailureClass::Unavailable
    )
}

/// The last slice that was folded.
fn newest_slice(ledger: &Ledger, slo: &crate::slo::Slo) -> Slice {
    let start = ledger.end() - slo.definition.slice.span().as_delta();
    ledger
        .fine_hour(start)
        .map_or(Slice::Unmeasured, |hour| hour.slice_at(start))
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

/// Adds hours; of two for the same hour the later stands.
fn merge_hours(hours: &mut Vec<Hour>, added: Vec<Hour>) {
    hours.retain(|held| {
        added
            .iter()
            .all(|hour| hour.start() != held.start())
    });
    hours.extend(added);
    hours.sort_unstable_by_key(Hour::start);
}

fn calculation(
    slot: DateTime<Utc>,
    newest: Slice,
    found: &Evaluation,
    is_full: bool,
) -> Calculation {
    let outcome = match newest {
        Slice::Unmeasured => Outcome::Unmeasured,
        Slice::Measured(counts) if counts.total().is_zero() => Outcome::NoTraffic,
        Slice::Measured(_) => Outcome::Measured,
    };
    Calculation {
        slot,
        outcome,
        state: found.state,
        counts: found
            .budget
            .map(crate::budget::ErrorBudget::counts),
        // What the rules saw stands with the alerts that they opened; here there are many rows.
        evaluation: is_full.then(|| Evaluation {
            rules: Vec::new(),
            ..found.clone()
        }),
    }
}

/// How long a claim holds: longer than any source may take, short enough for a takeover in 22 s.
const CLAIM: Span = Span::seconds(20);
/// SLOs a batch: one transaction, which no other writer waits for long.
const BATCH: u32 = 500;
/// SLOs whose source is asked at once.
const CONCURRENT: usize = 8;
/// The most that one step catches up on.
const CATCH_UP: Span = Span::hours(1);
/// Hours of a source's history that one step folds.
const BACKFILL_HOURS: usize = 24;
/// Hours of stored samples that one slot folds again.
const METRIC_REFOLD_HOURS: usize = 48;
