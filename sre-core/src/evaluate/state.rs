//! The state of an SLO, in the one order in which states are decided.

use super::view::View;
use crate::budget::ErrorBudget;
use crate::count::Counts;
use crate::evaluation::{InsufficientReason, RuleOutcome, RuleVerdict, SloState, WindowCounts};

impl View<'_> {
    pub(super) fn budget(&self, own: &WindowCounts) -> Option<ErrorBudget> {
        (own.coverage.measured > 0).then(|| {
            ErrorBudget::new(own.counts, self.definition.target)
                .counted_in(self.definition.method.grain())
        })
    }

    /// The state, in the one order in which states are decided.
    pub(super) fn state(
        &self,
        own: &WindowCounts,
        rules: &[RuleOutcome],
        is_stale: bool,
    ) -> (SloState, Option<InsufficientReason>) {
        let insufficient = |reason| (SloState::InsufficientData, Some(reason));
        if self.progress.first_measured.is_none() {
            (SloState::Waiting, None)
        } else if own.coverage.measured == 0 {
            (SloState::NoData, None)
        } else if self.is_lost_at_best(own) {
            (SloState::Violated, None)
        } else if is_stale {
            insufficient(InsufficientReason::Stale)
        } else if !own
            .coverage
            .reaches(self.min_coverage())
        {
            insufficient(InsufficientReason::Coverage)
        } else if own.counts.total().is_zero() {
            insufficient(InsufficientReason::NoTraffic)
        } else if own
            .grain
            .whole_units(own.counts.total())
            < self.definition.min_events
        {
            insufficient(InsufficientReason::Events)
        } else {
            (self.judged_state(own, rules), None)
        }
    }

    pub(super) fn judged_state(&self, own: &WindowCounts, rules: &[RuleOutcome]) -> SloState {
        let budget = ErrorBudget::new(own.counts, self.definition.target);
        let is_burning = rules
            .iter()
            .any(|rule| rule.verdict == RuleVerdict::Firing);
        if !budget.is_met() {
            SloState::Violated
        } else if is_burning || budget.is_below_tenth() {
            SloState::AtRisk
        } else {
            SloState::Met
        }
    }

    /// Whether an SLO that counts slices is missed even if every unmeasured slice was good, and every
    /// slice that a calendar window has still to come: how many they are is known ahead.
    pub(super) fn is_lost_at_best(&self, own: &WindowCounts) -> bool {
        let method = self.definition.method;
        if !method.counts_slices() {
            return false;
        }
        let slices = u64::from(
            self.counted_seconds()
                / self
                    .definition
                    .slice
                    .span()
                    .as_seconds(),
        );
        let at_best = method
            .grain()
            .units(slices)
            .and_then(|all| Counts::with_bad(own.counts.bad(), all).ok());
        at_best.is_some_and(|counts| !self.definition.target.is_met_by(counts))
    }
}
