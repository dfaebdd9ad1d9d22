//! What an error budget counts: events, or slices that are good or bad.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::count::Counts;
use crate::target::{ParseTargetError, Target};

/// What the error budget counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BudgetingMethod {
    /// Events.
    Occurrences,
    /// Slices; one is good when at least this share of its events or votes is.
    Timeslices(SliceTarget),
}

impl BudgetingMethod {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occurrences => "occurrences",
            Self::Timeslices(_) => "timeslices",
        }
    }

    /// What is counted, as the API names it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Occurrences => "events",
            Self::Timeslices(_) => "slices",
        }
    }
}

/// The share of a slice's events or votes that makes the slice good, in parts per billion; unlike a
/// [`Target`] it may be everything: then the worst vote decides.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SliceTarget(Option<Target>);

impl SliceTarget {
    /// Every vote must be good.
    pub const ALL: Self = Self(None);

    /// Whether a slice of these counts is good.
    #[must_use]
    pub fn is_met_by(self, counts: Counts) -> bool {
        match self.0 {
            None => counts.bad().is_zero(),
            Some(target) => target.is_met_by(counts),
        }
    }
}

impl FromStr for SliceTarget {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(target) => Ok(Self(Some(target))),
            Err(ParseTargetError::Everything) => Ok(Self::ALL),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for SliceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("100"),
            Some(target) => fmt::Display::fmt(&target, f),
        }
    }
}

impl From<SliceTarget> for String {
    fn from(target: SliceTarget) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for SliceTarget {
    type Error = ParseTargetError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_target_of_everything_lets_the_worst_vote_decide() {
        let all: SliceTarget = "100".parse().expect("a share");
        let most: SliceTarget = "95".parse().expect("a share");
        for (good, total, by_all, by_most) in [
            (100, 100, true, true),
            (99, 100, false, true),
            (95, 100, false, true),
            (94, 100, false, false),
        ] {
            let counts = Counts::events(good, total).expect("legal");
            assert_eq!(
                (all.is_met_by(counts), most.is_met_by(counts)),
                (by_all, by_most),
                "{good}"
            );
        }
        assert_eq!((all, all.to_string().as_str()), (SliceTarget::ALL, "100"));
        assert_eq!(most.to_string().parse(), Ok(most));
        assert!("0".parse::<SliceTarget>().is_err());
    }
}
