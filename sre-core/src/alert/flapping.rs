//! Flapping: what fires and clears so often that each change is noise.
//!
//! The last 21 confirmed states of an identity are 20 transitions. A change among the newest weighs
//! 1.25, one among the oldest 0.75, evenly between; the *share* is what the changes weigh of what all
//! twenty would. An episode begins to flap at 30 % and is steady again below 20 %. A guard by rate
//! stands beside, for what is looked at more often than it matters: ten changes in an hour, or twenty
//! in three. While it flaps the episode is held open, and a destination hears of it twice: that it
//! flaps, and that it no longer does.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::alert::ResolveReason;
use crate::time::Span;

/// How many transitions the share is made of.
const TRANSITIONS: u32 = 20;
/// How long an episode is held open by flapping at most: then a summary is told, and the detector
/// starts over, since what flaps for a working half-day needs a person and not more patience.
pub const HOLD_MAX: Span = Span::hours(4);

/// Changes in an hour that are flapping whatever the share.
const HOURLY: Guard = Guard {
    changes: 10,
    within: Span::hours(1),
};
/// Changes in three hours, likewise; nothing older is remembered of a rate.
const THREE_HOURLY: Guard = Guard {
    changes: 20,
    within: Span::hours(3),
};

/// From which rate of changes on something flaps.
#[derive(Clone, Copy, Debug)]
struct Guard {
    changes: usize,
    within: Span,
}

/// What was confirmed of one identity, state by state: after hysteresis, `for` and `keep_firing_for`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct FlapHistory {
    /// The newest state.
    #[cfg_attr(feature = "serde", serde(rename = "firing", default))]
    is_firing: bool,
    /// One bit a transition, set where the state changed; the newest is the lowest.
    #[cfg_attr(feature = "serde", serde(rename = "changed", default))]
    transitions: u32,
    /// When it changed within the longest guard, the newest last; at most [`TRANSITIONS`].
    #[cfg_attr(
        feature = "serde",
        serde(rename = "at", default, skip_serializing_if = "Vec::is_empty")
    )]
    changed_at: Vec<DateTime<Utc>>,
}

/// How much of the last twenty transitions were changes, by weight: a fraction of integers.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct FlapShare(u32);

/// What an episode knows of flapping.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Flaps {
    /// The states of its identity. Of what evaluations raise this is as of the last transition: the
    /// newest is remembered beside the slices.
    #[cfg_attr(feature = "serde", serde(default))]
    pub history: FlapHistory,
    /// Since when it flaps and is held open.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub since: Option<DateTime<Utc>>,
    /// That it is over for all that is known, while it is held open.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub cleared: Option<Cleared>,
}

/// The end of what is held open.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Cleared {
    /// When it was over.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: ResolveReason,
    /// Who said so, where a person did.
    pub by: Option<String>,
}

impl FlapShare {
    /// What all twenty changes weigh: Σ (57 + 2i) for i from 0 to 19, in parts of 76 (0.75 = 57 ÷ 76,
    /// 0.5 ÷ 19 = 2 ÷ 76).
    const ALL: u32 = 1_520;

    /// Whether it is at least so many hundredths.
    #[must_use]
    pub const fn reaches(self, percent: u32) -> bool {
        self.0.saturating_mul(100) >= percent.saturating_mul(Self::ALL)
    }

    /// The percentage, for showing.
    #[must_use]
    pub fn as_percentage(self) -> f64 {
        f64::from(self.0) * 100.0 / f64::from(Self::ALL)
    }
}

impl fmt::Display for FlapShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} %", self.as_percentage())
    }
}

impl Guard {
    /// Whether so many changes are flapping.
    fn is_reached(self, history: &FlapHistory, now: DateTime<Utc>) -> bool {
        history.changes(self.within, now) >= self.changes
    }

    /// Whether there are less than two thirds of that, as the share that ends flapping is two thirds of
    /// the one that begins it: one change that grows old must not begin and end it by turns.
    fn is_calm(self, history: &FlapHistory, now: DateTime<Utc>) -> bool {
        history
            .changes(self.within, now)
            .saturating_mul(3)
            < self.changes.saturating_mul(2)
    }
}

impl FlapHistory {
    /// The newest confirmed state.
    #[must_use]
    pub const fn is_firing(&self) -> bool {
        self.is_firing
    }

