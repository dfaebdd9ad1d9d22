use proptest::prelude::*;

use super::*;
use crate::time::at_second;

fn slice() -> impl Strategy<Value = Slice> {
    let counts = (
        any::<u64>(),
        any::<u64>(),
        prop_oneof![Just(1), Just(1_000_000)],
    )
        .prop_map(|(a, b, unit)| {
            let (bad, total) = (a.min(b) / unit * unit, a.max(b) / unit * unit);
            Counts::with_bad(Count::from_millionths(bad), Count::from_millionths(total))
        })
        .prop_map(|counts| Slice::Measured(counts.expect("bad is the smaller")));
    prop_oneof![
        Just(Slice::Unmeasured),
        Just(Slice::Measured(Counts::NONE)),
        counts
    ]
}

#[cfg(feature = "serde")]
#[test]
fn an_hour_is_stored_packed_and_no_other_bytes_are_read() {
    let mut hour = Hour::unmeasured(at_second(7_200), SliceWidth::MINUTE);
    let counts = Counts::events(7, 10).expect("legal");
    hour.set(at_second(7_260), Slice::Measured(counts));
    let text = serde_json::to_string(&hour).expect("serializes");
    assert_eq!(serde_json::from_str::<Hour>(&text).expect("reads"), hour);
    let cut = text.replace("[1,", "[9,");
    assert!(serde_json::from_str::<Hour>(&cut).is_err(), "{cut}");
}

proptest! {
    #[test]
    fn a_packed_hour_is_read_back_exactly(slices in prop::collection::vec(slice(), 60)) {
        let mut hour = Hour::unmeasured(at_second(7_200), SliceWidth::MINUTE);
        for (n, slice) in (0..).zip(&slices) {
            hour.set(at_second(7_200 + 60 * n), *slice);
        }
        let back = Hour::unpack(at_second(9_000), SliceWidth::MINUTE, &hour.pack());
        prop_assert_eq!(back.as_ref(), Ok(&hour));
        if let Some(summed) = hour.summed() {
            prop_assert_eq!(summed.sums(), hour.sums());
            let back = Hour::unpack(at_second(9_000), SliceWidth::MINUTE, &summed.pack());
            prop_assert_eq!(back, Ok(summed));
        }
    }

    #[test]
    fn no_bytes_make_unpacking_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Hour::unpack(at_second(0), SliceWidth::MINUTE, &bytes);
    }
}

#[test]
fn a_busy_minute_costs_a_few_bytes() {
    let mut hour = Hour::unmeasured(at_second(0), SliceWidth::MINUTE);
    for n in 0..60 {
        let counts = Counts::events(59_990, 60_000).expect("legal");
        hour.set(at_second(60 * n), Slice::Measured(counts));
    }
    // 24 of these hours are 5.8 KB, below the 8 KiB an SLO and day may take.
    assert_eq!(hour.pack().len(), 241);
}

#[test]
fn an_hour_before_the_epoch_is_aligned_too() {
    let hour = Hour::unmeasured(at_second(-1), SliceWidth::MINUTE);
    assert_eq!(hour.start(), at_second(-3_600));
}

/// What was read again replaces what was read, be it less: nothing is merged by the larger.
#[test]
fn a_slice_that_is_set_again_is_what_was_said_last() {
    let mut hour = Hour::unmeasured(at_second(0), SliceWidth::MINUTE);
    let said = |good, total| Slice::Measured(Counts::events(good, total).expect("legal"));
    for slice in [
        said(7, 9),
        said(1, 2),
        said(0, 0),
        Slice::Unmeasured,
        said(3, 3),
    ] {
        hour.set(at_second(120), slice);
        assert_eq!(hour.slice_at(at_second(120)), slice);
    }
}
