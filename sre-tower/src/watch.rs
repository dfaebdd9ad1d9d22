//! What is known of one request while it is under way.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, StatusCode};
use sre_core::recorder::{Event, SloRecorder};

use crate::layer::Shared;

/// One request under way; dropped unsettled, it was cancelled.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    route: Option<Arc<SloRecorder>>,
    /// `None` where nobody counts latency.
    began: Option<Instant>,
    is_settled: bool,
}

impl Watch {
    pub(crate) fn begin(shared: Arc<Shared>, route: Option<Arc<SloRecorder>>) -> Self {
        let began = shared.latency.as_ref().map(|_| now());
        Self {
            shared,
            route,
            began,
            is_settled: false,
        }
    }

    /// A response came.
    pub(crate) fn answered(mut self, status: StatusCode, headers: &HeaderMap) {
        self.is_settled = true;
        let Some(event) = (self.shared.classify)(status, headers) else {
            return;
        };
        self.record(event);
        if let (Some(latency), Some(began)) = (&self.shared.latency, self.began) {
            latency.record(now() - began);
        }
    }

    /// An error came in its place.
    pub(crate) fn failed(mut self) {
        self.is_settled = true;
        self.record(Event::Bad);
        if let Some(latency) = &self.shared.latency {
            latency.record_bad();
        }
    }

    fn record(&self, event: Event) {
        self.shared.outcomes.record(event);
        if let Some(route) = &self.route {
            route.record(event);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.is_settled || !self.shared.counts_cancelled {
            return;
        }
        self.record(Event::Bad);
        if let (Some(latency), Some(began)) = (&self.shared.latency, self.began) {
            latency.record_if_bad(now() - began);
        }
    }
}

/// How long requests take is measured here and nowhere else in this crate.
#[expect(
    clippy::disallowed_methods,
    reason = "a duration of the monotonic clock, which decides about no instant"
)]
fn now() -> Instant {
    Instant::now()
}
