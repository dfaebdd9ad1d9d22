//! What a request can come to other than success, and how it is told: RFC 9457 problem documents.
//!
//! The `type` of a problem is stable, `urn:sre-monitor:problem:<kind>`: a program decides by it (or
//! by the status), a person reads `title` and `detail`. A name and not an address, because nothing
//! has to be fetched to understand it and no domain has to be kept alive for it. The kinds:
//!
//! | kind | status | kind | status |
//! | --- | --- | --- | --- |
//! | `malformed` | 400 | `unsupported-media-type` | 415 |
//! | `unauthenticated` | 401 | `wrong-host` | 421 |
//! | `forbidden` | 403 | `invalid` | 422 |
//! | `not-found` | 404 | `too-many-requests` | 429 |
//! | `method-not-allowed` | 405 | `headers-too-large` | 431 |
//! | `too-slow` | 408 | `internal` | 500 |
//! | `conflict` | 409 | `unavailable` | 503 |
//! | `stale` | 412 | `storage-full` | 507 |
//! | `too-large` | 413 | | |

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response as HttpResponse, StatusCode};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use super::fault::Fault;
use super::request_id::RequestId;
use super::response::Response;

/// A cause of any type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a request is refused, or could not be served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The request cannot be read at all: 400.
    #[error("{0}")]
    Malformed(String),
    /// No credentials: 401.
    #[error("a bearer token is required")]
    Unauthenticated,
    /// Credentials that are none of ours, or not any more: 401, too.
    #[error("{0}")]
    WrongCredentials(&'static str),
    /// Known, but not allowed to do this: 403.
    #[error("{0}")]
    Forbidden(String),
    /// Nothing there: 404.
    #[error("{0}")]
    NotFound(String),
    /// The path exists, the method does not: 405 with `Allow`.
    #[error("this path takes {allow}")]
    MethodNotAllowed {
        /// The methods that the path does take, as the header wants them.
        allow: Allow,
    },
    /// The request came in too slowly: 408.
    #[error("{0}")]
    TooSlow(String),
    /// It cannot be done in the present state: 409.
    #[error("{0}")]
    Conflict(String),
    /// `If-Match` names another version: 412.
    #[error("the resource has changed: its version is now {current}")]
    Stale {
        /// The present version.
        current: u64,
    },
    /// The body is longer than the route takes: 413.
    #[error("the body may be at most {limit_bytes} bytes here")]
    TooLarge {
        /// The route's limit.
        limit_bytes: usize,
    },
    /// The body is of another type than the route takes: 415.
    #[error("the body must be {expected}")]
    UnsupportedMediaType {
        /// What would be taken.
        expected: &'static str,
    },
    /// The host is not one of ours: 421.
    #[error("this service does not answer under that host name")]
    WrongHost,
    /// The request can be read and its content is wrong: 422, with every fault.
    #[error("the request has {} fault(s)", .0.len())]
    Invalid(Vec<Fault>),
    /// Too many requests from this caller: 429 with `Retry-After`.
    #[error("too many requests")]
    TooManyRequests {
        /// When to come back.
        retry_after: Duration,
    },
    /// The headers are too many or too long: 431.
    #[error("the headers are too large")]
    HeadersTooLarge,
    /// A fault of ours: 500. The cause is logged and never shown.
    #[error("something failed inside the service")]
    Internal {
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// Not now: 503 with `Retry-After`. The cause, if any, is logged and never shown.
    #[error("{detail}")]
    Unavailable {
        /// What the caller may know.
        detail: &'static str,
        /// When to come back.
        retry_after: Duration,
        /// What failed.
        #[source]
        source: Option<BoxError>,
    },
    /// The disk is full: 507. The cause is logged and never shown.
    #[error("the store has no room left")]
    StorageFull {
        /// What failed.
        #[source]
        source: BoxError,
    },
}

/// The value of an `Allow` header: method names, so always fit for a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allow(pub(super) HeaderValue);

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// What is sent for an [`ApiError`].
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The kind, stable: `urn:sre-monitor:problem:…`.
    #[serde(rename = "type")]
    #[schema(example = "urn:sre-monitor:problem:not-found")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The status of the answer, once more.
    status: u16,
    /// What happened this time, and what would be right.
    detail: String,
    /// Under which the service logged it; also in the header `X-Request-Id`.
    request_id: String,
    /// Every fault of the request, for status 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

impl ApiError {
    /// A failure inside the service: shown as nothing but that, logged with its chain.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::Internal {
            source: source.into(),
        }
    }

    /// One fault of the content.
    pub fn invalid(pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::Invalid(vec![Fault::at(pointer, detail)])
    }

    /// There is no such thing: `what` is a noun, such as `SLO`.
    pub fn no_such(what: &str) -> Self {
        Self::NotFound(format!("there is no such {what}"))
    }

    /// The service does its best and cannot: come back after `retry_after`.
    pub fn unavailable(detail: &'static str, retry_after: Duration) -> Self {
        Self::Unavailable {
            detail,
            retry_after,
            source: None,
        }
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The kind in words, such as `Not found`.
    pub fn title(&self) -> &'static str {
        self.kind().2
    }

    /// Status, kind and title: the table of the module's documentation.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed", "Malformed request"),
            Self::Unauthenticated | Self::WrongCredentials(_) => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Credentials are required",
            ),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed { .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
            ),
            Self::TooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "too-slow", "Request too slow"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "stale", "Stale version"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large"),
            Self::UnsupportedMediaType { .. } => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
            ),
            Self::WrongHost => (StatusCode::MISDIRECTED_REQUEST, "wrong-host", "Wrong host"),
            Self::Invalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "The request is not valid",
            ),
            Self::TooManyRequests { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many requests",
            ),
            Self::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers-too-large",
                "Headers too large",
            ),
            Self::Internal { .. } => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
            ),
            Self::Unavailable { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Unavailable",
            ),
            Self::StorageFull { .. } => (
                StatusCode::INSUFFICIENT_STORAGE,
                "storage-full",
                "Storage full",
            ),
        }
    }

    /// The header that belongs to the kind, beside the document.
    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::MethodNotAllowed { allow } => Some((ALLOW, allow.0.clone())),
            Self::Unauthenticated => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::WrongCredentials(_) => Some((
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_token\""),
            )),
            Self::TooManyRequests { retry_after } | Self::Unavailable { retry_after, .. } => {
                // Rounded up: who comes back a moment early is refused again.
                let seconds = retry_after
                    .as_millis()
                    .div_ceil(1000)
                    .max(1);
                let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
                Some((RETRY_AFTER, HeaderValue::from(seconds)))
            }
            _ => None,
        }
    }

    /// The answer. What is ours to mend is logged here, once, with its chain of causes.
    pub fn into_response(self, request_id: &RequestId) -> Response {
        let (status, _, _) = self.kind();
        self.log(status, request_id);
        let header = self.header();
        let problem = self.problem(request_id.to_string());
        // Strings and numbers alone: it always serialises.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = HttpResponse::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some((name, value)) = header {
            headers.insert(name, value);
        }
        response
    }

    /// What is told of it.
    pub(super) fn problem(self, request_id: String) -> Problem {
        let (status, kind, title) = self.kind();
        let detail = self.to_string();
        let errors = if let Self::Invalid(faults) = self {
            faults
        } else {
            Vec::new()
        };
        Problem {
            kind: format!("urn:sre-monitor:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail,
            request_id,
            errors,
        }
    }

    fn log(&self, status: StatusCode, request_id: &RequestId) {
        let Some(source) = self.source() else { return };
        tracing::error!(
            status = status.as_u16(),
            %request_id,
            error = %Chain(source),
            "a request failed: {self}",
        );
    }
}

