//! The embedded store of SRE Monitor: every port of `sre-core` on one SQLite file.
//!
//! ```
//! # tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
//! use sre_core::name::SloId;
//! use sre_core::store::{Catalog, Page, SloQuery};
//! use sre_store_sqlite::SqliteStore;
//!
//! let store = SqliteStore::in_memory().await?;
//! let page = Page::first(Page::<SloId>::LIMIT_MAX);
//! assert!(store.list(&SloQuery::default(), page).await?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).expect("an empty store");
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `inspect` | what can be said of a file without opening it as a store |
//! | `open` | the file, its lock, its connections, its migrations |
//! | `transaction` | the one place where writes run |
//! | `catalog`, `samples`, `evaluations`, `health`, `alerts`, `incidents`, `maintenances`, `outbox`, `replies`, `retention`, `services`, `silences` | a port each |
//! | `row`, `error` | between stored values and domain values, between the driver's errors and ours |
//!
//! One process owns a file: a lock beside it keeps the next one out. Within the process one
//! connection writes, others read beside it (a write-ahead log), and what has been answered is on
//! the disk (`synchronous = full`). Claims carry fencing epochs all the same: workers of one process
//! come late too, and the code above is the one that replicas on PostgreSQL run.
//!
//! Not here: any decision. What a transition is, which intent is sent, when a claim ends: all of it
//! arrives as a value.

mod alerts;
mod catalog;
mod corrections;
mod error;
mod evaluations;
mod health;
mod incidents;
mod inspect;
mod maintenances;
mod open;
mod outbox;
mod replies;
mod retention;
mod row;
mod samples;
mod services;
mod silences;
mod transaction;

#[cfg(test)]
mod tests;

pub use inspect::{Inspection, Schema, inspect};
pub use open::{OpenError, Options, SqliteStore};
