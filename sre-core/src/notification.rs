//! Notifications: who is to hear what, what was sent, and what came of it.
//!
//! The commit that changes an alert writes *intents*: this transition is of interest to this
//! destination. The dispatcher judges due intents against what the destination was last told
//! ([`judge()`]), freezes a *delivery* (one message with a fixed body and id), and sends it. A crash
//! between any two of these steps repeats a step and loses none: delivery is at least once, under a
//! stable id, and a repeat that may be one says so.

mod delivery;
mod fallback;
mod judge;
mod message;
mod notice;
mod pace;
mod retry;
mod tally;

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub use delivery::{Delivery, Part, Subject, Urgency};
pub(crate) use fallback::DESTINATION_ID;
pub(crate) use fallback::did_not_take;
pub use fallback::{DESTINATION_BROKEN, Fallback, SLOW};
pub use judge::{Judgement, Reason, Told, ToldState, Withheld, judge};
pub use message::{AlertNews, Content, Message};
pub use notice::{Notice, NoticeKind, NoticeKindError};
pub use pace::{
    GROUP_INTERVAL_MAX, GROUP_WAIT, GroupWindow, Plan, Planned, STORM, Said, Sendable, plan,
};
pub use retry::{Action, Answer, DeadReason, Lane, MailStep, Tries, classify};
pub use tally::{ServiceTally, Tally};

use crate::name::{AlertId, DeliveryId, DestinationId, IntentId, derived_id};
use crate::time::Span;

/// What a transition has to say.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IntentKind {
    /// The alert began.
    Fire,
    /// Its severity changed.
    Update,
    /// It goes on.
    Repeat,
    /// It was reported again after its cooldown.
    Recur,
    /// Its acknowledgement ended.
    AckTimeout,
    /// It flaps: it is held open from here on.
    FlapStart,
    /// It flaps no more.
    FlapEnd,
    /// Nobody looked for so long that others are told.
    Escalate,
    /// It is over.
    Resolve,
}

impl IntentKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Fire,
        Self::Update,
        Self::Repeat,
        Self::Recur,
        Self::AckTimeout,
        Self::FlapStart,
        Self::FlapEnd,
        Self::Escalate,
        Self::Resolve,
    ];

    /// The kind as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fire => "fire",
            Self::Update => "update",
            Self::Repeat => "repeat",
            Self::Recur => "recur",
            Self::AckTimeout => "ack_timeout",
            Self::FlapStart => "flap_start",
            Self::FlapEnd => "flap_end",
            Self::Escalate => "escalate",
            Self::Resolve => "resolve",
        }
    }
}

/// One transition and one destination that has to hear of it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Intent {
    /// Version 5 of alert, transition and destination.
    pub id: IntentId,
    /// Of which episode.
    pub alert_id: AlertId,
    /// Which change of it.
    pub transition: u64,
    /// Who.
    pub destination_id: DestinationId,
    /// What.
    pub kind: IntentKind,
    /// From when on it may be sent.
    pub due_at: DateTime<Utc>,
    /// When it was decided.
    pub created_at: DateTime<Utc>,
}

impl Intent {
    /// The intent of one transition for one destination, due at once.
    #[must_use]
    pub fn new(
        alert_id: AlertId,
        transition: u64,
        destination_id: DestinationId,
        kind: IntentKind,
        now: DateTime<Utc>,
    ) -> Self {
        let parts: [&[u8]; 3] = [
            alert_id.0.as_bytes(),
            &transition.to_be_bytes(),
            destination_id.0.as_bytes(),
        ];
        let id = IntentId(derived_id("intent", &parts));
        Self {
            id,
            alert_id,
            transition,
            destination_id,
            kind,
            due_at: now,
            created_at: now,
        }
    }
}

/// One configured address on one channel.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Destination {
    /// Version 5 of channel and name.
    pub id: DestinationId,
    /// `webhook`, for one.
    pub channel: Cow<'static, str>,
    /// What people call it; never its address, which may be a secret.
    pub name: String,
    /// A fingerprint of its configuration: when it changes, a stopped lane starts again.
    pub fingerprint: String,
    /// The least time between the beginnings of two tries, over all replicas; `None` for a receiver
    /// that takes them as they come.
    pub spacing: Option<Span>,
}

impl Destination {
    /// The destination `name` on `channel`; `configuration` is hashed and not kept.
    #[must_use]
    pub fn new(channel: &'static str, name: &str, configuration: &[u8]) -> Self {
        Self {
            id: Self::id(channel, name),
            channel: Cow::Borrowed(channel),
            name: name.to_owned(),
            fingerprint: derived_id("configuration", &[configuration]).to_string(),
            spacing: None,
        }
    }

    /// The id of the destination `name` on `channel`.
    #[must_use]
    pub fn id(channel: &str, name: &str) -> DestinationId {
        let parts: [&[u8]; 2] = [channel.as_bytes(), name.as_bytes()];
        DestinationId(derived_id("destination", &parts))
    }

    /// The destination, for a receiver that wants at least `spacing` between two messages.
    #[must_use]
    pub fn spaced(self, spacing: Span) -> Self {
        Self {
            spacing: Some(spacing),
            ..self
        }
    }
}

/// One try of a delivery. What a channel needs beside the body (a subject, what ties a mail to the
/// first of its thread) is part of the frozen body: whatever is not in it could differ between tries.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The same for every try.
    pub id: DeliveryId,
    /// The same for every try.
    pub body: &'a [u8],
    /// When this try is made.
    pub now: DateTime<Utc>,
    /// Whether an earlier try may have arrived: it is then said.
    pub is_possible_duplicate: bool,
}

/// The port to a channel. It renders and sends; what an answer means is decided by [`classify`], and
/// who is told what by [`judge()`].
#[async_trait]
pub trait Notifier: fmt::Debug + Send + Sync {
    /// Whom it reaches.
    fn destination(&self) -> &Destination;

    /// The body of a message, frozen from here on.
    fn render(&self, message: &Message<'_>) -> Vec<u8>;

    /// A minimal body, for one more try after a receiver refused the full one.
    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8>;

    /// Whether every try carries an id by which a receiver can tell a repeat from a new message.
    /// Where it cannot, what may have arrived and is of low severity is not sent again.
    fn can_tell_repeats(&self) -> bool {
        true
    }

    /// Whether a message speaks of one alert: the receiver opens and closes something of its own for
    /// each, by a key. Such a channel is told of every alert at once and by itself, in a storm too:
    /// what a digest opened there, nothing would close. Grouping is then the receiver's.
    fn takes_one_alert(&self) -> bool {
        false
    }

    /// Whether it is told that something is over. Where it is not, the end is recorded and nothing is
    /// sent.
    fn takes_ends(&self) -> bool {
        true
    }

    /// Makes one try, within the channel's own time limit, and says what came of it.
    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer;
}
