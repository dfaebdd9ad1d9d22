//! What arrives late: an hour that the ledger covers is replaced, with all sums after it.

use super::prefix::{Prefix, prefixes_within};
use super::{Ledger, LedgerError, SUM_MAX, hour_number};
use crate::hour::Hour;

impl Ledger {
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
        let hour = &*self.corrected_hour(hour);
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
                .minus(&before);
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
            let change = new.minus(&old);
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
                .minus(&before);
            self.check_fits(new, old)?;
            let change = new.minus(&old);
            self.hours
                .iter_mut()
                .skip(offset + 1)
                .for_each(|prefix| *prefix = prefix.plus(change));
            self.fine
                .iter_mut()
                .for_each(|prefix| *prefix = prefix.plus(change));
            self.edges.shift_after(number, change);
            if self.edges.holds(number) {
                self.attach(hour);
            }
        }
        Ok(())
    }

    /// Whether all that is kept still fits when `old` gives way to `new`.
    pub(super) fn check_fits(&self, new: Prefix, old: Prefix) -> Result<(), LedgerError> {
        let first = self
            .hours
            .first()
            .copied()
            .unwrap_or_default();
        let kept = self
            .last()
            .minus(&first)
            .minus(&old)
            .total;
        match kept.checked_add(new.total) {
            Some(sum) if sum <= SUM_MAX => Ok(()),
            _ => Err(LedgerError::Overflow),
        }
    }
}
