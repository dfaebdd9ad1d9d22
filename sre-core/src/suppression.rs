//! What keeps news of an alert from being sent: silences, maintenance, and the trouble of what its
//! service stands on.
//!
//! Three things hold of each of them. It keeps *news* back, never an evaluation: what it concerns is
//! measured, decided and counted as ever. It keeps *beginnings* back, never ends: whoever was told that
//! an alert fires is told when it is over, in the middle of a silence too. And it always ends: what is
//! kept back is judged again at an instant that is known ([`Suppression::until`]), or as soon as
//! somebody ends what keeps it.

mod brake;
mod inhibition;
mod rule;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::Alert;
use crate::maintenance::Maintenance;
use crate::name::{AlertId, InhibitRuleId, MaintenanceId, ServiceName, SilenceId};
use crate::notification::{Reason, Withheld};
use crate::silence::Silence;
use crate::time::Interval;

pub use brake::{
    BRAKE_AT, BRAKE_SOURCE, BRAKE_WAIT, BRAKE_WITHIN, BrakeStanding, NO_DATA_BRAKE,
    fell_silent_together, is_braked_news, is_mostly_silent, is_silence, pulled_sources,
};
pub use inhibition::{EXTENSION, Inhibition, Upstream, WAIT};
pub use rule::{InhibitRule, RECHECK, RULES_MAX, Rulings};

/// What keeps news of an alert from being sent.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub enum Holder {
    /// A silence.
    Silence(SilenceId),
    /// A maintenance.
    Maintenance(MaintenanceId),
    /// The page of a service that the alert's stands on.
    Alarm(AlertId),
    /// Nothing yet: a page of what the service stands on may come in a moment.
    Wait,
    /// Such a page that is over, but has just ended.
    Extension(AlertId),
    /// An alert that fires, by a rule that somebody wrote.
    Rule {
        /// Which rule.
        rule: InhibitRuleId,
        /// The alert that fires.
        source: AlertId,
    },
}

/// A text names nothing that keeps news back.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("what holds something is silence, maintenance, alarm, extension or rule with ids, or wait")]
pub struct ParseHolderError;

impl Holder {
    /// The rule by which it keeps news back.
    #[must_use]
    pub const fn rule(self) -> Withheld {
        match self {
            Self::Silence(_) => Withheld::Silenced,
            Self::Maintenance(_) => Withheld::Maintenance,
            Self::Alarm(_) | Self::Wait | Self::Extension(_) | Self::Rule { .. } => {
                Withheld::Inhibited
            }
        }
    }

    /// What it is, without its id.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Silence(_) => "silence",
            Self::Maintenance(_) => "maintenance",
            Self::Alarm(_) => "alarm",
            Self::Wait => "wait",
            Self::Extension(_) => "extension",
            Self::Rule { .. } => "rule",
        }
    }

    /// Its id; a wait has none. Of a rule that of the alert by which it holds.
    #[must_use]
    pub const fn id(self) -> Option<uuid::Uuid> {
        match self {
            Self::Silence(id) => Some(id.0),
            Self::Maintenance(id) => Some(id.0),
            Self::Alarm(id) | Self::Extension(id) | Self::Rule { source: id, .. } => Some(id.0),
            Self::Wait => None,
        }
    }

    /// The rule that somebody wrote, where it is one.
    #[must_use]
    pub const fn inhibit_rule(self) -> Option<InhibitRuleId> {
        match self {
            Self::Rule { rule, .. } => Some(rule),
            _ => None,
        }
    }
}

/// `silence:018f3c5a-…`, `wait`, or of a rule `rule:`, its id and that of the alert.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        if let Some(rule) = self.inhibit_rule() {
            write!(f, ":{}", rule.0.hyphenated())?;
        }
        match self.id() {
            Some(id) => write!(f, ":{}", id.hyphenated()),
            None => Ok(()),
        }
    }
}

impl FromStr for Holder {
    type Err = ParseHolderError;

    fn from_str(text: &str) -> Result<Self, ParseHolderError> {
        if text == "wait" {
            return Ok(Self::Wait);
        }
        let (kind, id) = text
            .split_once(':')
            .ok_or(ParseHolderError)?;
        let uuid = |text| uuid::Uuid::try_parse(text).map_err(|_| ParseHolderError);
        if kind == "rule" {
            let (rule, source) = id
                .split_once(':')
                .ok_or(ParseHolderError)?;
            return Ok(Self::Rule {
                rule: InhibitRuleId(uuid(rule)?),
                source: AlertId(uuid(source)?),
            });
        }
        let id = uuid(id)?;
        match kind {
            "silence" => Ok(Self::Silence(SilenceId(id))),
            "maintenance" => Ok(Self::Maintenance(MaintenanceId(id))),
            "alarm" => Ok(Self::Alarm(AlertId(id))),
            "extension" => Ok(Self::Extension(AlertId(id))),
            _ => Err(ParseHolderError),
        }
    }
}

