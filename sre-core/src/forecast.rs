//! When an error budget ends, if the pace goes on.
//!
//! What is about to leave the window is known: old bad events give budget back, old good ones take
//! their allowance with them. Only what is to come is not, and the model for it is a **constant
//! pace**: as many events in a second, and as many bad ones, as in a look-back. With `a` the share
//! that may be bad, `N`, `B` what the window holds, `L(t)` what has left it after `t`, and `n`, `b`
//! the pace:
//!
//! `remaining(t) = a × (N − L_total(t) + n × t) − (B − L_bad(t) + b × t)`
//!
//! The end is the first `t` at which this is not above zero. One window later everything in it came
//! at the pace, and nothing changes any more: what has not ended by then does not end. What leaves is
//! known at every edge of an hour (of a slice, for windows of a few hours) and taken to leave evenly
//! between two, so an end is exact to the hour. All of it in integers.
//!
//! A **calendar** window loses nothing until its edge: what it holds accumulates, and the end is where
//! the pace eats up what remains, `remaining ÷ (b − a × n)`. An end at the edge or beyond is none, since
//! there the budget begins anew ([`time_left_until`]).
//!
//! One pace is one guess, so there are three, from look-backs of different lengths: see
//! [`look_backs`]. A look-back that is not covered makes the forecast unknown; of a covered one the
//! pace is that of the time that was measured, so that a hole is never taken for good.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use crate::budget::ErrorBudget;
use crate::count::Counts;
use crate::evaluation::WindowCounts;
use crate::ledger::{Left, RollOff};
use crate::target::Target;
use crate::time::Span;

mod accumulating;

pub use accumulating::time_left_until;

/// When the budget ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Exhaustion {
    /// Too little is known to say.
    #[default]
    Unknown,
    /// It does not end at this pace.
    NoneInSight {
        /// When it would end at the fastest pace of all look-backs, where it would.
        earliest: Option<DateTime<Utc>>,
    },
    /// It ends.
    Projected {
        /// When, most likely.
        at: DateTime<Utc>,
        /// At the fastest pace of all look-backs.
        earliest: DateTime<Utc>,
        /// At the slowest; `None` when it does not end at that.
        latest: Option<DateTime<Utc>>,
    },
    /// Nothing is left.
    Exhausted,
}

impl Exhaustion {
    /// The state in the API: `unknown`, `none`, `projected` or `exhausted`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NoneInSight { .. } => "none",
            Self::Projected { .. } => "projected",
            Self::Exhausted => "exhausted",
        }
    }

    /// The likely instant, where there is one.
    #[must_use]
    pub const fn at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Projected { at, .. } => Some(at),
            _ => None,
        }
    }

    /// The instant at the fastest pace, where it ends at that.
    #[must_use]
    pub const fn earliest(self) -> Option<DateTime<Utc>> {
        match self {
            Self::NoneInSight { earliest } => earliest,
            Self::Projected { earliest, .. } => Some(earliest),
            Self::Unknown | Self::Exhausted => None,
        }
    }

    /// The instant at the slowest pace, where it ends at that.
    #[must_use]
    pub const fn latest(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Projected { latest, .. } => latest,
            _ => None,
        }
    }

    /// The exhaustion of these parts, as [`as_str`](Self::as_str) and the instants say them; `None`
    /// when they do not go together.
    #[must_use]
    pub fn from_parts(
        state: &str,
        at: Option<DateTime<Utc>>,
        earliest: Option<DateTime<Utc>>,
        latest: Option<DateTime<Utc>>,
    ) -> Option<Self> {
        match (state, at, earliest, latest) {
            ("unknown", None, None, None) => Some(Self::Unknown),
            ("exhausted", None, None, None) => Some(Self::Exhausted),
            ("none", None, earliest, None) => Some(Self::NoneInSight { earliest }),
            ("projected", Some(at), Some(earliest), latest) => Some(Self::Projected {
                at,
                earliest,
                latest,
            }),
            _ => None,
        }
    }
}

/// What the paces of the look-backs lead to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Forecast {
    /// Too little is known to say.
    #[default]
    Unknown,
    /// Nothing is left.
    Exhausted,
    /// One end for each look-back, the shortest first.
    Ends(Vec<End>),
}

/// Where the pace of one look-back leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct End {
    /// The look-back.
    pub window: Span,
    /// When the budget ends at its pace; `None` when it does not.
    pub at: Option<DateTime<Utc>>,
}

