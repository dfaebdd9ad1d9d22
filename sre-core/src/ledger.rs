//! The ledger: any window of an SLO in a handful of loads, exact to the slice.
//!
//! Thirty days of one-minute slices are 43 200 pairs of counts, too much to keep for every SLO and
//! too much to add up at every slot. The ledger keeps **prefix sums**, so that a window is one
//! subtraction however long it is, and keeps them at two grains: every slice of the last hours, and
//! every hour before. A window that begins inside one of those hours would be known to the hour
//! only; so the fine slices of just these *edge hours* are attached, fetched from the store once an
//! hour ([`Ledger::missing_hours`], [`Ledger::attach`]). Every window is exact, at 30 KiB an SLO.
//!
//! Sums are a group: integers are added on arrival and subtracted on leaving, in any order, without
//! an error. Prefixes wrap around, which differences do not notice.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::count::{Count, Counts};
use crate::hour::Hour;
use crate::slice::{Slice, SliceWidth, Sums};
use crate::time::{HOUR, Interval, Span};

/// The slices of one SLO over its longest window, summed.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::ledger::Ledger;
/// use sre_core::slice::{Slice, SliceWidth};
/// use sre_core::time::{Interval, Span, at_second};
///
/// let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(30), at_second(0));
/// for minute in 0..180 {
///     let bad = u64::from(minute == 100);
///     let slice = Slice::Measured(Counts::events(10 - bad, 10)?);
///     ledger.append(at_second(60 * minute), slice)?;
/// }
/// let hour = Interval::ending(ledger.end(), Span::hours(1));
/// assert_eq!(ledger.sum(hour)?.counts, Counts::events(600, 600)?);
/// let all = Interval::ending(ledger.end(), Span::hours(3));
/// assert_eq!(ledger.sum(all)?.counts, Counts::events(1_799, 1_800)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ledger {
    width: SliceWidth,
    /// How many whole hours are kept before the open one.
    horizon_hours: usize,
    /// The number of the first hour kept.
    first_hour: i64,
    /// `hours[k]`: the sum of everything before hour `first_hour + k`. Never empty.
    hours: Vec<Prefix>,
    /// The number of the first fine slice, at the start of an hour.
    first_fine: i64,
    /// `fine[k]`: the sum of everything before slice `first_fine + k`. Never empty.
    fine: Vec<Prefix>,
    /// The slices of older hours in which windows begin.
    edges: Vec<Edge>,
}

/// The windows of a ledger that end at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    ledger: &'a Ledger,
    second: i64,
    before: Prefix,
}

impl Ending<'_> {
    /// The sum of the window of this length.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when it begins inside an hour that is not attached.
    #[inline]
    pub fn window(&self, window: Span) -> Result<Sums, LedgerError> {
        let start = self
            .ledger
            .before_second(self.second - window.as_secs_i64())?;
        Ok(self.before.minus(start).sums())
    }

    /// What leaves the window of this length, step by step, while time goes on.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when it begins inside an hour that is not attached.
    pub fn roll_off(&self, window: Span) -> Result<RollOff<'_>, LedgerError> {
        let ledger = self.ledger;
        let begin = self.second - window.as_secs_i64();
        let width = ledger.width.span().as_secs_i64();
        let fine_from = ledger.first_fine.wrapping_mul(width);
        // The edges at which sums are held, the number of the first, and their distance.
        let (edges, number, distance) = if begin >= fine_from {
            (&ledger.fine, ledger.first_fine, width)
        } else {
            (&ledger.hours, ledger.first_hour, i64::from(HOUR))
        };
        let first = (begin.div_euclid(distance) + 1).max(number);
        let last = (self.second - 1).div_euclid(distance);
        let offset = usize::try_from(first - number).unwrap_or(usize::MAX);
        let length = usize::try_from(last - first + 1).unwrap_or(0);
        let held = edges.get(offset..).unwrap_or_default();
        Ok(RollOff {
            begin,
            end: self.second,
            before: ledger.before_second(begin)?,
            after: self.before,
            first: first.saturating_mul(distance),
            distance,
            edges: held.get(..length).unwrap_or(held),
        })
    }
}

/// What leaves a window while time goes on: sums since its beginning, at the edges of hours, or of
/// slices where all of the window is held slice by slice.
#[derive(Clone, Copy, Debug)]
pub struct RollOff<'a> {
    begin: i64,
    end: i64,
    before: Prefix,
    after: Prefix,
    /// The second of the first edge.
    first: i64,
    /// Seconds between edges.
    distance: i64,
    edges: &'a [Prefix],
}

