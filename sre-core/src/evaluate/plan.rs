//! What evaluating an SLO asks at every slot alike, found once.

use chrono::{DateTime, Utc};

use super::REPORTED_WINDOWS;
use crate::policy::{BurnPolicy, BurnRule};
use crate::slo::Definition;
use crate::time::Span;
use crate::window::Window;

/// The rules that stand for an SLO, and the windows that its evaluation sums: which they are, and which
/// of them each rule looks at. It holds for one definition and one policy, at any instant.
#[derive(Clone, Debug)]
pub struct Plan {
    policy: BurnPolicy,
    /// The reported windows, ascending, and after them those at which only rules look.
    windows: Vec<Span>,
    /// How many of the windows are reported.
    reported: usize,
    /// The window whose burn has a level.
    level: Place,
    /// For each rule of the policy where its long and its short window stand.
    looks: Vec<[Place; 2]>,
}

/// Where a window stands among those of a plan; beyond them the SLO's own.
pub(super) type Place = usize;

impl Plan {
    /// The plan of a definition under a policy, which is one that stands for it
    /// ([`Definition::policy`]).
    #[must_use]
    pub fn new(definition: &Definition, policy: BurnPolicy) -> Self {
        let mut windows = reported(definition).to_vec();
        let reported = windows.len();
        let level = windows
            .iter()
            .rposition(|window| *window <= LEVEL)
            .filter(|_| definition.window.span() > LEVEL)
            .unwrap_or(OWN);
        let mut place = |window: Span| {
            let held = windows
                .iter()
                .position(|held| *held == window);
            held.unwrap_or_else(|| {
                if definition.window == Window::Rolling(window) {
                    return OWN;
                }
                windows.push(window);
                windows.len() - 1
            })
        };
        let looks = policy
            .rules
            .iter()
            .map(|rule| [place(rule.long), place(rule.short)])
            .collect();
        Self {
            policy,
            windows,
            reported,
            level,
            looks,
        }
    }

    /// The rules that stand.
    #[must_use]
    pub const fn policy(&self) -> &BurnPolicy {
        &self.policy
    }

    /// The same, when the plan is needed no longer.
    #[must_use]
    pub fn into_policy(self) -> BurnPolicy {
        self.policy
    }

    /// Every window that an evaluation at `end` asks of its ledger: of a calendar window, what of it has
    /// passed.
    pub fn windows(
        &self,
        definition: &Definition,
        end: DateTime<Utc>,
    ) -> impl Iterator<Item = Span> + Clone {
        let own = definition.window_so_far(end);
        self.windows
            .iter()
            .copied()
            .chain([own])
    }

    /// The windows that are summed beside the SLO's own.
    pub(super) fn summed(&self) -> &[Span] {
        &self.windows
    }

    /// How many of these, the first, are reported.
    pub(super) const fn reported(&self) -> usize {
        self.reported
    }

    /// The window whose burn has a level: an hour, or the SLO's own where that is shorter.
    pub(super) const fn level(&self) -> Place {
        self.level
    }

    /// Each rule, with the places of its long and its short window.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&BurnRule, &[Place; 2])> {
        self.policy
            .rules
            .iter()
            .zip(&self.looks)
    }
}

/// Reported windows that hold at least a slice and are shorter than the SLO's own.
fn reported(definition: &Definition) -> &'static [Span] {
    let (own, slice) = (definition.window.span(), definition.slice.span());
    let first = REPORTED_WINDOWS.partition_point(|window| *window < slice);
    let last = REPORTED_WINDOWS.partition_point(|window| *window < own);
    REPORTED_WINDOWS
        .get(first..last)
        .unwrap_or_default()
}

/// The longest window whose burn has a level.
const LEVEL: Span = Span::hours(1);
/// The place of the SLO's own window, beyond all others.
const OWN: Place = Place::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::tests::History;
    use crate::policy::{BurnLevel, PolicyChoice};
    use crate::slice::SliceWidth;
    use crate::slo::tests::definition;
    use crate::target::Factor;
    use crate::window::{CalendarUnit, CalendarWindow};

    /// Whether a window is reported, or looked at by one rule, by several, or is the SLO's own.
    #[test]
    fn every_rule_sees_the_windows_that_it_names_and_no_other_is_reported_for_it() {
        let rule = |long, short| BurnRule::new(BurnLevel::Critical, Factor::ONE, long, short);
        let rules = vec![
            rule(Span::hours(4), Span::minutes(20)),
            rule(Span::days(1), Span::hours(4)),
            rule(Span::hours(1), Span::minutes(5)),
        ];
        let day = Window::Calendar(CalendarWindow::new(CalendarUnit::Day));
        for window in [
            Window::Rolling(Span::days(1)),
            day,
            Window::Rolling(Span::days(30)),
        ] {
            let mut history = History::of(Definition {
                window,
                burn_policy: PolicyChoice::Custom(rules.clone()),
                ..definition()
            });
            history = history.measured(25 * 60, 1, 100);
            let found = history.evaluate();
            let seen: Vec<_> = found
                .rules
                .iter()
                .map(|seen| (seen.rule, seen.long.window, seen.short.window))
                .collect();
            let named: Vec<_> = rules
                .iter()
                .map(|rule| (*rule, rule.long, rule.short))
                .collect();
            assert_eq!(seen, named);
            let shown: Vec<Span> = found
                .windows
                .iter()
                .map(|held| held.window)
                .collect();
            let mut expected = reported(&history.definition).to_vec();
            expected.push(window.span());
            assert_eq!(shown, expected);
            // A day that has just begun is not the last 24 hours.
            assert_eq!(
                found.rules[1]
                    .long
                    .counts
                    .total()
                    .whole_events(),
                24 * 60 * 100
            );
            assert_eq!(found.rules[1].short, found.rules[0].long);
        }
    }

    /// A window of one slice is the shortest that says anything; the SLO's own is not reported twice.
    #[test]
    fn reported_windows_hold_at_least_a_slice_and_are_shorter_than_the_own() {
        let short = Definition {
            slice: SliceWidth::new(Span::minutes(5)).expect("a width"),
            window: Window::Rolling(Span::hours(1)),
            ..definition()
        };
        assert_eq!(reported(&short), [Span::minutes(5), Span::minutes(30)]);
        let coarse = Definition {
            slice: SliceWidth::new(Span::minutes(15)).expect("a width"),
            ..short
        };
        assert_eq!(reported(&coarse), [Span::minutes(30)]);
    }
}
