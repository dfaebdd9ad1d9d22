//! What would have been said: slices of the past, through definitions and policies that might be.
//!
//! A burn policy is chosen once and lived with for years, mostly on a guess. The slices of last month
//! know better: replayed through another policy they tell which pages it would have sent, when, and
//! which trouble it would have missed. There is **no second implementation** here. A [`Replay`] feeds
//! a [`Ledger`](crate::ledger::Ledger) slice by slice, as the evaluator does, and asks the same
//! [`evaluate`](mod@crate::evaluate) and [`decide`](mod@crate::decide) at the same slots; coverage,
//! `min_bad`, held rules, tickets and pages are those of production, because they are production's.
//!
//! Beside it stands what was really wrong: [`SignificantEvent`]s, found in the slices by the target alone. An
//! alert that saw one was right, one that saw none was not, and from both come precision, recall,
//! delays and what was spent before anybody knew ([`Quality`]).
//!
//! **A significant event is a maximal run of slices each of which burns the budget faster than it lasts** (a burn
//! rate above 1), over pauses of [`EVENT_PAUSE`] at most, that spent at least a
//! [significant](Simulation::significant) share of the budget. That share is the yardstick: set to
//! what a rule spends before it fires (`factor × long ÷ window`), it makes that rule the definition of
//! the truth, and the rule looks perfect. Compare policies under one yardstick, chosen by what hurts.
//!
//! ```
//! use sre_core::count::Counts;
//! use sre_core::hour::Hour;
//! use sre_core::monitor::MonitorSettings;
//! use sre_core::policy::PolicyChoice;
//! use sre_core::simulate::{Candidate, Simulation};
//! use sre_core::slice::{Slice, SliceWidth};
//! use sre_core::slo::Slo;
//! use sre_core::time::{Interval, Span, at_second};
//!
//! let slo = Slo::builder("checkout", "availability").target_percentage("99.9")?.build()?;
//! // A day of 1000 requests a minute; from 12:00 to 12:20 every tenth fails.
//! let mut hours: Vec<Hour> = Vec::new();
//! for minute in 0..1_440 {
//!     let start = at_second(60 * minute);
//!     if minute % 60 == 0 {
//!         hours.push(Hour::unmeasured(start, SliceWidth::MINUTE));
//!     }
//!     let bad = if (720..740).contains(&minute) { 100 } else { 0 };
//!     if let Some(hour) = hours.last_mut() {
//!         hour.set(start, Slice::Measured(Counts::events(1_000 - bad, 1_000)?));
//!     }
//! }
//! let candidates = [
//!     Candidate::new("default", PolicyChoice::Default),
//!     Candidate::new("google-sre", PolicyChoice::GoogleSre),
//! ];
//! let during = Interval::ending(at_second(86_400), Span::hours(24));
//! let settings = MonitorSettings::default();
//! let simulated = Simulation::new(&slo, &hours, during, &candidates, &settings).run()?;
//!
//! assert_eq!(simulated.events.len(), 1);
//! let [default, google] = simulated.runs.as_slice() else { panic!("two policies") };
//! // 10 and 14.4 over an hour: after 6 and after 8.64 minutes, so with the 7th and the 9th slice.
//! let delays = |run: &sre_core::simulate::Run| run.pages.delay.map(|delay| delay.max.num_minutes());
//! assert_eq!((delays(default), delays(google)), (Some(7), Some(9)));
//! assert_eq!(default.pages.precision(), Some(1.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod event;
mod gap;
mod quality;
mod quantile;
mod raised;
mod replay;
mod run;
mod share;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

pub use event::SignificantEvent;
pub use quality::{Detection, Quality};
pub use quantile::Quantiles;
pub use raised::{Raised, Truth};
pub use replay::Replay;
pub use run::Run;
pub use share::{Allowance, SpentShare, SpentShareError};

use crate::correction::Correction;
use crate::hour::Hour;
use crate::ledger::LedgerError;
use crate::monitor::{MonitorSettings, horizon};
use crate::policy::PolicyChoice;
use crate::service::Criticality;
use crate::slo::{Definition, Slo};
use crate::time::{Interval, Span};

/// A policy that is tried, under the name that the answer calls it by.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What people call it.
    pub name: String,
    /// Its rules.
    pub policy: PolicyChoice,
}

impl Candidate {
    /// A policy to try.
    #[must_use]
    pub fn new(name: impl Into<String>, policy: PolicyChoice) -> Self {
        Self {
            name: name.into(),
            policy,
        }
    }
}

