//! Corrections as an SLO sees them: the three meanings on published numbers, and silence that was
//! agreed on.

use std::sync::Arc;

use super::*;
use crate::correction::{Meaning, Overlay};
use crate::target::Target;
use crate::time::Interval;

const DAY: i64 = 86_400;
const MINUTE: i64 = 60;

/// A week of one-minute slices that counts slices, with 60 of them bad on the second day.
fn week() -> History {
    let target: Target = "99".parse().expect("legal");
    let slo = Definition {
        method: timeslices(),
        window: Window::Rolling(Span::days(7)),
        target,
        ..definition()
    };
    History::of(slo)
        .measured(1_440, 0, 1)
        .measured(60, 1, 1)
        .measured(10_080 - 1_500, 0, 1)
}

impl History {
    /// The same history, these seconds of it corrected.
    fn corrected(mut self, seconds: std::ops::Range<i64>, meaning: Meaning) -> Self {
        let stretch = Interval::new(
            at_second(START + seconds.start),
            at_second(START + seconds.end),
        );
        let overlay = Arc::new(Overlay::of([(stretch, meaning)]));
        let hours: Vec<Hour> = self
            .hours
            .values()
            .filter(|hour| overlay.touches(hour.interval()))
            .cloned()
            .collect();
        self.ledger = self
            .ledger
            .corrected(&overlay, &hours)
            .expect("it fits");
        self
    }
}

/// Bad and total of the window, and its coverage.
fn figures(mut history: History) -> (u64, u64, (u32, u32)) {
    let found = history.evaluate();
    let counts = found.budget.expect("measured").counts();
    let Coverage { measured, expected } = found.coverage;
    (
        counts.bad().whole_events(),
        counts.total().whole_events(),
        (measured, expected),
    )
}

/// `docs/mathematics.md` 5.4: 60/10080 = 0.595 % without a correction.
#[test]
fn a_week_with_an_hour_of_outage_is_60_of_10080() {
    assert_eq!(figures(week()), (60, 10_080, (10_080, 10_080)));
}

/// `docs/mathematics.md` 5.4, Datadog's "time dilation": one week minus one day, 60 bad minutes: 60/8640.
#[test]
fn t28_removed_time_leaves_numerator_and_denominator() {
    let clean_day = week().corrected(3 * DAY..4 * DAY, Meaning::RemoveTime);
    assert_eq!(figures(clean_day), (60, 8_640, (8_640, 8_640)));
    let bad_day = week().corrected(DAY..2 * DAY, Meaning::RemoveTime);
    assert_eq!(figures(bad_day), (0, 8_640, (8_640, 8_640)));
}

#[test]
fn t28_dropped_events_leave_slices_that_stay_measured() {
    let bad_day = week().corrected(DAY..2 * DAY, Meaning::DropEvents);
    assert_eq!(figures(bad_day), (0, 8_640, (10_080, 10_080)));
}

#[test]
fn t28_bad_slices_that_count_as_good_stay_in_the_denominator() {
    let bad_day = week().corrected(DAY..2 * DAY, Meaning::CountAsGood);
    assert_eq!(figures(bad_day), (0, 10_080, (10_080, 10_080)));
    let half_of_it = week().corrected(DAY..DAY + 30 * MINUTE, Meaning::CountAsGood);
    assert_eq!(figures(half_of_it), (30, 10_080, (10_080, 10_080)));
}

/// Half a slice that is agreed on is not a slice that is agreed on: bad is never understated.
#[test]
fn a_slice_that_is_touched_only_stays_as_it_was() {
    for meaning in Meaning::ALL {
        let inside_one = week().corrected(DAY + 1..DAY + 119, meaning);
        assert_eq!(figures(inside_one), (60, 10_080, (10_080, 10_080)));
        let one_whole = week().corrected(DAY + 1..DAY + 120, meaning);
        assert_eq!(figures(one_whole).0, 59);
    }
}

/// The best case of an SLO that counts slices does not count on slices that are gone.
#[test]
fn the_best_case_is_one_of_the_time_that_counts() {
    // 1 % of 10 080 slices is 100; of the 4 320 that are left 43, and 60 are bad.
    let (state, _) = found(week().corrected(3 * DAY..7 * DAY, Meaning::RemoveTime));
    assert_eq!(state, SloState::Violated);
    assert_eq!(found(week()).0, SloState::Met);
}

/// Maintenance is silent: what is switched off on purpose is neither stale nor uncovered.
#[test]
fn silence_inside_a_correction_makes_nothing_stale() {
    let silent = || week().unmeasured(120);
    assert!(silent().evaluate().is_stale);
    for meaning in Meaning::ALL {
        let from = 7 * DAY;
        let found = silent()
            .corrected(from..from + 120 * MINUTE, meaning)
            .evaluate();
        assert!(!found.is_stale, "{meaning}");
    }
    // Three expected intervals after it has ended, silence is silence again.
    let late = week()
        .unmeasured(123)
        .corrected(7 * DAY..7 * DAY + 120 * MINUTE, Meaning::RemoveTime);
    let mut late = late;
    assert!(late.evaluate().is_stale);
}

#[test]
fn coverage_expects_nothing_of_time_that_was_removed() {
    let mut silent = week()
        .unmeasured(2 * 1_440)
        .corrected(7 * DAY..9 * DAY, Meaning::RemoveTime);
    let found = silent.evaluate();
    assert_eq!(
        found.coverage,
        Coverage {
            measured: 7_200,
            expected: 7_200
        }
    );
    assert_eq!(found.state, SloState::Met);
}

#[test]
fn a_window_that_was_removed_whole_has_no_data() {
    let mut all = week().corrected(0..7 * DAY, Meaning::RemoveTime);
    let found = all.evaluate();
    assert_eq!((found.state, found.budget), (SloState::NoData, None));
}
