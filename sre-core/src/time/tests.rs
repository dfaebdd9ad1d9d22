use super::*;

#[test]
fn a_span_is_printed_as_people_write_it() {
    for text in ["30s", "90s", "5m", "1h", "24h", "2d", "30d", "400d", "36h"] {
        assert_eq!(
            text.parse::<Span>()
                .expect(text)
                .to_string(),
            text
        );
    }
    assert_eq!(
        "1d".parse::<Span>()
            .expect("a day")
            .to_string(),
        "24h"
    );
    assert_eq!(
        "1w".parse::<Span>()
            .expect("a week")
            .to_string(),
        "7d"
    );
}

#[test]
fn what_is_not_a_span_says_why() {
    for text in ["", "s", "5", "-5m", "5 m", "1.5h", "5M", "५m", "+5m", "é"] {
        assert_eq!(text.parse::<Span>(), Err(ParseSpanError::Shape), "{text}");
    }
    assert_eq!("0d".parse::<Span>(), Err(ParseSpanError::Zero));
    for text in ["4000d", "99999999999s", "4294967295w"] {
        assert_eq!(text.parse::<Span>(), Err(ParseSpanError::TooLong), "{text}");
    }
}

#[test]
fn an_interval_never_runs_backwards() {
    let backwards = Interval::new(at_second(10), at_second(5));
    assert!(backwards.is_empty());
    assert!(!backwards.contains(at_second(10)));
}

#[test]
fn neighbouring_intervals_touch_and_never_overlap() {
    let (first, second) = (
        Interval::new(at_second(0), at_second(5)),
        Interval::new(at_second(5), at_second(9)),
    );
    assert!(first.intersection(second).is_empty());
    assert!(!first.contains(at_second(5)) && second.contains(at_second(5)));
}

#[test]
fn an_instant_is_cut_to_microseconds() {
    let fine = DateTime::from_timestamp(1, 123_456_789).expect("in range");
    assert_eq!(truncate(fine).timestamp_subsec_nanos(), 123_456_000);
}

/// A file may say anything; what is read is what the constructor makes.
#[cfg(feature = "serde")]
#[test]
fn an_interval_is_never_read_backwards() {
    let hour = Interval::new(at_second(0), at_second(3_600));
    let text = serde_json::to_string(&hour).expect("serializes");
    assert_eq!(
        serde_json::from_str::<Interval>(&text).expect("reads"),
        hour
    );
    let backwards = text.replace("\"start\":\"1970", "\"start\":\"1971");
    let read: Interval = serde_json::from_str(&backwards).expect("reads");
    assert!(read.is_empty(), "{read:?}");
}

/// However long it is: whole days are counted by dates, and all else by seconds.
#[test]
fn an_interval_begins_so_many_seconds_before_its_end() {
    let day = i64::from(DAY);
    let last_of_2016 = 1_483_228_799;
    for second in [
        0,
        59,
        day - 1,
        31 * day,
        366 * day,
        19_782 * day,
        last_of_2016,
    ] {
        for nanos in [0, 1, 999_999_999, 1_500_000_000] {
            let Some(end) = DateTime::from_timestamp(second, nanos) else {
                continue; // no such leap second
            };
            for seconds in [1, 60, DAY - 1, DAY, DAY + 1, 30 * DAY, 365 * DAY, 400 * DAY] {
                let begin = second - i64::from(seconds);
                let expected = DateTime::from_timestamp(begin, nanos.min(999_999_999));
                let interval = Interval::ending(end, Span(seconds));
                assert_eq!(
                    Some(interval.start()),
                    expected,
                    "{seconds} s before {end:?}"
                );
                assert_eq!(interval.end(), end);
            }
        }
    }
    let first = DateTime::<Utc>::MIN_UTC;
    assert_eq!(Interval::ending(first, Span::days(1)).start(), first);
    assert_eq!(Interval::ending(first, Span::SECOND).start(), first);
}

/// Only whole seconds count, and a part at either end does not make one.
#[test]
fn the_seconds_of_an_interval_are_those_that_passed_whole() {
    let at = |millis: i64| DateTime::from_timestamp_millis(millis).expect("in range");
    for (start, end, seconds) in [
        (0, 2_000, 2),
        (500, 2_250, 1),
        (500, 2_500, 2),
        (250, 2_750, 2),
        (-500, 500, 1),
        (900, 1_100, 0),
    ] {
        assert_eq!(
            Interval::new(at(start), at(end)).seconds(),
            seconds,
            "{start} {end}"
        );
    }
}
