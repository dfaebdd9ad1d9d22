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
mod bad_slices;
mod corrected;
mod edges;
mod ending;
mod growth;
mod late;
mod look;
mod prefix;
mod roll_off;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use thiserror::Error;

use self::edges::Edges;
pub use self::ending::Ending;
pub(crate) use self::look::Divider;
use self::prefix::Prefix;
pub use self::roll_off::{Left, RollOff};
use crate::correction::Overlay;
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
    edges: Edges,
    /// What corrects whatever is put in.
    overlay: Option<Arc<Overlay>>,
    /// Divides by the length of a slice, and by the slices of an hour.
    per_width: Divider,
    per_hour: Divider,
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

impl Ledger {
    /// A ledger that begins, empty, at the start of the hour of `from` and keeps `horizon`, but no less
    /// than the hours that are held slice by slice.
    #[must_use]
    pub fn new(width: SliceWidth, horizon: Span, from: DateTime<Utc>) -> Self {
        let horizon_hours = horizon.as_seconds().div_ceil(HOUR) as usize;
        let horizon_hours = horizon_hours.max(FINE_HOURS);
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
            edges: Edges::of(width),
            overlay: None,
            per_width: Divider::by_width(width),
            per_hour: Divider::by_slices_per_hour(width),
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

    /// Divides by the length of its slices.
    pub(crate) const fn per_width(&self) -> Divider {
        self.per_width
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

    /// The sum of the slices in `during`, whose bounds are edges of slices. What lies before the
    /// beginning or after the end of the ledger adds nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when a bound lies inside an hour that is not attached.
    pub fn sum(&self, during: Interval) -> Result<Sums, LedgerError> {
        let start = self.before(during.start())?;
        let end = self.before(during.end())?;
        Ok(end.minus(&start).sums())
    }

    /// The windows that end at `end`: of several, each costs one look.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when `end` lies inside an hour that is not attached.
    #[inline]
    pub fn ending(&self, end: DateTime<Utc>) -> Result<Ending<'_>, LedgerError> {
        Ending::new(self, end)
    }

    /// The windows that end where the ledger does: what an evaluation on time asks.
    #[inline]
    #[must_use]
    pub fn latest(&self) -> Ending<'_> {
        Ending::latest(self)
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
            let sums = after.minus(before).sums();
            if sums.measured > 0 {
                hour.set(start, Slice::Measured(sums.counts));
            }
            start += self.width.span().as_delta();
        }
        Some(hour)
    }

    /// The bytes that the ledger holds on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        (self.hours.capacity() + self.fine.capacity()) * size_of::<Prefix>()
            + self.edges.heap_bytes()
    }

    /// The number of the slice that is appended next.
    fn next_slice(&self) -> i64 {
        self.first_fine + signed(self.fine.len()) - 1
    }

    /// How many slices lie between the beginning and the end.
    fn slices(&self) -> u32 {
        let fine = u32::try_from(self.fine.len() - 1).unwrap_or(u32::MAX);
        self.coarse_slices()
            .saturating_add(fine)
    }

    /// The sum of everything.
    fn last(&self) -> Prefix {
        self.fine
            .last()
            .copied()
            .unwrap_or_default()
    }
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
