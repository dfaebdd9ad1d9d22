//! Ends of budgets: published figures.

use proptest::prelude::*;

use super::*;
use crate::count::Grain;
use crate::evaluation::Coverage;
use crate::hour::Hour;
use crate::ledger::Ledger;
use crate::slice::{Slice, SliceWidth};
use crate::time::at_second;

mod laws;

const DAY: u32 = 86_400;

/// Bad and all events of slices of a quarter of an hour, the last one ending now.
type Past = Vec<(u64, u64)>;

/// A past whose every day has this many bad events among so many, the newest last.
fn days(days: impl IntoIterator<Item = (u64, u64)>) -> Past {
    let per_day = 96;
    days.into_iter()
        .flat_map(|(bad, total)| {
            (0..per_day).map(move |n| {
                let part = |all: u64| all * (n + 1) / per_day - all * n / per_day;
                (part(bad), part(total))
            })
        })
        .collect()
}

fn counts(part: &[(u64, u64)]) -> Counts {
    let (bad, total) = part
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Counts::events(total - bad, total).expect("legal")
}

/// A pace of so many bad events among so many in a day.
fn per_day(bad: u64, total: u64) -> Pace {
    Pace::new(counts(&[(bad, total)]), DAY).expect("a day")
}

#[derive(Debug)]
struct Case {
    past: Past,
    window: Span,
    target: &'static str,
}

impl Case {
    fn new(past: Past, window: Span, target: &'static str) -> Self {
        Self {
            past,
            window,
            target,
        }
    }

    /// The slices that the window holds now.
    fn held(&self) -> &[(u64, u64)] {
        let slices = (self.window.as_seconds() / 900) as usize;
        &self.past[self.past.len().saturating_sub(slices)..]
    }

    fn budget(&self) -> ErrorBudget {
        ErrorBudget::new(counts(self.held()), self.target.parse().expect("a target"))
    }

    /// The ledger of the past, which begins on the hour.
    fn ledger(&self) -> Ledger {
        let width = SliceWidth::new(Span::minutes(15)).expect("a width");
        let mut ledger = Ledger::new(width, self.window, at_second(0));
        let mut hours: Vec<Hour> = Vec::new();
        for (second, one) in (0_i64..).step_by(900).zip(&self.past) {
            let (at, slice) = (at_second(second), Slice::Measured(counts(&[*one])));
            ledger
                .append(at, slice)
                .expect("in order");
            if second % 3_600 == 0 {
                hours.push(Hour::unmeasured(at, width));
            }
            hours
                .last_mut()
                .expect("one")
                .set(at, slice);
        }
        for missing in ledger.missing_hours(ledger.end(), [self.window]) {
            let hour = hours
                .iter()
                .find(|hour| hour.start() == missing);
            ledger.attach(hour.expect("it was measured"));
        }
        ledger
    }

    fn time_left(&self, pace: Pace) -> Option<u32> {
        let ledger = self.ledger();
        let ending = ledger
            .ending(ledger.end())
            .expect("attached");
        let leaving = ending
            .roll_off(self.window)
            .expect("attached");
        time_left(self.budget(), &leaving, pace)
    }

    /// What remains at each edge of a slice to come, times the seconds of the pace: by playing the
    /// future, adding what comes and dropping what leaves. Only for pasts as long as the window.
    fn played(&self, pace: Pace) -> Vec<i128> {
        let ppb = i128::from(self.budget().target().budget_ppb());
        let (bad, total) = (
            i128::from(pace.counts.bad().millionths()),
            i128::from(pace.counts.total().millionths()),
        );
        let mut remaining = self.budget().remaining_exactly() * i128::from(pace.seconds);
        self.held()
            .iter()
            .map(|left| {
                let gone = ppb * i128::from(left.1) - 1_000_000_000 * i128::from(left.0);
                remaining -= gone * 1_000_000 * i128::from(pace.seconds);
                remaining += (ppb * total - 1_000_000_000 * bad) * 900;
                remaining
            })
            .collect()
    }
}

/// A month at 99 % with 500 events a slice of which this share of the budget is spent, just now.
fn month_with_spent(percent: u64) -> Case {
    let mut past = days((0..30).map(|_| (0, 48_000)));
    // 480 a day may be bad.
    let mut bad = 144 * percent;
    for slice in past.iter_mut().rev() {
        slice.0 = bad.min(slice.1);
        bad -= slice.0;
    }
    Case::new(past, Span::days(30), "99")
}

