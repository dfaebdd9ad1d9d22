//! What a burn rule says.

use super::view::View;
use crate::count::{Count, Grain};
use crate::evaluation::{RuleVerdict, WindowCounts};
use crate::ledger::LedgerError;
use crate::policy::{BurnRule, Spending};
use crate::time::{Interval, Span};

impl View<'_> {
    /// What a rule says: each of its windows is covered by itself, and there is history for at least
    /// the short one. A window that is measured to be clean settles it, whatever the other holds.
    pub(super) fn verdict(
        &self,
        rule: &BurnRule,
        long: &WindowCounts,
        short: &WindowCounts,
        own: &WindowCounts,
    ) -> Result<(RuleVerdict, Option<Count>), LedgerError> {
        let is_covered = |window: &WindowCounts| {
            window
                .coverage
                .reaches(self.min_coverage())
        };
        let burns = |window: &WindowCounts| {
            let is_fast = rule
                .factor
                .is_exceeded_by(window.counts, self.definition.target);
            is_fast && self.is_dear(rule, window, long, own)
        };
        let is_known = self.known_seconds >= rule.short.as_seconds();
        // Either window alone can say no; it takes both to say yes.
        let is_clean = |window: &WindowCounts| is_covered(window) && !burns(window);
        if !is_known {
            Ok((RuleVerdict::Held, None))
        } else if is_clean(long) || is_clean(short) {
            Ok((RuleVerdict::Quiet, None))
        } else if !is_covered(long) || !is_covered(short) {
            Ok((RuleVerdict::Held, None))
        } else {
            self.guarded(rule, long)
        }
    }

    /// Whether the window spends the share of the whole budget that the rule asks for, if any. Of a
    /// period that has just begun the traffic is not known: while it is shorter than the rule's long
    /// window, the traffic of that stands for it.
    fn is_dear(
        &self,
        rule: &BurnRule,
        window: &WindowCounts,
        long: &WindowCounts,
        own: &WindowCounts,
    ) -> bool {
        rule.min_share.is_none_or(|share| {
            let (filled, known) = (self.filled_seconds(), self.known_seconds_of(long.window));
            let (total, known_seconds) = if filled < known {
                (long.counts.total(), known)
            } else {
                (own.counts.total(), filled)
            };
            let spending = Spending {
                bad: window.counts.bad(),
                total,
                known_seconds,
                period_seconds: own.window.as_seconds(),
            };
            share.is_reached_by(&spending, self.definition.target, window.window, rule.long)
        })
    }

    /// What a rule says that burns in both windows: it fires, unless a guard finds too little evidence
    /// in the long one, with how much the guard asks for.
    fn guarded(
        &self,
        rule: &BurnRule,
        long: &WindowCounts,
    ) -> Result<(RuleVerdict, Option<Count>), LedgerError> {
        if !self.is_evident(long)? {
            let enough = Count::events(self.units_needed(rule.long));
            return Ok((RuleVerdict::TooFewBad, enough));
        }
        let Some(level) = self.definition.significance_level else {
            return Ok((RuleVerdict::Firing, None));
        };
        let line = rule.line(self.definition.target, self.definition.window.span());
        let grain = self.definition.method.grain();
        let seen = grain.shown(long.counts);
        Ok(match level.bad_needed(seen.total().whole_events(), &line) {
            Some(needed) if seen.bad().whole_events() >= needed => (RuleVerdict::Firing, None),
            needed => (RuleVerdict::NotSignificant, needed.and_then(Count::events)),
        })
    }

    /// Whether as much was bad in a window as `min_bad` asks for. Of shares, slices that were bad at
    /// all: they are as many looks at the service, whatever its traffic, and what each adds to the sum
    /// may be a hundredth.
    pub(super) fn is_evident(&self, window: &WindowCounts) -> Result<bool, LedgerError> {
        let needed = self.units_needed(window.window);
        match self.definition.method.grain() {
            // More than fits was never counted.
            Grain::Millionths => {
                Ok(Count::events(needed).is_some_and(|needed| window.counts.bad() >= needed))
            }
            Grain::Trillionths => {
                let during = Interval::ending(self.end, window.window);
                Ok(self.ledger.bad_slices(during, needed)? >= needed)
            }
        }
    }

    /// How much must be bad in a window: `min_bad` events or slices, or all of it where it holds fewer
    /// slices.
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
