//! Counters, read raw and subtracted exactly.
//!
//! A metric backend estimates: it extrapolates what happened between its samples to the edges of
//! the range asked, so `increase()` of a counter that grew by 100 reads 105, neighbouring ranges do
//! not add up, and a series whose first sample is 1 shows no increase at all. A budget made of such
//! numbers is wrong by whole errors. So the raw readings are fetched and subtracted here:
//!
//! - The increase at a reading is `v - before`, or `v` itself where the counter went down (it was
//!   reset). It is taken per series and summed afterwards; the other order is wrong at every reset.
//! - It belongs **whole to the slice of the later reading**; a reading exactly on an edge belongs to
//!   the slice that begins there. So slices tile: whatever the partition, the sums are the same.
//! - The first reading of a series is a baseline and counts nothing, unless the series was *born*:
//!   its target had been scraped within the [`LOOK_BACK`] before it, and the series was not there.
//!   Then it started from 0, and the first error of a label set is not lost.
//! - Across more than [`LOOK_BACK`] nothing is subtracted: the next reading is a first one again.
//! - A reading that no counter can have (NaN, infinite, negative) makes its own slice impossible and
//!   that of the next reading, whose increase cannot be told either.
//!
//! What was counted between the last reading and a reset was seen by nobody: the result is a lower
//! bound of the truth, and equal to it without resets.
//!
//! | readings | `increase()` | here |
//! | --- | --- | --- |
//! | 0, 1, 2, 3, 2, 3, 4 | 7, by luck | 7 |
//! | 0, 10 … 100 every 5 min | 100 | 100 |
//! | 10, 20 … 110 every 5 min | 105 | 100 |
//! | 1, 2, 3, 4, 5, 9, 10, 11, 12, 13 every 15 s, the minute up to second 80 | 8 | 7 |
//!
//! (The middle column is what Prometheus' own tests state, `promql/testdata/functions.test`.)

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::count::{Count, CountError, Counts, Rounding};
use crate::slice::SliceWidth;
use crate::source::{CounterPart, Failure, FailureClass, Measurement};
use crate::time::Interval;

/// How far back a reading is looked for to subtract from, and a scrape to call a series born: one
/// hour. What happened across a longer hole cannot be told to belong anywhere.
pub const LOOK_BACK: TimeDelta = TimeDelta::hours(1);

/// What a counter showed at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// What it showed.
    pub value: f64,
}

/// What is scraped as one: all its series are read at the same instants.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ScrapeTarget {
    /// The job it belongs to.
    pub job: String,
    /// Which of the job's targets it is.
    pub instance: String,
}

/// One series of a counter.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its identity.
    pub labels: BTreeMap<String, String>,
    /// Where it was scraped, `None` when it does not say.
    pub target: Option<ScrapeTarget>,
    /// What it showed, at strictly ascending instants.
    pub readings: Vec<Reading>,
}

/// When targets were scraped successfully.
#[derive(Clone, Debug, Default)]
pub struct Scrapes(BTreeMap<ScrapeTarget, BTreeSet<DateTime<Utc>>>);

impl Scrapes {
    /// Takes note of one successful scrape.
    pub fn record(&mut self, target: &ScrapeTarget, at: DateTime<Utc>) {
        if let Some(scrapes) = self.0.get_mut(target) {
            scrapes.insert(at);
        } else {
            self.0
                .insert(target.clone(), BTreeSet::from([at]));
        }
    }

    /// Takes note of the scrapes that the readings of a series came from.
    pub fn record_series(&mut self, series: &Series) {
        if let Some(target) = &series.target {
            for reading in &series.readings {
                self.record(target, reading.at);
            }
        }
    }

    /// Whether the target was scraped within [`LOOK_BACK`] before the instant; at the instant itself
    /// does not count.
    #[must_use]
    pub fn knew(&self, target: &ScrapeTarget, at: DateTime<Utc>) -> bool {
        let since = at
            .checked_sub_signed(LOOK_BACK)
            .unwrap_or(at);
        self.0
            .get(target)
            .is_some_and(|scrapes| {
                scrapes
                    .range(since..at)
                    .next()
                    .is_some()
            })
    }
}

