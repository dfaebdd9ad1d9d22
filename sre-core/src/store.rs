//! The ports to what is remembered: one per kind of caller, six methods or so each.
//!
//! No transaction appears in a signature: **the unit of atomicity is a value.** [`Changes`] holds
//! all that one evaluation of one SLO decided, [`AlertUpdate`](crate::alert::AlertUpdate) one
//! transition with its intents, [`Frozen`] one message with the intents it carries; each is stored
//! whole or not at all, so "an alert without its notification" cannot be said.
//!
//! Work is shared by *claims*: a claim is a right to work on a row until an instant, with a number
//! (its epoch) that rises with every claim. What a late holder writes carries an old epoch and is
//! refused ([`Commit::Superseded`]), a normal outcome that callers count.
//!
//! Every instant is an argument, at microsecond precision; no store reads a clock. The laws that
//! every store obeys are tests in the crate `sre-store-conformance`; `sre-store-memory` is a store
//! without a database.

mod alerts;
mod catalog;
mod corrections;
mod deliveries;
mod evaluations;
mod health;
mod incidents;
mod maintenances;
mod notices;
mod outbox;
mod replies;
mod retention;
mod samples;
mod services;
mod silences;

use std::error::Error;
use std::num::NonZeroU32;

use thiserror::Error as ThisError;

pub use alerts::{AlertQuery, Alerts, AlertsPage};
pub use catalog::{Catalog, Seeded, SloChange, SloQuery, Start};
pub use corrections::{CorrectionQuery, Corrections};
pub use deliveries::{
    Deliveries, DeliveryQuery, DeliveryRecord, DeliveryStatus, Missed, Overdue, OverdueKind, Replay,
};
pub use evaluations::{
    BudgetRecord, Calculation, Changes, Commit, Evaluations, Gap, HistoryItem, MemberStanding,
    Outcome, Refolded, SlotClaim, Standing,
};
pub use health::HealthRecords;
pub use incidents::{AlertStep, IncidentQuery, Incidents, IncidentsPage, Recollection};
pub use maintenances::Maintenances;
pub use notices::{DueNotices, NoticeRecord, Notices};
pub use outbox::{
    Attempt, AttemptRecord, ClaimedDeliveries, ClaimedDelivery, DeliveryState, DueGroup, DueGroups,
    Frozen, IntentRecord, Judged, LaneFault, LaneStatus, NextAction, Outbox, QueueDepth, Recorded,
};
pub use replies::{ClaimedReply, REPLIES_KEPT, Replies, Reply, ReplyKey};
pub use retention::{Kept, Retention};
pub use samples::{Appended, Samples, Target, TargetClaim};
pub use services::Services;
pub use silences::{Readable, SilenceQuery, Silences};

/// Everything a service needs to remember. Implemented for every type that has all ports;
/// `Arc<dyn Store>` upcasts to each of them.
pub trait Store:
    Alerts
    + Catalog
    + Corrections
    + Deliveries
    + Evaluations
    + HealthRecords
    + Incidents
    + Maintenances
    + Notices
    + Outbox
    + Replies
    + Retention
    + Samples
    + Services
    + Silences
{
}

impl<T> Store for T where
    T: Alerts
        + Catalog
        + Corrections
        + Deliveries
        + Evaluations
        + HealthRecords
        + Incidents
        + Maintenances
        + Notices
        + Outbox
        + Replies
        + Retention
        + Samples
        + Services
        + Silences
{
}

/// Why a store did not do what it was asked, by what the caller can do.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else was first, or the name is taken: read again, then decide.
    #[error("{what} is in conflict with what is stored")]
    Conflict {
        /// What collided: `name`, `version`.
        what: &'static str,
    },
    /// There is no such row.
    #[error("{what} is not stored")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The store cannot be reached, is busy, or is out of time: later may help.
    #[error("the store is not available")]
    Unavailable {
        /// What happened.
        #[source]
        source: BoxError,
    },
    /// The disk is full: nothing was written, and nothing will be until there is room.
    #[error("the store has no room left")]
    Full {
        /// What happened.
        #[source]
        source: BoxError,
    },
    /// What is stored cannot be what was written: never helps, somebody must look.
    #[error("{table}.{column} of {row} is corrupt")]
    Corrupt {
        /// In which table.
        table: &'static str,
        /// In which column.
        column: &'static str,
        /// In which row.
        row: String,
        /// Why it cannot be.
        #[source]
        source: BoxError,
    },
}

/// A cause whose type is the adapter's own affair.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A part of a list: what comes after a key, in the order of keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page<K> {
    /// The last key of the part before, `None` for the first part.
    pub after: Option<K>,
    /// At most so many.
    pub limit: NonZeroU32,
}

impl<K> Page<K> {
    /// The most a list ever holds at once.
    pub const LIMIT_MAX: NonZeroU32 = NonZeroU32::new(1_000).expect("is not zero");

    /// The first part, of at most `limit` (and [`Page::LIMIT_MAX`]) items.
    #[must_use]
    pub fn first(limit: NonZeroU32) -> Self {
        Self {
            after: None,
            limit: limit.min(Self::LIMIT_MAX),
        }
    }
}
