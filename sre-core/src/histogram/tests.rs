//! The published numbers of `docs/mathematics.md` 3.1 and 3.2, and the laws L25 and L26.

use proptest::prelude::*;

use super::*;
use crate::counter::{Reading, Series};
use crate::latency::LatencyUnit;
use crate::time::at_second;

fn bound(text: &str) -> Bound {
    text.parse().expect(text)
}

fn count(n: u64) -> Count {
    Count::events(n).expect("fits")
}

fn histogram(buckets: &[(&str, u64)]) -> Histogram {
    let buckets = buckets
        .iter()
        .map(|(le, n)| (bound(le), count(*n)));
    Histogram::new(buckets).expect("fits")
}

fn near(found: Option<f64>, expected: f64) -> bool {
    found
        .is_some_and(|found| found.total_cmp(&expected).is_eq() || (found - expected).abs() < 1e-12)
}

/// `docs/mathematics.md` 3.1, from Prometheus, `promql/promqltest/testdata/histograms.test`.
#[test]
fn quantiles_are_those_of_prometheus() {
    let positive = histogram(&[("0.1", 50), ("0.2", 70), ("1", 110), ("+Inf", 120)]);
    let negative = histogram(&[("-0.2", 10), ("-0.1", 20), ("0.3", 20), ("+Inf", 30)]);
    let from_zero = histogram(&[
        ("0", 0),
        ("0.1", 50),
        ("0.2", 70),
        ("1", 110),
        ("+Inf", 110),
    ]);
    for (histogram, q, expected) in [
        (&positive, 0.0, 0.0),
        (&positive, 0.2, 0.048),
        (&positive, 0.5, 0.15),
        (&positive, 0.8, 0.72),
        (&positive, 1.0, 1.0),
        (&negative, 0.0, -0.2),
        (&negative, 0.2, -0.2),
        (&negative, 0.5, -0.15),
        (&negative, 0.8, 0.3),
        (&negative, 1.0, 0.3),
        (&from_zero, 0.25, 0.055),
        (&from_zero, 0.5, 0.125),
        (&from_zero, 0.75, 0.45),
        (&positive, -0.1, f64::NEG_INFINITY),
        (&positive, 1.1, f64::INFINITY),
    ] {
        let found = histogram.quantile(q);
        assert!(near(found, expected), "q{q} = {found:?}, not {expected}");
    }
}

/// `docs/mathematics.md` 3.1: what Prometheus calls NaN.
#[test]
fn where_there_is_no_quantile_none_is_told() {
    let full = histogram(&[("1", 1), ("+Inf", 2)]);
    assert_eq!(full.quantile(f64::NAN), None);
    for (buckets, why) in [
        (&[][..], "no bucket"),
        (&[("+Inf", 7)], "one bucket"),
        (&[("1", 7), ("2", 9)], "none ends at +Inf"),
        (&[("1", 0), ("+Inf", 0)], "no observation"),
    ] {
        assert_eq!(histogram(buckets).quantile(0.5), None, "{why}");
        if why != "one bucket" {
            assert_eq!(histogram(buckets).fraction(0.0, 1.0), None, "{why}");
            assert_eq!(histogram(buckets).share_within(bound("1")), None, "{why}");
        }
    }
    assert_eq!(full.fraction(f64::NAN, 1.0), None);
    assert_eq!(full.fraction(0.0, f64::NAN), None);
    // Prometheus divides 0 by 0 here.
    let idle_start = histogram(&[("1", 0), ("2", 4), ("+Inf", 4)]);
    assert_eq!(idle_start.quantile(0.0), Some(0.0));
}

/// `docs/mathematics.md` 3.1: equal `le` are added, larger decreases are flattened and reported.
#[test]
fn equal_bounds_are_added_and_what_decreases_is_flattened_and_told() {
    let spelled_twice = histogram(&[("1", 3), ("1.0", 4), ("+Inf", 10)]);
    assert_eq!(spelled_twice, histogram(&[("+Inf", 10), ("1.000", 7)]));
    assert!(!spelled_twice.is_flattened());
    let falling = histogram(&[("1", 5), ("2", 3), ("+Inf", 10)]);
    assert!(falling.is_flattened());
    assert_eq!(falling.buckets()[1].count, count(5));
    let noisy = [
        (bound("1"), Count::from_millionths(4_000_000_000_001)),
        (bound("+Inf"), Count::from_millionths(4_000_000_000_000)),
    ];
    let noisy = Histogram::new(noisy).expect("fits");
    assert!(!noisy.is_flattened());
    assert_eq!(noisy.total(), Some(noisy.buckets()[0].count));
}

