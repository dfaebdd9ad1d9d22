//! Edge hours: the slices of older hours, attached where windows begin in them.

use chrono::{DateTime, Utc};

use super::prefix::{Prefix, prefixes_within};
use super::{Ledger, LedgerError, hour_number, signed};
use crate::hour::Hour;
use crate::slice::SliceWidth;
use crate::time::Span;

/// The slices of older hours in which windows begin, as sums of everything before each of them. A
/// look finds its hour by number, without a search.
#[derive(Clone, Debug)]
pub(super) struct Edges {
    /// How many sums an hour has: one more than slices.
    stride: usize,
    hours: Vec<i64>,
    /// `stride` sums for each of `hours`.
    sums: Vec<Prefix>,
    /// The least of `hours`.
    first: i64,
    /// For each hour from the first on: where its sums begin, or beyond their end.
    places: Vec<u32>,
}

impl Edges {
    pub(super) fn of(width: SliceWidth) -> Self {
        Self {
            stride: width.per_hour().saturating_add(1),
            hours: Vec::new(),
            sums: Vec::new(),
            first: 0,
            places: Vec::new(),
        }
    }

    /// The sum of everything before slice number `slices` of an hour; `None` when it is not attached.
    #[inline]
    pub(super) fn sum(&self, hour: i64, slices: u32) -> Option<&Prefix> {
        let place = hour
            .wrapping_sub(self.first)
            .cast_unsigned();
        let start = *self
            .places
            .get(usize::try_from(place).ok()?)?;
        let sum = u64::from(start) + u64::from(slices);
        self.sums
            .get(usize::try_from(sum).ok()?)
    }

    pub(super) fn holds(&self, hour: i64) -> bool {
        self.hours.contains(&hour)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.hours.capacity() * size_of::<i64>()
            + self.sums.capacity() * size_of::<Prefix>()
            + self.places.capacity() * size_of::<u32>()
    }

    /// Moves the sums of all hours after one by what has changed in it.
    pub(super) fn shift_after(&mut self, hour: i64, change: Prefix) {
        let sums = self.sums.chunks_mut(self.stride);
        for (number, sums) in self.hours.iter().zip(sums) {
            if *number > hour {
                for sum in sums {
                    *sum = sum.plus(change);
                }
            }
        }
    }

    fn attach(&mut self, hour: &Hour, before: Prefix) {
        let number = hour_number(hour.start());
        self.remove(|held| held == number);
        self.hours.push(number);
        let within = prefixes_within(hour);
        self.sums.extend(
            within
                .into_iter()
                .map(|sum| before.plus(sum)),
        );
        // An hour of other slices would shift what comes after it.
        let length = self.hours.len() * self.stride;
        self.sums.resize(length, before);
        self.find_places();
    }

    fn retain(&mut self, keep: impl Fn(i64) -> bool) {
        self.remove(|hour| !keep(hour));
        self.find_places();
    }

    fn remove(&mut self, is_gone: impl Fn(i64) -> bool) {
        let mut place = 0;
        while let Some(hour) = self.hours.get(place) {
            if !is_gone(*hour) {
                place += 1;
                continue;
            }
            self.hours.remove(place);
            let first = place * self.stride;
            self.sums
                .drain(first..first + self.stride);
        }
    }

    fn find_places(&mut self) {
        self.first = self
            .hours
            .iter()
            .copied()
            .min()
            .unwrap_or(0);
        self.places.clear();
        let starts = (0_u32..).step_by(self.stride);
        for (hour, start) in self.hours.iter().zip(starts) {
            let Ok(place) = usize::try_from(hour - self.first) else {
                continue;
            };
            if self.places.len() <= place {
                self.places.resize(place + 1, u32::MAX);
            }
            if let Some(held) = self.places.get_mut(place) {
                *held = start;
            }
        }
    }
}

impl Ledger {
    /// The hours whose slices must be attached before windows of these lengths can end at `end`.
    #[must_use]
    pub fn missing_hours(
        &self,
        end: DateTime<Utc>,
        windows: impl IntoIterator<Item = Span>,
    ) -> Vec<DateTime<Utc>> {
        let end = end.timestamp();
        let starts = windows
            .into_iter()
            .map(|window| end - window.as_secs_i64());
        self.missing_hours_of(starts)
    }

    /// The hours whose slices must be attached before windows can begin at these instants.
    #[must_use]
    pub fn missing_hours_at(
        &self,
        starts: impl IntoIterator<Item = DateTime<Utc>>,
    ) -> Vec<DateTime<Utc>> {
        self.missing_hours_of(
            starts
                .into_iter()
                .map(|start| start.timestamp()),
        )
    }

    fn missing_hours_of(&self, seconds: impl Iterator<Item = i64>) -> Vec<DateTime<Utc>> {
        let mut missing: Vec<_> = seconds
            .filter_map(|second| match self.before_slice(self.slice_of(second)) {
                Err(LedgerError::MissingHour(hour)) => Some(hour),
                _ => None,
            })
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Attaches the slices of an older hour, so that windows may begin in it. An hour that is held
    /// slice by slice, or that the ledger does not reach back to, needs none.
    pub fn attach(&mut self, hour: &Hour) {
        let number = hour_number(hour.start());
        let per_hour = signed(self.width.per_hour());
        let is_fine = number.saturating_mul(per_hour) >= self.first_fine;
        let before = usize::try_from(number.saturating_sub(self.first_hour))
            .ok()
            .filter(|_| !is_fine)
            .and_then(|offset| self.hours.get(offset));
        if let Some(before) = before.copied() {
            let hour = self.corrected_hour(hour);
            self.edges.attach(&hour, before);
        }
    }

    /// Detaches hours in which none of these windows begins when it ends at `end`.
    pub fn detach_all_but(&mut self, end: DateTime<Utc>, windows: &[Span]) {
        let starts: Vec<_> = windows
            .iter()
            .map(|window| before(end, *window))
            .collect();
        self.detach_all_but_at(&starts);
    }

    /// Detaches hours in which none of these instants lies.
    pub fn detach_all_but_at(&mut self, starts: &[DateTime<Utc>]) {
        self.edges.retain(|hour| {
            starts
                .iter()
                .any(|start| hour_number(*start) == hour)
        });
    }
}

/// The instant so long before `end`, the first of all where there is none.
fn before(end: DateTime<Utc>, window: Span) -> DateTime<Utc> {
    end.checked_sub_signed(window.as_delta())
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}
