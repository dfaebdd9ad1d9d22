//! One thing that is wrong with a request, said so that the caller can put it right.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// What is wrong, and where: in the body (a JSON pointer) or in the query (a parameter's name).
///
/// ```
/// use sre_server::http::fault::Fault;
///
/// let fault = Fault::at("/time_window", "a window holds at least two slices");
/// assert_eq!(fault.to_string(), "/time_window: a window holds at least two slices");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct Fault {
    /// Where in the body, as a JSON pointer (RFC 6901); the empty pointer is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Which query parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What is wrong with it, and what would be right.
    detail: String,
}

impl Fault {
    /// A fault of the body at a JSON pointer.
    pub fn at(pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            detail: detail.to_string(),
        }
    }

    /// A fault of a query parameter or a header.
    pub fn parameter(name: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.into()),
            detail: detail.to_string(),
        }
    }
}

impl Fault {
    /// The fault as one of a body that this one is a part of, at `pointer`.
    #[must_use]
    pub fn under(self, pointer: &str) -> Self {
        Self {
            pointer: self
                .pointer
                .map(|inner| format!("{pointer}{inner}")),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self
            .pointer
            .as_deref()
            .or(self.parameter.as_deref())
            .unwrap_or_default();
        write!(f, "{place}: {}", self.detail)
    }
}

/// `pointer` with one more step, escaped as RFC 6901 asks.
pub(super) fn step(pointer: &str, name: &str) -> String {
    format!(
        "{pointer}/{}",
        name.replace('~', "~0")
            .replace('/', "~1")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_what_would_divide_it() {
        assert_eq!(step("/labels", "a/b~c"), "/labels/a~1b~0c");
    }

    #[test]
    fn a_fault_says_one_place_only() {
        let body = serde_json::to_value(Fault::at("/name", "is required")).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"pointer": "/name", "detail": "is required"})
        );
        let query = serde_json::to_value(Fault::parameter("limit", "at most 1000")).unwrap();
        assert_eq!(
            query,
            serde_json::json!({"parameter": "limit", "detail": "at most 1000"})
        );
    }
}
