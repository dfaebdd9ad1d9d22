//! How a ledger grows at its end, and forgets at its beginning.

use chrono::{DateTime, Utc};

use super::prefix::Prefix;
use super::{FINE_HOURS, Ledger, LedgerError, hour_number, signed};
use crate::slice::{Slice, Sums};

impl Ledger {
    /// Adds the slice that begins at `start`; slices between the end and there are unmeasured.
    ///
    /// # Errors
    ///
    /// [`LedgerError::OutOfOrder`] before the end: nothing is added then. [`LedgerError::Overflow`]: the
    /// slice is not added, and what lies before it is unmeasured.
    pub fn append(&mut self, start: DateTime<Utc>, slice: Slice) -> Result<(), LedgerError> {
        let index = self.width.index_of(start);
        if index < self.next_slice() {
            return Err(LedgerError::OutOfOrder);
        }
        self.fill_to(start)?;
        let slice = match &self.overlay {
            Some(overlay) => overlay.correct(self.width.interval(index), slice),
            None => slice,
        };
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
    pub(super) fn push_hour(&mut self, sums: Sums) -> Result<(), LedgerError> {
        self.check_fits(Prefix::of(sums), Prefix::default())?;
        let sum = self.last().plus(Prefix::of(sums));
        self.hours.push(sum);
        self.restart_fine(sum);
        Ok(())
    }

    /// Adds unmeasured hours up to hour `number`; does nothing once the end lies inside an hour
    /// beyond it. After a gap that no window spans nothing is kept, so nothing is added hour by hour.
    pub(super) fn skip_to_hour(&mut self, number: i64) {
        let last = self.last();
        let kept = signed(self.horizon_hours.saturating_add(2));
        if number.saturating_sub(self.next_hour()) > kept {
            self.hours.clear();
            self.hours.push(last);
            self.first_hour = number - kept;
            self.restart_fine(last);
        }
        while self.next_hour() <= number {
            self.hours.push(last);
            self.restart_fine(last);
        }
    }

    /// The number of the hour whose beginning is pushed next.
    fn next_hour(&self) -> i64 {
        self.first_hour + signed(self.hours.len())
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
}
