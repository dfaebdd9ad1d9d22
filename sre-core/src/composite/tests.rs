//! Combining: published numbers, traps, laws, and a second opinion in exact fractions.

use num_bigint::BigUint;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::count::{Count, Counts, Grain};
use crate::slice::Slice;
use crate::target::Target;

fn id(n: u128) -> SloId {
    SloId(Uuid::from_u128(n))
}

fn composite(weights: &[&str], combine: Combine, missing: MissingMember) -> Composite {
    let of = (1..)
        .zip(weights)
        .map(|(n, weight)| Member {
            slo: id(n),
            weight: weight.parse().expect("a weight"),
        });
    Composite::new(of.collect(), combine, missing).expect("legal")
}

#[expect(clippy::unnecessary_wraps, reason = "as it is asked for")]
fn seen(good: u64, total: u64) -> Option<Seen> {
    let counts = Counts::events(good, total).expect("legal");
    Some(Seen {
        slice: Slice::Measured(counts),
        target: target("99"),
    })
}

fn target(text: &str) -> Target {
    text.parse().expect("a target")
}

/// The good share in percent, cut to eight decimals; `None` where there is none.
fn good(combined: Combined) -> Option<String> {
    let counts = combined.slice.counts();
    let total = u128::from(counts.total().millionths());
    let good = u128::from(counts.good().millionths()) * 10_000_000_000;
    let cut = good.checked_div(total)?;
    Some(format!("{}.{:08}", cut / 100_000_000, cut % 100_000_000))
}

fn shares(composite: &Composite, percentages: &[&str]) -> Option<String> {
    let seen: Vec<_> = percentages
        .iter()
        .map(|text| {
            let availability: Availability = text.parse().expect("a percentage");
            let good = Count::from_millionths(availability.attos());
            let counts = Counts::new(good, Count::from_millionths(Availability::ALL.attos()));
            Some(Seen {
                slice: Slice::Measured(counts.expect("legal")),
                target: target("99"),
            })
        })
        .collect();
    good(composite.combine(&seen))
}

const EXCLUDE: MissingMember = MissingMember::Exclude;

/// slo-math §11 and §17: GitLab's weights, weights (5, 1, 1), Kibana's 1:1, 3:7 and 6:4.
#[test]
fn published_weighted_ratios_are_met_to_the_last_digit() {
    for (weights, of, answer) in [
        (
            &["5", "5", "5", "1"][..],
            &["99.76", "99.74", "99.62", "99.97"][..],
            "99.72312500",
        ),
        (&["5", "1", "1"], &["99.9", "99", "100"], "99.78571428"),
        (&["1", "1"], &["99", "98"], "98.50000000"),
        (&["3", "7"], &["99", "99.5"], "99.35000000"),
        (&["6", "4"], &["99", "99.5"], "99.20000000"),
        (&["0.6", "0.4"], &["99", "99.5"], "99.20000000"),
    ] {
        let composite = composite(weights, Combine::WeightedRatio, EXCLUDE);
        assert_eq!(shares(&composite, of).as_deref(), Some(answer), "{of:?}");
    }
}

/// slo-math §11: three times 99.9 % in series; and the worst of them.
#[test]
fn a_series_multiplies_and_the_worst_is_the_worst() {
    let ones = ["1"; 3];
    let series = composite(&ones, Combine::Series, EXCLUDE);
    assert_eq!(
        shares(&series, &["99.9"; 3]).as_deref(),
        Some("99.70029990")
    );
    let worst = composite(&ones, Combine::Min, EXCLUDE);
    assert_eq!(
        shares(&worst, &["99.9", "98.7", "99"]).as_deref(),
        Some("98.70000000")
    );
}

