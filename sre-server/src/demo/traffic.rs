//! Made-up traffic: how many events a slice of a service has, and how many of them are bad.
//!
//! A pure function of a seed, the series and the instant: asked again, it says the same. So the past
//! can be folded again, and what is served live goes on where the history ended.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc, Weekday};
use sre_core::count::Counts;
use sre_core::time::Interval;

/// What a service is asked, and how much of it goes wrong while nothing is the matter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    /// Tells the series of one SLO from those of another.
    pub(super) series: u64,
    /// Events an hour, on the average of a working day.
    pub(super) per_hour: u64,
    /// Bad ones of a million.
    pub(super) bad_ppm: u64,
}

impl Traffic {
    /// The events of a slice; `bad_ppm` is that of the traffic, or of a trouble.
    pub(super) fn counts(self, seed: u64, slice: Interval, bad_ppm: u64) -> Counts {
        let second = slice.start().timestamp();
        let seconds = (slice.end() - slice.start())
            .num_seconds()
            .unsigned_abs();
        let dice = Dice::new(seed, self.series, second);
        // Events come a little unevenly: 90 to 110 of a hundred.
        let unevenly = 900 + dice.below(0, 201);
        let share = shape(slice.start()) * unevenly;
        let total = dice.rounded(1, self.per_hour * seconds * share, 3_600 * 1_000 * 1_000);
        let bad = dice.rounded(2, total * bad_ppm, 1_000_000);
        let good = total.saturating_sub(bad);
        Counts::events(good, total).unwrap_or_default()
    }
}

/// How busy an hour is, in thousandths of the average: quiet nights, a peak after noon, weekends.
fn shape(at: DateTime<Utc>) -> u64 {
    let hour = HOURS
        .get(at.hour() as usize)
        .copied()
        .unwrap_or(1_000);
    match at.weekday() {
        Weekday::Sat | Weekday::Sun => hour * 6 / 10,
        _ => hour,
    }
}

const HOURS: [u64; 24] = [
    420, 360, 330, 320, 340, 430, 620, 870, 1_120, 1_300, 1_380, 1_400, 1_420, 1_510, 1_560, 1_500,
    1_420, 1_330, 1_240, 1_150, 1_010, 850, 680, 520,
];

/// Numbers that look thrown, and are the same whenever they are asked for.
#[derive(Clone, Copy, Debug)]
struct Dice(u64);

impl Dice {
    fn new(seed: u64, series: u64, second: i64) -> Self {
        Self(mixed(mixed(seed ^ mixed(series)) ^ second.cast_unsigned()))
    }

    /// The `n`-th throw, below `sides`.
    const fn below(self, n: u64, sides: u64) -> u64 {
        mixed(self.0.wrapping_add(n)) % sides
    }

    /// `number ÷ by`, rounded up as often as its remainder says.
    const fn rounded(self, n: u64, number: u64, by: u64) -> u64 {
        let up = self.below(n, by) < number % by;
        number / by + up as u64
    }
}

/// The finalizer of `SplitMix64`.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use sre_core::time::{Span, at_second};

    use super::*;

    const TRAFFIC: Traffic = Traffic {
        series: 7,
        per_hour: 6_000,
        bad_ppm: 2_000,
    };

    fn minutes(n: i64) -> impl Iterator<Item = Interval> {
        (0..n).map(|n| {
            let start = at_second(1_700_000_000 / 60 * 60 + 60 * n);
            Interval::ending(start + Span::minutes(1).as_delta(), Span::minutes(1))
        })
    }

    #[test]
    fn a_slice_is_the_same_whenever_it_is_asked_for() {
        for slice in minutes(100) {
            let first = TRAFFIC.counts(1, slice, 2_000);
            assert_eq!(first, TRAFFIC.counts(1, slice, 2_000));
        }
        let other: Vec<_> = minutes(20)
            .map(|slice| TRAFFIC.counts(2, slice, 2_000))
            .collect();
        let same: Vec<_> = minutes(20)
            .map(|slice| TRAFFIC.counts(1, slice, 2_000))
            .collect();
        assert_ne!(other, same, "another seed, another month");
    }

    #[test]
    fn a_week_has_about_the_events_and_the_share_of_bad_ones_that_were_asked_for() {
        let mut sum = Counts::NONE;
        for slice in minutes(7 * 24 * 60) {
            sum = sum
                .checked_add(TRAFFIC.counts(1, slice, TRAFFIC.bad_ppm))
                .expect("few");
        }
        let total = sum.total().whole_events();
        // A weekend takes two of seven days down to 60 %.
        assert!((800_000..1_000_000).contains(&total), "{total}");
        let ppm = sum.bad().whole_events() * 1_000_000 / total;
        assert!((1_900..2_100).contains(&ppm), "{ppm}");
    }
}
