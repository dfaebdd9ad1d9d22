//! Levels use ≥, rules use >, a rule is long *and* short, and enough must be bad.

use proptest::prelude::*;

use super::*;

/// One verdict of the only rule.
fn verdict(mut history: History) -> RuleVerdict {
    history.evaluate().rules[0].verdict
}

/// `docs/mathematics.md` 9.1, pinned: at 99 % a burn of 2, 5 and 10 has reached its level, and the alert of
/// that factor has not fired (G6, G7).
#[test]
fn at_a_burn_of_exactly_the_factor_the_level_is_reached_and_the_rule_is_quiet() {
    for (factor, level, below) in [
        (2, BurnLevel::Warning, BurnLevel::None),
        (5, BurnLevel::Critical, BurnLevel::Warning),
        (10, BurnLevel::Emergency, BurnLevel::Critical),
    ] {
        let rules = [rule(level, factor, 60, 5)];
        let at = |bad: u64| {
            History::of(with_rules(&rules))
                .measured(60, bad, 1_000)
                .evaluate()
        };
        let exactly = at(10 * u64::from(factor));
        assert_eq!(
            (exactly.burn_level, exactly.rules[0].verdict),
            (level, RuleVerdict::Quiet)
        );
        assert_eq!(
            at(10 * u64::from(factor) + 1).rules[0].verdict,
            RuleVerdict::Firing
        );
        assert_eq!(at(10 * u64::from(factor) - 1).burn_level, below);
    }
}

/// `docs/mathematics.md` 2.1: 144 bad of 10 000 at 99.9 % burn 14.4 exactly; floats say 14.399999999999986.
#[test]
fn an_error_ratio_of_exactly_the_line_never_alerts() {
    let fourteen_four = BurnRule {
        factor: "14.4".parse().expect("a factor"),
        ..rule(BurnLevel::Emergency, 14, 60, 5)
    };
    let at = |bad| {
        let target = "99.9".parse().expect("a target");
        let definition = Definition {
            target,
            ..with_rules(&[fourteen_four])
        };
        verdict(History::of(definition).measured(60, bad, 10_000))
    };
    assert_eq!(
        (at(144), at(145)),
        (RuleVerdict::Quiet, RuleVerdict::Firing)
    );
}

/// G9, T5: a burn of 9.04 exceeds 9, though rounded to one decimal it does not.
#[test]
fn nothing_is_rounded_before_it_is_compared() {
    let history = History::of(with_rules(&[rule(BurnLevel::Critical, 9, 60, 5)]));
    assert_eq!(
        verdict(history.measured(60, 904, 10_000)),
        RuleVerdict::Firing
    );
    // 9.0001, 9 and 8.9999 times too fast.
    for (bad, expected) in [
        (90_001, RuleVerdict::Firing),
        (90_000, RuleVerdict::Quiet),
        (89_999, RuleVerdict::Quiet),
    ] {
        let history = History::of(with_rules(&[rule(BurnLevel::Critical, 9, 60, 5)]));
        assert_eq!(
            verdict(history.measured(60, bad, 1_000_000)),
            expected,
            "{bad}"
        );
    }
}

/// G12, T9: each window alone does not fire.
#[test]
fn a_rule_fires_only_when_both_windows_burn() {
    let history = || History::of(with_rules(&[rule(BurnLevel::Emergency, 10, 60, 5)]));
    let long_alone = history()
        .measured(55, 50, 100)
        .measured(5, 0, 100);
    assert_eq!(verdict(long_alone), RuleVerdict::Quiet);
    let short_alone = history()
        .measured(55, 0, 1_000)
        .measured(5, 20, 100);
    assert_eq!(verdict(short_alone), RuleVerdict::Quiet);
    assert_eq!(
        verdict(history().measured(60, 20, 100)),
        RuleVerdict::Firing
    );
}

/// `docs/mathematics.md` 10 and 9.2: one failure in ten requests of an hour burns 100 at 99.9 %, and is no
/// page.
#[test]
fn one_failed_request_of_ten_in_an_hour_is_no_page() {
    let bad = |bad: u64| {
        let target = "99.9".parse().expect("a target");
        let rules = [rule(BurnLevel::Emergency, 10, 60, 5)];
        let history = History::of(Definition {
            target,
            ..with_rules(&rules)
        });
        verdict(
            history
                .measured(59, 0, 0)
                .measured(1, bad, 10),
        )
    };
    assert_eq!(bad(1), RuleVerdict::TooFewBad);
    assert_eq!(bad(2), RuleVerdict::TooFewBad);
    assert_eq!(bad(3), RuleVerdict::Firing);
}

/// Of slices, three, or all of them where the window holds fewer.
#[test]
fn a_long_window_of_two_slices_asks_for_both() {
    let verdict = |long, bad| {
        let rules = [rule(BurnLevel::Emergency, 10, long, 2)];
        let definition = Definition {
            method: timeslices(),
            ..with_rules(&rules)
        };
        let history = History::of(definition).measured(50, 0, 1);
        verdict(history.measured(bad, 1, 1))
    };
    assert_eq!(verdict(2, 1), RuleVerdict::TooFewBad);
    assert_eq!(verdict(2, 2), RuleVerdict::Firing);
    assert_eq!(verdict(10, 2), RuleVerdict::TooFewBad);
    assert_eq!(verdict(10, 3), RuleVerdict::Firing);
}