/// Kibana (slo-math §17): 3 × 99.5 % beside 7 × no data is 99.5 %. T29: neither perfect nor poisoned.
#[test]
fn t29_a_missing_member_is_what_the_policy_says() {
    for (missing, answer) in [
        (MissingMember::Exclude, "99.50000000"),
        (MissingMember::Bad, "29.85000000"),
        (MissingMember::Good, "99.85000000"),
    ] {
        let composite = composite(&["3", "7"], Combine::WeightedRatio, missing);
        let combined = composite.combine(&[seen(995, 1_000), None]);
        assert_eq!(good(combined).as_deref(), Some(answer));
        assert_eq!(combined.missing, 1);
    }
}

#[test]
fn each_way_takes_a_missing_member_for_what_the_policy_says() {
    use Combine::{AllBad, AnyBad, Min, Series};
    for (combine, exclude, bad, good_) in [
        (AnyBad, "100.00000000", "0.00000000", "100.00000000"),
        (AllBad, "100.00000000", "100.00000000", "100.00000000"),
        (Series, "99.50000000", "0.00000000", "99.50000000"),
        (Min, "99.50000000", "0.00000000", "99.50000000"),
    ] {
        for (missing, answer) in [
            (MissingMember::Exclude, exclude),
            (MissingMember::Bad, bad),
            (MissingMember::Good, good_),
        ] {
            let composite = composite(&["1", "1"], combine, missing);
            let combined = composite.combine(&[seen(995, 1_000), None]);
            assert_eq!(
                good(combined).as_deref(),
                Some(answer),
                "{combine:?} {missing:?}"
            );
        }
    }
}

#[test]
fn without_any_measured_member_nothing_was_measured_whatever_the_policy() {
    for missing in MissingMember::ALL {
        for combine in Combine::ALL {
            let composite = composite(&["1", "1"], combine, missing);
            let unmeasured = Some(Seen {
                slice: Slice::Unmeasured,
                target: target("99"),
            });
            for said in [&[None, unmeasured][..], &[]] {
                let combined = composite.combine(said);
                assert_eq!((combined.slice, combined.missing), (Slice::Unmeasured, 2));
            }
        }
    }
}

#[test]
fn a_member_without_traffic_is_measured_and_has_no_say() {
    for combine in Combine::ALL {
        let composite = composite(&["1", "1"], combine, MissingMember::Bad);
        let beside = composite.combine(&[seen(0, 0), seen(10, 10)]);
        assert_eq!(
            (good(beside).as_deref(), beside.missing),
            (Some("100.00000000"), 0)
        );
        let alone = composite.combine(&[seen(0, 0), seen(0, 0)]);
        assert_eq!(alone.slice, Slice::Measured(Counts::NONE));
    }
}

/// T30 (Datadog, slo-math §17): of 720 minutes two disjoint outages of five leave 98.611 %, since what
/// is joined is bad time, and not the SLIs.
#[test]
fn t30_groups_are_joined_by_the_union_of_their_bad_time() {
    let composite = composite(&["1", "1"], Combine::AnyBad, EXCLUDE);
    let bad = (0..720)
        .filter(|minute| {
            let state = |is_bad: bool| seen(u64::from(!is_bad), 1);
            let (one, other) = ((100..105).contains(minute), (300..305).contains(minute));
            let combined = composite.combine(&[state(one), state(other)]);
            !combined.slice.counts().bad().is_zero()
        })
        .count();
    assert_eq!(bad, 10);
    assert_eq!((720 - bad) * 100_000 / 720, 98_611);
}

/// What is bad of a member's slice is decided by the member's own target.
#[test]
fn a_slice_of_a_member_is_bad_by_the_members_own_target() {
    let composite = composite(&["1"], Combine::AnyBad, EXCLUDE);
    let is_bad = |text: &str| {
        let slice = Slice::Measured(Counts::events(95, 100).expect("legal"));
        let said = Seen {
            slice,
            target: target(text),
        };
        let combined = composite.combine(&[Some(said)]);
        !combined.slice.counts().bad().is_zero()
    };
    assert!(!is_bad("95") && is_bad("95.000001"));
}

