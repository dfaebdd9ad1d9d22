use proptest::prelude::*;

use super::super::beta::beta_share;
use super::*;

type Ends = (f64, f64);

/// `docs/mathematics.md` 10.1: k of n, Wilson, Clopper-Pearson, Jeffreys.
const TABLE: [((u64, u64), Ends, Ends, Ends); 8] = [
    (
        (0, 10),
        (0.0, 0.277_532_80),
        (0.0, 0.308_497_11),
        (0.0, 0.217_196_27),
    ),
    (
        (1, 10),
        (0.017_876_21, 0.404_150_03),
        (0.002_528_58, 0.445_016_12),
        (0.011_011_67, 0.381_314_77),
    ),
    (
        (5, 5),
        (0.565_517_54, 1.0),
        (0.478_176_25, 1.0),
        (0.620_622_86, 1.0),
    ),
    (
        (0, 100),
        (0.0, 0.036_993_50),
        (0.0, 0.036_216_69),
        (0.0, 0.024_745_27),
    ),
    (
        (1, 1_000),
        (0.000_176_55, 0.005_642_56),
        (0.000_025_32, 0.005_558_92),
        (0.000_107_92, 0.004_664_46),
    ),
    (
        (10, 1_000),
        (0.005_440_75, 0.018_309_47),
        (0.004_805_51, 0.018_313_24),
        (0.005_152_70, 0.017_666_40),
    ),
    (
        (0, 2_995),
        (0.0, 0.001_280_98),
        (0.0, 0.001_230_92),
        (0.0, 0.000_838_29),
    ),
    (
        (100, 100_000),
        (0.000_822_34, 0.001_216_00),
        (0.000_813_71, 0.001_216_14),
        (0.000_818_22, 0.001_210_65),
    ),
];

fn trials(bad: u64, total: u64) -> Trials {
    Trials::new(bad, total).expect("legal")
}

fn assert_near(found: ConfidenceInterval, (low, high): Ends, what: &str) {
    let is_near = |found: f64, printed: f64| (found - printed).abs() <= 5.000_1e-9;
    assert!(
        is_near(found.low, low) && is_near(found.high, high),
        "{what}: {found:?}"
    );
}

#[test]
fn intervals_are_those_of_the_published_table() {
    for ((bad, total), by_wilson, by_clopper_pearson, by_jeffreys) in TABLE {
        let seen = trials(bad, total);
        assert_near(wilson(seen), by_wilson, "Wilson");
        assert_near(clopper_pearson(seen), by_clopper_pearson, "Clopper-Pearson");
        assert_near(jeffreys(seen), by_jeffreys, "Jeffreys");
    }
}

/// A quantile is the inverse of the share, checked against polynomials: `Beta(2, 1)` has `x²`,
/// `Beta(1, 3)` has `1 − (1 − x)³`, and `Beta(2, 2)` has `3x² − 2x³`.
#[test]
fn the_beta_distribution_is_that_of_closed_forms() {
    for x in [0.001, 0.1, 0.3, 0.5, 0.7, 0.99] {
        let y = 1.0 - x;
        for (a, b, share) in [
            (2.0, 1.0, x * x),
            (1.0, 3.0, 1.0 - y * y * y),
            (2.0, 2.0, 3.0 * x * x - 2.0 * x * x * x),
        ] {
            assert!((beta_share(x, a, b) - share).abs() < 1e-13, "{x} {a} {b}");
        }
    }
}

#[test]
fn nothing_measured_has_no_interval() {
    assert_eq!(Trials::new(0, 0), None);
    assert_eq!(Trials::new(2, 1), None);
    assert_eq!(Trials::of(Counts::NONE), None);
}

#[test]
fn a_fraction_of_an_event_is_no_evidence() {
    use crate::count::Count;
    let counts = |bad, total| {
        let [bad, total] = [bad, total].map(Count::from_millionths);
        Counts::with_bad(bad, total).expect("legal")
    };
    assert_eq!(Trials::of(counts(1_999_999, 9_999_999)), Trials::new(1, 9));
    assert_eq!(Trials::of(counts(999_999, 999_999)), None);
}

#[test]
fn an_interval_that_ends_on_the_target_keeps_it() {
    let target = "99.9".parse().expect("a target");
    let of = |low, high| ConfidenceInterval { low, high }.certainty(target);
    assert_eq!(of(0.0, 0.001), Certainty::Met);
    assert_eq!(of(0.001, 0.002), Certainty::Uncertain);
    assert_eq!(of(0.001_1, 0.002), Certainty::Missed);
}

/// Above ten million events all intervals are Wilson's, and only there.
#[test]
fn quantiles_are_searched_up_to_ten_million_events() {
    let (last, above) = (trials(50, QUANTILES_MAX), trials(50, QUANTILES_MAX + 1));
    for interval in [clopper_pearson, jeffreys] {
        assert_eq!(interval(above), wilson(above));
        assert_ne!(interval(last), wilson(last));
    }
    assert_eq!(above.total(), 10_000_001);
}

proptest! {
    /// L27: Wilson's interval holds the measured ratio.
    #[test]
    fn l27_wilson_contains_the_measured_ratio((bad, total) in any_trials()) {
        let (seen, ratio) = (wilson(trials(bad, total)), ratio(bad, total));
        prop_assert!(0.0 <= seen.low && seen.low <= ratio + 1e-12);
        prop_assert!(ratio <= seen.high + 1e-12 && seen.high <= 1.0);
    }

    /// L27: with more events of the same ratio it is narrower.
    #[test]
    fn l27_wilson_shrinks_in_n((bad, total) in any_trials(), times in 2_u64..50) {
        let width = |seen: ConfidenceInterval| seen.high - seen.low;
        let more = wilson(trials(bad * times, total * times));
        prop_assert!(width(more) < width(wilson(trials(bad, total))));
    }

    /// L27: good and bad exchanged turn it around.
    #[test]
    fn l27_wilson_of_the_good_is_its_mirror((bad, total) in any_trials()) {
        let (seen, mirror) = (wilson(trials(bad, total)), wilson(trials(total - bad, total)));
        prop_assert!((seen.low - (1.0 - mirror.high)).abs() < 1e-12);
        prop_assert!((seen.high - (1.0 - mirror.low)).abs() < 1e-12);
    }

    /// L27: the interval that always covers holds the one of Jeffreys.
    #[test]
    fn l27_clopper_pearson_contains_jeffreys((bad, total) in any_trials()) {
        let seen = trials(bad, total);
        let (wide, narrow) = (clopper_pearson(seen), jeffreys(seen));
        prop_assert!(wide.low <= narrow.low + 1e-9 && narrow.high <= wide.high + 1e-9);
    }

    /// L31: no operation yields NaN, at any size.
    #[test]
    fn no_interval_is_nan(bad: u64, total in 1_u64..) {
        let seen = trials(bad % (total.saturating_add(1)).max(1), total);
        for found in [wilson(seen), clopper_pearson(seen), jeffreys(seen)] {
            prop_assert!(0.0 <= found.low && found.low <= found.high && found.high <= 1.0);
        }
    }
}

fn any_trials() -> impl Strategy<Value = (u64, u64)> {
    (1_u64..5_000).prop_flat_map(|total| (0..=total, Just(total)))
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn ratio(bad: u64, total: u64) -> f64 {
    bad as f64 / total as f64
}