impl Forecast {
    /// Whether too little is known: what is stored leaves it out then.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// When the budget ends. **Likely** is the later of the ends by the two shorter look-backs (a
    /// day and its last quarter, for a window of 30 days): a pace that has just begun is none yet, and
    /// one that is over is none any more. *Earliest* and *latest* are those of all look-backs.
    #[must_use]
    pub fn exhaustion(&self) -> Exhaustion {
        let ends = match self {
            Self::Unknown => return Exhaustion::Unknown,
            Self::Exhausted => return Exhaustion::Exhausted,
            Self::Ends(ends) => ends.iter().map(|end| end.at),
        };
        let later = |one: Option<DateTime<Utc>>, other| {
            one.zip(other)
                .map(|(one, other)| one.max(other))
        };
        let earliest = ends.clone().flatten().min();
        let likely = ends
            .clone()
            .take(2)
            .reduce(later)
            .flatten();
        let latest = ends.reduce(later).flatten();
        match (likely, earliest) {
            (Some(at), Some(earliest)) => Exhaustion::Projected {
                at,
                earliest,
                latest,
            },
            _ => Exhaustion::NoneInSight { earliest },
        }
    }
}

impl Forecast {
    /// The look-backs that say what is likely, in words: `6h and 24h`.
    pub(crate) fn look_backs(&self) -> String {
        let Self::Ends(ends) = self else {
            return String::new();
        };
        let likely = ends.iter().take(2);
        let texts: Vec<String> = likely
            .map(|end| end.window.to_string())
            .collect();
        texts.join(" and ")
    }
}

/// How near the end is, for the ticket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Nearness {
    /// Not near: a ticket that is open by forecast ends.
    #[default]
    Far,
    /// At the pace of some look-back it is nearly as near, or nobody can say: a ticket that is open
    /// stays, none is opened. Between the two it does not flap.
    Around,
    /// The likely end is near, on enough evidence.
    Near {
        /// Where the look-back begins that the evidence lies in.
        seen_since: DateTime<Utc>,
    },
}

/// How near is near: three days, and of a shorter window no more than its share, since in an hour's
/// window every pace above the sustainable ends within the hour.
#[must_use]
pub fn near(window: Span) -> Span {
    let share = Span::from_seconds(window.as_seconds() / SHARE).unwrap_or(window);
    share.min(Span::days(3))
}

/// The look-backs whose pace is taken, the shortest first: of the reported windows the three longest
/// that fit nine times into the SLO's own, so 6h, 24h and 3d for 28 or 30 days. Longer ones would tell
/// of what is over, shorter ones of chance. A window below 45 minutes has itself for a look-back.
/// `windows` ascend, and the last is the SLO's own.
#[must_use]
pub fn look_backs(windows: &[WindowCounts]) -> &[WindowCounts] {
    let Some(own) = windows.last() else {
        return &[];
    };
    let fits = |held: &WindowCounts| held.window.as_seconds() <= own.window.as_seconds() / SHARE;
    let fitting = windows.partition_point(fits);
    let (first, last) = if fitting == 0 {
        (windows.len() - 1, windows.len())
    } else {
        (fitting.saturating_sub(LOOK_BACKS), fitting)
    };
    windows
        .get(first..last)
        .unwrap_or_default()
}

/// A constant pace: so many events in so many seconds that were measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    counts: Counts,
    seconds: u32,
}

impl Pace {
    /// So many events in so many seconds; `None` for no time at all, and for more than [`Span::MAX`].
    #[must_use]
    pub const fn new(counts: Counts, seconds: u32) -> Option<Self> {
        if Span::from_seconds(seconds).is_none() {
            None
        } else {
            Some(Self { counts, seconds })
        }
    }

    /// Which of two paces leaves less to the budget of this target in a second.
    pub(crate) fn by_gain(&self, other: &Self, target: Target) -> Ordering {
        let gain = |pace: &Self| ErrorBudget::new(pace.counts, target).remaining_exactly();
        // Below 2^94 and 2^29.
        let ours = gain(self).wrapping_mul(i128::from(other.seconds));
        ours.cmp(&gain(other).wrapping_mul(i128::from(self.seconds)))
    }
}

