//! What an error budget counts: events, or slices that are good or bad.

use std::fmt;
use std::str::FromStr;

use crate::count::{Count, Counts, Grain};
use crate::slice::Slice;
use crate::target::{ParseTargetError, Target};

/// What the error budget counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BudgetingMethod {
    /// Events.
    Occurrences,
    /// Slices; one is good when at least this share of its events or votes is.
    Timeslices(SliceTarget),
    /// Shares: every slice with an event counts the same, whatever its traffic, and its good share,
    /// held to 10⁻¹², is how good it is. The mean of ratios, by name.
    RatioTimeslices,
}

impl BudgetingMethod {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occurrences => "occurrences",
            Self::Timeslices(_) => "timeslices",
            Self::RatioTimeslices => "ratio_timeslices",
        }
    }

    /// What is counted, as the API names it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Occurrences => "events",
            Self::Timeslices(_) | Self::RatioTimeslices => "slices",
        }
    }

    /// How finely its unit is counted: what a count must be divided by before anybody sees it.
    #[must_use]
    pub const fn grain(self) -> Grain {
        match self {
            Self::Occurrences | Self::Timeslices(_) => Grain::Millionths,
            Self::RatioTimeslices => Grain::Trillionths,
        }
    }

    /// Whether a window can hold no more units than slices: its best case is known.
    #[must_use]
    pub const fn counts_slices(self) -> bool {
        match self {
            Self::Occurrences => false,
            Self::Timeslices(_) | Self::RatioTimeslices => true,
        }
    }

    /// What a slice of events adds to the budget: itself, one unit that is good or bad, or one unit
    /// that is as bad as the share of its bad events, `⌈bad × 10¹² ÷ total⌉ × 10⁻¹²`, so that bad is
    /// never understated. What nobody measured, and a slice without events, stay what they are.
    ///
    /// ```
    /// use sre_core::count::{Count, Counts, Grain};
    /// use sre_core::method::BudgetingMethod;
    /// use sre_core::slice::Slice;
    ///
    /// let events = Slice::Measured(Counts::events(2, 3)?);
    /// let slice = BudgetingMethod::RatioTimeslices.judge(events).counts();
    /// assert_eq!(slice.total(), Grain::Trillionths.unit());
    /// assert_eq!(slice.bad(), Count::from_millionths(333_333_333_334));
    /// # Ok::<(), sre_core::count::CountError>(())
    /// ```
    #[must_use]
    pub fn judge(self, events: Slice) -> Slice {
        let Slice::Measured(counts) = events else {
            return events;
        };
        if counts.total().is_zero() {
            return events;
        }
        match self {
            Self::Occurrences => events,
            Self::Timeslices(target) => {
                let bad = if target.is_met_by(counts) {
                    Count::ZERO
                } else {
                    Count::ONE
                };
                unit_slice(bad, Count::ONE)
            }
            Self::RatioTimeslices => {
                let unit = self.grain().unit();
                // Bad does not exceed total, so the share does not exceed the unit.
                let share = u128::from(counts.bad().millionths()) * u128::from(unit.millionths());
                let bad = share.div_ceil(u128::from(counts.total().millionths()));
                let bad = u64::try_from(bad).map_or(unit, Count::from_millionths);
                unit_slice(bad, unit)
            }
        }
    }

    /// What a slice that is known by its share alone, 10¹² counts wide, adds to the budget. Where events
    /// are counted there are none, and it weighs one.
    #[must_use]
    pub fn judge_shares(self, share: Slice) -> Slice {
        match (self, share) {
            (Self::Occurrences, Slice::Measured(counts)) => {
                Slice::Measured(Grain::Trillionths.shown(counts))
            }
            _ => self.judge(share),
        }
    }
}

fn unit_slice(bad: Count, unit: Count) -> Slice {
    Counts::with_bad(bad, unit).map_or(Slice::Unmeasured, Slice::Measured)
}

/// The share of a slice's events or votes that makes the slice good, in parts per billion; unlike a
/// [`Target`] it may be everything: then the worst vote decides.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
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
mod tests;
