//! A response on its way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use crate::watch::Watch;

pin_project! {
    /// The response of a [`SloService`](crate::SloService), counted when it comes, or when it is
    /// dropped before.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        watch: Option<Watch>,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn new(inner: F, watch: Watch) -> Self {
        Self {
            inner,
            watch: Some(watch),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        if let Some(watch) = this.watch.take() {
            match &answer {
                Ok(response) => watch.answered(response.status(), response.headers()),
                Err(_) => watch.failed(),
            }
        }
        Poll::Ready(answer)
    }
}
