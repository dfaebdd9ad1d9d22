//! Between the HTTP side and the application: what the one asks, and what an operator can set.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::header::HeaderMap;
use hyper::{Method, StatusCode, Uri};
use sre_core::store::Replies;

use super::doc::Access;
use super::origin::Names;
use super::problem::ApiError;
use super::request_id::RequestId;
use super::response::Response;

/// What the HTTP side asks of the application, which is also what handlers get as their context.
pub trait Application: Send + Sync + 'static {
    /// The present instant, read once for each request.
    fn now(&self) -> DateTime<Utc>;

    /// Says who is asking, or refuses a caller that may not do this. Without tokens (on loopback, or
    /// by explicit permission) everybody may do everything.
    ///
    /// # Errors
    ///
    /// [`ApiError::Unauthenticated`], [`ApiError::Forbidden`] or [`ApiError::TooManyRequests`].
    fn authorize(&self, _asked: &Asked<'_>) -> Result<Caller, ApiError> {
        Ok(Caller::Anonymous)
    }

    /// Where answers are kept for who asks again under an `Idempotency-Key`; without it keys are passed
    /// over.
    fn replies(&self) -> Option<Arc<dyn Replies>> {
        None
    }

    /// A request was answered: for metrics, and the SLOs of the service itself. Probes are left out.
    fn on_response(&self, _route: RouteInfo, _status: StatusCode, _duration: Duration) {}

    /// What a person is shown where a page is refused or fails; the problem document by default.
    fn show(&self, error: ApiError, _address: &Uri, id: &RequestId) -> Response {
        error.into_response(id)
    }

    /// A handler panicked. The request was answered with 500.
    fn on_panic(&self, _route: RouteInfo) {}
}

/// What decides whether a request is let in.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What the route asks of a caller.
    pub access: Access,
    /// The method of the request.
    pub method: &'a Method,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Who is at the other end of the connection; nobody where there is no socket.
    pub remote: Option<IpAddr>,
    /// Whether machines ask it every second.
    pub is_probe: bool,
}

/// Who makes a request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Caller {
    /// Somebody: nobody is asked who they are.
    #[default]
    Anonymous,
    /// The holder of the token of this name.
    Token(Arc<str>),
}

impl Caller {
    /// How what was done is signed, given whom the caller names. A token's name always stands there,
    /// and stands last, where no text of the caller's can come after it: `ada via ci` was said by
    /// the holder of `ci`, whoever ada is. Without tokens it is the caller's word alone.
    ///
    /// ```
    /// use sre_server::http::Caller;
    ///
    /// let ci = Caller::Token("ci".into());
    /// assert_eq!(ci.signs(None).as_deref(), Some("ci"));
    /// assert_eq!(ci.signs(Some("ada".into())).as_deref(), Some("ada via ci"));
    /// assert_eq!(Caller::Anonymous.signs(Some("ada".into())).as_deref(), Some("ada"));
    /// ```
    pub fn signs(&self, by: Option<String>) -> Option<String> {
        match (self, by) {
            (Self::Anonymous, by) => by,
            (Self::Token(name), None) => Some(name.to_string()),
            (Self::Token(name), Some(by)) if by == **name => Some(by),
            (Self::Token(name), Some(by)) => Some(format!("{by} via {name}")),
        }
    }

    /// By what requests of one caller are told from those of another; empty for everybody.
    pub fn scope(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::Token(name) => name,
        }
    }
}

/// Which route a request took, in words that are few: fit for the labels of a metric.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RouteInfo {
    /// The method, `OTHER` for one that HTTP does not define.
    pub method: &'static str,
    /// The pattern in the table, `unmatched` where there is none.
    pub pattern: &'static str,
}

/// What an operator can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds a whole request, its body included (`REQUEST_TIMEOUT`).
    pub request_timeout: Duration,
    /// The longest body, where the route does not say (`SRE_MONITOR_MAX_BODY_BYTES`).
    pub body_bytes_max: usize,
    /// The longest body of a route that takes batches.
    pub large_body_bytes_max: usize,
    /// Under which names the service is served.
    pub names: Names,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            body_bytes_max: 1024 * 1024,
            large_body_bytes_max: 16 * 1024 * 1024,
            names: Names::default(),
        }
    }
}

impl RouteInfo {
    pub(super) fn new(method: &Method, pattern: &'static str) -> Self {
        const NAMES: [&str; 9] = [
            "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT",
        ];
        let known = NAMES
            .into_iter()
            .find(|name| *name == method.as_str());
        Self {
            method: known.unwrap_or("OTHER"),
            pattern,
        }
    }
}
