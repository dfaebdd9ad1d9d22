//! The slot grid: when an SLO is evaluated, decided by its id and nothing else.
//!
//! Slots lie `min(slice, validation interval)` apart at a fixed phase within the first quarter
//! after a slice closes. So load is spread over SLOs, a page is never late by a whole slice, and
//! replicas need not talk to agree on the instants.

use chrono::{DateTime, TimeDelta, Utc};

use crate::name::SloId;
use crate::slice::SliceWidth;
use crate::time::Span;

/// The slots of one SLO.
///
/// ```
/// use sre_core::name::SloId;
/// use sre_core::schedule::SlotGrid;
/// use sre_core::slice::SliceWidth;
/// use sre_core::time::{Span, at_second};
///
/// let id: SloId = "018f3c5a-0000-7000-8000-0123456789ab".parse()?;
/// let grid = SlotGrid::new(id, SliceWidth::MINUTE, Span::minutes(5), Span::seconds(10));
/// // The slice that ends at 12:00 closes ten seconds later, and is folded within a quarter of a minute.
/// let noon = at_second(43_200);
/// let slot = grid.of_slice(noon);
/// assert!(slot >= noon + Span::seconds(10).as_delta() && slot < noon + Span::seconds(25).as_delta());
/// assert_eq!(grid.closed_at(slot), noon);
/// assert_eq!(grid.after(slot), slot + grid.step().as_delta());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlotGrid {
    width: SliceWidth,
    step: Span,
    delay: Span,
    phase: TimeDelta,
}

impl SlotGrid {
    /// The grid of `slo`, whose slices close `delay` after their end.
    #[must_use]
    pub fn new(slo: SloId, width: SliceWidth, validation_interval: Span, delay: Span) -> Self {
        let quarter_ms = u64::from(width.span().as_seconds()) * 1_000 / 4;
        let (high, low) = slo.0.as_u64_pair();
        // A version 7 id holds its time in the high half and randomness in the low one.
        let phase_ms = (high.rotate_left(17) ^ low) % quarter_ms;
        Self {
            width,
            step: width.span().min(validation_interval),
            delay,
            phase: TimeDelta::milliseconds(phase_ms.cast_signed()),
        }
    }

    /// The distance between slots.
    #[must_use]
    pub const fn step(&self) -> Span {
        self.step
    }

    /// The first slot strictly after `at`.
    #[must_use]
    pub fn after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let offset = self.delay.as_delta() + self.phase;
        let step = self
            .step
            .as_secs_i64()
            .saturating_mul(1_000_000);
        let grid = (at - offset)
            .timestamp_micros()
            .div_euclid(step)
            .saturating_add(1);
        let slot = DateTime::from_timestamp_micros(grid.saturating_mul(step));
        slot.unwrap_or(at) + offset
    }

    /// The last slot that is not after `at`.
    #[must_use]
    pub fn at_or_before(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.after(at) - self.step.as_delta()
    }

    /// The slot that folds the slice that ends at `end`: the first once it has closed.
    #[must_use]
    pub fn of_slice(&self, end: DateTime<Utc>) -> DateTime<Utc> {
        self.after(end + self.delay.as_delta() - TimeDelta::microseconds(1))
    }

    /// The end of the last slice that has closed at `at`.
    #[must_use]
    pub fn closed_at(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.width
            .floor(at - self.delay.as_delta())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::time::at_second;

    /// The nil id has the phase zero: its slot is the very instant at which a slice closes.
    #[test]
    fn a_slice_is_folded_at_the_instant_at_which_it_closes_where_the_phase_is_zero() {
        let delay = Span::seconds(10);
        let grid = SlotGrid::new(
            SloId(Uuid::nil()),
            SliceWidth::MINUTE,
            Span::minutes(5),
            delay,
        );
        assert_eq!(grid.of_slice(at_second(600)), at_second(610));
        assert_eq!(grid.closed_at(at_second(610)), at_second(600));
        assert_eq!(grid.closed_at(at_second(609)), at_second(540));
    }

    proptest! {
        #[test]
        fn every_slice_has_its_slot_within_the_first_quarter_after_it_closes(
            id in any::<u128>(), at in 0_i64..4_000_000_000, seconds in prop::sample::select(
                vec![10_u32, 15, 20, 30, 60, 300, 900])
        ) {
            let width = SliceWidth::new(Span::seconds(seconds)).expect("a width");
            let delay = Span::seconds(10);
            let grid = SlotGrid::new(SloId(Uuid::from_u128(id)), width, Span::minutes(5), delay);
            let slot = grid.after(at_second(at));
            prop_assert!(slot > at_second(at) && slot <= at_second(at) + grid.step().as_delta());
            if width.span() <= Span::minutes(5) {
                let closes = grid.closed_at(slot) + delay.as_delta();
                prop_assert!(slot >= closes && slot < closes + width.span().as_delta() / 4);
            }
            prop_assert_eq!(grid.after(slot), slot + grid.step().as_delta());
            prop_assert_eq!(grid.at_or_before(slot), slot);
            prop_assert_eq!(grid.at_or_before(slot + TimeDelta::microseconds(1)), slot);
            let folds = grid.of_slice(width.floor(at_second(at)));
            prop_assert!(grid.closed_at(folds) >= width.floor(at_second(at)));
            prop_assert!(grid.closed_at(folds - grid.step().as_delta()) < width.floor(at_second(at)));
        }
    }
}
