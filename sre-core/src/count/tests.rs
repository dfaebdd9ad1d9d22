use proptest::prelude::*;

use super::*;

#[test]
fn a_float_becomes_the_decimal_that_it_prints_as() {
    for (value, millionths) in [
        (0.0, 0),
        (-0.0, 0),
        (0.1, 100_000),
        (998.0, 998_000_000),
        (1e12, Count::SAMPLE_MAX.millionths()),
        (1.333_333, 1_333_333),
    ] {
        let count = Count::from_f64(value, Rounding::Down).expect("a count");
        assert_eq!(count.millionths(), millionths, "{value}");
    }
}

#[test]
fn a_finer_fraction_never_understates_bad() {
    let good = Count::from_f64(1.999_999_9, Rounding::Down).expect("a count");
    let bad = Count::from_f64(0.000_000_1, Rounding::Up).expect("a count");
    assert_eq!((good.millionths(), bad.millionths()), (1_999_999, 1));
    let good = Count::from_percentage(99.999_99, Rounding::Down).expect("a percentage");
    assert_eq!(good.millionths(), 999_999);
}

#[test]
fn what_is_no_count_is_refused() {
    for (value, error) in [
        (f64::NAN, CountError::NotFinite),
        (f64::INFINITY, CountError::NotFinite),
        (-1.0, CountError::Negative),
        (1.000_001e12, CountError::TooLarge),
        (f64::MAX, CountError::TooLarge),
    ] {
        assert_eq!(Count::from_f64(value, Rounding::Up), Err(error), "{value}");
    }
    assert_eq!(
        Count::from_percentage(100.1, Rounding::Down),
        Err(CountError::GoodAboveTotal)
    );
    assert_eq!(
        Count::from_f64(f64::MIN_POSITIVE, Rounding::Down),
        Ok(Count::ZERO)
    );
}

#[test]
fn floating_noise_is_cut_and_a_real_excess_is_not() {
    let counts = Counts::from_good_and_total(100.000_000_1, 100.0).expect("noise");
    assert_eq!(counts.bad(), Count::ZERO);
    assert_eq!(
        Counts::from_good_and_total(100.001, 100.0),
        Err(CountError::GoodAboveTotal)
    );
    assert_eq!(
        Counts::from_bad_and_total(1.0, 0.0),
        Err(CountError::GoodAboveTotal)
    );
}

/// Noise is at most a millionth of the total, and what lies within the total is not touched.
#[test]
fn what_does_not_exceed_the_total_is_counted_as_it_is() {
    let read = |good, total| {
        let counts = Counts::from_good_and_total(good, total).expect("legal");
        (counts.good().to_string(), counts.total().to_string())
    };
    for good in [0.0, 1.0, 99.999_999, 100.0] {
        assert_eq!(read(good, 100.0), (good.to_string(), "100".to_owned()));
    }
    assert_eq!(read(0.0, 0.0), ("0".to_owned(), "0".to_owned()));
    assert_eq!(read(1.000_001, 1.0), ("1".to_owned(), "1".to_owned()));
    assert!(Counts::from_good_and_total(1.000_002, 1.0).is_err());
    assert!(Counts::from_good_and_total(0.000_001, 0.0).is_err());
    let bad = Counts::from_bad_and_total(3.0, 100.0)
        .expect("legal")
        .bad();
    assert_eq!(
        (bad.to_string(), format!("{bad:?}")),
        ("3".to_owned(), "3".to_owned())
    );
}

#[test]
fn a_count_is_shown_in_events() {
    let half = Count::from_millionths(2_500_000);
    assert_eq!(half.as_f64().to_string(), "2.5");
    assert_eq!(Count::SAMPLE_MAX.to_string(), "1000000000000");
}

proptest! {
    #[test]
    fn printing_a_count_keeps_every_digit(millionths in 0..=Count::SAMPLE_MAX.millionths()) {
        let text = Count::from_millionths(millionths).to_string();
        let back = Decimal::parse(&text).expect("a decimal").shifted(6);
        prop_assert_eq!(back, Some(u128::from(millionths)));
    }

    #[test]
    fn good_and_bad_always_make_total(good in 0_u64..1 << 40, bad in 0_u64..1 << 40) {
        let (good, bad) = (Count::from_millionths(good), Count::from_millionths(bad));
        let counts = Counts::new(good, good.checked_add(bad).expect("fits")).expect("legal");
        prop_assert_eq!((counts.good(), counts.bad()), (good, bad));
    }
}
