//! Alerts: what is wrong, since when, and what became of it.
//!
//! One row is one *episode* of one *identity*. An identity is what the same trouble has in common
//! whenever it comes back (origin, service, type, SLO, labels); its message, value and severity are
//! not part of it. Episodes are numbered 1, 2, 3…; a resolved one is never opened again. Every
//! change of an episode is a *transition*, counted, so that of two writers one wins.

mod course;
mod fingerprint;
mod flapping;
mod identity;
mod lifecycle;
mod report;
mod status;
mod third_party;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

pub use course::{Course, Hold};
pub use fingerprint::Fingerprint;
pub use flapping::{Cleared, FlapHistory, FlapShare, Flaps, HOLD_MAX};
pub use identity::{DedupKey, Identity, Origin};
pub use lifecycle::{InvalidTransition, LifecycleSettings, Moment, Opening, ResolveReason};
pub use report::{Report, Reported, report};
pub use status::{AlertStatus, AlertStatusError};
pub use third_party::{
    RESOLVE_TIMEOUT, ThirdPartyAlert, ThirdPartyError, foreign_severity, third_party,
};

use crate::evaluation::RuleOutcome;
use crate::incident::Join;
use crate::name::{AlertId, DestinationId, IncidentId, ServiceName, SloId};
use crate::notification::{DESTINATION_BROKEN, DESTINATION_ID, Intent};

/// What kind of trouble an alert is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
#[non_exhaustive]
pub enum AlertType {
    /// The page of an SLO: its budget burns fast.
    BurnRate,
    /// A ticket: the budget burns slowly.
    SlowBurn,
    /// A ticket: less than a tenth of the budget is left.
    BudgetExhaustion,
    /// A ticket: the target is missed.
    SloViolation,
    /// An SLO that had data has none.
    NoData,
    /// A service or target is unhealthy.
    Health,
    /// Whatever else a caller names.
    Other(String),
}

/// Why a text is not an alert type.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an alert type has 1 to 128 characters of a-z A-Z 0-9 . _ : -")]
pub struct AlertTypeError;

impl AlertType {
    /// The type in the API.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::BurnRate => "burn_rate",
            Self::SlowBurn => "slow_burn",
            Self::BudgetExhaustion => "budget_exhaustion",
            Self::SloViolation => "slo_violation",
            Self::NoData => "no_data",
            Self::Health => "health",
            Self::Other(name) => name,
        }
    }

    /// Whether the type is a ticket when an SLO's evaluation opened it: a fact that lasts until a
    /// window moves, told at transitions only and not while the SLO's page is open.
    #[must_use]
    pub const fn is_ticket(&self) -> bool {
        matches!(
            self,
            Self::SlowBurn | Self::BudgetExhaustion | Self::SloViolation
        )
    }
}

impl FromStr for AlertType {
    type Err = AlertTypeError;

    fn from_str(text: &str) -> Result<Self, AlertTypeError> {
        match text {
            "burn_rate" => Ok(Self::BurnRate),
            "slow_burn" => Ok(Self::SlowBurn),
            "budget_exhaustion" => Ok(Self::BudgetExhaustion),
            "slo_violation" => Ok(Self::SloViolation),
            "no_data" => Ok(Self::NoData),
            "health" => Ok(Self::Health),
            _ => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
                let fits = (1..=128).contains(&text.len()) && text.bytes().all(is_plain);
                if fits {
                    Ok(Self::Other(text.to_owned()))
                } else {
                    Err(AlertTypeError)
                }
            }
        }
    }
}

impl From<AlertType> for String {
    fn from(alert_type: AlertType) -> Self {
        alert_type.as_str().to_owned()
    }
}

impl TryFrom<String> for AlertType {
    type Error = AlertTypeError;

    fn try_from(text: String) -> Result<Self, AlertTypeError> {
        text.parse()
    }
}

impl fmt::Display for AlertType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How grave an alert is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// A ticket for the next days.
    Medium,
    /// A ticket for today.
    High,
    /// Wakes somebody.
    Critical,
    /// Wakes somebody at once.
    Emergency,
}

/// Why a text is not a severity.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a severity is one of low, medium, high, critical and emergency")]
pub struct SeverityError;

impl Severity {
    /// The severity in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Emergency => "emergency",
        }
    }
}

impl FromStr for Severity {
    type Err = SeverityError;