/// What a selector shows in one slice, all its series together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Increase {
    /// No reading lies in the slice.
    Unseen,
    /// Readings lie in it, but nothing to subtract any of them from.
    Baseline,
    /// The sum of the increases.
    Counted(Count),
    /// A reading that no counter can have.
    Impossible {
        /// The instant of the earliest such reading.
        at: DateTime<Utc>,
        /// What is wrong with it.
        error: CountError,
    },
}

impl Increase {
    /// What was counted; nothing where nothing was seen.
    #[must_use]
    pub const fn count(self) -> Count {
        match self {
            Self::Counted(count) => count,
            Self::Unseen | Self::Baseline | Self::Impossible { .. } => Count::ZERO,
        }
    }
}

/// The stretch whose readings are still to be fetched, because a series' first reading lies in
/// `during` and nobody has looked [`LOOK_BACK`] before it; `known_from` is where the readings at hand
/// begin. `None` when every first reading is explained.
#[must_use]
pub fn unexplained(
    series: &[Series],
    during: Interval,
    known_from: DateTime<Utc>,
) -> Option<Interval> {
    let first = series
        .iter()
        .filter_map(|series| series.readings.first())
        .map(|reading| reading.at)
        .filter(|at| during.contains(*at))
        .min()?;
    let stretch = Interval::new(first.checked_sub_signed(LOOK_BACK)?, known_from);
    (!stretch.is_empty() && stretch.start() < known_from).then_some(stretch)
}

/// The readings of `during` that have nothing to be subtracted from, with the target whose earlier
/// scrapes would make them births.
pub fn births(
    series: &[Series],
    during: Interval,
) -> impl Iterator<Item = (&ScrapeTarget, DateTime<Utc>)> {
    series
        .iter()
        .filter_map(move |series| Some((series.target.as_ref()?, series)))
        .flat_map(move |(target, series)| {
            with_predecessors(&series.readings)
                .filter(move |(before, reading)| before.is_none() && during.contains(reading.at))
                .map(move |(_, reading)| (target, reading.at))
        })
}

/// The exact increase in each slice of `during`, summed over the series; fractions finer than a
/// millionth of an event are rounded per increase as `rounding` says.
///
/// `during` are whole slices. The readings reach back to the last one before `during` of every
/// series, or as far as [`unexplained`] asks.
///
/// ```
/// use sre_core::count::{Count, Rounding};
/// use sre_core::counter::{Increase, Reading, Scrapes, Series, increases};
/// use sre_core::slice::SliceWidth;
/// use sre_core::time::{Interval, at_second};
///
/// let readings = [0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0];
/// let readings = readings.into_iter().zip(0..).map(|(value, n)| Reading { at: at_second(n * 10), value });
/// let series = Series { labels: [].into(), target: None, readings: readings.collect() };
/// let minutes = Interval::new(at_second(0), at_second(120));
/// let found = increases(&[series], minutes, SliceWidth::MINUTE, &Scrapes::default(), Rounding::Up);
/// let events = |n| Increase::Counted(Count::events(n).expect("fits"));
/// // The reading of second 60 lies in the second minute.
/// assert_eq!(found, [events(6), events(1)]);
/// ```
#[must_use]
pub fn increases(
    series: &[Series],
    during: Interval,
    width: SliceWidth,
    scrapes: &Scrapes,
    rounding: Rounding,
) -> Vec<Increase> {
    let mut slices = vec![Tally::default(); slices_in(during, width)];
    for series in series {
        for (before, reading) in with_predecessors(&series.readings) {
            let place = place_of(reading.at, during, width);
            if let Some(tally) = place.and_then(|place| slices.get_mut(place)) {
                tally.add(
                    reading.at,
                    Step::of(series, before, reading, scrapes, rounding),
                );
            }
        }
    }
    slices
        .into_iter()
        .map(Tally::increase)
        .collect()
}

