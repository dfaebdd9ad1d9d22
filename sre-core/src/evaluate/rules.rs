//! What a burn rule says.

use super::view::View;
use crate::count::Count;
use crate::evaluation::{RuleOutcome, RuleVerdict, WindowCounts};
use crate::ledger::LedgerError;
use crate::policy::BurnRule;
use crate::time::Span;

impl View<'_> {
    /// What a rule says: each of its windows is covered by itself, and there is history for at least
    /// the short one. A window that is measured to be clean settles it, whatever the other holds.
    pub(super) fn judge(&self, rule: &BurnRule) -> Result<RuleOutcome, LedgerError> {
        let (long, short) = (self.window(rule.long)?, self.window(rule.short)?);
        let is_covered = |window: &WindowCounts| {
            window
                .coverage
                .reaches(self.min_coverage())
        };
        let burns = |window: &WindowCounts| {
            rule.factor
                .is_exceeded_by(window.counts, self.definition.target)
        };
        let is_known = self.known_seconds >= rule.short.as_seconds();
        // Either window alone can say no; it takes both to say yes.
        let is_clean = |window: &WindowCounts| is_covered(window) && !burns(window);
        let verdict = if !is_known {
            RuleVerdict::Held
        } else if is_clean(&long) || is_clean(&short) {
            RuleVerdict::Quiet
        } else if !is_covered(&long) || !is_covered(&short) {
            RuleVerdict::Held
        } else if long.counts.bad() < self.bad_needed(rule.long) {
            RuleVerdict::TooFewBad
        } else {
            RuleVerdict::Firing
        };
        Ok(RuleOutcome {
            rule: *rule,
            long,
            short,
            verdict,
        })
    }

    /// How much must be bad in a long window: `min_bad` events or slices (of shares: as much as so
    /// many bad slices), or all of it where it holds fewer slices.
    pub(super) fn bad_needed(&self, long: Span) -> Count {
        let slices = u64::from(
            long.as_seconds()
                / self
                    .definition
                    .slice
                    .span()
                    .as_seconds(),
        );
        let (method, min_bad) = (self.definition.method, self.definition.min_bad);
        let needed = if method.counts_slices() {
            min_bad.min(slices)
        } else {
            min_bad
        };
        // More than fits was never counted.
        let all = Count::from_millionths(u64::MAX);
        method
            .grain()
            .units(needed)
            .unwrap_or(all)
    }
}
