//! How long a request may take, exactly.
//!
//! A threshold of 300 ms is written into a definition once and compared with the bounds of buckets
//! for years. It is kept as whole nanoseconds: no float decides whether `0.3` is `300ms`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal::Decimal;

/// A positive length of time in whole nanoseconds, as it is written: `300ms`, `1.5s`, `2m`; a number
/// without a unit is seconds.
///
/// ```
/// use sre_core::latency::{Latency, LatencyUnit};
///
/// let threshold: Latency = "300ms".parse()?;
/// assert_eq!(threshold, "0.3".parse()?);
/// assert_eq!(threshold.to_string(), "300ms");
/// assert_eq!(threshold.in_unit(LatencyUnit::Seconds), "0.3");
/// assert!("0s".parse::<Latency>().is_err());
/// # Ok::<(), sre_core::latency::ParseLatencyError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct Latency(u64);

/// In what a histogram's bounds are written.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LatencyUnit {
    /// Prometheus' own convention.
    #[default]
    Seconds,
    /// What Istio and Envoy write.
    Milliseconds,
}

/// Why a text is not a [`Latency`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseLatencyError {
    /// Not a decimal, followed by a unit or not.
    #[error("expected a number and one of ms, s, m, h, us, ns, such as 300ms or 1.5s")]
    Shape,
    /// Nothing is quicker.
    #[error("a latency must be more than 0")]
    Zero,
    /// Finer than a nanosecond.
    #[error("a latency is a whole number of nanoseconds")]
    TooFine,
    /// Above [`Latency::MAX`].
    #[error("a latency may be at most {}", Latency::MAX)]
    TooLong,
}

/// Why a text is not a [`LatencyUnit`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be one of seconds and milliseconds")]
pub struct ParseUnitError;

impl Latency {
    /// Thirty days: longer than whatever a histogram times.
    pub const MAX: Self = Self(30 * 86_400 * NANOS);

    /// Its number of nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The number of seconds or milliseconds, as an exact decimal.
    #[must_use]
    pub fn in_unit(self, unit: LatencyUnit) -> String {
        let (one, digits) = match unit {
            LatencyUnit::Seconds => (NANOS, 9),
            LatencyUnit::Milliseconds => (NANOS / 1_000, 6),
        };
        let (whole, rest) = (self.0 / one, self.0 % one);
        let fraction = format!("{rest:0digits$}");
        match fraction.trim_end_matches('0') {
            "" => whole.to_string(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

impl FromStr for Latency {
    type Err = ParseLatencyError;

    fn from_str(text: &str) -> Result<Self, ParseLatencyError> {
        let unit = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(unit);
        let nanos: u128 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "" | "s" => u128::from(NANOS),
            "m" => 60 * u128::from(NANOS),
            "h" => 3_600 * u128::from(NANOS),
            _ => return Err(ParseLatencyError::Shape),
        };
        let number = Decimal::parse(number).map_err(|_| ParseLatencyError::Shape)?;
        let scale = 10_u128
            .checked_pow(number.scale)
            .ok_or(ParseLatencyError::TooFine)?;
        let scaled = number
            .digits
            .checked_mul(nanos)
            .ok_or(ParseLatencyError::TooLong)?;
        if scaled == 0 {
            return Err(ParseLatencyError::Zero);
        }
        if scaled.checked_rem(scale) != Some(0) {
            return Err(ParseLatencyError::TooFine);
        }
        scaled
            .checked_div(scale)
            .and_then(|nanos| u64::try_from(nanos).ok())
            .map(Self)
            .filter(|latency| *latency <= Self::MAX)
            .ok_or(ParseLatencyError::TooLong)
    }
}

impl fmt::Display for Latency {
    /// A whole number of the largest unit that gives one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, unit) = [(NANOS, "s"), (1_000_000, "ms"), (1_000, "us")]
            .into_iter()
            .find(|(one, _)| self.0.is_multiple_of(*one))
            .unwrap_or((1, "ns"));
        write!(f, "{}{unit}", self.0 / one)
    }
}

impl From<Latency> for String {
    fn from(latency: Latency) -> Self {
        latency.to_string()
    }
}

impl TryFrom<String> for Latency {
    type Error = ParseLatencyError;

    fn try_from(text: String) -> Result<Self, ParseLatencyError> {
        text.parse()
    }
}

impl LatencyUnit {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
        }
    }
}

impl FromStr for LatencyUnit {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        match text {
            "seconds" => Ok(Self::Seconds),
            "milliseconds" => Ok(Self::Milliseconds),
            _ => Err(ParseUnitError),
        }
    }
}

/// Nanoseconds in one second.
const NANOS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn latency(text: &str) -> Latency {
        text.parse().expect(text)
    }

    #[test]
    fn one_length_has_many_spellings_and_one_value() {
        for (text, nanos, shown, seconds, milliseconds) in [
            ("300ms", 300_000_000, "300ms", "0.3", "300"),
            ("0.3", 300_000_000, "300ms", "0.3", "300"),
            ("0.300s", 300_000_000, "300ms", "0.3", "300"),
            ("1.5s", 1_500_000_000, "1500ms", "1.5", "1500"),
            ("2m", 120_000_000_000, "120s", "120", "120000"),
            ("250us", 250_000, "250us", "0.00025", "0.25"),
            ("1ns", 1, "1ns", "0.000000001", "0.000001"),
            ("720h", Latency::MAX.0, "2592000s", "2592000", "2592000000"),
        ] {
            let found = latency(text);
            assert_eq!(found.as_nanos(), nanos, "{text}");
            assert_eq!(found.to_string(), shown, "{text}");
            assert_eq!(found.in_unit(LatencyUnit::Seconds), seconds, "{text}");
            assert_eq!(
                found.in_unit(LatencyUnit::Milliseconds),
                milliseconds,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_latency_is_refused_with_the_reason() {
        use ParseLatencyError as E;
        for (text, error) in [
            ("", E::Shape),
            ("ms", E::Shape),
            ("-1s", E::Shape),
            ("1e3", E::Shape),
            ("NaN", E::Shape),
            ("1,5s", E::Shape),
            ("3 s", E::Shape),
            ("3d", E::Shape),
            ("0", E::Zero),
            ("0.000ms", E::Zero),
            ("0.1ns", E::TooFine),
            ("0.0000000001", E::TooFine),
            ("720.1h", E::TooLong),
            ("99999999999999999999999999999999999999", E::TooLong),
        ] {
            assert_eq!(text.parse::<Latency>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_latency_is_read_as_it_was_shown(nanos in 1..=Latency::MAX.0) {
            let shown = Latency(nanos);
            prop_assert_eq!(shown.to_string().parse(), Ok(shown));
            prop_assert_eq!(shown.in_unit(LatencyUnit::Seconds).parse(), Ok(shown));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,50}") {
            let _ = text.parse::<Latency>();
        }
    }
}
