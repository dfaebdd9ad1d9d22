//! What holds for every budget, over random counts and targets, in integers.

use proptest::prelude::*;

use super::*;
use crate::count::Count;
use crate::policy::BurnThresholds;
use crate::target::Factor;

prop_compose! {
    /// Bad and total of a window, in millionths.
    fn counts()(total in 1..1_u64 << 50)(bad in 0..=total, total in Just(total)) -> (u64, u64) {
        (bad, total)
    }
}

fn held((bad, total): (u64, u64)) -> Counts {
    let count = Count::from_millionths;
    Counts::with_bad(count(bad), count(total)).expect("legal")
}

fn target() -> impl Strategy<Value = Target> {
    (1..1_000_000_000_u32).prop_map(|ppb| Target::from_budget_ppb(ppb).expect("legal"))
}

/// Whether the first burns faster: `bad ÷ total` compared crosswise, under one target.
fn burn_order(one: Counts, other: Counts) -> std::cmp::Ordering {
    let cross = |a: Counts, b: Counts| {
        u128::from(a.bad().millionths()) * u128::from(b.total().millionths())
    };
    cross(one, other).cmp(&cross(other, one))
}

/// The counts at which extremes of every type meet.
fn extremes() -> Vec<Counts> {
    let edges = [
        0,
        1,
        u64::from(u32::MAX),
        u64::MAX / 2,
        u64::MAX - 1,
        u64::MAX,
    ];
    let pairs = edges
        .iter()
        .flat_map(|bad| edges.map(|total| (*bad, total)));
    pairs
        .filter(|(bad, total)| bad <= total)
        .map(held)
        .collect()
}

proptest! {
    /// L2: over a window, the burn is the consumed share of its own budget: both cross a line at once.
    #[test]
    fn l2_burn_over_the_window_is_the_consumed_share(
        counts in counts(), target in target(), factor in 1..2_000_u32
    ) {
        let (counts, line) = (held(counts), Factor::whole(factor));
        let budget = ErrorBudget::new(counts, target);
        let consumed = budget.consumed_exactly();
        let allowance = budget.allowed_exactly() * i128::from(factor);
        prop_assert_eq!(line.is_exceeded_by(counts, target), consumed > allowance);
        prop_assert_eq!(line.is_reached_by(counts, target), consumed >= allowance);
    }

    /// L3: more bad burns faster, more good slower; what is exceeded stays exceeded.
    #[test]
    fn l3_burn_rises_with_bad_and_falls_with_good(
        (bad, total) in counts(), more in 1..1_u64 << 40, target in target(), factor in 1..2_000_u32
    ) {
        let line = Factor::whole(factor);
        let exceeds = |bad, total| line.is_exceeded_by(held((bad, total)), target);
        let now = exceeds(bad, total);
        prop_assert!(!now || exceeds((bad + more).min(total), total));
        prop_assert!(now || !exceeds(bad, total + more));
        prop_assert!(burn_order(held((bad, total)), held((bad, total + more))).is_ge());
    }

    /// L4: a scale of counts changes no decision.
    #[test]
    fn l4_counts_of_another_scale_are_decided_alike(
        (bad, total) in counts(), scale in 1..1_u64 << 13, target in target(), factor in 1..2_000_u32
    ) {
        let (small, large) = (held((bad, total)), held((bad * scale, total * scale)));
        let line = Factor::whole(factor);
        let thresholds = BurnThresholds::default();
        prop_assert_eq!(
            line.is_exceeded_by(small, target), line.is_exceeded_by(large, target));
        prop_assert_eq!(target.is_met_by(small), target.is_met_by(large));
        prop_assert_eq!(thresholds.level(small, target), thresholds.level(large, target));
        let tenth = |counts| ErrorBudget::new(counts, target).is_below_tenth();
        prop_assert_eq!(tenth(small), tenth(large));
    }

    /// L9, L10: the burn of a union is the burns of its parts weighted by their traffic, so it lies
    /// between them.
    #[test]
    fn l10_the_burn_of_a_union_lies_between_the_burns_of_its_parts(
        one in counts(), other in counts()
    ) {
        let (one, other) = (held(one), held(other));
        let union = one.checked_add(other).expect("small");
        let (low, high) = if burn_order(one, other).is_le() { (one, other) } else { (other, one) };
        prop_assert!(burn_order(low, union).is_le() && burn_order(union, high).is_le());
        // Weighted by traffic they add up to what is bad: nothing but the sum of bad events.
        let bad = |counts: Counts| counts.bad().millionths();
        prop_assert_eq!(bad(union), bad(one) + bad(other));
    }

    /// L11: met, nothing overspent and a good share that reaches the target are one and the same.
    #[test]
    fn l11_met_is_nothing_overspent_is_the_target_reached(counts in counts(), target in target()) {
        let counts = held(counts);
        let budget = ErrorBudget::new(counts, target);
        let good = u128::from(counts.good().millionths()) * 1_000_000_000;
        let promised = u128::from(1_000_000_000 - target.budget_ppb())
            * u128::from(counts.total().millionths());
        prop_assert_eq!(budget.is_met(), budget.remaining_exactly() >= 0);
        prop_assert_eq!(budget.is_met(), good >= promised);
    }

    /// L12: under a stricter target less is allowed, and the same counts burn faster.
    #[test]
    fn l12_a_stricter_target_allows_less_and_burns_faster(
        counts in counts(), ppb in 2..1_000_000_000_u32, factor in 1..2_000_u32
    ) {
        let counts = held(counts);
        let lax = Target::from_budget_ppb(ppb).expect("legal");
        let strict = Target::from_budget_ppb(ppb - 1).expect("legal");
        let allowed = |target| ErrorBudget::new(counts, target).allowed_exactly();
        prop_assert!(allowed(strict) < allowed(lax));
        let line = Factor::whole(factor);
        prop_assert!(!line.is_exceeded_by(counts, lax) || line.is_exceeded_by(counts, strict));
        prop_assert!(!strict.is_met_by(counts) || lax.is_met_by(counts));
    }

    /// L31: what is shown is a number or nothing, whatever was counted.
    #[test]
    fn l31_nothing_shown_is_ever_nan(counts in counts(), target in target()) {
        let budget = ErrorBudget::new(held(counts), target);
        for shown in [
            budget.burn_rate(), budget.remaining_percentage(), budget.consumed_percentage(),
            sli_percentage(held(counts)),
        ] {
            prop_assert!(shown.is_some_and(f64::is_finite));
        }
    }
}

