mod laws;

use proptest::prelude::*;

use super::*;

fn budget(bad: u64, total: u64, target: &str) -> ErrorBudget {
    let counts = Counts::events(total - bad, total).expect("legal");
    ErrorBudget::new(counts, target.parse().expect(target))
}

/// slo-generator, the Workbook and Honeycomb's published examples.
#[test]
fn budgets_agree_with_published_examples() {
    for (bad, total, target, remaining, burn) in [
        (1, 1_000, "99.9", 0.0, 1.0),
        (2, 1_000, "99.9", -1.0, 2.0),
        (5, 5, "99", -4.95, 100.0),
        (10, 100, "90", 0.0, 1.0),
        (30, 100, "70", 0.0, 1.0),
        (550, 1_000_000, "99.9", 450.0, 0.55),
    ] {
        let budget = budget(bad, total, target);
        assert!(
            (budget.remaining() - remaining).abs() < 1e-12,
            "{bad} of {total}"
        );
        assert!((budget.burn_rate().expect("events") - burn).abs() < 1e-12);
    }
}

#[test]
fn a_tenth_left_exactly_is_not_below_a_tenth() {
    assert!(!budget(9, 10_000, "99.9").is_below_tenth());
    assert!(budget(91, 100_000, "99.9").is_below_tenth());
    assert!(!ErrorBudget::new(Counts::NONE, "99.9".parse().expect("legal")).is_below_tenth());
}

#[test]
fn a_share_is_told_in_millionths_and_of_nothing_there_is_none() {
    assert_eq!(budget(14, 10_000, "99.9").consumed_millionths(), 1_400_000);
    assert_eq!(budget(1, 3_000, "99.9").consumed_millionths(), 333_333);
    let nothing = budget(0, 0, "99.9");
    assert_eq!((nothing.parts(), nothing.consumed_millionths()), (None, 0));
    assert_eq!(budget(0, 1, "99.9").parts(), Some((0, 1_000_000_000_000)));
}

#[test]
fn before_the_first_data_nothing_is_projected() {
    let young = budget(1, 1_000, "99.9");
    assert_eq!(young.projected(0, 10).allowed_units(), None);
    assert_eq!(young.projected(0, 10).remaining_units(), None);
    assert_eq!(young.projected(5, 10).allowed_units(), Some(2.0));
}

/// Records of old are without a grain, and those of events still are.
#[cfg(feature = "serde")]
#[test]
fn the_grain_of_events_is_not_written() {
    let written =
        |budget: ErrorBudget| serde_json::to_value(budget).expect("writes")["grain"].clone();
    let events = budget(1, 1_000, "99.9");
    assert_eq!(written(events), serde_json::Value::Null);
    assert_eq!(
        written(events.counted_in(Grain::Trillionths)),
        "trillionths"
    );
}

#[test]
fn a_young_slo_is_judged_by_the_allowance_of_its_whole_window() {
    let young = budget(2, 1_000, "99.9");
    assert!(!young.is_met() && !young.projected(1, 10).is_missed());
    assert!(young.projected(6, 10).is_missed());
    assert!(young.projected(5, 10).is_below_tenth() && !young.projected(5, 10).is_missed());
}

proptest! {
    #[test]
    fn consumed_and_remaining_make_the_allowance(
        bad in any::<u64>(), good in 0..u64::MAX / 2, ppb in 1_u32..1_000_000_000
    ) {
        let bad = bad % (u64::MAX / 2);
        let counts = Counts::with_bad(
            Count::from_millionths(bad),
            Count::from_millionths(bad + good),
        ).expect("legal");
        let budget = ErrorBudget::new(counts, Target::from_budget_ppb(ppb).expect("legal"));
        prop_assert_eq!(
            budget.remaining_exactly() + budget.consumed_exactly(), budget.allowed_exactly());
        prop_assert_eq!(budget.is_met(), budget.remaining_exactly() >= 0);
    }

    #[test]
    fn one_more_bad_event_never_raises_what_remains(bad in 0_u64..1_000, good in 0_u64..1_000) {
        let before = budget(bad, bad + good + 1, "99");
        let after = budget(bad + 1, bad + good + 1, "99");
        prop_assert!(after.remaining_exactly() < before.remaining_exactly());
    }
}