/// `docs/mathematics.md` 3.2, from Prometheus, `histogram_fraction`.
#[test]
fn fractions_are_those_of_prometheus() {
    let positive = histogram(&[("1", 1), ("2", 3), ("3", 6), ("+Inf", 100)]);
    let negative = histogram(&[("-3", 10), ("-2", 12), ("-1", 15), ("+Inf", 100)]);
    // A first bucket that ends at 0 has no start: all of it lies before whatever is below.
    let from_zero = histogram(&[("0", 10), ("+Inf", 20)]);
    for (histogram, lower, upper, expected) in [
        (&from_zero, -1.0, f64::INFINITY, 0.5),
        (&positive, 0.0, 1.5, 0.02),
        (&positive, 0.5, 2.0, 0.025),
        (&positive, 2.0, 5.0, 0.03),
        (&positive, 4.0, 5.0, 0.0),
        (&positive, 400.0, f64::INFINITY, 0.94),
        (&positive, f64::NEG_INFINITY, f64::INFINITY, 1.0),
        (&positive, 2.0, 2.0, 0.0),
        (&positive, 3.0, 2.0, 0.0),
        (&negative, -4.0, -2.0, 0.02),
        (&negative, f64::NEG_INFINITY, -1.5, 0.135),
    ] {
        let found = histogram.fraction(lower, upper);
        assert!(
            near(found, expected),
            "({lower}, {upper}): {found:?}, not {expected}"
        );
    }
}

/// L31: a bucket that is wider than any number is interpolated all the same.
#[test]
fn l31_a_bucket_of_any_width_is_answered_by_a_number() {
    let wide = histogram(&[("-1e308", 1), ("1e308", 3), ("+Inf", 3)]);
    let quantile = wide
        .quantile(0.5)
        .expect("observations");
    assert!((quantile / -5e307 - 1.0).abs() < 1e-12, "{quantile}");
    assert!(near(wide.fraction(f64::NEG_INFINITY, 0.0), 2.0 / 3.0));
    assert!(near(
        wide.fraction(f64::NEG_INFINITY, 9e307),
        0.966_666_666_666_666_7
    ));
}

/// `docs/mathematics.md` 3.2, the decision: where an interpolation says 94.5 %, the truth lies anywhere
/// from 90 % to 99 %.
#[test]
fn a_limit_inside_a_bucket_is_answered_by_both_bounds() {
    let requests = histogram(&[("0.1", 900), ("0.5", 990), ("+Inf", 1_000)]);
    let share = |limit| {
        let share = requests
            .share_within(bound(limit))
            .expect("requests");
        assert_eq!(share.is_exact(), share.lowest == share.highest);
        (
            share.lowest.good().whole_events(),
            share.highest.good().whole_events(),
        )
    };
    assert!(near(requests.fraction(0.0, 0.3), 0.945));
    assert_eq!(share("0.3"), (900, 990));
    assert_eq!(share("0.1"), (900, 900));
    assert_eq!(share("0.50"), (990, 990));
    assert_eq!(share("0.05"), (0, 900));
    assert_eq!(share("2"), (990, 1_000));
    assert_eq!(share("+Inf"), (1_000, 1_000));
}

#[test]
fn a_limit_has_neighbours_among_the_bounds_or_nothing_can_be_counted() {
    let of = |limit, bounds: &[&str]| Bracket::of(bound(limit), bounds.iter().copied().map(bound));
    let bounds = ["+Inf", "0.5", "0.1"];
    let bracket = |below, above| {
        Ok(Bracket {
            below: bound(below),
            above: bound(above),
        })
    };
    assert_eq!(of("0.3", &bounds), bracket("0.1", "0.5"));
    assert_eq!(of("0.10", &bounds), bracket("0.1", "0.1"));
    assert!(of("0.5", &bounds).is_ok_and(|bracket| bracket.is_exact()));
    let error = |limit, bounds: &[&str]| of(limit, bounds).expect_err(limit);
    assert_eq!(error("0.3", &["+Inf"]), BracketError::Empty);
    assert_eq!(error("0.3", &[]), BracketError::Empty);
    assert_eq!(
        error("0.05", &bounds),
        BracketError::BelowLowest(bound("0.1"))
    );
    assert_eq!(
        error("0.6", &bounds),
        BracketError::AboveHighest(bound("0.5"))
    );
}

/// T17: `le="1"` and `le="1.0"` differ as text and are one bound.
#[test]
fn t17_bounds_are_compared_as_numbers() {
    for (one, other) in [
        ("1", "1.0"),
        ("0.3", "3e-01"),
        ("1e+06", "1000000"),
        ("0.1", "0.10000000000000001"),
        ("-0", "0"),
        ("+Inf", "inf"),
    ] {
        assert_eq!(bound(one), bound(other));
    }
    assert!(bound("9") < bound("10"));
    assert!(bound("-2") < bound("-1"));
    for text in ["", "NaN", "-Inf", "one", "1,0", "0x1"] {
        assert_eq!(text.parse::<Bound>(), Err(ParseBoundError), "{text}");
    }
    assert_eq!(bound("0.250").to_string(), "0.25");
    assert_eq!(Bound::INFINITY.to_string(), "+Inf");
}