/// What is replayed, and through what.
#[derive(Clone, Copy, Debug)]
pub struct Simulation<'a> {
    /// The SLO; its definition may be one that was never stored. Its id decides the slots. Its own
    /// policy counts only when it is among the candidates.
    pub slo: &'a Slo,
    /// How much its service matters: it judges severities.
    pub criticality: Criticality,
    /// Slices by ascending hour, as far back as [`reach`] says where there are any. A missing hour is
    /// unmeasured.
    pub hours: &'a [Hour],
    /// When the SLO was measured first, where that is known and lies before the hours.
    pub first_measured: Option<DateTime<Utc>>,
    /// The stretch that is told about, cut to whole slices and to where data begins.
    pub during: Interval,
    /// The policies, at least one.
    pub candidates: &'a [Candidate],
    /// Levels, coverage, and where slots lie.
    pub settings: &'a MonitorSettings,
    /// From which share of the budget on trouble counts as an event; 1 % by default.
    pub significant: SpentShare,
    /// What was agreed not to count: alerts and events are judged by the corrected slices, as in
    /// production. None by default.
    pub corrections: &'a [Correction],
}

/// Everything that a simulation found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Simulated {
    /// The stretch that was replayed and is told about.
    pub during: Interval,
    /// What was really wrong in it, in order.
    pub events: Vec<SignificantEvent>,
    /// Stretches of it in which nothing was measured for longer than expected, in order.
    pub gaps: Vec<Interval>,
    /// How many of its slices were measured.
    pub measured: u32,
    /// How many slices it has.
    pub slices: u32,
    /// What each candidate would have said, in the order of the candidates.
    pub runs: Vec<Run>,
}

/// Why nothing can be simulated.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SimulationError {
    /// Nothing was measured in the stretch, or it holds no whole slice.
    #[error("nothing was measured in this stretch")]
    NoData,
    /// There is no policy to try.
    #[error("there is no policy to try")]
    NoCandidate,
    /// More policies than [`CANDIDATES_MAX`].
    #[error("at most {CANDIDATES_MAX} policies are tried at once")]
    TooManyCandidates,
    /// The stretch is longer than [`RANGE_MAX`].
    #[error("a simulation spans at most {RANGE_MAX}")]
    TooLong,
    /// Slices times policies exceed [`EVALUATIONS_MAX`].
    #[error(
        "{evaluations} evaluations are more than {EVALUATIONS_MAX}: take a shorter stretch or fewer \
         policies"
    )]
    TooMany {
        /// How many it would take.
        evaluations: u64,
    },
    /// Of a part of the stretch only sums of hours are kept: what a policy would have said of them
    /// cannot be known.
    #[error("only sums of hours are kept before {earliest}: begin there or later")]
    TooCoarse {
        /// Where slices begin.
        earliest: DateTime<Utc>,
    },
    /// The slices cannot be summed.
    #[error("the slices cannot be summed")]
    Ledger(#[from] LedgerError),
}

impl<'a> Simulation<'a> {
    /// A simulation for a service that matters as others do, with events from 1 % of the budget on.
    #[must_use]
    pub const fn new(
        slo: &'a Slo,
        hours: &'a [Hour],
        during: Interval,
        candidates: &'a [Candidate],
        settings: &'a MonitorSettings,
    ) -> Self {
        Self {
            slo,
            criticality: Criticality::Normal,
            hours,
            first_measured: None,
            during,
            candidates,
            settings,
            significant: SpentShare::ONE_PERCENT,
            corrections: &[],
        }
    }

    /// Begins the replay, to be driven by [`Replay::advance`].
    ///
    /// # Errors
    ///
    /// [`SimulationError`]: everything that can be refused is refused here.
    pub fn begin(self) -> Result<Replay<'a>, SimulationError> {
        Replay::new(self)
    }

    /// Replays all of it.
    ///
    /// # Errors
    ///
    /// As [`Simulation::begin`].
    pub fn run(self) -> Result<Simulated, SimulationError> {
        let mut replay = self.begin()?;
        while replay.advance()? {}
        Ok(replay.finish())
    }
}

/// Which slices a simulation of `during` looks at: those of the windows that end in it, and of the
/// [`LEAD_IN`] before it.
#[must_use]
pub fn reach(definition: &Definition, during: Interval) -> Interval {
    let begin = during.start() - LEAD_IN.as_delta() - horizon(definition).as_delta();
    Interval::new(Hour::floor(begin), during.end())
}

/// Decisions begin so long before the stretch that is told about, so that what was open when it began
/// is open in the replay as well, and is not taken for new.
pub const LEAD_IN: Span = Span::hours(24);
/// Trouble that pauses for no longer is one event: an outage that flaps is one to those who deal with
/// it, and the short window of the default page's slower rule sees no further either.
pub const EVENT_PAUSE: Span = Span::minutes(30);
/// The longest stretch, as the longest window.
pub const RANGE_MAX: Span = Span::days(400);
/// How many policies are tried at once: more than fit side by side on a page.
pub const CANDIDATES_MAX: usize = 8;
/// How many evaluations a simulation may take: 400 days of minutes through seven policies, or 30 days
/// of ten-second slices through fifteen.
pub const EVALUATIONS_MAX: u64 = 4_000_000;

/// The length of a stretch in weeks, for rates.
#[expect(clippy::cast_precision_loss, reason = "only ever shown")]
fn weeks(length: TimeDelta) -> f64 {
    length.num_milliseconds() as f64 / TimeDelta::weeks(1).num_milliseconds() as f64
}

#[cfg(test)]
mod tests;
