//! The ledger against plain addition.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::count::{Count, Counts};
use crate::time::at_second;

mod held;

/// Slices in a map, summed one by one: what the ledger must agree with.
#[derive(Debug)]
struct Naive {
    width: SliceWidth,
    slices: BTreeMap<i64, Slice>,
}

impl Naive {
    fn sum(&self, during: Interval) -> Sums {
        let indices = self.width.index_of(during.start())..self.width.index_of(during.end());
        self.slices
            .range(indices)
            .try_fold(Sums::default(), |sums, (_, slice)| {
                sums.checked_add_slice(*slice)
            })
            .expect("small sums")
    }

    fn hour(&self, at: DateTime<Utc>) -> Hour {
        let mut hour = Hour::unmeasured(at, self.width);
        let starts: Vec<_> = hour
            .iter()
            .map(|(start, _)| start)
            .collect();
        for start in starts {
            let held = self
                .slices
                .get(&self.width.index_of(start))
                .copied();
            hour.set(start, held.unwrap_or_default());
        }
        hour
    }

    fn hours(&self, during: Interval) -> Vec<Hour> {
        let mut at = Hour::floor(during.start());
        let mut hours = Vec::new();
        while at < during.end() {
            hours.push(self.hour(at));
            at += Span::hours(1).as_delta();
        }
        hours
    }
}

/// A cheap generator for long histories; proptest drives the seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }

    fn slice(&mut self) -> Slice {
        match self.next(8) {
            0 => Slice::Unmeasured,
            1 => Slice::Measured(Counts::NONE),
            _ => {
                let total = self.next(1_000_000_000);
                let bad = self.next(total + 1);
                let count = Count::from_millionths;
                Slice::Measured(Counts::with_bad(count(bad), count(total)).expect("legal"))
            }
        }
    }
}

const WINDOWS: [Span; 9] = [
    Span::minutes(5),
    Span::minutes(30),
    Span::hours(1),
    Span::hours(2),
    Span::hours(6),
    Span::hours(24),
    Span::days(2),
    Span::minutes(47),
    Span::minutes(2_017),
];

fn agrees(ledger: &mut Ledger, naive: &Naive) {
    let end = ledger.end();
    for hour in ledger.missing_hours(end, WINDOWS) {
        ledger.attach(&naive.hour(hour));
    }
    let ending = ledger.ending(end).expect("it is fine");
    for window in WINDOWS {
        let during = Interval::ending(end, window);
        let sum = Ok(naive.sum(during));
        assert_eq!(ledger.sum(during), sum, "{window} before {end}");
        assert_eq!(ending.window(window), sum, "{window} before {end}");
        assert_eq!(ending.since(during.start()), sum, "{window} before {end}");
    }
    let later = end + Span::hours(1).as_delta();
    assert_eq!(ending.since(later), Ok(Sums::default()));
}

/// One random history: appends with holes, late changes of hours, all windows compared.
fn replay(seed: u64, width: SliceWidth, steps: u64) {
    let mut random = Random(seed);
    let start = at_second(i64::try_from(random.next(1_000)).expect("small") * 977 * 60);
    let mut ledger = Ledger::new(width, Span::days(2), start);
    let mut naive = Naive {
        width,
        slices: BTreeMap::new(),
    };
    for _ in 0..steps {
        match random.next(40) {
            0 => {
                let hole = random.next(400);
                let to =
                    ledger.end() + width.span().as_delta() * i32::try_from(hole).expect("small");
                ledger.fill_to(to).expect("unmeasured");
            }
            1 => {
                let back = i64::try_from(random.next(50)).expect("small");
                let at = ledger.end() - chrono::TimeDelta::hours(back);
                if at < ledger.begin() {
                    continue;
                }
                let mut hour = naive.hour(at);
                let starts: Vec<_> = hour
                    .iter()
                    .map(|(start, _)| start)
                    .collect();
                for start in starts
                    .into_iter()
                    .filter(|start| *start < ledger.end())
                {
                    let slice = random.slice();
                    hour.set(start, slice);
                    naive
                        .slices
                        .insert(width.index_of(start), slice);
                }
                ledger.set_hour(&hour).expect("fits");
            }
            // What is attached by now must follow whatever arrives late from here on.
            2 => agrees(&mut ledger, &naive),
            _ => {
                let slice = random.slice();
                naive
                    .slices
                    .insert(width.index_of(ledger.end()), slice);
                ledger
                    .append(ledger.end(), slice)
                    .expect("fits");
            }
        }
    }
    agrees(&mut ledger, &naive);
    for back in 0..2 {
        let at = ledger.end() - chrono::TimeDelta::hours(back);
        if let Some(hour) = ledger.fine_hour(at) {
            assert_eq!(hour, naive.hour(at), "{at}");
        }
    }
    if steps < 50 && !seed.is_multiple_of(20) {
        return;
    }
    let horizon = Interval::ending(ledger.end(), Span::days(2));
    let loaded = Ledger::from_hours(width, Span::days(2), ledger.end(), &naive.hours(horizon));
    agrees(&mut loaded.expect("fits"), &naive);
}