    fn from_str(text: &str) -> Result<Self, SeverityError> {
        match text {
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            "critical" => Ok(Self::Critical),
            "emergency" => Ok(Self::Emergency),
            _ => Err(SeverityError),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of an episode, with the data that only this state has.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum AlertState {
    /// It is wrong, but for less long than it has to be: told to nobody, and in no statistic.
    Pending {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It is wrong, and nobody has said that they look.
    Firing,
    /// Somebody looks; repeats stop, updates and the resolve still go out.
    Acknowledged {
        /// When.
        at: DateTime<Utc>,
        /// Who, where known.
        by: Option<String>,
        /// When the acknowledgement ends and the alert fires again.
        until: DateTime<Utc>,
    },
    /// Over.
    Resolved {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        reason: ResolveReason,
        /// Who, where a person did.
        by: Option<String>,
    },
}

impl AlertState {
    /// Which state it is.
    #[must_use]
    pub const fn status(&self) -> AlertStatus {
        match self {
            Self::Pending { .. } => AlertStatus::Pending,
            Self::Firing => AlertStatus::Firing,
            Self::Acknowledged { .. } => AlertStatus::Acknowledged,
            Self::Resolved { .. } => AlertStatus::Resolved,
        }
    }

    /// The state in the API.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.status().as_str()
    }
}

/// One episode of an alert.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Alert {
    /// Identifies the episode.
    pub id: AlertId,
    /// What it has in common with its other episodes.
    pub identity: Identity,
    /// 1, 2, 3… for the identity.
    pub episode: u64,
    /// Rises by one with every change.
    pub transition: u64,
    /// What holds.
    pub state: AlertState,
    /// How grave.
    pub severity: Severity,
    /// What is wrong and why it is this grave, for people.
    pub message: String,
    /// When it began.
    pub starts_at: DateTime<Utc>,
    /// The value that was reported, where one was.
    pub value: Option<f64>,
    /// The threshold that was reported, where one was.
    pub threshold: Option<f64>,
    /// How often it was reported.
    pub occurrences: u64,
    /// When it was delivered last, to any destination.
    pub last_notified_at: Option<DateTime<Utc>>,
    /// When it ends by itself, where its reporter said so.
    pub expires_at: Option<DateTime<Utc>>,
    /// When time moves it next; `None` when only events do.
    pub next_action_at: Option<DateTime<Utc>>,
    /// Since when nobody looks: what escalations are counted from. `None` while somebody does, after
    /// its end, and of an episode that began before this was kept.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unattended_since: Option<DateTime<Utc>>,
    /// Everyone who has had an intent of this episode: whom the resolve is owed to.
    pub destinations: BTreeSet<DestinationId>,
    /// What its burn rules saw when it last changed.
    pub rules: Vec<RuleOutcome>,
    /// What is known of its flapping.
    #[cfg_attr(feature = "serde", serde(default))]
    pub flaps: Flaps,
    /// The incident that it belongs to, as of when it was read: the store keeps it, transitions do
    /// not change it.
    pub incident_id: Option<IncidentId>,
}

impl Alert {
    /// Whether the episode is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, AlertState::Resolved { .. })
    }

    /// Whether it is wrong, but not for long enough: told to nobody.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        matches!(self.state, AlertState::Pending { .. })
    }

    /// Whether it has fired: an episode that is pending, or cleared while it was, has not, and counts
    /// nowhere.
    #[must_use]
    pub const fn has_fired(&self) -> bool {
        !matches!(
            self.state,
            AlertState::Pending { .. }
                | AlertState::Resolved {
                    reason: ResolveReason::ClearedPending,
                    ..
                }
        )
    }

    /// Whether it is held open because it flaps.
    #[must_use]
    pub const fn is_flapping(&self) -> bool {
        self.flaps.is_flapping()
    }

    /// Whether burn rules hold it open.
    #[must_use]
    pub const fn is_held_by_rules(&self) -> bool {
        self.is_open() && !self.rules.is_empty()
    }

    /// When the episode ended.
    #[must_use]
    pub const fn ends_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            AlertState::Resolved { at, .. } => Some(at),
            _ => None,
        }
    }

    /// The labels of its identity.
    #[must_use]
    pub const fn labels(&self) -> &BTreeMap<String, String> {
        &self.identity.labels
    }

    /// Its SLO, where it is about one.
    #[must_use]
    pub const fn slo_id(&self) -> Option<SloId> {
        self.identity.slo_id
    }

    /// Its service.
    #[must_use]
    pub const fn service_name(&self) -> &ServiceName {
        &self.identity.service_name
    }

    /// Its type.
    #[must_use]
    pub const fn alert_type(&self) -> &AlertType {
        &self.identity.alert_type
    }

    /// Whether it says that this very destination is broken: it is told to the others.
    #[must_use]
    pub fn is_about_destination(&self, id: DestinationId) -> bool {
        self.identity.origin == Origin::Generated
            && self.identity.alert_type.as_str() == DESTINATION_BROKEN
            && self
                .identity
                .labels
                .get(DESTINATION_ID)
                .is_some_and(|label| *label == id.0.to_string())
    }

    /// Whether it wakes somebody: a page, and what others report of such severity.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.severity >= Severity::Critical && !self.is_ticket()
    }

    /// Whether it is a ticket of an SLO.
    #[must_use]
    pub fn is_ticket(&self) -> bool {
        self.identity.origin == Origin::Generated && self.identity.alert_type.is_ticket()
    }
}

/// One transition of one episode with what it makes known: stored in one transaction or not at all.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct AlertUpdate {
    /// The transition that was read, `None` for a new episode; another writer's makes the update
    /// superseded.
    pub expected: Option<u64>,
    /// The state before, for the record of transitions; `None` for a new episode.
    pub from: Option<AlertStatus>,
    /// The episode after.
    pub alert: Alert,
    /// The slot that decided it, where one did.
    pub slot: Option<DateTime<Utc>>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it, where a person did.
    pub actor: Option<String>,
    /// What they said.
    pub comment: Option<String>,
    /// Whom to tell.
    pub intents: Vec<Intent>,
    /// What it means to incidents, where it begins or becomes graver.
    pub join: Option<Box<Join>>,
}

impl AlertUpdate {
    /// Whether it only says that what a third party told still holds. That comes every minute for every
    /// alert, and is not written down as a step.
    #[must_use]
    pub fn is_refresh(&self) -> bool {
        self.alert.identity.origin == Origin::ThirdParty
            && self.from == Some(self.alert.state.status())
            && self.intents.is_empty()
            && self.actor.is_none()
    }
}