#[test]
fn members_are_one_to_twenty_and_each_once() {
    let of = |n: u128| {
        (0..n).map(|n| Member {
            slo: id(n),
            weight: MemberWeight::ONE,
        })
    };
    let new = |of: Vec<Member>| Composite::new(of, Combine::Min, EXCLUDE);
    assert_eq!(new(Vec::new()), Err(CompositeError::Empty));
    assert!(new(of(20).collect()).is_ok());
    assert_eq!(new(of(21).collect()), Err(CompositeError::TooMany));
    let twice = of(3).chain(of(1)).collect();
    assert_eq!(new(twice), Err(CompositeError::Duplicate { place: 3 }));
}

#[cfg(feature = "serde")]
#[test]
fn a_composite_is_read_back_and_one_that_cannot_be_is_refused() {
    let written = composite(&["2", "0.5"], Combine::Series, MissingMember::Bad);
    let text = serde_json::to_string(&written).expect("serializes");
    assert_eq!(
        serde_json::from_str::<Composite>(&text).expect("reads"),
        written
    );
    for wrong in [
        text.replace("\"2\"", "\"0\""),
        text.replace("00000002", "00000001"),
        text.replace("series", "mean"),
    ] {
        assert!(
            serde_json::from_str::<Composite>(&wrong).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_shapes_slices_is_all_but_the_order_of_members_and_weights_that_nobody_reads() {
    let parts = |weights: &[&str], combine, missing| composite(weights, combine, missing).parts();
    let base = parts(&["1", "2"], Combine::WeightedRatio, EXCLUDE);
    let turned = {
        let mut of = composite(&["1", "2"], Combine::WeightedRatio, EXCLUDE).of;
        of.reverse();
        Composite::new(of, Combine::WeightedRatio, EXCLUDE)
            .expect("legal")
            .parts()
    };
    assert_eq!(turned, base);
    for other in [
        parts(&["1", "3"], Combine::WeightedRatio, EXCLUDE),
        parts(&["1", "2"], Combine::Series, EXCLUDE),
        parts(&["1", "2"], Combine::WeightedRatio, MissingMember::Bad),
        parts(&["1", "2", "1"], Combine::WeightedRatio, EXCLUDE),
    ] {
        assert_ne!(other, base);
    }
    assert_eq!(
        parts(&["1", "2"], Combine::Min, EXCLUDE),
        parts(&["1", "3"], Combine::Min, EXCLUDE)
    );
}

/// A fraction, exact.
type Fraction = (BigUint, BigUint);

fn big(n: u64) -> BigUint {
    BigUint::from(n)
}

/// What a member counts for in the second opinion: bad, total, whether it misses its target, weight.
type Part = (u64, u64, bool, u64);

/// The bad share of a slice in exact fractions, from the definitions in [`Combine`].
fn bad_share(combine: Combine, parts: &[Part]) -> Fraction {
    let product = |of: &dyn Fn(&Part) -> BigUint| {
        parts
            .iter()
            .map(of)
            .product::<BigUint>()
    };
    match combine {
        Combine::AnyBad => (big(parts.iter().any(|part| part.2).into()), big(1)),
        Combine::AllBad => (big(parts.iter().all(|part| part.2).into()), big(1)),
        Combine::Min => {
            let worst = parts
                .iter()
                .max_by(|one, other| (big(one.0) * big(other.1)).cmp(&(big(other.0) * big(one.1))));
            worst.map_or((big(0), big(1)), |worst| (big(worst.0), big(worst.1)))
        }
        Combine::Series => {
            let all = product(&|part| big(part.1));
            let good = product(&|part| big(part.1 - part.0));
            (&all - good, all)
        }
        Combine::WeightedRatio => {
            let all = product(&|part| big(part.1));
            let weighted: BigUint = parts
                .iter()
                .map(|part| big(part.3) * big(part.0) * &all / big(part.1))
                .sum();
            let weights: u64 = parts.iter().map(|part| part.3).sum();
            (weighted, all * big(weights))
        }
    }
}

/// One member's slice: unmeasured, idle or counted, and the member's weight and budget.
#[derive(Clone, Copy, Debug)]
struct Given {
    counts: Option<(u64, u64)>,
    weight: u64,
    ppb: u32,
}

fn given() -> impl Strategy<Value = Given> {
    let total = prop_oneof![0..=3_u64, 1..=1_000_000_000_u64, any::<u64>()];
    let counts = (total, any::<u64>(), 0..4_u8).prop_map(|(total, part, kind)| {
        let bad = u128::from(total) * u128::from(part) / u128::from(u64::MAX);
        let bad = u64::try_from(bad).expect("at most the total");
        match kind {
            0 => None,
            1 => Some((0, total)),
            2 => Some((bad / 1_000, total)),
            _ => Some((bad, total)),
        }
    });
    let weight = prop_oneof![Just(1_000_000), 1..=1_000_000_000_000_u64];
    (counts, weight, 1..1_000_000_000_u32).prop_map(|(counts, weight, ppb)| Given {
        counts,
        weight,
        ppb,
    })
}

fn asked(
    given: &[Given],
    combine: Combine,
    missing: MissingMember,
) -> (Composite, Vec<Option<Seen>>) {
    let of = (1..)
        .zip(given)
        .map(|(n, given)| Member {
            slo: id(n),
            weight: MemberWeight::from_millionths(given.weight).expect("legal"),
        });
    let seen = given.iter().map(|given| {
        let (bad, total) = given.counts?;
        let (bad, total) = (Count::from_millionths(bad), Count::from_millionths(total));
        Some(Seen {
            slice: Slice::Measured(Counts::with_bad(bad, total).expect("legal")),
            target: Target::from_budget_ppb(given.ppb).expect("legal"),
        })
    });
    let composite = Composite::new(of.collect(), combine, missing).expect("legal");
    (composite, seen.collect())
}

/// Whether the slice is what exact fractions make of it: the bad share never below, and above by no
/// more than the last of its twelve digits (and 10⁻¹⁶ for what was cut on the way).
fn is_right(combined: Combined, given: &[Given], combine: Combine, missing: MissingMember) -> bool {
    let parts: Vec<Part> = given
        .iter()
        .filter_map(|given| match (given.counts, missing) {
            (Some((_, 0)), _) | (None, MissingMember::Exclude) => None,
            (Some((bad, total)), _) => {
                let is_bad =
                    u128::from(bad) * 1_000_000_000 > u128::from(given.ppb) * u128::from(total);
                Some((bad, total, is_bad, given.weight))
            }
            (None, MissingMember::Bad) => Some((1, 1, true, given.weight)),
            (None, MissingMember::Good) => Some((0, 1, false, given.weight)),
        })
        .collect();
    let absent = given
        .iter()
        .filter(|given| given.counts.is_none())
        .count();
    if combined.missing as usize != absent {
        return false;
    }
    if absent == given.len() {
        return combined.slice == Slice::Unmeasured;
    }
    if parts.is_empty() {
        return combined.slice == Slice::Measured(Counts::NONE);
    }
    let (bad, all) = bad_share(combine, &parts);
    let counts = combined.slice.counts();
    let held = big(counts.bad().millionths());
    // held ÷ 10¹² against bad ÷ all, in 10⁻¹⁶.
    let (held, exact) = (held * &all * big(10_000), bad * big(10_000_000_000_000_000));
    counts.total() == Grain::Trillionths.unit()
        && held >= exact
        && held <= exact + all * big(10_001)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_weighted_ratio_is_what_exact_fractions_make_it(
        given in prop::collection::vec(given(), 1..=5), missing in 0..3_usize,
    ) {
        let missing = MissingMember::ALL[missing];
        let (composite, seen) = asked(&given, Combine::WeightedRatio, missing);
        prop_assert!(is_right(composite.combine(&seen), &given, Combine::WeightedRatio, missing));
    }

    #[test]
    fn a_series_is_what_exact_fractions_make_it(
        given in prop::collection::vec(given(), 1..=5), missing in 0..3_usize,
    ) {
        let missing = MissingMember::ALL[missing];
        let (composite, seen) = asked(&given, Combine::Series, missing);
        prop_assert!(is_right(composite.combine(&seen), &given, Combine::Series, missing));
    }

    #[test]
    fn the_worst_is_what_exact_fractions_make_it(
        given in prop::collection::vec(given(), 1..=5), missing in 0..3_usize,
    ) {
        let missing = MissingMember::ALL[missing];
        let (composite, seen) = asked(&given, Combine::Min, missing);
        prop_assert!(is_right(composite.combine(&seen), &given, Combine::Min, missing));
    }

    #[test]
    fn any_bad_and_all_bad_are_what_exact_fractions_make_them(
        given in prop::collection::vec(given(), 1..=5), missing in 0..3_usize,
    ) {
        let missing = MissingMember::ALL[missing];
        for combine in [Combine::AnyBad, Combine::AllBad] {
            let (composite, seen) = asked(&given, combine, missing);
            prop_assert!(is_right(composite.combine(&seen), &given, combine, missing));
        }
    }
}

proptest! {
    /// Weights equal to traffic give pooled counts, to the last digit that is held.
    #[test]
    fn weights_equal_to_traffic_give_pooled_counts(
        parts in prop::collection::vec((1_u64..1_000_000, 0_u64..=1_000), 1..=20),
    ) {
        let given: Vec<_> = parts
            .iter()
            .map(|(total, permille)| Given {
                counts: Some((total * permille / 1_000 * 1_000_000, total * 1_000_000)),
                weight: total * 1_000_000,
                ppb: 1,
            })
            .collect();
        let (composite, seen) = asked(&given, Combine::WeightedRatio, EXCLUDE);
        let held = u128::from(composite.combine(&seen).slice.counts().bad().millionths());
        let pooled = given.iter().filter_map(|given| given.counts).fold((0, 0), |sum, one| {
            (sum.0 + u128::from(one.0), sum.1 + u128::from(one.1))
        });
        let exact = pooled.0 * 1_000_000_000_000;
        prop_assert!(held * pooled.1 >= exact && held * pooled.1 <= exact + 2 * pooled.1);
    }

    /// The order of members does not matter, nor does the unit of weights.
    #[test]
    fn neither_the_order_of_members_nor_the_unit_of_weights_matters(
        mut given in prop::collection::vec(given(), 1..=20), combine in 0..5_usize, missing in 0..3_usize,
    ) {
        let (combine, missing) = (Combine::ALL[combine], MissingMember::ALL[missing]);
        for one in &mut given {
            one.weight = one.weight % 1_000_000 + 1;
        }
        let slice = |given: &[Given]| {
            let (composite, seen) = asked(given, combine, missing);
            composite.combine(&seen)
        };
        let before = slice(&given);
        given.reverse();
        prop_assert_eq!(slice(&given), before);
        for one in &mut given {
            one.weight *= 1_000;
        }
        prop_assert_eq!(slice(&given), before);
    }

    /// More bad in a member never makes the composite better.
    #[test]
    fn more_bad_in_a_member_never_makes_the_composite_better(
        given in prop::collection::vec(given(), 1..=20), combine in 0..5_usize, place in any::<prop::sample::Index>(),
    ) {
        let combine = Combine::ALL[combine];
        let bad = |given: &[Given]| {
            let (composite, seen) = asked(given, combine, MissingMember::Exclude);
            composite.combine(&seen).slice.counts().bad()
        };
        let mut worse = given.clone();
        let one = &mut worse[place.index(given.len())];
        one.counts = one.counts.map(|(bad, total)| (bad + (total - bad) / 2, total));
        prop_assert!(bad(&worse) >= bad(&given));
    }

    /// L28: low ≤ independent ≤ high; a series is at most its worst part, a parallel at least its
    /// best; k of n falls in k; all of n is the series, one of n the parallel.
    #[test]
    fn l28_bounds_hold_and_k_of_n_falls_in_k(
        parts in prop::collection::vec(0..=1_000_000_000_000_000_000_u64, 1..=12),
    ) {
        let parts: Vec<_> = parts.into_iter().filter_map(Availability::from_attos).collect();
        let (worst, best) = (parts.iter().min().copied(), parts.iter().max().copied());
        let all = series(&parts).expect("parts");
        let one = parallel(&parts).expect("parts");
        prop_assert_eq!(Some(all.high), worst);
        prop_assert_eq!(Some(one.low), best);
        prop_assert!(Some(all.independent) <= worst && Some(one.independent) >= best);
        prop_assert_eq!(k_of_n(parts.len(), &parts), Some(all));
        prop_assert_eq!(k_of_n(1, &parts), Some(one));
        let mut before = Availability::ALL;
        for k in 1..=parts.len() {
            let bounds = k_of_n(k, &parts).expect("so many parts");
            prop_assert!(bounds.low <= bounds.independent && bounds.independent <= bounds.high);
            // What is cut on the way is below 10⁻¹⁵.
            prop_assert!(bounds.independent.attos() <= before.attos().saturating_add(1_000));
            before = bounds.independent;
        }
        prop_assert_eq!(k_of_n(0, &parts), None);
        prop_assert_eq!(k_of_n(parts.len() + 1, &parts), None);
    }
}

/// slo-math §11: series and parallel, with and without independence.
#[test]
fn published_bounds_are_met() {
    let of = |text: &str, n: usize| {
        vec![
            text.parse::<Availability>()
                .expect("a share");
            n
        ]
    };
    let shown = |bounds: Option<Bounds>| {
        let bounds = bounds.expect("parts");
        [bounds.low, bounds.independent, bounds.high].map(|share| share.to_string())
    };
    assert_eq!(
        shown(series(&of("99.9", 3))),
        ["99.7", "99.7002999", "99.9"]
    );
    assert_eq!(shown(parallel(&of("99", 2))), ["99", "99.99", "100"]);
    assert_eq!(shown(k_of_n(2, &of("99", 3)))[1], "99.9702");
    // Own 99.99 % and five dependencies of 99.999 %: 99.985 % by product.
    let mut parts = of("99.999", 5);
    parts.extend(of("99.99", 1));
    assert!(shown(series(&parts))[1].starts_with("99.985"));
}

/// Any system of three parts lies within the bounds, whatever they have to do with each other: checked
/// over every way to spread eight outcomes.
#[test]
fn every_joint_distribution_lies_within_the_bounds() {
    let weight = |n: u64, place: u64| (n / 3_u64.pow(u32::try_from(place).expect("small"))) % 3;
    for n in 1..3_u64.pow(8) {
        let all: u64 = (0..8)
            .map(|place| weight(n, place))
            .sum();
        let chance = |holds: &dyn Fn(u64) -> bool| {
            let sum: u64 = (0..8)
                .filter(|outcome| holds(*outcome))
                .map(|place| weight(n, place))
                .sum();
            sum * (Availability::ALL.attos() / all)
        };
        let parts: Vec<_> = (0..3)
            .filter_map(|part| {
                Availability::from_attos(chance(&|outcome| outcome >> part & 1 == 1))
            })
            .collect();
        for k in 1..=3_u32 {
            let truth = chance(&|outcome| outcome.count_ones() >= k);
            let bounds = k_of_n(k as usize, &parts).expect("three parts");
            // Shares of eights and the like are cut by some 10⁻¹⁷.
            let (low, high) = (bounds.low.attos(), bounds.high.attos());
            assert!(low <= truth + 100 && truth <= high + 100, "{n} {k}");
        }
    }
}