impl From<Holder> for String {
    fn from(holder: Holder) -> Self {
        holder.to_string()
    }
}

impl TryFrom<String> for Holder {
    type Error = ParseHolderError;

    fn try_from(text: String) -> Result<Self, ParseHolderError> {
        text.parse()
    }
}

/// That news of an alert is kept back, by what, and until when at least.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Suppression {
    /// What keeps it.
    pub by: Holder,
    /// When it is judged again: the earliest instant at which time alone may change it.
    pub until: DateTime<Utc>,
}

/// Everything that may keep news back at one instant.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    silences: Vec<(Silence, Interval)>,
    maintenances: Vec<(Maintenance, Interval)>,
    inhibition: Inhibition,
    rulings: Rulings,
}

impl Suppressions {
    /// Of these silences and maintenances those that are active at `now`, and what is known of the
    /// dependencies.
    #[must_use]
    pub fn new(
        silences: Vec<Silence>,
        maintenances: Vec<Maintenance>,
        inhibition: Inhibition,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            silences: silences
                .into_iter()
                .filter_map(|silence| {
                    let occurrence = silence.occurrence(now)?;
                    Some((silence, occurrence))
                })
                .collect(),
            maintenances: maintenances
                .into_iter()
                .filter_map(|planned| {
                    let occurrence = planned.occurrence(now)?;
                    Some((planned, occurrence))
                })
                .collect(),
            inhibition,
            rulings: Rulings::default(),
        }
    }

    /// The same, with what rules keep back.
    #[must_use]
    pub fn ruled(self, rulings: Rulings) -> Self {
        Self { rulings, ..self }
    }

    /// What keeps this news of the alert back, decided at `decided_at`; of several the one that lasts
    /// longest, or else a rule. The end of an alert is kept back by nothing. What it stands on keeps
    /// back that it began and that it goes on; that it became graver, or less grave, is news to whoever
    /// knows of it.
    #[must_use]
    pub fn withholds(
        &self,
        alert: &Alert,
        reason: Reason,
        decided_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Suppression> {
        if reason == Reason::AllResolved {
            return None;
        }
        let wished = self
            .wished(alert)
            .max_by_key(|suppression| suppression.until);
        let wished = wished.or_else(|| self.rulings.holds(alert, now).next());
        let goes_on = matches!(
            reason,
            Reason::First | Reason::Recurred | Reason::Repeat | Reason::Flapping
        );
        wished.or_else(|| {
            goes_on
                .then(|| {
                    self.inhibition
                        .holds(alert, decided_at, now)
                })
                .flatten()
        })
    }

    /// Everything that would keep news of the alert back, for people: silences, then maintenances,
    /// then rules, then what its service stands on.
    pub fn of<'a>(
        &'a self,
        alert: &'a Alert,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = Suppression> + 'a {
        self.wished(alert)
            .chain(self.rulings.holds(alert, now))
            .chain(
                self.inhibition
                    .holds(alert, alert.starts_at, now),
            )
    }

    /// What people call the rule that keeps something back, where it is one.
    #[must_use]
    pub fn rule_name(&self, by: Holder) -> Option<&str> {
        self.rulings.name(by.inhibit_rule()?)
    }

    /// What people wish not to hear: silences, then maintenances.
    pub fn wished<'a>(&'a self, alert: &'a Alert) -> impl Iterator<Item = Suppression> + 'a {
        let labels = alert.match_labels();
        let silences = self
            .silences
            .iter()
            .filter(move |(silence, _)| silence.matchers.matches(&labels))
            .map(|(silence, occurrence)| Suppression {
                by: Holder::Silence(silence.id),
                until: occurrence.end(),
            });
        silences.chain(
            self.maintenances_of(alert)
                .map(|(planned, occurrence)| Suppression {
                    by: Holder::Maintenance(planned.id),
                    until: occurrence.end(),
                }),
        )
    }

    /// The maintenances that concern the alert, with the occurrence that goes on.
    pub fn maintenances_of<'a>(
        &'a self,
        alert: &'a Alert,
    ) -> impl Iterator<Item = &'a (Maintenance, Interval)> {
        let labels = alert.match_labels();
        self.maintenances
            .iter()
            .filter(move |(planned, _)| planned.concerns(alert.service_name(), &labels))
    }

    /// The maintenances that name the service, with the occurrence that goes on.
    pub fn maintenances_naming<'a>(
        &'a self,
        service: &'a ServiceName,
    ) -> impl Iterator<Item = &'a (Maintenance, Interval)> {
        self.maintenances
            .iter()
            .filter(|(planned, _)| planned.services.contains(service))
    }
}

#[cfg(test)]
mod tests;
