//! Time zones by their IANA names, and when a day begins in one.

use std::fmt;
use std::str::FromStr;

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use thiserror::Error;

/// A time zone by its IANA name, such as `Europe/Zurich`, with the rules compiled into the program.
///
/// ```
/// use sre_core::window::TimeZone;
///
/// let zone: TimeZone = "Europe/Zurich".parse()?;
/// assert_eq!(zone.name(), "Europe/Zurich");
/// assert!("Europe/Atlantis".parse::<TimeZone>().is_err());
/// # Ok::<(), sre_core::window::TimeZoneError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct TimeZone(Tz);

/// Why a text is not a [`TimeZone`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be an IANA time zone such as Europe/Zurich or UTC")]
pub struct TimeZoneError;

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The date that clocks in the zone show at an instant.
    pub(super) fn date_at(self, at: DateTime<Utc>) -> NaiveDate {
        self.local(at).date()
    }

    /// What clocks in the zone show at an instant.
    pub(crate) fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        let utc = at.naive_utc();
        let offset = self
            .0
            .offset_from_utc_datetime(&utc)
            .fix();
        utc.checked_add_offset(offset)
            .unwrap_or(utc)
    }

    /// The instant at which a date begins: midnight.
    pub(super) fn midnight(self, date: NaiveDate) -> DateTime<Utc> {
        self.instant_of(date.and_time(NaiveTime::MIN))
    }

    /// The instant of a local time, the first where clocks show it twice. Where they never show it, it
    /// moves forward by the gap, which is to read it with the offset before the gap.
    pub(crate) fn instant_of(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
            LocalResult::None => GapInfo::new(&local, &self.0)
                .and_then(|gap| gap.begin)
                .and_then(|(_, before)| local.checked_sub_offset(before.fix()))
                .unwrap_or(local)
                .and_utc(),
        }
    }
}

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        text.parse()
            .map(Self)
            .map_err(|_| TimeZoneError)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name().to_owned()
    }
}

impl TryFrom<String> for TimeZone {
    type Error = TimeZoneError;

    fn try_from(text: String) -> Result<Self, TimeZoneError> {
        text.parse()
    }
}
