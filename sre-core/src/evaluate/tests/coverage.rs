//! Coverage comes from the grid, each window has its own, and a young window says how young it is.

use super::*;

/// The SLO of a day that is pushed every five minutes.
fn pushed_every_five_minutes(slices: usize) -> History {
    let window = Window::Rolling(Span::days(1));
    let mut history = History::of(Definition {
        window,
        ..definition()
    });
    for slice in 0..slices {
        history.push(if slice % 5 == 0 {
            counted(0, 10)
        } else {
            Slice::Unmeasured
        });
    }
    history
}

/// A five-minute pusher has coverage 1, in every window and at every phase.
#[test]
fn a_five_minute_pusher_has_coverage_one() {
    for slices in 1_436..1_446 {
        let evaluation = pushed_every_five_minutes(slices).evaluate();
        assert_eq!(evaluation.state, SloState::Met, "{slices}");
        for held in &evaluation.windows {
            assert!(held.coverage.reaches(1_000), "{slices} {held:?}");
        }
    }
}

#[test]
fn a_first_slice_covers_what_is_known() {
    for unmeasured in 0..3 {
        let evaluation = History::of(definition())
            .measured(1, 0, 10)
            .unmeasured(unmeasured)
            .evaluate();
        assert_eq!(evaluation.coverage.measured, 1);
        assert_eq!(
            evaluation.coverage.expected,
            1 + u32::try_from(unmeasured).expect("small")
        );
    }
}

/// T10: unmeasured time does not look healthy, whatever the results say.
#[test]
fn coverage_is_counted_on_the_grid_and_not_on_the_results() {
    let history = History::of(definition())
        .measured(20, 0, 10)
        .unmeasured(20)
        .measured(20, 0, 10);
    let mut history = history;
    let coverage = history.evaluate().coverage;
    assert_eq!((coverage.measured, coverage.expected), (40, 60));
}

/// `docs/mathematics.md` 5.3: a well-covered long window does not vouch for a hole in the short one.
#[test]
fn a_hole_in_the_short_window_holds_its_rule_and_no_other() {
    let rules = [
        rule(BurnLevel::Emergency, 10, 30, 5),
        rule(BurnLevel::Critical, 10, 60, 30),
    ];
    let history = History::of(with_rules(&rules))
        .measured(58, 50, 100)
        .unmeasured(2);
    let mut history = history;
    let evaluation = history.evaluate();
    let verdicts: Vec<_> = evaluation
        .rules
        .iter()
        .map(|outcome| outcome.verdict)
        .collect();
    assert_eq!(verdicts, [RuleVerdict::Held, RuleVerdict::Firing]);
    assert_eq!(
        evaluation.rules[0]
            .short
            .coverage
            .measured,
        3
    );
    assert_eq!(evaluation.state, SloState::Violated);
}

#[test]
fn a_hole_in_the_long_window_holds_its_rule_too() {
    let rules = [rule(BurnLevel::Emergency, 10, 60, 5)];
    let history = History::of(with_rules(&rules))
        .measured(10, 0, 100)
        .unmeasured(20);
    let evaluation = history.measured(30, 50, 100).evaluate();
    assert_eq!(evaluation.rules[0].verdict, RuleVerdict::Held);
    assert!(
        evaluation.rules[0]
            .short
            .coverage
            .reaches(1_000)
    );
}

/// After a silence the page need not wait until its long window has filled again.
#[test]
fn a_clean_short_window_ends_a_rule_whatever_hole_the_long_one_has() {
    let rules = [rule(BurnLevel::Emergency, 10, 60, 5)];
    let history = History::of(with_rules(&rules))
        .measured(30, 50, 100)
        .unmeasured(25);
    let evaluation = history.measured(5, 0, 100).evaluate();
    assert_eq!(evaluation.rules[0].verdict, RuleVerdict::Quiet);
}

#[test]
fn a_rule_is_held_until_there_is_history_for_its_short_window() {
    let rules = [rule(BurnLevel::Emergency, 10, 60, 5)];
    let verdict = |slices| {
        let mut history = History::of(with_rules(&rules)).measured(slices, 10, 10);
        history.evaluate().rules[0].verdict
    };
    assert_eq!(verdict(4), RuleVerdict::Held);
    assert_eq!(verdict(5), RuleVerdict::Firing);
}

#[test]
fn a_window_is_as_full_as_the_slo_is_old() {
    let filled = |slices| {
        History::of(definition())
            .measured(slices, 0, 1)
            .evaluate()
            .filled_seconds
    };
    assert_eq!(
        [filled(0), filled(1), filled(59), filled(60), filled(61)],
        [0, 60, 3_540, 3_600, 3_600]
    );
    let late_start = History::of(definition())
        .unmeasured(30)
        .measured(10, 0, 1)
        .evaluate();
    assert_eq!(late_start.filled_seconds, 600);
}

/// While less than a quarter of the window has any history, tickets are judged by the allowance
/// projected to the whole of it. 99 % of 100 a minute over an hour: 60 may be bad.
#[test]
fn a_young_window_is_judged_by_the_allowance_it_will_have() {
    for (slices, bad, state, verdict) in [
        // 14 minutes: 14 may be bad so far, 60 in the end.
        (14, 15, SloState::Violated, BudgetVerdict::Fine),
        (14, 54, SloState::Violated, BudgetVerdict::Fine),
        (14, 55, SloState::Violated, BudgetVerdict::AtRisk),
        (14, 60, SloState::Violated, BudgetVerdict::AtRisk),
        (14, 61, SloState::Violated, BudgetVerdict::Missed),
        // 15 minutes are a quarter: what is measured counts.
        (15, 15, SloState::AtRisk, BudgetVerdict::AtRisk),
        (15, 16, SloState::Violated, BudgetVerdict::Missed),
    ] {
        let history = History::of(definition()).measured(slices - 1, 0, 100);
        let evaluation = history.measured(1, bad, 100).evaluate();
        assert_eq!(
            (evaluation.state, evaluation.budget_verdict),
            (state, verdict),
            "{slices} {bad}"
        );
    }
}

#[test]
fn what_is_not_judged_says_nothing_of_the_budget() {
    let stale = History::of(definition())
        .measured(30, 100, 100)
        .unmeasured(5)
        .evaluate();
    assert_eq!(stale.state, SloState::InsufficientData);
    assert_eq!(stale.budget_verdict, BudgetVerdict::Fine);
    assert!(stale.budget.is_some(), "the value is shown, with a flag");
}

#[test]
fn time_in_which_nobody_watched_is_not_silence() {
    let mut history = History::of(definition())
        .measured(30, 0, 10)
        .unmeasured(10);
    history.progress.watching_since = Some(history.end() - chrono::TimeDelta::seconds(60));
    assert!(!history.evaluate().is_stale);
    let mut history = history.unmeasured(2);
    assert!(history.evaluate().is_stale);
}
