//! What a burn rule says.

use super::view::View;
use crate::count::Count;
use crate::evaluation::{RuleOutcome, RuleVerdict, WindowCounts};
use crate::policy::{BurnRule, Spending};
use crate::time::Span;

impl View<'_> {
    /// What a rule says: each of its windows is covered by itself, and there is history for at least
    /// the short one. A window that is measured to be clean settles it, whatever the other holds.
    pub(super) fn outcome(
        &self,
        rule: &BurnRule,
        long: WindowCounts,
        short: WindowCounts,
        own: &WindowCounts,
    ) -> RuleOutcome {
        let is_covered = |window: &WindowCounts| {
            window
                .coverage
                .reaches(self.min_coverage())
        };
        let burns = |window: &WindowCounts| {
            let is_fast = rule
                .factor
                .is_exceeded_by(window.counts, self.definition.target);
            is_fast && self.is_dear(rule, window, own)
        };
        let is_known = self.known_seconds >= rule.short.as_seconds();
        // Either window alone can say no; it takes both to say yes.
        let is_clean = |window: &WindowCounts| is_covered(window) && !burns(window);
        let (verdict, bad_needed) = if !is_known {
            (RuleVerdict::Held, None)
        } else if is_clean(&long) || is_clean(&short) {
            (RuleVerdict::Quiet, None)
        } else if !is_covered(&long) || !is_covered(&short) {
            (RuleVerdict::Held, None)
        } else {
            self.guarded(rule, &long)
        };
        RuleOutcome {
            rule: *rule,
            long,
            short,
            verdict,
            bad_needed,
        }
    }

    /// Whether the window spends the share of the whole budget that the rule asks for, if any.
    fn is_dear(&self, rule: &BurnRule, window: &WindowCounts, own: &WindowCounts) -> bool {
        rule.min_share.is_none_or(|share| {
            let spending = Spending {
                bad: window.counts.bad(),
                total: own.counts.total(),
                known_seconds: self.filled_seconds(),
                period_seconds: own.window.as_seconds(),
            };
            share.is_reached_by(&spending, self.definition.target, window.window, rule.long)
        })
    }

    /// What a rule says that burns in both windows: it fires, unless a guard finds too little evidence
    /// in the long one, with how much the guard asks for.
    fn guarded(&self, rule: &BurnRule, long: &WindowCounts) -> (RuleVerdict, Option<Count>) {
        if long.counts.bad() < self.bad_needed(rule.long) {
            let enough = Count::events(self.units_needed(rule.long));
            return (RuleVerdict::TooFewBad, enough);
        }
        let Some(level) = self.definition.significance_level else {
            return (RuleVerdict::Firing, None);
        };
        let line = rule.line(self.definition.target, self.definition.window.span());
        let grain = self.definition.method.grain();
        let seen = grain.shown(long.counts);
        match level.bad_needed(seen.total().whole_events(), &line) {
            Some(needed) if seen.bad().whole_events() >= needed => (RuleVerdict::Firing, None),
            needed => (RuleVerdict::NotSignificant, needed.and_then(Count::events)),
        }
    }

    /// How much must be bad in a long window, as it is counted.
    pub(super) fn bad_needed(&self, long: Span) -> Count {
        // More than fits was never counted.
        let all = Count::from_millionths(u64::MAX);
        let grain = self.definition.method.grain();
        grain
            .units(self.units_needed(long))
            .unwrap_or(all)
    }

    /// How much must be bad in a long window: `min_bad` events or slices (of shares: as much as so
    /// many bad slices), or all of it where it holds fewer slices.
    fn units_needed(&self, long: Span) -> u64 {
        let slices = u64::from(
            long.as_seconds()
                / self
                    .definition
                    .slice
                    .span()
                    .as_seconds(),
        );
        let (method, min_bad) = (self.definition.method, self.definition.min_bad);
        if method.counts_slices() {
            min_bad.min(slices)
        } else {
            min_bad
        }
    }
}
