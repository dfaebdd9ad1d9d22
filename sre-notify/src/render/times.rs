//! Instants and spans as people read them: UTC, and how long.

use chrono::{DateTime, TimeDelta, Utc};

/// `2026-03-01 11:59:55 UTC`
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// `2026-03-01 11:59:55 UTC (5 s ago)`, as seen from `now`, when the message was put together.
pub(super) fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} ({} ago)", instant(at), lasting(now - at))
}

/// `2026-03-01 22:00:00 UTC (in 10 h)`, as seen from `now`.
pub(super) fn ahead(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at <= now {
        return format!("{}, which is over", instant(at));
    }
    format!("{} (in {})", instant(at), lasting(at - now))
}

/// The two largest units of a span, cut and not rounded; a negative one lasted nothing.
pub(super) fn lasting(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let two = |large: i64, small: i64, (of_large, of_small): (&str, &str)| match small {
        0 => format!("{large} {of_large}"),
        _ => format!("{large} {of_large} {small} {of_small}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => two(minutes, seconds % 60, ("min", "s")),
        3_600..172_800 => two(hours, minutes % 60, ("h", "min")),
        _ => two(hours / 24, hours % 24, ("days", "h")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sre_core::time::at_second;

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, words) in [
            (-5, "0 s"),
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (119, "1 min 59 s"),
            (3_599, "59 min 59 s"),
            (12_000, "3 h 20 min"),
            (86_400, "24 h"),
            (187_200, "2 days 4 h"),
        ] {
            assert_eq!(lasting(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn an_instant_to_come_says_how_long_it_takes() {
        let now = at_second(1_000_000_000);
        assert_eq!(
            ahead(at_second(1_000_036_000), now),
            "2001-09-09 11:46:40 UTC (in 10 h)"
        );
        assert_eq!(ahead(now, now), "2001-09-09 01:46:40 UTC, which is over");
    }

    #[test]
    fn an_instant_is_in_utc_with_how_long_ago_it_was() {
        assert_eq!(
            ago(at_second(1_000_000_000), at_second(1_000_000_305)),
            "2001-09-09 01:46:40 UTC (5 min 5 s ago)"
        );
    }
}
