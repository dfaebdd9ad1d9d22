//! From what went wrong to a [`Failure`]: the class decides, the detail is for people.

use std::error::Error;

use serde::Deserialize;
use sre_core::source::{Failure, FailureClass};

use crate::limits::WORDS_MAX_CHARS;

/// The body of an answer with `"status":"error"`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorBody {
    /// One of the API's types of error.
    #[serde(default, rename = "errorType")]
    pub(crate) kind: String,
    /// In the source's words.
    #[serde(default)]
    pub(crate) error: String,
}

/// A failure of a class.
pub(crate) fn failure(class: FailureClass, detail: impl Into<String>) -> Failure {
    Failure {
        class,
        detail: detail.into(),
    }
}

/// What the HTTP client says: no connection and a broken one are *unreachable*, a connection on
/// which nothing comes is a *timeout*.
pub(crate) fn of_transport(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let class = if error.is_timeout() && !error.is_connect() {
        FailureClass::Timeout
    } else {
        FailureClass::Unreachable
    };
    let mut detail = words(&error.to_string());
    let mut cause = error.source();
    while let Some(source) = cause {
        let said = words(&source.to_string());
        if !detail.contains(&said) {
            detail = format!("{detail}: {said}");
        }
        cause = source.source();
    }
    failure(class, detail)
}

/// What an answer that is no success says: its type of error first, since gateways change codes,
/// then its status.
pub(crate) fn of_answer(status: u16, body: &ErrorBody) -> Failure {
    let said = words(&body.error);
    let class = match (body.kind.as_str(), status) {
        // `--query.max-samples`: the source's own limit.
        ("execution", _) if said.contains("too many samples") => FailureClass::TooLarge,
        ("timeout", _) | ("", 408) => FailureClass::Timeout,
        ("", 429) => FailureClass::Unavailable,
        ("bad_data" | "not_found" | "not_acceptable", _) | ("", 300..=499) => FailureClass::Refused,
        _ => FailureClass::Unavailable,
    };
    let detail = match (body.kind.as_str(), said.as_str()) {
        ("", "") if (300..400).contains(&status) => {
            format!("status {status}: a redirect, which is not followed")
        }
        ("", "") => format!("status {status}"),
        (kind, said) => format!("status {status}: {}: {said}", words(kind)),
    };
    failure(class, detail)
}

/// Whether the source says that what it was asked is wrong, and not that it is not to be asked: a token
/// that ran out is not the fault of who wrote the question.
pub(crate) fn is_bad_query(failure: &Failure) -> bool {
    failure.class == FailureClass::Refused && failure.detail.contains(": bad_data: ")
}

/// A stranger's words, on one line, without control characters, not too many.
pub(crate) fn words(said: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut cut: String = said
        .chars()
        .map(printable)
        .take(WORDS_MAX_CHARS)
        .collect();
    if said
        .chars()
        .nth(WORDS_MAX_CHARS)
        .is_some()
    {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, kind: &str, error: &str) -> FailureClass {
        of_answer(
            status,
            &ErrorBody {
                kind: kind.to_owned(),
                error: error.to_owned(),
            },
        )
        .class
    }

    #[test]
    fn the_type_of_error_decides_before_the_status() {
        for (status, kind, expected) in [
            (400, "bad_data", FailureClass::Refused),
            (502, "bad_data", FailureClass::Refused),
            (422, "execution", FailureClass::Unavailable),
            (503, "timeout", FailureClass::Timeout),
            (503, "canceled", FailureClass::Unavailable),
            (503, "unavailable", FailureClass::Unavailable),
            (500, "internal", FailureClass::Unavailable),
            (200, "made_up", FailureClass::Unavailable),
            (404, "", FailureClass::Refused),
            (401, "", FailureClass::Refused),
            (302, "", FailureClass::Refused),
            (408, "", FailureClass::Timeout),
            (429, "", FailureClass::Unavailable),
            (503, "", FailureClass::Unavailable),
        ] {
            assert_eq!(class(status, kind, "no"), expected, "{status} {kind}");
        }
    }

    #[test]
    fn the_sources_own_limit_on_samples_is_too_large() {
        let said = "query processing would load too many samples into memory in query execution";
        assert_eq!(class(422, "execution", said), FailureClass::TooLarge);
    }

    #[test]
    fn a_strangers_words_are_short_and_on_one_line() {
        let said = format!("a\nb\u{1b}[31m{}", "x".repeat(1_000));
        let words = words(&said);
        assert!(
            words.starts_with("a b [31mxxx") && words.ends_with('…'),
            "{words}"
        );
        assert_eq!(words.chars().count(), WORDS_MAX_CHARS + 1);
    }
}
