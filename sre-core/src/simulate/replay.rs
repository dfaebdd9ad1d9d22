//! The replay: slice after slice into a ledger, and every candidate asked at every slot.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::event::Events;
use super::gap::Gaps;
use super::run::Running;
use super::share::Allowance;
use super::{
    CANDIDATES_MAX, EVALUATIONS_MAX, LEAD_IN, RANGE_MAX, Simulated, Simulation, SimulationError,
};
use crate::alert::Moment;
use crate::correction::Overlay;
use crate::evaluation::Progress;
use crate::hour::Hour;
use crate::ledger::Ledger;
use crate::monitor::horizon;
use crate::routing::Audience;
use crate::schedule::SlotGrid;
use crate::slice::Slice;
use crate::time::{Interval, Span};

/// A simulation on its way.
///
/// It is driven hour by hour, so that whoever waits for it can stop at a deadline, and show how far it
/// is.
#[derive(Debug)]
pub struct Replay<'a> {
    simulation: Simulation<'a>,
    grid: SlotGrid,
    /// What is told about.
    during: Interval,
    ledger: Ledger,
    progress: Progress,
    running: Vec<Running>,
    /// Every window that any candidate asks the ledger for.
    windows: Vec<Span>,
    events: Events,
    gaps: Gaps,
    measured: u32,
}

impl<'a> Replay<'a> {
    pub(super) fn new(simulation: Simulation<'a>) -> Result<Self, SimulationError> {
        refuse(&simulation)?;
        let definition = &simulation.slo.definition;
        let during = known(&simulation)?;
        let begin = begin(&simulation, during);
        refuse_too_many(&simulation, Interval::new(begin, during.end()))?;
        let ledger = Ledger::from_hours(
            definition.slice,
            horizon(definition),
            begin,
            simulation.hours,
        )?;
        let replayed = Interval::new(ledger.begin(), during.end());
        let overlay = Overlay::new(simulation.corrections, replayed);
        Ok(Self {
            grid: simulation.settings.grid(simulation.slo),
            during,
            ledger: if overlay.touches(replayed) {
                let touched: Vec<Hour> = simulation
                    .hours
                    .iter()
                    .filter(|hour| overlay.touches(hour.interval()))
                    .cloned()
                    .collect();
                ledger.corrected(&Arc::new(overlay), &touched)?
            } else {
                ledger
            },
            progress: remembered(&simulation, begin),
            running: simulation
                .candidates
                .iter()
                .map(|candidate| Running::new(candidate, &simulation))
                .collect(),
            windows: Vec::new(),
            events: Events::new(definition.target, simulation.significant),
            gaps: Gaps::new(during.start()),
            measured: 0,
            simulation,
        })
    }

    /// The stretch that is told about: what was asked for, cut to where data is.
    #[must_use]
    pub const fn during(&self) -> Interval {
        self.during
    }

