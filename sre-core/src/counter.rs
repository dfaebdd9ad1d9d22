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
    (!stretch.is_empty()).then_some(stretch)
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
mod tests;
