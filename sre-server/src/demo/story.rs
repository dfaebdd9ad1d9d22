//! What befalls the services of a demo: the stories that its history tells.
//!
//! Stories are written as times before the demo was made, so that a demo of today shows an outage
//! of the day before yesterday, whenever today is.

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::time::{Interval, Span};

/// One trouble of one SLO.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    /// How long before the demo was made it began.
    pub(super) before: Span,
    /// How long it lasted.
    pub(super) lasting: Span,
    /// It comes again so often, also once the demo is served.
    pub(super) every: Option<Span>,
    /// What was the matter.
    pub(super) effect: Effect,
}

/// What a trouble does to what is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    /// So many events of a million are bad.
    Failing(u64),
    /// Nobody measures: the exporter is dead.
    Silent,
}

impl Trouble {
    pub(super) const fn failing(before: Span, lasting: Span, bad_ppm: u64) -> Self {
        Self {
            before,
            lasting,
            every: None,
            effect: Effect::Failing(bad_ppm),
        }
    }

    pub(super) const fn silent(before: Span, lasting: Span) -> Self {
        Self {
            before,
            lasting,
            every: None,
            effect: Effect::Silent,
        }
    }

    pub(super) const fn again(mut self, every: Span) -> Self {
        self.every = Some(every);
        self
    }

    /// Whether it is the matter at `at`, in a demo that was made at `made_at`.
    pub(super) fn holds(&self, made_at: DateTime<Utc>, at: DateTime<Utc>) -> bool {
        let since = at - (made_at - self.before.as_delta());
        since >= TimeDelta::zero() && self.since_last(since) < self.lasting.as_delta()
    }

    /// Whether it begins or ends near `at`: then every slot is worth a look, since pages open and
    /// resolve. `ahead` and `after` say how near.
    pub(super) fn is_near(&self, made_at: DateTime<Utc>, at: DateTime<Utc>) -> bool {
        let since = at - (made_at - self.before.as_delta());
        let ahead = since + AHEAD.as_delta();
        if ahead < TimeDelta::zero() {
            return false;
        }
        let since = self.since_last(ahead) - AHEAD.as_delta();
        let after_end = since - self.lasting.as_delta();
        let edge = -AHEAD.as_delta()..AFTER.as_delta();
        edge.contains(&since) || edge.contains(&after_end)
    }

    /// Of a trouble that comes again, how long ago it came last.
    fn since_last(&self, since: TimeDelta) -> TimeDelta {
        match self.every {
            Some(every) => TimeDelta::seconds(since.num_seconds() % every.as_secs_i64()),
            None => since,
        }
    }
}

/// What holds of these troubles in a slice; the first one counts.
pub(super) fn effect(
    troubles: &[Trouble],
    made_at: DateTime<Utc>,
    slice: Interval,
) -> Option<Effect> {
    troubles
        .iter()
        .find(|trouble| trouble.holds(made_at, slice.start()))
        .map(|trouble| trouble.effect)
}

/// Before the edge of a trouble: a slot or two that are still quiet.
const AHEAD: Span = Span::minutes(3);
/// After it: longer than a page needs to open, and most need to resolve once the short windows of
/// the default policy are clean.
const AFTER: Span = Span::minutes(50);

#[cfg(test)]
mod tests {
    use sre_core::time::at_second;

    use super::*;

    fn minute(n: i64) -> DateTime<Utc> {
        at_second(1_700_000_000 + 60 * n)
    }

    #[test]
    fn a_trouble_holds_from_its_beginning_to_its_end() {
        let made_at = minute(0);
        let trouble = Trouble::failing(Span::minutes(30), Span::minutes(10), 1);
        let held: Vec<i64> = (-60..60)
            .filter(|n| trouble.holds(made_at, minute(*n)))
            .collect();
        assert_eq!(held, (-30..-20).collect::<Vec<_>>());
    }

    #[test]
    fn one_that_comes_again_goes_on_after_the_demo_was_made() {
        let made_at = minute(0);
        let trouble =
            Trouble::failing(Span::minutes(30), Span::minutes(2), 1).again(Span::minutes(20));
        let held: Vec<i64> = (-60..20)
            .filter(|n| trouble.holds(made_at, minute(*n)))
            .collect();
        assert_eq!(held, [-30, -29, -10, -9, 10, 11]);
    }

    #[test]
    fn the_edges_of_a_long_trouble_are_near_and_its_middle_is_not() {
        let made_at = minute(0);
        let trouble = Trouble::silent(Span::hours(30), Span::hours(20));
        let near =
            |hours: i64, minutes: i64| trouble.is_near(made_at, minute(60 * hours + minutes));
        assert!(near(-30, -2) && near(-30, 0) && near(-30, 49));
        assert!(near(-10, -2) && near(-10, 0) && near(-10, 49));
        assert!(!near(-30, -4) && !near(-29, 0) && !near(-20, 0) && !near(-9, 0));
    }
}
