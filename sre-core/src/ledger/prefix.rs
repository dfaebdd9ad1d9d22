//! Sums of everything before an instant; a window is the difference of two.

use crate::count::{Count, Counts};
use crate::hour::Hour;
use crate::slice::Sums;

/// The sum of everything before some instant. Wraps around; only differences mean something.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Prefix {
    pub(super) bad: u64,
    pub(super) total: u64,
    pub(super) measured: u32,
}

impl Prefix {
    pub(super) const fn of(sums: Sums) -> Self {
        Self {
            bad: sums.counts.bad().millionths(),
            total: sums.counts.total().millionths(),
            measured: sums.measured,
        }
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            bad: self.bad.wrapping_add(other.bad),
            total: self.total.wrapping_add(other.total),
            measured: self
                .measured
                .wrapping_add(other.measured),
        }
    }

    #[inline]
    pub(super) const fn minus(self, other: &Self) -> Self {
        Self {
            bad: self.bad.wrapping_sub(other.bad),
            total: self.total.wrapping_sub(other.total),
            measured: self
                .measured
                .wrapping_sub(other.measured),
        }
    }

    /// A difference of prefixes as what it is. Bad never exceeds total in any slice, so not in a sum.
    #[inline]
    pub(super) fn sums(self) -> Sums {
        let (bad, total) = (
            Count::from_millionths(self.bad),
            Count::from_millionths(self.total),
        );
        Sums {
            counts: Counts::with_bad_of(bad, total),
            measured: self.measured,
        }
    }
}

/// The sums before each slice of an hour since its start, and after the last. Of a summed hour all
/// slices before the last edge are empty: it is exact to the hour.
pub(super) fn prefixes_within(hour: &Hour) -> Vec<Prefix> {
    let mut prefixes = Vec::with_capacity(hour.width().per_hour() + 1);
    let mut sum = Prefix::default();
    prefixes.push(sum);
    for slice in hour.slices() {
        let measured = u32::from(slice.is_measured());
        sum = sum.plus(Prefix::of(Sums {
            counts: slice.counts(),
            measured,
        }));
        prefixes.push(sum);
    }
    if !hour.is_fine() {
        prefixes.resize(hour.width().per_hour(), Prefix::default());
        prefixes.push(hour.sums().map_or(sum, Prefix::of));
    }
    prefixes
}
