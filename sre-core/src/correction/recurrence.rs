//! Corrections that come again: RRULE of RFC 5545, as far as maintenance needs it.
//!
//! Days are counted in the local calendar of an IANA zone and become instants last, so that "Sundays
//! at 02:00" stays at two o'clock through the year. A local time that a change of the clocks skips
//! moves forward by the gap; of one that happens twice the first counts.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use thiserror::Error;

use self::rule::End;
use crate::correction::period::ZONE_REACH;
use crate::time::{Interval, Span};
use crate::window::TimeZone;

mod rule;
#[cfg(feature = "serde")]
mod stored;

pub use self::rule::Rule;

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
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "stored::Stored", into = "stored::Stored")
)]
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
        let last = match self.rule.end() {
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
        let is_counted = matches!(self.rule.end(), End::Count(_));
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
            let is_over = matches!(self.rule.end(), End::Count(count) if counted > count);
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
        match self.rule.end() {
            End::Never | End::Count(_) => true,
            End::Until(until) => occurrence.start() <= until,
            End::UntilDay(last) => day <= last,
        }
    }
}
