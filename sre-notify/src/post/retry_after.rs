//! `Retry-After`: how long a receiver asks to be left alone (RFC 9110, 10.2.3).

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// A longer wait is cut: by then nobody knows what was asked, and instants far beyond overflow.
const WAIT_MAX: TimeDelta = TimeDelta::days(365);

/// The three forms of a date in HTTP (RFC 9110, 5.6.7): the one in use and the two of old.
const DATES: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
];

/// The wait that `text` asks for, counted from `now`; `None` when it is neither seconds nor a date.
pub(super) fn parse(text: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = text.trim();
    let wait = if !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    {
        // Digits that do not fit ask for longer than anything.
        text.parse()
            .ok()
            .and_then(TimeDelta::try_seconds)
            .unwrap_or(WAIT_MAX)
    } else {
        let at = DATES
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        at.and_utc() - now
    };
    Some(wait.clamp(TimeDelta::zero(), WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sre_core::time::at_second;

    #[test]
    fn seconds_and_every_form_of_a_date_are_read() {
        // 1994-11-06T08:49:37Z, the date of RFC 9110.
        let now = at_second(784_111_777 - 90);
        for (text, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(90)),
            ("Sun Nov  6 08:49:37 1994", Some(90)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("999999999999999999999999", Some(WAIT_MAX.num_seconds())),
            ("9223372036854775807", Some(WAIT_MAX.num_seconds())),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Mon, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ] {
            assert_eq!(
                parse(text, now).map(|wait| wait.num_seconds()),
                seconds,
                "{text:?}"
            );
        }
    }
}
