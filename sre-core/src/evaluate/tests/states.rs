//! The one order in which states are decided, each boundary from both sides.

use super::*;
use crate::evaluation::InsufficientReason::{Coverage as TooLittle, Events, NoTraffic, Stale};
use crate::evaluation::SloState::{AtRisk, InsufficientData, Met, NoData, Violated, Waiting};

fn insufficient(reason: InsufficientReason) -> (SloState, Option<InsufficientReason>) {
    (InsufficientData, Some(reason))
}

/// An hour whose slices count, 90 % of them to be good: six may be bad.
fn slices_of_an_hour() -> History {
    let target = "90".parse().expect("a target");
    History::of(Definition {
        method: timeslices(),
        target,
        ..definition()
    })
}

#[test]
fn what_was_never_measured_waits_however_long() {
    assert_eq!(found(History::of(definition())), (Waiting, None));
    let mut history = History::of(definition()).unmeasured(600);
    let evaluation = history.evaluate();
    assert_eq!((evaluation.state, evaluation.is_stale), (Waiting, false));
    assert_eq!((evaluation.budget, evaluation.filled_seconds), (None, 0));
    assert!(
        !evaluation.coverage.reaches(0),
        "coverage of nothing expected is none"
    );
}

#[test]
fn a_window_in_which_nothing_was_measured_has_no_data_and_no_value() {
    let mut history = History::of(definition())
        .measured(10, 0, 10)
        .unmeasured(60);
    let evaluation = history.evaluate();
    assert_eq!((evaluation.state, evaluation.reason), (NoData, None));
    assert_eq!(evaluation.budget, None);
    assert!(evaluation.is_stale);
    assert_eq!(evaluation.budget_verdict, BudgetVerdict::Fine);
    let one_left = History::of(definition())
        .measured(10, 0, 10)
        .unmeasured(59);
    assert_eq!(found(one_left), insufficient(Stale));
}

#[test]
fn slices_that_are_lost_at_best_violate_whatever_else_is_unknown() {
    // Seven bad of sixty miss 90 % even if all others are good; six do not.
    for (bad, expected) in [(7, (Violated, None)), (6, insufficient(Stale))] {
        assert_eq!(
            found(
                slices_of_an_hour()
                    .measured(bad, 1, 1)
                    .unmeasured(20)
            ),
            expected,
            "{bad}"
        );
    }
    let uncovered = slices_of_an_hour()
        .measured(7, 1, 1)
        .unmeasured(10)
        .measured(3, 0, 1);
    assert_eq!(found(uncovered), (Violated, None));
}

#[test]
fn events_are_never_lost_at_best_for_nobody_knows_how_many_are_missing() {
    let history = History::of(definition())
        .measured(30, 10, 10)
        .unmeasured(20);
    assert_eq!(found(history), insufficient(Stale));
}

#[test]
fn three_expected_intervals_of_silence_are_stale_and_one_second_less_is_not() {
    let silent = |slices| {
        found(
            History::of(definition())
                .measured(30, 0, 10)
                .unmeasured(slices),
        )
    };
    assert_eq!(silent(2), (Met, None));
    assert_eq!(silent(3), insufficient(Stale));
}

#[test]
fn the_declared_interval_decides_what_is_stale_before_anything_is_learned() {
    let expected_interval = Some(Span::minutes(5));
    let declared = Definition {
        expected_interval,
        ..definition()
    };
    let silent = |slices| {
        let mut history = History::of(declared.clone())
            .measured(1, 0, 10)
            .unmeasured(slices);
        history.evaluate().is_stale
    };
    assert!(!silent(14));
    assert!(silent(15));
    // Nothing is stale before two gaps are known.
    let mut unknown = History::of(definition())
        .measured(2, 0, 10)
        .unmeasured(50);
    assert!(!unknown.evaluate().is_stale);
}

/// Four of five slices: 48 of 60, which is 80 % exactly.
#[test]
fn coverage_of_eighty_per_cent_exactly_is_enough() {
    let mut covered = History::of(definition());
    for _ in 0..12 {
        covered = covered.measured(4, 0, 10).unmeasured(1);
    }
    assert_eq!(found(covered), (Met, None));
    let mut uncovered = History::of(definition());
    for _ in 0..11 {
        uncovered = uncovered
            .measured(4, 0, 10)
            .unmeasured(1);
    }
    assert_eq!(
        found(
            uncovered
                .measured(3, 0, 10)
                .unmeasured(2)
        ),
        insufficient(TooLittle)
    );
}

#[test]
fn an_slo_may_ask_for_more_or_less_coverage_than_the_installation() {
    for (permille, expected) in [(500, (Met, None)), (501, insufficient(TooLittle))] {
        let min_coverage_permille = Some(permille);
        let mut history = History::of(Definition {
            min_coverage_permille,
            ..definition()
        });
        for _ in 0..15 {
            history = history.measured(2, 0, 10).unmeasured(2);
        }
        assert_eq!(found(history), expected, "{permille}");
    }
}