/// What two selectors make of their slices: beside a present total a missing error series is no
/// error, and a missing good series no success. Without anything to subtract total from, nobody has
/// measured.
#[must_use]
pub fn measurements(
    part: &CounterPart,
    parts: &[Increase],
    totals: &[Increase],
) -> Vec<Measurement> {
    let parts = parts
        .iter()
        .copied()
        .chain(std::iter::repeat(Increase::Unseen));
    totals
        .iter()
        .zip(parts)
        .map(|(total, counted)| measurement(part, counted, *total))
        .collect()
}

/// How fractions of this part are rounded, so that bad is never understated.
#[must_use]
pub const fn rounding_of(part: &CounterPart) -> Rounding {
    match part {
        CounterPart::Good(_) => Rounding::Down,
        CounterPart::Bad(_) => Rounding::Up,
    }
}

fn measurement(part: &CounterPart, counted: Increase, total: Increase) -> Measurement {
    let name = match part {
        CounterPart::Good(_) => "good",
        CounterPart::Bad(_) => "bad",
    };
    for (name, increase) in [("total", total), (name, counted)] {
        if let Increase::Impossible { at, error } = increase {
            return impossible(format!("{name} at {}: {error}", at.to_rfc3339()));
        }
    }
    let Increase::Counted(total) = total else {
        return Measurement::Absent;
    };
    let counted = cut_noise(counted.count(), total);
    let counts = match part {
        CounterPart::Good(_) => Counts::new(counted, total),
        CounterPart::Bad(_) => Counts::with_bad(counted, total),
    };
    match counts {
        Ok(counts) if total.is_zero() && counts.bad().is_zero() => Measurement::NoTraffic,
        Ok(counts) => Measurement::Measured(counts),
        Err(_) => impossible(format!("{name} is {counted} and exceeds total, {total}")),
    }
}

fn impossible(detail: String) -> Measurement {
    Measurement::Failed(Failure {
        class: FailureClass::Impossible,
        detail,
    })
}

/// `limit` when the count exceeds it by at most a millionth of it: floating noise.
fn cut_noise(count: Count, limit: Count) -> Count {
    let excess = u128::from(count.saturating_sub(limit).millionths());
    match excess.checked_mul(1_000_000) {
        Some(scaled) if excess > 0 && scaled <= u128::from(limit.millionths()) => limit,
        _ => count,
    }
}

/// Each reading with the one that it is subtracted from.
fn with_predecessors(readings: &[Reading]) -> impl Iterator<Item = (Option<&Reading>, &Reading)> {
    let predecessors = std::iter::once(None).chain(readings.iter().map(Some));
    predecessors
        .zip(readings)
        .map(|(before, reading)| {
            let near = before.filter(|before| {
                reading
                    .at
                    .signed_duration_since(before.at)
                    <= LOOK_BACK
            });
            (near, reading)
        })
}

/// What one reading adds.
#[derive(Clone, Copy, Debug)]
enum Step {
    Baseline,
    Counted(Count),
    Impossible(CountError),
}

impl Step {
    fn of(
        series: &Series,
        before: Option<&Reading>,
        reading: &Reading,
        scrapes: &Scrapes,
        rounding: Rounding,
    ) -> Self {
        let readings = before.into_iter().chain([reading]);
        if let Some(error) = readings
            .map(|reading| reading.value)
            .find_map(fault)
        {
            return Self::Impossible(error);
        }
        let born = || {
            series
                .target
                .as_ref()
                .is_some_and(|target| scrapes.knew(target, reading.at))
        };
        let increase = match before {
            Some(before) if reading.value >= before.value => reading.value - before.value,
            Some(_) => reading.value,
            None if born() => reading.value,
            None => return Self::Baseline,
        };
        Count::from_f64(increase, rounding).map_or_else(Self::Impossible, Self::Counted)
    }
}

/// Why no counter shows this.
fn fault(value: f64) -> Option<CountError> {
    if !value.is_finite() {
        Some(CountError::NotFinite)
    } else if value < 0.0 {
        Some(CountError::Negative)
    } else {
        None
    }
}