    /// Notes one more confirmed state; answers whether it is another than before.
    pub fn note(&mut self, is_firing: bool, now: DateTime<Utc>) -> bool {
        let is_change = is_firing != self.is_firing;
        self.is_firing = is_firing;
        self.transitions = ((self.transitions << 1) | u32::from(is_change)) & MASK;
        let oldest = now - THREE_HOURLY.within.as_delta();
        self.changed_at
            .retain(|at| *at > oldest);
        if is_change {
            self.changed_at.push(now);
            let surplus = self
                .changed_at
                .len()
                .saturating_sub(TRANSITIONS as usize);
            self.changed_at.drain(..surplus);
        }
        is_change
    }

    /// Forgets changes that are older than the longest guard. What is reported has no states between
    /// its reports, so only time can make it steady.
    #[must_use]
    pub fn lapsed(mut self, now: DateTime<Utc>) -> Self {
        let oldest = now - THREE_HOURLY.within.as_delta();
        self.changed_at
            .retain(|at| *at > oldest);
        let mut kept = 0;
        for bit in 0..TRANSITIONS {
            let is_change = self.transitions & (1 << bit) != 0;
            if is_change && kept < self.changed_at.len() {
                kept += 1;
            } else {
                self.transitions &= !(1 << bit);
            }
        }
        self
    }

    /// How much of the last twenty transitions were changes.
    ///
    /// ```
    /// use sre_core::alert::FlapHistory;
    /// use sre_core::time::at_second;
    ///
    /// let mut history = FlapHistory::default();
    /// for minute in 0..6 {
    ///     history.note(minute % 2 == 0, at_second(60 * minute));
    /// }
    /// assert_eq!(history.share().to_string(), "35.5 %");
    /// assert!(history.has_begun_to_flap(at_second(360)));
    /// ```
    #[must_use]
    pub fn share(&self) -> FlapShare {
        let changed = (0..TRANSITIONS).filter(|bit| self.transitions & (1 << bit) != 0);
        FlapShare(
            changed
                .map(|bit| NEWEST - 2 * bit)
                .sum(),
        )
    }

    /// Whether it changes so often that it flaps.
    #[must_use]
    pub fn has_begun_to_flap(&self, now: DateTime<Utc>) -> bool {
        self.share().reaches(START)
            || HOURLY.is_reached(self, now)
            || THREE_HOURLY.is_reached(self, now)
    }

    /// Whether what flapped is steady again.
    #[must_use]
    pub fn is_steady(&self, now: DateTime<Utc>) -> bool {
        !self.share().reaches(STOP) && HOURLY.is_calm(self, now) && THREE_HOURLY.is_calm(self, now)
    }

    /// When it will be steady, if no more changes are reported.
    #[must_use]
    pub fn steady_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let guards = [HOURLY, THREE_HOURLY];
        let mut instants: Vec<DateTime<Utc>> = guards
            .iter()
            .flat_map(|guard| {
                self.changed_at
                    .iter()
                    .map(|at| *at + guard.within.as_delta())
            })
            .filter(|at| *at > now)
            .chain([now])
            .collect();
        instants.sort_unstable();
        let last = instants.last().copied().unwrap_or(now);
        instants
            .into_iter()
            .find(|at| self.clone().lapsed(*at).is_steady(*at))
            .unwrap_or(last)
    }

    /// How many changes lie within so long before `now`.
    #[must_use]
    pub fn changes(&self, within: Span, now: DateTime<Utc>) -> usize {
        let oldest = now - within.as_delta();
        self.changed_at
            .iter()
            .filter(|at| **at > oldest)
            .count()
    }

    /// The state alone: the detector starts over.
    #[must_use]
    pub const fn started_over(&self) -> Self {
        Self {
            is_firing: self.is_firing,
            transitions: 0,
            changed_at: Vec::new(),
        }
    }

    /// Whether nothing is remembered that a new history would not say.
    #[must_use]
    pub const fn is_blank(&self) -> bool {
        !self.is_firing && self.transitions == 0 && self.changed_at.is_empty()
    }
}

impl Flaps {
    /// Whether the episode is held open because it flaps.
    #[must_use]
    pub const fn is_flapping(&self) -> bool {
        self.since.is_some()
    }

    /// When what flaps since `since` has done so for too long.
    #[must_use]
    pub(crate) fn held_until(&self) -> Option<DateTime<Utc>> {
        self.since
            .map(|since| since + HOLD_MAX.as_delta())
    }
}

/// The share from which on something flaps, in hundredths.
const START: u32 = 30;
/// The share below which it is steady again.
const STOP: u32 = 20;
/// What a change in the newest transition weighs, in parts of 76: 57 + 2 × 19.
const NEWEST: u32 = 95;
/// The bits of the transitions that count.
const MASK: u32 = (1 << TRANSITIONS) - 1;

#[cfg(test)]
mod tests;
