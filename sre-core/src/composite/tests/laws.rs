//! Laws of combining.

use super::second_opinion::{Given, asked, given};
use super::*;

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