/// What has left a window after some time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Left {
    /// The time.
    pub seconds: u32,
    /// Bad events or slices, in millionths.
    pub bad: u64,
    /// All events or slices, in millionths.
    pub total: u64,
}

impl RollOff<'_> {
    /// The last step, after which everything that the window holds now has left it; the first is 0.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.edges.len() + 1
    }

    /// What has left after so many steps.
    #[must_use]
    pub fn at(&self, step: usize) -> Left {
        let edge = step
            .checked_sub(1)
            .map(|edge| (edge, self.edges.get(edge)));
        let (second, sum) = match edge {
            None => (self.begin, self.before),
            Some((edge, Some(sum))) => (self.first + signed(edge) * self.distance, *sum),
            Some((_, None)) => (self.end, self.after),
        };
        let left = sum.minus(self.before);
        Left {
            seconds: u32::try_from(second - self.begin).unwrap_or(0),
            bad: left.bad,
            total: left.total,
        }
    }
}

/// Why a ledger cannot do what it was asked.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum LedgerError {
    /// The slices of this hour are needed: attach them.
    #[error("the slices of the hour from {0} are not attached")]
    MissingHour(DateTime<Utc>),
    /// The sum of all that is kept would not fit.
    #[error("the sum of all slices exceeds 9.2e12 events")]
    Overflow,
    /// A slice was appended before the end of the ledger.
    #[error("slices are appended in order")]
    OutOfOrder,
}

/// The sum of everything before some instant. Wraps around; only differences mean something.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Prefix {
    bad: u64,
    total: u64,
    measured: u32,
}

/// The slices of one older hour, as sums since its start.
#[derive(Clone, Debug)]
struct Edge {
    hour: i64,
    within: Box<[Prefix]>,
}

impl Ledger {
    /// A ledger that begins, empty, at the start of the hour of `from` and keeps `horizon`.
    #[must_use]
    pub fn new(width: SliceWidth, horizon: Span, from: DateTime<Utc>) -> Self {
        let horizon_hours = horizon.as_seconds().div_ceil(HOUR) as usize;
        let first_hour = hour_number(from);
        let fine_slices = (FINE_HOURS + 1) * width.per_hour() + 1;
        let mut hours = Vec::with_capacity(horizon_hours.saturating_add(3));
        let mut fine = Vec::with_capacity(fine_slices);
        hours.push(Prefix::default());
        fine.push(Prefix::default());
        let first_fine = width.index_of(Hour::floor(from));
        Self {
            width,
            horizon_hours,
            first_hour,
            hours,
            first_fine,
            fine,
            edges: Vec::new(),
        }
    }

