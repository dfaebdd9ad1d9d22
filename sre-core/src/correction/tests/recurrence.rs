//! Calendars against tables.

use super::*;

/// The starts of the occurrences of a rule that begins at `start`, in UTC.
fn starts(rule: &str, start: &str, zone: &str, days: u32) -> Vec<String> {
    let held = Recurrence::new(rule, start, Span::hours(2), zone).expect("a rule");
    let from = held.first().start();
    let range = Interval::new(from, from + Span::days(days).as_delta());
    held.during(range)
        .iter()
        .map(|one| {
            one.start()
                .format("%m-%dT%H:%M")
                .to_string()
        })
        .collect()
}

/// `docs/mathematics.md` 5.2: a local time that does not exist moves forward by the gap, one that happens twice
/// is the first.
#[test]
fn a_daily_correction_keeps_its_local_time_through_changes_of_the_clocks() {
    let daily = "FREQ=DAILY;COUNT=3";
    let (spring, autumn) = ("2024-03-09T02:30:00", "2024-11-02T01:30:00");
    // 10 March has no 02:30 in New York: read with the offset from before, it is 03:30.
    assert_eq!(
        starts(daily, spring, "America/New_York", 9),
        ["03-09T07:30", "03-10T07:30", "03-11T06:30"]
    );
    // 3 November has 01:30 twice.
    assert_eq!(
        starts(daily, autumn, "America/New_York", 9),
        ["11-02T05:30", "11-03T05:30", "11-04T06:30"]
    );
    // Lord Howe moves by half an hour: 02:15 on 6 October is skipped, and becomes 02:45.
    assert_eq!(
        starts(daily, "2024-10-05T02:15:00", "Australia/Lord_Howe", 9),
        ["10-04T15:45", "10-05T15:45", "10-06T15:15"]
    );
    // Sao Paulo has no midnight on 4 November 2018.
    assert_eq!(
        starts(daily, "2018-11-03T00:00:00", "America/Sao_Paulo", 9),
        ["11-03T03:00", "11-04T03:00", "11-05T02:00"]
    );
    // Apia has no 30 December 2011: read with the offset from before, it is the 31st at that time.
    assert_eq!(
        starts(daily, "2011-12-29T12:00:00", "Pacific/Apia", 9),
        ["12-29T22:00", "12-30T22:00", "12-30T22:00"]
    );
}

