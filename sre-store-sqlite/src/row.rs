//! Between stored values and domain values.
//!
//! Queries bind and read through these functions only, so that their texts are the same in every
//! adapter: where another database has a type of its own for instants, its `row.rs` is the identity.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sre_core::count::{Count, Counts};
use sre_core::store::{BoxError, StoreError};
use sre_core::time::{Interval, Span};
use uuid::Uuid;

/// The end of a claim that nobody holds.
pub(crate) const EPOCH: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// An hour, the unit of stored slices.
pub(crate) const HOUR: TimeDelta = TimeDelta::hours(1);

/// An instant as it is stored.
pub(crate) const fn instant(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// An instant that may be absent, as it is stored.
pub(crate) fn optional_instant(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(instant)
}

/// A limit of a list as it is bound.
pub(crate) fn limit(limit: impl Into<u32>) -> i64 {
    i64::from(limit.into())
}

/// An unsigned number as it is stored. One beyond the range of a `bigint` cannot be.
pub(crate) fn number(column: &'static str, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| unstorable(column, error.into()))
}

/// A count as it is stored.
pub(crate) fn count(column: &'static str, count: Count) -> Result<i64, StoreError> {
    number(column, count.millionths())
}

/// A value as JSON.
pub(crate) fn json(column: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unstorable(column, error.into()))
}

/// Ids as one parameter, a JSON array of hexadecimal texts.
pub(crate) fn ids(ids: impl Iterator<Item = Uuid>) -> String {
    let texts: Vec<String> = ids
        .map(|id| format!("\"{}\"", id.simple()))
        .collect();
    format!("[{}]", texts.join(","))
}

/// Texts as one parameter, a JSON array.
pub(crate) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Result<String, StoreError> {
    json("a list of names", &texts.collect::<Vec<_>>())
}

/// Stored ids as one parameter, as [`ids`].
pub(crate) fn blobs<'a>(blobs: impl Iterator<Item = &'a [u8]>) -> String {
    let texts: Vec<String> = blobs
        .map(|blob| format!("\"{}\"", hex(blob)))
        .collect();
    format!("[{}]", texts.join(","))
}

/// Bytes as a hexadecimal text, for many of them in one JSON parameter.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
        .collect()
}

fn unstorable(column: &'static str, source: BoxError) -> StoreError {
    StoreError::Corrupt {
        table: "a new row",
        column,
        row: "what was handed in".to_owned(),
        source,
    }
}

/// A row that is being read, to be named when a column of it is corrupt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    table: &'static str,
    key: Key<'a>,
}

