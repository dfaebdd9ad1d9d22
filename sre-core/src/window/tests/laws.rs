//! Laws over all zones and 130 years, and the same bounds found by looking for them.

use chrono::{Datelike as _, Offset as _, TimeZone as _};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::*;
use crate::time::at_second;

/// 1970 to 2100, in seconds.
const YEARS: std::ops::Range<i64> = 0..4_133_980_800;

fn any_zone() -> impl Strategy<Value = Tz> {
    (0..TZ_VARIANTS.len()).prop_map(|index| TZ_VARIANTS[index])
}

fn any_calendar() -> impl Strategy<Value = CalendarWindow> {
    let unit = (0..CalendarUnit::ALL.len()).prop_map(|index| CalendarUnit::ALL[index]);
    let anchor = proptest::option::of((1_970..2_100_i32, 1..=12_u32, 1..=31_u32));
    (unit, any::<u16>(), anchor, any_zone()).prop_map(|(unit, count, anchor, zone)| {
        let window = CalendarWindow::new(unit)
            .of(count % unit.most() + 1)
            .expect("within the most")
            .in_zone(zone.name().parse().expect("a zone"));
        let anchor =
            anchor.and_then(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day));
        anchor.map_or(window, |date| {
            window.from_anchor(Anchor::try_from(date).expect("within its years"))
        })
    })
}

/// Seconds that clocks in the zone are ahead.
fn offset(zone: Tz, second: i64) -> i64 {
    let utc = at_second(second).naive_utc();
    i64::from(
        zone.offset_from_utc_datetime(&utc)
            .fix()
            .local_minus_utc(),
    )
}

/// When a date begins, by trying every offset that clocks have had around it: the first instant at
/// which they show its midnight, else the midnight before the gap.
fn begins(zone: Tz, date: NaiveDate) -> i64 {
    let local = date
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp();
    let around = (local - 2 * 86_400..local + 2 * 86_400).step_by(900);
    let mut offsets: Vec<i64> = around
        .map(|second| offset(zone, second))
        .collect();
    let shown = offsets
        .iter()
        .map(|offset| local - offset)
        .filter(|second| second + offset(zone, *second) == local)
        .min();
    shown.unwrap_or_else(|| {
        // Of the two offsets around the gap the earlier one is the smaller: clocks went forward.
        offsets.dedup();
        let before = offsets
            .iter()
            .zip(offsets.iter().skip(1))
            .find(|(before, after)| {
                let (early, late) = (local - **after, local - **before);
                early < late && offset(zone, early) == **before && offset(zone, late) == **after
            });
        local - before.expect("a gap").0
    })
}

proptest! {
    /// L15: calendar windows tile, and now lies in one of them.
    #[test]
    fn l15_calendar_windows_tile_and_hold_the_present(window in any_calendar(), second in YEARS) {
        let now = at_second(second);
        let held = window.containing(now);
        prop_assert!(held.contains(now));
        prop_assert_eq!(window.containing(held.end()).start(), held.end());
        let before = window.containing(held.start() - TimeDelta::seconds(1));
        prop_assert_eq!(before.end(), held.start());
        prop_assert!(held.seconds() <= window.longest().as_seconds());
    }

    /// L15: a length differs from that of its dates by what clocks were moved meanwhile.
    #[test]
    fn l15_lengths_differ_by_what_clocks_were_moved(zone in any_zone(), second in YEARS) {
        let day = calendar(CalendarUnit::Day, zone.name());
        let held = day.containing(at_second(second));
        let (start, end) = (held.start().timestamp(), held.end().timestamp());
        // Days that begin in a gap begin as late as it is long: their clocks show no midnight.
        let shown = |second: i64| (second + offset(zone, second)).rem_euclid(86_400);
        prop_assume!(shown(start) == 0 && shown(end) == 0);
        let moved = offset(zone, end) - offset(zone, start);
        prop_assert_eq!((end - start + moved) % 86_400, 0);
        let dates = (end - start + moved) / 86_400;
        // Two dates only where one of them was skipped.
        prop_assert!(dates == 1 || (dates == 2 && moved == 86_400), "{} dates", dates);
    }

    /// The bounds, looked for by trying offsets: an independent and slow way.
    #[test]
    fn bounds_are_where_a_slow_search_finds_midnight(zone in any_zone(), second in YEARS) {
        let day = calendar(CalendarUnit::Day, zone.name());
        let held = day.containing(at_second(second));
        let date = |second| at_second(second + offset(zone, second)).date_naive();
        let first = begins(zone, date(held.start().timestamp()));
        prop_assert_eq!(held.start().timestamp(), first);
    }

    /// L16: days shifted by whole weeks in a zone without rules shift with them.
    #[test]
    fn l16_instants_that_shift_by_weeks_shift_the_windows(second in YEARS, weeks in -500..500_i64) {
        let week = CalendarWindow::new(CalendarUnit::Week);
        let shift = TimeDelta::weeks(weeks);
        let (held, shifted) = (week.containing(at_second(second)), week.containing(at_second(second) + shift));
        prop_assert_eq!(Interval::new(held.start() + shift, held.end() + shift), shifted);
    }

    /// L32: what is written is read again, and says the same.
    #[test]
    fn l32_a_window_survives_being_written(window in any_calendar()) {
        let text = through_text(window);
        prop_assert_eq!(text, window);
    }
}

/// Every part through its text and back.
fn through_text(window: CalendarWindow) -> CalendarWindow {
    let unit: CalendarUnit = window
        .unit()
        .to_string()
        .parse()
        .expect("a unit");
    let zone = window
        .zone()
        .to_string()
        .parse()
        .expect("a zone");
    let read = CalendarWindow::new(unit)
        .of(window.count())
        .expect("a count")
        .in_zone(zone);
    window.anchor().map_or(read, |anchor| {
        read.from_anchor(
            anchor
                .to_string()
                .parse()
                .expect("a date"),
        )
    })
}

/// L15, in the zones that people live in: days of ordinary daylight-saving zones since 2000 last 23,
/// 23.5, 24, 24.5 or 25 hours, and in Apia once there was none.
#[test]
fn l15_days_of_ordinary_zones_differ_by_an_hour_or_half() {
    let zones = [
        "Europe/Zurich",
        "America/New_York",
        "America/Sao_Paulo",
        "America/Havana",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "UTC",
    ];
    for zone in zones {
        let day = calendar(CalendarUnit::Day, zone);
        let (mut now, end) = (at("2000-01-01T12:00"), at("2038-01-01T00:00"));
        let mut days = 0;
        while now < end {
            let held = day.containing(now);
            let minutes = i64::from(held.seconds() / 60) - 1_440;
            assert!([-60, -30, 0, 30, 60].contains(&minutes), "{zone} {minutes}");
            now = held.end();
            days += 1;
        }
        let dates = (now.date_naive() - at("2000-01-01T00:00").date_naive()).num_days();
        let skipped = i64::from(zone == "Pacific/Apia");
        assert!(
            (dates - skipped - days).abs() <= 1,
            "{zone}: {days} of {dates}"
        );
        assert!(now.year() >= 2_037);
    }
}
