//! Messages, frozen.

use chrono::{DateTime, Utc};

use crate::alert::Severity;
use crate::name::{AlertId, DeliveryId, DestinationId, IntentId, NoticeId, ServiceName};
use crate::notification::{Reason, ToldState};
use crate::routing::GroupKey;

/// One message, frozen: its id and body never change, whatever the number of tries.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Delivery {
    /// What every try carries, so that a receiver can tell repeats.
    pub id: DeliveryId,
    /// To whom.
    pub destination_id: DestinationId,
    /// What.
    pub body: Vec<u8>,
    /// What it speaks of.
    pub subject: Subject,
    /// Which class of message, for its order and its usefulness.
    pub urgency: Urgency,
    /// When it was frozen.
    pub created_at: DateTime<Utc>,
}

/// What a delivery speaks of.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Subject {
    /// Alerts of one service.
    Alerts {
        /// The service.
        service_name: ServiceName,
        /// The group of it that holds back what joins the message.
        group: GroupKey,
        /// When the window of its group that it belongs to began; `None` for one that says only ends.
        window_at: Option<DateTime<Utc>>,
        /// An alert each, in the order of the message; at least one.
        parts: Vec<Part>,
    },
    /// Alerts of many services.
    Digest {
        /// An alert each, in the order of the message; at least one.
        parts: Vec<Part>,
    },
    /// An announcement.
    Notice(NoticeId),
}

/// What a delivery says of one episode.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Part {
    /// The episode.
    pub alert_id: AlertId,
    /// The intent that it carries.
    pub intent_id: IntentId,
    /// Why it is told.
    pub reason: Reason,
    /// Its number, for episode and destination.
    pub sequence: u64,
    /// What the destination believes once it has arrived.
    pub tells: ToldState,
    /// How grave it says the alert is.
    pub severity: Severity,
}

impl Delivery {
    /// What it says of alerts; nothing for a notice.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        match &self.subject {
            Subject::Alerts { parts, .. } | Subject::Digest { parts } => parts,
            Subject::Notice(_) => &[],
        }
    }
}

/// What decides the order within a lane and for how long a message is worth sending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Urgency {
    /// Whether it tells the end of something, and be it beside beginnings.
    pub is_resolve: bool,
    /// How grave the gravest is that it speaks of.
    pub severity: Severity,
    /// The position in the lane: 1 first fires, raises, acknowledgement ends and resolves; 2 other
    /// updates and notices; 3 repeats; 4 tests.
    pub class: u8,
}