/// `docs/mathematics.md` 7.1: burns 5, 200 and 0 make 2.5, not their mean of 68.33 (G1, T1).
#[test]
fn a_burn_is_weighted_by_traffic() {
    let target = "99.9".parse().expect("a target");
    let history = History::of(Definition {
        target,
        ..definition()
    })
    .measured(1, 5, 1_000);
    let budget = history
        .measured(1, 20, 100)
        .measured(1, 0, 8_900)
        .evaluate()
        .budget;
    assert_eq!(budget.expect("measured").burn_rate(), Some(2.5));
}

/// 1 bad of 1 and 0 of 999: the mean of ratios would be 50 %.
#[test]
fn sums_come_first_and_one_division_last() {
    let history = History::of(definition())
        .measured(1, 10, 10)
        .measured(1, 0, 990);
    let budget = history
        .evaluate_once()
        .budget
        .expect("measured");
    assert_eq!(budget.sli_percentage(), Some(99.0));
    assert!(budget.is_met());
}

impl History {
    fn evaluate_once(mut self) -> Evaluation {
        self.evaluate()
    }
}

#[test]
fn the_level_is_that_of_one_hour_or_of_a_shorter_window_of_its_own() {
    for (window, level) in [
        (Span::days(1), BurnLevel::Emergency),
        (Span::hours(1), BurnLevel::Emergency),
        (Span::minutes(30), BurnLevel::None),
    ] {
        let window = Window::Rolling(window);
        let history = History::of(Definition {
            window,
            ..definition()
        });
        let evaluation = history
            .measured(120, 0, 100)
            .measured(30, 30, 100)
            .measured(30, 0, 100)
            .evaluate();
        assert_eq!(evaluation.burn_level, level, "{window}");
    }
}

#[test]
fn reported_windows_ascend_and_end_with_the_slos_own() {
    for (window, slice, reported) in [
        (
            Span::days(30),
            SliceWidth::MINUTE,
            "5m 30m 1h 2h 6h 24h 3d 7d 30d",
        ),
        (
            Span::days(7),
            SliceWidth::MINUTE,
            "5m 30m 1h 2h 6h 24h 3d 7d",
        ),
        (Span::hours(1), SliceWidth::MINUTE, "5m 30m 1h"),
        (
            Span::days(1),
            SliceWidth::new(Span::minutes(15)).expect("a width"),
            "30m 1h 2h 6h 24h",
        ),
    ] {
        let window = Window::Rolling(window);
        let mut history = History::of(Definition {
            window,
            slice,
            ..definition()
        });
        let windows: Vec<String> = history
            .evaluate()
            .windows
            .iter()
            .map(|held| held.window.to_string())
            .collect();
        assert_eq!(windows.join(" "), reported);
    }
}

proptest! {
    /// L16, and sums are a group: the order of slices within a window does not matter.
    #[test]
    fn the_order_of_slices_within_the_windows_does_not_matter(
        mut slices in prop::collection::vec((0_u64..20, 0_u64..200), 60), turn in 0_usize..60
    ) {
        let rules = [rule(BurnLevel::Emergency, 5, 60, 60)];
        let evaluated = |slices: &[(u64, u64)]| {
            let mut history = History::of(with_rules(&rules));
            for (bad, good) in slices {
                history.push(counted(*bad, bad + good));
            }
            let evaluation = history.evaluate();
            (evaluation.state, evaluation.budget, evaluation.rules, evaluation.burn_level)
        };
        let before = evaluated(&slices);
        slices.rotate_left(turn);
        slices.reverse();
        prop_assert_eq!(evaluated(&slices), before);
    }

    /// L22: more bad events never quiet a rule, with the total unchanged.
    #[test]
    fn more_bad_events_never_quiet_a_rule(
        slices in prop::collection::vec((0_u64..20, 20_u64..200), 60), worse in 0_usize..60
    ) {
        let rules = [rule(BurnLevel::Emergency, 5, 60, 5)];
        let fires = |worse: Option<usize>| {
            let mut history = History::of(with_rules(&rules));
            for (n, (bad, total)) in slices.iter().enumerate() {
                history.push(counted(bad + u64::from(worse == Some(n)), total + 1));
            }
            history.evaluate().rules[0].verdict == RuleVerdict::Firing
        };
        prop_assert!(!fires(None) || fires(Some(worse)));
    }

    /// L4, L16: a scale of counts and a shift of time by whole hours change nothing.
    #[test]
    fn scale_and_time_of_day_change_nothing(
        slices in prop::collection::vec((0_u64..20, 0_u64..200), 60), scale in 1_u64..1_000, hours in 0_usize..30
    ) {
        let rules = [rule(BurnLevel::Emergency, 5, 30, 5)];
        let evaluated = |scale: u64, hours: usize| {
            let definition = Definition { min_bad: 0, ..with_rules(&rules) };
            let mut history = History::of(definition).unmeasured(60 * hours);
            for (bad, good) in &slices {
                history.push(counted(bad * scale, (bad + good) * scale));
            }
            let evaluation = history.evaluate();
            (evaluation.state, evaluation.rules[0].verdict, evaluation.burn_level, evaluation.coverage)
        };
        prop_assert_eq!(evaluated(scale, hours), evaluated(1, 0));
    }
}