    /// Up to where it is replayed.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.ledger.end()
    }

    /// Replays to the end of the present hour; whether there is more.
    ///
    /// # Errors
    ///
    /// [`SimulationError::Ledger`].
    pub fn advance(&mut self) -> Result<bool, SimulationError> {
        let start = Hour::floor(self.at());
        let hours = self.simulation.hours;
        let hour = hours
            .binary_search_by_key(&start, Hour::start)
            .ok()
            .and_then(|index| hours.get(index));
        let end = (start + Span::hours(1).as_delta()).min(self.during.end());
        while self.at() < end {
            let slice = hour.map_or(Slice::Unmeasured, |hour| hour.slice_at(self.at()));
            self.step(slice)?;
        }
        Ok(self.at() < self.during.end())
    }

    /// What was found, up to where it was replayed.
    #[must_use]
    pub fn finish(self) -> Simulated {
        let end = self.at().min(self.during.end());
        let during = Interval::new(self.during.start(), end);
        let expected = self.expected();
        let events = self.events.since(during.start());
        let runs = self.running.into_iter();
        Simulated {
            runs: runs
                .map(|running| running.finish(&events, during))
                .collect(),
            events,
            gaps: self.gaps.until(end, expected),
            measured: self.measured,
            slices: slices(during, self.ledger.width().span()),
            during,
        }
    }

    /// Folds one more slice and looks at it, as a slot does.
    fn step(&mut self, slice: Slice) -> Result<(), SimulationError> {
        let start = self.at();
        // As in production: a sum that does not fit leaves its slice unmeasured.
        let slice = if self.ledger.append(start, slice).is_ok() {
            slice
        } else {
            self.ledger
                .append(start, Slice::Unmeasured)?;
            Slice::Unmeasured
        };
        let at = Interval::new(start, self.at());
        let before = self.progress.last_measured;
        if slice.is_measured() {
            self.progress
                .note_measured(at.start(), at.end());
            self.note_measured(at);
        }
        self.learn();
        self.attach_edges();
        let slot = self.grid.of_slice(at.end());
        let moment = Moment {
            now: slot,
            slot: Some(slot),
            routes: Audience::NOBODY,
            settings: &self.simulation.settings.lifecycle,
        };
        // What was bad with this slice, for the alerts that it opens: as it is judged.
        let slice = self
            .ledger
            .overlay()
            .map_or(slice, |overlay| overlay.correct(at, slice));
        let bad = self.events.bad_with(slice);
        let measured = self
            .progress
            .newly_measured(before, self.expected());
        let mut allowance = None;
        for running in &mut self.running {
            let found = running.step(
                &self.simulation,
                &self.ledger,
                &self.progress,
                measured,
                moment,
                bad,
            )?;
            allowance = allowance.or_else(|| Allowance::of(&found));
        }
        self.events.note(at, slice, allowance);
        Ok(())
    }

    fn note_measured(&mut self, at: Interval) {
        if at.start() >= self.during.start() {
            self.measured = self.measured.saturating_add(1);
            let expected = self.expected();
            self.gaps.note_measured(at, expected);
        }
    }

    /// How often a measurement is expected now.
    fn expected(&self) -> Span {
        let definition = &self.simulation.slo.definition;
        let width = definition.slice.span();
        definition
            .expected_interval
            .or_else(|| self.progress.learned_interval())
            .map_or(width, |expected| expected.max(width))
    }

    /// Resolves the policies anew where the interval of measurements moved.
    fn learn(&mut self) {
        let (expected, end) = (self.progress.learned_interval(), self.at());
        let mut is_new = self.windows.is_empty();
        for running in &mut self.running {
            is_new |= running.learn(&self.simulation, expected);
        }
        if is_new {
            self.windows = self
                .running
                .iter()
                .flat_map(|running| {
                    running
                        .plan
                        .windows(running.definition(), end)
                })
                .collect();
            self.windows.sort_unstable();
            self.windows.dedup();
        }
    }

    /// Attaches the hours in which windows begin, once an hour as in production.
    fn attach_edges(&mut self) {
        let (end, width) = (self.at(), self.ledger.width());
        // What has passed of a calendar window grows from slice to slice.
        let own = self
            .simulation
            .slo
            .definition
            .window_so_far(end);
        let windows = self
            .windows
            .iter()
            .copied()
            .chain([own]);
        let missing = self
            .ledger
            .missing_hours(end, windows.clone());
        if missing.is_empty() {
            return;
        }
        let windows: Vec<Span> = windows.collect();
        self.ledger
            .detach_all_but(end, &windows);
        let hours = self.simulation.hours;
        for start in missing {
            let held = hours
                .binary_search_by_key(&start, Hour::start)
                .ok()
                .and_then(|index| hours.get(index));
            match held {
                Some(hour) => self.ledger.attach(hour),
                None => self
                    .ledger
                    .attach(&Hour::unmeasured(start, width)),
            }
        }
    }
}

