//! Which slice an event belongs to, decided by whoever looks and not by whoever counts.
//!
//! Counting reads no clock, so an event has no instant of its own: it happened between two looks. A
//! look once a slice, soon after its edge, is what keeps that sharp. The rules, for what was counted
//! since the look before:
//!
//! - it belongs to the slice that has more of the time between the two looks, if they are in one
//!   slice or in neighbours;
//! - where whole slices passed without a look, they were idle if nothing was counted, and that is
//!   known: no traffic. If something was, nobody knows in which of them: it is put into the last that
//!   ended, and those before it are unmeasured;
//! - a clock that goes back stands still until it has caught up.

use chrono::{DateTime, Utc};

use crate::count::Counts;
use crate::slice::{Slice, SliceWidth};
use crate::time::{Span, at_second};

/// What was counted, on its way into slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribution {
    width: SliceWidth,
    /// The slice of the last look, with what was counted in it so far.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    start: DateTime<Utc>,
    looked_at: DateTime<Utc>,
    /// `None` once it does not fit a count: a data error.
    counted: Option<Counts>,
}

impl Attribution {
    pub(super) const fn new(width: SliceWidth) -> Self {
        Self { width, open: None }
    }

    /// The slice of the last look and what was counted in it.
    pub(super) fn open(&self) -> Option<(DateTime<Utc>, Slice)> {
        self.open
            .map(|open| (open.start, measured(open.counted)))
    }

    /// Looks at `now`: `counted` is what was counted since the look before. Slices that have ended are
    /// given to `close`, in order; of those that were idle at most the last `reach`.
    pub(super) fn look(
        &mut self,
        now: DateTime<Utc>,
        counted: Counts,
        reach: Span,
        mut close: impl FnMut(DateTime<Utc>, Slice),
    ) {
        let now = now.clamp(earliest(), latest());
        let newest = self.width.floor(now);
        let open = |counted| Open {
            start: newest,
            looked_at: now,
            counted,
        };
        let Some(before) = self.open else {
            self.open = Some(open(Some(counted)));
            return;
        };
        let (start, held) = (before.start, before.counted);
        let sum = held.and_then(|held| held.checked_add(counted));
        if newest <= start {
            self.open = Some(Open {
                looked_at: now.max(before.looked_at),
                counted: sum,
                ..before
            });
            return;
        }
        let width = self.width.span().as_delta();
        if newest == start + width {
            let is_of_before = now - newest <= newest - before.looked_at;
            let (closed, begun) = if is_of_before {
                (sum, Counts::NONE)
            } else {
                (held, counted)
            };
            self.open = Some(open(Some(begun)));
            close(start, measured(closed));
            return;
        }
        self.open = Some(open(Some(Counts::NONE)));
        let is_idle = counted == Counts::NONE;
        if is_idle || held != Some(Counts::NONE) {
            close(start, measured(held));
        }
        if !is_idle {
            close(newest - width, measured(Some(counted)));
            return;
        }
        let mut at = (start + width).max(
            self.width
                .ceil(newest - reach.as_delta()),
        );
        while at < newest {
            close(at, Slice::Measured(Counts::NONE));
            at += width;
        }
    }
}

/// A slice that somebody looked at; one whose counts do not fit is a data error, and unmeasured.
fn measured(counted: Option<Counts>) -> Slice {
    counted.map_or(Slice::Unmeasured, Slice::Measured)
}

/// Instants before 1970 are taken for its beginning: windows reach back 400 days from here, and so
/// does the arithmetic of instants.
fn earliest() -> DateTime<Utc> {
    at_second(0)
}

/// Instants after the year 9999 are taken for its end.
fn latest() -> DateTime<Utc> {
    at_second(253_402_300_799)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is closed when `looks` are made, each `(second, events counted since the last)`.
    fn closed(looks: &[(i64, u64)]) -> Vec<(i64, Option<u64>)> {
        let mut attribution = Attribution::new(SliceWidth::MINUTE);
        let mut closed = Vec::new();
        for (second, events) in looks {
            let counted = Counts::events(*events, *events).expect("legal");
            attribution.look(
                at_second(*second),
                counted,
                Span::hours(1),
                |start, slice| {
                    let events = slice
                        .is_measured()
                        .then(|| slice.counts().total().whole_events());
                    closed.push((start.timestamp(), events));
                },
            );
        }
        closed
    }

    #[test]
    fn what_is_counted_belongs_to_the_slice_that_has_more_of_the_time() {
        let looks = [(0, 0), (30, 3), (61, 4), (119, 5), (120, 6)];
        assert_eq!(closed(&looks), [(0, Some(7)), (60, Some(11))]);
        let late = [(0, 0), (59, 3), (119, 4), (179, 5), (180, 0)];
        assert_eq!(closed(&late), [(0, Some(3)), (60, Some(4)), (120, Some(5))]);
    }

    #[test]
    fn idle_slices_read_as_no_traffic_however_late_the_look() {
        let looks = [(0, 0), (10, 2), (240, 0)];
        assert_eq!(
            closed(&looks),
            [(0, Some(2)), (60, Some(0)), (120, Some(0)), (180, Some(0))]
        );
    }

    #[test]
    fn what_a_late_look_finds_is_put_into_the_last_slice_and_the_others_are_unmeasured() {
        assert_eq!(
            closed(&[(0, 0), (10, 2), (240, 9)]),
            [(0, Some(2)), (180, Some(9))]
        );
        assert_eq!(closed(&[(0, 0), (240, 9)]), [(180, Some(9))]);
    }

    #[test]
    fn a_clock_that_goes_back_stands_still() {
        let looks = [(60, 0), (0, 1), (-500, 2), (119, 3), (120, 4)];
        assert_eq!(closed(&looks), [(60, Some(10))]);
    }

    #[test]
    fn of_a_long_idle_stretch_only_what_is_reached_is_told() {
        let told = closed(&[(0, 0), (86_400, 0)]);
        assert_eq!(told.len(), 1 + 60, "the open slice and an hour");
        assert_eq!(told.last(), Some(&(86_340, Some(0))));
    }

    proptest! {
        #[test]
        fn no_event_is_lost_and_slices_come_in_order(
            looks in prop::collection::vec((any::<i64>(), 0_u64..1_000), 1..40)
        ) {
            let mut attribution = Attribution::new(SliceWidth::MINUTE);
            let (mut told, mut last) = (0, None);
            for (micros, events) in &looks {
                let now = DateTime::from_timestamp_micros(*micros).unwrap_or(DateTime::<Utc>::MAX_UTC);
                let counted = Counts::events(*events, *events).expect("legal");
                let mut in_order = true;
                attribution.look(now, counted, Span::hours(1), |start, slice| {
                    in_order &= last < Some(start);
                    last = Some(start);
                    told += slice.counts().total().whole_events();
                });
                prop_assert!(in_order);
            }
            let open = attribution.open().map_or(0, |(_, slice)| slice.counts().total().whole_events());
            let counted: u64 = looks.iter().map(|(_, events)| events).sum();
            prop_assert_eq!(told + open, counted);
        }
    }
}