fn bucket(le: &str, readings: &[(i64, f64)]) -> Series {
    let pairs = [("job", "shop"), (LE, le)];
    Series {
        labels: pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        target: None,
        readings: readings
            .iter()
            .map(|(second, value)| Reading {
                at: at_second(*second),
                value: *value,
            })
            .collect(),
    }
}

fn readings_of(series: &Series) -> Vec<(i64, f64)> {
    series
        .readings
        .iter()
        .map(|reading| (reading.at.timestamp(), reading.value))
        .collect()
}

/// T17 again: an upgrade of the source that spells bounds otherwise counts nothing twice.
#[test]
fn t17_a_bound_that_is_spelled_otherwise_goes_on() {
    let found = within(
        vec![
            bucket("1", &[(0, 5.0), (15, 7.0)]),
            bucket("1.0", &[(30, 8.0), (45, 9.0)]),
            bucket("2", &[(0, 50.0)]),
        ],
        bound("1"),
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        readings_of(&found[0]),
        [(0, 5.0), (15, 7.0), (30, 8.0), (45, 9.0)]
    );
}

#[test]
fn each_reading_is_taken_from_the_greatest_bucket_within_the_limit() {
    let found = within(
        vec![
            bucket("0.25", &[(0, 5.0), (15, 7.0), (30, 1.0)]),
            bucket("0.3", &[(30, 2.0), (45, 4.0)]),
            bucket("+Inf", &[(0, 50.0)]),
            bucket("what", &[(0, 50.0)]),
        ],
        bound("0.3"),
    );
    let found: Vec<_> = found.iter().map(readings_of).collect();
    assert_eq!(
        found,
        [vec![(30, 2.0), (45, 4.0)], vec![(0, 5.0), (15, 7.0)]]
    );
}

