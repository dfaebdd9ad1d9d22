//! A calendar window at its edges, within it, and before its end.

use super::*;
use crate::forecast::Exhaustion;
use crate::window::{CalendarUnit, CalendarWindow};

/// 2026-03-01 00:00 UTC.
const MARCH: i64 = 1_772_323_200;

/// An SLO of this calendar unit at 99 %, in slices of a quarter of an hour.
fn by(unit: CalendarUnit, zone: &str) -> Definition {
    let zone = zone.parse().expect("a zone");
    Definition {
        window: Window::Calendar(CalendarWindow::new(unit).in_zone(zone)),
        slice: SliceWidth::new(Span::minutes(15)).expect("a width"),
        ..definition()
    }
}

fn month() -> Definition {
    by(CalendarUnit::Month, "UTC")
}

/// So many days of 100 requests in a slice, of which so many are bad.
fn days(history: History, days: usize, bad: u64) -> History {
    history.measured(days * 96, bad, 100)
}

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z")
        .parse()
        .expect("an instant")
}

/// A share of the budget is one of the whole period's, and what the first slices of a period had of
/// traffic says nothing of that: the rule's long window, which looks back over the edge, does.
#[test]
fn a_share_of_a_period_that_has_just_begun_is_judged_by_the_traffic_before() {
    let rules = [BurnRule {
        min_share: "0.02".parse().ok(),
        ..rule(BurnLevel::Emergency, 10, 60, 30)
    }];
    let definition = Definition {
        target: "99".parse().expect("a target"),
        burn_policy: PolicyChoice::Custom(rules.to_vec()),
        ..month()
    };
    // Eleven per cent for an hour burn at 11, and spend 1.5 % of 30 days; thirty spend 4.2 %.
    for (bad, verdict) in [(11, RuleVerdict::Quiet), (30, RuleVerdict::Firing)] {
        let history =
            || days(History::since(MARCH, definition.clone()), 30, 0).measured(92, 0, 100);
        let before = history()
            .measured(4, bad, 100)
            .evaluate();
        assert_eq!(before.rules[0].verdict, verdict, "{bad} before the edge");
        // April has seen one slice, of a single request that failed.
        let after = history()
            .measured(4, bad, 100)
            .measured(1, 1, 1)
            .evaluate();
        assert_eq!(after.window_start, at("2026-04-01T00:00"));
        assert_eq!(after.rules[0].verdict, verdict, "{bad} after the edge");
    }
}

/// At the edge the month that has just ended gets its last figure; the first slice after it begins
/// the next one with nothing spent.
#[test]
fn a_month_that_was_missed_is_missed_to_its_last_slice_and_the_next_one_begins_clean() {
    let mut march = days(History::since(MARCH, month()), 31, 2);
    let last = march.evaluate();
    assert_eq!(last.as_of, at("2026-04-01T00:00"));
    assert_eq!(
        (last.window_start, last.window_end()),
        (at("2026-03-01T00:00"), last.as_of)
    );
    assert_eq!(last.state, SloState::Violated);
    assert_eq!(
        last.budget.expect("measured").counts(),
        crate::count::Counts::events(31 * 96 * 98, 31 * 96 * 100).expect("legal")
    );
    assert_eq!(last.filled_seconds, last.window.as_seconds());

    let first = march.measured(1, 0, 100).evaluate();
    assert_eq!(
        (first.window_start, first.window_end()),
        (at("2026-04-01T00:00"), at("2026-05-01T00:00"))
    );
    assert_eq!(first.state, SloState::Met);
    assert_eq!(
        first.budget.expect("measured").counts(),
        crate::count::Counts::events(100, 100).expect("legal")
    );
    assert_eq!((first.coverage.measured, first.coverage.expected), (1, 1));
    assert_eq!(first.filled_seconds, 900);
}

