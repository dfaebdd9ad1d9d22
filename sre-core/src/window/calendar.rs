//! Calendar windows: a unit of the calendar, how many of them, from which date, in which zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use thiserror::Error;

use super::{TimeZone, Window};
use crate::time::{Interval, Span};

/// What a calendar window is counted in; wall-clock units of its time zone.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CalendarUnit {
    /// From midnight to midnight: 23, 24 or 25 hours as a rule.
    Day,
    /// From Monday on.
    Week,
    /// From the 1st on.
    Month,
    /// From January, April, July and October on.
    Quarter,
    /// From the 1st of January on.
    Year,
}

/// Why a text is not a [`CalendarUnit`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be one of day, week, month, quarter and year")]
pub struct CalendarUnitError;

/// The date that windows are counted from, between 1970 and 2100.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct Anchor(NaiveDate);

/// Why a text is not an [`Anchor`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be a date such as 2026-01-31, between 1970 and 2100")]
pub struct AnchorError;

/// Why a window of so many units is none.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "must be a whole number between 1 and {most}, since a window may last {} at most",
    Window::MAX
)]
pub struct CountError {
    /// The most there may be of the unit.
    pub most: u16,
}

/// Windows of the calendar: window `k` begins at midnight of the anchor plus `k × count` units.
///
/// Every bound is counted **from the anchor** and not from the bound before, so that months from the
/// 31st begin on 31 January, 29 February, 31 March and 30 April. Windows tile: each ends where the next
/// begins. Without an anchor the natural one stands: 1 January 1970, and for weeks the Monday after.
///
/// ```
/// use sre_core::window::{CalendarUnit, CalendarWindow};
///
/// let quarter = CalendarWindow::new(CalendarUnit::Quarter);
/// let first = quarter.containing("2024-02-29T12:00:00Z".parse()?);
/// assert_eq!(first.seconds(), 2_184 * 3_600);
/// assert_eq!(quarter.nominal().to_string(), "90d");
///
/// let payroll = CalendarWindow::new(CalendarUnit::Month).from_anchor("2024-01-31".parse()?);
/// let leap_day = payroll.containing("2024-03-01T00:00:00Z".parse()?);
/// assert_eq!(leap_day.start().to_rfc3339(), "2024-02-29T00:00:00+00:00");
/// assert_eq!(payroll.to_string(), "month from 2024-01-31 (UTC)");
///
/// assert!(CalendarWindow::new(CalendarUnit::Year).of(2).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "Written", try_from = "Written"))]
pub struct CalendarWindow {
    unit: CalendarUnit,
    count: u16,
    anchor: Option<Anchor>,
    zone: TimeZone,
}

/// A calendar window as it is written and stored.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Written {
    calendar: CalendarUnit,
    time_zone: TimeZone,
    count: u16,
    anchor: Option<Anchor>,
}

/// What is added to a date.
enum Step {
    Days(i64),
    Months(i64),
}

impl CalendarUnit {
    /// Every unit, the shortest first.
    pub const ALL: [Self; 5] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// The unit as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// How many of them a window may have: as many as surely end within [`Window::MAX`].
    #[must_use]
    pub const fn most(self) -> u16 {
        match self {
            Self::Day => 399,
            Self::Week => 57,
            Self::Month => 12,
            Self::Quarter => 4,
            Self::Year => 1,
        }
    }

    const fn step(self) -> Step {
        match self {
            Self::Day => Step::Days(1),
            Self::Week => Step::Days(7),
            Self::Month => Step::Months(1),
            Self::Quarter => Step::Months(3),
            Self::Year => Step::Months(12),
        }
    }

    const fn nominal_days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }

    const fn longest_days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
        }
    }
}

impl CalendarWindow {
    /// Windows of one unit, from the natural anchor, in UTC.
    #[must_use]
    pub const fn new(unit: CalendarUnit) -> Self {
        Self {
            unit,
            count: 1,
            anchor: None,
            zone: TimeZone::UTC,
        }
    }

    /// The same with so many units each.
    ///
    /// # Errors
    ///
    /// [`CountError`] for none, and for more than may be.
    pub fn of(self, count: u16) -> Result<Self, CountError> {
        let most = self.unit.most();
        if (1..=most).contains(&count) {
            Ok(Self { count, ..self })
        } else {
            Err(CountError { most })
        }
    }

    /// The same, counted from a date.
    #[must_use]
    pub const fn from_anchor(self, anchor: Anchor) -> Self {
        Self {
            anchor: Some(anchor),
            ..self
        }
    }

    /// The same by the clocks of a time zone.
    #[must_use]
    pub const fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// What it is counted in.
    #[must_use]
    pub const fn unit(self) -> CalendarUnit {
        self.unit
    }

    /// How many units each window has.
    #[must_use]
    pub const fn count(self) -> u16 {
        self.count
    }

    /// The date that windows are counted from, where one was named.
    #[must_use]
    pub const fn anchor(self) -> Option<Anchor> {
        self.anchor
    }

    /// By which clocks.
    #[must_use]
    pub const fn zone(self) -> TimeZone {
        self.zone
    }

