//! Replays of made-up pasts: the published tables, a truth made by hand, laws, and refusals.

mod laws;
mod refusals;
mod tables;
mod truth;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::count::Counts;
use crate::policy::{BurnLevel, BurnRule};
use crate::slice::{Slice, SliceWidth};
use crate::slo::tests::slo;
use crate::time::at_second;
use crate::window::Window;

/// 2026-01-01 00:00 UTC, the edge of an hour.
const START: i64 = 1_767_225_600;

/// 99.9 % over 30 days, in slices of this width.
fn month(width: SliceWidth) -> Slo {
    let mut slo = slo();
    slo.definition.target = "99.9".parse().expect("a target");
    slo.definition.window = Window::Rolling(Span::days(30));
    slo.definition.slice = width;
    slo
}

/// A past that is written slice after slice.
#[derive(Clone, Debug)]
struct Past {
    width: SliceWidth,
    at: DateTime<Utc>,
    hours: Vec<Hour>,
}

impl Past {
    fn new(width: SliceWidth) -> Self {
        Self {
            width,
            at: at_second(START),
            hours: Vec::new(),
        }
    }

    fn push(&mut self, slice: Slice) {
        let start = Hour::floor(self.at);
        if self.hours.last().map(Hour::start) != Some(start) {
            self.hours
                .push(Hour::unmeasured(start, self.width));
        }
        if let Some(hour) = self.hours.last_mut() {
            hour.set(self.at, slice);
        }
        self.at += self.width.span().as_delta();
    }

    /// So many slices of so many bad events among so many.
    fn then(mut self, slices: usize, bad: u64, total: u64) -> Self {
        for _ in 0..slices {
            self.push(Slice::Measured(
                Counts::events(total - bad, total).expect("legal"),
            ));
        }
        self
    }

    /// So many slices that nobody measured.
    fn then_silent(mut self, slices: usize) -> Self {
        for _ in 0..slices {
            self.push(Slice::Unmeasured);
        }
        self
    }

    fn all(&self) -> Interval {
        Interval::new(at_second(START), self.at)
    }

    fn simulate(&self, slo: &Slo, candidates: &[Candidate]) -> Simulated {
        let settings = MonitorSettings::default();
        Simulation::new(slo, &self.hours, self.all(), candidates, &settings)
            .run()
            .expect("a past that can be replayed")
    }
}

/// A policy of one rule that pages.
fn paging(factor: &str, long: Span, short: Span) -> Candidate {
    let rule = BurnRule {
        level: BurnLevel::Critical,
        factor: factor.parse().expect("a factor"),
        long,
        short,
    };
    Candidate::new(factor, PolicyChoice::Custom(vec![rule]))
}

/// The instant so many minutes after the beginning.
fn minute(minute: i64) -> DateTime<Utc> {
    at_second(START) + TimeDelta::minutes(minute)
}
