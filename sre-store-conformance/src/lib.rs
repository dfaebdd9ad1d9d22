//! The laws of storage as named tests, and random histories that compare a store with a model.
//!
//! A store is right when it obeys what the ports of [`sre_core::store`] say. That contract stands
//! here three times, each time in another form:
//!
//! - as **laws**: plain functions over a port, one behaviour each, named for the behaviour. Their
//!   first line says the law in prose;
//! - as [`sre_store_memory::MemoryStore`]: a program in memory that one can read, and the fake of
//!   every other test;
//! - as the [`model`]: random histories, to which a store and that program must give the same
//!   answers.
//!
//! # Testing a store
//!
//! One line in an integration test runs everything, on a new store for each law:
//!
//! ```no_run
//! # // The tests that the macro writes are only there under `cargo test`.
//! use sre_store_memory::MemoryStore;
//!
//! async fn fresh() -> MemoryStore {
//!     MemoryStore::new()
//! }
//!
//! sre_store_conformance::store_tests!(crate::fresh);
//! # fn main() {}
//! ```
//!
//! The tests are named `outbox::a_claimed_delivery_is_hidden_until_the_claim_ends` and the like, so
//! a store that breaks a law is told which. A store that needs something kept while it is used (a
//! temporary directory) returns it beside itself, and says so:
//!
//! ```text
//! async fn fresh() -> (MyStore, TempDir) { … }
//!
//! sre_store_conformance::store_tests!(guarded crate::fresh);
//! ```
//!
//! The path must be absolute (`crate::…`), since it is used inside of modules. Two stores in one
//! test binary go into two modules. A store that has some of the ports only calls their laws by
//! hand: `catalog::an_inserted_slo_is_found(&store).await`.
//!
//! # What the laws leave open
//!
//! Durability, which one process cannot show; speed; and the numbers of marks and epochs, which
//! only have to rise.

#![expect(
    clippy::missing_panics_doc,
    reason = "a law that is broken panics: that is what it is for"
)]

pub mod alerts;
pub mod catalog;
pub mod corrections;
pub mod evaluations;
pub mod fixtures;
pub mod health;
pub mod incidents;
mod list;
pub mod maintenances;
pub mod model;
pub mod outbox;
pub mod replies;
pub mod retention;
pub mod samples;
pub mod services;
pub mod silences;
mod tools;

use sre_core::store::StoreError;

/// What a law answers: it panics where the store breaks it, and passes on the store's own failures.
pub type Verdict = Result<(), StoreError>;

/// Runs a test of a store to its end, on a runtime of several threads with a clock and sockets.
///
/// # Panics
///
/// When the machine has no thread left.
pub fn run<F: Future>(test: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(test)
}