/// After how long nothing is left at this pace, in whole seconds, rounded down; `None` when something
/// is left for ever.
///
/// ```
/// use sre_core::budget::ErrorBudget;
/// use sre_core::count::Counts;
/// use sre_core::forecast::{Pace, time_left};
/// use sre_core::ledger::Ledger;
/// use sre_core::slice::{Slice, SliceWidth};
/// use sre_core::time::{Span, at_second};
///
/// // 30 days at 99 %, half of the budget spent in the last twenty hours, and a pace of twice the
/// // sustainable: what is left lasts for 7.5 days.
/// let (month, hour) = (Span::days(30), 3_600);
/// let mut ledger = Ledger::new(SliceWidth::MINUTE, month, at_second(0));
/// for minute in 0..30 * 24 * 60 {
///     let bad = if minute < 30 * 24 * 60 - 20 * 60 { 0 } else { 18 };
///     ledger.append(at_second(60 * minute), Slice::Measured(Counts::events(100 - bad, 100)?))?;
/// }
/// let ending = ledger.ending(ledger.end())?;
/// let budget = ErrorBudget::new(ending.window(month)?.counts, "99".parse()?);
/// let pace = Pace::new(Counts::events(5_880, 6_000)?, hour).expect("an hour");
/// let seconds = time_left(budget, &ending.roll_off(month)?, pace).expect("it ends");
/// assert_eq!(seconds, 7 * 86_400 + 43_200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn time_left(budget: ErrorBudget, leaving: &RollOff<'_>, pace: Pace) -> Option<u32> {
    if budget.remaining_exactly() <= 0 {
        return Some(0);
    }
    let projection = Projection::new(budget, leaving, pace);
    let (now, last) = (projection.at(0), projection.at(leaving.steps()));
    projection.end_between(&now, &last)
}

/// What remains over time, times the seconds of the pace, so that it is an integer. Allowances lie
/// below 2^94 and lengths of time below 2^29: every sum here below 2^126, so that nothing wraps.
#[derive(Debug)]
struct Projection<'a> {
    leaving: &'a RollOff<'a>,
    remaining: i128,
    /// What may be bad, in parts per billion.
    allowed: u32,
    /// What comes to the budget in a second; negative when the pace is not sustainable.
    gain: i128,
    seconds: u32,
}

/// What has left after so many steps, and what remains then.
#[derive(Debug)]
struct Edge {
    step: usize,
    left: Left,
    remaining: i128,
}

impl<'a> Projection<'a> {
    fn new(budget: ErrorBudget, leaving: &'a RollOff<'a>, pace: Pace) -> Self {
        Self {
            leaving,
            remaining: budget.remaining_exactly(),
            allowed: budget.target().budget_ppb(),
            gain: ErrorBudget::new(pace.counts, budget.target()).remaining_exactly(),
            seconds: pace.seconds,
        }
    }

    fn at(&self, step: usize) -> Edge {
        let left = self.leaving.at(step);
        let allowance = i128::from(self.allowed) * i128::from(left.total);
        let relief = i128::from(left.bad) * 1_000_000_000 - allowance;
        let lasting = self
            .gain
            .wrapping_mul(i128::from(left.seconds));
        let remaining = self
            .remaining
            .wrapping_add(relief)
            .wrapping_mul(i128::from(self.seconds))
            .wrapping_add(lasting);
        Edge {
            step,
            left,
            remaining,
        }
    }

    /// The first end between two steps, of which the earlier has something left. A stretch that even
    /// without any relief does not use up what is there is passed over whole, so that a healthy
    /// budget costs a handful of looks.
    fn end_between(&self, first: &Edge, last: &Edge) -> Option<u32> {
        let lasting = i128::from(last.left.seconds) - i128::from(first.left.seconds);
        let leaving = i128::from(last.left.total) - i128::from(first.left.total);
        let unrelieved = u64::from(self.seconds) * u64::from(self.allowed);
        let worst = first
            .remaining
            .wrapping_add(self.gain.min(0).wrapping_mul(lasting))
            .wrapping_sub(leaving.wrapping_mul(i128::from(unrelieved)));
        if worst > 0 || first.step >= last.step {
            return None;
        }
        if last.step - first.step == 1 {
            return (last.remaining <= 0)
                .then(|| crossing(&first.left, lasting, first.remaining, last.remaining));
        }
        let middle = self.at(first.step.midpoint(last.step));
        self.end_between(first, &middle)
            .or_else(|| self.end_between(&middle, last))
    }
}

/// Where the straight line from `before`, above zero, to `after`, which is not, meets zero.
fn crossing(first: &Left, lasting: i128, before: i128, after: i128) -> u32 {
    let (before, gone) = if before.leading_zeros() > ROOM {
        (before, before - after)
    } else {
        (before >> ROOM, ((before - after) >> ROOM).max(1))
    };
    let seconds = u32::try_from(before * lasting / gone).unwrap_or(u32::MAX);
    first.seconds.saturating_add(seconds)
}

/// How many look-backs there are.
pub(crate) const LOOK_BACKS: usize = 3;
/// How often a look-back fits into the SLO's window; three days are a ninth of 27.
const SHARE: u32 = 9;
/// Bits that the seconds of a window need, and one for the sign.
const ROOM: u32 = 27;

#[cfg(test)]
mod tests;
