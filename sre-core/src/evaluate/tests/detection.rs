//! When a rule fires after the errors begin, and when it is quiet after they end: the discrete table
//! of `docs/mathematics.md` 8.1, by driving the ledger slice by slice.

use proptest::prelude::*;

use super::*;
use crate::detection::{ErrorRatio, Outage as Step};
use crate::target::{Factor, Target};

/// A service of 10 000 events a slice whose error ratio is so many per 10 000.
struct Outage {
    history: History,
}

/// Seconds from the first bad slice to the first evaluation that fires, and from the last bad one
/// to the first that is quiet.
type Times = (Option<i64>, Option<i64>);

impl Outage {
    fn of(target: &str, factor: &str, windows: (u32, u32), slice: SliceWidth) -> Self {
        let rule = BurnRule {
            level: BurnLevel::Emergency,
            factor: factor
                .parse::<Factor>()
                .expect("a factor"),
            long: Span::minutes(windows.0),
            short: Span::minutes(windows.1),
            min_share: None,
        };
        Self::seen_by(rule, target.parse().expect("a target"), slice)
    }

    fn seen_by(rule: BurnRule, target: Target, slice: SliceWidth) -> Self {
        let definition = Definition {
            target,
            window: Window::Rolling(Span::days(30)),
            slice,
            ..with_rules(&[rule])
        };
        Self {
            history: History::of(definition),
        }
    }

    /// One more slice; whether the rule fires after it.
    fn step(&mut self, bad: u64) -> bool {
        self.history.push(counted(bad, 10_000));
        self.history.evaluate().rules[0].verdict == RuleVerdict::Firing
    }

    /// A long window of `before`, then `during` until the rule has fired and a quarter of the long
    /// window more, then `before` again.
    fn times(mut self, before: u64, during: u64, long_minutes: i64) -> Times {
        let seconds = self
            .history
            .definition
            .slice
            .span()
            .as_secs_i64();
        let long = long_minutes * 60 / seconds;
        for _ in 0..=long {
            assert!(!self.step(before), "quiet before the outage");
        }
        let fires = (1..=long + 2)
            .find(|_| self.step(during))
            .map(|steps| steps * seconds);
        if fires.is_none() {
            return (None, None);
        }
        for _ in 0..long {
            self.step(during);
        }
        let resets = (1..=long + 2)
            .find(|_| !self.step(before))
            .map(|steps| steps * seconds);
        (fires, resets)
    }
}

const TEN: SliceWidth = SliceWidth::TEN_SECONDS;

/// The table, at 99.9 % and in steps of 10 s.
#[test]
fn detection_and_reset_equal_the_published_table_in_steps_of_ten_seconds() {
    for (before, during, fires, resets) in [
        (0, 10_000, Some(60), Some(300)),
        (0, 1_000, Some(520), Some(260)),
        (0, 200, Some(2_600), Some(90)),
        (0, 100, None, None),
        (20, 500, Some(940), Some(230)),
    ] {
        let outage = Outage::of("99.9", "14.4", (60, 5), TEN);
        assert_eq!(
            outage.times(before, during, 60),
            (fires, resets),
            "14.4 at {during}"
        );
    }
    for (before, during, fires, resets) in [
        (0, 10_000, Some(130), Some(1_790)),
        (0, 1_000, Some(1_300), Some(1_700)),
        (0, 200, Some(6_490), Some(1_260)),
        (0, 100, Some(12_970), Some(720)),
        (20, 500, Some(1_810), Some(1_650)),
    ] {
        let outage = Outage::of("99.9", "6", (360, 30), TEN);
        assert_eq!(
            outage.times(before, during, 360),
            (fires, resets),
            "6 at {during}"
        );
    }
}

/// `docs/mathematics.md` 9.2 with slices of a minute: fires at `(floor(T/d) + 1) × d`, resets at
/// `ceil(R/d) × d`.
#[test]
fn detection_and_reset_of_the_default_rules_in_steps_of_a_minute() {
    for (target, factor, windows, during, fires, resets) in [
        // T = 36 s, R = 297 s.
        ("99.9", "10", (60, 5), 10_000, 60, 300),
        // T = 108 s, R = 29.85 min.
        ("99.9", "5", (360, 30), 10_000, 120, 1_800),
        // T = 6 min exactly, and strict: one slice later. R = 270 s.
        ("99", "10", (60, 5), 10_000, 420, 300),
        // T = 18 min exactly; R = 28.5 min.
        ("99", "5", (360, 30), 10_000, 1_140, 1_740),
        // 20 % at 99 %: T = 30 min exactly, R = 150 s.
        ("99", "10", (60, 5), 2_000, 1_860, 180),
    ] {
        let long = i64::from(windows.0);
        let outage = Outage::of(target, factor, windows, SliceWidth::MINUTE);
        let times = outage.times(0, during, long);
        assert_eq!(
            times,
            (Some(fires), Some(resets)),
            "{target} {factor} {during}"
        );
    }
}

