//! Stretches of the week, month and year, such as nights and weekends, in the calendar of a zone.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use thiserror::Error;

use crate::window::TimeZone;

/// A named set of intervals; an instant is in it when it is in one of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Timetable(pub Vec<TimeInterval>);

/// What an instant must satisfy, all of it; what is empty admits everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TimeInterval {
    /// Of the day.
    pub times: Vec<MinuteRange>,
    /// Of the week.
    pub weekdays: Vec<WeekdayRange>,
    /// Of the month; negative days count from its end.
    pub days_of_month: Vec<DayOfMonthRange>,
    /// Of the year.
    pub months: Vec<MonthRange>,
    /// Years.
    pub years: Vec<YearRange>,
    /// Whose calendar and clock; UTC where nothing is said.
    pub zone: Option<TimeZone>,
}

/// Why a stretch of time is none.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TimetableError {
    /// It ends before it begins.
    #[error("the end lies before the start; a stretch over the turn is two stretches")]
    Backwards,
    /// An end lies outside what there is.
    #[error("{from} to {to} are what there is")]
    Outside {
        /// The first that there is.
        from: i32,
        /// The last.
        to: i32,
    },
    /// The days of a month do not begin with 0.
    #[error("days of the month begin with 1, or with -1 from the end")]
    DayZero,
}

/// Minutes of the day from midnight, the end excluded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MinuteRange {
    start: u32,
    end: u32,
}

impl MinuteRange {
    /// From `start` until before `end`, in minutes after midnight.
    ///
    /// # Errors
    ///
    /// [`TimetableError`] unless `start < end ≤ 24:00`.
    pub const fn new(start: u32, end: u32) -> Result<Self, TimetableError> {
        if end > DAY_MINUTES {
            return Err(TimetableError::Outside { from: 0, to: 1_440 });
        }
        if start >= end {
            return Err(TimetableError::Backwards);
        }
        Ok(Self { start, end })
    }
}

/// Inclusive ranges of numbers: one type each, so that none stands for another.
macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident: $from:literal ..= $to:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub struct $name {
            first: i32,
            last: i32,
        }

        impl $name {
            /// From `first` to `last`, both included.
            ///
            /// # Errors
            ///
            /// [`TimetableError`] when one lies outside, or they are the wrong way around.
            pub const fn new(first: i32, last: i32) -> Result<Self, TimetableError> {
                if first < $from || last < $from || first > $to || last > $to {
                    return Err(TimetableError::Outside { from: $from, to: $to });
                }
                if first > last {
                    return Err(TimetableError::Backwards);
                }
                Ok(Self { first, last })
            }

            const fn has(self, number: i32) -> bool {
                self.first <= number && number <= self.last
            }
        }
    )+};
}

ranges! {
    /// Days of the week; 0 is Sunday.
    WeekdayRange: 0 ..= 6;
    /// Months; 1 is January.
    MonthRange: 1 ..= 12;
    /// Years.
    YearRange: 1970 ..= 9999;
}

/// Days of the month, the last included; negative ones count from the end, -1 is the last day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DayOfMonthRange {
    first: i32,
    last: i32,
}

impl DayOfMonthRange {
    /// From `first` to `last`.
    ///
    /// # Errors
    ///
    /// [`TimetableError`] for what is never a day of a month, or is the wrong way around in every
    /// month.
    pub const fn new(first: i32, last: i32) -> Result<Self, TimetableError> {
        if first == 0 || last == 0 {
            return Err(TimetableError::DayZero);
        }
        if first < -31 || last < -31 || first > 31 || last > 31 {
            return Err(TimetableError::Outside { from: -31, to: 31 });
        }
        let is_from_end = first < 0;
        // From the end of one month to a day of the next is two stretches.
        if (is_from_end && last > 0) || (is_from_end == (last < 0) && first > last) {
            return Err(TimetableError::Backwards);
        }
        Ok(Self { first, last })
    }

    const fn has(self, day: i32, month_days: i32) -> bool {
        let first = counted(self.first, month_days);
        let last = counted(self.last, month_days);
        first <= day && day <= last
    }
}

/// The day from the beginning of a month of so many days.
const fn counted(day: i32, month_days: i32) -> i32 {
    if day < 0 {
        month_days
            .saturating_add(day)
            .saturating_add(1)
    } else {
        day
    }
}

impl Timetable {
    /// Whether the instant lies in it.
    #[must_use]
    pub fn has(&self, at: DateTime<Utc>) -> bool {
        self.0
            .iter()
            .any(|interval| interval.has(at))
    }
}

impl TimeInterval {
    /// Whether the instant lies in it.
    #[must_use]
    pub fn has(&self, at: DateTime<Utc>) -> bool {
        let local = self
            .zone
            .map_or_else(|| at.naive_utc(), |zone| zone.local(at));
        let minute = local
            .hour()
            .saturating_mul(60)
            .saturating_add(local.minute());
        let day = number(local.day());
        let month_days = i32::from(local.num_days_in_month());
        holds(&self.times, |range| {
            range.start <= minute && minute < range.end
        }) && holds(&self.weekdays, |range| {
            range.has(number(local.weekday().num_days_from_sunday()))
        }) && holds(&self.days_of_month, |range| range.has(day, month_days))
            && holds(&self.months, |range| range.has(number(local.month())))
            && holds(&self.years, |range| range.has(local.year()))
    }
}

/// Whether one of `ranges` holds, or there is none.
fn holds<T: Copy>(ranges: &[T], is_in: impl Fn(T) -> bool) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| is_in(*range))
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The next full minute, after `now` and within [`LOOK_AHEAD_MINUTES`], at which `is_over` holds; the end of
/// that time where none does, since then somebody looks again.
pub(super) fn next_change(
    now: DateTime<Utc>,
    is_over: impl Fn(DateTime<Utc>) -> bool,
) -> DateTime<Utc> {
    let into = TimeDelta::microseconds(
        now.timestamp_micros()
            .rem_euclid(60_000_000),
    );
    (1..=LOOK_AHEAD_MINUTES)
        .map(|minutes| now - into + TimeDelta::minutes(minutes))
        .find(|at| is_over(*at))
        .unwrap_or(now - into + TimeDelta::minutes(LOOK_AHEAD_MINUTES))
}

const DAY_MINUTES: u32 = 24 * 60;
/// How far the end of a mute time is looked for: short enough to be found by trying every minute,
/// which is right whatever a zone does to its clocks; one that ends later is looked at again.
const LOOK_AHEAD_MINUTES: i64 = 6 * 60;
