//! What is remembered of budgets.

use sre_core::store::{BudgetRecord, Changes, Store, StoreError};

use super::{applied, claim, claims, insert_due};
use crate::Verdict;
use crate::fixtures::{at, at_micros, changes, detailed_evaluation, during, evaluation, slo};
use crate::tools::{MANY, limit};

/// A recorded budget is read back as it was written, to the last field; of a deleted SLO, too.
pub async fn budgets_are_kept_whole(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let known = BudgetRecord::new(at_micros(0, 1), &detailed_evaluation(at(0)));
    record(store, 0, known).await?;
    let unknown = BudgetRecord::new(at(600), &evaluation(at(600)));
    record(store, 600, unknown).await?;
    assert_eq!(budgets(store, 0, 601).await?, [known, unknown]);
    crate::catalog::delete(
        store,
        &slo(1)
            .version(2)
            .deleted(at(601))
            .build(),
    )
    .await?;
    assert_eq!(budgets(store, 0, 601).await?, [known, unknown]);
    Ok(())
}

/// Of a stretch, the budgets at its start and in it are read, the earliest first, and none of
/// another SLO.
pub async fn budgets_are_read_in_the_order_of_time(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_due(store, 2, 0).await?;
    let other = claims(store, 0).await?[1].clone();
    let other = Changes {
        budget: Some(BudgetRecord::new(at(5), &evaluation(at(0)))),
        ..changes(&other)
    };
    applied(store, other).await?;
    let mut recorded = Vec::new();
    for second in [60_000, 120_000, 180_000] {
        let budget = BudgetRecord::new(at(second), &detailed_evaluation(at(second)));
        let held = claims(store, second).await?;
        let held = held
            .iter()
            .find(|held| held.slo.id == slo(1).build().id)
            .expect("it is due");
        let recording = Changes {
            budget: Some(budget),
            ..changes(held)
        };
        applied(store, recording).await?;
        recorded.push(budget);
    }
    assert_eq!(budgets(store, 0, 200_000).await?, recorded);
    assert_eq!(budgets(store, 60_000, 180_000).await?, recorded[..2]);
    assert_eq!(budgets(store, 60_001, 120_000).await?, []);
    assert_eq!(budgets(store, 60_000, 60_000).await?, []);
    let first = store
        .budgets(slo(1).build().id, during(0, 200_000), limit(1))
        .await?;
    assert_eq!(first, recorded[..1]);
    Ok(())
}

/// An instant has one budget: what is recorded again takes its place.
pub async fn a_budget_is_recorded_once(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    record(store, 0, BudgetRecord::new(at(0), &evaluation(at(0)))).await?;
    let again = BudgetRecord::new(at(0), &detailed_evaluation(at(0)));
    record(store, 600, again).await?;
    assert_eq!(budgets(store, 0, 601).await?, [again]);
    Ok(())
}

/// Records a budget at the slot that is due at this second.
async fn record(store: &dyn Store, second: i64, budget: BudgetRecord) -> Verdict {
    let recording = Changes {
        budget: Some(budget),
        ..changes(&claim(store, second).await?)
    };
    applied(store, recording).await?;
    Ok(())
}

/// The budgets of SLO number 1.
async fn budgets(store: &dyn Store, start: i64, end: i64) -> Result<Vec<BudgetRecord>, StoreError> {
    store
        .budgets(slo(1).build().id, during(start, end), limit(MANY))
        .await
}
