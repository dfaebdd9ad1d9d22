//! Where an instant lies in a ledger: among the fine slices, at the edge of an hour, in an edge hour.
//!
//! This is what a window costs, so it counts in slices and holds little but a subtraction, divisions
//! by multiplying, one comparison and the loads.

use chrono::{DateTime, Utc};

use super::prefix::Prefix;
use super::{Ledger, LedgerError, hour_start};
use crate::slice::SliceWidth;
use crate::time::HOUR;

impl Ledger {
    /// The sum of everything before `at`.
    pub(super) fn before(&self, at: DateTime<Utc>) -> Result<Prefix, LedgerError> {
        self.before_slice(self.slice_of(at.timestamp()))
    }

    /// The sum of everything before a slice, counted from the beginning.
    pub(super) fn before_slice(&self, slice: u32) -> Result<Prefix, LedgerError> {
        match self.place(slice) {
            Some(sum) => Ok(*sum),
            None => Err(self.missing(slice)),
        }
    }

    /// The number of the slice that a second lies in, counted from the beginning.
    #[inline]
    pub(super) fn slice_of(&self, second: i64) -> u32 {
        self.slice_and_rest(second).0
    }

    /// The number of the slice that a second lies in, counted from the beginning, and how many of its
    /// seconds are before. What lies before the beginning is there; seconds since then fit 32 bits, no
    /// ledger reaches back for 136 years.
    #[inline]
    pub(super) fn slice_and_rest(&self, second: i64) -> (u32, u32) {
        let begin = self
            .first_hour
            .wrapping_mul(i64::from(HOUR));
        let since = second.saturating_sub(begin).max(0);
        let Ok(since) = u32::try_from(since) else {
            return (u32::MAX, 0);
        };
        let slice = self.per_width.divide(since);
        let start = slice.wrapping_mul(self.per_width.divisor);
        (slice, since.wrapping_sub(start))
    }

    /// Where the sum of everything before a slice is held; `None` inside an hour that is not attached.
    /// A reference, since a copy of a sum goes through memory.
    #[inline]
    pub(super) fn place(&self, slice: u32) -> Option<&Prefix> {
        match slice.checked_sub(self.coarse_slices()) {
            Some(fine) => Some(self.fine_place(fine)),
            None => self.coarse_place(slice),
        }
    }

    /// As [`Ledger::place`], for a slice counted from the first fine one; what lies after the last is
    /// there.
    #[inline]
    pub(super) fn fine_place(&self, slice: u32) -> &Prefix {
        self.fine
            .get(slice as usize)
            .or(self.fine.last())
            .unwrap_or(&NOTHING)
    }

    /// As [`Ledger::place`], for a slice before the fine ones.
    #[inline]
    pub(super) fn coarse_place(&self, slice: u32) -> Option<&Prefix> {
        let hour = self.per_hour.divide(slice);
        let within = slice.wrapping_sub(hour.wrapping_mul(self.per_hour.divisor));
        if within == 0 {
            Some(
                self.hours
                    .get(hour as usize)
                    .unwrap_or(&NOTHING),
            )
        } else {
            let number = self
                .first_hour
                .wrapping_add(i64::from(hour));
            self.edges.sum(number, within)
        }
    }

    /// What is said where there is no place.
    #[cold]
    pub(super) fn missing(&self, slice: u32) -> LedgerError {
        let hour = i64::from(slice / self.per_hour.divisor);
        LedgerError::MissingHour(hour_start(self.first_hour.saturating_add(hour)))
    }

    /// How many slices lie between the beginning and the first fine slice.
    #[inline]
    pub(super) fn coarse_slices(&self) -> u32 {
        let per_hour = i64::from(self.per_hour.divisor);
        let first = self.first_hour.wrapping_mul(per_hour);
        u32::try_from(self.first_fine.wrapping_sub(first)).unwrap_or(0)
    }
}

/// Divides by multiplying, which costs a fraction of a division: with `m = ⌊2⁶⁴ ÷ d⌋ + 1` the upper
/// half of `m × n` is `n ÷ d`, rounded down, for all `n` and `d` below 2³² (Lemire, Kaser and Kurz,
/// "Faster remainder by direct computation", 2019).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Divider {
    pub(super) divisor: u32,
    factor: u64,
}

impl Divider {
    /// Divides by the length of a slice.
    pub(super) fn by_width(width: SliceWidth) -> Self {
        Self::by(width.span().as_seconds())
    }

    /// Divides by the number of slices in an hour.
    pub(super) fn by_slices_per_hour(width: SliceWidth) -> Self {
        Self::by(HOUR / width.span().as_seconds())
    }

    /// `divisor` is at least 2; all callers divide by 4 and more.
    pub(crate) fn by(divisor: u32) -> Self {
        let factor = u64::MAX / u64::from(divisor.max(2)) + 1;
        Self { divisor, factor }
    }

    #[inline]
    pub(crate) fn divide(self, n: u32) -> u32 {
        let product = u128::from(self.factor) * u128::from(n);
        u32::try_from(product >> 64).unwrap_or(u32::MAX)
    }
}

/// The sum of an empty ledger; there is none, since a ledger always holds its first edges.
static NOTHING: Prefix = Prefix {
    bad: 0,
    total: 0,
    measured: 0,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplying_divides_exactly_at_every_edge() {
        for divisor in [4, 10, 12, 15, 20, 30, 60, 120, 180, 240, 300, 360, 900] {
            let divider = Divider::by(divisor);
            let edges = (0..u32::MAX / divisor).step_by(997);
            for edge in edges.chain([u32::MAX / divisor]) {
                let first = edge * divisor;
                let last = first.saturating_add(divisor - 1);
                assert_eq!(divider.divide(first), edge, "{first} / {divisor}");
                assert_eq!(divider.divide(last), edge, "{last} / {divisor}");
            }
        }
    }
}
