//! The port to answers that are given again: a request that is repeated under the same key is done
//! once.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::store::{Commit, StoreError};

/// How long a key stands for its first request. Whoever repeats a request does so within minutes, or
/// after a night.
pub const REPLIES_KEPT: TimeDelta = TimeDelta::hours(24);

/// By what a request and its repeats are one: what a caller calls it, and whose caller's it is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ReplyKey {
    /// Whose key it is; two callers may use the same one.
    pub scope: String,
    /// The caller's name for the request.
    pub key: String,
}

/// An answer, as it was first given.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers that belong to the answer and not to its way.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClaimedReply {
    /// Nothing, or nothing that was finished: do it, and keep the answer under this epoch.
    Begun {
        /// The number of the claim.
        epoch: u64,
    },
    /// Somebody is doing it.
    UnderWay,
    /// It was done, and this was the answer.
    Answered(Reply),
    /// The key stands for another request.
    Differs,
}

/// Answers by key, so that a caller that never saw one can ask again without doing it twice.
#[async_trait]
pub trait Replies: Debug + Send + Sync {
    /// Claims `key` for a request of this `fingerprint` until `until`, unless it is taken. What began
    /// more than [`REPLIES_KEPT`] before `now` is as if it had never been. A claim that has run out
    /// without an answer is given again: its holder is gone.
    async fn claim_reply(
        &self,
        key: &ReplyKey,
        fingerprint: [u8; 32],
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<ClaimedReply, StoreError>;

    /// Keeps the answer of the claim with this `epoch`; superseded when another holds the key.
    async fn keep_reply(
        &self,
        key: &ReplyKey,
        epoch: u64,
        reply: &Reply,
    ) -> Result<Commit, StoreError>;

    /// Gives the claim up without an answer, so that a repeat is done; the key still stands for the
    /// same request. Superseded when another holds it.
    async fn release_reply(&self, key: &ReplyKey, epoch: u64) -> Result<Commit, StoreError>;
}
