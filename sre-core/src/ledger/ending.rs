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
    pub(super) ledger: &'a Ledger,
    pub(super) second: i64,
    pub(super) before: Prefix,
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

    /// The sum since an instant, for windows that begin where the calendar says. Slices that begin
    /// before `start` are out; one that lies at or after the end leaves nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when it lies inside an hour that is not attached.
    #[inline]
    pub fn since(&self, start: DateTime<Utc>) -> Result<Sums, LedgerError> {
        let start = start.timestamp().min(self.second);
        let before = self.ledger.before_second(start)?;
        Ok(self.before.minus(before).sums())
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