/// What can be refused without looking at a slice.
fn refuse(simulation: &Simulation<'_>) -> Result<(), SimulationError> {
    let during = simulation.during;
    if simulation.candidates.is_empty() {
        Err(SimulationError::NoCandidate)
    } else if simulation.candidates.len() > CANDIDATES_MAX {
        Err(SimulationError::TooManyCandidates)
    } else if during.end() - during.start() > RANGE_MAX.as_delta() {
        Err(SimulationError::TooLong)
    } else {
        Ok(())
    }
}

fn refuse_too_many(simulation: &Simulation<'_>, replayed: Interval) -> Result<(), SimulationError> {
    let width = simulation.slo.definition.slice.span();
    let candidates = u64::try_from(simulation.candidates.len()).unwrap_or(u64::MAX);
    let evaluations = u64::from(slices(replayed, width)).saturating_mul(candidates);
    if evaluations > EVALUATIONS_MAX {
        return Err(SimulationError::TooMany { evaluations });
    }
    Ok(())
}

/// The part of the stretch that can be told about: whole slices, from the first that was measured on,
/// where that lies in it.
fn known(simulation: &Simulation<'_>) -> Result<Interval, SimulationError> {
    let width = simulation.slo.definition.slice;
    let asked = simulation.during;
    let first = simulation
        .hours
        .iter()
        .find_map(first_measured);
    let (start, end) = (width.ceil(asked.start()), width.floor(asked.end()));
    let during = Interval::new(start.max(first.ok_or(SimulationError::NoData)?), end);
    if during.is_empty() {
        return Err(SimulationError::NoData);
    }
    let is_sum = |hour: &&Hour| !hour.is_fine() && hour.start() < during.end();
    match simulation.hours.iter().rfind(is_sum) {
        Some(hour) if hour.interval().end() > during.start() => Err(SimulationError::TooCoarse {
            earliest: hour.interval().end(),
        }),
        _ => Ok(during),
    }
}

/// Where decisions begin: the lead-in before the stretch, as far as it is held slice by slice.
fn begin(simulation: &Simulation<'_>, during: Interval) -> DateTime<Utc> {
    let hours = || {
        simulation
            .hours
            .iter()
            .filter(|hour| hour.start() < during.start())
    };
    let first = hours().find_map(first_measured);
    let sums = hours().rfind(|hour| !hour.is_fine());
    let earliest = sums
        .map(|hour| hour.interval().end())
        .max(first)
        .unwrap_or(during.start());
    (during.start() - LEAD_IN.as_delta())
        .max(earliest)
        .min(during.start())
}

/// The start of the first slice of an hour that was measured; of a summed one that of the hour.
fn first_measured(hour: &Hour) -> Option<DateTime<Utc>> {
    if hour.is_fine() {
        let mut measured = hour
            .iter()
            .filter(|(_, slice)| slice.is_measured());
        return measured.next().map(|(start, _)| start);
    }
    let sums = hour.sums()?;
    (sums.measured > 0).then(|| hour.start())
}

/// What the evaluator would remember at `begin`.
fn remembered(simulation: &Simulation<'_>, begin: DateTime<Utc>) -> Progress {
    let mut progress = Progress {
        first_measured: simulation
            .first_measured
            .filter(|first| *first < begin),
        watching_since: Some(begin),
        ..Progress::default()
    };
    let width = simulation
        .slo
        .definition
        .slice
        .span()
        .as_delta();
    for hour in simulation
        .hours
        .iter()
        .take_while(|hour| hour.start() < begin)
    {
        let first = first_measured(hour).filter(|_| !hour.is_fine());
        progress.first_measured = match (progress.first_measured, first) {
            (Some(known), Some(first)) => Some(known.min(first)),
            (known, first) => known.or(first),
        };
        for (start, slice) in hour.iter() {
            if start < begin && slice.is_measured() {
                progress.note_measured(start, start + width);
            }
        }
    }
    progress
}

/// How many slices of this width an interval has.
fn slices(during: Interval, width: Span) -> u32 {
    let seconds = (during.end() - during.start()).num_seconds();
    u32::try_from(seconds / width.as_secs_i64()).unwrap_or(u32::MAX)
}
