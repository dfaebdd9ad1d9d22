//! A request as a handler gets it: matched, bounded, read.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::header::HeaderMap;
use serde_json::{Map, Value};

use super::application::Caller;
use super::etag;
use super::fields::Fields;
use super::json;
use super::problem::ApiError;
use super::query::Query;
use super::request_id::RequestId;

/// One request. A handler has three steps: parse it into domain types, call the core or a port,
/// render what comes of it.
#[derive(Debug)]
pub struct Call<C> {
    /// What the application shares among requests.
    pub context: Arc<C>,
    /// The variable parts of the path, decoded.
    pub params: Params,
    /// The parameters after the `?`.
    pub query: Query,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body, within the route's limit; empty where the route takes none.
    pub body: Bytes,
    /// Who makes the request.
    pub caller: Caller,
    /// Who is at the other end of the connection; nobody where there is no socket.
    pub remote: Option<IpAddr>,
    /// Under which name the request is logged.
    pub request_id: RequestId,
    /// The instant of this request: one operation, one instant.
    pub now: DateTime<Utc>,
}

/// The variable parts of a path, by name.
#[derive(Clone, Debug, Default)]
pub struct Params(pub(super) Vec<(String, String)>);

impl Params {
    /// The text of a part; empty when the route's pattern has no such part.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }
}

impl<C> Call<C> {
    /// A part of the path as an id. Where the text cannot even be an id, nothing of that name
    /// exists, so the refusal is the same as for an id that is unknown.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotFound`], saying that there is no such `what`.
    pub fn id<T: FromStr>(&self, name: &str, what: &str) -> Result<T, ApiError> {
        self.params
            .get(name)
            .parse()
            .map_err(|_| ApiError::no_such(what))
    }

    /// The body as JSON; `{}` where it may be left out and was.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`] when it is not JSON, or not JSON within bounds.
    pub fn json(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        json::parse(&self.body)
    }

    /// The body as the fields of a form, to be read like a query.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`] when it is no form in UTF-8.
    pub fn form(&self) -> Result<Query, ApiError> {
        let text = std::str::from_utf8(&self.body)
            .map_err(|_| ApiError::Malformed("the form is not UTF-8".to_owned()))?;
        Query::parse(text)
    }

    /// The body as an object, to be read field by field.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`] as [`Call::json`]; [`ApiError::Invalid`] when it is no object.
    pub fn fields(&self) -> Result<Fields, ApiError> {
        Fields::of(self.json()?)
    }

    /// The body merged into `current` (RFC 7396), to be read like a whole one: what PATCH leaves is
    /// judged by the rules of PUT. `current` holds the writable fields only.
    ///
    /// # Errors
    ///
    /// As [`Call::fields`].
    pub fn merged_fields(&self, mut current: Value) -> Result<Fields, ApiError> {
        let patch = self.json()?;
        if !patch.is_object() {
            return Fields::of(patch);
        }
        json::merge_patch(&mut current, &patch);
        Fields::of(current)
    }

    /// Refuses a write that was meant for another version than `current`.
    ///
    /// # Errors
    ///
    /// [`ApiError::Stale`], see [`etag::if_match`].
    pub fn if_match(&self, current: u64) -> Result<(), ApiError> {
        etag::if_match(&self.headers, current)
    }
}
