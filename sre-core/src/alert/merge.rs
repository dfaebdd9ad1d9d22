//! Two reports of the same trouble, each with a beginning and an end, put together.
//!
//! Prometheus says of each alert when it began and when it will be over unless it is heard of again,
//! and several replicas of it say so at once, in any order.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// What one report says of when something is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spell {
    /// Since when.
    pub starts_at: DateTime<Utc>,
    /// Until when; in the future while it goes on.
    pub ends_at: DateTime<Utc>,
    /// Whether the end is only when it is over unless it is heard of again, and nobody said so.
    pub is_timeout: bool,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
    /// What else was said, for people.
    pub annotations: BTreeMap<String, String>,
}

impl Spell {
    /// Whether it is over at `now`.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ends_at <= now
    }

    /// Whether both have an instant in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.starts_at <= other.ends_at && other.starts_at <= self.ends_at
    }

    /// Both as one, whichever is given first; `None` where they do not overlap, which is another
    /// episode. The earliest beginning counts, and what was said later. Of two that are over the later
    /// end counts; of others the later one's, unless the earlier named a later end explicitly: an end
    /// that nobody said keeps nothing open.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use sre_core::alert::Spell;
    /// use sre_core::time::at_second;
    ///
    /// let spell = |starts, ends, reported| Spell {
    ///     starts_at: at_second(starts),
    ///     ends_at: at_second(ends),
    ///     is_timeout: true,
    ///     reported_at: at_second(reported),
    ///     annotations: BTreeMap::new(),
    /// };
    /// // Heard of again after a minute: it goes on for as long as the newer report says.
    /// let merged = spell(0, 300, 0).merged(spell(0, 360, 60), at_second(60));
    /// assert_eq!(merged.map(|both| both.ends_at), Some(at_second(360)));
    /// // What began after the end of the other is another episode.
    /// assert_eq!(spell(0, 300, 0).merged(spell(301, 600, 301), at_second(301)), None);
    /// ```
    #[must_use]
    pub fn merged(self, other: Self, now: DateTime<Utc>) -> Option<Self> {
        if !self.overlaps(&other) {
            return None;
        }
        let place = |spell: &Self| (spell.reported_at, spell.ends_at, !spell.is_timeout);
        let (older, younger) = if place(&self) <= place(&other) {
            (self, other)
        } else {
            (other, self)
        };
        let is_earlier_kept = older.ends_at > younger.ends_at
            && if younger.is_over(now) {
                older.is_over(now)
            } else {
                !older.is_timeout
            };
        let (ends_at, is_timeout) = if is_earlier_kept {
            (older.ends_at, older.is_timeout)
        } else {
            (younger.ends_at, younger.is_timeout)
        };
        Some(Self {
            starts_at: older.starts_at.min(younger.starts_at),
            ends_at,
            is_timeout,
            ..younger
        })
    }
}

#[cfg(test)]
mod tests;
