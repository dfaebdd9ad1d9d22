//! How an SLO stands, as it is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::budget::{ErrorBudget, burn_rate};
use sre_core::count::Count;
use sre_core::evaluation::{Coverage, Evaluation, InsufficientReason};
use sre_core::evidence::{Trials, wilson};
use sre_core::slo::Definition;
use sre_core::window::Window;
use utoipa::ToSchema;

use super::look::Found;
use crate::api::alerts::AlertRuleView;
use crate::api::exhaustion::ExhaustionView;
use crate::api::figure::Figure;
use crate::api::time_window::TimeWindowView;

/// How an SLO stands. What does not exist is `null`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SloStatus)]
pub(super) struct StatusView {
    /// `waiting`, `no_data`, `insufficient_data`, `violated`, `at_risk` or `met`.
    #[schema(example = "met")]
    state: &'static str,
    /// Why too little is known: `stale`, `coverage`, `events` or `no_traffic`.
    state_reason: Option<&'static str>,
    /// `slot`: what the last slot found; `recomputed`: from stored slices, by today's definition.
    #[schema(example = "slot")]
    basis: &'static str,
    /// The end of the last slice that is known.
    as_of: Option<DateTime<Utc>>,
    window_start: Option<DateTime<Utc>>,
    /// `as_of`; of a calendar window where the next one begins.
    window_end: Option<DateTime<Utc>>,
    sli_percentage: Option<Figure>,
    /// How far the true SLI may lie from that; `null` without a whole event.
    sli_interval: Option<IntervalView>,
    good: Option<Figure>,
    bad: Option<Figure>,
    total: Option<Figure>,
    /// What is counted: `events` or `slices`.
    #[schema(example = "events")]
    unit: &'static str,
    /// Measured ÷ expected slices of the window since the first data.
    coverage: Option<Figure>,
    /// The share of the window that has any history.
    filled: Option<Figure>,
    /// By what was counted so far.
    error_budget: BudgetFigures,
    /// By the allowance that the whole window has at the traffic so far: what tickets go by while
    /// `filled` is under 0.25.
    projected_budget: ProjectedFigures,
    /// When nothing of it will be left.
    exhaustion: ExhaustionView,
    burn_rates: Vec<BurnRateView>,
    /// `none`, `warning`, `critical` or `emergency`, by the burn over one hour.
    burn_level: Option<&'static str>,
    /// What each burn rule saw, and which guard holds it back.
    rules: Vec<AlertRuleView>,
    /// The window as it was measured, where budget corrections touch it; everything else is what
    /// they left.
    raw: Option<RawFigures>,
}

/// Wilson's interval of 95 % for the SLI, over whole events (or slices) that are taken to be
/// independent. It decides nothing: `state` is exact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SliInterval)]
struct IntervalView {
    low_percentage: Option<Figure>,
    high_percentage: Option<Figure>,
    /// What so many events prove: `met` (all of the interval keeps the target), `missed`, or
    /// `uncertain`.
    certainty: &'static str,
}

/// A window as it was measured, without budget corrections.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RawFigures)]
pub(in crate::api) struct RawFigures {
    sli_percentage: Option<Figure>,
    good: Option<Figure>,
    bad: Option<Figure>,
    total: Option<Figure>,
    coverage: Option<Figure>,
    error_budget: BudgetFigures,
}

/// An error budget, in units of what is counted.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ErrorBudgetFigures)]
pub(in crate::api) struct BudgetFigures {
    allowed: Option<Figure>,
    consumed: Option<Figure>,
    /// Negative when more was consumed than allowed.
    remaining: Option<Figure>,
    consumed_percentage: Option<Figure>,
    remaining_percentage: Option<Figure>,
}

/// An error budget under the allowance that the whole window has, if the rest of it is like what is
/// known; the consumed part is that of today. `null` where there is nothing to project.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ProjectedErrorBudget)]
pub(in crate::api) struct ProjectedFigures {
    allowed: Option<Figure>,
    /// Negative when more was consumed than the whole window will allow.
    remaining: Option<Figure>,
    consumed_percentage: Option<Figure>,
    remaining_percentage: Option<Figure>,
}

/// How fast the budget burnt over one window: 1 is sustainable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BurnRate)]
pub(super) struct BurnRateView {
    #[schema(example = "1h")]
    window: TimeWindowView,
    burn_rate: Option<Figure>,
    total: Option<Figure>,
}

/// What was counted.
#[derive(Debug, Default)]
pub(in crate::api) struct CountFigures {
    pub(in crate::api) sli_percentage: Option<Figure>,
    pub(in crate::api) good: Option<Figure>,
    pub(in crate::api) bad: Option<Figure>,
    pub(in crate::api) total: Option<Figure>,
}

