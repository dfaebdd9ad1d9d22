//! The windows that end at one instant.

use chrono::{DateTime, Utc};

use super::prefix::Prefix;
use super::roll_off::RollOff;
use super::{Ledger, LedgerError};
use crate::slice::Sums;
use crate::time::{HOUR, Span};

/// The windows of a ledger that end at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    ledger: &'a Ledger,
    second: i64,
    /// The slice that the end lies in, counted from the beginning.
    slice: u32,
    /// How many slices lie before the fine ones.
    coarse: u32,
    /// What makes a window's length a number of slices, rounded up where the end is on an edge: the
    /// seconds from the end to the last of its slice.
    rest: u32,
    before: Prefix,
}

impl<'a> Ending<'a> {
    #[inline]
    pub(super) fn new(ledger: &'a Ledger, end: DateTime<Utc>) -> Result<Self, LedgerError> {
        let second = end.timestamp();
        let (slice, rest) = ledger.slice_and_rest(second);
        let Some(before) = ledger.place(slice) else {
            return Err(ledger.missing(slice));
        };
        Ok(Self {
            ledger,
            second,
            slice,
            coarse: ledger.coarse_slices(),
            rest: ledger.per_width.divisor - 1 - rest,
            before: *before,
        })
    }

    /// The end of the ledger lies on an edge, after everything.
    #[inline]
    pub(super) fn latest(ledger: &'a Ledger) -> Self {
        let width = ledger.per_width.divisor;
        Self {
            ledger,
            second: ledger
                .next_slice()
                .wrapping_mul(i64::from(width)),
            slice: ledger.slices(),
            coarse: ledger.coarse_slices(),
            rest: width - 1,
            before: ledger.last(),
        }
    }

    /// The second since the epoch at which they end.
    #[inline]
    pub(crate) const fn second(&self) -> i64 {
        self.second
    }

    /// The sum of the window of this length.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when it begins inside an hour that is not attached.
    #[inline]
    pub fn window(&self, window: Span) -> Result<Sums, LedgerError> {
        self.sums_since(self.first_slice(window))
    }

    /// The sums of several windows, in their order, as far as there is room for them. This is what an
    /// evaluation asks: sums are written where they are wanted, and copied nowhere.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when one begins inside an hour that is not attached; the sums
    /// before it are written.
    pub fn windows(&self, windows: &[Span], sums: &mut [Sums]) -> Result<(), LedgerError> {
        for (sum, window) in sums.iter_mut().zip(windows) {
            let first = self.first_slice(*window);
            match self.place(first) {
                Some(before) => *sum = self.before.minus(before).sums(),
                None => return Err(self.ledger.missing(first)),
            }
        }
        Ok(())
    }

    /// The sum since an instant, for windows that begin where the calendar says. Slices that begin
    /// before `start` are out; one that lies at or after the end leaves nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when it lies inside an hour that is not attached.
    #[inline]
    pub fn since(&self, start: DateTime<Utc>) -> Result<Sums, LedgerError> {
        let first = self.ledger.slice_of(start.timestamp());
        self.sums_since(first.min(self.slice))
    }

    /// What leaves the window of this length, step by step, while time goes on.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when it begins inside an hour that is not attached.
    pub fn roll_off(&self, window: Span) -> Result<RollOff<'a>, LedgerError> {
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
            before: ledger.before_slice(self.first_slice(window))?,
            after: self.before,
            first: first.saturating_mul(distance),
            distance,
            edges: held.get(..length).unwrap_or(held),
        })
    }

    /// The slice in which a window of this length begins, counted from the beginning; the first, of a
    /// window that begins before.
    #[inline]
    fn first_slice(&self, window: Span) -> u32 {
        let seconds = window
            .as_seconds()
            .wrapping_add(self.rest);
        let slices = self.ledger.per_width.divide(seconds);
        self.slice.saturating_sub(slices)
    }

    /// As [`Ledger::place`].
    #[inline]
    fn place(&self, slice: u32) -> Option<&'a Prefix> {
        match slice.checked_sub(self.coarse) {
            Some(fine) => Some(self.ledger.fine_place(fine)),
            None => self.ledger.coarse_place(slice),
        }
    }

    #[inline]
    fn sums_since(&self, slice: u32) -> Result<Sums, LedgerError> {
        match self.place(slice) {
            Some(before) => Ok(self.before.minus(before).sums()),
            None => Err(self.ledger.missing(slice)),
        }
    }
}
