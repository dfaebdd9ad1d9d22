//! SLOs whose slices are counted in shares: whatever is compared with a number of slices, and whatever
//! is shown, is in slices.

use super::*;
use crate::evaluation::BudgetVerdict;

fn shares() -> Definition {
    Definition {
        method: BudgetingMethod::RatioTimeslices,
        ..definition()
    }
}

/// A history whose slices are judged as they are folded.
fn judged(definition: Definition, slices: &[(usize, u64, u64)]) -> History {
    let method = definition.method;
    let mut history = History::of(definition);
    for (times, bad, total) in slices {
        for _ in 0..*times {
            history.push(method.judge(counted(*bad, *total)));
        }
    }
    history
}

#[test]
fn what_is_shown_is_in_slices() {
    let mut history = judged(shares(), &[(59, 0, 1_000), (1, 1, 4)]);
    let found = history.evaluate();
    let budget = found.budget.expect("measured");
    assert_eq!(budget.shown().bad().to_string(), "0.25");
    assert_eq!(budget.shown().total(), Count::events(60).expect("fits"));
    let shown = (budget.allowed(), budget.consumed(), budget.remaining());
    assert_eq!(shown, (0.6, 0.25, 0.35));
    let own = found.windows.last().expect("its own");
    assert_eq!(own.shown(), budget.shown());
}

/// 0.6 of 60 slices may be bad: with 0.7 of one that is lost, though 59 are still unknown, with
/// 0.6 it is not.
#[test]
fn a_target_is_lost_at_best_by_the_share_that_was_bad() {
    let state = |bad| {
        let history = judged(shares(), &[(1, bad, 10)]).unmeasured(29);
        found(history).0
    };
    assert_eq!(state(7), SloState::Violated);
    assert_eq!(state(6), SloState::InsufficientData);
}

/// `min_events` counts slices with an event, as it does under timeslices.
#[test]
fn the_least_number_of_events_is_a_number_of_slices() {
    let state = |min_events| {
        let definition = Definition {
            min_events,
            ..shares()
        };
        found(judged(definition, &[(60, 0, 1_000_000)]))
    };
    assert_eq!(state(60), (SloState::Met, None));
    assert_eq!(
        state(61),
        (SloState::InsufficientData, Some(InsufficientReason::Events))
    );
}

/// `min_bad` asks for slices that were bad at all: a steady twenty-fifth of each pages, and two slices
/// that were bad altogether do not.
#[test]
fn the_least_that_must_be_bad_is_a_number_of_slices_that_were_bad_at_all() {
    let verdict = |min_bad, long, slices: &[(usize, u64, u64)]| {
        let rules = [rule(BurnLevel::Emergency, 5, long, 15)];
        let definition = Definition {
            method: BudgetingMethod::RatioTimeslices,
            slice: SliceWidth::new(Span::minutes(5)).expect("a width"),
            window: Window::Rolling(Span::days(30)),
            target: "99.9".parse().expect("a target"),
            min_bad,
            ..with_rules(&rules)
        };
        let mut history = judged(definition, slices);
        history.evaluate().rules[0].verdict
    };
    assert_eq!(
        verdict(3, 60, &[(12, 4, 100)]),
        RuleVerdict::Firing,
        "a steady share"
    );
    assert_eq!(
        verdict(3, 60, &[(10, 0, 100), (2, 100, 100)]),
        RuleVerdict::TooFewBad
    );
    assert_eq!(
        verdict(2, 60, &[(10, 0, 100), (2, 100, 100)]),
        RuleVerdict::Firing
    );
    assert_eq!(
        verdict(12, 60, &[(1, 0, 100), (11, 4, 100)]),
        RuleVerdict::TooFewBad
    );
    assert_eq!(
        verdict(100, 60, &[(12, 4, 100)]),
        RuleVerdict::Firing,
        "all that it holds"
    );
    // Beyond the hours that are held slice by slice as well.
    let day = 1_440;
    assert_eq!(
        verdict(3, day, &[(285, 0, 100), (3, 100, 100)]),
        RuleVerdict::Firing
    );
    assert_eq!(
        verdict(3, day, &[(286, 0, 100), (2, 100, 100)]),
        RuleVerdict::TooFewBad
    );
    assert_eq!(
        verdict(10, day, &[(278, 0, 100), (10, 15, 100)]),
        RuleVerdict::Firing
    );
}

/// Under equal traffic whose shares are exact, everything but the counts is what it is of occurrences.
#[test]
fn under_equal_traffic_shares_decide_as_occurrences_do() {
    let month = |method| Definition {
        method,
        window: Window::Rolling(Span::days(1)),
        min_bad: 1,
        ..definition()
    };
    for bad in [0, 1, 4, 8, 20, 400] {
        let slices = [(1_380, 2, 1_000), (60, bad, 1_000)];
        let events = judged(month(BudgetingMethod::Occurrences), &slices).evaluate();
        let shares = judged(month(BudgetingMethod::RatioTimeslices), &slices).evaluate();
        assert_eq!(shares.forecast, events.forecast, "{bad}");
        assert_eq!(
            (shares.state, shares.budget_verdict, shares.burn_level),
            (events.state, events.budget_verdict, events.burn_level),
            "{bad}"
        );
        let left = |found: &Evaluation| {
            found
                .budget
                .and_then(crate::budget::ErrorBudget::remaining_percentage)
        };
        assert_eq!(left(&shares), left(&events), "{bad}");
    }
    let missed = judged(month(BudgetingMethod::RatioTimeslices), &[(1_440, 1, 50)]).evaluate();
    assert_eq!(missed.budget_verdict, BudgetVerdict::Missed);
}

/// What was stored before there were shares is read as it was meant, and shares come back as such.
#[cfg(feature = "serde")]
#[test]
fn windows_and_budgets_are_read_back_in_their_grain() {
    let mut history = judged(shares(), &[(59, 0, 7), (1, 1, 3)]);
    let found = history.evaluate();
    let text = serde_json::to_string(&found).expect("serializes");
    assert_eq!(
        serde_json::from_str::<Evaluation>(&text).expect("reads"),
        found
    );
    let old: crate::evaluation::WindowCounts =
        serde_json::from_str("[3600,1000000,2000000,58,60]").expect("reads");
    assert_eq!(old.shown(), old.counts);
    let budget: crate::budget::ErrorBudget =
        serde_json::from_str(r#"{"counts":{"bad":1,"total":2},"target":"99.9"}"#).expect("reads");
    assert_eq!(budget.shown(), budget.counts());
}
