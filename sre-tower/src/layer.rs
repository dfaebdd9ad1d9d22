//! The layer, and the service that it makes.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response, StatusCode};
use sre_core::recorder::{Event, SloRecorder};
use tower_layer::Layer;
use tower_service::Service;

use crate::classify;
use crate::future::ResponseFuture;
use crate::routes::{Head, Routes};
use crate::sink::{Latencies, Outcomes};
use crate::watch::Watch;

type Classify = dyn Fn(StatusCode, &HeaderMap) -> Option<Event> + Send + Sync;

/// Counts every request of the services that it is laid around; cheap to clone.
#[derive(Clone, Debug)]
pub struct SloLayer {
    shared: Arc<Shared>,
}

/// What every request of a layer shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) outcomes: Outcomes,
    pub(crate) latency: Option<Latencies>,
    pub(crate) classify: Arc<Classify>,
    pub(crate) counts_cancelled: bool,
    routes: Option<Arc<Routes>>,
}

/// A service whose requests are counted.
#[derive(Clone, Debug)]
pub struct SloService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl SloLayer {
    /// Counts how requests end: an `Arc` of an
    /// [`SloRecorder`] or of a [`Recorder`](sre_core::recorder::Recorder).
    #[must_use]
    pub fn new(outcomes: impl Into<Outcomes>) -> Self {
        Self {
            shared: Arc::new(Shared {
                outcomes: outcomes.into(),
                latency: None,
                classify: Arc::new(classify::http),
                counts_cancelled: true,
                routes: None,
            }),
        }
    }

    /// Counts how long requests take, too, until the head of the response: against the threshold of
    /// an [`SloRecorder`], or a line of its own.
    #[must_use]
    pub fn latency(self, latency: impl Into<Latencies>) -> Self {
        self.with(|shared| shared.latency = Some(latency.into()))
    }

    /// Says which responses are good, in place of [`classify::http`]; `None` leaves one out.
    #[must_use]
    pub fn classify(
        self,
        classify: impl Fn(StatusCode, &HeaderMap) -> Option<Event> + Send + Sync + 'static,
    ) -> Self {
        self.with(|shared| shared.classify = Arc::new(classify))
    }

    /// Counts cancelled requests for nothing: for services whose callers often change their mind.
    #[must_use]
    pub fn leave_out_cancelled(self) -> Self {
        self.with(|shared| shared.counts_cancelled = false)
    }

    /// Counts how requests end for each route as well: `label` names the route of a request (a pattern,
    /// never a path with an id in it), `slo` makes its recorder when it is seen first. Routes beyond
    /// [`ROUTES_MAX`](crate::ROUTES_MAX) are one, [`OTHER`](crate::OTHER).
    #[must_use]
    pub fn per_route(
        self,
        label: impl Fn(Head<'_>) -> Option<String> + Send + Sync + 'static,
        slo: impl Fn(&str) -> SloRecorder + Send + Sync + 'static,
    ) -> Self {
        let routes = Arc::new(Routes::new(label, slo));
        self.with(|shared| shared.routes = Some(routes))
    }

    /// The routes that were seen, with their recorders, in the order of their labels.
    #[must_use]
    pub fn routes(&self) -> Vec<(String, Arc<SloRecorder>)> {
        let routes = self.shared.routes.as_ref();
        routes
            .map(|routes| routes.all())
            .unwrap_or_default()
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }
}

impl<S> Layer<S> for SloLayer {
    type Service = SloService<S>;

    fn layer(&self, inner: S) -> SloService<S> {
        SloService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, B, R> Service<Request<B>> for SloService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let routes = self.shared.routes.as_ref();
        let route = routes.and_then(|routes| routes.of(Head::of(&request)));
        let watch = Watch::begin(Arc::clone(&self.shared), route);
        ResponseFuture::new(self.inner.call(request), watch)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("outcomes", &self.outcomes)
            .field("latency", &self.latency)
            .field("counts_cancelled", &self.counts_cancelled)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