/// Every run compares all windows of the ledger as it grew, and some as it is loaded.
#[test]
fn a_hundred_thousand_random_histories_agree_with_plain_addition() {
    for seed in 0..100_000_u64 {
        let width = if seed.is_multiple_of(16) {
            SliceWidth::TEN_SECONDS
        } else {
            SliceWidth::MINUTE
        };
        // One in a thousand is days long; the others are short, and there are many of them.
        let steps = if seed.is_multiple_of(1_000) {
            4_000
        } else {
            seed % 48
        };
        replay(seed, width, steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn long_histories_agree_with_plain_addition(seed in any::<u64>()) {
        replay(seed, SliceWidth::MINUTE, 6_000);
    }
}

/// Hours that are held slice by slice never begin before the ledger does.
#[test]
fn a_horizon_shorter_than_the_fine_hours_changes_no_sum() {
    let short = WINDOWS.map(|window| window.min(Span::hours(1)));
    let mut random = Random(7);
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::hours(1), at_second(0));
    let mut naive = Naive {
        width: SliceWidth::MINUTE,
        slices: BTreeMap::new(),
    };
    for minute in 0..12 * 60 {
        let slice = random.slice();
        naive.slices.insert(minute, slice);
        ledger
            .append(ledger.end(), slice)
            .expect("fits");
        let mut sums = [Sums::default(); 9];
        let found = ledger
            .latest()
            .windows(&short, &mut sums);
        assert_eq!(found, Ok(()));
        for (window, sum) in short.iter().zip(sums) {
            let during = Interval::ending(ledger.end(), *window);
            assert_eq!(sum, naive.sum(during), "{window} at {minute}");
        }
    }
}

#[test]
fn a_window_inside_an_old_hour_asks_for_its_slices() {
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(30), at_second(0));
    ledger
        .fill_to(at_second(86_400 + 120))
        .expect("unmeasured");
    let day = Interval::ending(ledger.end(), Span::hours(24));
    assert_eq!(ledger.sum(day), Err(LedgerError::MissingHour(at_second(0))));
    assert_eq!(
        ledger.missing_hours(ledger.end(), WINDOWS),
        [at_second(0), at_second(64_800)]
    );
}

/// L16: sums depend on how long ago something was, not on when.
#[test]
fn l16_a_history_shifted_by_whole_slices_has_the_same_sums() {
    for (seed, shift) in [(1, 1), (2, 59), (3, 60), (4, 1_441), (5, 40_000)] {
        let mut random = Random(seed);
        let slices: Vec<_> = (0..2_000)
            .map(|_| random.slice())
            .collect();
        let sums = |from: i64| {
            let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(2), at_second(from));
            let mut naive = BTreeMap::new();
            for (n, slice) in (from / 60..).zip(&slices) {
                naive.insert(n, *slice);
                ledger
                    .append(at_second(n * 60), *slice)
                    .expect("fits");
            }
            let width = SliceWidth::MINUTE;
            agrees(
                &mut ledger,
                &Naive {
                    width,
                    slices: naive,
                },
            );
            WINDOWS.map(|window| ledger.sum(Interval::ending(ledger.end(), window)))
        };
        assert_eq!(sums(0), sums(shift * 60), "shifted by {shift} minutes");
    }
}

/// L24: what two recorders saw is what one would have seen, in either order, and nothing changes
/// nothing.
#[test]
fn l24_merged_shards_are_the_single_stream() {
    let mut random = Random(24);
    for _ in 0..10_000 {
        let [a, b, c] = [(); 3].map(|()| {
            let slice = random.slice();
            Sums {
                counts: slice.counts(),
                measured: u32::from(slice.is_measured()),
            }
        });
        let add = |x: Sums, y: Sums| x.checked_add(y).expect("small");
        assert_eq!(add(a, b), add(b, a));
        assert_eq!(add(add(a, b), c), add(a, add(b, c)));
        assert_eq!(add(a, Sums::default()), a);
    }
}

