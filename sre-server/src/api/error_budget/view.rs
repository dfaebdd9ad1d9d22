//! An error budget as it is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::budget::{ErrorBudget, burn_rate};
use sre_core::evaluation::Evaluation;
use sre_core::name::ServiceName;
use sre_core::time::Span;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::exhaustion::ExhaustionView;
use crate::api::figure::Figure;
use crate::api::slo::look::Found;
use crate::api::slo::status::{
    BudgetFigures, CountFigures, ProjectedFigures, RawFigures, burn_level, coverage,
};
use crate::api::time_window::TimeWindowView;

/// The error budget of one SLO. What does not exist is `null`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorBudget)]
pub(super) struct BudgetView {
    slo_id: Uuid,
    slo_name: String,
    service_name: String,
    window: TimeWindowView,
    window_start: Option<DateTime<Utc>>,
    /// Up to where slices are known; of a calendar window where the next one begins.
    window_end: Option<DateTime<Utc>>,
    /// Exact.
    #[schema(example = 99.9)]
    target_percentage: Figure,
    sli_percentage: Option<Figure>,
    /// What is counted: `events` or `slices`.
    #[schema(example = "events")]
    unit: &'static str,
    good: Option<Figure>,
    bad: Option<Figure>,
    total: Option<Figure>,
    #[serde(flatten)]
    budget: BudgetFigures,
    /// By the allowance that the whole window has at the traffic so far.
    projected: ProjectedFigures,
    /// How fast it burnt over the last hour (over the window, where that is shorter).
    burn_rate: Option<Figure>,
    /// `none`, `warning`, `critical` or `emergency`.
    burn_level: Option<&'static str>,
    /// Measured ÷ expected slices of the window since the first data.
    coverage: Option<Figure>,
    /// `waiting`, `no_data`, `insufficient_data`, `violated`, `at_risk` or `met`.
    #[schema(example = "met")]
    state: &'static str,
    /// `slot`: what the last slot found; `recomputed`: from stored slices, by today's definition.
    #[schema(example = "slot")]
    basis: &'static str,
    exhaustion: ExhaustionView,
    /// The window as it was measured, where budget corrections touch it; everything else is what
    /// they left.
    raw: Option<RawFigures>,
}

/// The error budgets of a service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceErrorBudget)]
pub(super) struct ServiceBudgetView {
    service_name: String,
    /// The window of all of them; `null` where they differ.
    window: Option<TimeWindowView>,
    budgets: Vec<BudgetView>,
    summary: SummaryView,
}

/// The budget of which the least is left.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorBudgetSummary)]
struct SummaryView {
    /// `null` where no SLO has any events.
    worst_slo_id: Option<Uuid>,
    remaining_percentage: Option<Figure>,
}

impl BudgetView {
    pub(super) fn new(found: &Found) -> Self {
        let (slo, definition) = (&found.slo, &found.slo.definition);
        let evaluation = found.evaluation.as_ref();
        let budget = evaluation.and_then(|held| held.budget);
        let counts = CountFigures::new(budget);
        Self {
            slo_id: slo.id.0,
            slo_name: definition.name.clone(),
            service_name: definition.service_name.to_string(),
            window: definition.window.into(),
            window_start: evaluation.map(|held| held.window_start),
            window_end: evaluation.map(Evaluation::window_end),
            target_percentage: budget
                .map_or(definition.target, ErrorBudget::target)
                .into(),
            sli_percentage: counts.sli_percentage,
            unit: definition.method.unit(),
            good: counts.good,
            bad: counts.bad,
            total: counts.total,
            budget: BudgetFigures::new(budget),
            projected: ProjectedFigures::new(evaluation),
            burn_rate: evaluation
                .and_then(hourly_burn)
                .and_then(Figure::new),
            burn_level: evaluation.and_then(burn_level),
            coverage: evaluation.and_then(|held| coverage(held.coverage)),
            state: found.state().as_str(),
            basis: found.basis.as_str(),
            exhaustion: evaluation
                .map(|held| held.forecast.exhaustion())
                .unwrap_or_default()
                .into(),
            raw: evaluation.and_then(|held| RawFigures::new(held, definition)),
        }
    }
}

/// The burn over one hour, or over the SLO's window where that is shorter.
fn hourly_burn(evaluation: &Evaluation) -> Option<f64> {
    let target = evaluation.budget?.target();
    let (own, windows) = (evaluation.windows.last()?, &evaluation.windows);
    let hour = windows
        .iter()
        .rev()
        .find(|held| held.window <= Span::hours(1))
        .unwrap_or(own);
    burn_rate(hour.counts, target)
}

impl ServiceBudgetView {
    pub(super) fn new(service: &ServiceName, found: &[Found]) -> Self {
        let budgets: Vec<_> = found
            .iter()
            .map(BudgetView::new)
            .collect();
        let first = budgets
            .first()
            .map(|budget| &budget.window);
        let is_one = budgets
            .iter()
            .all(|budget| Some(&budget.window) == first);
        Self {
            service_name: service.to_string(),
            window: first.filter(|_| is_one).cloned(),
            summary: SummaryView::new(found),
            budgets,
        }
    }
}

impl SummaryView {
    fn new(found: &[Found]) -> Self {
        let worst = found
            .iter()
            .filter_map(|found| {
                let budget = found.evaluation.as_ref()?.budget?;
                Some((found.slo.id.0, budget.remaining_percentage()?))
            })
            .min_by(|(_, left), (_, right)| left.total_cmp(right));
        Self {
            worst_slo_id: worst.map(|(id, _)| id),
            remaining_percentage: worst.and_then(|(_, remaining)| Figure::new(remaining)),
        }
    }
}
