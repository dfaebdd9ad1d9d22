//! What a ledger holds, lets go, and says of what leaves a window.

use super::*;
use crate::correction::Meaning;

const MINUTE: SliceWidth = SliceWidth::MINUTE;

/// A history of so many minutes since the epoch, in a map and in a ledger of two days.
fn history(seed: u64, minutes: i64) -> (Ledger, Naive) {
    let mut random = Random(seed);
    let mut ledger = Ledger::new(MINUTE, Span::days(2), at_second(0));
    let slices: BTreeMap<i64, Slice> = (0..minutes)
        .map(|minute| (minute, random.slice()))
        .collect();
    for (minute, slice) in &slices {
        ledger
            .append(at_second(60 * minute), *slice)
            .expect("fits");
    }
    let width = MINUTE;
    (ledger, Naive { width, slices })
}

fn hours(n: i64) -> DateTime<Utc> {
    at_second(3_600 * n)
}

/// The hours in which windows begin that cannot be asked for yet.
fn missing(ledger: &Ledger, hours: impl IntoIterator<Item = i64>) -> Vec<DateTime<Utc>> {
    let inside = hours
        .into_iter()
        .map(|hour| at_second(3_600 * hour + 60));
    ledger.missing_hours_at(inside)
}

/// What an operator sees as memory is what the elements take, once there is no spare room.
#[test]
fn the_bytes_of_a_copy_are_those_of_its_elements() {
    let (mut ledger, naive) = history(1, 20 * 60 + 30);
    let copy = |ledger: &Ledger| ledger.clone().heap_bytes();
    // An edge for each hour and one before, and one for each of the last 3.5 hours' slices and one.
    assert_eq!(copy(&ledger), (21 + 211) * 24);
    ledger.attach(&naive.hour(hours(12)));
    ledger.attach(&naive.hour(hours(4)));
    // Two hours of 61 sums, by number, and a place for each hour from the 4th to the 12th.
    assert_eq!(copy(&ledger), (21 + 211 + 2 * 61) * 24 + 2 * 8 + 9 * 4);
    ledger.detach_all_but_at(&[hours(4)]);
    assert_eq!(copy(&ledger), (21 + 211 + 61) * 24 + 8 + 4);
}

/// Windows up to three hours are asked at every slot: they must never wait for the store.
#[test]
fn the_last_three_hours_need_no_edge_however_the_ledger_came_to_be() {
    let windows = || (1..=180).map(Span::minutes);
    let nothing: [DateTime<Utc>; 0] = [];
    let (mut ledger, naive) = history(2, 9 * 60);
    for minute in 9 * 60..11 * 60 {
        let end = ledger.end();
        assert_eq!(
            ledger.missing_hours(end, windows()),
            nothing,
            "grown, at {end}"
        );
        let all = naive.hours(Interval::new(at_second(0), end));
        let loaded = Ledger::from_hours(MINUTE, Span::days(2), end, &all).expect("fits");
        assert_eq!(
            loaded.missing_hours(end, windows()),
            nothing,
            "loaded, at {end}"
        );
        ledger
            .append(at_second(60 * minute), Slice::Unmeasured)
            .expect("in order");
    }
    let two_more = Span::minutes(181 + 59);
    assert_eq!(ledger.missing_hours(ledger.end(), [two_more]), nothing);
    assert_eq!(
        ledger.missing_hours(ledger.end(), [Span::minutes(242)]),
        [hours(6)]
    );
}

/// Beyond the retention of slices all hours are sums, the last ones too.
#[test]
fn what_is_stored_as_sums_is_loaded_whole() {
    let (_, naive) = history(3, 9 * 60 + 20);
    let end = hours(9) + chrono::TimeDelta::minutes(20);
    // One hour before the horizon of seven hours, and one after the end, are left out.
    let stored = Interval::new(hours(0), hours(11));
    for sums_before in 0..=9 {
        let stored: Vec<_> = naive
            .hours(stored)
            .into_iter()
            .map(|hour| match hour.summed() {
                Some(summed) if hour.start() < hours(sums_before) => summed,
                _ => hour,
            })
            .collect();
        let ledger = Ledger::from_hours(MINUTE, Span::hours(7), end, &stored).expect("fits");
        assert_eq!((ledger.begin(), ledger.end()), (hours(2), end));
        for from in 0..10 {
            let during = Interval::new(hours(from.max(2)), end);
            let found = ledger.sum(Interval::new(hours(from), end));
            assert_eq!(found, Ok(naive.sum(during)), "{sums_before} {from}");
        }
        let last = ledger
            .fine_hour(end)
            .expect("held by slices");
        assert_eq!(last, naive.hour(end));
    }
}

