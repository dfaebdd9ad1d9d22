//! What a response says of the request that it answers.

use http::{HeaderMap, StatusCode};
use sre_core::recorder::Event;

/// The service's own failures are bad, the caller's are good: from 500 on.
#[must_use]
pub fn http(status: StatusCode, _headers: &HeaderMap) -> Option<Event> {
    Some(Event::good_if(!status.is_server_error()))
}

/// As [`http()`], and by the status of gRPC where the head has one: `UNKNOWN`, `DEADLINE_EXCEEDED`,
/// `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS` are the service's own failures.
#[must_use]
pub fn grpc(status: StatusCode, headers: &HeaderMap) -> Option<Event> {
    let code = headers
        .get("grpc-status")
        .map(http::HeaderValue::as_bytes);
    let is_failure = matches!(code, Some(b"2" | b"4" | b"13" | b"14" | b"15"));
    Some(Event::good_if(!is_failure && !status.is_server_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_service_did_wrong_is_bad() {
        for (status, event) in [
            (200, Event::Good),
            (304, Event::Good),
            (404, Event::Good),
            (429, Event::Good),
            (499, Event::Good),
            (500, Event::Bad),
            (503, Event::Bad),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(http(status, &HeaderMap::new()), Some(event), "{status}");
        }
    }

    #[test]
    fn a_call_fails_by_its_own_status() {
        for (code, event) in [
            ("0", Event::Good),
            ("5", Event::Good),
            ("13", Event::Bad),
            ("14", Event::Bad),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-status"),
                code.parse().expect("a value"),
            )]);
            assert_eq!(grpc(StatusCode::OK, &headers), Some(event), "{code}");
        }
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(grpc(unavailable, &HeaderMap::new()), Some(Event::Bad));
    }
}