proptest! {
    /// The division of [`Bound::of`] is the number that the decimal text is read as.
    #[test]
    fn a_latency_is_the_bound_that_its_text_is(nanos in 1..=crate::latency::Latency::MAX.as_nanos()) {
        let latency: crate::latency::Latency = format!("{nanos}ns").parse().expect("a latency");
        for unit in [LatencyUnit::Seconds, LatencyUnit::Milliseconds] {
            prop_assert_eq!(Bound::of(latency, unit), bound(&latency.in_unit(unit)));
        }
    }

    /// L25: a quantile never falls as q grows, and lies inside the bucket of its rank.
    #[test]
    fn l25_quantiles_rise_with_q_and_lie_in_the_bucket_of_their_rank(
        inside in proptest::collection::vec(0_u64..50, 2..8), p in 0.0..=1.0_f64, q in 0.0..=1.0_f64,
    ) {
        let histogram = of_buckets(&inside);
        let (low, high) = (p.min(q), p.max(q));
        if let (Some(first), Some(second)) = (histogram.quantile(low), histogram.quantile(high)) {
            prop_assert!(first <= second, "{first} at {low}, {second} at {high}");
            let rank = high * histogram.total().expect("ends at +Inf").as_f64();
            let place = histogram.buckets().iter().position(|bucket| bucket.count.as_f64() >= rank);
            let place = place.expect("the last holds all").min(inside.len() - 2);
            let finite = histogram.buckets();
            let start = place.checked_sub(1).map_or(0.0, |i| finite[i].le.value());
            prop_assert!((start..=finite[place].le.value()).contains(&second));
        }
    }

    /// L25: merging a histogram with itself moves no quantile.
    #[test]
    fn l25_merging_equal_histograms_moves_no_quantile(
        inside in proptest::collection::vec(0_u64..50, 2..8), q in 0.0..=1.0_f64,
    ) {
        let histogram = of_buckets(&inside);
        let merged = histogram.merge(&histogram).expect("equal bounds");
        match (histogram.quantile(q), merged.quantile(q)) {
            (Some(one), Some(two)) => prop_assert!((one - two).abs() < 1e-9, "{one}, {two}"),
            (one, two) => prop_assert_eq!(one, two),
        }
    }

    /// L24: merging has no order.
    #[test]
    fn l24_histograms_merge_in_any_order(
        a in proptest::collection::vec(0_u64..50, 5), b in proptest::collection::vec(0_u64..50, 5),
        c in proptest::collection::vec(0_u64..50, 5),
    ) {
        let [a, b, c] = [a, b, c].map(|inside| of_buckets(&inside));
        let left = a.merge(&b).and_then(|ab| ab.merge(&c));
        let right = b.merge(&c).and_then(|bc| bc.merge(&a));
        prop_assert_eq!(left, right);
        prop_assert_eq!(a.merge(&of_buckets(&[1, 1])), Err(HistogramError::DifferentBounds));
    }

    /// L26: the fraction below a quantile is q, where the histogram is continuous.
    #[test]
    fn l26_the_fraction_below_a_quantile_is_its_share(
        inside in proptest::collection::vec(1_u64..50, 2..8), q in 0.001..0.999_f64,
    ) {
        let histogram = of_buckets(&inside);
        let quantile = histogram.quantile(q).expect("observations");
        let total = histogram.total().expect("ends at +Inf").as_f64();
        let finite = histogram.buckets()[inside.len() - 2].count.as_f64();
        if q * total <= finite {
            let found = histogram.fraction(0.0, quantile).expect("observations");
            prop_assert!((found - q).abs() < 1e-9, "{found}, not {q}");
        }
    }

    /// The pair always holds the interpolation, whose error nobody knows, between its ends.
    #[test]
    fn the_bounds_of_a_share_hold_every_share_that_could_be(
        inside in proptest::collection::vec(0_u64..50, 2..8), limit in 0.0..9.0_f64,
    ) {
        let histogram = of_buckets(&inside);
        let limit = Bound::new(limit).expect("finite");
        if let Some(share) = histogram.share_within(limit) {
            let total = share.lowest.total().as_f64();
            let guessed = histogram.fraction(0.0, limit.value()).expect("observations") * total;
            prop_assert!(share.lowest.good() <= share.highest.good());
            prop_assert!(share.lowest.good().as_f64() <= guessed + 1e-9);
            prop_assert!(guessed <= share.highest.good().as_f64() + 1e-9);
        }
    }

    /// L36: whatever the counts, nothing panics and no sum wraps.
    #[test]
    fn l36_no_counts_make_a_histogram_panic(
        counts in proptest::collection::vec(any::<u64>(), 0..6), limit in any::<f64>(), q in any::<f64>(),
    ) {
        let bounds = ["1", "1.0", "2", "-1", "+Inf", "inf"];
        let buckets = bounds.iter().zip(&counts);
        let buckets = buckets.map(|(le, n)| (bound(le), Count::from_millionths(*n)));
        if let Ok(histogram) = Histogram::new(buckets) {
            let _ = (histogram.quantile(q), histogram.fraction(limit, q), histogram.merge(&histogram));
            let _ = Bound::new(limit).and_then(|limit| histogram.share_within(limit));
        }
    }
}

/// Buckets that end at 1, 2, 3 … and +Inf, each with so many observations.
fn of_buckets(inside: &[u64]) -> Histogram {
    let mut sum = 0;
    let buckets = inside
        .iter()
        .enumerate()
        .map(|(place, n)| {
            sum += n;
            let last = place + 1 == inside.len();
            let le = if last {
                Bound::INFINITY
            } else {
                bound(&(place + 1).to_string())
            };
            (le, count(sum))
        });
    Histogram::new(buckets.collect::<Vec<_>>()).expect("fits")
}

/// What decreased in one of two stays told of both together.
#[test]
fn a_histogram_that_was_flattened_stays_so_when_it_is_merged() {
    let falling = histogram(&[("1", 5), ("2", 3), ("+Inf", 10)]);
    let rising = histogram(&[("1", 5), ("2", 6), ("+Inf", 10)]);
    for (one, other, is_flattened) in [
        (&falling, &rising, true),
        (&rising, &falling, true),
        (&rising, &rising, false),
    ] {
        let merged = one.merge(other).expect("equal bounds");
        assert_eq!(merged.is_flattened(), is_flattened);
    }
}

/// Noise is less than 10⁻¹² of both together: at exactly that it is told.
#[test]
fn a_decrease_of_a_trillionth_is_no_noise() {
    let is_flattened = |one, other| {
        let falling = [(bound("1"), one), (bound("+Inf"), other)]
            .map(|(bound, millionths)| (bound, Count::from_millionths(millionths)));
        Histogram::new(falling)
            .expect("fits")
            .is_flattened()
    };
    assert!(is_flattened(1_000_000_000_001, 999_999_999_999));
    assert!(!is_flattened(1_000_000_000_002, 1_000_000_000_000));
}

#[test]
fn a_limit_between_two_bounds_is_not_exact() {
    let bounds = || ["0.1", "0.25", "+Inf"].map(bound);
    let of = |limit| Bracket::of(bound(limit), bounds()).expect("between");
    assert!(of("0.25").is_exact() && !of("0.2").is_exact());
}
