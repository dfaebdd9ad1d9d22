//! Instants for people: how long ago, and exactly when for who wants to know.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

/// `3 min ago`, with the instant in UTC as title.
pub(super) fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let passed = now - at;
    let words = if passed.abs() < TimeDelta::seconds(5) {
        "just now".to_owned()
    } else if passed > TimeDelta::zero() {
        format!("{} ago", lasting(passed))
    } else {
        format!("in {}", lasting(-passed))
    };
    html! { time datetime=(machine(at)) title=(stamp(at)) { (words) } }
}

/// `23 Nov 12:03:10`, with the instant in UTC as title.
pub(super) fn at(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(machine(at)) title=(stamp(at)) { (at.format("%-d %b %H:%M:%S").to_string()) } }
}

/// `23 Nov`, with the instant in UTC as title.
pub(super) fn day(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(machine(at)) title=(stamp(at)) { (at.format("%-d %b").to_string()) } }
}

/// `12:03:10 UTC`.
pub(super) fn clock(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(machine(at)) title=(stamp(at)) { (at.format("%H:%M:%S UTC").to_string()) } }
}

/// `2026-11-23 12:03:10 UTC`.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// The two largest units of a length of time: `2 h 14 min`; never negative.
pub(super) fn lasting(length: TimeDelta) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = length.num_seconds().max(0);
    let largest = UNITS
        .iter()
        .position(|(unit, _)| seconds >= *unit)
        .unwrap_or(UNITS.len() - 1);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, name) in UNITS.iter().skip(largest).take(2) {
        let whole = rest / unit;
        rest %= unit;
        if whole > 0 || words.is_empty() {
            words.push(format!("{whole} {name}"));
        }
    }
    // Seconds say nothing beside minutes.
    if largest == 2 {
        words.truncate(1);
    }
    words.join(" ")
}

fn machine(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use sre_core::time::at_second;

    use super::*;

    #[test]
    fn a_length_is_told_in_its_two_largest_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (8_040, "2 h 14 min"),
            (86_400, "1 d"),
            (90_061, "1 d 1 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(lasting(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn an_instant_says_its_distance_and_exactly_when_it_is() {
        let now = at_second(86_400);
        let said = |second| ago(at_second(second), now).into_string();
        assert_eq!(
            said(86_400 - 180),
            "<time datetime=\"1970-01-01T23:57:00Z\" title=\"1970-01-01 23:57:00 UTC\">3 min ago</time>"
        );
        assert!(said(86_400 + 600).contains(">in 10 min<"));
        assert!(said(86_400 - 1).contains(">just now<"));
    }
}
