//! Claims: who may work on a row, and until when.

use chrono::{DateTime, Utc};

/// The claim of a row, and the number of claims it has had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    /// Rises with every claim; what a late holder writes carries an old one.
    pub(super) epoch: u64,
    until: DateTime<Utc>,
}

impl Claim {
    /// A row that nobody has claimed yet.
    pub(super) const NONE: Self = Self {
        epoch: 0,
        until: DateTime::UNIX_EPOCH,
    };

    /// Whether the row may be claimed: a claim until an instant has ended at that instant.
    pub(super) fn is_free_at(&self, now: DateTime<Utc>) -> bool {
        self.until <= now
    }

    /// Whether somebody has claimed the row and has not come back: a late holder may still write.
    pub(super) fn is_taken(&self) -> bool {
        self.until > DateTime::UNIX_EPOCH
    }

    /// Claims the row and answers the new epoch.
    pub(super) fn take(&mut self, until: DateTime<Utc>) -> u64 {
        (self.epoch, self.until) = (self.epoch.saturating_add(1), until);
        self.epoch
    }

    /// Ends the claim. The epoch stays: it never goes back.
    pub(super) fn end(&mut self) {
        self.until = DateTime::UNIX_EPOCH;
    }
}
