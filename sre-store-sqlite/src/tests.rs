//! What this store promises beyond the laws that all stores share.

mod durability;
mod faults;
mod migrating;
mod plans;
mod unreadable;
mod upgrades;
mod views;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::sample::Sample;
use sre_core::slo::Slo;
use sre_core::store::{Catalog, Changes, Commit, Evaluations, SlotClaim, StoreError};
use sre_core::time::Interval;
use sre_store_conformance::fixtures;

use crate::{Options, SqliteStore};

/// The store of a folder.
async fn open(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open(folder.join("store.db"), Options::default()).await;
    store.expect("the store opens")
}

/// Adds SLO number `n` and answers it.
async fn insert(store: &SqliteStore, n: u128) -> Slo {
    let slo = fixtures::slo(n).build();
    let inserted = store
        .insert(&slo, &fixtures::start_of(&slo))
        .await;
    inserted.expect("a new SLO");
    slo
}

/// An instant by which the first slot of every SLO of [`insert`] is due.
fn later() -> DateTime<Utc> {
    fixtures::at(120)
}

/// All due slots.
async fn claim(store: &SqliteStore) -> Vec<SlotClaim> {
    let claims = store
        .claim_slots("test", later(), later() + TimeDelta::seconds(20), 10_000)
        .await;
    claims.expect("claims")
}

/// What the claimed slot decides: a recorded calculation, a budget, an hour with a slice.
fn decided(claim: &SlotClaim) -> Changes {
    let evaluation = fixtures::detailed_evaluation(claim.slot);
    let calculation = sre_core::store::Calculation {
        counts: evaluation
            .budget
            .map(sre_core::budget::ErrorBudget::counts),
        evaluation: Some(evaluation.clone()),
        ..fixtures::calculation(claim.slot)
    };
    Changes {
        hours: vec![fixtures::hour(claim.slot, &[(0, 99, 100)])],
        calculations: vec![calculation],
        budget: Some(sre_core::store::BudgetRecord::new(claim.slot, &evaluation)),
        evaluation,
        ..fixtures::changes(claim)
    }
}

/// Commits what all due slots decide; answers how many were applied.
async fn evaluate(store: &SqliteStore) -> usize {
    let changes: Vec<Changes> = claim(store)
        .await
        .iter()
        .map(decided)
        .collect();
    let commits = store
        .commit(&changes)
        .await
        .expect("a commit");
    commits
        .iter()
        .filter(|commit| matches!(commit, Commit::Applied { .. }))
        .count()
}

/// `n` samples, a second apart.
fn samples(n: i64) -> Vec<Sample> {
    (0..n)
        .map(|second| fixtures::sample(fixtures::at(second), fixtures::number(99.5)))
        .collect()
}

/// All samples of the fixtures' metric.
async fn series(store: &SqliteStore) -> Result<Vec<Sample>, StoreError> {
    use sre_core::store::Samples as _;

    let (service, metric) = ("checkout".parse(), "availability".parse());
    let during = Interval::new(DateTime::UNIX_EPOCH, fixtures::at(1_000_000));
    let (service, metric) = (service.expect("a name"), metric.expect("a name"));
    store
        .series(&service, &metric, during, u32::MAX)
        .await
}
