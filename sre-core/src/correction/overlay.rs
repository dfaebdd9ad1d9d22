//! What corrections make of slices.

use chrono::TimeDelta;

use crate::correction::{Correction, Meaning};
use crate::count::{Count, Counts};
use crate::hour::Hour;
use crate::slice::{Slice, SliceWidth};
use crate::time::{Interval, merged};

/// Corrections, expanded over a range: which time is covered, and by what meaning.
///
/// Three unions, each inside the next: what is removed; that and what is dropped; that and what
/// counts as good. A slice takes the meaning of the first that it lies in wholly: an overlap is
/// corrected once, and never by more than the least that was claimed for it.
///
/// ```
/// use sre_core::correction::{Meaning, Overlay};
/// use sre_core::count::Counts;
/// use sre_core::slice::Slice;
/// use sre_core::time::{Interval, at_second};
///
/// let stretch = |from, to| Interval::new(at_second(from), at_second(to));
/// let overlay = Overlay::of([(stretch(60, 150), Meaning::CountAsGood)]);
/// let outage = Slice::Measured(Counts::events(0, 10)?);
/// // Wholly inside: good. Touched only: as it was measured.
/// let good = Slice::Measured(Counts::events(10, 10)?);
/// assert_eq!(overlay.correct(stretch(60, 120), outage), good);
/// assert_eq!(overlay.correct(stretch(120, 180), outage), outage);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Overlay {
    removed: Vec<Interval>,
    dropped: Vec<Interval>,
    covered: Vec<Interval>,
}

impl Overlay {
    /// What those `corrections` that are in force cover of `range`, with all of the stretches that
    /// reach into it.
    #[must_use]
    pub fn new<'a>(corrections: impl IntoIterator<Item = &'a Correction>, range: Interval) -> Self {
        let in_force = corrections
            .into_iter()
            .filter(|correction| correction.is_in_force());
        Self::of(in_force.flat_map(|correction| {
            let stretches = correction.during(range).into_iter();
            stretches.map(|stretch| (stretch, correction.meaning))
        }))
    }

    /// The overlay of these stretches.
    #[must_use]
    pub fn of(stretches: impl IntoIterator<Item = (Interval, Meaning)>) -> Self {
        let (mut removed, mut dropped, mut covered) = (Vec::new(), Vec::new(), Vec::new());
        for (stretch, meaning) in stretches {
            if meaning <= Meaning::RemoveTime {
                removed.push(stretch);
            }
            if meaning <= Meaning::DropEvents {
                dropped.push(stretch);
            }
            covered.push(stretch);
        }
        Self {
            removed: merged(removed),
            dropped: merged(dropped),
            covered: merged(covered),
        }
    }

    /// Everything that any correction covers, in order, apart from each other.
    #[must_use]
    pub fn covered(&self) -> &[Interval] {
        &self.covered
    }

    /// Whether any of `during` is covered.
    #[must_use]
    pub fn touches(&self, during: Interval) -> bool {
        overlapping(&self.covered, during)
            .next()
            .is_some()
    }

    /// What becomes of the slice of this stretch; `None` where it stays as it is.
    #[must_use]
    pub fn meaning_of(&self, slice: Interval) -> Option<Meaning> {
        if !holds(&self.covered, slice) {
            None
        } else if holds(&self.removed, slice) {
            Some(Meaning::RemoveTime)
        } else if holds(&self.dropped, slice) {
            Some(Meaning::DropEvents)
        } else {
            Some(Meaning::CountAsGood)
        }
    }

    /// The slice of this stretch, corrected. Correcting twice is correcting once.
    #[must_use]
    pub fn correct(&self, during: Interval, slice: Slice) -> Slice {
        let Slice::Measured(counts) = slice else {
            return Slice::Unmeasured;
        };
        match self.meaning_of(during) {
            None => slice,
            Some(Meaning::RemoveTime) => Slice::Unmeasured,
            Some(Meaning::DropEvents) => Slice::Measured(Counts::NONE),
            Some(Meaning::CountAsGood) => Slice::Measured(without_bad(counts)),
        }
    }

    /// The hour with its slices corrected. Of an hour that is kept as its sum, all or nothing: it is
    /// corrected where it lies wholly inside.
    #[must_use]
    pub fn correct_hour(&self, hour: &Hour) -> Hour {
        let during = hour.interval();
        if !self.touches(during) {
            return hour.clone();
        }
        let mut corrected = hour.clone();
        if hour.is_fine() {
            let width = hour.width();
            for (start, slice) in hour.iter() {
                let stretch = width.interval(width.index_of(start));
                corrected.set(start, self.correct(stretch, slice));
            }
            return corrected;
        }
        match self.meaning_of(during) {
            None => corrected,
            Some(meaning) => hour.summed_as(|sums| match meaning {
                Meaning::RemoveTime => crate::slice::Sums::default(),
                Meaning::DropEvents => crate::slice::Sums {
                    counts: Counts::NONE,
                    ..sums
                },
                Meaning::CountAsGood => crate::slice::Sums {
                    counts: without_bad(sums.counts),
                    ..sums
                },
            }),
        }
    }

    /// How many seconds of `during` were removed, in whole slices: coverage expects nothing of them.
    #[must_use]
    pub fn removed_seconds(&self, during: Interval, width: SliceWidth) -> u32 {
        let slices: i64 = overlapping(&self.removed, during)
            .map(|removed| {
                let part = removed.intersection(during);
                let first = width.index_of(width.ceil(part.start()));
                width
                    .index_of(part.end())
                    .saturating_sub(first)
                    .max(0)
            })
            .sum();
        let seconds = slices.saturating_mul(width.span().as_secs_i64());
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// How much of `during` is covered: its silence makes nothing stale.
    #[must_use]
    pub fn covered_time(&self, during: Interval) -> TimeDelta {
        overlapping(&self.covered, during)
            .map(|covered| {
                let part = covered.intersection(during);
                part.end()
                    .signed_duration_since(part.start())
            })
            .fold(TimeDelta::zero(), |sum, part| sum + part)
    }
}

/// The same events, none of them bad.
fn without_bad(counts: Counts) -> Counts {
    Counts::with_bad(Count::ZERO, counts.total()).unwrap_or(counts)
}

/// Those of `union`, which is in order and disjoint, that overlap `during`.
fn overlapping(union: &[Interval], during: Interval) -> impl Iterator<Item = Interval> + '_ {
    let first = union.partition_point(|held| held.end() <= during.start());
    union
        .iter()
        .skip(first)
        .copied()
        .take_while(move |held| held.start() < during.end())
}

/// Whether one of `union` holds all of `during`.
fn holds(union: &[Interval], during: Interval) -> bool {
    let after = union.partition_point(|held| held.start() <= during.start());
    after
        .checked_sub(1)
        .and_then(|last| union.get(last))
        .is_some_and(|held| during.end() <= held.end())
}
