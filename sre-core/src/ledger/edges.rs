//! Edge hours: the slices of older hours, attached where windows begin in them.

use chrono::{DateTime, Utc};

use super::prefix::{Prefix, prefixes_within};
use super::{Ledger, LedgerError, hour_number};
use crate::hour::Hour;
use crate::time::Span;

/// The slices of one older hour, as sums since its start.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) hour: i64,
    pub(super) within: Box<[Prefix]>,
}

impl Ledger {
    /// The hours whose slices must be attached before windows of these lengths can end at `end`.
    #[must_use]
    pub fn missing_hours(
        &self,
        end: DateTime<Utc>,
        windows: impl IntoIterator<Item = Span>,
    ) -> Vec<DateTime<Utc>> {
        self.missing_hours_at(
            windows
                .into_iter()
                .map(|window| end - window.as_delta()),
        )
    }

    /// The hours whose slices must be attached before windows can begin at these instants.
    #[must_use]
    pub fn missing_hours_at(
        &self,
        starts: impl IntoIterator<Item = DateTime<Utc>>,
    ) -> Vec<DateTime<Utc>> {
        let mut missing: Vec<_> = starts
            .into_iter()
            .filter_map(|start| match self.before(start) {
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
        let starts: Vec<_> = windows
            .iter()
            .map(|window| end - window.as_delta())
            .collect();
        self.detach_all_but_at(&starts);
    }

    /// Detaches hours in which none of these instants lies.
    pub fn detach_all_but_at(&mut self, starts: &[DateTime<Utc>]) {
        self.edges.retain(|edge| {
            starts
                .iter()
                .any(|start| hour_number(*start) == edge.hour)
        });
    }
}
