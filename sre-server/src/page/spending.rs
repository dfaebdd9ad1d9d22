//! When, within an SLO's window, its budget was spent: exact sums of stored slices, step by step.
//!
//! What is left after the last step is what the SLO's status says is left: of a calendar window, of the
//! allowance that all of it has. Steps in which nobody
//! measured are known as such, so that a chart can leave them open.

use sre_core::budget::ErrorBudget;
use sre_core::correction::Overlay;
use sre_core::count::{Count, Counts, Grain};
use sre_core::evaluation::Evaluation;
use sre_core::hour::Hour;
use sre_core::slice::Sums;
use sre_core::slo::Definition;
use sre_core::store::StoreError;
use sre_core::time::{Interval, Span};
use sre_core::window::Window;

use crate::api::slo::look::{Found, in_force};
use crate::context::Context;

/// How many steps a window is cut into at most: one for every few pixels of a chart.
const STEPS_MAX: u32 = 120;

/// Lengths that people know, in seconds: they are easier to read.
const KNOWN: [u32; 12] = [
    60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

/// The steps of one window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spending {
    /// The window.
    pub(super) during: Interval,
    /// Aligned stretches that tile what of it has passed, in order; the first and the last may be cut
    /// short.
    pub(super) steps: Vec<Step>,
    /// Whether what is left is left of the allowance that the whole window has at the traffic so far:
    /// of a calendar window, whose own allowance grows as it passes.
    pub(super) is_projected: bool,
    /// What budget corrections cover of it.
    pub(super) corrected: Vec<Interval>,
}

/// One stretch of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// When.
    pub(super) during: Interval,
    /// What was counted in it, in millionths of an event or slice; nothing where nobody measured.
    pub(super) counts: Option<Counts>,
    /// What is left of the window's allowance when it ends, in percent; nothing where nobody
    /// measured.
    pub(super) left: Option<f64>,
}

