//! The state of an episode by name, without the data of the state.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which state an episode is in: an [`AlertState`](super::AlertState) without its data, as lists
/// ask for it and records keep it.
///
/// ```
/// use sre_core::alert::AlertStatus;
///
/// assert_eq!("firing".parse(), Ok(AlertStatus::Firing));
/// assert_eq!(AlertStatus::Acknowledged.to_string(), "acknowledged");
/// assert_eq!("pending".parse(), Ok(AlertStatus::Pending));
/// assert!("open".parse::<AlertStatus>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum AlertStatus {
    /// It is wrong, for less long than it has to be.
    Pending,
    /// It is wrong, and nobody has said that they look.
    Firing,
    /// Somebody looks.
    Acknowledged,
    /// Over.
    Resolved,
}

/// Why a text is not the status of an alert.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the status of an alert is one of pending, firing, acknowledged and resolved")]
pub struct AlertStatusError;

impl AlertStatus {
    /// Every status, in the order in which an episode has them.
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Firing,
        Self::Acknowledged,
        Self::Resolved,
    ];
    /// Those of an episode that people are told of and that has not ended.
    pub const OPEN: [Self; 2] = [Self::Firing, Self::Acknowledged];

    /// The status in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl FromStr for AlertStatus {
    type Err = AlertStatusError;

    fn from_str(text: &str) -> Result<Self, AlertStatusError> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(AlertStatusError)
    }
}

impl fmt::Display for AlertStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
