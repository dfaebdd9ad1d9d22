//! The port to what is announced beside alerts.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::name::NoticeId;
use crate::notification::Notice;
use crate::store::{AttemptRecord, DeliveryState, StoreError};

/// Notices that wait to be told, and what came of them. Whoever changes something that is announced
/// stores its notices in the same transaction; a notice of its own is added here. The dispatcher
/// freezes them as it does intents.
#[async_trait]
pub trait Notices: Debug + Send + Sync {
    /// Stores notices, each once, whatever has become of it meanwhile. One for a destination that is
    /// gone ends dead.
    async fn add_notices(&self, notices: &[Notice]) -> Result<(), StoreError>;

    /// The notices that wait for a judgement, at most `limit` a destination: the longest waiting
    /// first. Left out: lanes that are paused or stopped. One that cannot be read is a fault, and
    /// keeps no other.
    async fn due_notices(&self, now: DateTime<Utc>, limit: u32) -> Result<DueNotices, StoreError>;

    /// The notice with all that came of it.
    async fn find_notice(&self, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError>;
}

/// What is to be announced now.
#[derive(Debug, Default)]
pub struct DueNotices {
    /// The notices; of each destination the longest waiting first.
    pub notices: Vec<Notice>,
    /// What could not be read.
    pub faults: Vec<StoreError>,
}

/// A notice with all that came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeRecord {
    /// The notice.
    pub notice: Notice,
    /// `pending`, `frozen`, `delivered`, `withheld`, `dead`.
    pub state: String,
    /// Why it was not sent, where it was not.
    pub reason: Option<String>,
    /// The messages that carried it, the degraded one last.
    pub deliveries: Vec<(DeliveryState, Vec<AttemptRecord>)>,
}
