//! Composites: SLOs whose slices are made of the slices of other SLOs.
//!
//! A journey is as good as its steps, a region as its cells. A composite reads what its *members* have
//! folded, slice by slice, and combines it into slices of its own: so it has a ledger, windows, a
//! budget and burn rates like any other SLO, and a late sample of a member reaches it. What is
//! combined is **ratios of one slice**, never figures of windows.
//!
//! A composite has no events of its own: its slices are counted in shares
//! ([`BudgetingMethod::RatioTimeslices`](crate::method::BudgetingMethod::RatioTimeslices)), or each is
//! good or bad as a whole ([`Timeslices`](crate::method::BudgetingMethod::Timeslices)).

mod bounds;
mod combining;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal::Decimal;
use crate::name::SloId;

pub use bounds::{Availability, Bounds, ParseAvailabilityError, k_of_n, parallel, series};
pub use combining::{Combined, Seen};

/// Which SLOs, and how their slices make one.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "StoredComposite"))]
pub struct Composite {
    of: Vec<Member>,
    combine: Combine,
    missing: MissingMember,
}

/// One SLO of a composite.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Member {
    /// Which.
    pub slo: SloId,
    /// How much it counts under [`Combine::WeightedRatio`]; the others do not look at it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub weight: MemberWeight,
}

/// How the slices of members make one. `pᵢ` is the good share of member `i` in the slice, `wᵢ` its
/// weight; a member's slice is *bad* where it misses the member's own target by itself, so that a
/// slice of a timeslices SLO is what it was counted as.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Combine {
    /// `Σ wᵢpᵢ ÷ Σ wᵢ`. Weights equal to traffic give pooled counts.
    #[default]
    WeightedRatio,
    /// Bad where any member's slice is bad: the union of their bad time.
    AnyBad,
    /// Bad where the slices of all members are bad: what redundancy survives is good.
    AllBad,
    /// `∏ pᵢ`: the share that passes all of them, were they independent.
    Series,
    /// `min pᵢ`: the worst decides.
    Min,
}

/// What a member stands for in a slice that it was not measured in. One without traffic is measured,
/// and never counts; where no member at all was measured, the composite was not, whatever this says.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MissingMember {
    /// It is left out, and weights are those of the rest.
    #[default]
    Exclude,
    /// It is bad altogether.
    Bad,
    /// It is good altogether.
    Good,
}

/// How much a member counts: more than 0, at most 1 000 000, kept in millionths.
///
/// ```
/// use sre_core::composite::MemberWeight;
///
/// let weight: MemberWeight = "2.5".parse()?;
/// assert_eq!(weight.millionths(), 2_500_000);
/// assert_eq!(weight.to_string(), "2.5");
/// assert!("0".parse::<MemberWeight>().is_err());
/// # Ok::<(), sre_core::composite::ParseMemberWeightError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct MemberWeight(u64);

/// Why a text is not a weight.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a weight is a decimal above 0 and at most 1000000 with at most 6 decimals, such as 2.5")]
pub struct ParseMemberWeightError;

/// Why members make no composite.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CompositeError {
    /// There is none.
    #[error("a composite has at least one member")]
    Empty,
    /// There are too many.
    #[error("a composite has at most {} members", Composite::MEMBERS_MAX)]
    TooMany,
    /// One is there twice; its place is that of the second.
    #[error("the SLO is a member already")]
    Duplicate {
        /// Its place, counted from 0.
        place: usize,
    },
}

impl Composite {
    /// The most members: what one slot reads again for a late sample stays a few dozen rows, and more
    /// would say little of any of them.
    pub const MEMBERS_MAX: usize = 20;

    /// A composite of these members.
    ///
    /// # Errors
    ///
    /// [`CompositeError`].
    pub fn new(
        of: Vec<Member>,
        combine: Combine,
        missing: MissingMember,
    ) -> Result<Self, CompositeError> {
        if of.is_empty() {
            return Err(CompositeError::Empty);
        }
        if of.len() > Self::MEMBERS_MAX {
            return Err(CompositeError::TooMany);
        }
        let mut known = BTreeSet::new();
        match of
            .iter()
            .position(|member| !known.insert(member.slo))
        {
            Some(place) => Err(CompositeError::Duplicate { place }),
            None => Ok(Self {
                of,
                combine,
                missing,
            }),
        }
    }