    /// The ledger of `horizon` that ends at `end`, from stored hours in their order. What lies after
    /// `end`, or before the horizon, is left out; hours that are missing are unmeasured.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Overflow`].
    pub fn from_hours<'a>(
        width: SliceWidth,
        horizon: Span,
        end: DateTime<Utc>,
        hours: impl IntoIterator<Item = &'a Hour>,
    ) -> Result<Self, LedgerError> {
        let begin = Hour::floor(end - horizon.as_delta());
        let mut ledger = Self::new(width, horizon, begin);
        let fine_from = hour_number(end) - signed(FINE_HOURS);
        for hour in hours {
            let number = hour_number(hour.start());
            if number < ledger.first_hour || hour.start() >= end {
                continue;
            }
            // Beyond the retention of fine slices, the last hours too are sums.
            let is_sum = !hour.is_fine() && hour_start(number.saturating_add(1)) <= end;
            if number < fine_from || is_sum {
                ledger.skip_to_hour(number);
                ledger.push_hour(
                    hour.sums()
                        .ok_or(LedgerError::Overflow)?,
                )?;
            } else {
                for (start, slice) in hour
                    .iter()
                    .take_while(|(start, _)| *start < end)
                {
                    ledger.append(start, slice)?;
                }
            }
        }
        ledger.fill_to(end)?;
        Ok(ledger)
    }

    /// The length of its slices.
    #[must_use]
    pub const fn width(&self) -> SliceWidth {
        self.width
    }

    /// The end of the last slice.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.width
            .interval(self.next_slice())
            .start()
    }

    /// The start of the first hour that is kept.
    #[must_use]
    pub fn begin(&self) -> DateTime<Utc> {
        hour_start(self.first_hour)
    }

    /// Adds the slice that begins at `start`; slices between the end and there are unmeasured.
    ///
    /// # Errors
    ///
    /// [`LedgerError::OutOfOrder`] before the end, [`LedgerError::Overflow`]; nothing is added then.
    pub fn append(&mut self, start: DateTime<Utc>, slice: Slice) -> Result<(), LedgerError> {
        let index = self.width.index_of(start);
        if index < self.next_slice() {
            return Err(LedgerError::OutOfOrder);
        }
        self.fill_to(start)?;
        self.push_slice(slice)
    }

    /// Adds unmeasured slices up to the one that `at` lies in.
    ///
    /// # Errors
    ///
    /// None in truth: what is unmeasured cannot overflow.
    pub fn fill_to(&mut self, at: DateTime<Utc>) -> Result<(), LedgerError> {
        if hour_number(at) - hour_number(self.end()) > signed(FINE_HOURS) {
            self.skip_to_hour(hour_number(at) - signed(FINE_HOURS));
        }
        let index = self.width.index_of(at);
        while self.next_slice() < index {
            self.push_slice(Slice::Unmeasured)?;
        }
        Ok(())
    }

    /// Replaces an hour that the ledger covers, with all sums after it. What lies after the end of
    /// the ledger stays out.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Overflow`]; nothing is replaced then.
    pub fn set_hour(&mut self, hour: &Hour) -> Result<(), LedgerError> {
        let number = hour_number(hour.start());
        let Some(offset) = usize::try_from(number - self.first_hour).ok() else {
            return Ok(());
        };
        let Some(before) = self.hours.get(offset).copied() else {
            return Ok(());
        };
        let (end, fine_start) = (
            self.end(),
            self.width
                .interval(self.first_fine)
                .start(),
        );
        if hour.start() >= fine_start {
            let within = prefixes_within(hour);
            let first = usize::try_from(self.width.index_of(hour.start()) - self.first_fine)
                .map_err(|_| LedgerError::OutOfOrder)?;
            let last = (first + self.width.per_hour()).min(self.fine.len() - 1);
            let new = within
                .get(last - first)
                .copied()
                .unwrap_or_default();
            let old = self
                .fine
                .get(last)
                .copied()
                .unwrap_or(before)
                .minus(before);
            self.check_fits(new, old)?;
            for (held, sum) in self
                .fine
                .iter_mut()
                .take(last)
                .skip(first)
                .zip(&within)
            {
                *held = before.plus(*sum);
            }
            let change = new.minus(old);
            self.fine
                .iter_mut()
                .skip(last)
                .for_each(|prefix| *prefix = prefix.plus(change));
            self.hours
                .iter_mut()
                .skip(offset + 1)
                .for_each(|prefix| *prefix = prefix.plus(change));
        } else if hour.interval().end() <= end {
            let new = Prefix::of(
                hour.sums()
                    .ok_or(LedgerError::Overflow)?,
            );
            let old = self
                .hours
                .get(offset + 1)
                .copied()
                .unwrap_or(before)
                .minus(before);
            self.check_fits(new, old)?;
            let change = new.minus(old);
            self.hours
                .iter_mut()
                .skip(offset + 1)
                .for_each(|prefix| *prefix = prefix.plus(change));
            self.fine
                .iter_mut()
                .for_each(|prefix| *prefix = prefix.plus(change));
            if self
                .edges
                .iter()
                .any(|edge| edge.hour == number)
            {
                self.attach(hour);
            }
        }
        Ok(())
    }

    /// The sum of the slices in `during`, whose bounds are edges of slices. What lies before the
    /// beginning or after the end of the ledger adds nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when a bound lies inside an hour that is not attached.
    pub fn sum(&self, during: Interval) -> Result<Sums, LedgerError> {
        let start = self.before(during.start())?;
        let end = self.before(during.end())?;
        Ok(end.minus(start).sums())
    }

    /// The windows that end at `end`: of several, each costs one look.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when `end` lies inside an hour that is not attached.
    pub fn ending(&self, end: DateTime<Utc>) -> Result<Ending<'_>, LedgerError> {
        let second = end.timestamp();
        let before = self.before_second(second)?;
        Ok(Ending {
            ledger: self,
            second,
            before,
        })
    }

    /// The slices of one of the last hours, those up to the end measured or not; `None` for an hour
    /// of which only the sum is held.
    #[must_use]
    pub fn fine_hour(&self, at: DateTime<Utc>) -> Option<Hour> {
        let mut hour = Hour::unmeasured(at, self.width);
        let first = self.width.index_of(hour.start()) - self.first_fine;
        let first = usize::try_from(first).ok()?;
        let prefixes = self
            .fine
            .get(first..)?
            .iter()
            .take(self.width.per_hour() + 1);
        let mut start = hour.start();
        for (before, after) in prefixes.clone().zip(prefixes.skip(1)) {
            let sums = after.minus(*before).sums();
            if sums.measured > 0 {
                hour.set(start, Slice::Measured(sums.counts));
            }
            start += self.width.span().as_delta();
        }
        Some(hour)
    }

    /// The hours whose slices must be attached before windows of these lengths can end at `end`.
    #[must_use]
    pub fn missing_hours(
        &self,
        end: DateTime<Utc>,
        windows: impl IntoIterator<Item = Span>,
    ) -> Vec<DateTime<Utc>> {
        let mut missing: Vec<_> = windows
            .into_iter()
            .filter_map(|window| match self.before(end - window.as_delta()) {
                Err(LedgerError::MissingHour(hour)) => Some(hour),
                _ => None,
            })
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Attaches the slices of an older hour, so that windows may begin in it.
    pub fn attach(&mut self, hour: &Hour) {
        let edge = Edge {
            hour: hour_number(hour.start()),
            within: prefixes_within(hour).into_boxed_slice(),
        };
        self.edges
            .retain(|held| held.hour != edge.hour);
        self.edges.push(edge);
    }

    /// Detaches hours in which none of these windows begins when it ends at `end`.
    pub fn detach_all_but(&mut self, end: DateTime<Utc>, windows: &[Span]) {
        self.edges.retain(|edge| {
            windows
                .iter()
                .any(|window| hour_number(end - window.as_delta()) == edge.hour)
        });
    }

    /// The bytes that the ledger holds on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let edges: usize = self
            .edges
            .iter()
            .map(|edge| edge.within.len())
            .sum();
        (self.hours.capacity() + self.fine.capacity() + edges) * size_of::<Prefix>()
            + self.edges.capacity() * size_of::<Edge>()
    }

    /// The sum of everything before `at`.
    fn before(&self, at: DateTime<Utc>) -> Result<Prefix, LedgerError> {
        self.before_second(at.timestamp())
    }

    /// The sum of everything before a second since the epoch. Seconds since the beginning fit 32
    /// bits, in which dividing is several times cheaper.
    #[inline]
    fn before_second(&self, second: i64) -> Result<Prefix, LedgerError> {
        let width = self.width.span().as_seconds();
        let hour_seconds = i64::from(HOUR);
        let first = self
            .first_hour
            .wrapping_mul(hour_seconds);
        let Ok(offset) = u32::try_from(second.saturating_sub(first)) else {
            let is_after = second > first;
            let prefixes = if is_after { &self.fine } else { &self.hours };
            let at_edge = if is_after {
                prefixes.last()
            } else {
                prefixes.first()
            };
            return Ok(at_edge.copied().unwrap_or_default());
        };
        let fine = self
            .first_fine
            .wrapping_mul(i64::from(width))
            .wrapping_sub(first);
        if let Ok(offset) = u32::try_from(i64::from(offset) - fine) {
            let last = self.fine.len().saturating_sub(1);
            let index = ((offset / width) as usize).min(last);
            return Ok(self
                .fine
                .get(index)
                .copied()
                .unwrap_or_default());
        }
        let (hour, within) = (offset / HOUR, offset % HOUR / width);
        let before = self
            .hours
            .get(hour as usize)
            .copied()
            .unwrap_or_default();
        if within == 0 {
            return Ok(before);
        }
        let number = self.first_hour + i64::from(hour);
        self.edges
            .iter()
            .find(|edge| edge.hour == number)
            .and_then(|edge| edge.within.get(within as usize))
            .map(|sum| before.plus(*sum))
            .ok_or_else(|| LedgerError::MissingHour(hour_start(number)))
    }

    /// The number of the slice that is appended next.
    fn next_slice(&self) -> i64 {
        self.first_fine + signed(self.fine.len()) - 1
    }

    /// The sum of everything.
    fn last(&self) -> Prefix {
        self.fine
            .last()
            .copied()
            .unwrap_or_default()
    }

    fn push_slice(&mut self, slice: Slice) -> Result<(), LedgerError> {
        let added = Prefix::of(Sums {
            counts: slice.counts(),
            measured: u32::from(slice.is_measured()),
        });
        self.check_fits(added, Prefix::default())?;
        let sum = self.last().plus(added);
        self.fine.push(sum);
        if self
            .next_slice()
            .rem_euclid(signed(self.width.per_hour()))
            == 0
        {
            self.hours.push(sum);
            self.forget_old();
        }
        Ok(())
    }

    /// Adds a whole hour of which no window will ask the slices, at the end, which is on the hour.
    fn push_hour(&mut self, sums: Sums) -> Result<(), LedgerError> {
        self.check_fits(Prefix::of(sums), Prefix::default())?;
        let sum = self.last().plus(Prefix::of(sums));
        self.hours.push(sum);
        self.restart_fine(sum);
        Ok(())
    }

    /// Adds unmeasured hours up to hour `number`; does nothing once the end lies inside an hour
    /// beyond it.
    fn skip_to_hour(&mut self, number: i64) {
        let last = self.last();
        while self.first_hour + signed(self.hours.len()) <= number {
            self.hours.push(last);
            self.restart_fine(last);
        }
    }

    /// Begins the fine slices anew at the last hour edge.
    fn restart_fine(&mut self, before: Prefix) {
        self.fine.clear();
        self.fine.push(before);
        let hour = self.first_hour + signed(self.hours.len()) - 1;
        self.first_fine = hour * signed(self.width.per_hour());
        self.forget_old();
    }

    /// Drops fine slices and hours beyond what is kept.
    fn forget_old(&mut self) {
        let per_hour = self.width.per_hour();
        if self.fine.len() > (FINE_HOURS + 1) * per_hour {
            self.fine.drain(..per_hour);
            self.first_fine += signed(per_hour);
        }
        let surplus = self
            .hours
            .len()
            .saturating_sub(self.horizon_hours + 2);
        if surplus > 0 {
            self.hours.drain(..surplus);
            self.first_hour += signed(surplus);
        }
    }

    /// Whether all that is kept still fits when `old` gives way to `new`.
    fn check_fits(&self, new: Prefix, old: Prefix) -> Result<(), LedgerError> {
        let first = self
            .hours
            .first()
            .copied()
            .unwrap_or_default();
        let kept = self
            .last()
            .minus(first)
            .minus(old)
            .total;
        match kept.checked_add(new.total) {
            Some(sum) if sum <= SUM_MAX => Ok(()),
            _ => Err(LedgerError::Overflow),
        }
    }
}

