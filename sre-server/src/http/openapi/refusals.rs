//! With which problems each operation may be refused: from what it takes and whom it admits.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use utoipa::openapi::content::Content as MediaType;
use utoipa::openapi::header::Header;
use utoipa::openapi::response::Response;
use utoipa::openapi::{Ref, RefOr, Schema};

use super::text;
use crate::http::doc::{Access, Doc};
use crate::http::problem::ApiError;

/// A refusal that operations share.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Its name among the components.
    name: &'static str,
    /// What it means, and what would be right.
    meaning: &'static str,
    /// One as it is answered: status, kind and header are its own.
    error: fn() -> ApiError,
    /// Which operations it concerns.
    concerns: fn(&Operation<'_>) -> bool,
}

/// What refusals depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) doc: &'a Doc,
}

impl Operation<'_> {
    fn takes_body(&self) -> bool {
        self.doc.body.is_some()
    }

    fn names_one(&self) -> bool {
        self.path.contains('{')
    }

    fn writes(&self) -> bool {
        self.method != "GET" && self.doc.access != Access::Open
    }

    fn changes_one(&self) -> bool {
        self.writes() && self.names_one()
    }

    fn is_guarded(&self) -> bool {
        self.doc.access != Access::Open
    }
}

/// All of them, in the order of their statuses.
pub(super) const REFUSALS: &[Refusal] = &[
    Refusal {
        name: "Malformed",
        meaning: "The request cannot be read: no JSON, an escape that is no UTF-8, no single `Host`.",
        error: || ApiError::Malformed("the body is empty; one is expected".to_owned()),
        concerns: |_| true,
    },
    Refusal {
        name: "Unauthenticated",
        meaning: "No token, or one that is not known or has expired.",
        error: || ApiError::Unauthenticated,
        concerns: |operation| operation.is_guarded(),
    },
    Refusal {
        name: "Forbidden",
        meaning: "The token's role does not suffice, or a page of another site is asking.",
        error: || ApiError::Forbidden("this needs the role write; this token has read".to_owned()),
        concerns: |_| true,
    },
    Refusal {
        name: "NotFound",
        meaning: "There is nothing of that name.",
        error: || ApiError::no_such("SLO"),
        concerns: |operation| operation.names_one(),
    },
    Refusal {
        name: "TooSlow",
        meaning: "The body came too slowly.",
        error: || ApiError::TooSlow("the body came too slowly or took too long".to_owned()),
        concerns: |operation| operation.takes_body(),
    },
    Refusal {
        name: "Conflict",
        meaning: "It cannot be done as things stand; read them again, then decide. Also while a request with the same `Idempotency-Key` is under way.",
        error: || ApiError::Conflict("this name is taken already".to_owned()),
        concerns: |operation| operation.writes(),
    },
    Refusal {
        name: "Stale",
        meaning: "`If-Match` names another version than the present one.",
        error: || ApiError::Stale { current: 4 },
        concerns: |operation| operation.changes_one(),
    },
    Refusal {
        name: "TooLarge",
        meaning: "The body is larger than is taken here.",
        error: || ApiError::TooLarge {
            limit_bytes: 1_048_576,
        },
        concerns: |operation| operation.takes_body(),
    },
    Refusal {
        name: "UnsupportedMediaType",
        meaning: "The body is of another type than is taken here.",
        error: || ApiError::UnsupportedMediaType {
            expected: "application/json",
        },
        concerns: |operation| operation.takes_body(),
    },
    Refusal {
        name: "WrongHost",
        meaning: "`Host` is neither loopback, nor an IP address, nor in `SRE_MONITOR_HOST_NAMES`.",
        error: || ApiError::WrongHost,
        concerns: |_| true,
    },
    Refusal {
        name: "Invalid",
        meaning: "It can be read, and says something that cannot be; `errors` holds every fault.",
        error: || ApiError::invalid("/time_window", "a window holds at least two slices"),
        concerns: |_| true,
    },
    Refusal {
        name: "TooManyRequests",
        meaning: "More than 50 requests a second from one token or address, or more than 10 wrong tokens a minute.",
        error: || ApiError::TooManyRequests {
            retry_after: SECOND,
        },
        concerns: |_| true,
    },
    Refusal {
        name: "HeadersTooLarge",
        meaning: "More than 64 headers, or 32 KiB of them.",
        error: || ApiError::HeadersTooLarge,
        concerns: |_| true,
    },
    Refusal {
        name: "Internal",
        meaning: "A fault of the service; the log holds it under `request_id`.",
        error: || ApiError::internal("a fault"),
        concerns: |_| true,
    },
    Refusal {
        name: "Unavailable",
        meaning: "Not now: the store is away, too much is asked at once, or it took too long.",
        error: || ApiError::unavailable("the store does not answer", SECOND),
        concerns: |_| true,
    },
    Refusal {
        name: "StorageFull",
        meaning: "The store has no room left; nothing was written.",
        error: || ApiError::StorageFull {
            source: "a fault".into(),
        },
        concerns: |operation| operation.writes(),
    },
];

const SECOND: Duration = Duration::from_secs(1);

impl Refusal {
    /// Those of an operation.
    pub(super) fn of(operation: Operation<'_>) -> impl Iterator<Item = &'static Self> {
        REFUSALS
            .iter()
            .filter(move |refusal| (refusal.concerns)(&operation))
    }

    /// What an operation says of it: where it is described.
    pub(super) fn reference(&self) -> RefOr<Response> {
        RefOr::Ref(Ref::from_response_name(self.name))
    }

    /// The status that it is answered with.
    pub(super) fn status(&self) -> u16 {
        (self.error)().status().as_u16()
    }

    fn response(&self, problem: &RefOr<Schema>) -> Response {
        let error = (self.error)();
        let brings = error.header();
        let mut response = Response::new(self.meaning);
        let mut content = MediaType::new(Some(problem.clone()));
        let example = error.problem("8c1f9a0b3d5e7f42".to_owned());
        content.example = serde_json::to_value(&example).ok();
        response
            .content
            .insert("application/problem+json".to_owned(), content.into());
        if let Some((name, value)) = brings {
            let header = header(self.meaning, value.to_str().unwrap_or_default());
            response
                .headers
                .insert(name.as_str().to_owned(), header.into());
        }
        response
    }
}

/// All refusals, for the components of the document.
pub(super) fn components(problem: &RefOr<Schema>) -> BTreeMap<String, RefOr<Response>> {
    REFUSALS
        .iter()
        .map(|refusal| (refusal.name.to_owned(), refusal.response(problem).into()))
        .collect()
}

/// A header of an answer.
pub(super) fn header(description: &str, example: &str) -> Header {
    let mut header = Header::new(text(None));
    header.description = Some(description.to_owned());
    header.example = Some(Value::String(example.to_owned()));
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_status_of_its_own_in_order() {
        let statuses: Vec<_> = REFUSALS
            .iter()
            .map(Refusal::status)
            .collect();
        let mut sorted = statuses.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(statuses, sorted);
        // 405 is another operation's affair.
        assert!(!statuses.contains(&405));
    }
}
