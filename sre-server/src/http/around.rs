//! Layers as functions: a layer is an async function of the request and the rest.
//!
//! A stack of them holds nothing, so it costs nothing to clone, as tower's services are for every
//! request; what they share travels with the request. The request is boxed, since every layer moves
//! it.

use std::convert::Infallible;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::dispatch::Arrival;
use super::response::Response;

/// What every service in the stack answers: failures are answers too.
pub(super) type Answer = Result<Response, Infallible>;

/// What lies further in.
pub(super) trait Next<A>:
    Service<Box<Arrival<A>>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
    /// Hands the request on. Nothing in the stack ever has to be waited for before that.
    fn run(mut self, arrival: Box<Arrival<A>>) -> Self::Future {
        self.call(arrival)
    }
}

impl<A, S> Next<A> for S where
    S: Service<Box<Arrival<A>>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// The layer that runs `wrap` around what lies further in.
pub(super) fn around<F>(wrap: F) -> AroundLayer<F> {
    AroundLayer { wrap }
}

/// See [`around`].
pub(super) struct AroundLayer<F> {
    wrap: F,
}

impl<F: Clone, S> Layer<S> for AroundLayer<F> {
    type Service = Around<F, S>;

    fn layer(&self, next: S) -> Self::Service {
        Around {
            wrap: self.wrap.clone(),
            next,
        }
    }
}

/// The service that an [`AroundLayer`] makes.
#[derive(Clone)]
pub(super) struct Around<F, S> {
    wrap: F,
    next: S,
}

impl<A, F, Fut, S> Service<Box<Arrival<A>>> for Around<F, S>
where
    F: Fn(Box<Arrival<A>>, S) -> Fut,
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

    fn call(&mut self, arrival: Box<Arrival<A>>) -> Fut {
        (self.wrap)(arrival, self.next.clone())
    }
}
