//! What is known of a system by its parts alone.

use super::*;

/// `docs/mathematics.md` 11: series and parallel, with and without independence.
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
