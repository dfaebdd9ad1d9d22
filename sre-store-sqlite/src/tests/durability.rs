//! What is there after the store was closed, and who may open it.

use sre_core::alert::AlertType;
use sre_core::store::{Alerts, Catalog, Evaluations, Outbox, Samples};
use sre_store_conformance::fixtures;

use super::{claim, evaluate, insert, later, open, samples, series};
use crate::{OpenError, Options, SqliteStore};

#[tokio::test]
async fn a_store_that_is_opened_again_holds_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    assert!(store.is_new());
    let slo = insert(&store, 1).await;
    assert_eq!(evaluate(&store).await, 1);
    let webhook = fixtures::destination("hook");
    let fired = fixtures::fires(
        &fixtures::identity(1, AlertType::BurnRate),
        &[webhook.id],
        fixtures::at(60),
    );
    store
        .register_destinations(&[webhook], fixtures::at(0))
        .await
        .expect("a lane");
    store
        .apply(&fired)
        .await
        .expect("an episode");
    store
        .append(&samples(10), fixtures::at(0))
        .await
        .expect("samples");
    let before = contents(&store, slo.id).await;
    store.close().await;
    drop(store);

    let store = open(folder.path()).await;
    assert!(!store.is_new());
    assert_eq!(contents(&store, slo.id).await, before);
    assert_eq!(store.find(slo.id).await.expect("a row"), Some(slo));
    assert_eq!(store.check().await.expect("a look"), Vec::<String>::new());
}

/// All that can be read, for comparing.
async fn contents(store: &SqliteStore, slo: sre_core::name::SloId) -> String {
    let standings = store
        .standings(&[slo])
        .await
        .expect("standings");
    let history = store
        .history(slo, fixtures::during(0, 10_000), std::num::NonZeroU32::MAX)
        .await;
    let groups = store
        .due_groups(later(), 10)
        .await
        .expect("groups");
    assert_eq!((standings.len(), groups.groups.len()), (1, 1));
    let samples = series(store).await.expect("samples");
    format!(
        "{standings:?} {:?} {groups:?} {samples:?}",
        history.expect("history")
    )
}

#[tokio::test]
async fn a_store_in_use_cannot_be_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path()).await;
    let path = folder.path().join("store.db");
    let second = SqliteStore::open(&path, Options::default()).await;
    let error = second.expect_err("is in use");
    assert!(matches!(&error, OpenError::InUse { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("store.db.lock"),
        "{error}"
    );
    drop(first);
    open(folder.path()).await;
}

#[tokio::test]
async fn the_folder_of_a_new_store_is_made_and_its_path_is_told_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/down/store.db");
    let store = SqliteStore::open(&path, Options::default())
        .await
        .expect("a store");
    assert_eq!(store.path(), Some(path.as_path()));
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    std::fs::write(&path, "dear diary").expect("a file");
    let error = SqliteStore::open(&path, Options::default())
        .await
        .expect_err("is a diary");
    assert!(matches!(error, OpenError::Store(_)), "{error:?}");
    assert_eq!(std::fs::read(&path).expect("the file"), b"dear diary");
}

#[tokio::test]
async fn every_write_reaches_the_disk_before_it_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    let asked =
        |pragma: &'static str| sqlx::query_scalar::<_, i64>(pragma).fetch_one(&store.writer);
    assert_eq!(
        asked("pragma synchronous")
            .await
            .expect("a number"),
        2,
        "full"
    );
    assert_eq!(
        asked("pragma foreign_keys")
            .await
            .expect("a number"),
        1
    );
    assert_eq!(
        asked("pragma trusted_schema")
            .await
            .expect("a number"),
        0
    );
    let mode: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(&store.writer)
        .await
        .expect("a mode");
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_claim_outlives_the_process_that_made_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    insert(&store, 1).await;
    assert_eq!(claim(&store).await.len(), 1);
    store.close().await;
    drop(store);
    let store = open(folder.path()).await;
    assert_eq!(claim(&store).await.len(), 0);
}

#[tokio::test]
async fn a_store_in_use_can_be_read_beside_its_owner_and_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let owner = open(folder.path()).await;
    let slo = insert(&owner, 1).await;
    let reader = SqliteStore::open_to_read(&path, Options::default())
        .await
        .expect("it is read");
    assert_eq!(
        reader
            .find(slo.id)
            .await
            .expect("a row"),
        Some(slo)
    );
    // What the owner writes meanwhile is seen, and the reader writes nothing.
    let later = insert(&owner, 2).await;
    assert_eq!(
        reader
            .find(later.id)
            .await
            .expect("a row"),
        Some(later)
    );
    let other = fixtures::slo(3).build();
    let written = reader
        .insert(&other, &fixtures::start_of(&other))
        .await;
    assert!(written.is_err(), "{written:?}");
    assert_eq!(
        owner
            .find(other.id)
            .await
            .expect("a look"),
        None
    );
    let nothing = folder.path().join("nothing.db");
    assert!(
        SqliteStore::open_to_read(&nothing, Options::default())
            .await
            .is_err()
    );
    assert!(!nothing.exists(), "nothing is made by reading");
}