/// A whole answer to a head that no request can be made of, for the socket to write.
pub(crate) fn unreadable_head(status: u16) -> Vec<u8> {
    let error = if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE {
        ApiError::HeadersTooLarge
    } else {
        ApiError::Malformed("the head of the request cannot be read".to_owned())
    };
    let (id, status) = (RequestId::made(), error.status());
    // Strings and numbers alone: it always serialises.
    let body = serde_json::to_vec(&error.problem(id.to_string())).unwrap_or_default();
    let mut answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\nx-request-id: {id}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend(body);
    answer
}

/// An error and what caused it, in one line; the JSON log format drops sources otherwise.
struct Chain<'a>(&'a dyn StdError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::response::testing::{header, json_of};

    fn answer(error: ApiError) -> Response {
        error.into_response(&RequestId::taken(&HeaderValue::from_static("r-1")).unwrap())
    }

    #[tokio::test]
    async fn a_problem_says_kind_status_detail_and_request() {
        let response = answer(ApiError::no_such("SLO"));
        assert_eq!(response.status(), 404);
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json"
        );
        assert_eq!(
            json_of(response).await,
            serde_json::json!({
                "type": "urn:sre-monitor:problem:not-found", "title": "Not found", "status": 404,
                "detail": "there is no such SLO", "request_id": "r-1",
            })
        );
    }

    #[tokio::test]
    async fn a_failure_inside_shows_nothing_of_its_cause() {
        let body = json_of(answer(ApiError::internal("password=hunter2"))).await;
        assert!(!body.to_string().contains("hunter2"));
        assert_eq!(body["detail"], "something failed inside the service");
    }

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds() {
        let wait = |millis| {
            let retry_after = Duration::from_millis(millis);
            header(
                &answer(ApiError::TooManyRequests { retry_after }),
                "retry-after",
            )
            .to_owned()
        };
        assert_eq!([wait(0), wait(1000), wait(1001)], ["1", "1", "2"]);
    }

    #[test]
    fn a_chain_names_every_cause() {
        let cause = std::io::Error::other(fmt::Error);
        let error = ApiError::Unavailable {
            detail: "later",
            retry_after: Duration::ZERO,
            source: Some(Box::new(cause)),
        };
        assert!(
            Chain(&error)
                .to_string()
                .starts_with("later: ")
        );
    }
}
