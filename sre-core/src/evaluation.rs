//! What one look at an SLO found: its state, its budget and what its rules say.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Course;
use crate::budget::{ErrorBudget, ProjectedBudget, burn_rate};
use crate::count::{Count, Counts, Grain};
use crate::forecast::{Forecast, Nearness};
use crate::histogram::Bracket;
use crate::hour::Hour;
use crate::policy::{BurnLevel, BurnRule};
use crate::time::Span;

/// The state of an SLO, in the order in which it is decided.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SloState {
    /// Never measured.
    #[default]
    Waiting,
    /// Measured before, nothing measured in the window.
    NoData,
    /// Too little is known: see [`InsufficientReason`].
    InsufficientData,
    /// The target is missed.
    Violated,
    /// Met, but a burn rule fires or less than a tenth of the budget is left.
    AtRisk,
    /// Met.
    Met,
}

impl SloState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::NoData,
        Self::InsufficientData,
        Self::Violated,
        Self::AtRisk,
        Self::Met,
    ];

    /// The state in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::NoData => "no_data",
            Self::InsufficientData => "insufficient_data",
            Self::Violated => "violated",
            Self::AtRisk => "at_risk",
            Self::Met => "met",
        }
    }

    /// Whether enough is known to judge the target.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Violated | Self::AtRisk | Self::Met)
    }
}

impl fmt::Display for SloState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the state is `insufficient_data`; the first that holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum InsufficientReason {
    /// Nothing was measured for three expected intervals.
    Stale,
    /// Less of the window was measured than `min_coverage`.
    Coverage,
    /// Measured, but without any event.
    NoTraffic,
    /// Fewer events than `min_events`.
    Events,
}

impl InsufficientReason {
    /// The reason in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Coverage => "coverage",
            Self::Events => "events",
            Self::NoTraffic => "no_traffic",
        }
    }
}

/// Measured and expected slices of a window; the share is never above 1, and 0 of 0 is 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Coverage {
    /// Slices that were measured.
    pub measured: u32,
    /// Slices that were expected at the SLO's pace since its first data.
    pub expected: u32,
}

impl Coverage {
    /// Whether at least `permille` thousandths are measured; never when nothing is expected.
    #[must_use]
    pub fn reaches(self, permille: u16) -> bool {
        self.expected > 0
            && u64::from(self.measured) * 1_000 >= u64::from(self.expected) * u64::from(permille)
    }

    /// The share, for showing.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        if self.expected == 0 {
            0.0
        } else {
            (f64::from(self.measured) / f64::from(self.expected)).min(1.0)
        }
    }
}

/// One window's counts and whether enough of it was measured. Stored as five numbers, since history
/// holds many of them: seconds, bad, total, measured, expected; and the grain, where it is not that of
/// events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "StoredWindow", try_from = "StoredWindow")
)]
pub struct WindowCounts {
    /// The length of the window.
    pub window: Span,
    /// What was counted in it.
    pub counts: Counts,
    /// How much of it was measured.
    pub coverage: Coverage,
    /// How finely its counts are counted.
    pub grain: Grain,
}

impl WindowCounts {
    /// What was counted, in millionths of an event or slice: for showing.
    #[must_use]
    pub const fn shown(&self) -> Counts {
        self.grain.shown(self.counts)
    }
}

/// [`WindowCounts`] as they are stored.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
enum StoredWindow {
    Millionths(u32, u64, u64, u32, u32),
    Grained(u32, u64, u64, u32, u32, Grain),
}

#[cfg(feature = "serde")]
impl From<WindowCounts> for StoredWindow {
    fn from(held: WindowCounts) -> Self {
        let (window, coverage) = (held.window.as_seconds(), held.coverage);
        let (bad, total) = (
            held.counts.bad().millionths(),
            held.counts.total().millionths(),
        );
        let (measured, expected) = (coverage.measured, coverage.expected);
        match held.grain {
            Grain::Millionths => Self::Millionths(window, bad, total, measured, expected),
            Grain::Trillionths => Self::Grained(window, bad, total, measured, expected, held.grain),
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<StoredWindow> for WindowCounts {
    type Error = &'static str;

    fn try_from(stored: StoredWindow) -> Result<Self, &'static str> {
        let (window, bad, total, measured, expected, grain) = match stored {
            StoredWindow::Millionths(window, bad, total, measured, expected) => {
                (window, bad, total, measured, expected, Grain::Millionths)
            }
            StoredWindow::Grained(window, bad, total, measured, expected, grain) => {
                (window, bad, total, measured, expected, grain)
            }
        };
        let (bad, total) = (Count::from_millionths(bad), Count::from_millionths(total));
        Ok(Self {
            window: Span::from_seconds(window).ok_or("a window has a length")?,
            counts: Counts::with_bad(bad, total).map_err(|_| "bad must not exceed total")?,
            coverage: Coverage { measured, expected },
            grain,
        })
    }
}

/// What a burn rule says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RuleVerdict {
    /// Both windows burn faster than the factor.
    Firing,
    /// A window is measured to burn no faster than the factor.
    Quiet,
    /// Nobody can tell: a window is uncovered and the other is not measured to be clean, or there is
    /// less history than the short window. The rule keeps what it said before.
    Held,
    /// Both windows burn, but on fewer bad events than the SLO asks for.
    TooFewBad,
    /// Both windows burn, but on so few events that chance may explain it at the level of
    /// significance that the SLO asks for.
    NotSignificant,
}

/// A burn rule with what it saw.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct RuleOutcome {
    /// The rule.
    pub rule: BurnRule,
    /// Its long window.
    pub long: WindowCounts,
    /// Its short window.
    pub short: WindowCounts,
    /// What it says.
    pub verdict: RuleVerdict,
    /// How many bad events or slices of the long window the guard asks for that holds the rule back,
    /// for showing: in whole units, whatever grain the windows are counted in.
    /// `None` where none does, and where even all events would be too few to be significant.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub bad_needed: Option<Count>,
}