/// A slice's sum while it is made; wide enough that the order of the series cannot matter.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    seen: bool,
    counted: Option<u128>,
    last: Option<DateTime<Utc>>,
    fault: Option<(DateTime<Utc>, CountError)>,
}

impl Tally {
    fn add(&mut self, at: DateTime<Utc>, step: Step) {
        self.seen = true;
        self.last = self.last.max(Some(at));
        match step {
            Step::Baseline => {}
            Step::Counted(count) => {
                let sum = self.counted.unwrap_or(0);
                self.counted = Some(sum.saturating_add(u128::from(count.millionths())));
            }
            Step::Impossible(error) => {
                self.fault = match self.fault {
                    Some(earlier) if earlier.0 <= at => Some(earlier),
                    _ => Some((at, error)),
                };
            }
        }
    }

    fn increase(self) -> Increase {
        match (self.fault, self.counted) {
            (Some((at, error)), _) => Increase::Impossible { at, error },
            (None, Some(sum)) => match u64::try_from(sum).map(Count::from_millionths) {
                Ok(count) if count <= Count::SAMPLE_MAX => Increase::Counted(count),
                _ => Increase::Impossible {
                    at: self.last.unwrap_or_default(),
                    error: CountError::TooLarge,
                },
            },
            (None, None) if self.seen => Increase::Baseline,
            (None, None) => Increase::Unseen,
        }
    }
}

/// How many slices `during` holds.
fn slices_in(during: Interval, width: SliceWidth) -> usize {
    let seconds = during
        .end()
        .signed_duration_since(during.start())
        .num_seconds();
    seconds
        .checked_div(width.span().as_secs_i64())
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(0)
}