/// L17: detection falls in the error ratio and grows in factor and window.
#[test]
fn a_graver_outage_is_seen_no_later() {
    let fires = |factor: &str, long: u32, during| {
        let outage = Outage::of("99.9", factor, (long, 5), SliceWidth::MINUTE);
        outage
            .times(0, during, i64::from(long))
            .0
            .expect("fires")
    };
    let by_ratio: Vec<i64> = [200, 500, 1_000, 5_000]
        .map(|during| fires("10", 60, during))
        .into();
    assert!(by_ratio.is_sorted_by(|a, b| a >= b), "{by_ratio:?}");
    let by_factor: Vec<i64> = ["2", "5", "10"]
        .map(|factor| fires(factor, 60, 500))
        .into();
    assert!(by_factor.is_sorted(), "{by_factor:?}");
    let by_window: Vec<i64> = [30, 60, 120]
        .map(|long| fires("10", long, 500))
        .into();
    assert!(by_window.is_sorted(), "{by_window:?}");
}

/// `docs/mathematics.md` 9.2, blind spot: a steady burn of 1.5 fires no rule and is seen by the budget.
#[test]
fn a_slow_steady_burn_that_no_rule_sees_is_seen_by_the_budget() {
    let window = Window::Rolling(Span::days(2));
    let burn_policy = PolicyChoice::Default;
    let mut history = History::of(Definition {
        window,
        burn_policy,
        ..definition()
    });
    let mut verdicts = Vec::new();
    for _ in 0..2_880 {
        history.push(counted(15, 1_000));
        let evaluation = history.evaluate();
        assert!(
            evaluation
                .rules
                .iter()
                .all(|rule| rule.verdict != RuleVerdict::Firing)
        );
        if verdicts.last() != Some(&evaluation.budget_verdict) {
            verdicts.push(evaluation.budget_verdict);
        }
    }
    assert_eq!(verdicts, [BudgetVerdict::Fine, BudgetVerdict::Missed]);
}

/// When the closed form says that a rule fires and is quiet again, in steps. What has to be exceeded
/// fires at the step above; a share has only to be reached.
fn foretold(rule: &BurnRule, target: Target, step: Step) -> Times {
    let line = rule.line(target, Span::days(30));
    let minute = Span::minutes(1);
    let (fires, resets) = (
        step.crosses(&line, rule.long),
        step.clears(&line, rule.short),
    );
    let seconds = |held: u64| i64::try_from(held.max(60)).expect("days");
    if line.is_strict() {
        (
            fires.map(|held| seconds(held.step_above(minute))),
            resets.map(|held| seconds(held.step_reached(minute))),
        )
    } else {
        (
            fires.map(|held| seconds(held.step_reached(minute))),
            resets.map(|held| seconds(held.step_above(minute))),
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// L17 to L20 are laws of the closed form; here it is held against the evaluator, slice by slice.
    #[test]
    fn the_evaluator_fires_and_resets_when_the_closed_form_says(
        tenths in 10_u32..300, budget in 1_u32..500, long in 2_u32..40, part in 1_u32..=100,
        baseline in 0_u32..60, rise in 1_u32..10_000, share in prop::option::of(1_u32..20_000),
    ) {
        // Ratios in ten-thousandths, so that a slice of ten thousand events holds them exactly.
        let target = Target::from_budget_ppb(budget * 100_000).expect("legal");
        let rule = BurnRule {
            level: BurnLevel::Emergency,
            factor: Factor::whole(tenths).scaled(1, 10).expect("fits"),
            long: Span::minutes(long),
            short: Span::minutes((long * part).div_ceil(100).max(2)),
            min_share: share.map(|share| format!("0.{share:06}").parse().expect("a share")),
        };
        let during = (baseline + rise).min(10_000);
        let ratio = |n: u32| ErrorRatio::from_ppb(n * 100_000);
        let step = Step { baseline: ratio(baseline), error_ratio: ratio(during) };
        let line = rule.line(target, Span::days(30));
        prop_assume!(!line.is_unreachable() && line.as_f64() * 10_000.0 > f64::from(baseline) + 0.01);
        // With fewer than three bad events a guard waits.
        prop_assume!(during >= 3);
        let found = Outage::seen_by(rule, target, SliceWidth::MINUTE)
            .times(u64::from(baseline), u64::from(during), i64::from(long));
        prop_assert_eq!(found, foretold(&rule, target, step));
    }
}
