//! The port to messages: what became of each, what is sent again, what somebody was not told.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::name::{AlertId, DeliveryId, DestinationId};
use crate::notification::{Delivery, Fallback, IntentKind};
use crate::store::{AttemptRecord, Commit, Page, StoreError};

/// Messages as they stand. Those who look after deliveries are its callers: the API, and what tells
/// somebody else where a destination does not take what it is owed.
#[async_trait]
pub trait Deliveries: Debug + Send + Sync {
    /// Messages, the last frozen first; a page goes on below a number.
    async fn list_deliveries(
        &self,
        query: &DeliveryQuery,
        page: Page<u64>,
    ) -> Result<Vec<DeliveryRecord>, StoreError>;

    /// The message with all its tries.
    async fn find_delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError>;

    /// Stores a message that carries again what a dead one carried; it is tried from its creation on.
    /// Superseded unless the other is dead and everything that it carried still is, and where it tells as
    /// firing what has ended meanwhile: the end of that may be judged already.
    async fn replay(&self, replay: &Replay) -> Result<Commit, StoreError>;

    /// What destinations with a fallback were not told of open episodes, and not all of the fallback
    /// have heard of since: messages that were given up within their use, that have not arrived
    /// `SLOW` after they were frozen or after their quick retries, and what a lane that is stopped or
    /// paused for so long holds back. Left out is what had come in place of another destination itself:
    /// that heard of the episode before, and not at this transition. What falls back once does not
    /// fall back again, whoever names whom. A destination has one fallback at most
    /// ([`Fallback::merged`]). Each intent once, at most `limit` in all, the oldest first.
    async fn missed(
        &self,
        fallbacks: &[Fallback],
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Missed>, StoreError>;

    /// What was to be done before an instant and is not: messages that were to be tried by a lane that
    /// was open then, intents that are frozen and carried by no message under way, open episodes that
    /// time was to move. At most `limit` of each.
    async fn overdue(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Overdue>, StoreError>;
}

/// Something that stands still.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Overdue {
    /// What it is.
    pub kind: OverdueKind,
    /// Which.
    pub id: Uuid,
    /// Since when something was to be done.
    pub since: DateTime<Utc>,
}

/// What can stand still.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum OverdueKind {
    /// A notification that is to be judged, or that no message carries.
    Intent,
    /// A message that is to be tried.
    Delivery,
    /// An alert that time is to move.
    Alert,
}

/// Which messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DeliveryQuery {
    /// In this state. A message that gave way to its minimal form is not counted as dead.
    pub state: Option<DeliveryStatus>,
    /// To this destination.
    pub destination_id: Option<DestinationId>,
}

/// How a message stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DeliveryStatus {
    /// It is tried, or will be.
    Pending,
    /// It arrived.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// The status as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// A message with all that came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRecord {
    /// Its place in the order in which messages were frozen.
    pub number: u64,
    /// The message.
    pub delivery: Delivery,
    /// How it stands.
    pub status: DeliveryStatus,
    /// Why it was given up, where it was; `degraded` where its minimal form carries on.
    pub reason: Option<String>,
    /// Whether it is the minimal form of a message that was refused.
    pub is_degraded: bool,
    /// The dead message whose news it carries again, where it does.
    pub replay_of: Option<DeliveryId>,
    /// When it is tried next, where it is.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it arrived, where it did.
    pub sent_at: Option<DateTime<Utc>>,
    /// Its tries.
    pub attempts: Vec<AttemptRecord>,
}

/// A dead message, sent again.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Replay {
    /// The dead one.
    pub of: DeliveryId,
    /// The new one, with an id of its own; it carries the same intents, or the same notice.
    pub delivery: Delivery,
}

/// News of an open episode that a destination was not told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missed {
    /// Of which episode.
    pub alert_id: AlertId,
    /// Who was not told.
    pub destination_id: DestinationId,
    /// What it was.
    pub kind: IntentKind,
}
