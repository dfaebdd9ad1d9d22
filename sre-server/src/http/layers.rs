//! What happens around every handler, one function a concern; `http.rs` puts them in order.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::body::Body as _;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::around::{Answer, Next};
use super::body::{self, Body, Memory};
use super::call::Call;
use super::doc::{Access, BodyRule};
use super::origin::Names;
use super::problem::ApiError;
use super::query::Query;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::response::{Response, with};
use super::router::{Matched, Router};

/// How many requests may be worked on at once. Each may hold a connection to the store and an
/// answer of megabytes; beyond this, waiting would only make all of them late.
const IN_FLIGHT_MAX: usize = 64;

/// After how long a shed request may come back: most requests take milliseconds.
const SHED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the HTTP side asks of the application, which is also what handlers get as their context.
pub trait Application: Send + Sync + 'static {
    /// The present instant, read once for each request.
    fn now(&self) -> DateTime<Utc>;

    /// Refuses a caller that may not do this. Without tokens (on loopback, or by explicit
    /// permission) everybody may do everything.
    ///
    /// # Errors
    ///
    /// [`ApiError::Unauthenticated`] or [`ApiError::Forbidden`].
    fn authorize(&self, _access: Access, _headers: &HeaderMap) -> Result<(), ApiError> {
        Ok(())
    }

    /// A request was answered: for metrics, and the SLOs of the service itself. Probes are left out.
    fn on_response(&self, _route: RouteInfo, _status: StatusCode, _duration: Duration) {}

    /// A handler panicked. The request was answered with 500.
    fn on_panic(&self, _route: RouteInfo) {}
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

impl Settings {
    fn body_limit(&self, rule: &BodyRule) -> usize {
        if rule.large {
            self.large_body_bytes_max
        } else {
            self.body_bytes_max
        }
    }
}

/// What all requests share.
pub(super) struct Shared<A> {
    pub(super) application: Arc<A>,
    pub(super) router: Arc<Router<A>>,
    pub(super) settings: Settings,
    in_flight: Semaphore,
    body_memory: Memory,
}

impl<A> Shared<A> {
    pub(super) fn new(router: Arc<Router<A>>, application: Arc<A>, settings: Settings) -> Self {
        Self {
            application,
            router,
            settings,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            body_memory: Memory::new(),
        }
    }
}

/// A request on its way in: its route is known from the start, so that every layer can name it.
pub(super) struct Arrival<A> {
    pub(super) parts: Parts,
    pub(super) body: Body,
    pub(super) route: Result<Matched<A>, ApiError>,
    pub(super) id: RequestId,
    pub(super) deadline: Instant,
}

impl<A> Arrival<A> {
    fn info(&self) -> RouteInfo {
        let pattern = self
            .route
            .as_ref()
            .map_or("unmatched", |matched| matched.route.pattern);
        RouteInfo {
            method: method_name(&self.parts.method),
            pattern,
        }
    }

    fn is_probe(&self) -> bool {
        self.route
            .as_ref()
            .is_ok_and(|matched| matched.route.doc.probe)
    }
}

/// Every answer says under which id its request is known.
pub(super) async fn identify<A: Application, S: Next<A>>(
    _: Arc<Shared<A>>,
    arrival: Arrival<A>,
    next: S,
) -> Answer {
    let id = arrival.id.header_value();
    let response = next.oneshot(arrival).await?;
    Ok(with(response, X_REQUEST_ID, id))
}

/// One line in the log and one count for every request. No query strings and no bodies: they may
/// hold what a log must not.
pub(super) async fn observe<A: Application, S: Next<A>>(
    shared: Arc<Shared<A>>,
    arrival: Arrival<A>,
    next: S,
) -> Answer {
    let (route, id) = (arrival.info(), arrival.id.clone());
    let span = tracing::info_span!("request", request_id = id.as_str());
    let began = Instant::now();
    let response = next
        .oneshot(arrival)
        .instrument(span)
        .await?;
    let duration = began.elapsed();
    tracing::info!(
        method = route.method,
        route = route.pattern,
        status = response.status().as_u16(),
        duration_ms = duration.as_secs_f64() * 1000.0,
        request_id = id.as_str(),
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
    _: Arc<Shared<A>>,
    arrival: Arrival<A>,
    next: S,
) -> Answer {
    let mut response = next.oneshot(arrival).await?;
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(value);
    }
    Ok(response)
}

