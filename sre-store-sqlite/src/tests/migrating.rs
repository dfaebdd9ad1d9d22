//! Whether tables are brought up to date when a store is opened.

use crate::{OpenError, Options, SqliteStore};

const AS_IT_IS: fn() -> Options = || Options {
    migrates: false,
    ..Options::default()
};

#[tokio::test]
async fn a_store_that_is_not_up_to_date_is_refused_where_it_may_not_be_migrated() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let refused = SqliteStore::open(&path, AS_IT_IS()).await;
    let Err(OpenError::MigrationsDue { due }) = refused else {
        panic!("{refused:?}");
    };
    assert!(due >= 2, "{due}");
    let store = SqliteStore::open(&path, Options::default())
        .await
        .expect("it is migrated");
    store.close().await;
    drop(store);
    SqliteStore::open(&path, AS_IT_IS())
        .await
        .expect("nothing is due");
}

#[tokio::test]
async fn one_migration_that_is_due_is_enough_to_refuse() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default())
        .await
        .expect("it is migrated");
    sqlx::query("delete from _sqlx_migrations where version = 202611231050")
        .execute(&store.writer)
        .await
        .expect("forgotten");
    store.close().await;
    drop(store);
    let refused = SqliteStore::open(&path, AS_IT_IS()).await;
    assert!(
        matches!(refused, Err(OpenError::MigrationsDue { due: 1 })),
        "{refused:?}"
    );
}
