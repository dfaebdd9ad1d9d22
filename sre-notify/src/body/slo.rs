//! The SLO behind an alert: its promise, its budget, and what its rules saw.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::budget::ErrorBudget;
use sre_core::evaluation::{
    Evaluation, InsufficientReason, RuleOutcome, RuleVerdict, WindowCounts,
};
use sre_core::forecast::Exhaustion;
use sre_core::name::SloId;
use sre_core::policy::{BudgetShare, BurnLevel};
use sre_core::slo::Slo;
use sre_core::time::{Span, truncate};
use sre_core::window::WrittenWindow;

use super::Number;

/// The promise and whether it is kept.
#[derive(Serialize)]
pub(super) struct SloView<'a> {
    id: SloId,
    name: &'a str,
    target_percentage: Number,
    time_window: WrittenWindow,
    /// `null` before the first evaluation.
    state: Option<&'static str>,
    state_reason: Option<&'static str>,
}

/// The budget by the names of `GET /error-budget`; its numbers are `null` when nothing was measured.
#[derive(Serialize)]
pub(super) struct BudgetView {
    window: WrittenWindow,
    window_start: DateTime<Utc>,
    window_end: DateTime<Utc>,
    unit: &'static str,
    sli_percentage: Option<Number>,
    good: Option<Number>,
    bad: Option<Number>,
    total: Option<Number>,
    allowed: Option<Number>,
    consumed: Option<Number>,
    remaining: Option<Number>,
    consumed_percentage: Option<Number>,
    remaining_percentage: Option<Number>,
    burn_rate: Option<Number>,
    burn_level: BurnLevel,
    coverage: Number,
    exhaustion: ExhaustionView,
}

/// When nothing will be left, if the pace goes on.
#[derive(Serialize)]
struct ExhaustionView {
    state: &'static str,
    at: Option<DateTime<Utc>>,
    earliest: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
}

/// A burn rule with what it saw.
#[derive(Serialize)]
pub(super) struct RuleView {
    level: BurnLevel,
    factor: Number,
    /// The share of the whole budget that has to be gone beside, where the rule asks for one.
    min_budget_share: Option<Number>,
    /// The share of the budget that is gone when the rule fires under even traffic, 0 to 1.
    budget_share: Option<Number>,
    verdict: RuleVerdict,
    long: WindowView,
    short: WindowView,
}

/// One window of a rule.
#[derive(Serialize)]
struct WindowView {
    window: Span,
    burn_rate: Option<Number>,
    bad: Number,
    total: Number,
    coverage: Number,
}

impl<'a> SloView<'a> {
    pub(super) fn new(slo: &'a Slo, evaluation: Option<&Evaluation>) -> Self {
        Self {
            id: slo.id,
            name: &slo.definition.name,
            target_percentage: Number(slo.definition.target.as_percentage()),
            time_window: slo.definition.window.written(),
            state: evaluation.map(|evaluation| evaluation.state.as_str()),
            state_reason: evaluation
                .and_then(|evaluation| evaluation.reason)
                .map(InsufficientReason::as_str),
        }
    }
}

impl BudgetView {
    pub(super) fn new(slo: &Slo, evaluation: &Evaluation) -> Self {
        let budget = evaluation.budget;
        let number = |of: fn(ErrorBudget) -> f64| Number::of(budget.map(of));
        let share = |of: fn(ErrorBudget) -> Option<f64>| Number::of(budget.and_then(of));
        Self {
            window: slo.definition.window.written(),
            window_start: truncate(evaluation.window_start),
            window_end: truncate(evaluation.window_end()),
            unit: slo.definition.method.unit(),
            sli_percentage: share(ErrorBudget::sli_percentage),
            good: number(|budget| budget.counts().good().as_f64()),
            bad: number(|budget| budget.counts().bad().as_f64()),
            total: number(|budget| budget.counts().total().as_f64()),
            allowed: number(ErrorBudget::allowed),
            consumed: number(ErrorBudget::consumed),
            remaining: number(ErrorBudget::remaining),
            consumed_percentage: share(ErrorBudget::consumed_percentage),
            remaining_percentage: share(ErrorBudget::remaining_percentage),
            burn_rate: share(ErrorBudget::burn_rate),
            burn_level: evaluation.burn_level,
            coverage: Number(evaluation.coverage.as_f64()),
            exhaustion: ExhaustionView::new(evaluation.forecast.exhaustion()),
        }
    }
}

impl ExhaustionView {
    fn new(exhaustion: Exhaustion) -> Self {
        Self {
            state: exhaustion.as_str(),
            at: exhaustion.at().map(truncate),
            earliest: exhaustion.earliest().map(truncate),
            latest: exhaustion.latest().map(truncate),
        }
    }
}

impl RuleView {
    pub(super) fn new(outcome: &RuleOutcome, slo: Option<&Slo>) -> Self {
        let rule = outcome.rule;
        let share = slo.map(|slo| rule.share_of_budget(slo.definition.window.span()));
        Self {
            level: rule.level,
            factor: Number(rule.factor.as_f64()),
            min_budget_share: Number::of(rule.min_share.map(BudgetShare::as_f64)),
            budget_share: Number::of(share),
            verdict: outcome.verdict,
            long: WindowView::new(outcome.long, slo),
            short: WindowView::new(outcome.short, slo),
        }
    }
}

impl WindowView {
    fn new(seen: WindowCounts, slo: Option<&Slo>) -> Self {
        let burn_rate =
            slo.and_then(|slo| ErrorBudget::new(seen.counts, slo.definition.target).burn_rate());
        Self {
            window: seen.window,
            burn_rate: Number::of(burn_rate),
            bad: Number(seen.counts.bad().as_f64()),
            total: Number(seen.counts.total().as_f64()),
            coverage: Number(seen.coverage.as_f64()),
        }
    }
}