impl Prefix {
    const fn of(sums: Sums) -> Self {
        Self {
            bad: sums.counts.bad().millionths(),
            total: sums.counts.total().millionths(),
            measured: sums.measured,
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            bad: self.bad.wrapping_add(other.bad),
            total: self.total.wrapping_add(other.total),
            measured: self
                .measured
                .wrapping_add(other.measured),
        }
    }

    const fn minus(self, other: Self) -> Self {
        Self {
            bad: self.bad.wrapping_sub(other.bad),
            total: self.total.wrapping_sub(other.total),
            measured: self
                .measured
                .wrapping_sub(other.measured),
        }
    }

    /// A difference of prefixes as what it is. Bad never exceeds total in any slice, so not in a sum.
    fn sums(self) -> Sums {
        let (bad, total) = (
            Count::from_millionths(self.bad),
            Count::from_millionths(self.total),
        );
        let counts = Counts::with_bad(bad, total).unwrap_or_default();
        Sums {
            counts,
            measured: self.measured,
        }
    }
}

/// The sums before each slice of an hour since its start, and after the last. Of a summed hour all
/// slices before the last edge are empty: it is exact to the hour.
fn prefixes_within(hour: &Hour) -> Vec<Prefix> {
    let mut prefixes = Vec::with_capacity(hour.width().per_hour() + 1);
    let mut sum = Prefix::default();
    prefixes.push(sum);
    for slice in hour.slices() {
        let measured = u32::from(slice.is_measured());
        sum = sum.plus(Prefix::of(Sums {
            counts: slice.counts(),
            measured,
        }));
        prefixes.push(sum);
    }
    if !hour.is_fine() {
        prefixes.resize(hour.width().per_hour(), Prefix::default());
        prefixes.push(hour.sums().map_or(sum, Prefix::of));
    }
    prefixes
}

/// A length as a signed number; nothing here is as long as 2^63.
#[expect(
    clippy::cast_possible_wrap,
    reason = "nothing held in memory has 2^63 elements"
)]
const fn signed(length: usize) -> i64 {
    length as i64
}

fn hour_number(at: DateTime<Utc>) -> i64 {
    at.timestamp()
        .div_euclid(i64::from(HOUR))
}

fn hour_start(number: i64) -> DateTime<Utc> {
    crate::time::at_second(number.saturating_mul(i64::from(HOUR)))
}

/// So many whole hours before the open one are held slice by slice: windows up to so long need no
/// edge hour.
const FINE_HOURS: usize = 3;
/// The largest sum that a store holds (`bigint`), in millionths of an event.
const SUM_MAX: u64 = i64::MAX.cast_unsigned();

#[cfg(test)]
mod tests;
