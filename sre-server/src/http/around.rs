//! Layers as functions: a layer is an async function of what is shared, the request and the rest.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::layers::{Arrival, Shared};
use super::response::Response;

/// What every service in the stack answers: failures are answers too.
pub(super) type Answer = Result<Response, Infallible>;

/// What lies further in.
pub(super) trait Next<A>:
    Service<Arrival<A>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<A, S> Next<A> for S where
    S: Service<Arrival<A>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// The layer that runs `wrap` around what lies further in.
pub(super) struct AroundLayer<A, F> {
    shared: Arc<Shared<A>>,
    wrap: F,
}

/// See [`AroundLayer`].
pub(super) fn around<A, F>(shared: &Arc<Shared<A>>, wrap: F) -> AroundLayer<A, F> {
    AroundLayer {
        shared: Arc::clone(shared),
        wrap,
    }
}

impl<A, F: Clone, S> Layer<S> for AroundLayer<A, F> {
    type Service = Around<A, F, S>;

    fn layer(&self, next: S) -> Self::Service {
        Around {
            shared: Arc::clone(&self.shared),
            wrap: self.wrap.clone(),
            next,
        }
    }
}

/// The service that an [`AroundLayer`] makes.
pub(super) struct Around<A, F, S> {
    shared: Arc<Shared<A>>,
    wrap: F,
    next: S,
}

impl<A, F: Clone, S: Clone> Clone for Around<A, F, S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            wrap: self.wrap.clone(),
            next: self.next.clone(),
        }
    }
}

impl<A, F, Fut, S> Service<Arrival<A>> for Around<A, F, S>
where
    F: Fn(Arc<Shared<A>>, Arrival<A>, S) -> Fut,
    Fut: Future<Output = Answer>,
    S: Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Fut;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The function awaits what lies further in when it comes to it.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, arrival: Arrival<A>) -> Fut {
        (self.wrap)(Arc::clone(&self.shared), arrival, self.next.clone())
    }
}