impl Spending {
    /// Reads the window of an evaluation; `None` where there is no budget to be spent.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub(super) async fn read(context: &Context, found: &Found) -> Result<Option<Self>, StoreError> {
        let Some(evaluation) = &found.evaluation else {
            return Ok(None);
        };
        let Some(budget) = evaluation.budget else {
            return Ok(None);
        };
        let definition = &found.slo.definition;
        let passed = Interval::new(evaluation.window_start, evaluation.as_of);
        let mut hours = context
            .evaluations
            .hours(
                found.slo.id,
                definition.generation(),
                definition.slice,
                passed,
            )
            .await?;
        let corrections = in_force(context, &found.slo, evaluation.as_of).await?;
        let overlay = Overlay::new(&corrections, passed);
        for hour in &mut hours {
            *hour = overlay.correct_hour(hour);
        }
        let expected = definition
            .expected_interval
            .or(found.progress.learned_interval());
        let step = step(definition, evaluation, expected);
        let is_projected = matches!(definition.window, Window::Calendar(_));
        let left = |bad| {
            let budget = after(budget, bad)?;
            if is_projected {
                let (filled, window) = (evaluation.filled_seconds, evaluation.window.as_seconds());
                budget
                    .projected(filled, window)
                    .remaining_percentage()
            } else {
                budget.remaining_percentage()
            }
        };
        let corrected = overlay
            .covered()
            .iter()
            .map(|covered| covered.intersection(passed));
        Ok(Some(Self {
            during: Interval::new(evaluation.window_start, evaluation.window_end()),
            is_projected,
            corrected: corrected.collect(),
            ..Self::new(&hours, passed, step, budget.grain(), left)
        }))
    }

    /// The steps of a stretch, of which `hours` hold the slices, and what `left` says is left after so
    /// many bad.
    fn new(
        hours: &[Hour],
        during: Interval,
        step: Span,
        grain: Grain,
        left: impl Fn(Count) -> Option<f64>,
    ) -> Self {
        let mut steps = tiled(during, step);
        let first = steps
            .first()
            .map_or(0, |first| index(first.0.start(), step));
        for (start, sums) in hours.iter().flat_map(parts) {
            // A slice that the window cuts belongs to it as a whole, as in the ledger.
            let place = usize::try_from(index(start, step) - first)
                .ok()
                .filter(|_| during.contains(start))
                .and_then(|place| steps.get_mut(place));
            if let Some((_, held)) = place {
                *held = held.checked_add(sums).unwrap_or(*held);
            }
        }
        let mut bad = Count::default();
        let steps = steps
            .into_iter()
            .map(|(during, sums)| {
                let counts = (sums.measured > 0).then(|| grain.shown(sums.counts));
                bad = bad
                    .checked_add(sums.counts.bad())
                    .unwrap_or(bad);
                Step {
                    during,
                    counts,
                    left: counts.and_then(|_| left(bad)),
                }
            })
            .collect();
        Self {
            during,
            steps,
            is_projected: false,
            corrected: Vec::new(),
        }
    }

    /// What is left now, in percent.
    pub(super) fn left(&self) -> Option<f64> {
        self.steps
            .iter()
            .rev()
            .find_map(|step| step.left)
    }

    /// The stretches that nobody measured, each as long as it is.
    pub(super) fn gaps(&self) -> Vec<Interval> {
        let mut gaps: Vec<Interval> = Vec::new();
        for step in self
            .steps
            .iter()
            .filter(|step| step.counts.is_none())
        {
            match gaps.last_mut() {
                Some(last) if last.end() == step.during.start() => {
                    *last = last.hull(step.during);
                }
                _ => gaps.push(step.during),
            }
        }
        gaps
    }

    /// The steps that somebody measured, with what was counted.
    pub(super) fn measured(&self) -> impl Iterator<Item = (&Step, Counts)> {
        self.steps
            .iter()
            .filter_map(|step| Some((step, step.counts?)))
    }

    /// The largest number of bad events in a step.
    pub(super) fn worst(&self) -> Count {
        let bad = |step: &Step| step.counts.map(Counts::bad);
        self.steps
            .iter()
            .filter_map(bad)
            .max()
            .unwrap_or_default()
    }
}

/// The budget of as many events, of which so many are bad.
fn after(budget: ErrorBudget, bad: Count) -> Option<ErrorBudget> {
    let counts = Counts::with_bad(bad, budget.counts().total()).ok()?;
    Some(ErrorBudget::new(counts, budget.target()))
}

/// A length of which there are at most [`STEPS_MAX`], and in each of which a measurement is
/// expected.
fn step(definition: &Definition, evaluation: &Evaluation, expected: Option<Span>) -> Span {
    let slice = definition.slice.span().as_seconds();
    let least = evaluation
        .window
        .as_seconds()
        .div_ceil(STEPS_MAX)
        .max(expected.map_or(0, Span::as_seconds));
    let known = KNOWN
        .into_iter()
        .find(|known| *known >= least && known.is_multiple_of(slice));
    let length = known.unwrap_or_else(|| {
        least
            .div_ceil(86_400)
            .saturating_mul(86_400)
    });
    Span::from_seconds(length).unwrap_or(Span::days(1))
}

/// The aligned stretches of `step` that touch `during`, cut to it, empty.
fn tiled(during: Interval, step: Span) -> Vec<(Interval, Sums)> {
    let (first, last) = (index(during.start(), step), index(during.end(), step));
    (first..=last)
        .map(|place| {
            let start = sre_core::time::at_second(place * step.as_secs_i64());
            Interval::new(start, start + step.as_delta()).intersection(during)
        })
        .filter(|during| !during.is_empty())
        .map(|during| (during, Sums::default()))
        .collect()
}

fn index(at: chrono::DateTime<chrono::Utc>, step: Span) -> i64 {
    at.timestamp()
        .div_euclid(step.as_secs_i64())
}

