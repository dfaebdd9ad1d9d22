use proptest::prelude::*;

use super::*;

#[test]
fn targets_are_read_exactly() {
    for (text, ppb) in [
        ("99", 10_000_000),
        ("99.5", 5_000_000),
        ("99.9", 1_000_000),
        ("99.90", 1_000_000),
        ("99.95", 500_000),
        ("99.99", 100_000),
        ("99.999", 10_000),
        ("99.999999", 10),
        ("0.000001", 999_999_990),
    ] {
        assert_eq!(
            text.parse::<Target>()
                .expect(text)
                .budget_ppb(),
            ppb,
            "{text}"
        );
    }
}

#[test]
fn what_is_no_target_says_why() {
    for (text, error) in [
        ("100", ParseTargetError::Everything),
        ("100.0", ParseTargetError::Everything),
        ("0", ParseTargetError::Nothing),
        ("0.0", ParseTargetError::Nothing),
        ("99.9999999", ParseTargetError::TooFine),
        ("", ParseTargetError::NotAPercentage),
        ("-1", ParseTargetError::NotAPercentage),
        ("101", ParseTargetError::NotAPercentage),
        ("99,9", ParseTargetError::NotAPercentage),
        ("NaN", ParseTargetError::NotAPercentage),
        ("1e2", ParseTargetError::NotAPercentage),
    ] {
        assert_eq!(text.parse::<Target>(), Err(error), "{text}");
    }
}

#[test]
fn equality_never_alerts_and_always_reaches_the_level() {
    let target: Target = "99.9".parse().expect("a target");
    let factor: Factor = "14.4".parse().expect("a factor");
    let exactly = Counts::events(9_856, 10_000).expect("counts");
    let above = Counts::events(9_855, 10_000).expect("counts");
    assert!(!factor.is_exceeded_by(exactly, target) && factor.is_reached_by(exactly, target));
    assert!(factor.is_exceeded_by(above, target));
}

/// In floats `bad <= n × (1 − s)` is wrong in 300 of these cases.
#[test]
fn exactly_on_budget_is_met_where_floats_get_it_wrong() {
    let mut floats_wrong = 0;
    for (text, share) in [
        ("90", 0.9),
        ("95", 0.95),
        ("99", 0.99),
        ("99.5", 0.995),
        ("99.9", 0.999),
        ("99.95", 0.9995),
        ("99.99", 0.9999),
    ] {
        let target: Target = text.parse().expect(text);
        for total in 1_u32..3_000 {
            let allowed = u64::from(total) * u64::from(target.budget_ppb());
            if !allowed.is_multiple_of(u64::from(BILLION)) {
                continue;
            }
            let bad = u32::try_from(allowed / u64::from(BILLION)).expect("small");
            let counts = Counts::events(u64::from(total - bad), u64::from(total)).expect("legal");
            assert!(target.is_met_by(counts), "{bad} bad of {total} at {text}");
            floats_wrong += u32::from(f64::from(bad) > f64::from(total) * (1.0 - share));
        }
    }
    assert_eq!(floats_wrong, 300);
}

#[test]
fn a_rule_that_the_worst_service_cannot_fire_is_known() {
    let ninety: Target = "90".parse().expect("a target");
    assert!(Factor::whole(10).is_unreachable_for(ninety));
    assert!(
        !"9.999999"
            .parse::<Factor>()
            .expect("a factor")
            .is_unreachable_for(ninety)
    );
}

#[test]
fn a_factor_scales_by_the_share_of_its_period() {
    let factor = Factor::whole(10)
        .scaled(28, 30)
        .expect("fits");
    assert_eq!(factor.to_string(), "28/3");
    assert_eq!(
        Factor::whole(2)
            .scaled(90, 30)
            .expect("fits")
            .to_string(),
        "6"
    );
}

#[test]
fn a_target_is_shown_as_its_percentage() {
    for text in ["99.9", "99.999999", "50", "0.000001"] {
        let target: Target = text.parse().expect(text);
        assert_eq!(target.as_percentage().to_string(), text);
        assert_eq!(format!("{target:?}"), format!("{text} %"));
    }
}