#[test]
fn under_even_traffic_what_is_left_lasts_for_its_share_of_the_window_over_the_burn() {
    for (spent, burn_tenths, expected) in [
        (0, 10, Some(30 * DAY)),
        (0, 20, Some(15 * DAY)),
        (0, 50, Some(6 * DAY)),
        (0, 100, Some(3 * DAY)),
        (50, 20, Some(7 * DAY + DAY / 2)),
        (75, 144, Some(45_000)), // 12.5 h
        (0, 144, Some(180_000)), // 50 h
        (0, 9, None),
        (75, 0, None),
        (100, 0, Some(0)),
        (120, 0, Some(0)),
    ] {
        let pace = per_day(48 * burn_tenths, 48_000);
        assert_eq!(
            month_with_spent(spent).time_left(pace),
            expected,
            "{spent} % spent, burn {burn_tenths}/10"
        );
    }
}

/// 6 remaining, 2,881/960 after one slice, 1/480 after two, which lasts for 0.6 s of the third.
#[test]
fn an_end_just_beyond_the_edge_of_a_slice_is_told_in_whole_seconds() {
    let hours = [
        (1, 17),
        (1, 18),
        (3, 29),
        (0, 24),
        (2, 25),
        (3, 23),
        (0, 10),
        (2, 17),
        (2, 11),
        (0, 20),
        (3, 24),
        (0, 6),
        (3, 16),
        (2, 16),
        (2, 29),
        (2, 24),
        (1, 20),
        (3, 22),
        (2, 10),
        (2, 9),
        (2, 11),
        (0, 5),
        (3, 6),
        (1, 23),
    ];
    let past = hours
        .into_iter()
        .flat_map(|hour| [hour; 4])
        .collect();
    let (case, pace) = (Case::new(past, Span::days(1), "90"), per_day(301, 803));
    let played = case.played(pace);
    assert!(played[1] > 0 && played[2] <= 0, "{played:?}");
    assert_eq!(case.time_left(pace), Some(1_800));
}

/// 200 bad ten days ago and 20 a day from now on: 100, 80, 60, 40, 20, 0.
#[test]
fn an_old_incident_that_stays_in_the_window_gives_nothing_back() {
    let past = days((0..30).map(|day| if day == 20 { (200, 1_000) } else { (0, 1_000) }));
    let case = Case::new(past, Span::days(30), "99");
    assert_eq!(case.time_left(per_day(20, 1_000)), Some(5 * DAY));
}

#[test]
fn an_old_incident_that_is_about_to_leave_puts_the_end_off() {
    // It leaves on the third day: 100, 80, 60, 240, 220 and so on.
    let past = days((0..30).map(|day| if day == 2 { (200, 1_000) } else { (0, 1_000) }));
    let case = Case::new(past, Span::days(30), "99");
    assert_eq!(case.time_left(per_day(20, 1_000)), Some(15 * DAY));
}

/// A million good events leave with their allowance: 884 remaining becomes −115 without a bad event.
#[test]
fn good_events_that_leave_take_their_allowance_along() {
    let past = days((0..30).map(|day| if day == 0 { (0, 1_000_000) } else { (5, 1_000) }));
    let case = Case::new(past, Span::days(30), "99.9");
    assert!((case.budget().remaining() - 884.0).abs() < 1e-9);
    let end = case.time_left(per_day(0, 1_000));
    assert!(
        end.is_some_and(|end| (DAY * 8 / 10..DAY).contains(&end)),
        "{end:?}"
    );
}

#[test]
fn a_budget_younger_than_its_window_loses_nothing_before_its_first_event_leaves() {
    // Ten days at half the sustainable pace: 960 of 1920 are left.
    let case = Case::new(days((0..10).map(|_| (96, 19_200))), Span::days(30), "99");
    // They lose 24 a day for 20 days; then 192 a day leave as well, and 96 bad ones with them.
    let end = case.time_left(per_day(216, 19_200));
    assert_eq!(end, Some(24 * DAY));
}

#[test]
fn nothing_that_comes_makes_no_end_of_its_own() {
    let quiet = Pace::new(Counts::NONE, 3_600).expect("an hour");
    assert_eq!(month_with_spent(50).time_left(quiet), Some(15 * DAY));
    assert_eq!(Pace::new(Counts::NONE, 0), None);
}

fn seen(window: Span, bad: u64) -> WindowCounts {
    WindowCounts {
        window,
        counts: counts(&[(bad, 1_000)]),
        coverage: Coverage {
            measured: 60,
            expected: 60,
        },
        grain: Grain::Millionths,
    }
}

