//! The laws of storage, on a file and in memory.

use sre_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

/// A new store in a file of a folder of its own, which is removed with the guard.
async fn in_a_file() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await;
    (store.expect("a new store"), folder)
}

/// A new store in memory.
async fn in_memory() -> SqliteStore {
    SqliteStore::in_memory()
        .await
        .expect("a new store")
}

mod on_a_file {
    sre_store_conformance::store_tests!(guarded crate::in_a_file);
}

mod in_memory_only {
    sre_store_conformance::store_tests!(crate::in_memory);
}
