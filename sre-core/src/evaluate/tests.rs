//! One SLO at one instant: tables of the boundaries, published numbers, and a slow second opinion.

mod burn;
mod calendar;
mod corrections;
mod coverage;
mod detection;
mod forecast;
mod guards;
mod second_opinion;
mod shares;
mod states;

use std::collections::BTreeMap;

use super::*;
use crate::count::Count;
use crate::evaluation::{BudgetVerdict, Coverage, InsufficientReason, RuleVerdict, SloState};
use crate::hour::Hour;
use crate::method::BudgetingMethod;
use crate::policy::{BurnLevel, BurnPolicy, BurnRule, PolicyChoice};
use crate::slice::{Slice, SliceWidth};
use crate::slo::tests::definition;
use crate::time::at_second;
use crate::window::Window;

/// 2026-01-01 00:00 UTC, the edge of an hour.
const START: i64 = 1_767_225_600;

/// An SLO with everything that was folded of it, slice by slice.
pub(crate) struct History {
    pub(crate) definition: Definition,
    pub(crate) progress: Progress,
    ledger: Ledger,
    hours: BTreeMap<DateTime<Utc>, Hour>,
}

impl History {
    pub(crate) fn of(definition: Definition) -> Self {
        Self::since(START, definition)
    }

    /// A history that begins at another edge of an hour.
    pub(crate) fn since(start: i64, definition: Definition) -> Self {
        let horizon = definition
            .window
            .reach()
            .max(Span::hours(1));
        let ledger = Ledger::new(definition.slice, horizon, at_second(start));
        Self {
            definition,
            progress: Progress::default(),
            ledger,
            hours: BTreeMap::new(),
        }
    }

    /// The end of the last slice.
    pub(crate) fn end(&self) -> DateTime<Utc> {
        self.ledger.end()
    }

    pub(crate) fn push(&mut self, slice: Slice) {
        let (start, width) = (self.end(), self.definition.slice);
        self.ledger
            .append(start, slice)
            .expect("in order, and fits");
        let hour = self.hours.entry(Hour::floor(start));
        hour.or_insert_with(|| Hour::unmeasured(start, width))
            .set(start, slice);
        if slice.is_measured() {
            self.progress
                .note_measured(start, start + width.span().as_delta());
        }
    }

    /// So many slices of so many bad events among so many.
    pub(crate) fn measured(mut self, slices: usize, bad: u64, total: u64) -> Self {
        for _ in 0..slices {
            self.push(counted(bad, total));
        }
        self
    }

    /// So many slices that nobody measured.
    pub(crate) fn unmeasured(mut self, slices: usize) -> Self {
        for _ in 0..slices {
            self.push(Slice::Unmeasured);
        }
        self
    }

    pub(crate) fn policy(&self) -> BurnPolicy {
        let expected = self.progress.learned_interval();
        self.definition
            .policy(&BurnThresholds::default(), expected)
    }

    pub(crate) fn evaluate(&mut self) -> Evaluation {
        let (plan, end) = (Plan::new(&self.definition, self.policy()), self.end());
        for hour in self
            .ledger
            .missing_hours(end, plan.windows(&self.definition, end))
        {
            let held = self.hours.get(&hour).cloned();
            self.ledger
                .attach(&held.unwrap_or_else(|| Hour::unmeasured(hour, self.definition.slice)));
        }
        let settings = EvaluationSettings::default();
        let by = |evaluate: fn(&_, &_, &_, &_, _, &_) -> Result<Evaluation, _>| {
            let (definition, ledger) = (&self.definition, &self.ledger);
            let found = evaluate(definition, &plan, ledger, &self.progress, end, &settings);
            found.expect("every edge hour is attached")
        };
        let found = by(evaluate);
        // Whatever is evaluated in any test: judging is all of it but the look ahead.
        let judged = Evaluation {
            forecast: Forecast::Unknown,
            nearness: Nearness::Around,
            ..found.clone()
        };
        assert_eq!(by(judge), judged);
        found
    }
}

/// A slice of so many bad events among so many.
fn counted(bad: u64, total: u64) -> Slice {
    Slice::Measured(crate::count::Counts::events(total - bad, total).expect("legal"))
}

/// A rule of this factor on these windows, in minutes.
fn rule(level: BurnLevel, factor: u32, long: u32, short: u32) -> BurnRule {
    let factor = crate::target::Factor::whole(factor);
    BurnRule {
        level,
        factor,
        long: Span::minutes(long),
        short: Span::minutes(short),
        min_share: None,
    }
}

/// The SLO of an hour with these rules.
fn with_rules(rules: &[BurnRule]) -> Definition {
    Definition {
        burn_policy: PolicyChoice::Custom(rules.to_vec()),
        ..definition()
    }
}

fn timeslices() -> BudgetingMethod {
    BudgetingMethod::Timeslices(crate::method::SliceTarget::ALL)
}

fn found(mut history: History) -> (SloState, Option<InsufficientReason>) {
    let evaluation = history.evaluate();
    (evaluation.state, evaluation.reason)
}
