//! Corrections that come again: RRULE of RFC 5545, as far as maintenance needs it.
//!
//! Days are counted in the local calendar of an IANA zone and become instants last, so that "Sundays
//! at 02:00" stays at two o'clock through the year. A local time that a change of the clocks skips
//! moves forward by the gap; of one that happens twice the first counts.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use thiserror::Error;

use crate::correction::period::ZONE_REACH;
use crate::time::{Interval, Span};
use crate::window::TimeZone;

/// The most occurrences that one expansion gives; the earliest stand. There is at most one a day, so
/// that the longest window, 400 days, never meets it.
pub const OCCURRENCES_MAX: usize = 1_000;
/// The longest occurrence.
const DURATION_MAX: Span = Span::days(31);
/// Rules begin within these years: what is further away is a slip of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 2_000..=2_100;
/// No rule is looked at beyond this year.
const LAST_YEAR: i32 = 2_200;

/// A rule with where, when and how long: `RRULE`, `DTSTART` in local time, `DURATION`, zone.
///
/// ```
/// use sre_core::correction::Recurrence;
/// use sre_core::time::{Interval, Span};
///
/// let sundays = Recurrence::new("FREQ=WEEKLY;BYDAY=SU", "2024-03-24T02:30:00",
///                               Span::hours(1), "Europe/Berlin")?;
/// let range = Interval::new("2024-03-24T00:00:00Z".parse()?, "2024-04-08T00:00:00Z".parse()?);
/// let starts: Vec<_> = sundays.during(range).iter().map(|one| one.start().to_rfc3339()).collect();
/// // On 31 March there is no 02:30: the clocks go forward, and so does the occurrence, to 03:30.
/// assert_eq!(starts, ["2024-03-24T01:30:00+00:00", "2024-03-31T01:30:00+00:00",
///                     "2024-04-07T00:30:00+00:00"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recurrence {
    rule: Rule,
    start: NaiveDateTime,
    duration: Span,
    zone: TimeZone,
    first: Interval,
}

/// Why a recurrence was refused.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseRuleError {
    /// A part is unknown, or not offered.
    #[error("{0} is not offered; FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, COUNT and UNTIL are")]
    Part(String),
    /// A part has a value that it cannot have.
    #[error("{0}")]
    Value(String),
    /// The start is no local time.
    #[error("the start must be a local time such as 2026-01-04T02:00:00, of 2000 to 2100")]
    Start,
    /// The start is no occurrence.
    #[error("the start must be an occurrence of the rule")]
    NoOccurrence,
    /// An occurrence is too long.
    #[error("an occurrence may be at most {DURATION_MAX} long")]
    TooLong,
    /// The zone is unknown.
    #[error("{0} is not the name of a time zone, such as Europe/Berlin")]
    Zone(String),
}

/// Which days: a part of RRULE. Occurrences are a day apart or more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    frequency: Frequency,
    interval: u32,
    days: Vec<Day>,
    month_days: Vec<i32>,
    months: Vec<u32>,
    end: End,
    text: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A weekday, of a month's the n-th where `nth` is not zero, from its end where that is negative.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Day {
    nth: i32,
    weekday: Weekday,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Never,
    Count(usize),
    /// The last instant at which an occurrence may begin.
    Until(DateTime<Utc>),
    /// The last local day on which one may begin.
    UntilDay(NaiveDate),
}

impl Recurrence {
    /// The occurrences of `rule` from `start`, a local time of `zone`, each `duration` long, in
    /// elapsed time.
    ///
    /// # Errors
    ///
    /// [`ParseRuleError`] says what is wrong; it is also refused when `start` is no occurrence.
    pub fn new(
        rule: &str,
        start: &str,
        duration: Span,
        zone: &str,
    ) -> Result<Self, ParseRuleError> {
        let rule: Rule = rule.parse()?;
        let zone: TimeZone = zone
            .parse()
            .map_err(|_| ParseRuleError::Zone(zone.to_owned()))?;
        let start: NaiveDateTime = start
            .parse()
            .ok()
            .filter(|start: &NaiveDateTime| YEARS.contains(&start.year()))
            .ok_or(ParseRuleError::Start)?;
        if duration > DURATION_MAX {
            return Err(ParseRuleError::TooLong);
        }
        let begins = zone.instant_of(start);
        let first = Interval::new(begins, begins + duration.as_delta());
        let held = Self {
            rule,
            start,
            duration,
            zone,
            first,
        };
        let is_occurrence = held
            .rule
            .falls_on(start.date(), start.date())
            && held.is_before_end(start.date(), first);
        if is_occurrence {
            Ok(held)
        } else {
            Err(ParseRuleError::NoOccurrence)
        }
    }

    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// When the first occurrence begins, in local time.
    #[must_use]
    pub fn start(&self) -> impl fmt::Display + use<> {
        self.start
            .format("%Y-%m-%dT%H:%M:%S%.f")
    }

    /// How long each occurrence is.
    #[must_use]
    pub const fn duration(&self) -> Span {
        self.duration
    }

