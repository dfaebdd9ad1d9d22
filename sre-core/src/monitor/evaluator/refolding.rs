//! Folding again: late samples with their slot, a source's history beside it.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};

use crate::evaluation::Progress;
use crate::hour::Hour;
use crate::indicator::Indicator;
use crate::ledger::Ledger;
use crate::monitor::books::Books;
use crate::monitor::evaluator::{Evaluated, Evaluator, Prepared, unchanged};
use crate::monitor::folding::{Read, Strikes, merged, newest_hours, slices};
use crate::monitor::ledgers::too_large;
use crate::name::SloId;
use crate::source::FailureClass;
use crate::store::{Changes, Refolded, SlotClaim, StoreError};
use crate::time::{Interval, Span};

impl Evaluator {
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
        let hours = self
            .backfill_hours
            .load(Ordering::Relaxed);
        let (dirty, remaining) = newest_hours(claim.dirty.clone(), hours);
        let mut progress = claim.progress.clone();
        let mut books = self.books(&claim).await?;
        let refold = self
            .refold(&claim, &mut books, &mut progress, dirty)
            .await?;
        let nothing_failed = refold.failed.is_empty();
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
            folded: merged(refold.folded),
            ..unchanged(&claim, progress, evaluation)
        };
        let prepared = Prepared {
            changes,
            books,
            claim,
            failure: None,
        };
        let mut done = Evaluated::default();
        self.commit(vec![prepared], now, &mut done)
            .await?;
        // A step that the next slot overtook was too long for this source; one that was not may be
        // too short.
        let hours = if done.superseded > 0 {
            hours / 2
        } else {
            hours * 2
        };
        let hours = hours.clamp(1, BACKFILL_HOURS_MAX);
        self.backfill_hours
            .store(hours, Ordering::Relaxed);
        Ok(nothing_failed && !self.backfills().is_empty())
    }

    /// Late samples of a stored metric, what members of a composite folded again, and the history of
    /// either: cheap, and so part of the slot.
    pub(super) async fn refold_stored(
        &self,
        claim: &SlotClaim,
        books: &mut Books,
        progress: &mut Progress,
    ) -> Result<Refold, StoreError> {
        let (Indicator::Metric(_) | Indicator::Composite(_)) = claim.slo.definition.indicator
        else {
            return Ok(Refold::default());
        };
        if claim.dirty.is_empty() {
            return Ok(Refold::default());
        }
        let (dirty, remaining) = newest_hours(claim.dirty.clone(), STORED_REFOLD_HOURS);
        let mut refold = self
            .refold(claim, books, progress, dirty)
            .await?;
        refold.refolded = Some(Refolded {
            mark: claim.mark,
            remaining,
        });
        Ok(refold)
    }

    /// Reads stretches again and puts them into the ledger, the newest first.
    pub(super) async fn refold(
        &self,
        claim: &SlotClaim,
        books: &mut Books,
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
                .reader(&Strikes::default(), &claim.members)
                .read(&claim.slo, stretch, None)
                .await?;
            refold.failed.extend(&read.failed);
            is_away = read.failure.is_some_and(is_of_source);
            self.put(claim, books, progress, stretch, &read, &mut refold.hours)
                .await?;
            refold.folded.push(stretch);
        }
        Ok(refold)
    }

    /// Replaces slices of one hour in the ledger and among the hours to write. What the source
    /// failed to say leaves what is known.
    pub(super) async fn put(
        &self,
        claim: &SlotClaim,
        books: &mut Books,
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
                self.stored_hour(claim, books.raw(), start)
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
                .chain(&read.kept)
                .any(|left| left.contains(part.start()))
            {
                continue;
            }
            hour.set(part.start(), *slice);
            if slice.is_measured() {
                progress.note_measured(part.start(), part.end());
            }
        }
        progress.learn_from(&hour);
        books
            .set_hour(&hour)
            .map_err(|error| too_large(claim.slo.id, error))?;
        if books.raw().fine_hour(start).is_none() {
            // A window that begins in it must not fetch what is still stored.
            books.attach(&hour);
        }
        merge_hours(hours, vec![hour]);
        Ok(())
    }

    /// The slices of an hour as they are known; `None` where only their sum is.
    pub(super) async fn stored_hour(
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

    /// Queues the history that the source can be asked for, now that the live edge stands.
    pub(super) fn queue_backfill(&self, claim: SlotClaim, changes: Changes, revision: u64) {
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

    pub(super) fn backfills(&self) -> std::sync::MutexGuard<'_, BTreeMap<SloId, SlotClaim>> {
        self.backfills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was folded again.
#[derive(Debug, Default)]
pub(super) struct Refold {
    pub(super) hours: Vec<Hour>,
    pub(super) failed: Vec<Interval>,
    /// What was put into the ledger.
    pub(super) folded: Vec<Interval>,
    pub(super) refolded: Option<Refolded>,
}

/// Whether a failure is one of the source as a whole, and not of the stretch that it was asked for.
pub(super) const fn is_of_source(class: FailureClass) -> bool {
    matches!(
        class,
        FailureClass::Unreachable
            | FailureClass::Timeout
            | FailureClass::Refused
            | FailureClass::Unavailable
    )
}

/// Everything that was dirty, still dirty.
pub(super) fn still_dirty(claim: &SlotClaim) -> Refolded {
    Refolded {
        mark: claim.mark,
        remaining: claim.dirty.clone(),
    }
}

/// Adds hours; of two for the same hour the later stands.
pub(super) fn merge_hours(hours: &mut Vec<Hour>, added: Vec<Hour>) {
    hours.retain(|held| {
        added
            .iter()
            .all(|hour| hour.start() != held.start())
    });
    hours.extend(added);
    hours.sort_unstable_by_key(Hour::start);
}

/// Hours of a source's history that the first step folds: two days.
pub(super) const BACKFILL_HOURS: usize = 48;
/// The most that one step folds.
const BACKFILL_HOURS_MAX: usize = 96;
/// Hours of stored samples, or of members, that one slot folds again.
const STORED_REFOLD_HOURS: usize = 48;