#[test]
fn look_backs_are_the_three_longest_reported_windows_that_fit_nine_times() {
    for (own, expected) in [
        ("400d", &["24h", "3d", "7d"][..]),
        ("90d", &["24h", "3d", "7d"]),
        ("30d", &["6h", "24h", "3d"]),
        ("28d", &["6h", "24h", "3d"]),
        ("7d", &["1h", "2h", "6h"]),
        ("1d", &["30m", "1h", "2h"]),
        ("1h", &["5m"]),
        ("30m", &["30m"]),
        ("2m", &["2m"]),
    ] {
        let own: Span = own.parse().expect("a span");
        let reported = crate::evaluate::REPORTED_WINDOWS;
        let mut windows: Vec<_> = reported
            .into_iter()
            .filter(|window| *window < own)
            .map(|window| seen(window, 0))
            .collect();
        windows.push(seen(own, 0));
        let taken: Vec<Span> = look_backs(&windows)
            .iter()
            .map(|held| held.window)
            .collect();
        let expected: Vec<Span> = expected
            .iter()
            .map(|text| text.parse().expect("a span"))
            .collect();
        assert_eq!(taken, expected, "{own}");
    }
    assert_eq!(look_backs(&[]), []);
}

#[test]
fn near_is_three_days_and_a_ninth_of_what_is_shorter() {
    for (window, expected) in [("90d", "3d"), ("28d", "3d"), ("9d", "1d"), ("1h", "400s")] {
        let expected: Span = expected.parse().expect("a span");
        assert_eq!(near(window.parse().expect("a span")), expected);
    }
}

/// Ends in hours from the epoch, the shortest look-back first.
fn forecast(ends: &[Option<i64>]) -> Forecast {
    let end = |at: &Option<i64>| End {
        window: Span::hours(1),
        at: at.map(|hour| at_second(3_600 * hour)),
    };
    Forecast::Ends(ends.iter().map(end).collect())
}

#[test]
fn the_likely_end_is_the_later_of_the_two_shorter_look_backs() {
    let hour = |hour: i64| at_second(3_600 * hour);
    let projected = |at, earliest, latest: Option<i64>| Exhaustion::Projected {
        at: hour(at),
        earliest: hour(earliest),
        latest: latest.map(hour),
    };
    for (ends, expected) in [
        (&[Some(2), Some(5), Some(9)][..], projected(5, 2, Some(9))),
        (&[Some(7), Some(5), Some(3)], projected(7, 3, Some(7))),
        (&[Some(2), Some(5), None], projected(5, 2, None)),
        (&[Some(4)], projected(4, 4, Some(4))),
        (&[Some(4), Some(4)], projected(4, 4, Some(4))),
        // It has just begun, or is over: none is likely, and the fastest is shown.
        (
            &[Some(2), None, None],
            Exhaustion::NoneInSight {
                earliest: Some(hour(2)),
            },
        ),
        (
            &[None, Some(2), Some(9)],
            Exhaustion::NoneInSight {
                earliest: Some(hour(2)),
            },
        ),
        (
            &[None, None, None],
            Exhaustion::NoneInSight { earliest: None },
        ),
    ] {
        assert_eq!(forecast(ends).exhaustion(), expected, "{ends:?}");
    }
    assert_eq!(Forecast::Unknown.exhaustion(), Exhaustion::Unknown);
    assert_eq!(Forecast::Exhausted.exhaustion(), Exhaustion::Exhausted);
}

#[test]
fn an_exhaustion_is_what_its_parts_say() {
    for forecast in [
        Forecast::Unknown,
        Forecast::Exhausted,
        forecast(&[None]),
        forecast(&[Some(2), None]),
        forecast(&[Some(2), Some(5), None]),
        forecast(&[Some(2), Some(5), Some(6)]),
    ] {
        let held = forecast.exhaustion();
        let parts = (held.as_str(), held.at(), held.earliest(), held.latest());
        let again = Exhaustion::from_parts(parts.0, parts.1, parts.2, parts.3);
        assert_eq!(again, Some(held));
    }
    let now = Some(at_second(0));
    assert_eq!(Exhaustion::from_parts("projected", now, None, None), None);
    assert_eq!(Exhaustion::from_parts("exhausted", now, None, None), None);
    assert_eq!(Exhaustion::from_parts("soon", None, None, None), None);
}

/// What exceeds the numbers at hand is cut on both sides alike, so the place stays the same.
#[test]
fn the_end_of_a_budget_of_any_size_lies_where_its_line_crosses_zero() {
    let first = Left {
        seconds: 50,
        bad: 0,
        total: 0,
    };
    for scale in (0..124).step_by(4) {
        let (before, after) = (3_i128 << scale, -(1_i128 << scale));
        assert_eq!(crossing(&first, 1_000, before, after), 800, "2^{scale}");
        assert_eq!(crossing(&first, 1_000, before, 0), 1_050, "2^{scale}");
    }
}
