//! Buckets of any bounds and counts: shares lie between each other, what is shown is a number, and
//! merging is adding.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sre_core::count::Count;
use sre_core::histogram::{Bound, Histogram};

#[derive(Arbitrary, Debug)]
struct Input {
    buckets: Vec<(Edge, u64)>,
    limit: Edge,
    q: f64,
    lower: f64,
    upper: f64,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Edge {
    Small(i8),
    Any(f64),
    Infinite,
}

impl Edge {
    fn bound(self) -> Option<Bound> {
        match self {
            Self::Small(n) => Bound::new(f64::from(n) / 8.0),
            Self::Any(value) => Bound::new(value),
            Self::Infinite => Some(Bound::INFINITY),
        }
    }
}

fuzz_target!(|input: Input| {
    let given: Vec<_> = input
        .buckets
        .iter()
        .filter_map(|(edge, n)| Some((edge.bound()?, Count::from_millionths(*n))))
        .collect();
    let Ok(histogram) = Histogram::new(given.clone()) else {
        return;
    };
    // The order in which buckets come does not matter.
    let reversed = Histogram::new(given.into_iter().rev());
    assert_eq!(reversed.as_ref(), Ok(&histogram));
    let buckets = histogram.buckets();
    assert!(
        buckets
            .windows(2)
            .all(|two| two[0].le < two[1].le && two[0].count <= two[1].count)
    );
    if let Some(share) = input
        .limit
        .bound()
        .and_then(|limit| histogram.share_within(limit))
    {
        assert!(share.lowest.bad() >= share.highest.bad());
        assert_eq!(Some(share.lowest.total()), histogram.total());
    }
    for q in [input.q, 0.0, 0.5, 0.99, 1.0] {
        let quantile = histogram.quantile(q);
        assert!(
            quantile.is_none_or(|value| !value.is_nan()),
            "{q}: {histogram:?}"
        );
        let is_share = (0.0..=1.0).contains(&q);
        let is_finite = quantile.is_none_or(f64::is_finite);
        assert!(
            is_finite || !is_share,
            "{q} is at {quantile:?} of {histogram:?}"
        );
    }
    // Rising in q.
    let steps: Vec<_> = (0..=20)
        .filter_map(|n| histogram.quantile(f64::from(n) / 20.0))
        .collect();
    assert!(
        steps
            .windows(2)
            .all(|two| two[0] <= two[1]),
        "{steps:?} of {histogram:?}"
    );
    if let Some(fraction) = histogram.fraction(input.lower, input.upper) {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "{fraction} of {histogram:?}"
        );
    }
    if let Ok(both) = histogram.merge(&histogram) {
        let doubled = |one: Count, two: Count| one.checked_add(one) == Some(two);
        let pairs = buckets.iter().zip(both.buckets());
        assert!(
            pairs
                .clone()
                .all(|(one, two)| one.le == two.le && doubled(one.count, two.count))
        );
        assert_eq!(both.buckets().len(), buckets.len());
    }
});