/// How a row is told from others.
#[derive(Clone, Copy, Debug)]
enum Key<'a> {
    Id(&'a [u8]),
    Text(&'a str),
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(bytes) => match Uuid::from_slice(bytes) {
                Ok(id) => fmt::Display::fmt(&id, f),
                Err(_) => write!(f, "{bytes:02x?}"),
            },
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl<'a> Row<'a> {
    /// The row of a table whose key is (or begins with) an id.
    pub(crate) const fn with_id(table: &'static str, id: &'a [u8]) -> Self {
        Self {
            table,
            key: Key::Id(id),
        }
    }

    /// The row of a table whose key is (or begins with) a text.
    pub(crate) const fn with_text(table: &'static str, key: &'a str) -> Self {
        Self {
            table,
            key: Key::Text(key),
        }
    }

    /// A column that cannot be what was written.
    pub(crate) fn corrupt(self, column: &'static str, source: impl Into<BoxError>) -> StoreError {
        let (table, row) = (self.table, self.key.to_string());
        StoreError::Corrupt {
            table,
            column,
            row,
            source: source.into(),
        }
    }

    /// An instant.
    pub(crate) fn instant(
        self,
        column: &'static str,
        stored: i64,
    ) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp_micros(stored)
            .ok_or_else(|| self.corrupt(column, "no instant has so many microseconds"))
    }

    /// An instant that may be absent.
    pub(crate) fn optional_instant(
        self,
        column: &'static str,
        stored: Option<i64>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        stored
            .map(|stored| self.instant(column, stored))
            .transpose()
    }

    /// A stretch of time.
    pub(crate) fn interval(
        self,
        column: &'static str,
        stored: (i64, i64),
    ) -> Result<Interval, StoreError> {
        Ok(Interval::new(
            self.instant(column, stored.0)?,
            self.instant(column, stored.1)?,
        ))
    }

    /// A length of time in seconds.
    pub(crate) fn span(self, column: &'static str, stored: i64) -> Result<Span, StoreError> {
        u32::try_from(stored)
            .ok()
            .and_then(Span::from_seconds)
            .ok_or_else(|| self.corrupt(column, "no span has so many seconds"))
    }

    /// An id.
    pub(crate) fn id(self, column: &'static str, stored: &[u8]) -> Result<Uuid, StoreError> {
        Uuid::from_slice(stored).map_err(|error| self.corrupt(column, error))
    }

    /// A whole number of a narrower type.
    pub(crate) fn number<T>(self, column: &'static str, stored: i64) -> Result<T, StoreError>
    where
        T: TryFrom<i64, Error: Into<BoxError>>,
    {
        T::try_from(stored).map_err(|error| self.corrupt(column, error))
    }

    /// A pair of counts, where there is one.
    pub(crate) fn counts(
        self,
        columns: &'static str,
        good: Option<i64>,
        total: Option<i64>,
    ) -> Result<Option<Counts>, StoreError> {
        let (Some(good), Some(total)) = (good, total) else {
            return Ok(None);
        };
        let good = Count::from_millionths(self.number(columns, good)?);
        let total = Count::from_millionths(self.number(columns, total)?);
        Counts::new(good, total)
            .map(Some)
            .map_err(|error| self.corrupt(columns, error))
    }

    /// What parses itself: a name, an enumeration.
    pub(crate) fn text<T>(self, column: &'static str, stored: &str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Into<BoxError>>,
    {
        stored
            .parse()
            .map_err(|error: T::Err| self.corrupt(column, error))
    }

    /// One of `all` by its text.
    pub(crate) fn one_of<T: Copy>(
        self,
        column: &'static str,
        stored: &str,
        all: &[T],
        text: impl Fn(T) -> &'static str,
    ) -> Result<T, StoreError> {
        all.iter()
            .copied()
            .find(|one| text(*one) == stored)
            .ok_or_else(|| self.corrupt(column, format!("{stored} is none of its values")))
    }

    /// What was written as JSON.
    pub(crate) fn json<T: DeserializeOwned>(
        self,
        column: &'static str,
        stored: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(stored).map_err(|error| self.corrupt(column, error))
    }

    /// Labels.
    pub(crate) fn labels(
        self,
        column: &'static str,
        stored: &str,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        if stored == "{}" {
            Ok(BTreeMap::new())
        } else {
            self.json(column, stored)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_to_the_microsecond_also_before_1970() {
        let row = Row::with_text("slos", "x");
        for micros in [0, 1, -1, 1_700_000_000_123_456, -1_700_000_000_123_456] {
            let at = row
                .instant("created_at", micros)
                .expect("an instant");
            assert_eq!(instant(at), micros);
        }
    }

    #[test]
    fn bytes_and_ids_have_the_same_text() {
        let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(
            blobs([id.as_bytes().as_slice()].into_iter()),
            ids([id].into_iter())
        );
    }

    #[test]
    fn a_corrupt_column_is_named() {
        let id = Uuid::from_u128(7);
        let row = Row::with_id("slos", id.as_bytes());
        let error = row
            .json::<Vec<u8>>("definition", "{")
            .expect_err("is no list");
        assert_eq!(
            error.to_string(),
            "slos.definition of 00000000-0000-0000-0000-000000000007 is corrupt"
        );
    }
}
