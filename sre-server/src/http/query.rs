//! The query of a request: which parameters there are, read with every fault at once.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sre_core::time::truncate;

use super::fault::Fault;
use super::page::{LIMIT_DEFAULT, LIMIT_MAX, Paging, cursor_key};
use super::percent;
use super::problem::ApiError;

/// The parameters of one request. Those that the route does not document were refused before its
/// handler is called, so a typing error never means "no filter".
///
/// Each reader takes what it can and notes what is wrong; [`Query::finish`] tells all of it.
///
/// ```
/// use sre_server::http::query::Query;
///
/// let mut query = Query::parse("service=checkout&limit=0&at=yesterday")?;
/// assert_eq!(query.text("service").as_deref(), Some("checkout"));
/// query.paging::<String>();
/// query.instant("at");
/// assert_eq!(query.finish().unwrap_err().to_string(), "the request has 2 fault(s)");
/// # Ok::<(), sre_server::http::problem::ApiError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Query {
    /// Reads the text after the `?`.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`] when an escape cannot be read.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let decoded = |text: &str| {
            percent::decode(text, true).ok_or_else(|| {
                ApiError::Malformed("the query holds a percent-escape that is not UTF-8".to_owned())
            })
        };
        let pairs = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair
                    .split_once('=')
                    .unwrap_or((pair, ""));
                Ok((decoded(name)?, decoded(value)?))
            })
            .collect::<Result<_, ApiError>>()?;
        Ok(Self {
            pairs,
            faults: Vec::new(),
        })
    }

    /// Refuses parameters that are not among `known`.
    pub(super) fn refuse_unknown(&self, known: &[&str]) -> Result<(), ApiError> {
        let faults: Vec<_> = self
            .pairs
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()))
            .map(|(name, _)| Fault::parameter(name, unknown(known)))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Invalid(faults))
        }
    }

    /// Every value of a parameter that may be repeated, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter, if it is there; a fault when it is there twice.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let values: Vec<_> = self.all(name).collect();
        match values.as_slice() {
            [] => None,
            [value] => Some((*value).to_owned()),
            _ => {
                self.fault(name, "may be given once only");
                None
            }
        }
    }

    /// The value of a parameter as a `T`; a fault with `T`'s own words when it is none.
    pub fn parse_as<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.text(name)?;
        text.parse()
            .map_err(|error| self.fault(name, error))
            .ok()
    }

    /// The value of a parameter as an instant, cut to microseconds.
    pub fn instant(&mut self, name: &str) -> Option<DateTime<Utc>> {
        // `+02:00` arrives as ` 02:00` when the caller forgot to escape it; there is nothing else
        // that the space could mean.
        let text = self.text(name)?.replace(' ', "+");
        let parsed = DateTime::parse_from_rfc3339(&text);
        if parsed.is_err() {
            self.fault(
                name,
                "expected an instant such as 2026-01-31T12:00:00Z (RFC 3339)",
            );
        }
        parsed
            .ok()
            .map(|at| truncate(at.to_utc()))
    }

    /// `?limit=` and `?cursor=`, as every list takes them.
    pub fn paging<K: DeserializeOwned + Serialize>(&mut self) -> Paging<K> {
        let limit = self
            .parse_as::<u32>("limit")
            .unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            self.fault("limit", format_args!("must be between 1 and {LIMIT_MAX}"));
        }
        let cursor = self.text("cursor");
        let after = cursor.as_deref().and_then(cursor_key);
        if cursor.is_some() && after.is_none() {
            self.fault(
                "cursor",
                "is not a cursor of this list; take it from `next_cursor`",
            );
        }
        Paging {
            limit: limit.clamp(1, LIMIT_MAX),
            after,
        }
    }

    /// Takes parameters without a value for parameters that are not there: a form sends every field
    /// that it has.
    pub fn drop_empty(&mut self) {
        self.pairs
            .retain(|(_, value)| !value.is_empty());
    }

    /// Notes what is wrong with a parameter.
    pub fn fault(&mut self, name: &str, detail: impl Display) {
        self.faults
            .push(Fault::parameter(name, detail));
    }

    /// Tells everything that was wrong.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with every fault that was noted.
    pub fn finish(&mut self) -> Result<(), ApiError> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Invalid(std::mem::take(&mut self.faults)))
        }
    }
}

fn unknown(known: &[&str]) -> String {
    if known.is_empty() {
        return "unknown parameter; this path takes none".to_owned();
    }
    format!("unknown parameter; this path takes {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    fn faults(mut query: Query) -> String {
        let Err(ApiError::Invalid(faults)) = query.finish() else {
            return String::new();
        };
        faults
            .iter()
            .map(Fault::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn parameters_are_decoded_and_may_repeat() {
        let query = query("label=a%3D1&label=b+c&&x");
        assert_eq!(query.all("label").collect::<Vec<_>>(), ["a=1", "b c"]);
        assert_eq!(query.all("x").collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn an_escape_that_cannot_be_read_is_malformed() {
        assert_eq!(
            Query::parse("a=%ff")
                .unwrap_err()
                .status(),
            400
        );
    }

    #[test]
    fn every_unknown_parameter_is_named() {
        let Err(ApiError::Invalid(faults)) = query("a=1&b=2&c=3").refuse_unknown(&["b"]) else {
            panic!("not refused")
        };
        assert_eq!(faults.len(), 2);
        assert_eq!(
            faults[1].to_string(),
            "c: unknown parameter; this path takes b"
        );
    }

    #[test]
    fn a_repeated_single_parameter_is_a_fault() {
        let mut query = query("a=1&a=2");
        assert_eq!(query.text("a"), None);
        assert_eq!(faults(query), "a: may be given once only");
    }

    #[test]
    fn instants_take_any_offset_and_an_unescaped_plus() {
        let mut query =
            query("a=2026-01-01T02:00:00.123456789%2B02:00&b=2026-01-01T02:00:00+02:00");
        assert_eq!(
            query.instant("a").unwrap().to_rfc3339(),
            "2026-01-01T00:00:00.123456+00:00"
        );
        assert_eq!(
            query.instant("b").unwrap().to_rfc3339(),
            "2026-01-01T00:00:00+00:00"
        );
        assert_eq!(faults(query), "");
    }

    #[test]
    fn a_page_is_one_hundred_by_default_and_one_thousand_at_most() {
        let paging = |text| {
            let mut query = query(text);
            let paging = query.paging::<String>();
            (paging.limit, faults(query))
        };
        assert_eq!(paging(""), (100, String::new()));
        assert_eq!(paging("limit=1000"), (1000, String::new()));
        assert_eq!(paging("limit=0").1, "limit: must be between 1 and 1000");
        assert_eq!(paging("limit=1001").1, "limit: must be between 1 and 1000");
        assert_eq!(paging("limit=-1").1, "limit: invalid digit found in string");
        assert!(
            paging("cursor=nonsense")
                .1
                .starts_with("cursor: is not a cursor")
        );
    }
}
