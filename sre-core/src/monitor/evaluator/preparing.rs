//! One SLO on its way from claim to commit: what has closed is folded, evaluated and decided.

use chrono::{DateTime, Utc};

use super::Evaluator;
use super::recording::newest_slice;
use super::refolding::{merge_hours, still_dirty};
use crate::alert::{Alert, Moment};
use crate::decide::{Situation, decide};
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::incident::begin_at_onset;
use crate::ledger::Ledger;
use crate::monitor::books::Books;
use crate::monitor::folding::{Read, Reader, Strikes, merged, readable_until};
use crate::monitor::ledgers::{LedgerKey, horizon, load_ledger};
use crate::schedule::SlotGrid;
use crate::service::Criticality;
use crate::source::FailureClass;
use crate::store::{Changes, Gap, MemberStanding, SlotClaim, StoreError};
use crate::time::{Interval, Span};

/// One SLO on its way from claim to commit.
pub(super) struct Prepared {
    pub(super) claim: SlotClaim,
    pub(super) changes: Changes,
    pub(super) books: Books,
    pub(super) failure: Option<FailureClass>,
}

impl Evaluator {
    /// Folds what has closed, evaluates it and decides.
    pub(super) async fn prepare(
        &self,
        mut claim: SlotClaim,
        latest: &[Alert],
        criticality: Criticality,
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
        note_reading(&mut progress, &read);
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
            let width = claim.slo.definition.slice.span();
            grid.of_slice(end + width.as_delta())
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
                routes: &self.routes,
                settings: &self.settings.lifecycle,
            };
            changes.alerts = decide(&Situation {
                slo: &claim.slo,
                criticality,
                evaluation: &changes.evaluation,
                latest,
                moment,
            });
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
    pub(super) async fn books(&self, claim: &SlotClaim) -> Result<Books, StoreError> {
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

    pub(super) async fn evaluation(
        &self,
        claim: &SlotClaim,
        books: &mut Books,
        progress: &Progress,
        end: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        let settings = &self.settings.evaluation;
        let definition = &claim.slo.definition;
        let policy = definition.policy(&settings.thresholds, progress.learned_interval());
        books
            .evaluate(
                self.ports.evaluations.as_ref(),
                &claim.slo,
                claim.generation,
                &policy,
                progress,
                end,
                settings,
            )
            .await
    }

    pub(super) fn reader<'a>(
        &'a self,
        strikes: &'a Strikes,
        members: &'a [MemberStanding],
    ) -> Reader<'a> {
        Reader {
            samples: self.ports.samples.as_ref(),
            source: self.ports.source.as_deref(),
            strikes,
            evaluations: self.ports.evaluations.as_ref(),
            members,
        }
    }
}

/// Changes that write nothing but what is remembered beside the slices.
pub(super) fn unchanged(claim: &SlotClaim, progress: Progress, evaluation: Evaluation) -> Changes {
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

/// What the source said of itself, where it did.
fn note_reading(progress: &mut Progress, read: &Read) {
    progress.is_estimated = read
        .is_estimated
        .unwrap_or(progress.is_estimated);
    progress.missing_members = read
        .missing
        .unwrap_or(progress.missing_members);
    progress.bracket = read.bracket.or(progress.bracket);
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

/// The most that one step catches up on.
const CATCH_UP: Span = Span::hours(1);