/// A sum that replaces an hour of slices is exact to the hour.
#[test]
fn an_hour_that_comes_late_as_a_sum_counts_whole() {
    for (minutes, hour) in [(9 * 60 + 20, 7), (9 * 60 + 20, 2), (9 * 60, 8)] {
        let (mut ledger, mut naive) = history(4, minutes);
        let mut random = Random(5);
        for minute in 60 * hour..60 * (hour + 1) {
            naive
                .slices
                .insert(minute, random.slice());
        }
        let summed = naive
            .hour(hours(hour))
            .summed()
            .expect("fits");
        ledger.set_hour(&summed).expect("fits");
        for from in 0..10 {
            let during = Interval::new(hours(from), ledger.end());
            assert_eq!(ledger.sum(during), Ok(naive.sum(during)), "{hour} {from}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Edge hours are attached and let go in any order: those that are held say what plain addition
    /// says, also after an hour before, between or among them has changed; the others are asked for.
    #[test]
    fn an_edge_hour_is_held_until_it_is_let_go(
        seed in any::<u64>(),
        attached in prop::collection::vec(0..40_i64, 1..8),
        kept in prop::collection::vec(0..40_i64, 0..6),
        late in prop::collection::vec(0..46_i64, 0..4),
    ) {
        let (mut ledger, mut naive) = history(seed, 46 * 60);
        let mut random = Random(seed);
        for hour in &attached {
            ledger.attach(&naive.hour(hours(*hour)));
        }
        for hour in &late {
            let minute = hour * 60 + 7;
            naive.slices.insert(minute, random.slice());
            ledger.set_hour(&naive.hour(hours(*hour))).expect("fits");
        }
        let starts: Vec<_> = kept.iter().map(|hour| at_second(3_600 * hour + 1_800)).collect();
        let mut by_length = ledger.clone();
        let windows: Vec<_> = kept.iter()
            .filter_map(|hour| Span::from_seconds(u32::try_from(3_600 * (46 - hour) - 1_800).ok()?))
            .collect();
        by_length.detach_all_but(ledger.end(), &windows);
        ledger.detach_all_but_at(&starts);
        for ledger in [ledger, by_length] {
            let expected: Vec<_> = (0..40)
                .filter(|hour| !attached.contains(hour) || !kept.contains(hour))
                .map(hours)
                .collect();
            prop_assert_eq!(missing(&ledger, 0..40), expected);
            for hour in (0..40).filter(|hour| attached.contains(hour) && kept.contains(hour)) {
                for minute in [1, 7, 8, 59] {
                    let start = hours(hour) + chrono::TimeDelta::minutes(minute);
                    let during = Interval::new(start, ledger.end());
                    prop_assert_eq!(ledger.sum(during), Ok(naive.sum(during)));
                }
            }
        }
    }

    /// Step by step, what has left a window is what lay in its beginning, until all of it has.
    #[test]
    fn what_has_left_a_window_is_what_its_beginning_held(
        seed in any::<u64>(), minutes in 300..900_i64, length in 1..600_u32,
    ) {
        let (mut ledger, naive) = history(seed, minutes);
        let length = length.min(u32::try_from(minutes).expect("few"));
        let window = Span::minutes(length);
        for hour in ledger.missing_hours(ledger.end(), [window]) {
            ledger.attach(&naive.hour(hour));
        }
        let (begin, end) = (ledger.end() - window.as_delta(), ledger.end());
        let held = ledger.ending(end).and_then(|ending| ending.roll_off(window)).expect("attached");
        let latest = ledger.latest().roll_off(window).expect("attached");
        let mut before = None;
        for step in 0..=held.steps() {
            let left = held.at(step);
            prop_assert_eq!(latest.at(step), left);
            prop_assert!(before < Some(left.seconds));
            before = Some(left.seconds);
            let until = begin + chrono::TimeDelta::seconds(i64::from(left.seconds));
            let sums = naive.sum(Interval::new(begin, until)).counts;
            prop_assert_eq!(
                (left.bad, left.total), (sums.bad().millionths(), sums.total().millionths()));
            // No step is longer than an hour, nor than a slice where all is held by slices.
            let edge = if step == 0 { begin } else { until };
            prop_assert!(step == 0 || until == end || edge.timestamp() % 60 == 0);
        }
        prop_assert_eq!(before, Some(window.as_seconds()));
        let hours = window.as_seconds().div_ceil(3_600);
        let fine = length <= 180;
        let least = if fine { length } else { hours };
        prop_assert!(held.steps() + 1 >= least as usize, "{} steps", held.steps());
    }
}

/// An overlay that takes these minutes out.
fn removed(from: i64, to: i64) -> Arc<Overlay> {
    let stretch = Interval::new(at_second(60 * from), at_second(60 * to));
    Arc::new(Overlay::of([(stretch, Meaning::RemoveTime)]))
}

/// The last hours are held slice by slice, so nobody has to bring them along.
#[test]
fn the_last_hours_are_corrected_without_being_brought() {
    for minutes in [9 * 60, 9 * 60 + 20] {
        let (ledger, mut naive) = history(6, minutes);
        for from in [minutes - 180, minutes - 90, minutes - 10] {
            let corrected = ledger
                .corrected(&removed(from, from + 10), &[])
                .expect("fits");
            let held: Vec<_> = (from..from + 10)
                .map(|minute| naive.slices.remove(&minute))
                .collect();
            let last = Interval::ending(ledger.end(), Span::hours(3));
            assert_eq!(corrected.sum(last), Ok(naive.sum(last)), "{minutes} {from}");
            for (minute, slice) in (from..).zip(held) {
                naive
                    .slices
                    .extend(slice.map(|slice| (minute, slice)));
            }
        }
    }
}

/// An overlay that reaches further corrects what is put in from then on.
#[test]
fn what_comes_after_an_overlay_was_extended_is_corrected_by_it() {
    let (ledger, mut naive) = history(7, 9 * 60);
    let mut corrected = ledger
        .corrected(
            &removed(0, 1),
            &naive.hours(Interval::new(hours(0), hours(1))),
        )
        .expect("fits");
    corrected.extend_overlay(removed(9 * 60 + 5, 9 * 60 + 10));
    let mut random = Random(8);
    for minute in 9 * 60..9 * 60 + 20 {
        let slice = random.slice();
        corrected
            .append(at_second(60 * minute), slice)
            .expect("in order");
        if !(9 * 60 + 5..9 * 60 + 10).contains(&minute) {
            naive.slices.insert(minute, slice);
        }
    }
    naive.slices.remove(&0);
    for length in [15, 20, 180] {
        let during = Interval::ending(corrected.end(), Span::minutes(length));
        assert_eq!(corrected.sum(during), Ok(naive.sum(during)), "{length}");
    }
    let all = Interval::new(at_second(0), corrected.end());
    assert_eq!(corrected.sum(all), Ok(naive.sum(all)));
}

/// What is replaced makes room for what replaces it, in the open hour too.
#[test]
fn an_open_hour_as_large_as_a_sum_can_be_may_be_replaced_by_itself() {
    let mut ledger = Ledger::new(MINUTE, Span::days(2), hours(0));
    let huge = Counts::new(Count::ZERO, Count::from_millionths(SUM_MAX)).expect("legal");
    let slice = Slice::Measured(huge);
    ledger
        .append(hours(0), slice)
        .expect("fits");
    let mut hour = Hour::unmeasured(hours(0), MINUTE);
    hour.set(hours(0), slice);
    let all = Interval::ending(ledger.end(), Span::minutes(1));
    assert_eq!(ledger.set_hour(&hour), Ok(()));
    assert_eq!(ledger.sum(all).expect("fine").counts, huge);
}