/// Rules look back as far as they are long, whatever the calendar says.
#[test]
fn a_burn_that_began_before_the_edge_is_still_seen_after_it() {
    let rules = [rule(BurnLevel::Critical, 5, 360, 30)];
    let definition = Definition {
        burn_policy: PolicyChoice::Custom(rules.to_vec()),
        ..month()
    };
    let march = days(History::since(MARCH, definition), 30, 0).measured(88, 0, 100);
    let found = march
        .measured(8, 50, 100)
        .measured(1, 0, 100)
        .evaluate();
    assert_eq!(found.as_of, at("2026-04-01T00:15"));
    assert_eq!(
        found.rules[0].long.counts.total(),
        Count::events(2_400).expect("small")
    );
    assert_eq!(found.rules[0].verdict, RuleVerdict::Firing);
    assert_eq!(found.state, SloState::AtRisk);
    assert!(
        found.budget.expect("measured").is_met(),
        "April has spent nothing"
    );
    let long = found
        .windows
        .iter()
        .find(|held| held.window == Span::days(7));
    assert_eq!(
        long.expect("reported").counts.total(),
        Count::events(7 * 96 * 100).expect("small")
    );
}

/// `docs/mathematics.md` 7.3: early in the month the allowance of all of it judges tickets; "so far" and
/// "projected" are
/// figures of their own.
#[test]
fn a_bad_hour_on_the_second_of_the_month_is_judged_by_the_allowance_of_all_of_it() {
    let begun = days(History::since(MARCH, month()), 1, 0);
    let found = begun.measured(4, 50, 100).evaluate();
    // A hundred slices so far: 100 may be bad, 200 are. Of 2976 slices 2976 may be.
    assert_eq!(found.state, SloState::Violated);
    assert_eq!(found.budget_verdict, BudgetVerdict::Fine);
    let so_far = found.budget.expect("measured");
    assert_eq!(
        (so_far.allowed(), so_far.remaining_percentage()),
        (100.0, Some(-100.0))
    );
    let projected = found
        .projected_budget()
        .expect("measured");
    assert_eq!(
        projected
            .allowed_units()
            .map(f64::round),
        Some(2_976.0)
    );
    assert_eq!(
        projected
            .remaining_units()
            .map(f64::round),
        Some(2_776.0)
    );
    assert_eq!(
        projected
            .remaining_percentage()
            .map(f64::round),
        Some(93.0)
    );
    assert!(found.is_young());
    let whole = projected.of_whole_window();
    assert_eq!(
        whole.counts().total(),
        Count::events(297_600).expect("small")
    );
    assert_eq!(whole.counts().bad(), so_far.counts().bad());
    // The health of a service is judged by it too.
    let slo = crate::slo::Slo {
        definition: month(),
        ..crate::slo::tests::slo()
    };
    let evidence = crate::health::SloEvidence::new(&slo, Some(&found));
    assert_eq!(evidence.budget, Some(whole));
}

/// `docs/mathematics.md` 6: a slice-counting SLO knows ahead how many slices its month has.
#[test]
fn slices_that_a_month_has_still_to_come_may_save_it() {
    let slices = Definition {
        method: timeslices(),
        min_coverage_permille: Some(1_000),
        ..month()
    };
    // 2976 slices at 99 %: 29 may be bad, 30 may not.
    for (bad, state) in [(29, SloState::InsufficientData), (30, SloState::Violated)] {
        let begun = History::since(MARCH, slices.clone()).measured(bad, 1, 1);
        let found = begun.unmeasured(2).evaluate();
        assert_eq!(found.state, state, "{bad}");
    }
    // February has 2688: 26 may be bad.
    let february = at("2026-02-01T00:00").timestamp();
    let begun = History::since(february, slices).measured(27, 1, 1);
    assert_eq!(begun.unmeasured(2).evaluate().state, SloState::Violated);
}

