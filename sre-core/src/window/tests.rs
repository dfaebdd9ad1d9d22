//! Calendar windows: published bounds, laws over every zone, and a slow second opinion.

mod laws;

use chrono::NaiveDate;

use super::*;
use crate::time::HOUR;

pub(super) fn calendar(unit: CalendarUnit, zone: &str) -> CalendarWindow {
    CalendarWindow::new(unit).in_zone(zone.parse().expect("a zone"))
}

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z")
        .parse()
        .expect("an instant")
}

/// A row of the table: its window, an instant inside, its bounds, its minutes, and what 99.9 % of
/// them allows, in hundredths of a minute.
type Row = (CalendarWindow, &'static str, [&'static str; 2], u32, u32);

/// `docs/mathematics.md` 5.2: every row of the table.
#[test]
#[expect(clippy::too_many_lines, reason = "the table as it was published")]
fn published_windows_have_their_published_bounds_and_allowances() {
    use CalendarUnit::{Day, Month, Quarter, Week, Year};
    let late = calendar(Month, "UTC").from_anchor("2024-01-31".parse().expect("a date"));
    let rows: [Row; 14] = [
        (
            calendar(Month, "UTC"),
            "2024-02-14T12:00",
            ["2024-02-01T00:00", "2024-03-01T00:00"],
            696 * 60,
            4_176,
        ),
        (
            calendar(Month, "America/New_York"),
            "2024-03-15T12:00",
            ["2024-03-01T05:00", "2024-04-01T04:00"],
            743 * 60,
            4_458,
        ),
        (
            calendar(Month, "America/New_York"),
            "2024-11-15T12:00",
            ["2024-11-01T04:00", "2024-12-01T05:00"],
            721 * 60,
            4_326,
        ),
        (
            calendar(Day, "America/New_York"),
            "2024-03-10T12:00",
            ["2024-03-10T05:00", "2024-03-11T04:00"],
            23 * 60,
            138,
        ),
        (
            calendar(Day, "America/New_York"),
            "2024-11-03T12:00",
            ["2024-11-03T04:00", "2024-11-04T05:00"],
            25 * 60,
            150,
        ),
        (
            calendar(Day, "Australia/Lord_Howe"),
            "2024-10-06T00:00",
            ["2024-10-05T13:30", "2024-10-06T13:00"],
            23 * 60 + 30,
            141,
        ),
        (
            calendar(Day, "America/Sao_Paulo"),
            "2018-11-04T12:00",
            ["2018-11-04T03:00", "2018-11-05T02:00"],
            23 * 60,
            138,
        ),
        (
            calendar(Day, "America/Havana"),
            "2024-11-03T12:00",
            ["2024-11-03T04:00", "2024-11-04T05:00"],
            25 * 60,
            150,
        ),
        (
            calendar(Month, "Pacific/Apia"),
            "2011-12-15T12:00",
            ["2011-12-01T10:00", "2011-12-31T10:00"],
            720 * 60,
            4_320,
        ),
        (
            late,
            "2024-03-15T12:00",
            ["2024-02-29T00:00", "2024-03-31T00:00"],
            744 * 60,
            4_464,
        ),
        (
            late,
            "2024-04-15T12:00",
            ["2024-03-31T00:00", "2024-04-30T00:00"],
            720 * 60,
            4_320,
        ),
        (
            calendar(Quarter, "UTC"),
            "2024-02-14T12:00",
            ["2024-01-01T00:00", "2024-04-01T00:00"],
            2_184 * 60,
            13_104,
        ),
        (
            calendar(Year, "Europe/Berlin"),
            "2024-07-01T12:00",
            ["2023-12-31T23:00", "2024-12-31T23:00"],
            8_784 * 60,
            52_704,
        ),
        (
            calendar(Week, "Europe/London"),
            "2024-03-27T12:00",
            ["2024-03-25T00:00", "2024-03-31T23:00"],
            167 * 60,
            1_002,
        ),
    ];
    for (window, inside, [start, end], minutes, allowed) in rows {
        let found = window.containing(at(inside));
        assert_eq!(found, Interval::new(at(start), at(end)), "{window}");
        assert_eq!(found.seconds(), minutes * 60, "{window}");
        assert_eq!(minutes, allowed * 10, "99.9 % of {window}");
    }
}

/// `docs/mathematics.md` 5.2: slices align to the epoch, so a 743-h month holds 44 580 one-minute slices.
#[test]
fn a_month_with_an_hour_less_holds_sixty_slices_less() {
    let march = Window::Calendar(calendar(CalendarUnit::Month, "America/New_York"));
    let slices = march
        .interval(at("2024-03-20T00:00"))
        .seconds()
        / 60;
    assert_eq!(slices, 44_580);
}

