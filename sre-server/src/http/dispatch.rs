//! From a request that passed the layers to its handler.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Method;
use hyper::body::Body as _;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::application::{Application, Asked, RouteInfo, Settings};
use super::around::Answer;
use super::body::{self, Body, Memory};
use super::call::Call;
use super::doc::BodyRule;
use super::idempotency::{self, Once};
use super::problem::ApiError;
use super::query::Query;
use super::request_id::RequestId;
use super::response::{Response, with};
use super::router::{Matched, Router};

/// How many requests may be worked on at once. Each may hold a connection to the store and an
/// answer of megabytes; beyond this, waiting would only make all of them late.
const IN_FLIGHT_MAX: usize = 64;

/// After how long a shed request may come back: most requests take milliseconds.
const SHED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Who is at the other end of the connection, among the extensions of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remote(pub(crate) IpAddr);

/// What all requests share.
pub(super) struct Shared<A> {
    pub(super) application: Arc<A>,
    pub(super) router: Arc<Router<A>>,
    pub(super) settings: Settings,
    in_flight: Arc<Semaphore>,
    body_memory: Memory,
}

impl<A> Shared<A> {
    pub(super) fn new(router: Arc<Router<A>>, application: Arc<A>, settings: Settings) -> Self {
        Self {
            application,
            router,
            settings,
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT_MAX)),
            body_memory: Memory::new(),
        }
    }
}

/// A request on its way in: its route is known from the start, so that every layer can name it.
pub(super) struct Arrival<A> {
    pub(super) shared: Arc<Shared<A>>,
    pub(super) parts: Parts,
    pub(super) body: Body,
    pub(super) route: Result<Matched<A>, ApiError>,
    pub(super) id: RequestId,
    pub(super) deadline: Instant,
}

impl<A> Arrival<A> {
    pub(super) fn info(&self) -> RouteInfo {
        let pattern = self
            .route
            .as_ref()
            .map_or("unmatched", |matched| matched.route.pattern);
        RouteInfo::new(&self.parts.method, pattern)
    }

    pub(super) fn is_probe(&self) -> bool {
        self.route
            .as_ref()
            .is_ok_and(|matched| matched.route.doc.probe)
    }

    fn is_page(&self) -> bool {
        self.route
            .as_ref()
            .is_ok_and(|matched| matched.route.doc.is_page)
    }
}

/// The innermost: the handler, or why it is not called.
pub(super) async fn answer<A: Application>(arrival: Box<Arrival<A>>) -> Answer {
    let id = arrival.id.clone();
    let head = arrival.parts.method == Method::HEAD;
    let page = arrival
        .is_page()
        .then(|| (Arc::clone(&arrival.shared), arrival.parts.uri.clone()));
    let answered = handle(arrival).await;
    let response = answered.unwrap_or_else(|error| match page {
        Some((shared, address)) => shared
            .application
            .show(error, &address, &id),
        None => error.into_response(&id),
    });
    Ok(if head {
        without_body(response)
    } else {
        response
    })
}

async fn handle<A: Application>(arrival: Box<Arrival<A>>) -> Result<Response, ApiError> {
    let probe = arrival.is_probe();
    let Arrival {
        shared,
        parts,
        body,
        route,
        id,
        deadline,
    } = *arrival;
    let Matched { route, params } = route?;
    let remote = parts
        .extensions
        .get::<Remote>()
        .map(|remote| remote.0);
    let caller = shared.application.authorize(&Asked {
        access: route.doc.access,
        method: &parts.method,
        headers: &parts.headers,
        remote,
        is_probe: probe,
    })?;
    // What a page is answered is made for one browser alone.
    let key = if route.doc.is_page {
        None
    } else {
        idempotency::key(&parts)?
    };
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
            let memory = &shared.body_memory;
            // Boxed, so that requests without a body do not carry the room for reading one.
            Box::pin(body::read(
                body,
                &parts.headers,
                rule,
                limit_bytes,
                deadline,
                memory,
            ))
            .await?
        }
        None => body::Held::default(),
    };
    let place = if probe {
        None
    } else {
        Some(Arc::clone(&shared.in_flight).try_acquire_owned())
    };
    let place = place.transpose().map_err(|_| shed())?;
    let now = shared.application.now();
    let once = key.map(|key| {
        let timeout = shared.settings.request_timeout;
        Once::new(key, &caller, &parts, &held.bytes, now, timeout)
    });
    let call = Call {
        context: Arc::clone(&shared.application),
        params,
        query,
        headers: parts.headers,
        body: held.bytes.clone(),
        caller,
        remote,
        request_id: id.clone(),
        now,
    };
    match (once, shared.application.replies()) {
        (Some(once), Some(replies)) => {
            // What is repeated beside itself would be done twice: none goes on for longer than its
            // claim stands.
            let work = timeout(shared.settings.request_timeout, (route.handler)(call));
            let work = async move {
                let answered = work
                    .await
                    .unwrap_or_else(|_| Err(late()));
                drop(place);
                answered.unwrap_or_else(|error| error.into_response(&id))
            };
            once.run(replies, work).await
        }
        _ => (route.handler)(call).await,
    }
}

fn shed() -> ApiError {
    ApiError::unavailable("too many requests at once", SHED_RETRY_AFTER)
}

/// What is said when a request has taken all the time that it may.
pub(super) fn late() -> ApiError {
    ApiError::unavailable("the request took too long", SHED_RETRY_AFTER)
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

impl Settings {
    fn body_limit(&self, rule: &BodyRule) -> usize {
        if rule.large {
            self.large_body_bytes_max
        } else {
            self.body_bytes_max
        }
    }
}
