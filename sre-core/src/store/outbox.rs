//! The port to what is to be sent: intents, deliveries, attempts.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::alert::Alert;
use crate::name::{AlertId, DeliveryId, DestinationId, IntentId, NoticeId};
use crate::notification::{DeadReason, Delivery, Destination, Intent, Lane, Said, Told, Withheld};
use crate::store::{Commit, StoreError};
use crate::suppression::Holder;

/// The transactional outbox. The dispatcher is its caller; the API reads its ledger.
#[async_trait]
pub trait Outbox: Debug + Send + Sync {
    /// Makes `destinations` the set of configured ones: a lane whose configuration changed starts
    /// again; messages and intents for a destination that is gone end dead.
    async fn register_destinations(
        &self,
        destinations: &[Destination],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// The due intents, grouped by episode and destination, each group with what it is judged by.
    /// At most `limit` groups a destination, so that none fills the batch of another: urgent ones
    /// first, then the longest due. Left out: lanes that are
    /// paused or stopped, identities of which a message to the same destination is under way or an
    /// earlier episode still has intents for it (what is said next waits for what was said first,
    /// whatever the episode), and tickets whose SLO has its page open, or of the end of whose page the
    /// destination is still to hear. A group that cannot be read is a fault, and keeps no other.
    async fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> Result<DueGroups, StoreError>;

    /// Stores a judgement. One that sends freezes the delivery, claims it until the given instant and
    /// writes its first attempt, in the transaction that takes what it carries; a lane that wants
    /// spacing is paused for it. Superseded when another took one of the intents or the notice, or
    /// when the lane is not open: another may have begun a message just then.
    async fn settle(&self, judged: &Judged, now: DateTime<Utc>) -> Result<Commit, StoreError>;

    /// Claims deliveries that are to be tried (again) until `until`, at most `limit` a destination
    /// and one for a lane that wants spacing, which is then paused for it: a retry that is due, or one
    /// whose holder died. Writes the attempt in the same transaction. Paused and stopped lanes are
    /// left out, and those of `busy`. One that cannot be read is a fault, and is left alone until
    /// `until`.
    async fn claim_deliveries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Result<ClaimedDeliveries, StoreError>;

    /// Closes an attempt with what came of it, if its epoch still stands: what the destination has
    /// been told, the state of the lane and a degraded resend included, in one transaction.
    async fn record(&self, attempt: &Attempt) -> Result<Commit, StoreError>;

    /// Every intent of an episode with all that came of it, in the order of transitions.
    async fn ledger(&self, alert: AlertId) -> Result<Vec<IntentRecord>, StoreError>;

    /// How much waits, and since when.
    async fn depth(&self) -> Result<QueueDepth, StoreError>;

    /// How the lane of every configured destination stands; messages given up are counted from
    /// `since` on.
    async fn lanes(&self, since: DateTime<Utc>) -> Result<Vec<LaneStatus>, StoreError>;
}

/// What is to be judged now.
#[derive(Debug, Default)]
pub struct DueGroups {
    /// The groups; of each destination the urgent ones first.
    pub groups: Vec<DueGroup>,
    /// What each destination of a group was told lately.
    pub said: BTreeMap<DestinationId, Said>,
    /// What could not be read.
    pub faults: Vec<StoreError>,
}

/// What is to be tried now.
#[derive(Debug, Default)]
pub struct ClaimedDeliveries {
    /// The claims; of each destination the urgent ones first.
    pub claimed: Vec<ClaimedDelivery>,
    /// What could not be read.
    pub faults: Vec<StoreError>,
}

/// The due intents of one episode for one destination.
#[derive(Clone, Debug, PartialEq)]
pub struct DueGroup {
    /// Who is to hear.
    pub destination_id: DestinationId,
    /// Of what, as it is now.
    pub alert: Alert,
    /// The intents, by transition.
    pub intents: Vec<Intent>,
    /// What the destination was told last of the identity.
    pub told: Option<Told>,
    /// The number of the last message of the episode to the destination; 0 for none.
    pub sequence: u64,
}

/// What was decided of groups, or of a notice.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Judged {
    /// One message says it all.
    Send(Frozen),
    /// Nothing is sent, for this reason.
    Withhold {
        /// The intents, which end here.
        intents: Vec<IntentId>,
        /// Why.
        rule: Withheld,
    },
    /// Judged again later.
    Postpone {
        /// The intents, which stay.
        intents: Vec<IntentId>,
        /// From when on.
        until: DateTime<Utc>,
        /// Why.
        rule: Withheld,
        /// What keeps them back, where the rule alone does not say. A silence or a maintenance that
        /// ends before `until`, or is gone, keeps nothing back: the judgement is superseded.
        by: Option<Holder>,
    },
    /// The notice is not sent, for this reason.
    WithholdNotice {
        /// Which ends here.
        notice: NoticeId,
        /// Why.
        rule: Withheld,
    },
}

