//! What happens around every handler, one function a concern; `http.rs` puts them in order.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::application::Application;
use super::around::{Answer, Next};
use super::dispatch::{self, Arrival};
use super::problem::ApiError;
use super::request_id::X_REQUEST_ID;
use super::response::{Response, with};

/// Every answer says under which id its request is known.
pub(super) async fn identify<A: Application, S: Next<A>>(
    arrival: Box<Arrival<A>>,
    next: S,
) -> Answer {
    let id = arrival.id.header_value();
    let response = next.run(arrival).await?;
    Ok(with(response, X_REQUEST_ID, id))
}

/// One line in the log and one count for every request. No query strings and no bodies: they may
/// hold what a log must not.
pub(super) async fn observe<A: Application, S: Next<A>>(
    arrival: Box<Arrival<A>>,
    next: S,
) -> Answer {
    let (shared, route) = (Arc::clone(&arrival.shared), arrival.info());
    let id = arrival.id.clone();
    let span = tracing::info_span!("request", request_id = %id);
    let began = Instant::now();
    let response = next
        .run(arrival)
        .instrument(span)
        .await?;
    let duration = began.elapsed();
    tracing::info!(
        method = route.method,
        route = route.pattern,
        status = response.status().as_u16(),
        duration_ms = duration.as_secs_f64() * 1000.0,
        request_id = %id,
        "request"
    );
    shared
        .application
        .on_response(route, response.status(), duration);
    Ok(response)
}

/// What a browser must not do with an answer, unless the answer itself says otherwise.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds the headers that keep browsers strict.
pub(super) async fn harden<A: Application, S: Next<A>>(
    arrival: Box<Arrival<A>>,
    next: S,
) -> Answer {
    let mut response = next.run(arrival).await?;
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(value);
    }
    Ok(response)
}

/// Browsers send fifteen headers, proxies add ten; what needs more than this is no client of ours.
/// (hyper itself stops at 100; told to stop earlier, it leaves its fast path for every request.)
const HEADERS_MAX: usize = 64;

/// Refuses other hosts, other sites' pages and heaps of headers, and keeps no connection to who
/// sends them.
pub(super) async fn guard<A: Application, S: Next<A>>(arrival: Box<Arrival<A>>, next: S) -> Answer {
    let checked = if arrival.parts.headers.len() > HEADERS_MAX {
        Err(ApiError::HeadersTooLarge)
    } else {
        arrival
            .shared
            .settings
            .names
            .check(&arrival.parts)
    };
    match checked {
        Ok(()) => next.run(arrival).await,
        Err(error) => Ok(close(error.into_response(&arrival.id))),
    }
}

/// A panic ends its request with 500, and nothing else.
pub(super) async fn catch_panic<A: Application, S: Next<A>>(
    arrival: Box<Arrival<A>>,
    next: S,
) -> Answer {
    let (shared, route) = (Arc::clone(&arrival.shared), arrival.info());
    let id = arrival.id.clone();
    // What the handler shares is behind locks that poison or is immutable.
    let caught = AssertUnwindSafe(next.run(arrival))
        .catch_unwind()
        .await;
    caught.unwrap_or_else(|_| {
        shared.application.on_panic(route);
        let place = format!("panic in {} {}", route.method, route.pattern);
        Ok(ApiError::internal(place).into_response(&id))
    })
}

/// A request is answered in time, or told that it is not.
pub(super) async fn time_out<A: Application, S: Next<A>>(
    arrival: Box<Arrival<A>>,
    next: S,
) -> Answer {
    let (deadline, id) = (arrival.deadline, arrival.id.clone());
    timeout_at(deadline, next.run(arrival))
        .await
        .unwrap_or_else(|_| Ok(dispatch::late().into_response(&id)))
}

/// The last answer on its connection.
pub(super) fn close(response: Response) -> Response {
    with(response, CONNECTION, HeaderValue::from_static("close"))
}