#[test]
fn stale_comes_before_coverage_and_coverage_before_events() {
    let demanding = Definition {
        min_events: 1_000_000,
        ..definition()
    };
    let stale = History::of(demanding.clone())
        .measured(10, 0, 1)
        .unmeasured(30);
    assert_eq!(found(stale), insufficient(Stale));
    let uncovered = History::of(demanding.clone())
        .measured(10, 0, 1)
        .unmeasured(30)
        .measured(1, 0, 1);
    assert_eq!(found(uncovered), insufficient(TooLittle));
    assert_eq!(
        found(History::of(demanding).measured(60, 0, 1)),
        insufficient(Events)
    );
}

#[test]
fn as_many_events_as_asked_for_are_enough() {
    let at_least = |min_events| {
        found(
            History::of(Definition {
                min_events,
                ..definition()
            })
            .measured(60, 0, 10),
        )
    };
    assert_eq!(at_least(600), (Met, None));
    assert_eq!(at_least(601), insufficient(Events));
}

/// G8: no traffic gives no value, never 100 %.
#[test]
fn a_window_without_an_event_is_measured_and_has_no_value() {
    let mut history = History::of(definition()).measured(60, 0, 0);
    let evaluation = history.evaluate();
    assert_eq!(
        (evaluation.state, evaluation.reason),
        insufficient(NoTraffic)
    );
    let budget = evaluation.budget.expect("measured");
    assert_eq!((budget.sli_percentage(), budget.burn_rate()), (None, None));
    assert_eq!(budget.remaining_percentage(), None);
    assert_eq!(evaluation.budget_verdict, BudgetVerdict::Fine);
    assert_eq!(evaluation.burn_level, BurnLevel::None);
}

/// 99 % of 6000 events: 60 may be bad.
#[test]
fn the_budget_decides_between_met_at_risk_and_violated_exactly() {
    for (bad, state, verdict) in [
        (0, Met, BudgetVerdict::Fine),
        (54, Met, BudgetVerdict::Fine),
        (55, AtRisk, BudgetVerdict::AtRisk),
        (60, AtRisk, BudgetVerdict::AtRisk),
        (61, Violated, BudgetVerdict::Missed),
        (6_000, Violated, BudgetVerdict::Missed),
    ] {
        let (each, rest) = (bad / 60, bad % 60);
        let mut history = History::of(definition());
        for minute in 0..60 {
            history.push(counted(each + u64::from(minute < rest), 100));
        }
        let evaluation = history.evaluate();
        assert_eq!(
            (evaluation.state, evaluation.budget_verdict),
            (state, verdict),
            "{bad}"
        );
        assert_eq!(evaluation.reason, None);
    }
}

/// Published pairs at which floats err (`docs/mathematics.md` 7 and 2.1): exactly on budget is met.
#[test]
fn data_exactly_on_budget_is_met_under_every_target() {
    for (target, bad, total) in [
        ("99.9", 1, 1_000),
        ("90", 10, 100),
        ("70", 30, 100),
        ("99.99", 3, 30_000),
        ("93", 7, 100),
    ] {
        let state = |bad| {
            let target = target.parse().expect("a target");
            let history = History::of(Definition {
                target,
                ..definition()
            })
            .measured(59, 0, 0);
            found(history.measured(1, bad, total)).0
        };
        assert_eq!(state(bad), AtRisk, "{target}");
        assert_eq!(state(bad + 1), Violated, "{target}");
    }
}

#[test]
fn a_rule_that_fires_puts_a_met_target_at_risk() {
    // Three bad in the last five minutes of an hour of 6000: half of the 60 is left.
    let rules = [rule(BurnLevel::Emergency, 5, 5, 2)];
    let mut history = History::of(with_rules(&rules))
        .measured(58, 0, 100)
        .measured(2, 14, 100);
    let evaluation = history.evaluate();
    assert_eq!(
        (evaluation.state, evaluation.budget_verdict),
        (AtRisk, BudgetVerdict::Fine)
    );
}

#[test]
fn one_rule_that_fires_among_quiet_ones_is_enough() {
    let quiet = rule(BurnLevel::Warning, 90, 30, 5);
    let firing = rule(BurnLevel::Emergency, 5, 5, 2);
    for rules in [[firing, quiet], [quiet, firing]] {
        let mut history = History::of(with_rules(&rules))
            .measured(58, 0, 100)
            .measured(2, 14, 100);
        assert_eq!(history.evaluate().state, AtRisk);
    }
}

/// The own window has a place beside all of the reported ones, however many of them it outlasts.
#[test]
fn trouble_older_than_every_reported_window_counts_in_the_own_one() {
    let definition = Definition {
        window: Window::Rolling(Span::days(30)),
        slice: SliceWidth::new(Span::minutes(15)).expect("a width"),
        ..definition()
    };
    let evaluation = History::of(definition)
        .measured(96, 1, 100)
        .measured(8 * 96, 0, 100)
        .evaluate();
    let budget = evaluation
        .budget
        .expect("something was measured");
    assert_eq!(budget.consumed().to_string(), "96");
}