/// Refuses other hosts and other sites' pages, and keeps no connection to who asks for them.
pub(super) async fn guard<A: Application, S: Next<A>>(
    shared: Arc<Shared<A>>,
    arrival: Arrival<A>,
    next: S,
) -> Answer {
    match shared
        .settings
        .names
        .check(&arrival.parts)
    {
        Ok(()) => next.oneshot(arrival).await,
        Err(error) => Ok(close(error.into_response(&arrival.id))),
    }
}

/// A panic ends its request with 500, and nothing else.
pub(super) async fn catch_panic<A: Application, S: Next<A>>(
    shared: Arc<Shared<A>>,
    arrival: Arrival<A>,
    next: S,
) -> Answer {
    let (route, id) = (arrival.info(), arrival.id.clone());
    // What the handler shares is behind locks that poison or is immutable.
    let caught = AssertUnwindSafe(next.oneshot(arrival))
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
    _: Arc<Shared<A>>,
    arrival: Arrival<A>,
    next: S,
) -> Answer {
    let (deadline, id) = (arrival.deadline, arrival.id.clone());
    timeout_at(deadline, next.oneshot(arrival))
        .await
        .unwrap_or_else(|_| {
            let error = ApiError::unavailable("the request took too long", SHED_RETRY_AFTER);
            Ok(error.into_response(&id))
        })
}

/// The innermost: the handler, or why it is not called.
pub(super) async fn answer<A: Application>(shared: Arc<Shared<A>>, arrival: Arrival<A>) -> Answer {
    let id = arrival.id.clone();
    let head = arrival.parts.method == Method::HEAD;
    let answered = handle(&shared, arrival).await;
    let response = answered.unwrap_or_else(|error| error.into_response(&id));
    Ok(if head {
        without_body(response)
    } else {
        response
    })
}

async fn handle<A: Application>(
    shared: &Shared<A>,
    arrival: Arrival<A>,
) -> Result<Response, ApiError> {
    let probe = arrival.is_probe();
    let Arrival {
        parts,
        body,
        route,
        id,
        deadline,
    } = arrival;
    let Matched { route, params } = route?;
    shared
        .application
        .authorize(route.doc.access, &parts.headers)?;
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    query.refuse_unknown(&route.parameters)?;
    if !probe && shared.in_flight.available_permits() == 0 {
        return Err(shed());
    }
    // A slow body holds its connection and what came of it, but no place among the requests that
    // are worked on: sixty-four drips must not close the service.
    let held = match &route.doc.body {
        Some(rule) => {
            let limit_bytes = shared.settings.body_limit(rule);
            body::read(
                body,
                &parts.headers,
                rule,
                limit_bytes,
                deadline,
                &shared.body_memory,
            )
            .await?
        }
        None => body::Held::default(),
    };
    let _place = if probe {
        None
    } else {
        Some(
            shared
                .in_flight
                .try_acquire()
                .map_err(|_| shed())?,
        )
    };
    let call = Call {
        context: Arc::clone(&shared.application),
        params,
        query,
        headers: parts.headers,
        body: held.bytes.clone(),
        request_id: id,
        now: shared.application.now(),
    };
    (route.handler)(call).await
}

fn shed() -> ApiError {
    ApiError::unavailable("too many requests at once", SHED_RETRY_AFTER)
}

/// The answer to `HEAD`: what `GET` would say of itself, without the thing.
fn without_body(response: Response) -> Response {
    let length = response
        .body()
        .size_hint()
        .exact()
        .unwrap_or_default();
    let response = with(response, CONTENT_LENGTH, HeaderValue::from(length));
    response.map(|_| Full::new(Bytes::new()))
}

/// The last answer on its connection.
pub(super) fn close(response: Response) -> Response {
    with(response, CONNECTION, HeaderValue::from_static("close"))
}

fn method_name(method: &Method) -> &'static str {
    const NAMES: [&str; 9] = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT",
    ];
    NAMES
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("OTHER")
}