/// T26: a month is not 30 days and a day not 24 hours, but for scaling rules.
#[test]
fn only_the_nominal_length_is_the_same_every_month() {
    let lengths = |unit, days: &[&str]| -> Vec<u32> {
        let window = calendar(unit, "Europe/Zurich");
        let length = |day: &&str| window.containing(at(day)).seconds() / HOUR;
        days.iter().map(length).collect()
    };
    let months = [
        "2023-02-10T00:00",
        "2024-02-10T00:00",
        "2024-03-10T00:00",
        "2024-06-10T00:00",
        "2024-10-10T00:00",
    ];
    assert_eq!(
        lengths(CalendarUnit::Month, &months),
        [672, 696, 743, 720, 745]
    );
    let days = ["2024-03-31T12:00", "2024-07-01T12:00", "2024-10-27T12:00"];
    assert_eq!(lengths(CalendarUnit::Day, &days), [23, 24, 25]);
    let nominal = CalendarUnit::ALL.map(|unit| Window::Calendar(calendar(unit, "UTC")).span());
    assert_eq!(
        nominal.map(|span| span.as_seconds() / 86_400),
        [1, 7, 30, 90, 365]
    );
}

/// `docs/mathematics.md` 5.2: 31 January monthly: 29 February, 31 March, 30 April; not 29 March.
#[test]
fn months_from_a_late_day_are_counted_from_the_anchor() {
    let window =
        calendar(CalendarUnit::Month, "UTC").from_anchor("2024-01-31".parse().expect("a date"));
    let starts: Vec<String> = (-2..5)
        .map(|number| {
            window
                .bound(number)
                .format("%Y-%m-%d")
                .to_string()
        })
        .collect();
    assert_eq!(
        starts,
        [
            "2023-11-30",
            "2023-12-31",
            "2024-01-31",
            "2024-02-29",
            "2024-03-31",
            "2024-04-30",
            "2024-05-31"
        ]
    );
}

#[test]
fn the_day_that_samoa_skipped_is_no_window() {
    let day = calendar(CalendarUnit::Day, "Pacific/Apia");
    let edge = at("2011-12-30T10:00");
    assert_eq!(
        day.containing(edge - TimeDelta::seconds(1))
            .end(),
        edge
    );
    let next = day.containing(edge);
    assert_eq!(next, Interval::new(edge, at("2011-12-31T10:00")));
}

/// The slot whose last slice ends on the edge gives March its last figure; April begins with its
/// first slice.
#[test]
fn the_edge_belongs_to_the_window_that_ends_there() {
    let month = Window::Calendar(calendar(CalendarUnit::Month, "Europe/Zurich"));
    let edge = at("2024-03-31T22:00");
    let (march, april) = (
        month.interval(edge),
        month.interval(edge + TimeDelta::seconds(60)),
    );
    assert_eq!((march.end(), april.start()), (edge, edge));
    assert_eq!(march.start(), at("2024-02-29T23:00"));
    // A rolling window ends at the instant itself.
    let day = Window::Rolling(Span::days(1));
    assert_eq!(day.interval(edge), Interval::ending(edge, Span::days(1)));
}

#[test]
fn natural_windows_begin_on_mondays_firsts_and_new_year() {
    let start = |unit| {
        calendar(unit, "UTC")
            .containing(at("2026-11-18T12:00"))
            .start()
    };
    let date = |unit| {
        start(unit)
            .format("%a %Y-%m-%d")
            .to_string()
    };
    assert_eq!(
        CalendarUnit::ALL.map(date),
        [
            "Wed 2026-11-18",
            "Mon 2026-11-16",
            "Sun 2026-11-01",
            "Thu 2026-10-01",
            "Thu 2026-01-01"
        ]
    );
    let sprint = calendar(CalendarUnit::Week, "UTC")
        .of(2)
        .expect("two weeks");
    let sprint = sprint.from_anchor("2026-11-04".parse().expect("a date"));
    let during = sprint.containing(at("2026-11-18T12:00"));
    assert_eq!(
        during,
        Interval::new(at("2026-11-18T00:00"), at("2026-12-02T00:00"))
    );
    let before = sprint.containing(at("2026-11-03T12:00"));
    assert_eq!(
        before,
        Interval::new(at("2026-10-21T00:00"), at("2026-11-04T00:00"))
    );
}

