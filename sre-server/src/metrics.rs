//! Our own metrics.

use std::time::Duration;

use hyper::StatusCode;
use sre_core::monitor::{Dispatched, Evaluated, Sent};

use crate::http::RouteInfo;

/// Everything that `GET /metrics` shows of the process.
#[derive(Debug, Default)]
pub struct Metrics {}

impl Metrics {
    /// A request was answered.
    pub fn on_response(&self, _route: RouteInfo, _status: StatusCode, _duration: Duration) {}

    /// A handler panicked.
    pub fn on_panic(&self, _route: RouteInfo) {}

    /// A worker's activation ended.
    pub fn on_activation(&self, _worker: &'static str, _succeeded: bool, _took: Duration) {}

    /// A batch of slots was evaluated.
    pub fn on_evaluated(&self, _evaluated: &Evaluated) {}

    /// Due intents were judged.
    pub fn on_dispatched(&self, _dispatched: &Dispatched) {}

    /// A try of a delivery ended.
    pub fn on_sent(&self, _sent: &Sent) {}
}