impl StatusView {
    pub(super) fn new(found: &Found) -> Self {
        let evaluation = found.evaluation.as_ref();
        let counts = CountFigures::new(evaluation.and_then(|held| held.budget));
        Self {
            state: found.state().as_str(),
            state_reason: evaluation
                .and_then(|held| held.reason)
                .map(InsufficientReason::as_str),
            basis: found.basis.as_str(),
            as_of: evaluation.map(|held| held.as_of),
            window_start: evaluation.map(|held| held.window_start),
            window_end: evaluation.map(Evaluation::window_end),
            sli_percentage: counts.sli_percentage,
            sli_interval: evaluation
                .and_then(|held| held.budget)
                .and_then(IntervalView::new),
            good: counts.good,
            bad: counts.bad,
            total: counts.total,
            unit: found.slo.definition.method.unit(),
            coverage: evaluation.and_then(|held| coverage(held.coverage)),
            filled: evaluation.and_then(filled),
            error_budget: BudgetFigures::new(evaluation.and_then(|held| held.budget)),
            projected_budget: ProjectedFigures::new(evaluation),
            exhaustion: evaluation
                .map(|held| held.forecast.exhaustion())
                .unwrap_or_default()
                .into(),
            burn_rates: evaluation
                .map(|held| burn_rates(held, found.slo.definition.window))
                .unwrap_or_default(),
            burn_level: evaluation.and_then(burn_level),
            rules: evaluation
                .map(|held| {
                    held.rules
                        .iter()
                        .map(AlertRuleView::from)
                        .collect()
                })
                .unwrap_or_default(),
            raw: evaluation.and_then(|held| RawFigures::new(held, &found.slo.definition)),
        }
    }
}

impl IntervalView {
    fn new(budget: ErrorBudget) -> Option<Self> {
        let bad = wilson(Trials::of(budget.grain().shown(budget.counts()))?);
        let good = |bad: f64| Figure::new((1.0 - bad) * 100.0);
        Some(Self {
            low_percentage: good(bad.high),
            high_percentage: good(bad.low),
            certainty: bad.certainty(budget.target()).as_str(),
        })
    }
}

/// The budget of the window as it was measured, under the target that was evaluated by; `None` where no
/// correction touches the window, or nothing was measured in it.
pub(crate) fn raw_budget(evaluation: &Evaluation, definition: &Definition) -> Option<ErrorBudget> {
    let raw = evaluation.raw?;
    let target = evaluation
        .budget
        .map_or(definition.target, ErrorBudget::target);
    (raw.coverage.measured > 0)
        .then(|| ErrorBudget::new(raw.counts, target).counted_in(definition.method.grain()))
}

impl RawFigures {
    /// What was measured, under the target that was evaluated by; `None` where no correction touches
    /// the window.
    pub(in crate::api) fn new(evaluation: &Evaluation, definition: &Definition) -> Option<Self> {
        let budget = raw_budget(evaluation, definition);
        let counts = CountFigures::new(budget);
        Some(Self {
            sli_percentage: counts.sli_percentage,
            good: counts.good,
            bad: counts.bad,
            total: counts.total,
            coverage: coverage(evaluation.raw?.coverage),
            error_budget: BudgetFigures::new(budget),
        })
    }
}

impl BudgetFigures {
    pub(in crate::api) fn new(budget: Option<ErrorBudget>) -> Self {
        let Some(budget) = budget else {
            return Self::default();
        };
        Self {
            allowed: Figure::new(budget.allowed()),
            consumed: Some(Figure::from(budget.shown().bad())),
            remaining: Figure::new(budget.remaining()),
            consumed_percentage: budget
                .consumed_percentage()
                .and_then(Figure::new),
            remaining_percentage: budget
                .remaining_percentage()
                .and_then(Figure::new),
        }
    }
}

impl ProjectedFigures {
    pub(in crate::api) fn new(evaluation: Option<&Evaluation>) -> Self {
        let Some(budget) = evaluation.and_then(Evaluation::projected_budget) else {
            return Self::default();
        };
        let shown = |figure: Option<f64>| figure.and_then(Figure::new);
        Self {
            allowed: shown(budget.allowed_units()),
            remaining: shown(budget.remaining_units()),
            consumed_percentage: shown(budget.consumed_percentage()),
            remaining_percentage: shown(budget.remaining_percentage()),
        }
    }
}

impl CountFigures {
    pub(in crate::api) fn new(budget: Option<ErrorBudget>) -> Self {
        let Some(budget) = budget else {
            return Self::default();
        };
        let shown = |count: Count| Some(Figure::from(count));
        let counts = budget.shown();
        Self {
            sli_percentage: budget
                .sli_percentage()
                .and_then(Figure::new),
            good: shown(counts.good()),
            bad: shown(counts.bad()),
            total: shown(counts.total()),
        }
    }
}

/// The measured share; `None` where nothing was expected.
pub(in crate::api) fn coverage(coverage: Coverage) -> Option<Figure> {
    (coverage.expected > 0)
        .then(|| coverage.as_f64())
        .and_then(Figure::new)
}

/// The level of the burn; `None` where nothing was measured.
pub(in crate::api) fn burn_level(evaluation: &Evaluation) -> Option<&'static str> {
    evaluation
        .budget
        .map(|_| evaluation.burn_level.as_str())
}

fn filled(evaluation: &Evaluation) -> Option<Figure> {
    let window = f64::from(evaluation.window.as_seconds());
    Figure::new(f64::from(evaluation.filled_seconds) / window)
}

/// The burn over every reported window, the last of which is the SLO's own. The target is the one that
/// was evaluated by, which an edit changes from the next slot on.
pub(super) fn burn_rates(evaluation: &Evaluation, own: Window) -> Vec<BurnRateView> {
    let last = evaluation
        .windows
        .len()
        .saturating_sub(1);
    let target = evaluation
        .budget
        .map(ErrorBudget::target);
    evaluation
        .windows
        .iter()
        .enumerate()
        .map(|(place, held)| BurnRateView {
            window: match own {
                Window::Calendar(_) if place == last && held.window == own.span() => own.into(),
                _ => Window::Rolling(held.window).into(),
            },
            burn_rate: target
                .and_then(|target| burn_rate(held.counts, target))
                .and_then(Figure::new),
            total: (held.coverage.measured > 0).then(|| Figure::from(held.shown().total())),
        })
        .collect()
}