#[test]
fn rules_give_the_days_that_rfc_5545_says() {
    let of = |rule, start| starts(rule, start, "UTC", 200);
    let monday = "2024-01-01T00:00:00";
    assert_eq!(
        of("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=5", monday),
        [
            "01-01T00:00",
            "01-03T00:00",
            "01-15T00:00",
            "01-17T00:00",
            "01-29T00:00"
        ]
    );
    // The last Friday of each month, and the first Monday.
    assert_eq!(
        of("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "2024-01-26T00:00:00"),
        ["01-26T00:00", "02-23T00:00", "03-29T00:00"]
    );
    assert_eq!(
        of("RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=3", monday),
        ["01-01T00:00", "02-05T00:00", "03-04T00:00"]
    );
    // A month without a 31st is passed over; the last day of a month is -1.
    assert_eq!(
        of("FREQ=MONTHLY;COUNT=3", "2024-01-31T00:00:00"),
        ["01-31T00:00", "03-31T00:00", "05-31T00:00"]
    );
    assert_eq!(
        of("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2024-01-31T00:00:00"),
        ["01-31T00:00", "02-29T00:00", "03-31T00:00"]
    );
    // UNTIL is the last instant at which one may begin, or the last day.
    assert_eq!(
        of("FREQ=DAILY;INTERVAL=3;UNTIL=20240107T000000Z", monday),
        ["01-01T00:00", "01-04T00:00", "01-07T00:00"]
    );
    assert_eq!(of("FREQ=DAILY;UNTIL=20240102", monday).len(), 2);
    assert_eq!(
        of("FREQ=YEARLY;BYMONTH=1,4;BYMONTHDAY=1", monday),
        ["01-01T00:00", "04-01T00:00"]
    );
    assert_eq!(
        of("FREQ=DAILY;BYDAY=SA,SU;COUNT=2", "2024-01-06T00:00:00").len(),
        2
    );
}

/// Steps are counted from the first occurrence, in weeks, months or years.
#[test]
fn an_interval_counts_its_steps_from_the_start() {
    let of = |rule, start| starts(rule, start, "UTC", 2_500);
    assert_eq!(
        of(
            "FREQ=WEEKLY;INTERVAL=7;COUNT=3;WKST=MO",
            "2024-01-01T00:00:00"
        ),
        ["01-01T00:00", "02-19T00:00", "04-08T00:00"]
    );
    assert_eq!(
        of("FREQ=MONTHLY;INTERVAL=3;COUNT=3", "2023-11-15T00:00:00"),
        ["11-15T00:00", "02-15T00:00", "05-15T00:00"]
    );
    // 2024, 2027 and 2030, and the month of the first where none is said.
    assert_eq!(of("FREQ=YEARLY;INTERVAL=3", "2024-03-15T00:00:00").len(), 3);
    assert_eq!(
        of("FREQ=YEARLY;INTERVAL=3", "2024-03-15T00:00:00")[1],
        "03-15T00:00"
    );
    // The 29th of February is there in leap years alone.
    assert_eq!(
        of("FREQ=YEARLY", "2024-02-29T00:00:00"),
        ["02-29T00:00", "02-29T00:00"]
    );
}

#[test]
fn a_weekday_counts_from_the_end_of_its_month_too() {
    let of = |rule, start| starts(rule, start, "UTC", 100);
    // In 2024 the last but one Thursdays are the 18th, the 22nd and the 21st.
    assert_eq!(
        of("FREQ=MONTHLY;BYDAY=-2TH;COUNT=3", "2024-01-18T00:00:00"),
        ["01-18T00:00", "02-22T00:00", "03-21T00:00"]
    );
    assert_eq!(
        of("FREQ=MONTHLY;BYMONTHDAY=-2;COUNT=3", "2024-01-30T00:00:00"),
        ["01-30T00:00", "02-28T00:00", "03-30T00:00"]
    );
}

#[test]
fn a_recurrence_is_written_as_it_was_read() {
    let held = Recurrence::new(
        "FREQ=DAILY;COUNT=3",
        "2024-01-01T00:00:00",
        Span::hours(2),
        "Europe/Zurich",
    );
    let held = held.expect("a rule");
    assert_eq!(held.rule().to_string(), "FREQ=DAILY;COUNT=3");
    assert_eq!(held.zone(), "Europe/Zurich");
    assert_eq!(held.start().to_string(), "2024-01-01T00:00:00");
}

#[test]
fn an_occurrence_that_reaches_into_a_range_is_part_of_it() {
    let nightly = Recurrence::new("FREQ=DAILY", "2024-01-01T23:00:00", Span::hours(2), "UTC");
    let nightly = nightly.expect("a rule");
    let day = Interval::new(
        instant("2024-02-02T00:00:00Z"),
        instant("2024-02-03T00:00:00Z"),
    );
    let starts: Vec<_> = nightly
        .during(day)
        .iter()
        .map(|one| one.start())
        .collect();
    assert_eq!(
        starts,
        [
            instant("2024-02-01T23:00:00Z"),
            instant("2024-02-02T23:00:00Z")
        ]
    );
}

#[test]
fn a_rule_says_when_it_is_over() {
    let ends = |rule| {
        Recurrence::new(rule, "2024-01-01T00:00:00", Span::hours(2), "UTC")
            .expect("a rule")
            .ends_at()
    };
    assert_eq!(ends("FREQ=DAILY"), None);
    assert_eq!(
        ends("FREQ=DAILY;COUNT=3"),
        Some(instant("2024-01-03T02:00:00Z"))
    );
    assert_eq!(
        ends("FREQ=DAILY;UNTIL=20240103"),
        Some(instant("2024-01-04T02:00:00Z"))
    );
}

/// The first of a weekday may be as late as the 7th, the second as late as the 14th.
#[test]
fn the_nth_weekday_of_a_month_is_counted_in_sevens() {
    let of = |rule, start| starts(rule, start, "UTC", 400);
    assert_eq!(
        of("FREQ=MONTHLY;BYDAY=1SU;COUNT=4", "2024-01-07T00:00:00"),
        ["01-07T00:00", "02-04T00:00", "03-03T00:00", "04-07T00:00"]
    );
    assert_eq!(
        of("FREQ=MONTHLY;BYDAY=2SU;COUNT=4", "2024-01-14T00:00:00"),
        ["01-14T00:00", "02-11T00:00", "03-10T00:00", "04-14T00:00"]
    );
    assert_eq!(
        of(
            "FREQ=WEEKLY;BYDAY=TU,WE,TH,FR,SA,SU,MO;COUNT=8",
            "2024-01-02T00:00:00"
        ),
        [2, 3, 4, 5, 6, 7, 8, 9].map(|day| format!("01-0{day}T00:00"))
    );
}

/// Every fifth month, over the end of a year; every fourteenth too.
#[test]
fn months_are_counted_across_years() {
    let of = |rule, days| starts(rule, "2024-01-15T00:00:00", "UTC", days);
    assert_eq!(
        of("FREQ=MONTHLY;INTERVAL=5", 700),
        [
            "01-15T00:00",
            "06-15T00:00",
            "11-15T00:00",
            "04-15T00:00",
            "09-15T00:00"
        ]
    );
    assert_eq!(
        of("FREQ=MONTHLY;INTERVAL=14", 900),
        ["01-15T00:00", "03-15T00:00", "05-15T00:00"]
    );
}

/// Beyond the last year nothing recurs, and no rule may say that it does.
#[test]
fn nothing_recurs_after_the_last_year() {
    let rule = |rule: &str| Recurrence::new(rule, "2024-01-01T00:00:00", Span::hours(2), "UTC");
    let (last, next) = (2_200, 2_201);
    let daily = rule("FREQ=DAILY").expect("a rule");
    let year = |year: i32| {
        Interval::new(
            instant(&format!("{year}-12-30T00:00:00Z")),
            instant(&format!("{}-01-05T00:00:00Z", year + 1)),
        )
    };
    assert_eq!(daily.during(year(last)).len(), 2);
    assert!(daily.during(year(next)).is_empty());
    for until in ["1231", "1231T235959Z"] {
        assert!(rule(&format!("FREQ=DAILY;UNTIL={last}{until}")).is_ok());
        assert!(rule(&format!("FREQ=DAILY;UNTIL={next}{until}")).is_err());
    }
    let many = format!("FREQ=MONTHLY;BYMONTHDAY=1{}", ",1".repeat(61));
    assert!(rule(&many).is_ok());
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    let refused = |rule: &str| {
        Recurrence::new(rule, "2024-01-01T00:00:00", Span::hours(2), "UTC")
            .expect_err("refused")
            .to_string()
    };
    assert!(refused("FREQ=DAILY;BYHOUR=2").starts_with("BYHOUR is not offered"));
    assert!(refused("FREQ=DAILY;BYSETPOS=1").starts_with("BYSETPOS is not offered"));
    assert!(refused("FREQ=DAILY;WKST=SU").starts_with("WKST is not offered"));
    assert_eq!(
        refused("FREQ=HOURLY"),
        "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"
    );
    assert_eq!(refused("INTERVAL=2"), "FREQ is missing");
    assert_eq!(
        refused("FREQ=DAILY;INTERVAL=0"),
        "INTERVAL must be from 1 to 1000"
    );
    let many = format!("FREQ=MONTHLY;BYMONTHDAY=1{}", ",1".repeat(62));
    assert_eq!(refused(&many), "BYMONTHDAY has at most 62 parts");
    assert_eq!(refused("FREQ=DAILY;FREQ=DAILY"), "FREQ is said twice");
    assert_eq!(
        refused("FREQ=DAILY;COUNT=2;UNTIL=20250101"),
        "COUNT and UNTIL exclude each other"
    );
    assert_eq!(
        refused("FREQ=WEEKLY;BYDAY=1MO"),
        "the n-th weekday is one of a month: FREQ must be MONTHLY or YEARLY"
    );
    assert_eq!(
        refused("FREQ=WEEKLY;BYMONTHDAY=1"),
        "BYMONTHDAY does not go with FREQ=WEEKLY"
    );
    for part in ["BYMONTHDAY=1", "BYDAY=MO"] {
        assert_eq!(
            refused(&format!("FREQ=YEARLY;{part}")),
            "BYDAY and BYMONTHDAY of FREQ=YEARLY need BYMONTH"
        );
    }
    assert!(refused("FREQ=DAILY;WKST=TU").starts_with("WKST is not offered"));
    // 1 January 2024 was a Monday.
    assert_eq!(
        refused("FREQ=WEEKLY;BYDAY=SU"),
        "the start must be an occurrence of the rule"
    );
    let far = Recurrence::new("FREQ=DAILY", "1024-01-01T00:00:00", Span::hours(2), "UTC");
    assert_eq!(far, Err(ParseRuleError::Start));
    let nowhere = Recurrence::new("FREQ=DAILY", "2024-01-01T00:00:00", Span::hours(2), "Mars");
    assert_eq!(nowhere, Err(ParseRuleError::Zone("Mars".to_owned())));
    let long = Recurrence::new("FREQ=DAILY", "2024-01-01T00:00:00", Span::days(32), "UTC");
    assert_eq!(long, Err(ParseRuleError::TooLong));
}
