use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::policy::{BurnLevel, BurnRule};
use crate::target::Target;
use crate::time::Span;

fn line(factor: &str, target: &str) -> Line {
    let factor = factor.parse().expect(factor);
    let rule = BurnRule::new(
        BurnLevel::Emergency,
        factor,
        Span::hours(1),
        Span::minutes(5),
    );
    let target: Target = target.parse().expect(target);
    rule.line(target, Span::days(30))
}

fn level(text: &str) -> SignificanceLevel {
    text.parse().expect(text)
}

/// `docs/mathematics.md` 10.2: θ = 1.44 %, α = 10⁻⁴.
#[test]
fn the_gate_is_the_published_one() {
    let line = line("14.4", "99.9");
    for (events, bad) in [
        (1, 2),
        (10, 4),
        (50, 6),
        (70, 7),
        (100, 9),
        (200, 12),
        (500, 20),
        (1_000, 31),
        (10_000, 191),
        (100_000, 1_583),
    ] {
        // One event cannot show two bad ones: the gate stays shut.
        let needed = (bad <= events).then_some(bad);
        assert_eq!(
            level("0.0001").bad_needed(events, &line),
            needed,
            "{events}"
        );
    }
}

/// The smallest count whose exact tail is at most `level × (1 − slack)`, in integers of any size.
fn exactly(level: SignificanceLevel, events: u32, line: &Line, slack: u64) -> Option<u64> {
    let (bad, all) = (
        BigUint::from(line.numerator()),
        BigUint::from(line.denominator()),
    );
    let good = &all - &bad;
    let parts = BigUint::from(1_000_000_000_000_u64);
    let allowed = all.pow(events) * level.ppb() * (&parts - slack);
    let (mut tail, mut choose, mut needed) = (BigUint::ZERO, BigUint::from(1_u32), None);
    for k in (0..=events).rev() {
        tail += &choose * bad.pow(k) * good.pow(events - k);
        if &tail * 1_000_000_000_u64 * &parts > allowed {
            break;
        }
        needed = Some(u64::from(k));
        choose = choose * k / (events - k + 1);
    }
    needed
}

fn any_line() -> impl Strategy<Value = Line> {
    (1_u32..2_000, 1_u32..500_000_000).prop_filter_map("a line within reach", |(tenths, budget)| {
        let factor = crate::target::Factor::whole(tenths).scaled(1, 10)?;
        let target = Target::from_budget_ppb(budget)?;
        let rule = BurnRule::new(
            BurnLevel::Critical,
            factor,
            Span::hours(6),
            Span::minutes(30),
        );
        let line = rule.line(target, Span::days(30));
        (!line.is_unreachable()).then_some(line)
    })
}

proptest! {
    /// Never below the exact gate, and above it only where the tail misses the level by less than one
    /// part in 10¹².
    #[test]
    fn the_gate_is_that_of_rational_arithmetic(
        line in any_line(), events in 0_u32..60, ppb in 1..=TENTH,
    ) {
        let level = SignificanceLevel(ppb);
        let found = level.bad_needed(u64::from(events), &line).unwrap_or(u64::MAX);
        let strict = exactly(level, events, &line, 0).unwrap_or(u64::MAX);
        let slack = exactly(level, events, &line, 1).unwrap_or(u64::MAX);
        prop_assert!(strict <= found && found <= slack, "{strict} {found} {slack}");
    }

    /// No overflow and an answer for any number of events; it lies above the line and within them.
    #[test]
    fn the_gate_lies_above_the_line(line in any_line(), events: u64, ppb in 1..=TENTH) {
        if let Some(needed) = SignificanceLevel(ppb).bad_needed(events, &line) {
            prop_assert!(needed <= events);
            let (needed, events) = (BigUint::from(needed), BigUint::from(events));
            prop_assert!(needed * line.denominator() > events * line.numerator());
        }
    }

    #[test]
    fn a_stricter_level_never_opens_sooner(
        line in any_line(), events in 0_u64..200_000, loose in 2..=TENTH, part in 1_u32..1_000,
    ) {
        let needed = |ppb| {
            let needed = SignificanceLevel(ppb).bad_needed(events, &line);
            needed.unwrap_or(u64::MAX)
        };
        prop_assert!(needed((loose / part).max(1)) >= needed(loose));
    }

    #[test]
    fn more_events_never_need_fewer_bad_ones(
        line in any_line(), events in 0_u64..50_000, more in 1_u64..100,
    ) {
        let needed = |events| level("0.0001").bad_needed(events, &line);
        if let (Some(fewer), Some(more)) = (needed(events), needed(events + more)) {
            prop_assert!(fewer <= more);
        }
    }
}

