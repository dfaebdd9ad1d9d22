//! Where an instant lies in a ledger: among the fine slices, at the edge of an hour, in an edge hour.

use chrono::{DateTime, Utc};

use super::prefix::Prefix;
use super::{Ledger, LedgerError, hour_start};
use crate::time::HOUR;

impl Ledger {
    /// The sum of everything before `at`.
    pub(super) fn before(&self, at: DateTime<Utc>) -> Result<Prefix, LedgerError> {
        self.before_second(at.timestamp())
    }

    /// The sum of everything before a second since the epoch. Seconds since the beginning fit 32
    /// bits, in which dividing is several times cheaper.
    #[inline]
    pub(super) fn before_second(&self, second: i64) -> Result<Prefix, LedgerError> {
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
}
