//! How far people have come with an incident, and the steps that there are.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::name::IncidentId;

/// The status of an incident, by name.
///
/// ```
/// use sre_core::incident::IncidentStatus;
///
/// let open: IncidentStatus = "open".parse()?;
/// assert!(open.is_live() && open.next().contains(&IncidentStatus::Acknowledged));
/// // One step at a time: nothing is closed that was never acknowledged, mitigated and resolved.
/// assert!(!open.next().contains(&IncidentStatus::Closed));
/// assert!(IncidentStatus::Merged.next().is_empty());
/// # Ok::<(), sre_core::incident::IncidentStatusError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum IncidentStatus {
    /// A pattern was seen and nobody has confirmed it.
    Candidate,
    /// Confirmed, or opened by a rule that needs no confirmation.
    Open,
    /// Somebody works on it.
    Acknowledged,
    /// The impact is over, the cause is not.
    Mitigated,
    /// The cause is gone.
    Resolved,
    /// Everything is written down; notes may still be added.
    Closed,
    /// It was another incident all along.
    Merged,
    /// It was none.
    Dismissed,
}

/// Why a text is not a status.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "a status is one of candidate, open, acknowledged, mitigated, resolved, closed, merged and \
     dismissed"
)]
pub struct IncidentStatusError;

impl IncidentStatus {
    /// Every status, in the order of life.
    pub const ALL: [Self; 8] = [
        Self::Candidate,
        Self::Open,
        Self::Acknowledged,
        Self::Mitigated,
        Self::Resolved,
        Self::Closed,
        Self::Merged,
        Self::Dismissed,
    ];

    /// The status in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Dismissed => "dismissed",
        }
    }

    /// The statuses that it may become: one step forward or back, and out.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Candidate => &[Self::Open, Self::Dismissed, Self::Merged],
            Self::Open => &[Self::Acknowledged, Self::Dismissed, Self::Merged],
            Self::Acknowledged => &[Self::Mitigated, Self::Open, Self::Merged],
            Self::Mitigated => &[Self::Resolved, Self::Acknowledged],
            Self::Resolved => &[Self::Closed, Self::Mitigated],
            Self::Closed => &[Self::Resolved],
            Self::Merged | Self::Dismissed => &[],
        }
    }

    /// Whether new alerts join an incident that is so.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Candidate | Self::Open | Self::Acknowledged | Self::Mitigated
        )
    }

    /// Whether an incident that is so takes changes other than steps.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        !matches!(self, Self::Closed | Self::Merged | Self::Dismissed)
    }
}

impl FromStr for IncidentStatus {
    type Err = IncidentStatusError;

    fn from_str(text: &str) -> Result<Self, IncidentStatusError> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(IncidentStatusError)
    }
}

impl fmt::Display for IncidentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The status with the instants that only it has. A step back drops the later ones: they stay in
/// the timeline, and count in no statistic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum IncidentState {
    /// See [`IncidentStatus::Candidate`].
    Candidate,
    /// See [`IncidentStatus::Open`].
    Open,
    /// See [`IncidentStatus::Acknowledged`].
    Acknowledged {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// See [`IncidentStatus::Mitigated`].
    Mitigated {
        /// When a person acknowledged it; `None` where nobody did before it was over.
        acknowledged_at: Option<DateTime<Utc>>,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// See [`IncidentStatus::Resolved`].
    Resolved {
        /// When a person acknowledged it; `None` where it ended by itself.
        acknowledged_at: Option<DateTime<Utc>>,
        /// When a person said that the impact was over; `None` where it ended by itself.
        mitigated_at: Option<DateTime<Utc>>,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// See [`IncidentStatus::Closed`].
    Closed {
        /// As of [`IncidentState::Resolved`].
        acknowledged_at: Option<DateTime<Utc>>,
        /// As of [`IncidentState::Resolved`].
        mitigated_at: Option<DateTime<Utc>>,
        /// When it was resolved.
        resolved_at: DateTime<Utc>,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// See [`IncidentStatus::Merged`].
    Merged {
        /// Which incident it is part of.
        into: IncidentId,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// See [`IncidentStatus::Dismissed`].
    Dismissed {
        /// Since when.
        at: DateTime<Utc>,
    },
}

impl IncidentState {
    /// The status by name.
    #[must_use]
    pub const fn status(&self) -> IncidentStatus {
        match self {
            Self::Candidate => IncidentStatus::Candidate,
            Self::Open => IncidentStatus::Open,
            Self::Acknowledged { .. } => IncidentStatus::Acknowledged,
            Self::Mitigated { .. } => IncidentStatus::Mitigated,
            Self::Resolved { .. } => IncidentStatus::Resolved,
            Self::Closed { .. } => IncidentStatus::Closed,
            Self::Merged { .. } => IncidentStatus::Merged,
            Self::Dismissed { .. } => IncidentStatus::Dismissed,
        }
    }

    /// When a person acknowledged it, while that holds.
    #[must_use]
    pub const fn acknowledged_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Acknowledged { at } => Some(at),
            Self::Mitigated {
                acknowledged_at, ..
            }
            | Self::Resolved {
                acknowledged_at, ..
            }
            | Self::Closed {
                acknowledged_at, ..
            } => acknowledged_at,
            _ => None,
        }
    }

    /// When a person said that the impact was over, while that holds.
    #[must_use]
    pub const fn mitigated_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Mitigated { at, .. } => Some(at),
            Self::Resolved { mitigated_at, .. } | Self::Closed { mitigated_at, .. } => mitigated_at,
            _ => None,
        }
    }

    /// When it was resolved, while that holds.
    #[must_use]
    pub const fn resolved_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Resolved { at, .. } => Some(at),
            Self::Closed { resolved_at, .. } => Some(resolved_at),
            _ => None,
        }
    }

    /// When it was closed, while that holds.
    #[must_use]
    pub const fn closed_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Closed { at, .. } => Some(at),
            _ => None,
        }
    }

    /// When it was over: resolved, merged or dismissed.
    #[must_use]
    pub const fn ended_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::Merged { at, .. } | Self::Dismissed { at } => Some(at),
            _ => self.resolved_at(),
        }
    }

    /// The state one step on (or back) at `now`, for a step that the table has; merging needs a
    /// target and is not one of them.
    pub(super) fn step(self, to: IncidentStatus, now: DateTime<Utc>) -> Option<Self> {
        if !self.status().next().contains(&to) {
            return None;
        }
        let acknowledged_at = self.acknowledged_at();
        Some(match to {
            IncidentStatus::Open => Self::Open,
            IncidentStatus::Acknowledged => Self::Acknowledged {
                at: acknowledged_at.unwrap_or(now),
            },
            IncidentStatus::Mitigated => Self::Mitigated {
                acknowledged_at,
                at: self.mitigated_at().unwrap_or(now),
            },
            IncidentStatus::Resolved => Self::Resolved {
                acknowledged_at,
                mitigated_at: self.mitigated_at(),
                at: self.resolved_at().unwrap_or(now),
            },
            IncidentStatus::Closed => Self::Closed {
                acknowledged_at,
                mitigated_at: self.mitigated_at(),
                resolved_at: self.resolved_at().unwrap_or(now),
                at: now,
            },
            IncidentStatus::Dismissed => Self::Dismissed { at: now },
            IncidentStatus::Candidate | IncidentStatus::Merged => return None,
        })
    }
}