/// L31 and T2: without an event there is no value, and an empty part changes nothing.
#[test]
fn l31_nothing_has_no_value_and_adds_nothing() {
    let target = "99.9".parse().expect("legal");
    let nothing = ErrorBudget::new(Counts::NONE, target);
    assert_eq!(nothing.burn_rate(), None);
    assert_eq!(nothing.remaining_percentage(), None);
    assert_eq!(sli_percentage(Counts::NONE), None);
    let some = held((3, 1_000));
    assert_eq!(some.checked_add(Counts::NONE), Some(some));
}

/// L36: pure sums and comparisons of anything that fits 64 bits.
#[test]
fn l36_no_counts_no_target_and_no_factor_overflow() {
    let targets = [1, 2, 500_000_000, 999_999_999];
    let factors = ["0.000001", "1", "14.4", "16383.999999", "999999999"];
    for (counts, ppb) in extremes()
        .into_iter()
        .flat_map(|counts| targets.map(|ppb| (counts, ppb)))
    {
        let target = Target::from_budget_ppb(ppb).expect("legal");
        let budget = ErrorBudget::new(counts, target);
        assert_eq!(budget.is_met(), budget.remaining_exactly() >= 0);
        let _ = (budget.is_below_tenth(), budget.burn_rate());
        for (filled, window) in [(0, 0), (1, u32::MAX), (u32::MAX, 1), (u32::MAX, u32::MAX)] {
            let projected = budget.projected(filled, window);
            let _ = (projected.is_missed(), projected.is_below_tenth());
        }
        let _ = BurnThresholds::default().level(counts, target);
        for text in factors {
            let Ok(factor) = text.parse::<Factor>() else {
                continue;
            };
            let (exceeded, reached) = (
                factor.is_exceeded_by(counts, target),
                factor.is_reached_by(counts, target),
            );
            assert!(reached || !exceeded, "{text} {counts:?} {target:?}");
        }
        assert!(
            counts.checked_add(counts).is_some() == (counts.total().millionths() <= u64::MAX / 2)
        );
    }
}