    /// The name of the zone.
    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// The first occurrence.
    #[must_use]
    pub const fn first(&self) -> Interval {
        self.first
    }

    /// From when on nothing recurs; `None` where the rule has no end.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        let last = match self.rule.end {
            End::Never => return None,
            End::Until(until) => until,
            End::UntilDay(day) => self
                .zone
                .instant_of(day.succ_opt()?.into()),
            End::Count(_) => {
                let ever = Interval::new(self.first.start(), DateTime::<Utc>::MAX_UTC);
                return self
                    .during(ever)
                    .last()
                    .map(|one| one.end());
            }
        };
        last.checked_add_signed(self.duration.as_delta())
    }

    /// The occurrences that touch `range`, in order, at most [`OCCURRENCES_MAX`].
    #[must_use]
    pub fn during(&self, range: Interval) -> Vec<Interval> {
        let reach = self.duration.as_delta() + ZONE_REACH;
        let first = self.start.date();
        let local = |at: Option<DateTime<Utc>>| at.map(|at| at.date_naive());
        let earliest = local(range.start().checked_sub_signed(reach)).unwrap_or(first);
        let last = local(
            range
                .end()
                .checked_add_signed(ZONE_REACH),
        );
        let mut occurrences = Vec::new();
        let mut counted = 0;
        // Only a count must be counted from the beginning.
        let is_counted = matches!(self.rule.end, End::Count(_));
        let from = if is_counted {
            first
        } else {
            first.max(earliest)
        };
        let days = from
            .iter_days()
            .take_while(|day| last.is_none_or(|last| *day <= last) && day.year() <= LAST_YEAR);
        for day in days.filter(|day| self.rule.falls_on(first, *day)) {
            let begins = self
                .zone
                .instant_of(day.and_time(self.start.time()));
            let occurrence = Interval::new(begins, begins + self.duration.as_delta());
            counted += 1;
            let is_over = matches!(self.rule.end, End::Count(count) if counted > count);
            if is_over
                || !self.is_before_end(day, occurrence)
                || occurrences.len() >= OCCURRENCES_MAX
            {
                break;
            }
            if !occurrence
                .intersection(range)
                .is_empty()
            {
                occurrences.push(occurrence);
            }
        }
        occurrences
    }

    fn is_before_end(&self, day: NaiveDate, occurrence: Interval) -> bool {
        match self.rule.end {
            End::Never | End::Count(_) => true,
            End::Until(until) => occurrence.start() <= until,
            End::UntilDay(last) => day <= last,
        }
    }
}

impl Rule {
    /// Whether a rule that begins on `first` has an occurrence on `day`, its end aside.
    fn falls_on(&self, first: NaiveDate, day: NaiveDate) -> bool {
        let steps = match self.frequency {
            Frequency::Daily => days_between(first, day),
            Frequency::Weekly => days_between(monday(first), monday(day)) / 7,
            Frequency::Monthly => months_of(day) - months_of(first),
            Frequency::Yearly => i64::from(day.year()) - i64::from(first.year()),
        };
        day >= first
            && steps % i64::from(self.interval) == 0
            && self.is_in_month(first, day)
            && self.is_on_day(first, day)
    }

    fn is_in_month(&self, first: NaiveDate, day: NaiveDate) -> bool {
        match (self.months.as_slice(), self.frequency) {
            ([], Frequency::Yearly) => day.month() == first.month(),
            ([], _) => true,
            (months, _) => months.contains(&day.month()),
        }
    }

    fn is_on_day(&self, first: NaiveDate, day: NaiveDate) -> bool {
        if self.days.is_empty() && self.month_days.is_empty() {
            return match self.frequency {
                Frequency::Daily => true,
                Frequency::Weekly => day.weekday() == first.weekday(),
                Frequency::Monthly | Frequency::Yearly => day.day() == first.day(),
            };
        }
        let of_month = i32::try_from(day.day()).unwrap_or(0);
        let from_end = of_month - 1 - i32::from(day.num_days_in_month());
        let is_month_day = |n: &i32| *n == of_month || *n == from_end;
        let is_weekday = |held: &Day| {
            let nth = [(of_month - 1) / 7 + 1, (from_end + 1) / 7 - 1];
            held.weekday == day.weekday() && (held.nth == 0 || nth.contains(&held.nth))
        };
        (self.month_days.is_empty() || self.month_days.iter().any(is_month_day))
            && (self.days.is_empty() || self.days.iter().any(is_weekday))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Rule {
    type Err = ParseRuleError;

    fn from_str(text: &str) -> Result<Self, ParseRuleError> {
        let text = text.trim().to_ascii_uppercase();
        let text = text
            .strip_prefix("RRULE:")
            .unwrap_or(&text);
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            days: Vec::new(),
            month_days: Vec::new(),
            months: Vec::new(),
            end: End::Never,
            text: text.to_owned(),
        };
        let mut seen = Vec::new();
        for part in text.split(';') {
            let (name, value) = part
                .split_once('=')
                .unwrap_or((part, ""));
            if seen.contains(&name) {
                return Err(ParseRuleError::Value(format!("{name} is said twice")));
            }
            seen.push(name);
            rule.take(name, value)?;
        }
        rule.check(&seen)
    }
}

impl Rule {
    /// Takes one part over.
    fn take(&mut self, name: &str, value: &str) -> Result<(), ParseRuleError> {
        let is_ended = self.end != End::Never;
        match name {
            "FREQ" => self.frequency = frequency(value)?,
            "INTERVAL" => self.interval = number(name, value, 1..=1_000)?,
            "BYDAY" => self.days = listed(value, day)?,
            "BYMONTHDAY" => self.month_days = listed(value, month_day)?,
            "BYMONTH" => self.months = listed(value, |month| number(name, month, 1..=12))?,
            "COUNT" | "UNTIL" if is_ended => {
                let both = "COUNT and UNTIL exclude each other".to_owned();
                return Err(ParseRuleError::Value(both));
            }
            "COUNT" => self.end = End::Count(number(name, value, 1..=OCCURRENCES_MAX)?),
            "UNTIL" => self.end = until(value)?,
            // Weeks begin on Monday, which is also what a rule that says nothing means.
            "WKST" if value == "MO" => {}
            _ => return Err(ParseRuleError::Part(name.to_owned())),
        }
        Ok(())
    }

