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
    }

    #[test]
    fn a_summed_hour_is_read_back_exactly(bad in 0_u64..1 << 62, good in 0_u64..1 << 62, n in 1..60_i64) {
        let count = Count::from_millionths;
        let mut hour = Hour::unmeasured(at_second(7_200), SliceWidth::MINUTE);
        for minute in 0..n {
            hour.set(at_second(7_200 + 60 * minute), Slice::Measured(Counts::NONE));
        }
        let counts = Counts::with_bad(count(bad), count(bad + good)).expect("legal");
        hour.set(at_second(7_200), Slice::Measured(counts));
        let summed = hour.summed().expect("fits");
        prop_assert_eq!(summed.sums(), hour.sums());
        let mut bytes = summed.pack();
        let unpack = |bytes: &[u8]| Hour::unpack(at_second(9_000), SliceWidth::MINUTE, bytes);
        prop_assert_eq!(unpack(&bytes), Ok(summed));
        bytes.push(0);
        prop_assert_eq!(unpack(&bytes), Err(UnpackError), "a byte too many");
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

/// Fractions on either side alone are enough to need the finer tag.
#[test]
fn a_fraction_of_an_event_is_packed_whichever_count_has_it() {
    for (bad, total) in [(500_000, 1_000_000), (1_000_000, 1_500_000), (1, 2)] {
        let [bad, total] = [bad, total].map(Count::from_millionths);
        let mut hour = Hour::unmeasured(at_second(0), SliceWidth::MINUTE);
        let counts = Counts::with_bad(bad, total).expect("legal");
        hour.set(at_second(0), Slice::Measured(counts));
        let back = Hour::unpack(at_second(0), SliceWidth::MINUTE, &hour.pack());
        assert_eq!(back, Ok(hour));
    }
}

#[test]
fn a_sum_of_more_slices_than_an_hour_has_is_no_hour() {
    let mut hour = Hour::unmeasured(at_second(0), SliceWidth::TEN_SECONDS);
    for n in 0..61 {
        hour.set(at_second(10 * n), Slice::Measured(Counts::NONE));
    }
    let bytes = hour.summed().expect("fits").pack();
    assert!(Hour::unpack(at_second(0), SliceWidth::TEN_SECONDS, &bytes).is_ok());
    assert_eq!(
        Hour::unpack(at_second(0), SliceWidth::MINUTE, &bytes),
        Err(UnpackError)
    );
    hour.set(at_second(0), Slice::Unmeasured);
    let bytes = hour.summed().expect("fits").pack();
    assert!(Hour::unpack(at_second(0), SliceWidth::MINUTE, &bytes).is_ok());
}
