//! Notices: what is told beside alerts, such as an incident that a person opened or a test of a
//! channel. Stored like an intent, by whoever has something to say and in the same transaction;
//! frozen, sent and recorded like any other message.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::Severity;
use crate::name::{DestinationId, NoticeId, ServiceName, derived_id};
use crate::notification::Urgency;

/// One announcement to one destination.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Notice {
    /// Version 5 of what it announces and to whom: announced twice it is told once.
    pub id: NoticeId,
    /// Who is to hear it.
    pub destination_id: DestinationId,
    /// What kind of announcement.
    pub kind: NoticeKind,
    /// Of which service, where it is about one.
    pub service_name: Option<ServiceName>,
    /// How grave, where that can be said.
    pub severity: Option<Severity>,
    /// One line for people.
    pub title: String,
    /// What they should know, for people; may be empty.
    pub text: String,
    /// Where to read on, below the address of this service: `incidents/0197…`.
    pub link_path: Option<String>,
    /// The facts for programs: names and values, a handful of them.
    pub data: BTreeMap<String, String>,
    /// When it was decided.
    pub created_at: DateTime<Utc>,
}

/// What a notice announces.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
#[non_exhaustive]
pub enum NoticeKind {
    /// A person opened an incident.
    IncidentOpened,
    /// A person moved an incident.
    IncidentUpdated,
    /// An incident is over.
    IncidentResolved,
    /// Somebody asks whether the channel works.
    ChannelTest,
    /// The service sees too little to tell what is wrong.
    MonitorBlind,
    /// The service sees again.
    MonitorRecovered,
}

/// Why a text is not a kind of notice.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a kind of notice")]
pub struct NoticeKindError;

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::IncidentOpened,
        Self::IncidentUpdated,
        Self::IncidentResolved,
        Self::ChannelTest,
        Self::MonitorBlind,
        Self::MonitorRecovered,
    ];

    /// The `type` of its message.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncidentOpened => "incident.opened",
            Self::IncidentUpdated => "incident.updated",
            Self::IncidentResolved => "incident.resolved",
            Self::ChannelTest => "channel.test",
            Self::MonitorBlind => "monitor.blind",
            Self::MonitorRecovered => "monitor.recovered",
        }
    }

    /// Whether it is about an incident.
    #[must_use]
    pub const fn is_incident(self) -> bool {
        matches!(
            self,
            Self::IncidentOpened | Self::IncidentUpdated | Self::IncidentResolved
        )
    }

    /// Whether it announces the end of something.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::IncidentResolved | Self::MonitorRecovered)
    }
}

impl FromStr for NoticeKind {
    type Err = NoticeKindError;

    fn from_str(text: &str) -> Result<Self, NoticeKindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NoticeKindError)
    }
}

impl From<NoticeKind> for String {
    fn from(kind: NoticeKind) -> Self {
        kind.as_str().to_owned()
    }
}

impl TryFrom<String> for NoticeKind {
    type Error = NoticeKindError;

    fn try_from(text: String) -> Result<Self, NoticeKindError> {
        text.parse()
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Notice {
    /// The id of a notice of `kind` to `destination` about `subject`: whatever tells this
    /// announcement from every other, such as an incident's id with its version.
    #[must_use]
    pub fn id(kind: NoticeKind, subject: &[u8], destination_id: DestinationId) -> NoticeId {
        let parts: [&[u8]; 3] = [
            kind.as_str().as_bytes(),
            subject,
            destination_id.0.as_bytes(),
        ];
        NoticeId(derived_id("notice", &parts))
    }

    /// What its message is worth: a test yields to all that matters; the service being blind is as
    /// urgent as a page; all else is an update.
    #[must_use]
    pub const fn urgency(&self) -> Urgency {
        let (class, otherwise) = match self.kind {
            NoticeKind::ChannelTest => (4, Severity::Low),
            NoticeKind::MonitorBlind => (1, Severity::Critical),
            _ => (2, Severity::Medium),
        };
        let severity = match self.severity {
            Some(severity) => severity,
            None => otherwise,
        };
        Urgency {
            is_resolve: self.kind.is_end(),
            severity,
            class,
        }
    }
}
