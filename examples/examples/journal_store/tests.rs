//! The laws of storage, and what a file must give back.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use sre_core::store::StoreError;
use sre_store_conformance::model;
use tempfile::{TempDir, tempdir};

use super::*;

/// A new store, with the folder that its file is in.
pub(crate) async fn fresh() -> (JournalStore, TempDir) {
    let folder = tempdir().expect("a folder is made");
    let store = JournalStore::open(&folder.path().join("journal"))
        .await
        .expect("a file is made");
    (store, folder)
}

mod laws {
    sre_store_conformance::store_tests!(guarded crate::tests::fresh);
}

/// Some random histories of everything that a service does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_there_when_the_file_is_opened_again() {
    for seed in model::SEEDS.take(4) {
        let (store, folder) = fresh().await;
        model::a_random_history_has_the_answers_of_the_reference(&store, seed)
            .await
            .expect("the store answers");
        let before = store.contents();
        drop(store);
        let again = JournalStore::open(&folder.path().join("journal"))
            .await
            .expect("opens again");
        assert!(again.contents() == before, "seed {seed}");
    }
}

#[tokio::test]
async fn a_program_goes_on_where_it_ended() {
    let folder = tempdir().expect("a folder is made");
    let said = two_runs(&folder.path().join("journal"))
        .await
        .expect("it runs");
    assert_eq!(
        said,
        [
            "Inserted: 174 of 3540 requests were bad, open are [\"slo_violation\", \"burn_rate\"]",
            "Unchanged: 180 of 7140 requests were bad, open are [\"slo_violation\"]",
        ]
    );
}

/// The process ends in the middle of a line: nobody was told that it was written.
#[tokio::test]
async fn half_a_line_at_the_end_is_as_if_it_had_never_been() {
    let folder = tempdir().expect("a folder is made");
    let path = folder.path().join("journal");
    two_runs(&path).await.expect("it runs");
    let before = JournalStore::open(&path)
        .await
        .expect("opens")
        .contents();
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("opens");
    file.write_all(br#"{"prune":["samples","#)
        .expect("writes");
    drop(file);
    // What comes next takes its place.
    for _ in 0..2 {
        let store = JournalStore::open(&path)
            .await
            .expect("opens");
        assert!(store.contents() == before);
        sre_core::store::Notices::add_notices(&store, &[])
            .await
            .expect("writes");
    }
}

#[tokio::test]
async fn a_line_that_is_no_call_is_told_by_its_number() {
    let folder = tempdir().expect("a folder is made");
    let path = folder.path().join("journal");
    fs::write(&path, "{\"add_notices\":[]}\n{\"add_notice\":[]}\n").expect("writes");
    let refused = JournalStore::open(&path).await;
    let Err(StoreError::Corrupt { row, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(row, "line 2");
}

#[tokio::test]
async fn a_file_belongs_to_one_process() {
    let (_store, folder) = fresh().await;
    let second = JournalStore::open(&folder.path().join("journal")).await;
    assert!(matches!(second, Err(StoreError::Unavailable { .. })));
}