    /// What parts mean together.
    fn check(self, seen: &[&str]) -> Result<Self, ParseRuleError> {
        let refused = |why: &str| Err(ParseRuleError::Value(why.to_owned()));
        let by_month = matches!(self.frequency, Frequency::Monthly | Frequency::Yearly);
        let has_days = !self.days.is_empty() || !self.month_days.is_empty();
        if !seen.contains(&"FREQ") {
            refused("FREQ is missing")
        } else if !by_month && self.days.iter().any(|day| day.nth != 0) {
            refused("the n-th weekday is one of a month: FREQ must be MONTHLY or YEARLY")
        } else if self.frequency == Frequency::Weekly && !self.month_days.is_empty() {
            refused("BYMONTHDAY does not go with FREQ=WEEKLY")
        } else if self.frequency == Frequency::Yearly && has_days && self.months.is_empty() {
            refused("BYDAY and BYMONTHDAY of FREQ=YEARLY need BYMONTH")
        } else {
            Ok(self)
        }
    }
}

fn frequency(value: &str) -> Result<Frequency, ParseRuleError> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        _ => Err(ParseRuleError::Value(
            "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY".to_owned(),
        )),
    }
}

fn day(text: &str) -> Result<Day, ParseRuleError> {
    let refused = || ParseRuleError::Value(format!("{text} is no day, such as SU, 1MO or -1FR"));
    let at = text.len().saturating_sub(2);
    let (nth, name) = text
        .split_at_checked(at)
        .ok_or_else(refused)?;
    let weekday = match name {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return Err(refused()),
    };
    let nth = match nth {
        "" => 0,
        nth => nth
            .parse()
            .ok()
            .filter(|nth: &i32| (1..=5).contains(&nth.abs()))
            .ok_or_else(refused)?,
    };
    Ok(Day { nth, weekday })
}

fn month_day(text: &str) -> Result<i32, ParseRuleError> {
    text.parse()
        .ok()
        .filter(|day: &i32| (1..=31).contains(&day.abs()))
        .ok_or_else(|| {
            ParseRuleError::Value(format!(
                "{text} is no day of a month: 1 to 31, or -1 to -31"
            ))
        })
}

/// `20261231T235959Z`, or a day.
fn until(text: &str) -> Result<End, ParseRuleError> {
    let instant = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ");
    let day = NaiveDate::parse_from_str(text, "%Y%m%d");
    instant
        .map(|until| End::Until(until.and_utc()))
        .or_else(|_| day.map(End::UntilDay))
        .ok()
        .filter(|end| match end {
            End::Until(at) => at.year() <= LAST_YEAR,
            End::UntilDay(day) => day.year() <= LAST_YEAR,
            _ => true,
        })
        .ok_or_else(|| {
            let text = "UNTIL must be in UTC, such as 20261231T235959Z, or a day, such as 20261231";
            ParseRuleError::Value(text.to_owned())
        })
}

fn listed<T>(
    text: &str,
    one: impl Fn(&str) -> Result<T, ParseRuleError>,
) -> Result<Vec<T>, ParseRuleError> {
    text.split(',')
        .take(PARTS_MAX)
        .map(one)
        .collect()
}

fn number<T>(
    name: &str,
    text: &str,
    range: std::ops::RangeInclusive<T>,
) -> Result<T, ParseRuleError>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    text.parse()
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            ParseRuleError::Value(format!("{name} must be from {least} to {most}"))
        })
}

fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from)
        .num_days()
}

fn monday(day: NaiveDate) -> NaiveDate {
    let since = TimeDelta::days(i64::from(day.weekday().num_days_from_monday()));
    day.checked_sub_signed(since)
        .unwrap_or(day)
}

fn months_of(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

/// No more parts of a list than days that a month has, from both ends.
const PARTS_MAX: usize = 62;
