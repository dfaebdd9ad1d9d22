//! The port to what was measured, and to what has to be asked for it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::name::{MetricName, ServiceName};
use crate::sample::Sample;
use crate::store::{Commit, StoreError};
use crate::time::{Interval, Span};

/// Samples: appended by pushes, probes and recorders, folded by the evaluator.
#[async_trait]
pub trait Samples: Debug + Send + Sync {
    /// Stores samples, all in one transaction, and answers for each in order. A sample of a slice
    /// that ended at or before `closed_before`, or that a slot has folded or may be folding now,
    /// marks that slice of every SLO on its metric dirty, in the same transaction: the next slot
    /// folds it again.
    async fn append(
        &self,
        samples: &[Sample],
        closed_before: DateTime<Utc>,
    ) -> Result<Vec<Appended>, StoreError>;

    /// The samples of a metric over all label sets, ordered by instant, then labels; at most `limit`.
    async fn series(
        &self,
        service: &ServiceName,
        metric: &MetricName,
        during: Interval,
        limit: u32,
    ) -> Result<Vec<Sample>, StoreError>;

    /// Makes `targets` the set of collection targets: adds new ones due at `now`, keeps the place of
    /// those that stay, removes the rest.
    async fn register_targets(
        &self,
        targets: &[Target],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Claims due targets until `until`, at most `limit`, the longest due first.
    async fn claim_targets(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<TargetClaim>, StoreError>;

    /// Appends what a target gave and moves it to its next instant, in one transaction, if the claim
    /// still stands.
    async fn complete_target(
        &self,
        claim: &TargetClaim,
        samples: &[Sample],
        next_at: DateTime<Utc>,
        closed_before: DateTime<Utc>,
    ) -> Result<Commit, StoreError>;
}

/// What became of an appended sample.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Appended {
    /// New.
    Stored {
        /// It lies in a slice that had closed.
        is_late: bool,
    },
    /// The same was there already.
    Duplicate,
    /// Another value was there, and is gone.
    Replaced {
        /// It lies in a slice that had closed.
        is_late: bool,
    },
    /// The metric has counts and refuses a bare number, or the reverse: one metric means one thing.
    KindRefused,
}

/// Something that has to be asked regularly: a probe, for one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Target {
    /// Identifies it: `probe:api-gateway`.
    pub name: String,
    /// How often.
    pub interval: Span,
    /// What its kind needs to know.
    pub parameters: BTreeMap<String, String>,
}

/// The right to ask one target once.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct TargetClaim {
    /// What.
    pub target: Target,
    /// The instant it was due.
    pub due_at: DateTime<Utc>,
    /// The fence.
    pub epoch: u64,
}