    /// The length that burn rules are scaled by: 1, 7, 30, 90 or 365 days for each unit.
    #[must_use]
    pub const fn nominal(self) -> Span {
        Span::days(self.unit.nominal_days() * self.count as u32)
    }

    /// No window is longer: of every unit the longest, and a day for what zones do to their clocks.
    #[must_use]
    pub const fn longest(self) -> Span {
        Span::days(self.unit.longest_days() * self.count as u32 + 1)
    }

    /// The window in which an instant lies; windows of no length, such as the day that Samoa skipped,
    /// hold none.
    #[must_use]
    pub fn containing(self, at: DateTime<Utc>) -> Interval {
        // Clocks that go back over midnight have begun the next date before; months from a late day
        // begin after the 1st.
        let near = self.number_near(self.zone.date_at(at));
        let number = [near + 1, near]
            .into_iter()
            .find(|number| self.bound(*number) <= at)
            .unwrap_or(near - 1);
        Interval::new(self.bound(number), self.bound(number + 1))
    }

    /// Where window `number` begins and the one before ends. Beyond what dates can say it is the first
    /// or the last instant there is.
    #[must_use]
    pub fn bound(self, number: i64) -> DateTime<Utc> {
        let anchor = self.anchor_date();
        let steps = |step: i64| {
            step.checked_mul(i64::from(self.count))?
                .checked_mul(number)
        };
        let date = match self.unit.step() {
            Step::Days(days) => steps(days)
                .and_then(TimeDelta::try_days)
                .and_then(|days| anchor.checked_add_signed(days)),
            Step::Months(months) => steps(months).and_then(|months| plus_months(anchor, months)),
        };
        match date {
            Some(date) => self.zone.midnight(date),
            None if number < 0 => DateTime::<Utc>::MIN_UTC,
            None => DateTime::<Utc>::MAX_UTC,
        }
    }

    /// The number of the window that would hold a date if windows began with months.
    fn number_near(self, date: NaiveDate) -> i64 {
        let (anchor, count) = (self.anchor_date(), i64::from(self.count));
        let month = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
        match self.unit.step() {
            Step::Days(days) => (date - anchor)
                .num_days()
                .div_euclid(days * count),
            Step::Months(months) => (month(date) - month(anchor)).div_euclid(months * count),
        }
    }

    fn anchor_date(self) -> NaiveDate {
        let natural = match self.unit {
            CalendarUnit::Week => NaiveDate::from_ymd_opt(1970, 1, 5),
            _ => NaiveDate::from_ymd_opt(1970, 1, 1),
        };
        self.anchor
            .map(|Anchor(date)| date)
            .or(natural)
            .unwrap_or_default()
    }
}

/// So many months later; the last day of a month that has no such day.
fn plus_months(date: NaiveDate, months: i64) -> Option<NaiveDate> {
    let length = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 {
        date.checked_sub_months(length)
    } else {
        date.checked_add_months(length)
    }
}

impl Anchor {
    /// The date.
    #[must_use]
    pub const fn date(self) -> NaiveDate {
        self.0
    }
}

impl TryFrom<NaiveDate> for Anchor {
    type Error = AnchorError;

    fn try_from(date: NaiveDate) -> Result<Self, AnchorError> {
        if (1_970..=2_100).contains(&date.year()) {
            Ok(Self(date))
        } else {
            Err(AnchorError)
        }
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, AnchorError> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| AnchorError)?;
        // Parsing is lenient about zeros and signs; what is written is what is answered.
        if date.to_string() == text {
            Self::try_from(date)
        } else {
            Err(AnchorError)
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<Anchor> for String {
    fn from(anchor: Anchor) -> Self {
        anchor.to_string()
    }
}

impl TryFrom<String> for Anchor {
    type Error = AnchorError;

    fn try_from(text: String) -> Result<Self, AnchorError> {
        text.parse()
    }
}

impl FromStr for CalendarUnit {
    type Err = CalendarUnitError;

    fn from_str(text: &str) -> Result<Self, CalendarUnitError> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.as_str() == text)
            .ok_or(CalendarUnitError)
    }
}

impl fmt::Display for CalendarUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl From<CalendarWindow> for Written {
    fn from(window: CalendarWindow) -> Self {
        Self {
            calendar: window.unit,
            time_zone: window.zone,
            count: window.count,
            anchor: window.anchor,
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Written> for CalendarWindow {
    type Error = CountError;

    fn try_from(written: Written) -> Result<Self, CountError> {
        let window = Self {
            anchor: written.anchor,
            ..Self::new(written.calendar).in_zone(written.time_zone)
        };
        window.of(written.count)
    }
}

/// `month (Europe/Zurich)`, `2 weeks (UTC)`, `month from 2024-01-31 (UTC)`.
impl fmt::Display for CalendarWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => fmt::Display::fmt(&self.unit, f)?,
            count => write!(f, "{count} {}s", self.unit)?,
        }
        if let Some(anchor) = self.anchor {
            write!(f, " from {anchor}")?;
        }
        write!(f, " ({})", self.zone)
    }
}