#[test]
fn no_window_is_longer_than_what_is_kept() {
    for unit in CalendarUnit::ALL {
        let most = CalendarWindow::new(unit)
            .of(unit.most())
            .expect("the most");
        assert!(most.longest() <= Window::MAX, "{most}");
        assert_eq!(
            CalendarWindow::new(unit).of(unit.most() + 1),
            Err(CountError { most: unit.most() })
        );
        assert!(CalendarWindow::new(unit).of(0).is_err());
    }
    assert_eq!(
        CountError { most: 12 }.to_string(),
        "must be a whole number between 1 and 12, since a window may last 400d at most"
    );
}

#[test]
fn a_look_back_reaches_over_the_edge_as_far_as_the_longest_burn_window() {
    let day = Window::Calendar(calendar(CalendarUnit::Day, "America/New_York"));
    // An hour after midnight: the day has an hour, its burn windows reach into yesterday.
    let early = at("2024-03-10T06:00");
    assert_eq!(day.history(early), Interval::ending(early, Span::days(1)));
    // An hour before the end of the day of 25 hours.
    let late = at("2024-11-04T04:30");
    assert_eq!(
        day.history(late),
        Interval::new(at("2024-11-03T04:00"), late)
    );
}

#[test]
fn parts_that_say_nothing_are_refused_with_what_is_expected() {
    let no_anchor = |text: &str| {
        text.parse::<Anchor>()
            .expect_err(text)
            .to_string()
    };
    for text in [
        "2026-02-30",
        "2026-1-01",
        "1969-12-31",
        "2101-01-01",
        "+2026-01-01",
        "2026-01-01T00:00",
        "",
    ] {
        assert_eq!(
            no_anchor(text),
            "must be a date such as 2026-01-31, between 1970 and 2100"
        );
    }
    for text in ["Europe/Zürich", "europe/zurich", "CEST+2", ""] {
        assert!(text.parse::<TimeZone>().is_err(), "{text}");
    }
    assert!(
        "fortnight"
            .parse::<CalendarUnit>()
            .is_err()
    );
}

#[test]
fn people_read_the_unit_and_the_zone() {
    let month = calendar(CalendarUnit::Month, "Europe/Zurich");
    let text = |window: CalendarWindow| Window::Calendar(window).to_string();
    assert_eq!(text(month), "month (Europe/Zurich)");
    let late = month
        .of(2)
        .expect("two")
        .from_anchor("2026-01-31".parse().expect("a date"));
    assert_eq!(text(late), "2 months from 2026-01-31 (Europe/Zurich)");
    assert_eq!(
        Window::Calendar(month).phrase(),
        "the month (Europe/Zurich)"
    );
    assert_eq!(Window::Rolling(Span::days(30)).phrase(), "30d");
}

/// L36: no panic, at the ends of time too.
#[test]
fn the_ends_of_time_lie_in_windows() {
    for zone in ["UTC", "Pacific/Apia", "America/New_York"] {
        for unit in CalendarUnit::ALL {
            for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let window = Window::Calendar(calendar(unit, zone));
                let found = window.interval(instant);
                assert!(
                    found.start() <= instant && instant <= found.end(),
                    "{zone} {unit}"
                );
            }
        }
    }
    let day = CalendarWindow::new(CalendarUnit::Day);
    assert_eq!(day.bound(i64::MIN), DateTime::<Utc>::MIN_UTC);
    assert_eq!(day.bound(i64::MAX), DateTime::<Utc>::MAX_UTC);
    assert_eq!(NaiveDate::MAX.succ_opt(), None);
}

/// In 2010 the clocks of St. John's went back from 00:01 to 23:01: the 7th of November had begun at
/// 02:30 UTC and goes on, though they show the 6th once more.
#[test]
fn a_date_that_has_begun_goes_on_where_clocks_go_back_over_its_midnight() {
    let day = calendar(CalendarUnit::Day, "America/St_Johns");
    let seventh = Interval::new(at("2010-11-07T02:30"), at("2010-11-08T03:30"));
    for instant in ["2010-11-07T02:30", "2010-11-07T02:40", "2010-11-07T03:40"] {
        assert_eq!(day.containing(at(instant)), seventh, "{instant}");
    }
}

#[test]
fn a_window_of_several_units_is_nominally_as_many_times_as_long() {
    for (unit, count, days) in [
        (CalendarUnit::Day, 3, 3),
        (CalendarUnit::Week, 2, 14),
        (CalendarUnit::Month, 6, 180),
        (CalendarUnit::Quarter, 2, 180),
        (CalendarUnit::Year, 1, 365),
    ] {
        let window = CalendarWindow::new(unit)
            .of(count)
            .expect("few");
        assert_eq!(window.nominal(), Span::days(days));
    }
}