/// What the budget says for tickets: judged against the allowance of the whole window while less
/// than a quarter of the window has any history.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum BudgetVerdict {
    /// Enough is left, or too little is known to say.
    #[default]
    Fine,
    /// Less than a tenth is left.
    AtRisk,
    /// More was consumed than allowed: the target is missed.
    Missed,
}

/// One SLO at one instant.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Evaluation {
    /// The end of the last closed slice: what is known is known up to here.
    pub as_of: DateTime<Utc>,
    /// Where the window begins; where it ends says [`window_end`](Self::window_end).
    pub window_start: DateTime<Utc>,
    /// What holds.
    pub state: SloState,
    /// Why too little is known, where that is the state.
    pub reason: Option<InsufficientReason>,
    /// Counts and target of the window; `None` when nothing was measured in it.
    pub budget: Option<ErrorBudget>,
    /// How much of the window was measured since the first data.
    pub coverage: Coverage,
    /// Seconds of the window that lie after the first data, and not after `as_of`.
    pub filled_seconds: u32,
    /// The true length of the window: of a calendar one also what is still to come.
    pub window: Span,
    /// The reported windows, those not longer than the SLO's, and the SLO's own, ascending; a calendar
    /// window stands under its nominal length.
    pub windows: Vec<WindowCounts>,
    /// The level of the burn over one hour (over the SLO's window when that is shorter).
    pub burn_level: BurnLevel,
    /// What each rule that stands says.
    pub rules: Vec<RuleOutcome>,
    /// What the budget says.
    pub budget_verdict: BudgetVerdict,
    /// When nothing will be left at the pace of the look-backs.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Forecast::is_unknown")
    )]
    pub forecast: Forecast,
    /// How near that is, for the ticket.
    #[cfg_attr(feature = "serde", serde(default))]
    pub nearness: Nearness,
    /// Whether nothing was measured for three expected intervals, though something was before.
    pub is_stale: bool,
    /// The window as it was measured, where corrections touch it; everything else here is what they
    /// left.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub raw: Option<WindowCounts>,
}

impl Evaluation {
    /// Where the window ends: at [`as_of`](Self::as_of), or, of a calendar window, where the next one
    /// begins.
    #[must_use]
    pub fn window_end(&self) -> DateTime<Utc> {
        self.window_start + self.window.as_delta()
    }

    /// Whether less than a quarter of the window has any history, so that tickets are judged by its
    /// projected allowance.
    #[must_use]
    pub fn is_young(&self) -> bool {
        u64::from(self.filled_seconds) * 4 < u64::from(self.window.as_seconds())
    }

    /// The budget with the allowance that the whole window has at the traffic so far; `None` when
    /// nothing was measured in it.
    #[must_use]
    pub fn projected_budget(&self) -> Option<ProjectedBudget> {
        let (filled, window) = (self.filled_seconds, self.window.as_seconds());
        self.budget
            .map(|budget| budget.projected(filled, window))
    }

    /// How many times faster than sustainable the budget burned over a reported window, `(b ÷ n) ÷ (1 −
    /// T)`, for showing; `None` where that window is not reported, or without events in it.
    #[must_use]
    pub fn burn_rate(&self, window: Span) -> Option<f64> {
        let held = self
            .windows
            .iter()
            .find(|held| held.window == window)?;
        burn_rate(held.counts, self.budget?.target())
    }
}

