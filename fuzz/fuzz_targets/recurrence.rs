//! Any rule is refused or expands, in bounded time, to occurrences in order that touch what was asked.
#![no_main]

use arbitrary::Arbitrary;
use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use sre_core::correction::{OCCURRENCES_MAX, Recurrence};
use sre_core::time::{Interval, Span};

#[derive(Arbitrary, Debug)]
struct Input {
    rule: Text,
    start: Start,
    duration: u32,
    zone: u8,
    from: i64,
    length: u32,
}

/// Any text, or parts that a rule may have.
#[derive(Arbitrary, Debug)]
enum Text {
    Any(String),
    Parts(u8, Vec<Part>),
}

#[derive(Arbitrary, Debug)]
enum Part {
    Interval(u32),
    Days(Vec<(Option<i8>, u8)>),
    MonthDays(Vec<i8>),
    Months(Vec<u8>),
    Count(u32),
    Until(u16, u8, u8),
    UntilInstant(u16, u8, u8, u8),
}

#[derive(Arbitrary, Debug)]
enum Start {
    Any(String),
    At(u8, u8, u8, u8, u8),
}

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
];

fn joined<T: ToString>(list: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<_> = list
        .into_iter()
        .map(|one| one.to_string())
        .collect();
    texts.join(",")
}

impl Text {
    fn written(&self) -> String {
        let (frequency, parts) = match self {
            Self::Any(text) => return text.clone(),
            Self::Parts(frequency, parts) => (frequency, parts),
        };
        let names = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
        let mut text = format!("FREQ={}", names[usize::from(*frequency) % 4]);
        for part in parts.iter().take(8) {
            text.push(';');
            text.push_str(&match part {
                Part::Interval(n) => format!("INTERVAL={n}"),
                Part::Days(days) => {
                    let day = |(nth, day): &(Option<i8>, u8)| {
                        let name = DAYS[usize::from(*day) % 7];
                        nth.map_or(name.to_owned(), |nth| format!("{nth}{name}"))
                    };
                    format!("BYDAY={}", joined(days.iter().map(day)))
                }
                Part::MonthDays(days) => format!("BYMONTHDAY={}", joined(days)),
                Part::Months(months) => format!("BYMONTH={}", joined(months)),
                Part::Count(n) => format!("COUNT={n}"),
                Part::Until(y, m, d) => format!("UNTIL={y:04}{m:02}{d:02}"),
                Part::UntilInstant(y, m, d, h) => format!("UNTIL={y:04}{m:02}{d:02}T{h:02}0000Z"),
            });
        }
        text
    }
}

impl Start {
    fn written(&self) -> String {
        match self {
            Self::Any(text) => text.clone(),
            Self::At(year, month, day, hour, minute) => format!(
                "{}-{:02}-{:02}T{:02}:{:02}:00",
                2_000 + i32::from(year % 101),
                month % 12 + 1,
                day % 31 + 1,
                hour % 24,
                minute % 60
            ),
        }
    }
}

fuzz_target!(|input: Input| {
    let Some(duration) = Span::from_seconds(input.duration) else {
        return;
    };
    let zone = ZONES[usize::from(input.zone) % ZONES.len()];
    let (rule, start) = (input.rule.written(), input.start.written());
    let Ok(held) = Recurrence::new(&rule, &start, duration, zone) else {
        return;
    };
    // What is held is written and read as the same.
    let again = Recurrence::new(
        &held.rule().to_string(),
        &held.start().to_string(),
        held.duration(),
        held.zone(),
    );
    assert_eq!(again.as_ref(), Ok(&held), "{rule} from {start}");
    let first = held.first();
    assert_eq!(
        held.during(first).first(),
        Some(&first),
        "{rule} from {start}"
    );
    let ends_at = held.ends_at();
    assert!(ends_at.is_none_or(|end| end >= first.start()));
    let Some(from) = DateTime::<Utc>::from_timestamp(input.from, 0) else {
        return;
    };
    let Some(to) = from.checked_add_signed(TimeDelta::seconds(input.length.into())) else {
        return;
    };
    let range = Interval::new(from, to);
    let found = held.during(range);
    assert!(found.len() <= OCCURRENCES_MAX);
    for one in &found {
        assert!(!one.intersection(range).is_empty(), "{one:?}");
        assert!(one.start() >= first.start(), "{one:?} before {first:?}");
        assert!(
            ends_at.is_none_or(|end| one.end() <= end),
            "{one:?} after {ends_at:?}"
        );
        assert_eq!(one.end() - one.start(), duration.as_delta());
    }
    // Changes of the clocks may bring two together, and never in the wrong order.
    assert!(
        found
            .windows(2)
            .all(|two| two[0].start() <= two[1].start()),
        "{found:?}"
    );
});
