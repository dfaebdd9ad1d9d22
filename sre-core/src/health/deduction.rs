//! Points, and what they are lost by.

use std::fmt;

/// A number of points from 0 to 100, in whole tenths.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "u16", try_from = "u16"))]
pub struct Points(u16);

impl Points {
    /// None.
    pub const ZERO: Self = Self(0);
    /// All of them.
    pub const HUNDRED: Self = Self(TENTHS_MAX);

    /// So many points, at most 100.
    #[must_use]
    pub const fn whole(points: u8) -> Self {
        Self::from_tenths(points as u128 * 10)
    }

    /// So many tenths, at most 1 000.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "is at most 1 000")]
    pub const fn from_tenths(tenths: u128) -> Self {
        if tenths > TENTHS_MAX as u128 {
            Self::HUNDRED
        } else {
            Self(tenths as u16)
        }
    }

    /// `numerator / denominator` tenths, at most 1 000: rounded once, the half up. Nothing for a zero
    /// denominator. The numerator must lie below 2¹²⁶.
    pub(super) fn rounded(numerator: u128, denominator: u128) -> Self {
        let twice = denominator.saturating_mul(2);
        let tenths = numerator
            .saturating_mul(2)
            .saturating_add(denominator)
            .checked_div(twice)
            .unwrap_or(0);
        Self::from_tenths(tenths)
    }

    /// The points in tenths.
    #[must_use]
    pub const fn tenths(self) -> u16 {
        self.0
    }

    /// What is left after `other`; never less than nothing.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The points, for showing.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

/// Whole points without a fraction.
impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, tenth) => write!(f, "{whole}.{tenth}"),
        }
    }
}

impl From<Points> for u16 {
    fn from(points: Points) -> Self {
        points.0
    }
}

impl TryFrom<u16> for Points {
    type Error = &'static str;

    fn try_from(tenths: u16) -> Result<Self, &'static str> {
        if tenths > TENTHS_MAX {
            return Err("there are a thousand tenths of points at most");
        }
        Ok(Self(tenths))
    }
}

/// Points that were lost.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Deduction {
    /// By what.
    pub reason: DeductionReason,
    /// How many; never none.
    pub points: Points,
    /// What exactly, for people.
    pub detail: String,
    /// Whether what it rests on has fallen silent, so that it is what was known last.
    pub is_stale: bool,
}

/// What points are lost by, in the order in which they are taken.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DeductionReason {
    /// Probes that are down.
    Check,
    /// Every probe is down.
    CheckCeiling,
    /// An error budget that is half consumed, or more.
    Budget,
    /// An error budget that burns faster than it lasts.
    BurnRate,
    /// Open alerts that others raised.
    Alert,
    /// Something that it stands on.
    Dependency,
}

impl DeductionReason {
    /// The reason in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::CheckCeiling => "check_ceiling",
            Self::Budget => "budget",
            Self::BurnRate => "burn_rate",
            Self::Alert => "alert",
            Self::Dependency => "dependency",
        }
    }
}

/// A hundred points.
const TENTHS_MAX: u16 = 1_000;