/// What the service remembers of an SLO beside its slices; small, and written at every slot.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Progress {
    /// The start of the first measured slice.
    pub first_measured: Option<DateTime<Utc>>,
    /// The end of the last measured slice.
    pub last_measured: Option<DateTime<Utc>>,
    /// The distances between the last measured slices in seconds, newest last, at most
    /// [`Progress::GAPS_MAX`].
    pub gaps: Vec<u32>,
    /// Since when somebody has been watching without a pause; time before makes nothing stale.
    pub watching_since: Option<DateTime<Utc>>,
    /// Whether the newest counts are the source's own estimates, and not differences of samples.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_estimated: bool,
    /// Of a latency: between which bounds of the histogram the threshold lay last.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub bracket: Option<Bracket>,
    /// Of a composite: how many members were not measured in the newest slice.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "is_none_missing")
    )]
    pub missing_members: u32,
    /// The learned interval by which burn rules were resolved last.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub rules_interval: Option<Span>,
    /// How long what would move the page has held, and how often it changed.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Course::is_blank")
    )]
    pub course: Course,
}

#[cfg(feature = "serde")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks it so")]
const fn is_none_missing(missing: &u32) -> bool {
    *missing == 0
}

impl Progress {
    /// How many gaps the expected interval is learned from.
    pub const GAPS_MAX: usize = 20;
    /// Before so many gaps are known nothing is expected, so nothing is stale.
    const GAPS_MIN: usize = 2;

    /// Notes that the slice from `start` to `end` was measured. Slices arrive in order; an earlier
    /// one (a late sample, a back-fill) only moves the first.
    pub fn note_measured(&mut self, start: DateTime<Utc>, end: DateTime<Utc>) {
        self.first_measured = Some(
            self.first_measured
                .map_or(start, |first| first.min(start)),
        );
        if let Some(last) = self.last_measured {
            if end <= last {
                return;
            }
            let gap = (end - last).num_seconds();
            self.gaps
                .push(u32::try_from(gap).unwrap_or(u32::MAX));
            if self.gaps.len() > Self::GAPS_MAX {
                self.gaps.remove(0);
            }
        }
        self.last_measured = Some(end);
    }

    /// Learns from an hour of history while the slots themselves have taught too little: an SLO that
    /// dies young must not die unheard.
    pub fn learn_from(&mut self, hour: &Hour) {
        if self.gaps.len() >= Self::GAPS_MIN {
            return;
        }
        let mut last = None;
        for (start, _) in hour
            .iter()
            .filter(|(_, slice)| slice.is_measured())
        {
            let gap = last.map(|last: DateTime<Utc>| (start - last).num_seconds());
            self.gaps
                .extend(gap.and_then(|gap| u32::try_from(gap).ok()));
            last = Some(start);
        }
        let surplus = self
            .gaps
            .len()
            .saturating_sub(Self::GAPS_MAX);
        self.gaps.drain(..surplus);
    }

    /// The learned interval between measurements: the median of the last gaps, so that one outage
    /// does not move it; `None` before two gaps are known.
    #[must_use]
    pub fn learned_interval(&self) -> Option<Span> {
        if self.gaps.len() < Self::GAPS_MIN {
            return None;
        }
        let mut held = [0; Self::GAPS_MAX];
        let count = self.gaps.len().min(Self::GAPS_MAX);
        let gaps = held.get_mut(..count)?;
        gaps.copy_from_slice(self.gaps.get(..count)?);
        gaps.sort_unstable();
        gaps.get((count - 1) / 2)
            .copied()
            .and_then(Span::from_seconds)
    }

    /// The interval by which burn rules are resolved: that of the last [`Progress::resolve_rules`], or
    /// before the first what is learned.
    #[must_use]
    pub fn resolved_interval(&self) -> Option<Span> {
        self.rules_interval
            .or_else(|| self.learned_interval())
    }

    /// Has burn rules resolved by the interval that is learned now. While rules hold an alert open it
    /// stays what it was: a service that breaks is often measured more seldom as well, and a rule whose
    /// window became too short for that was not measured to be quiet.
    pub fn resolve_rules(&mut self, holds_alert: bool) {
        if !(holds_alert && self.rules_interval.is_some()) {
            self.rules_interval = self.learned_interval();
        }
    }

    /// How much was measured since the last slice was measured at `before`: what lies between, but no
    /// more than one `pace`, since nobody looked at the rest; `None` where nothing was.
    #[must_use]
    pub fn newly_measured(&self, before: Option<DateTime<Utc>>, pace: Span) -> Option<Span> {
        let last = self.last_measured?;
        let passed = before.map_or(pace.as_delta(), |before| last - before);
        let seconds = passed
            .num_seconds()
            .min(pace.as_secs_i64());
        u32::try_from(seconds)
            .ok()
            .and_then(Span::from_seconds)
    }

    /// How long nothing has been measured at `at` while somebody watched; zero when never measured.
    #[must_use]
    pub fn silence_at(&self, at: DateTime<Utc>) -> TimeDelta {
        self.silent_since()
            .map_or(TimeDelta::zero(), |since| {
                (at - since).max(TimeDelta::zero())
            })
    }

    /// Since when nothing has been measured while somebody watched; `None` when never measured.
    pub(crate) fn silent_since(&self) -> Option<DateTime<Utc>> {
        self.last_measured
            .and_then(|last| Some(last).max(self.watching_since))
    }
}

#[cfg(test)]
mod tests;
