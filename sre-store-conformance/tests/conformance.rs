//! The laws of storage hold for the reference store.

use sre_store_conformance::ReferenceStore;

async fn fresh() -> ReferenceStore {
    ReferenceStore::new()
}

sre_store_conformance::store_tests!(crate::fresh);
