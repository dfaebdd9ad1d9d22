//! Services: whose promises are kept, how much they matter, and what they stand on.
//!
//! A service is *known* as soon as anything that is stored names it: an SLO, a sample, an alert, or
//! another service that depends on it. What people say of it (owner, criticality, dependencies,
//! links) is its *declaration*; without one it is of normal criticality and depends on nothing.

mod dependencies;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::Severity;
use crate::decimal::Decimal;
use crate::name::ServiceName;
use crate::slo::ManagedBy;
use crate::target::write_decimal;

pub use self::dependencies::Dependencies;

/// A service, and what people say of it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// Who looks after it, where that is said.
    pub owner: Option<String>,
    /// What it is, for people; may be empty.
    pub description: String,
    /// How much it matters: what is wrong with it is told as that much graver.
    pub criticality: Criticality,
    /// What it stands on, by name, and how much of the other's trouble is its own.
    pub dependencies: BTreeMap<ServiceName, Weight>,
    /// Addresses such as `runbook`.
    pub links: BTreeMap<String, String>,
    /// Rises with every change; 0 where nobody has declared it.
    pub version: u64,
    /// Who declared it, and when; `None` where it is only named by something else.
    pub declared: Option<Declared>,
}

/// By whom a service was declared, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Declared {
    /// Who may change it.
    pub managed_by: ManagedBy,
    /// When it was declared first.
    pub created_at: DateTime<Utc>,
    /// When it was declared last.
    pub updated_at: DateTime<Utc>,
}

impl Service {
    /// What is known of a service that is only named.
    #[must_use]
    pub const fn named(name: ServiceName) -> Self {
        Self {
            name,
            owner: None,
            description: String::new(),
            criticality: Criticality::Normal,
            dependencies: BTreeMap::new(),
            links: BTreeMap::new(),
            version: 0,
            declared: None,
        }
    }
}

/// How much a service matters.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Criticality {
    /// Its trouble can wait: its alerts are one step less grave.
    Low,
    /// As grave as the rules say.
    #[default]
    Normal,
    /// It matters to people; its alerts are as grave as the rules say.
    High,
    /// Everything stands on it: its alerts are one step graver.
    Critical,
}

/// Why a text is not a criticality.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a criticality is one of low, normal, high and critical")]
pub struct CriticalityError;

impl Criticality {
    /// Every criticality.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Critical];

    /// The criticality in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Criticality {
    /// How grave something is that happens to a service of this criticality: one step graver for a
    /// critical one, one step less for a low one, within the range of severities.
    #[must_use]
    pub const fn judge(self, severity: Severity) -> Severity {
        match (self, severity) {
            (Self::Low, Severity::Medium | Severity::Low) => Severity::Low,
            (Self::Low, Severity::High) | (Self::Critical, Severity::Low) => Severity::Medium,
            (Self::Low, Severity::Critical) | (Self::Critical, Severity::Medium) => Severity::High,
            (Self::Low, Severity::Emergency) | (Self::Critical, Severity::High) => {
                Severity::Critical
            }
            (Self::Critical, Severity::Critical | Severity::Emergency) => Severity::Emergency,
            (Self::Normal | Self::High, severity) => severity,
        }
    }
}

impl FromStr for Criticality {
    type Err = CriticalityError;

    fn from_str(text: &str) -> Result<Self, CriticalityError> {
        Self::ALL
            .into_iter()
            .find(|criticality| criticality.as_str() == text)
            .ok_or(CriticalityError)
    }
}

impl fmt::Display for Criticality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much of a dependency's trouble is the service's own: from 0, nothing, to 1, all of it. Kept
/// in millionths.
///
/// ```
/// use sre_core::service::Weight;
///
/// let weight: Weight = "0.5".parse()?;
/// assert_eq!(weight.millionths(), 500_000);
/// assert_eq!(weight.to_string(), "0.5");
/// assert!("1.1".parse::<Weight>().is_err());
/// # Ok::<(), sre_core::service::ParseWeightError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "u32", try_from = "u32"))]
pub struct Weight(u32);

/// Why a text is not a weight.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a weight is a decimal between 0 and 1 with at most 6 decimals, such as 0.5")]
pub struct ParseWeightError;

impl Weight {
    /// All of the other's trouble.
    pub const WHOLE: Self = Self(MILLION);

    /// The weight of so many millionths; `None` beyond 1.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths <= MILLION {
            Some(Self(millionths))
        } else {
            None
        }
    }

    /// The weight in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl FromStr for Weight {
    type Err = ParseWeightError;

    fn from_str(text: &str) -> Result<Self, ParseWeightError> {
        Decimal::in_parts(text, 6)
            .and_then(Self::from_millionths)
            .ok_or(ParseWeightError)
    }
}

/// Prints every digit and no more, so that a round trip keeps the weight.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), u128::from(MILLION))
    }
}

impl From<Weight> for u32 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

impl TryFrom<u32> for Weight {
    type Error = ParseWeightError;

    fn try_from(millionths: u32) -> Result<Self, ParseWeightError> {
        Self::from_millionths(millionths).ok_or(ParseWeightError)
    }
}

const MILLION: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_kept_to_the_millionth_and_lies_between_nothing_and_all() {
        for (text, millionths) in [
            ("0", 0),
            ("0.000001", 1),
            ("0.50", 500_000),
            ("1", 1_000_000),
        ] {
            assert_eq!(
                text.parse::<Weight>()
                    .unwrap()
                    .millionths(),
                millionths
            );
        }
        for text in ["", "-0.1", "1.000001", "0.0000001", "1e-1", "half"] {
            assert_eq!(text.parse::<Weight>(), Err(ParseWeightError), "{text}");
        }
        for text in ["0", "0.000001", "0.5", "1"] {
            assert_eq!(
                text.parse::<Weight>()
                    .unwrap()
                    .to_string(),
                text
            );
        }
    }

    #[test]
    fn a_critical_service_is_one_step_graver_and_a_low_one_a_step_less() {
        let severities = [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
            Severity::Emergency,
        ];
        for (place, severity) in severities.into_iter().enumerate() {
            for (criticality, judged) in [
                (Criticality::Low, place.saturating_sub(1)),
                (Criticality::Normal, place),
                (Criticality::High, place),
                (Criticality::Critical, (place + 1).min(4)),
            ] {
                assert_eq!(criticality.judge(severity), severities[judged]);
            }
        }
    }

    #[test]
    fn a_criticality_is_read_from_its_own_text() {
        for criticality in Criticality::ALL {
            assert_eq!(criticality.as_str().parse(), Ok(criticality));
        }
        assert_eq!("urgent".parse::<Criticality>(), Err(CriticalityError));
    }
}
