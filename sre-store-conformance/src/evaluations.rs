//! The laws of [`Evaluations`](sre_core::store::Evaluations).

mod budgets;
mod claims;
mod commits;
mod composites;
mod fences;
mod ledgers;
mod records;

pub use budgets::*;
pub use claims::*;
pub use commits::*;
pub use composites::*;
pub use fences::*;
pub use ledgers::*;
pub use records::*;

use sre_core::slo::Slo;
use sre_core::store::{Changes, SlotClaim, Start, Store, StoreError};

use crate::Verdict;
use crate::fixtures::{at, slo, start_of};
use crate::tools::{MANY, a_minute_after, is_applied};

/// Inserts SLO number `n`, whose first slot is due at this second.
async fn insert_due(store: &dyn Store, n: u128, second: i64) -> Result<Slo, StoreError> {
    let slo = slo(n).build();
    store
        .insert(
            &slo,
            &Start {
                next_slot: at(second),
                ..start_of(&slo)
            },
        )
        .await?;
    Ok(slo)
}

/// Every slot that is due at this second.
async fn claims(store: &dyn Store, second: i64) -> Result<Vec<SlotClaim>, StoreError> {
    store
        .claim_slots("a", at(second), a_minute_after(at(second)), MANY)
        .await
}

/// The only slot that is due at this second.
async fn claim(store: &dyn Store, second: i64) -> Result<SlotClaim, StoreError> {
    let [claim] = claims(store, second)
        .await?
        .try_into()
        .expect("one slot is due");
    Ok(claim)
}

/// Commits what must be applied, and answers the revision.
async fn applied(store: &dyn Store, changes: Changes) -> Result<u64, StoreError> {
    match store.commit(&[changes]).await?[..] {
        [sre_core::store::Commit::Applied { revision }] => Ok(revision),
        ref other => panic!("{other:?}"),
    }
}

/// Commits what must be superseded.
async fn superseded(store: &dyn Store, changes: Changes) -> Verdict {
    let answers = store.commit(&[changes]).await?;
    assert!(!is_applied(answers[0]), "{answers:?}");
    Ok(())
}
