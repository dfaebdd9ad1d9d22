//! How long an SLO looks back: over a length that ends now, or over the month that it is.
//!
//! A **rolling** window ends at every instant and has one length. A **calendar** window begins at a
//! midnight of somebody's time zone and ends at another: its lengths vary, and at its edge the budget
//! begins anew. [`Window::interval`] says where either lies; every sum over an SLO's window is over
//! that interval, so that a month is never 30 days and a day never 24 hours. Where a length is needed
//! that does not move from month to month, for scaling burn rules, it is the nominal one of
//! [`Window::span`].

mod calendar;
mod time_zone;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::calendar::{
    Anchor, AnchorError, CalendarUnit, CalendarUnitError, CalendarWindow, CountError,
};
pub use self::time_zone::{TimeZone, TimeZoneError};
use crate::time::{Interval, Span};

/// How long an SLO looks back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Window {
    /// The last so long, at every instant.
    Rolling(Span),
    /// From one date to another, in a time zone.
    Calendar(CalendarWindow),
}

/// A window as people write it: `"30d"`, or `{"calendar":"month","time_zone":"Europe/Zurich",…}`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
#[non_exhaustive]
pub enum WrittenWindow {
    /// A length.
    Rolling(Span),
    /// A unit of the calendar.
    Calendar(CalendarWindow),
}

impl Window {
    /// The longest window, 400 days: what hour sums are kept for.
    pub const MAX: Span = Span::days(400);

    /// The length of a rolling window; of a calendar window the nominal one, by which burn rules are
    /// scaled: a month counts 30 days, a quarter 90 and a year 365.
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::Rolling(span) => span,
            Self::Calendar(window) => window.nominal(),
        }
    }

    /// How far back the window reaches at most, from any instant: what a ledger must hold.
    #[must_use]
    pub const fn reach(self) -> Span {
        match self {
            Self::Rolling(span) => span,
            Self::Calendar(window) => window.longest(),
        }
    }

    /// The window at an instant up to which everything is known, whole: the one that holds what
    /// happened just before `end`. A rolling window ends there. A calendar window lasts on, except at
    /// the very edge: there the window that has just ended gets its last figure, and the next one
    /// begins with its first slice.
    ///
    /// ```
    /// use sre_core::time::Interval;
    /// use sre_core::window::{CalendarUnit, CalendarWindow, Window};
    ///
    /// let month = Window::Calendar(
    ///     CalendarWindow::new(CalendarUnit::Month).in_zone("America/New_York".parse()?),
    /// );
    /// // March of 2024 had 743 hours in New York.
    /// let march = Interval::new("2024-03-01T05:00:00Z".parse()?, "2024-04-01T04:00:00Z".parse()?);
    /// assert_eq!(month.interval("2024-03-15T12:00:00Z".parse()?), march);
    /// assert_eq!(month.interval(march.end()), march);
    /// assert_eq!(march.seconds(), 743 * 3_600);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interval(self, end: DateTime<Utc>) -> Interval {
        match self {
            Self::Rolling(span) => Interval::ending(end, span),
            Self::Calendar(window) => {
                let before = end.checked_sub_signed(TimeDelta::nanoseconds(1));
                window.containing(before.unwrap_or(end))
            }
        }
    }

    /// The history that a look at `end` needs: the window up to there, and what the longest burn
    /// window sees before it.
    #[must_use]
    pub fn history(self, end: DateTime<Utc>) -> Interval {
        Interval::ending(end, self.span()).hull(Interval::new(self.interval(end).start(), end))
    }

    /// The window as people write it.
    #[must_use]
    pub const fn written(self) -> WrittenWindow {
        match self {
            Self::Rolling(span) => WrittenWindow::Rolling(span),
            Self::Calendar(window) => WrittenWindow::Calendar(window),
        }
    }

    /// The window in a sentence, after "over" or "in": `30d`, or `the month (Europe/Zurich)`.
    #[must_use]
    pub fn phrase(self) -> String {
        match self {
            Self::Rolling(span) => span.to_string(),
            Self::Calendar(window) => format!("the {window}"),
        }
    }
}

/// `30d`, or `month (Europe/Zurich)`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling(span) => fmt::Display::fmt(span, f),
            Self::Calendar(window) => fmt::Display::fmt(window, f),
        }
    }
}

#[cfg(test)]
mod tests;