/// T26: New York's day of 23 hours and that of 25, at every quarter of an hour of them.
#[test]
fn days_on_which_clocks_move_hold_as_many_slices_as_they_last() {
    for (start, slices) in [("2026-03-08T05:00", 92), ("2026-11-01T04:00", 100)] {
        let definition = by(CalendarUnit::Day, "America/New_York");
        let mut history =
            History::since(at(start).timestamp() - 7_200, definition).measured(8, 100, 100);
        for slice in 1..=slices {
            history.push(counted(0, 1));
            let found = history.evaluate();
            assert_eq!(found.window_start, at(start));
            assert_eq!(found.window.as_seconds(), slices * 900);
            assert_eq!(found.filled_seconds, slice * 900);
            let total = found
                .budget
                .expect("measured")
                .counts()
                .total();
            assert_eq!(
                total,
                Count::events(slice.into()).expect("small"),
                "{slice}"
            );
        }
        history.push(counted(0, 1));
        assert_eq!(
            history.evaluate().window_start,
            at(start) + chrono::TimeDelta::seconds(i64::from(slices) * 900)
        );
    }
}

/// Midnight in Kathmandu lies inside an hour, whose slices are fetched.
#[test]
fn a_window_that_begins_inside_an_hour_is_exact_to_the_slice() {
    let definition = by(CalendarUnit::Week, "Asia/Kathmandu");
    // Monday, 2 March, begins at 18:15 on Sunday.
    let before = History::since(MARCH, definition).measured(73, 100, 100);
    let found = before
        .measured(96 * 3, 0, 100)
        .evaluate();
    assert_eq!(found.window_start, at("2026-03-01T18:15"));
    assert_eq!(
        found.budget.expect("measured").counts(),
        crate::count::Counts::events(28_800, 28_800).expect("legal")
    );
}

/// A month in which an SLO begins is as full as the SLO is old, of its true length.
#[test]
fn filled_is_the_share_of_the_true_length_that_has_any_history() {
    let filled = |history: History| {
        let found = { history }.evaluate();
        (found.filled_seconds, found.window.as_seconds() / 86_400)
    };
    let march = || History::since(MARCH, month());
    assert_eq!(filled(days(march(), 10, 0)), (10 * 86_400, 31));
    assert_eq!(
        filled(days(march().unmeasured(96 * 5), 10, 0)),
        (10 * 86_400, 31)
    );
    let february = History::since(at("2026-01-20T00:00").timestamp(), month());
    assert_eq!(filled(days(february, 22, 0)), (10 * 86_400, 28));
}

/// Nothing leaves a month, and an end after it is none.
#[test]
fn a_months_budget_ends_before_the_month_or_not_at_all() {
    // 13 days of a hundred a slice with none bad, and three of three in a hundred: 1536 slices allow
    // 1536, 864 are gone, and each slice to come takes 2 of the 672 that are left.
    let burning = |good: usize| days(days(History::since(MARCH, month()), good, 0), 3, 3);
    let found = burning(13).evaluate();
    let left = 1_536 - 864;
    let end = found.as_of + chrono::TimeDelta::seconds(left / 2 * 900);
    let expected = Exhaustion::Projected {
        at: end,
        earliest: end,
        latest: Some(end),
    };
    assert_eq!(found.forecast.exhaustion(), expected);
    // In the last days of the month there is no time left for it.
    let late = burning(26).evaluate();
    assert_eq!(late.as_of, at("2026-03-30T00:00"));
    assert_eq!(
        late.forecast.exhaustion(),
        Exhaustion::NoneInSight { earliest: None }
    );
}

/// Thresholds do not move from month to month: rules are those of 30 days.
#[test]
fn rules_of_a_month_are_those_of_thirty_days_whatever_the_month() {
    let policy = |window| {
        let definition = Definition {
            window,
            target: "99.9".parse().expect("a target"),
            burn_policy: PolicyChoice::Default,
            ..definition()
        };
        definition.policy(&BurnThresholds::default(), None)
    };
    assert_eq!(
        policy(month().window),
        policy(Window::Rolling(Span::days(30)))
    );
}
