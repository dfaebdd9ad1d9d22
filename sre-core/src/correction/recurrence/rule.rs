//! Which days a rule names: the part of RRULE that is offered, and its text.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

use super::{LAST_YEAR, OCCURRENCES_MAX, ParseRuleError};

/// Every how many days, weeks, months or years: what is further apart is a slip of the pen.
const INTERVAL_MAX: u32 = 1_000;
/// No list is longer than that of the days of a month, from both ends.
const PARTS_MAX: usize = 62;

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
pub(super) enum End {
    Never,
    Count(usize),
    /// The last instant at which an occurrence may begin.
    Until(DateTime<Utc>),
    /// The last local day on which one may begin.
    UntilDay(NaiveDate),
}

impl Rule {
    /// After what there are no more.
    pub(super) const fn end(&self) -> End {
        self.end
    }

    /// Whether a rule that begins on `first` has an occurrence on `day`, its end aside.
    pub(super) fn falls_on(&self, first: NaiveDate, day: NaiveDate) -> bool {
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
            "INTERVAL" => self.interval = number(name, value, 1..=INTERVAL_MAX)?,
            "BYDAY" => self.days = listed(name, value, day)?,
            "BYMONTHDAY" => self.month_days = listed(name, value, month_day)?,
            "BYMONTH" => self.months = listed(name, value, |month| number(name, month, 1..=12))?,
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
    name: &str,
    text: &str,
    one: impl Fn(&str) -> Result<T, ParseRuleError>,
) -> Result<Vec<T>, ParseRuleError> {
    if text.split(',').count() > PARTS_MAX {
        let many = format!("{name} has at most {PARTS_MAX} parts");
        return Err(ParseRuleError::Value(many));
    }
    text.split(',').map(one).collect()
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
