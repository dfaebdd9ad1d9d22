use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{labels, route, with_intervals};
use crate::routing::{
    DayOfMonthRange, MinuteRange, MonthRange, Route, TimeInterval, Timetable, TimetableError,
    WeekdayRange, YearRange,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn zurich() -> TimeInterval {
    TimeInterval {
        zone: Some("Europe/Zurich".parse().expect("a zone")),
        ..TimeInterval::default()
    }
}

#[test]
fn an_instant_is_in_an_interval_when_all_that_it_says_holds() {
    let working = TimeInterval {
        times: vec![MinuteRange::new(9 * 60, 17 * 60).expect("a range")],
        weekdays: vec![WeekdayRange::new(1, 5).expect("a range")],
        months: vec![MonthRange::new(11, 11).expect("a range")],
        years: vec![YearRange::new(2026, 2027).expect("a range")],
        ..zurich()
    };
    for (instant, is_in) in [
        ("2026-11-23T08:00:00Z", true),  // a Monday, 9:00 in Zurich
        ("2026-11-23T07:59:59Z", false), // a second before
        ("2026-11-23T15:59:59Z", true),  // 16:59:59
        ("2026-11-23T16:00:00Z", false), // 17:00, excluded
        ("2026-11-22T10:00:00Z", false), // a Sunday
        ("2026-12-01T10:00:00Z", false), // December
        ("2028-11-23T10:00:00Z", false), // another year
    ] {
        assert_eq!(working.has(at(instant)), is_in, "{instant}");
    }
    assert!(
        TimeInterval::default().has(at("2026-11-23T00:00:00Z")),
        "what says nothing is always"
    );
}

#[test]
fn days_of_a_month_are_counted_from_its_beginning_and_from_its_end() {
    let days = |first, last| TimeInterval {
        days_of_month: vec![DayOfMonthRange::new(first, last).expect("a range")],
        ..TimeInterval::default()
    };
    for (first, last, instant, is_in) in [
        (-1, -1, "2026-02-28T12:00:00Z", true),
        (-1, -1, "2028-02-28T12:00:00Z", false),
        (-1, -1, "2028-02-29T12:00:00Z", true),
        (31, 31, "2026-02-28T12:00:00Z", false),
        (27, 31, "2026-02-28T12:00:00Z", true),
        (-31, -30, "2026-02-01T12:00:00Z", false),
        (1, -1, "2026-02-14T12:00:00Z", true),
    ] {
        assert_eq!(
            days(first, last).has(at(instant)),
            is_in,
            "{first} {last} {instant}"
        );
    }
}

#[test]
fn the_hours_of_a_zone_move_with_its_clocks() {
    let night = TimeInterval {
        times: vec![MinuteRange::new(0, 3 * 60).expect("a range")],
        ..zurich()
    };
    // On 2026-03-29 clocks jump from 2 to 3: three hours of the day are two.
    let hours = |from: &str, hours: i64| {
        (0..hours * 60)
            .filter(|minute| night.has(at(from) + chrono::TimeDelta::minutes(*minute)))
            .count()
    };
    assert_eq!(hours("2026-03-28T23:00:00Z", 23), 120);
    // On 2026-10-25 they go back from 3 to 2: three are four.
    assert_eq!(hours("2026-10-24T22:00:00Z", 25), 240);
    assert_eq!(hours("2026-06-30T22:00:00Z", 24), 180);
}

#[test]
fn a_stretch_that_ends_before_it_begins_is_none() {
    assert_eq!(MinuteRange::new(60, 60), Err(TimetableError::Backwards));
    assert_eq!(WeekdayRange::new(5, 1), Err(TimetableError::Backwards));
    assert_eq!(DayOfMonthRange::new(-3, 5), Err(TimetableError::Backwards));
    assert_eq!(DayOfMonthRange::new(0, 5), Err(TimetableError::DayZero));
    assert!(MonthRange::new(0, 5).is_err() && MinuteRange::new(0, 1_441).is_err());
}

#[test]
fn a_route_is_mute_within_its_mute_times_and_outside_of_its_active_ones() {
    let hours = |start: u32, end: u32| {
        Timetable(vec![TimeInterval {
            times: vec![MinuteRange::new(start * 60, end * 60).expect("a range")],
            ..TimeInterval::default()
        }])
    };
    let intervals = BTreeMap::from([
        ("day".to_owned(), hours(8, 18)),
        ("lunch".to_owned(), hours(12, 13)),
    ]);
    let by_day = Route {
        active_time_intervals: vec!["day".to_owned()],
        mute_time_intervals: vec!["lunch".to_owned()],
        ..route("a", "service=checkout")
    };
    let tree = with_intervals(vec![by_day], intervals);
    let leaf = tree.leaves(&labels(&[("service", "checkout")]), None)[0];
    for (now, until) in [
        ("2026-11-23T07:59:30Z", Some("2026-11-23T08:00:00Z")),
        ("2026-11-23T08:00:00Z", None),
        ("2026-11-23T12:00:00Z", Some("2026-11-23T13:00:00Z")),
        ("2026-11-23T13:00:00Z", None),
        // What ends later than people can wait for is looked at again.
        ("2026-11-23T18:00:00Z", Some("2026-11-24T00:00:00Z")),
    ] {
        assert_eq!(tree.muted_until(leaf, at(now)), until.map(at), "{now}");
    }
}
