//! The name of one request: taken from the caller when it is fit, made otherwise, always returned.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries it, both ways.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest that is taken: room for a UUID, a trace id or a path of proxies, and a log line
/// stays a line.
const LENGTH_MAX: usize = 128;

/// Where this process begins to count, so that two processes (or two lives of one) hardly ever use
/// the same name. Nothing is secret about it.
static NEXT: LazyLock<AtomicU64> =
    LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one("request id")));

/// 1 to 128 visible ASCII characters that name a request in answers and logs.
#[derive(Clone, Eq, PartialEq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The caller's own name for the request when it is fit to be logged and returned, else a new
    /// one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        headers
            .get(X_REQUEST_ID)
            .and_then(|value| Self::taken(value.to_str().ok()?))
            .unwrap_or_else(Self::made)
    }

    /// `text` as a request id, if it is fit.
    pub(super) fn taken(text: &str) -> Option<Self> {
        let fit = (1..=LENGTH_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic());
        if fit {
            HeaderValue::from_str(text)
                .ok()
                .map(Self)
        } else {
            None
        }
    }

    /// A new one: 16 hexadecimal digits.
    pub(super) fn made() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Hexadecimal digits are always fit.
        Self(
            HeaderValue::try_from(format!("{number:016x}"))
                .unwrap_or(HeaderValue::from_static("0")),
        )
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.as_str())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_visible_names_are_taken() {
        assert_eq!(
            RequestId::taken("a-1")
                .unwrap()
                .as_str(),
            "a-1"
        );
        assert!(RequestId::taken(&"x".repeat(128)).is_some());
        assert!(RequestId::taken(&"x".repeat(129)).is_none());
        assert!(RequestId::taken("").is_none());
        assert!(RequestId::taken("a b").is_none());
        assert!(RequestId::taken("a\tb").is_none());
        assert!(RequestId::taken("ä").is_none());
    }

    #[test]
    fn made_names_differ() {
        assert_ne!(RequestId::made(), RequestId::made());
        assert_eq!(RequestId::made().as_str().len(), 16);
    }
}
