//! Combining: published numbers and traps.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::count::{Count, Counts, Grain};
use crate::slice::Slice;
use crate::target::Target;

mod bounds;
mod laws;
mod second_opinion;

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

/// `docs/mathematics.md` 11 and 14: GitLab's weights, weights (5, 1, 1), Kibana's 1:1, 3:7 and 6:4.
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

/// `docs/mathematics.md` 11: three times 99.9 % in series; and the worst of them.
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

/// Kibana (`docs/mathematics.md` 14): 3 × 99.5 % beside 7 × no data is 99.5 %. T29: neither perfect nor poisoned.
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

/// T30 (Datadog, `docs/mathematics.md` 14): of 720 minutes two disjoint outages of five leave 98.611 %, since what
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
    let twenty = new(of(20).collect()).expect("members");
    assert_eq!(twenty.members(), of(20).collect::<Vec<_>>());
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
