//! The port that forgets.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::store::StoreError;

/// What is kept for a time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Kept {
    /// Raw samples.
    Samples,
    /// Fine slices; beyond their time they are folded into one slice sum an hour.
    FineSlices,
    /// Hours of slices, fine or summed.
    Hours,
    /// Recorded calculations, budgets and gaps.
    History,
    /// Incidents that are over, with their timelines.
    Incidents,
    /// Resolved alerts with their transitions, intents and deliveries; those of an incident as long
    /// as the incident.
    Alerts,
    /// Answers by key, since their request began.
    Replies,
    /// Notices that have been told, or will not be, with their deliveries.
    Notices,
    /// Snapshots of the health of services.
    Health,
    /// Corrections that were taken back, or whose period has ended.
    Corrections,
}

impl Kept {
    /// Everything that is kept for a time.
    pub const ALL: [Self; 10] = [
        Self::Samples,
        Self::FineSlices,
        Self::Hours,
        Self::History,
        Self::Incidents,
        Self::Alerts,
        Self::Replies,
        Self::Notices,
        Self::Health,
        Self::Corrections,
    ];

    /// The name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::FineSlices => "fine_slices",
            Self::Hours => "hours",
            Self::History => "history",
            Self::Incidents => "incidents",
            Self::Alerts => "alerts",
            Self::Replies => "replies",
            Self::Notices => "notices",
            Self::Health => "health",
            Self::Corrections => "corrections",
        }
    }
}

/// Deletes what is old, in small batches, so that no other writer waits long.
#[async_trait]
pub trait Retention: Debug + Send + Sync {
    /// Deletes at most `limit` rows of what ended before `before`; answers how many. Zero says that
    /// nothing is left to delete.
    async fn prune(&self, kept: Kept, before: DateTime<Utc>, limit: u32)
    -> Result<u64, StoreError>;
}