/// The slices of an hour, or its one sum where they are no longer kept.
fn parts(hour: &Hour) -> Vec<(chrono::DateTime<chrono::Utc>, Sums)> {
    if hour.is_fine() {
        let part = |slice| {
            Sums::default()
                .checked_add_slice(slice)
                .unwrap_or_default()
        };
        hour.iter()
            .map(|(start, slice)| (start, part(slice)))
            .collect()
    } else {
        vec![(hour.start(), hour.sums().unwrap_or_default())]
    }
}

#[cfg(test)]
mod tests {
    use sre_core::slice::{Slice, SliceWidth};
    use sre_core::time::at_second;

    use super::*;

    /// An hour of minutes, of which some were measured.
    fn hour(start: i64, slices: impl Fn(i64) -> Option<(u64, u64)>) -> Hour {
        let mut hour = Hour::unmeasured(at_second(start), SliceWidth::MINUTE);
        for minute in 0..60 {
            if let Some((good, total)) = slices(minute) {
                let counts = Counts::events(good, total).unwrap();
                hour.set(at_second(start + minute * 60), Slice::Measured(counts));
            }
        }
        hour
    }

    fn spending(hours: &[Hour], during: Interval, budget: ErrorBudget) -> Spending {
        let left = |bad| after(budget, bad)?.remaining_percentage();
        Spending::new(hours, during, Span::minutes(10), budget.grain(), left)
    }

    fn budget(good: u64, total: u64) -> ErrorBudget {
        ErrorBudget::new(Counts::events(good, total).unwrap(), "99".parse().unwrap())
    }

    #[test]
    fn what_is_left_after_the_last_step_is_what_is_left_of_the_budget() {
        let hours = [
            hour(0, |minute| Some((if minute == 30 { 90 } else { 100 }, 100))),
            hour(3_600, |minute| {
                Some((if minute < 3 { 99 } else { 100 }, 100))
            }),
        ];
        let during = Interval::new(at_second(0), at_second(7_200));
        let budget = budget(12_000 - 13, 12_000);
        let spending = spending(&hours, during, budget);
        assert_eq!(spending.steps.len(), 12);
        assert_eq!(spending.steps[2].left, Some(100.0));
        assert_eq!(
            spending.steps.last().unwrap().left,
            budget.remaining_percentage()
        );
        assert_eq!(spending.worst(), Count::events(10).unwrap());
    }

    #[test]
    fn a_step_that_nobody_measured_has_no_figures() {
        let measured = |minute| (!(20..40).contains(&minute)).then_some((100, 100));
        let during = Interval::new(at_second(0), at_second(3_600));
        let spending = spending(&[hour(0, measured)], during, budget(4_000, 4_000));
        let known: Vec<bool> = spending
            .steps
            .iter()
            .map(|step| step.left.is_some() && step.counts.is_some())
            .collect();
        assert_eq!(known, [true, true, false, false, true, true]);
        let gap = Interval::new(at_second(1_200), at_second(2_400));
        assert_eq!(spending.gaps(), [gap]);
    }

    #[test]
    fn slices_outside_of_the_window_are_not_counted() {
        let during = Interval::new(at_second(1_800), at_second(3_000));
        let spending = spending(
            &[hour(0, |_| Some((99, 100)))],
            during,
            budget(1_980, 2_000),
        );
        let bad: Vec<u64> = spending
            .steps
            .iter()
            .filter_map(|step| Some(step.counts?.bad().whole_events()))
            .collect();
        assert_eq!(bad, [10, 10]);
    }

    #[test]
    fn an_hour_of_which_only_the_sum_is_kept_counts_where_it_begins() {
        let summed = hour(0, |_| Some((99, 100)))
            .summed()
            .unwrap();
        let during = Interval::new(at_second(0), at_second(3_600));
        let spending = spending(&[summed], during, budget(5_940, 6_000));
        assert_eq!(
            spending.steps[0].counts.unwrap().bad(),
            Count::events(60).unwrap()
        );
        assert_eq!(spending.steps[1].counts, None);
    }
}