/// Which slice of `during` the instant lies in.
fn place_of(at: DateTime<Utc>, during: Interval, width: SliceWidth) -> Option<usize> {
    if !during.contains(at) {
        return None;
    }
    let seconds = at
        .signed_duration_since(during.start())
        .num_seconds();
    usize::try_from(seconds.checked_div(width.span().as_secs_i64())?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::at_second;

    const TEN: SliceWidth = SliceWidth::TEN_SECONDS;

    fn target(instance: &str) -> ScrapeTarget {
        ScrapeTarget {
            job: "shop".to_owned(),
            instance: instance.to_owned(),
        }
    }

    fn series(readings: &[(i64, f64)]) -> Series {
        let reading = |&(second, value)| Reading {
            at: at_second(second),
            value,
        };
        Series {
            labels: BTreeMap::new(),
            target: Some(target("a:1")),
            readings: readings.iter().map(reading).collect(),
        }
    }

    fn every(step: i64, values: &[f64]) -> Series {
        let at = (0..).step_by(usize::try_from(step).expect("positive"));
        series(
            &at.zip(values.iter().copied())
                .collect::<Vec<_>>(),
        )
    }

    fn seconds(start: i64, end: i64) -> Interval {
        Interval::new(at_second(start), at_second(end))
    }

    fn minute() -> SliceWidth {
        SliceWidth::MINUTE
    }

    fn up(scrapes: &[i64]) -> Scrapes {
        let mut known = Scrapes::default();
        for second in scrapes {
            known.record(&target("a:1"), at_second(*second));
        }
        known
    }

    fn increases_of(series: &[Series], during: Interval, width: SliceWidth) -> Vec<Increase> {
        increases(series, during, width, &Scrapes::default(), Rounding::Up)
    }

    fn sum(increases: &[Increase]) -> u64 {
        increases
            .iter()
            .map(|increase| increase.count().millionths())
            .sum()
    }

    fn events(n: u64) -> Increase {
        Increase::Counted(Count::events(n).expect("fits"))
    }

    fn bad() -> CounterPart {
        CounterPart::Bad("errors_total".to_owned())
    }

    fn good() -> CounterPart {
        CounterPart::Good("ok_total".to_owned())
    }

    // Vectors: Prometheus, promql/testdata/functions.test and the proposal PROM-52.

    #[test]
    fn a_reset_counts_from_zero() {
        let counter = every(300, &[0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            sum(&increases_of(&[counter], seconds(0, 3_600), minute())),
            7_000_000
        );
    }

    #[test]
    fn a_steady_counter_is_never_extrapolated_whatever_it_starts_from() {
        for start in [0.0, 10.0, 1.0] {
            let values: Vec<f64> = (0..11)
                .map(|n| start + 10.0 * f64::from(n))
                .collect();
            let found = increases_of(&[every(300, &values)], seconds(0, 3_600), minute());
            assert_eq!(sum(&found), 100_000_000, "from {start}");
        }
    }

    #[test]
    fn prom_52_counts_seven_in_the_minute_before_second_80() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 10.0, 11.0, 12.0, 13.0];
        let found = increases_of(&[every(15, &values)], seconds(20, 80), minute());
        assert_eq!(found, [events(7)]);
    }

    #[test]
    fn a_reading_on_an_edge_belongs_to_the_slice_that_begins_there() {
        let counter = series(&[(0, 1.0), (10, 3.0), (19, 4.0), (20, 9.0)]);
        let found = increases_of(&[counter], seconds(0, 30), TEN);
        assert_eq!(found, [Increase::Baseline, events(3), events(5)]);
    }

    #[test]
    fn a_long_gap_lays_the_whole_increase_into_the_slice_of_the_later_reading() {
        let counter = series(&[(0, 0.0), (55, 12.0)]);
        let found = increases_of(&[counter], seconds(0, 60), TEN);
        assert_eq!(found.last(), Some(&events(12)));
        assert_eq!(found[1..5], [Increase::Unseen; 4]);
    }

    #[test]
    fn series_are_subtracted_before_they_are_summed() {
        // Summed first: 110, 105, and the difference would read as a reset to 105.
        let found = increases_of(
            &[every(10, &[100.0, 102.0]), every(10, &[10.0, 3.0])],
            seconds(10, 20),
            TEN,
        );
        assert_eq!(found, [events(5)]);
    }

    #[test]
    fn a_series_born_while_its_target_was_scraped_counts_from_zero() {
        let born = series(&[(12, 3.0), (22, 4.0)]);
        let known = increases(
            std::slice::from_ref(&born),
            seconds(0, 30),
            TEN,
            &up(&[2]),
            Rounding::Up,
        );
        assert_eq!(known, [Increase::Unseen, events(3), events(1)]);
        let unknown = increases_of(&[born], seconds(0, 30), TEN);
        assert_eq!(unknown, [Increase::Unseen, Increase::Baseline, events(1)]);
    }

    #[test]
    fn the_scrape_that_brought_the_first_reading_is_no_earlier_scrape() {
        let born = series(&[(12, 3.0)]);
        let found = increases(&[born], seconds(10, 20), TEN, &up(&[12]), Rounding::Up);
        assert_eq!(found, [Increase::Baseline]);
    }

    #[test]
    fn another_targets_scrapes_make_no_birth() {
        let mut born = series(&[(12, 3.0)]);
        born.target = Some(target("b:1"));
        let found = increases(
            std::slice::from_ref(&born),
            seconds(10, 20),
            TEN,
            &up(&[2]),
            Rounding::Up,
        );
        assert_eq!(found, [Increase::Baseline]);
        born.target = None;
        let found = increases(&[born], seconds(10, 20), TEN, &up(&[2]), Rounding::Up);
        assert_eq!(found, [Increase::Baseline]);
    }

    #[test]
    fn across_an_hour_an_increase_counts_and_across_more_it_does_not() {
        for (second, expected) in [(3_600, events(5)), (3_601, Increase::Baseline)] {
            let counter = series(&[(0, 10.0), (second, 15.0)]);
            let found = increases_of(&[counter], seconds(3_600, 3_610), TEN);
            assert_eq!(found, [expected], "after {second} s");
        }
    }

    #[test]
    fn a_scrape_more_than_an_hour_ago_makes_no_birth() {
        let late = series(&[(3_605, 3.0)]);
        let slice = seconds(3_600, 3_610);
        for (scrape, expected) in [(5, events(3)), (4, Increase::Baseline)] {
            let late = [late.clone()];
            let found = increases(&late, slice, TEN, &up(&[scrape]), Rounding::Up);
            assert_eq!(found, [expected], "scraped at {scrape}");
        }
    }

    #[test]
    fn an_impossible_reading_spoils_its_slice_and_that_of_the_next_reading_only() {
        for (value, error) in [
            (f64::NAN, CountError::NotFinite),
            (f64::INFINITY, CountError::NotFinite),
            (-1.0, CountError::Negative),
        ] {
            let counter = series(&[(0, 1.0), (5, 2.0), (15, value), (35, 4.0), (45, 6.0)]);
            let found = increases_of(&[counter], seconds(0, 50), TEN);
            let impossible = |second| Increase::Impossible {
                at: at_second(second),
                error,
            };
            let expected = [
                events(1),
                impossible(15),
                Increase::Unseen,
                impossible(35),
                events(2),
            ];
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn an_increase_above_the_limit_of_a_sample_is_impossible() {
        let two = [every(10, &[0.0, 6e11]), every(10, &[0.0, 6e11])];
        let error = CountError::TooLarge;
        for counters in [&two[..], &[every(10, &[0.0, 2e12])]] {
            let found = increases_of(counters, seconds(10, 20), TEN);
            assert_eq!(
                found,
                [Increase::Impossible {
                    at: at_second(10),
                    error
                }]
            );
        }
        // The counter itself may stand higher.
        let high = every(10, &[8e15, 8e15 + 3.0]);
        assert_eq!(increases_of(&[high], seconds(10, 20), TEN), [events(3)]);
    }

    #[test]
    fn a_first_reading_inside_asks_for_the_hour_before_it() {
        let late = series(&[(7_215, 3.0)]);
        let during = seconds(7_200, 7_260);
        let hole = unexplained(std::slice::from_ref(&late), during, at_second(6_900));
        assert_eq!(hole, Some(seconds(3_615, 6_900)));
        assert_eq!(unexplained(&[late], during, at_second(3_615)), None);
        let explained = series(&[(7_190, 2.0), (7_215, 3.0)]);
        assert_eq!(unexplained(&[explained], during, at_second(6_900)), None);
    }

    #[test]
    fn births_are_the_readings_with_nothing_to_be_subtracted_from() {
        let counter = series(&[(10, 1.0), (20, 2.0), (4_000, 1.0)]);
        let found: Vec<_> = births(std::slice::from_ref(&counter), seconds(0, 5_000))
            .map(|(_, at)| at.timestamp())
            .collect();
        assert_eq!(found, [10, 4_000]);
    }

    #[test]
    fn beside_a_present_total_a_missing_part_is_nothing() {
        let of = |part: &CounterPart, increase| {
            measurements(part, &[increase], &[events(10)])
                .first()
                .cloned()
        };
        let measured = |good| {
            Some(Measurement::Measured(
                Counts::events(good, 10).expect("legal"),
            ))
        };
        for missing in [Increase::Unseen, Increase::Baseline] {
            assert_eq!(of(&bad(), missing), measured(10));
            assert_eq!(of(&good(), missing), measured(0));
        }
        assert_eq!(of(&bad(), events(3)), measured(7));
    }

    #[test]
    fn without_anything_to_subtract_total_from_nobody_has_measured() {
        for total in [Increase::Unseen, Increase::Baseline] {
            assert_eq!(
                measurements(&bad(), &[events(1)], &[total]),
                [Measurement::Absent]
            );
        }
    }

    #[test]
    fn counters_that_stand_still_are_no_traffic() {
        for part in [good(), bad()] {
            assert_eq!(
                measurements(&part, &[Increase::Unseen], &[events(0)]),
                [Measurement::NoTraffic]
            );
        }
    }

    #[test]
    fn a_part_above_total_is_impossible_beyond_floating_noise() {
        let total = Count::from_millionths(3_000_000);
        for (part, legal) in [(3_000_003, true), (3_000_004, false)] {
            let part = Increase::Counted(Count::from_millionths(part));
            for of in [good(), bad()] {
                let found = measurements(&of, &[part], &[Increase::Counted(total)]);
                assert_eq!(
                    matches!(found[..], [Measurement::Measured(_)]),
                    legal,
                    "{found:?}"
                );
            }
        }
        let found = measurements(&bad(), &[events(1)], &[events(0)]);
        assert!(matches!(found[..], [Measurement::Failed(_)]), "{found:?}");
    }

    /// Ascending instants within two hours, with values that rise and reset.
    fn any_series() -> impl Strategy<Value = Series> {
        proptest::collection::btree_map(0_i64..7_200, 0_u32..1_000, 0..40).prop_map(|readings| {
            let readings: Vec<_> = readings
                .into_iter()
                .map(|(second, value)| (second, f64::from(value)))
                .collect();
            series(&readings)
        })
    }

    fn width() -> impl Strategy<Value = SliceWidth> {
        prop_oneof![
            Just("10s"),
            Just("15s"),
            Just("30s"),
            Just("1m"),
            Just("5m"),
            Just("15m")
        ]
        .prop_map(|width| width.parse().expect("a width"))
    }

    proptest! {
        #[test]
        fn any_partition_into_slices_sums_to_the_whole(
            all in proptest::collection::vec(any_series(), 0..4), width in width(), cut in 0_i64..8,
        ) {
            let scrapes = up(&[0, 1_000, 5_000]);
            let whole = |during, width| increases(&all, during, width, &scrapes, Rounding::Up);
            let coarse = sum(&whole(seconds(0, 7_200), "15m".parse().expect("a width")));
            prop_assert_eq!(sum(&whole(seconds(0, 7_200), width)), coarse);
            let cut = cut * 900;
            let halves = sum(&whole(seconds(0, cut), width)) + sum(&whole(seconds(cut, 7_200), width));
            prop_assert_eq!(halves, coarse);
        }

        #[test]
        fn the_order_of_the_series_does_not_matter(
            mut all in proptest::collection::vec(any_series(), 0..5), width in width(),
        ) {
            let forth = increases_of(&all, seconds(0, 7_200), width);
            all.reverse();
            prop_assert_eq!(increases_of(&all, seconds(0, 7_200), width), forth);
        }

        #[test]
        fn series_add_up(one in any_series(), other in any_series(), width in width()) {
            let of = |series: &[Series]| sum(&increases_of(series, seconds(0, 7_200), width));
            prop_assert_eq!(of(&[one.clone(), other.clone()]), of(&[one]) + of(&[other]));
        }

        #[test]
        fn a_counter_that_only_rises_grows_by_last_less_first(steps in proptest::collection::vec(0_u32..1_000, 1..60)) {
            let mut value = 7.0;
            let values: Vec<f64> = steps.iter().map(|step| { value += f64::from(*step); value }).collect();
            let found = increases_of(&[every(30, &values)], seconds(0, 1_800), minute());
            let grown = steps.iter().skip(1).map(|step| u64::from(*step)).sum::<u64>();
            prop_assert_eq!(sum(&found), grown * 1_000_000);
        }

        #[test]
        fn a_reset_loses_nothing_that_was_read(
            before in proptest::collection::vec(0_u32..1_000, 1..20),
            after in proptest::collection::vec(0_u32..1_000, 1..20),
        ) {
            // Every run starts above the previous reading or below it: what is seen of the new run
            // is never more than it counted.
            let mut value = 0.0;
            let mut rise = |steps: &[u32]| -> Vec<f64> {
                value = 0.0;
                steps.iter().map(|step| { value += f64::from(*step); value }).collect()
            };
            let (old, new) = (rise(&before), rise(&after));
            let readings = [old.clone(), new.clone()].concat();
            let found = increases_of(&[every(30, &readings)], seconds(0, 1_800), minute());
            let (first, last) = (old[0], old[old.len() - 1]);
            let seen = if new[0] < last { new[new.len() - 1] } else { new[new.len() - 1] - last };
            let expected = Count::from_f64(last - first + seen, Rounding::Up).expect("a count");
            prop_assert_eq!(sum(&found), expected.millionths());
        }
    }
}