    /// The members, in the order in which they were given.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.of
    }

    /// How their slices make one.
    #[must_use]
    pub const fn how(&self) -> Combine {
        self.combine
    }

    /// What a member without a measurement stands for.
    #[must_use]
    pub const fn missing(&self) -> MissingMember {
        self.missing
    }

    /// All that shapes the slices, whatever the order of the members.
    pub(crate) fn parts(&self) -> Vec<Vec<u8>> {
        let mut members: Vec<&Member> = self.of.iter().collect();
        members.sort_unstable_by_key(|member| member.slo);
        let mut parts: Vec<Vec<u8>> = vec![
            b"composite".to_vec(),
            self.combine.as_str().into(),
            self.missing.as_str().into(),
        ];
        for member in members {
            parts.push(member.slo.0.as_bytes().to_vec());
            if self.combine == Combine::WeightedRatio {
                parts.push(member.weight.0.to_be_bytes().into());
            }
        }
        parts
    }
}

/// [`Composite`] as it is read back, before its members are checked.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct StoredComposite {
    of: Vec<Member>,
    combine: Combine,
    missing: MissingMember,
}

#[cfg(feature = "serde")]
impl TryFrom<StoredComposite> for Composite {
    type Error = CompositeError;

    fn try_from(stored: StoredComposite) -> Result<Self, CompositeError> {
        Self::new(stored.of, stored.combine, stored.missing)
    }
}

impl Combine {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::WeightedRatio,
        Self::AnyBad,
        Self::AllBad,
        Self::Series,
        Self::Min,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WeightedRatio => "weighted_ratio",
            Self::AnyBad => "any_bad",
            Self::AllBad => "all_bad",
            Self::Series => "series",
            Self::Min => "min",
        }
    }

    /// Whether a slice is good or bad as a whole, and no share of it is.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::AnyBad | Self::AllBad)
    }
}

/// Why a text is no way to combine.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be one of weighted_ratio, any_bad, all_bad, series and min")]
pub struct ParseCombineError;

impl FromStr for Combine {
    type Err = ParseCombineError;

    fn from_str(text: &str) -> Result<Self, ParseCombineError> {
        Self::ALL
            .into_iter()
            .find(|combine| combine.as_str() == text)
            .ok_or(ParseCombineError)
    }
}

impl MissingMember {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Exclude, Self::Bad, Self::Good];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Bad => "bad",
            Self::Good => "good",
        }
    }
}

/// Why a text says nothing of missing members.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be one of exclude, bad and good")]
pub struct ParseMissingMemberError;

impl FromStr for MissingMember {
    type Err = ParseMissingMemberError;

    fn from_str(text: &str) -> Result<Self, ParseMissingMemberError> {
        Self::ALL
            .into_iter()
            .find(|missing| missing.as_str() == text)
            .ok_or(ParseMissingMemberError)
    }
}

impl MemberWeight {
    /// One.
    pub const ONE: Self = Self(1_000_000);
    /// The most, in millionths.
    const MAX: u64 = 1_000_000_000_000;

    /// The weight of so many millionths; `None` for none and beyond 1 000 000.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Option<Self> {
        if millionths == 0 || millionths > Self::MAX {
            None
        } else {
            Some(Self(millionths))
        }
    }

    /// The weight in millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }
}

impl Default for MemberWeight {
    fn default() -> Self {
        Self::ONE
    }
}

impl FromStr for MemberWeight {
    type Err = ParseMemberWeightError;

    fn from_str(text: &str) -> Result<Self, ParseMemberWeightError> {
        Decimal::in_parts(text, 6)
            .and_then(Self::from_millionths)
            .ok_or(ParseMemberWeightError)
    }
}

/// Prints every digit and no more, so that a round trip keeps the weight.
impl fmt::Display for MemberWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&crate::count::Count::from_millionths(self.0), f)
    }
}

impl From<MemberWeight> for String {
    fn from(weight: MemberWeight) -> Self {
        weight.to_string()
    }
}

impl TryFrom<String> for MemberWeight {
    type Error = ParseMemberWeightError;

    fn try_from(text: String) -> Result<Self, ParseMemberWeightError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;
