//! Combining against a slow, independent opinion in exact fractions.

use num_bigint::BigUint;

use super::*;

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
pub(super) struct Given {
    pub(super) counts: Option<(u64, u64)>,
    pub(super) weight: u64,
    pub(super) ppb: u32,
}

pub(super) fn given() -> impl Strategy<Value = Given> {
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

pub(super) fn asked(
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