/// A message with the intents it settles.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Frozen {
    /// The message; its parts, or its notice, are what it carries.
    pub delivery: Delivery,
    /// Intents that it says everything of.
    pub superseded: Vec<IntentId>,
    /// Until when the first attempt is claimed.
    pub claimed_until: DateTime<Utc>,
}

/// The right to make one try of a delivery.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimedDelivery {
    /// The message.
    pub delivery: Delivery,
    /// The fence.
    pub epoch: u64,
    /// The tries so far, this one included.
    pub attempts: u32,
    /// Whether an earlier try may have arrived: its attempt was closed as unknown, or never closed.
    pub is_possible_duplicate: bool,
    /// Whether it is the minimal form of a message that was refused.
    pub is_degraded: bool,
}

/// What came of a try.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Attempt {
    /// Of which delivery.
    pub delivery_id: DeliveryId,
    /// To whom.
    pub destination_id: DestinationId,
    /// The fence.
    pub epoch: u64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What to remember of it.
    pub record: AttemptRecord,
    /// What becomes of the delivery.
    pub result: Recorded,
    /// What becomes of the lane.
    pub lane: Lane,
}

/// What is remembered of a try.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct AttemptRecord {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` while it is under way, or when its holder died.
    pub finished_at: Option<DateTime<Utc>>,
    /// `delivered`, `retry`, `unknown`, `degraded`, `dead`.
    pub result: Option<String>,
    /// The status of HTTP, or the code of SMTP, where there was one.
    pub status: Option<u16>,
    /// The beginning of the answer, or what happened; without secrets.
    pub detail: Option<String>,
    /// Whether the try said that it may be a repeat.
    pub is_possible_duplicate: bool,
}

/// What becomes of a delivery after a try.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Recorded {
    /// It arrived; the destination has been told.
    Delivered {
        /// When the episodes that it speaks of are moved next because of it.
        next: Vec<NextAction>,
    },
    /// It is tried again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// Whether this try may have arrived.
        is_unknown: bool,
    },
    /// It is given up, and its intents are carried by a minimal form of it.
    Degraded {
        /// The minimal form.
        resend: Delivery,
    },
    /// It is given up.
    Dead {
        /// Why.
        reason: DeadReason,
    },
}

/// When time moves an episode next because its news arrived, such as for a repeat.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct NextAction {
    /// Which.
    pub alert_id: AlertId,
    /// Where it still stands at this transition; else it is left as it is.
    pub transition: u64,
    /// When; `None` when only events move it.
    pub at: Option<DateTime<Utc>>,
}

/// An intent with all that came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecord {
    /// The intent.
    pub intent: Intent,
    /// `pending`, `frozen`, `delivered`, `withheld`, `superseded`, `dead`.
    pub state: String,
    /// Why it is sent, or why not (yet).
    pub reason: Option<String>,
    /// What keeps it from being sent, while something does.
    pub held_by: Option<Holder>,
    /// Its number, where it was sent.
    pub sequence: Option<u64>,
    /// The messages that carried it, the degraded one last.
    pub deliveries: Vec<(DeliveryState, Vec<AttemptRecord>)>,
}

/// A delivery as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryState {
    /// Its id.
    pub id: DeliveryId,
    /// `pending`, `delivered`, `dead`.
    pub state: String,
    /// Why it was given up, where it was.
    pub reason: Option<String>,
    /// What every try carries.
    pub body: Vec<u8>,
    /// When it is tried next, where it is.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was frozen.
    pub created_at: DateTime<Utc>,
    /// When it arrived, where it did.
    pub sent_at: Option<DateTime<Utc>>,
}

/// How much waits to be sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueDepth {
    /// Intents that are neither sent nor withheld.
    pub intents: u64,
    /// Deliveries that have not arrived.
    pub deliveries: u64,
    /// When the oldest of the intents was decided.
    pub oldest_at: Option<DateTime<Utc>>,
}

/// How the lane of a destination stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LaneStatus {
    /// Whose.
    pub destination_id: DestinationId,
    /// Whether messages go out.
    pub traffic: Lane,
    /// Why it was stopped, where it is.
    pub stopped_because: Option<String>,
    /// What keeps messages from arriving, from the first that was given up until one arrives or the
    /// configuration changes.
    pub broken: Option<LaneFault>,
    /// When a message arrived last.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// Intents and notices that are not judged yet.
    pub waiting: u64,
    /// Messages that are frozen and have not arrived.
    pub under_way: u64,
    /// When the oldest of those was frozen.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Messages that were given up.
    pub dead: u64,
}

/// What is wrong with a destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LaneFault {
    /// Since when.
    pub since: DateTime<Utc>,
    /// The reason of the first message that was given up.
    pub because: String,
}
