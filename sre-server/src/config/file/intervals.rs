//! `time_intervals`: nights, weekends, and what else has a name.

use std::collections::BTreeMap;

use sre_core::routing::{
    DayOfMonthRange, MinuteRange, MonthRange, TimeInterval, Timetable, TimetableError,
    WeekdayRange, YearRange,
};

use super::yaml::{Key, Node, Reader};

/// Every named interval.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> BTreeMap<String, Timetable> {
    let mut named = BTreeMap::new();
    for item in reader.list(node, "time_intervals") {
        let keys = ["name", "time_intervals"].map(Key::known);
        let Some(map) = reader.map(item, "a time interval", &keys) else {
            continue;
        };
        let Some(name_node) = map.get("name") else {
            reader.refuse(item, "a time interval has a name");
            continue;
        };
        let Some(name) = reader.text(name_node) else {
            continue;
        };
        let Some(stretches) = map.get("time_intervals") else {
            reader.refuse(item, "a time interval has time_intervals");
            continue;
        };
        let intervals = reader
            .list(stretches, "time_intervals")
            .iter()
            .filter_map(|stretch| interval(reader, stretch))
            .collect();
        if named
            .insert(name.to_owned(), Timetable(intervals))
            .is_some()
        {
            reader.refuse(name_node, format!("two time intervals are called {name}"));
        }
    }
    named
}

fn interval(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<TimeInterval> {
    let keys = [
        "times",
        "weekdays",
        "days_of_month",
        "months",
        "years",
        "location",
    ];
    let map = reader.map(node, "a time interval", &keys.map(Key::known))?;
    let mut interval = TimeInterval::default();
    if let Some(times) = map.get("times") {
        interval.times = reader
            .list(times, "times")
            .iter()
            .filter_map(|range| minutes(reader, range))
            .collect();
    }
    if let Some(node) = map.get("weekdays") {
        interval.weekdays = ranges(reader, node, "weekdays", |text| {
            named_range(
                text,
                &WEEKDAYS,
                0,
                "a day of the week such as monday, or monday:friday",
            )
            .and_then(|(first, last)| said(WeekdayRange::new(first, last)))
        });
    }
    if let Some(node) = map.get("days_of_month") {
        interval.days_of_month = ranges(reader, node, "days_of_month", |text| {
            number_range(text, "a day of the month such as 1, 1:5 or -3:-1")
                .and_then(|(first, last)| said(DayOfMonthRange::new(first, last)))
        });
    }
    if let Some(node) = map.get("months") {
        interval.months = ranges(reader, node, "months", |text| {
            named_range(text, &MONTHS, 1, "a month such as january, 1 or may:august")
                .and_then(|(first, last)| said(MonthRange::new(first, last)))
        });
    }
    if let Some(node) = map.get("years") {
        interval.years = ranges(reader, node, "years", |text| {
            number_range(text, "a year such as 2026, or 2026:2028")
                .and_then(|(first, last)| said(YearRange::new(first, last)))
        });
    }
    interval.zone = map
        .get("location")
        .and_then(|location| reader.parsed(location));
    Some(interval)
}

fn ranges<T>(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    what: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    reader
        .list(node, what)
        .iter()
        .filter_map(|item| reader.read_by(item, &parse))
        .collect()
}

fn minutes(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<MinuteRange> {
    let keys = ["start_time", "end_time"].map(Key::known);
    let map = reader.map(node, "a range of times", &keys)?;
    let mut bound = |name: &str| {
        let Some(bound) = map.get(name) else {
            reader.refuse(node, format!("a range of times has a {name}"));
            return None;
        };
        reader.read_by(bound, minute)
    };
    let (start, end) = (bound("start_time"), bound("end_time"));
    match MinuteRange::new(start?, end?) {
        Ok(range) => Some(range),
        Err(error) => {
            reader.refuse(node, error.to_string());
            None
        }
    }
}

/// `HH:MM`, as minutes after midnight; `24:00` is the end of the day.
fn minute(text: &str) -> Result<u32, &'static str> {
    const SHAPE: &str = "expected a time of day such as 09:00, or 24:00 for its end";
    let (hours, minutes) = text.split_once(':').ok_or(SHAPE)?;
    let are_digits = |text: &str| {
        text.len() == 2
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit())
    };
    if !are_digits(hours) || !are_digits(minutes) {
        return Err(SHAPE);
    }
    let (hours, minutes): (u32, u32) = (
        hours.parse().map_err(|_| SHAPE)?,
        minutes.parse().map_err(|_| SHAPE)?,
    );
    if hours > 24 || minutes > 59 || (hours == 24 && minutes > 0) {
        return Err(SHAPE);
    }
    Ok(hours * 60 + minutes)
}

/// The two ends of `first:last`, or one for both.
fn ends(text: &str) -> (&str, &str) {
    let (first, last) = text
        .split_once(':')
        .unwrap_or((text, text));
    (first.trim(), last.trim())
}

fn number_range(text: &str, expected: &str) -> Result<(i32, i32), String> {
    let number = |text: &str| {
        text.parse::<i32>()
            .map_err(|_| format!("expected {expected}"))
    };
    let (first, last) = ends(text);
    Ok((number(first)?, number(last)?))
}

/// As [`number_range`], of what has names; the first has the number `from`, and may be written so where
/// that is not 0.
fn named_range(
    text: &str,
    names: &[&str],
    from: i32,
    expected: &str,
) -> Result<(i32, i32), String> {
    let number = |text: &str| {
        let by_name = (from..)
            .zip(names)
            .find(|(_, name)| name.eq_ignore_ascii_case(text))
            .map(|(number, _)| number);
        let counted = text
            .parse::<i32>()
            .ok()
            .filter(|_| from > 0);
        by_name
            .or(counted)
            .ok_or_else(|| format!("expected {expected}"))
    };
    let (first, last) = ends(text);
    Ok((number(first)?, number(last)?))
}

fn said<T>(range: Result<T, TimetableError>) -> Result<T, String> {
    range.map_err(|error| error.to_string())
}

const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
