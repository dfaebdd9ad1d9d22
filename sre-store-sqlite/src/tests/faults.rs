//! Full disks, callers that hang up, work that takes too long, rows that somebody else wrote.

use std::time::Duration;

use sre_core::store::{Catalog, Samples, StoreError};
use sre_store_conformance::fixtures;

use super::{evaluate, insert, open, samples, series};
use crate::{Options, SqliteStore};

/// Limits the size of the file, as a disk does that is full.
async fn limit_pages(store: &SqliteStore, pages: &'static str) {
    sqlx::query(pages)
        .execute(&store.writer)
        .await
        .expect("a limit");
}

#[tokio::test]
async fn a_full_disk_is_said_loses_nothing_and_heals() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    store
        .append(&samples(10), fixtures::at(0))
        .await
        .expect("room");
    limit_pages(&store, "pragma max_page_count = 1").await;
    let many = samples(50_000);
    for _ in 0..3 {
        let error = store
            .append(&many, fixtures::at(0))
            .await
            .expect_err("no room");
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert_eq!(
            series(&store)
                .await
                .expect("reads go on")
                .len(),
            10
        );
    }
    assert_eq!(store.check().await.expect("a look"), Vec::<String>::new());
    limit_pages(&store, "pragma max_page_count = 1000000").await;
    store
        .append(&samples(1_000), fixtures::at(0))
        .await
        .expect("room again");
    assert_eq!(
        series(&store)
            .await
            .expect("samples")
            .len(),
        1_000
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_leaves_whole_transactions_and_a_working_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    for n in 1..=200_u32 {
        let slo = fixtures::slo(u128::from(n)).build();
        let start = fixtures::start_of(&slo);
        // Given up at another point of its way each time.
        let patience = Duration::from_micros(u64::from(n) * 10);
        let _ = tokio::time::timeout(patience, store.insert(&slo, &start)).await;
    }
    let last = insert(&store, 1_000).await;
    assert_eq!(
        store
            .find(last.id)
            .await
            .expect("a row"),
        Some(last)
    );
    let without_cursor: i64 = sqlx::query_scalar(
        "select count(*) from slos where id not in (select slo_id from slo_cursor)",
    )
    .fetch_one(&store.writer)
    .await
    .expect("a count");
    assert_eq!(without_cursor, 0);
    assert_eq!(store.check().await.expect("a look"), Vec::<String>::new());
}

#[tokio::test]
async fn work_past_its_deadline_is_unavailable_and_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        deadline: Duration::from_millis(20),
        ..Options::default()
    };
    let store = SqliteStore::open(folder.path().join("store.db"), options)
        .await
        .expect("a store");
    let error = store
        .append(&samples(100_000), fixtures::at(0))
        .await
        .expect_err("is too much");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(
        series(&store)
            .await
            .expect("samples")
            .len(),
        0
    );
    insert(&store, 1).await;
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    store.close().await;
    let slo = fixtures::slo(1).build();
    let error = store
        .insert(&slo, &fixtures::start_of(&slo))
        .await
        .expect_err("is closed");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let error = store
        .find(slo.id)
        .await
        .expect_err("is closed");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_corrupt_row_is_named() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    let slo = insert(&store, 1).await;
    sqlx::query("update slos set definition = '{}'")
        .execute(&store.writer)
        .await
        .expect("an edit by hand");
    let error = store
        .find(slo.id)
        .await
        .expect_err("has no name");
    assert_eq!(
        error.to_string(),
        format!("slos.definition of {} is corrupt", slo.id)
    );
}

#[tokio::test]
async fn what_a_table_refuses_is_corrupt_and_rolled_back() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    let nan = fixtures::sample(fixtures::at(1), fixtures::number(f64::NAN));
    let infinite = fixtures::sample(fixtures::at(1), fixtures::number(f64::INFINITY));
    for impossible in [nan, infinite] {
        let batch = [
            fixtures::sample(fixtures::at(0), fixtures::number(1.0)),
            impossible,
        ];
        let error = store
            .append(&batch, fixtures::at(0))
            .await
            .expect_err("is no number");
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    }
    assert_eq!(
        series(&store)
            .await
            .expect("samples")
            .len(),
        0
    );
}

#[tokio::test]
async fn one_store_serves_many_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    let writers = (1..=20).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { insert(&store, n).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("an SLO");
    }
    assert_eq!(evaluate(&store).await, 20);
}