/// L36, of time: the clock may go back, jump, or be wrong by ages; lengths may be extreme.
#[test]
fn l36_no_instant_and_no_length_makes_a_ledger_panic() {
    // As far as chrono reaches, less what lies between an instant and the edges around it.
    let room = chrono::TimeDelta::days(1);
    let instants = [
        DateTime::<Utc>::MIN_UTC + room,
        at_second(-1),
        at_second(0),
        at_second(59),
        at_second(7_200),
        at_second(i64::from(u32::MAX) + 7_200),
        DateTime::<Utc>::MAX_UTC - room,
    ];
    let spans = [
        Span::SECOND,
        Span::seconds(59),
        Span::minutes(61),
        Span::days(400),
        Span::MAX,
    ];
    let one = Slice::Measured(Counts::events(1, 2).expect("legal"));
    for (from, horizon) in instants
        .iter()
        .flat_map(|from| spans.map(|span| (*from, span)))
    {
        for width in [SliceWidth::TEN_SECONDS, SliceWidth::MINUTE] {
            let mut ledger = Ledger::new(width, horizon, from);
            let appended = ledger.append(from, one);
            assert_eq!(appended, Ok(()), "{from}");
            for at in instants {
                let ending = ledger.ending(at);
                for span in spans {
                    let sums = ending.and_then(|ending| ending.window(span));
                    assert!(sums.is_err() || sums.is_ok_and(|sums| sums.measured <= 1));
                }
                for hour in ledger.missing_hours(at, spans) {
                    ledger.attach(&Hour::unmeasured(hour, width));
                }
                ledger.detach_all_but(at, &spans);
                let late = ledger.set_hour(&Hour::unmeasured(at, width));
                assert_eq!(late, Ok(()), "{at}");
            }
            for at in instants {
                // Back is out of order, forward is a hole, however wide.
                let is_back = at < ledger.end();
                assert_eq!(ledger.append(at, one).is_err(), is_back, "{from} {at}");
            }
        }
    }
}

/// A hole that is wider than the horizon leaves nothing behind, hour by hour or at once.
#[test]
fn after_a_gap_of_ages_a_ledger_is_empty_and_goes_on() {
    let one = Slice::Measured(Counts::events(1, 2).expect("legal"));
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(1), at_second(0));
    ledger
        .append(at_second(0), one)
        .expect("in order");
    let later = at_second(100 * 365 * 86_400 + 1_830);
    ledger
        .fill_to(later)
        .expect("unmeasured");
    assert_eq!(ledger.end(), SliceWidth::MINUTE.floor(later));
    assert!(ledger.begin() > later - chrono::TimeDelta::hours(28));
    ledger
        .append(ledger.end(), one)
        .expect("in order");
    let day = Interval::ending(ledger.end(), Span::days(1));
    ledger.attach(&Hour::unmeasured(day.start(), SliceWidth::MINUTE));
    assert_eq!(
        ledger
            .sum(day)
            .expect("attached")
            .measured,
        1
    );
}

#[test]
fn slices_are_appended_in_order() {
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(1), at_second(0));
    ledger
        .append(at_second(60), Slice::Unmeasured)
        .expect("in order");
    assert_eq!(
        ledger.append(at_second(60), Slice::Unmeasured),
        Err(LedgerError::OutOfOrder)
    );
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let largest = Counts::new(Count::ZERO, Count::from_millionths(SUM_MAX)).expect("legal");
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(1), at_second(0));
    ledger
        .append(at_second(0), Slice::Measured(largest))
        .expect("fits");
    let one = Slice::Measured(Counts::events(1, 1).expect("legal"));
    assert_eq!(
        ledger.append(at_second(60), one),
        Err(LedgerError::Overflow)
    );
    let all = Interval::ending(ledger.end(), Span::days(1));
    assert_eq!(ledger.sum(all).expect("fine").counts, largest);
}

#[test]
fn prefixes_that_wrap_around_keep_their_differences() {
    let huge = Counts::new(Count::ZERO, Count::from_millionths(SUM_MAX)).expect("legal");
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::hours(1), at_second(0));
    for n in 0..8 {
        // Each is forgotten before the next arrives, so every sum fits; the prefixes wrap.
        ledger
            .append(at_second(n * 86_400), Slice::Measured(huge))
            .expect("fits");
        let last = Interval::ending(ledger.end(), Span::minutes(1));
        assert_eq!(ledger.sum(last).expect("fine").counts, huge);
    }
}

#[test]
fn a_month_of_minutes_stays_below_forty_kibibytes() {
    let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(30), at_second(0));
    ledger
        .fill_to(at_second(60 * 86_400 + 1_800))
        .expect("unmeasured");
    let windows = [6, 24, 72, 168, 720].map(Span::hours);
    for hour in ledger.missing_hours(ledger.end(), windows) {
        ledger.attach(&Hour::unmeasured(hour, SliceWidth::MINUTE));
    }
    assert!(
        ledger.heap_bytes() < 40 * 1_024,
        "{} bytes",
        ledger.heap_bytes()
    );
}