/// Where summing would take long the inequality is no lower than the sum, and hardly higher.
#[test]
fn the_inequality_takes_over_where_it_hardly_costs_anything() {
    for (factor, target) in [("14.4", "99.9"), ("2", "99"), ("10", "95"), ("6", "99.99")] {
        let (line, level) = (line(factor, target), level("0.0001"));
        let summed = level
            .by_summing(SUMMED_MAX, &line)
            .expect("within reach");
        let bounded = level
            .by_bernstein(SUMMED_MAX, &line)
            .expect("within reach");
        assert!(summed <= bounded, "{summed} {bounded}");
        assert!((bounded - summed) * 50 <= summed, "{summed} {bounded}");
    }
}

/// Where the mean is next to nothing, what is left of the inequality is `t ≥ 2L/3`.
#[test]
fn bernstein_s_bound_of_a_line_near_nothing_is_two_thirds_of_the_logarithm() {
    let line = line("0.1", "99.999999");
    for (text, log) in [("0.1", 3_u64), ("0.0001", 10), ("0.000000001", 21)] {
        let needed = level(text)
            .bad_needed(SUMMED_MAX + 1, &line)
            .expect("within reach");
        // One for the mean of 0.01, and the root of t² = (2Lt + 6L) ÷ 3.
        let t = needed - 1;
        let is_enough = |t: u64| 3 * t * t >= 2 * log * t + 6 * log;
        assert!(is_enough(t) && !is_enough(t - 2), "{text}: {needed}");
    }
}

/// Above ten million events the gate is the smallest whole `t` above the mean with
/// `3t² ≥ 2Lt + 6LV`, to the one or two that rounding up costs, for a whole `L ≥ ln(1/α)`.
#[test]
fn bernstein_s_bound_is_the_root_of_its_inequality_rounded_up() {
    let line = line("14.4", "99.9");
    for (text, log) in [("0.1", 3), ("0.0001", 10), ("0.000000001", 21)] {
        for events in [SUMMED_MAX + 1, 123_456_789, 10_000_000_000] {
            let mean = u128::from(events * 144).div_ceil(10_000);
            let needed = level(text)
                .bad_needed(events, &line)
                .expect("within reach");
            let above = u128::from(needed) - mean;
            let is_enough = |t: u128| 3 * t * t >= 2 * log * t + 6 * log * mean;
            assert!(
                is_enough(above) && !is_enough(above - 2),
                "{text} of {events}: {above}"
            );
        }
    }
    let summed = level("0.0001").by_summing(SUMMED_MAX, &line);
    assert_eq!(level("0.0001").bad_needed(SUMMED_MAX, &line), summed);
}

#[test]
fn a_level_is_shown_as_the_number_that_it_is() {
    assert_eq!(level("0.0001").as_f64().to_string(), "0.0001");
}

#[test]
fn a_line_that_nothing_lies_above_has_no_gate() {
    for (factor, target) in [("10", "90"), ("11", "90")] {
        assert_eq!(level("0.1").bad_needed(1_000, &line(factor, target)), None);
    }
}

#[test]
fn a_level_is_a_decimal_above_zero_and_at_most_a_tenth() {
    for text in ["0", "0.100000001", "0.0000000001", "1", "-1", "5 %", ""] {
        assert_eq!(
            text.parse::<SignificanceLevel>(),
            Err(ParseSignificanceError),
            "{text}"
        );
    }
    for text in ["0.000000001", "0.0001", "0.1"] {
        assert_eq!(level(text).to_string(), text);
    }
}