#[test]
fn a_factor_is_a_fraction_of_two_parts_that_fit() {
    let parts = |factor: Factor| (factor.numerator(), factor.denominator());
    assert_eq!(parts(Factor::whole(0)), (1, 1));
    assert_eq!(parts(Factor::whole(7)), (7, 1));
    assert_eq!(parts(Factor::whole(u32::MAX)), (u64::from(BILLION), 1));
    assert_eq!(Factor::whole(5).scaled(0, 1), None);
    assert_eq!(Factor::whole(5).scaled(1, 0), None);
    assert_eq!(Factor::whole(5).scaled(0, 0), None);
    // 2^34 itself does not fit, on either side of the fraction.
    let (below, at) = (FACTOR_LIMIT - 1, FACTOR_LIMIT);
    for (numerator, denominator, fits) in [
        (below, 1, true),
        (at, 1, false),
        (1, below, true),
        (1, at, false),
        (at, 2, true),
        (0, 1, false),
        (1, 0, false),
        (0, 0, false),
    ] {
        let read = Factor::try_from((numerator, denominator));
        assert_eq!(read.is_ok(), fits, "{numerator} / {denominator}");
    }
    let half = Factor::try_from((2, 4)).expect("a half");
    assert_eq!(<(u64, u64)>::from(half), (1, 2));
    assert_eq!(format!("{half:?}"), "0.5");
}

#[test]
fn a_factor_is_a_positive_decimal_below_a_billion() {
    for (text, parts) in [
        ("0.000001", Some((1, 1_000_000))),
        ("999999999", Some((999_999_999, 1))),
        ("1000000000", None),
        ("0", None),
        ("0.0000001", None),
        // (2^34 − 1) ÷ 5^6, and one more above.
        ("1099511.627712", Some((FACTOR_LIMIT - 1, 15_625))),
        ("1099511.627776", None),
    ] {
        let read: Option<Factor> = text.parse().ok();
        let found = read.map(|factor| (factor.numerator(), factor.denominator()));
        assert_eq!(found, parts, "{text}");
    }
}

proptest! {
    #[test]
    fn factors_have_the_order_of_their_fractions(
        one in (1_u64..1 << 20, 1_u64..1 << 20), other in (1_u64..1 << 20, 1_u64..1 << 20),
    ) {
        let factor = |parts| Factor::try_from(parts).expect("fits");
        prop_assert_eq!(factor(one).cmp(&factor(other)), (one.0 * other.1).cmp(&(other.0 * one.1)));
    }

    #[test]
    fn a_printed_target_is_read_back_exactly(millionths in 1_u32..100_000_000) {
        let target = Target::from_budget_ppb(millionths * 10).expect("in range");
        prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
    }

    #[test]
    fn no_comparison_overflows(good in any::<u64>(), bad in any::<u64>(), ppb in 1_u32..BILLION) {
        let total = good.saturating_add(bad);
        let counts = Counts::with_bad(
            crate::count::Count::from_millionths(bad.min(total)),
            crate::count::Count::from_millionths(total),
        ).expect("legal");
        let target = Target::from_budget_ppb(ppb).expect("in range");
        let _ = target.is_met_by(counts);
        let _ = Factor { numerator: FACTOR_LIMIT - 1, denominator: FACTOR_LIMIT - 1 }
            .is_exceeded_by(counts, target);
    }
}

/// `factor ÷ 10⁹` in parts of 2⁶⁴, cut below, and all of them where it is no less than the whole.
#[test]
fn a_part_of_a_budget_allows_what_its_factor_says() {
    let of = |text: &str| {
        text.parse::<Factor>()
            .expect(text)
            .per_billion_of_budget()
    };
    assert_eq!(of("1"), 18_446_744_073);
    assert_eq!(of("14.4"), 265_633_114_661);
    assert_eq!(of("0.000001"), 18_446);
    assert_eq!(of("999999999"), 18_446_744_055_262_807_542);
    let whole = Factor::try_from((1_000_000_000, 1)).expect("in range");
    assert_eq!(whole.per_billion_of_budget(), u64::MAX);
}
