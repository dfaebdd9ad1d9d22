//! Ledgers in memory: a cache whose truth is the store.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::correction::Correction;
use crate::evaluate::{EvaluationSettings, Plan, evaluate};
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::ledger::{Ledger, LedgerError};
use crate::monitor::books::Books;
use crate::name::SloId;
use crate::slo::{Definition, Generation, Slo};
use crate::store::{Evaluations, StoreError};
use crate::time::{Interval, Span};

/// Ledgers of the SLOs that this process evaluated last.
#[derive(Debug, Default)]
pub(super) struct Ledgers {
    held: Mutex<BTreeMap<SloId, Held>>,
}

/// A ledger with what must match before it may be used.
#[derive(Debug)]
struct Held {
    key: LedgerKey,
    books: Books,
}

/// Whatever changes slices other than by appending raises the revision, in the same transaction; so
/// a ledger of these three is what is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LedgerKey {
    pub(super) generation: Generation,
    pub(super) revision: u64,
    pub(super) last_slice: DateTime<Utc>,
}

impl Ledgers {
    /// Takes the ledger out, if it is what is stored. Whoever evaluates holds it alone, and puts it
    /// back when the commit stands.
    pub(super) fn take(
        &self,
        slo: SloId,
        key: LedgerKey,
        definition: &Definition,
    ) -> Option<Books> {
        let held = self
            .lock()
            .remove(&slo)
            .filter(|held| held.key == key)?;
        let ledger = held.books.raw();
        let is_long_enough = ledger.begin() <= ledger.end() - horizon(definition).as_delta();
        Some(held.books).filter(|_| is_long_enough)
    }

    /// Keeps the ledger of a commit that stands.
    pub(super) fn put(&self, slo: SloId, key: LedgerKey, books: Books) {
        self.lock()
            .insert(slo, Held { key, books });
    }

    /// Forgets ledgers that nobody has used since `at`: those of SLOs that are gone. It is a cache,
    /// so forgetting too early only reads again.
    pub(super) fn forget_before(&self, at: DateTime<Utc>) {
        self.lock()
            .retain(|_, held| held.key.last_slice >= at);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SloId, Held>> {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the ledger of a definition must reach back to: its own window at its longest, and never less than the hours
/// that it holds slice by slice, or a late sample in one of them would be lost at the next.
pub(crate) fn horizon(definition: &Definition) -> Span {
    definition
        .window
        .reach()
        .max(Span::hours(3))
}

/// The ledger of an SLO as it is stored, up to `end`.
///
/// # Errors
///
/// Those of the store; a sum that does not fit is [`StoreError::Corrupt`].
pub async fn load_ledger(
    store: &dyn Evaluations,
    slo: &Slo,
    generation: Generation,
    end: DateTime<Utc>,
) -> Result<Ledger, StoreError> {
    let (width, horizon) = (slo.definition.slice, horizon(&slo.definition));
    let begin = Hour::floor(end - horizon.as_delta());
    let hours = store
        .hours(slo.id, generation, width, Interval::new(begin, end))
        .await?;
    Ledger::from_hours(width, horizon, end, &hours).map_err(|error| too_large(slo.id, error))
}

/// What was so at an instant, by today's definition and `corrections`, from stored slices.
///
/// # Errors
///
/// Those of the store.
pub async fn recompute(
    store: &dyn Evaluations,
    slo: &Slo,
    corrections: &[Correction],
    progress: &Progress,
    at: DateTime<Utc>,
    settings: &EvaluationSettings,
) -> Result<Evaluation, StoreError> {
    let generation = slo.definition.generation();
    let end = slo.definition.slice.floor(at);
    let mut books = Books::new(load_ledger(store, slo, generation, end).await?);
    books
        .correct(store, slo, generation, corrections, end)
        .await?;
    books
        .evaluate(store, slo, generation, progress, end, settings)
        .await
}

/// Evaluates, after fetching the hours in which windows begin.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a part of one evaluation, none a flag"
)]
pub(super) async fn evaluate_with_edges(
    store: &dyn Evaluations,
    slo: &Slo,
    generation: Generation,
    plan: &Plan,
    ledger: &mut Ledger,
    progress: &Progress,
    end: DateTime<Utc>,
    settings: &EvaluationSettings,
) -> Result<Evaluation, StoreError> {
    let windows: Vec<Span> = plan
        .windows(&slo.definition, end)
        .collect();
    ledger.detach_all_but(end, &windows);
    for start in ledger.missing_hours(end, windows) {
        let during = Interval::ending(start + Span::hours(1).as_delta(), Span::hours(1));
        let stored = store
            .hours(slo.id, generation, ledger.width(), during)
            .await?;
        let hour = stored
            .into_iter()
            .find(|hour| hour.start() == start);
        ledger.attach(&hour.unwrap_or_else(|| Hour::unmeasured(start, ledger.width())));
    }
    evaluate(&slo.definition, plan, ledger, progress, end, settings)
        .map_err(|error| too_large(slo.id, error))
}

/// What is stored cannot be summed.
pub(super) fn too_large(slo: SloId, error: LedgerError) -> StoreError {
    StoreError::Corrupt {
        table: "slo_slices",
        column: "counts",
        row: slo.to_string(),
        source: Box::new(error),
    }
}
