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
pub struct RequestId(Name);

/// Most names are never written down, so those that are made stay numbers until they are.
#[derive(Clone, Eq, PartialEq)]
enum Name {
    Taken(HeaderValue),
    Made(u64),
}

impl RequestId {
    /// The caller's own name for the request when it is fit to be logged and returned, else a new
    /// one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        headers
            .get(X_REQUEST_ID)
            .and_then(Self::taken)
            .unwrap_or_else(Self::made)
    }

    /// The text of a header as a request id, if it is fit.
    pub(super) fn taken(value: &HeaderValue) -> Option<Self> {
        let text = value.as_bytes();
        let fit = (1..=LENGTH_MAX).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
        fit.then(|| Self(Name::Taken(value.clone())))
    }

    /// A new one: 16 hexadecimal digits.
    pub(super) fn made() -> Self {
        Self(Name::Made(NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(super) fn header_value(&self) -> HeaderValue {
        match &self.0 {
            Name::Taken(value) => value.clone(),
            // Hexadecimal digits are always fit.
            Name::Made(_) => HeaderValue::try_from(self.to_string())
                .unwrap_or_else(|_| HeaderValue::from_static("0")),
        }
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Taken(value) => f.write_str(value.to_str().unwrap_or_default()),
            Name::Made(number) => write!(f, "{number:016x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Option<String> {
        let value = HeaderValue::try_from(text).ok()?;
        RequestId::taken(&value).map(|id| id.to_string())
    }

    #[test]
    fn only_short_visible_names_are_taken() {
        assert_eq!(taken("a-1").as_deref(), Some("a-1"));
        assert!(taken(&"x".repeat(128)).is_some());
        assert!(taken(&"x".repeat(129)).is_none());
        for unfit in ["", "a b", "a\tb", "ä"] {
            assert!(taken(unfit).is_none(), "{unfit:?}");
        }
    }

    #[test]
    fn made_names_differ() {
        assert_ne!(RequestId::made(), RequestId::made());
        assert_eq!(RequestId::made().to_string().len(), 16);
    }
}
