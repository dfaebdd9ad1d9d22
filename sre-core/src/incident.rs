//! Incidents: what people deal with, made of alerts or reported by hand.
//!
//! An alert says that one thing is wrong; an incident is the one conversation about all that is
//! wrong together. It is opened by a person or by a rule ([`Join`] in the commit of the alert,
//! [`patterns`] looking back), moves one step at a time along a fixed table ([`IncidentStatus`]),
//! and every change of it is an [`IncidentUpdate`]: the incident after, what its timeline says of
//! it, the alerts that belong to it from then on and what is told of it, stored whole or not at all.

mod announce;
mod change;
mod join;
mod onset;
pub mod patterns;
mod state;
pub mod stats;
pub mod timeline;

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

pub use change::{Change, Edit, IncidentRefusal, merge};
pub use join::{Join, nearest};
pub(crate) use onset::begin_at_onset;
pub use onset::onset;
pub use state::{IncidentState, IncidentStatus, IncidentStatusError};

use crate::alert::Severity;
use crate::name::{AlertId, IncidentId, ServiceName};
use crate::notification::Notice;
use crate::time::Span;

/// Something that people deal with.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Incident {
    /// Identifies it; version 5 of the alert's id where a rule opened it, version 7 where a person
    /// did.
    pub id: IncidentId,
    /// What is wrong, in a line.
    pub title: String,
    /// What else there is to say.
    pub description: Option<String>,
    /// The service that it is about.
    pub service_name: ServiceName,
    /// Every service that suffers, the one that it is about among them.
    pub affected_services: BTreeSet<ServiceName>,
    /// How grave: the highest of its alerts, unless a person has said otherwise since.
    pub severity: Severity,
    /// How far people have come with it.
    pub state: IncidentState,
    /// Who opened it.
    pub source: IncidentSource,
    /// The service that is to blame, once somebody knows.
    pub root_cause_service: Option<ServiceName>,
    /// The incident that held the episode before of the alert that opened this one.
    pub previous: Option<IncidentId>,
    /// When it began to be wrong.
    pub started_at: DateTime<Utc>,
    /// When that was noticed.
    pub detected_at: DateTime<Utc>,
    /// When a person last did something about it; `None` while it is untouched. Only untouched
    /// incidents end by themselves.
    pub touched_at: Option<DateTime<Utc>>,
    /// Rises by one with every change.
    pub version: u64,
}

impl Incident {
    /// Its status by name.
    #[must_use]
    pub const fn status(&self) -> IncidentStatus {
        self.state.status()
    }

    /// When it was over: resolved, merged or dismissed.
    #[must_use]
    pub const fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.state.ended_at()
    }

    /// Whether new alerts of its services join it.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.status().is_live()
    }

    /// Whether it concerns the service.
    #[must_use]
    pub fn concerns(&self, service: &ServiceName) -> bool {
        self.service_name == *service || self.affected_services.contains(service)
    }

    /// Begins a change by `actor` at `now`.
    #[must_use]
    pub fn change(self, actor: Actor, now: DateTime<Utc>) -> Change {
        Change::begin(self, actor, now)
    }
}

/// Who opened an incident.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum IncidentSource {
    /// A rule, from alerts.
    Auto,
    /// A person.
    Manual,
}

impl IncidentSource {
    /// The source in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Manual => "manual",
        }
    }
}

/// Who does something to an incident.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Actor {
    /// A rule of this service.
    System,
    /// A person or their tool, by name where they gave one.
    Person(Option<String>),
}

impl Actor {
    /// The name that the timeline shows; `None` for a person who gave none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::System => Some("system"),
            Self::Person(name) => name.as_deref(),
        }
    }

    const fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

/// One line of what happened to an incident itself; never changed and never taken back.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct IncidentEvent {
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// What kind of thing.
    pub kind: EventKind,
    /// Who; `system` for a rule, `None` for a person who gave no name.
    pub actor: Option<String>,
    /// What, for people.
    pub text: String,
}

/// What kind of thing happened to an incident.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EventKind {
    /// It was opened, or became a candidate.
    Opened,
    /// An alert joined it.
    Joined,
    /// It moved a step.
    Status,
    /// It became graver, or less grave.
    Severity,
    /// Its words or services changed.
    Changed,
    /// Somebody wrote something down.
    Note,
    /// Another incident was merged into it, or it into another.
    Merged,
}

/// Why a text is not a kind of event.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a kind of event of an incident")]
pub struct EventKindError;

impl EventKind {
    const ALL: [Self; 7] = [
        Self::Opened,
        Self::Joined,
        Self::Status,
        Self::Severity,
        Self::Changed,
        Self::Note,
        Self::Merged,
    ];

    /// The kind in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Joined => "joined",
            Self::Status => "status",
            Self::Severity => "severity",
            Self::Changed => "changed",
            Self::Note => "note",
            Self::Merged => "merged",
        }
    }
}

impl FromStr for EventKind {
    type Err = EventKindError;

    fn from_str(text: &str) -> Result<Self, EventKindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(EventKindError)
    }
}

/// One change of one incident: stored in one transaction or not at all.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct IncidentUpdate {
    /// The version that was read, `None` for a new incident; another writer's makes the update
    /// superseded.
    pub expected: Option<u64>,
    /// The incident after.
    pub incident: Incident,
    /// What the timeline says of it, in order.
    pub events: Vec<IncidentEvent>,
    /// The alerts that belong to it from now on; one that has moved meanwhile makes the update
    /// superseded.
    pub alerts: Vec<Belonging>,
    /// What is told of it beside its alerts.
    pub notices: Vec<Notice>,
}

/// An alert that comes to belong to an incident.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Belonging {
    /// Which alert.
    pub alert: AlertId,
    /// The incident that it was read to belong to, `None` for none.
    pub from: Option<IncidentId>,
}

impl Belonging {
    /// An alert that belonged to no incident.
    #[must_use]
    pub const fn new(alert: AlertId) -> Self {
        Self { alert, from: None }
    }
}

/// When rules open, end and reopen incidents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IncidentSettings {
    /// How many alerts of one service and its neighbours make an incident.
    pub alerts: u32,
    /// Within which time they have begun.
    pub window: Span,
    /// How long all alerts of an untouched incident must be over before it is resolved, so that a
    /// flap does not close and open it.
    pub quiet: Span,
    /// How long an acknowledgement holds without any activity.
    pub ack_timeout: Span,
}

impl Default for IncidentSettings {
    fn default() -> Self {
        Self {
            alerts: 3,
            window: Span::minutes(10),
            quiet: Span::minutes(10),
            ack_timeout: Span::minutes(30),
        }
    }
}

#[cfg(test)]
mod tests;
