//! A row that somebody damaged concerns whoever it is about, and nobody else.

use sre_core::alert::AlertType;
use sre_core::store::{Alerts, Judged, Notices, Outbox};
use sre_store_conformance::fixtures::{
    at, attempt, destination, fires, first_try, frozen, identity, notice,
};

use crate::SqliteStore;

/// A store with three pages and three notices to one destination.
async fn store() -> SqliteStore {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    let ops = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&ops), at(0))
        .await
        .expect("registered");
    for slo in 1..=3 {
        store
            .apply(&fires(
                &identity(slo, AlertType::BurnRate),
                &[ops.id],
                at(0),
            ))
            .await
            .expect("applied");
        store
            .add_notices(&[notice(slo, ops.id, at(0))])
            .await
            .expect("noted");
    }
    store
}

async fn edit(store: &SqliteStore, statement: &'static str) {
    sqlx::raw_sql(statement)
        .execute(&store.writer)
        .await
        .expect("an edit by hand");
}

#[tokio::test]
async fn a_group_that_cannot_be_read_keeps_no_other() {
    let store = store().await;
    edit(
        &store,
        "update alerts set destinations = '7' where id = (select min(id) from alerts)",
    )
    .await;
    let due = store
        .due_groups(at(0), 10)
        .await
        .expect("groups");
    assert_eq!((due.groups.len(), due.faults.len()), (2, 1));
    assert!(
        due.faults[0]
            .to_string()
            .starts_with("alerts.")
    );
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_keeps_no_other_and_is_left_alone() {
    let store = store().await;
    for group in store
        .due_groups(at(0), 10)
        .await
        .expect("groups")
        .groups
    {
        let frozen = frozen(&group, at(0));
        store
            .settle(&Judged::Send(frozen.clone()), at(0))
            .await
            .expect("settled");
        let result = sre_core::store::Recorded::Retry {
            at: at(1),
            is_unknown: false,
        };
        store
            .record(&attempt(&first_try(&frozen), at(0), result))
            .await
            .expect("recorded");
    }
    edit(
        &store,
        "update delivery_alerts set cause = 'whim'
          where delivery_id = (select min(id) from deliveries)",
    )
    .await;
    let claims = store
        .claim_deliveries(at(1), at(61), 10, &[])
        .await
        .expect("claims");
    assert_eq!((claims.claimed.len(), claims.faults.len()), (2, 1));
    let again = store
        .claim_deliveries(at(2), at(62), 10, &[])
        .await
        .expect("claims");
    assert!(again.faults.is_empty(), "not at once");
    let later = store
        .claim_deliveries(at(61), at(121), 10, &[])
        .await
        .expect("claims");
    assert_eq!(later.faults.len(), 1);
}

#[tokio::test]
async fn a_notice_that_cannot_be_read_keeps_no_other() {
    let store = store().await;
    edit(
        &store,
        "update notices set kind = 'whim' where id = (select min(id) from notices)",
    )
    .await;
    let due = store
        .due_notices(at(0), 10)
        .await
        .expect("notices");
    assert_eq!((due.notices.len(), due.faults.len()), (2, 1));
}
