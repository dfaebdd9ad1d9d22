//! The HTTP API: hyper, a router of a hundred lines and a handful of layers, no framework.
//!
//! A request passes the layers of [`service`], finds its line in the table of [`Routes`] and is
//! handed to a handler as a [`Call`]. The table is also where the OpenAPI document comes from, so
//! the two cannot differ:
//!
//! ```
//! use std::sync::Arc;
//!
//! use hyper::Method;
//! use sre_server::http::doc::{Access, Doc};
//! use sre_server::http::{ApiError, Call, Response, Router, Routes, response};
//! # struct App;
//!
//! #[derive(serde::Serialize, utoipa::ToSchema)]
//! struct Greeting { hello: String }
//!
//! async fn greet(call: Call<App>) -> Result<Response, ApiError> {
//!     response::ok(&Greeting { hello: call.params.get("name").to_owned() })
//! }
//!
//! fn greet_doc() -> Doc {
//!     Doc::new(Access::Open, "greetings", "A greeting").answers::<Greeting>(200, "Hello.")
//! }
//!
//! let router: Arc<Router<App>> = Arc::new(
//!     Routes::new()
//!         .route(Method::GET, "/hello/{name}", greet, greet_doc())
//!         .into_router(),
//! );
//! ```

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Body;
use hyper::header::TRANSFER_ENCODING;
use tokio::time::Instant;
use tower::{Service, ServiceBuilder, service_fn};

pub mod application;
mod around;
mod body;
pub mod call;
mod dispatch;
pub mod doc;
pub mod etag;
pub mod fault;
pub mod field;
pub mod fields;
mod idempotency;
pub mod json;
mod layers;
mod openapi;
mod origin;
pub mod page;
mod percent;
pub mod problem;
pub mod query;
pub mod request_id;
pub mod response;
mod router;

pub use self::application::{Application, Asked, Caller, RouteInfo, Settings};
pub use self::call::Call;
pub use self::fields::Fields;

pub use self::origin::Names;
pub(crate) use self::problem::unreadable_head;
pub use self::problem::{ApiError, BoxError};
pub use self::response::Response;
pub use self::router::{Line, Router, Routes};

use self::around::{Next, around};
pub(crate) use self::dispatch::Remote;
use self::dispatch::{Arrival, Shared, answer};
use self::layers::{catch_panic, close, guard, harden, identify, observe, time_out};
use self::request_id::RequestId;

/// The whole API as one service, over bodies of any kind: tests call it without a socket.
pub fn service<A, B>(
    router: Arc<Router<A>>,
    application: Arc<A>,
    settings: Settings,
) -> impl Service<
    Request<B>,
    Response = Response,
    Error = Infallible,
    Future = BoxFuture<'static, Result<Response, Infallible>>,
> + Clone
+ Send
+ Sync
+ 'static
where
    A: Application,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    // From the outside in.
    let full = ServiceBuilder::new()
        .layer(around(identify))
        .layer(around(observe))
        .layer(around(harden))
        .layer(around(guard))
        .layer(around(catch_panic))
        .layer(around(time_out))
        .service(service_fn(answer));
    // What machines ask every second: neither logged nor named, and never waiting for anything.
    let short = ServiceBuilder::new()
        .layer(around(guard))
        .layer(around(catch_panic))
        .service(service_fn(answer));
    let shared = Arc::new(Shared::new(router, application, settings));
    Entrance {
        shared,
        full,
        short,
    }
}

/// Finds the route of a request and sends it through the layers that the route asks for.
struct Entrance<A, F, S> {
    shared: Arc<Shared<A>>,
    full: F,
    short: S,
}

impl<A, B, F, S> Service<Request<B>> for Entrance<A, F, S>
where
    A: Application,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    F: Next<A>,
    S: Next<A>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let route = self
            .shared
            .router
            .find(&parts.method, parts.uri.path());
        let chunked = parts
            .headers
            .contains_key(TRANSFER_ENCODING);
        let arrival = Box::new(Arrival {
            shared: Arc::clone(&self.shared),
            id: RequestId::of(&parts.headers),
            deadline: Instant::now() + self.shared.settings.request_timeout,
            parts,
            body: body.map_err(Into::into).boxed_unsync(),
            route,
        });
        let answer = if arrival.is_probe() {
            self.short.call(arrival).boxed()
        } else {
            self.full.call(arrival).boxed()
        };
        // After a chunked body the head guard cannot tell where the next request begins.
        if chunked {
            answer
                .map(|answer| answer.map(close))
                .boxed()
        } else {
            answer
        }
    }
}

impl<A, F: Clone, S: Clone> Clone for Entrance<A, F, S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            full: self.full.clone(),
            short: self.short.clone(),
        }
    }
}
