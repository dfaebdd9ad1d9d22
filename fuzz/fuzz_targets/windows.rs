//! Windows of any unit, count, anchor and zone, at any instant: they hold it, tile, and are as long as
//! they say at most.
#![no_main]

use arbitrary::Arbitrary;
use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use sre_core::time::Span;
use sre_core::window::{CalendarUnit, CalendarWindow, TimeZone, Window};

#[derive(Arbitrary, Debug)]
struct Input {
    seconds: i64,
    nanos: u32,
    unit: u8,
    count: u16,
    /// Days since 1970.
    anchor: Option<u16>,
    zone: Zone,
    rolling: u32,
}

#[derive(Arbitrary, Debug)]
enum Zone {
    Named(String),
    /// One of those that did something unusual.
    Odd(u8),
}

const ODD: [&str; 16] = [
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Godthab",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Manila",
    "Australia/Lord_Howe",
    "Europe/Zurich",
    "Pacific/Apia",
    "Pacific/Kwajalein",
];

fuzz_target!(|input: Input| {
    let Some(at) = DateTime::<Utc>::from_timestamp(input.seconds, input.nanos % 1_000_000_000)
    else {
        return;
    };
    if let Some(span) = Span::from_seconds(input.rolling) {
        // `ending` cuts at the first instant there is.
        let interval = Window::Rolling(span).interval(at);
        assert!(interval.end() == at && interval.start() < at || at == DateTime::<Utc>::MIN_UTC);
        let _ = Window::Rolling(span).history(at);
    }
    let zone: Option<TimeZone> = match &input.zone {
        Zone::Named(name) => name.parse().ok(),
        Zone::Odd(n) => ODD[usize::from(*n) % ODD.len()]
            .parse()
            .ok(),
    };
    let Some(zone) = zone else { return };
    let unit = CalendarUnit::ALL[usize::from(input.unit) % CalendarUnit::ALL.len()];
    let Ok(mut window) = CalendarWindow::new(unit)
        .in_zone(zone)
        .of(input.count)
    else {
        return;
    };
    if let Some(days) = input.anchor {
        let date = chrono::NaiveDate::default() + chrono::Days::new(days.into());
        let Ok(anchor) = date.to_string().parse() else {
            return;
        };
        window = window.from_anchor(anchor);
    }
    let held = window.containing(at);
    let is_last = at >= DateTime::<Utc>::MAX_UTC - TimeDelta::days(800);
    assert!(
        held.start() <= at && (at < held.end() || is_last),
        "{held:?}"
    );
    assert!(
        is_last || held.end() - held.start() <= window.longest().as_delta(),
        "{held:?}"
    );
    let is_first = at <= DateTime::<Utc>::MIN_UTC + TimeDelta::days(800);
    if !is_last && !is_first {
        let before = window.containing(held.start() - TimeDelta::nanoseconds(1));
        assert_eq!(before.end(), held.start());
        assert_eq!(window.containing(held.end()).start(), held.end());
        assert_eq!(window.containing(held.start()), held);
    }
    let whole = Window::Calendar(window);
    let interval = whole.interval(at);
    assert!(interval.start() < at && at <= interval.end() || is_first || is_last);
    let _ = (whole.history(at), whole.phrase(), window.to_string());
});
