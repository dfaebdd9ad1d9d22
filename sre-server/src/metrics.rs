//! Our own metrics: how the monitor itself fares, in the words of Prometheus.
//!
//! Two kinds. What this process counts is counted here as it happens. What the store knows (how each
//! SLO stands, how much waits to be sent) is read when somebody asks, so that nothing outlives what
//! it speaks of: see [`slos`]. A series that has no value is left out; it is never shown as 0.

pub mod alerts;
pub mod channels;
mod error_rate;
pub mod incidents;
pub mod page;
mod process;
pub mod services;
pub mod slos;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use sre_core::monitor::{Dispatched, Evaluated, Sent};
use sre_core::name::DestinationId;
use sre_core::notification::{Destination, Withheld};
use sre_core::source::FailureClass;
use tokio::time::Instant;

use self::error_rate::ErrorRate;
use self::page::{Kind, Page};
use crate::http::RouteInfo;

/// How often the templates of one channel of a receiver failed.
pub struct TemplateCount {
    /// The kind of channel.
    pub channel: &'static str,
    /// The receiver.
    pub receiver: String,
    /// Asks for the count since the start of the process.
    pub count: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl fmt::Debug for TemplateCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateCount")
            .field("channel", &self.channel)
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}

/// Everything that `GET /metrics` shows of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_durations: HistogramVec,
    panics: IntCounter,
    activations: IntCounterVec,
    worker_durations: HistogramVec,
    slots: IntCounterVec,
    source_failures: IntCounterVec,
    withheld: IntCounterVec,
    heartbeats: IntCounterVec,
    connections: OnceLock<IntGauge>,
    blind: OnceLock<IntGauge>,
    insecure: OnceLock<IntGauge>,
    /// Labelled by name when shown: names come from the configuration, counts by id.
    deliveries: Mutex<BTreeMap<(DestinationId, &'static str), u64>>,
    templates: OnceLock<Vec<TemplateCount>>,
    error_rate: Mutex<ErrorRate>,
    began: Instant,
    /// Milliseconds after `began`, plus one; 0 for never.
    source_failed_ms: AtomicU64,
}

impl Metrics {
    /// A request was answered.
    pub fn on_response(&self, route: RouteInfo, status: StatusCode, duration: Duration) {
        self.on_scrape(route, status, duration);
        let second = self.began.elapsed().as_secs();
        self.error_rate()
            .record(second, status.is_server_error());
    }

    /// A request for these metrics was answered: counted as one, but no part of the error rate,
    /// which is about those whom the service is for.
    pub fn on_scrape(&self, route: RouteInfo, status: StatusCode, duration: Duration) {
        self.requests
            .with_label_values(&[route.method, route.pattern, status.as_str()])
            .inc();
        self.request_durations
            .with_label_values(&[route.method, route.pattern])
            .observe(duration.as_secs_f64());
    }

    /// A handler panicked.
    pub fn on_panic(&self, _route: RouteInfo) {
        self.panics.inc();
    }

    /// A worker's activation ended.
    pub fn on_activation(&self, worker: &'static str, succeeded: bool, took: Duration) {
        let activations = |outcome| {
            self.activations
                .with_label_values(&[worker, outcome])
        };
        // Both are shown from the first activation on: a rate needs the zero before the one.
        activations("succeeded").inc_by(u64::from(succeeded));
        activations("failed").inc_by(u64::from(!succeeded));
        self.worker_duration(worker)
            .observe(took.as_secs_f64());
    }

    /// A batch of slots was evaluated.
    pub fn on_evaluated(&self, evaluated: &Evaluated) {
        let counts = [
            ("applied", evaluated.applied),
            ("superseded", evaluated.superseded),
            ("failed", evaluated.failed),
            ("missed", evaluated.missed),
        ];
        for (outcome, count) in counts {
            self.slots
                .with_label_values(&[outcome])
                .inc_by(u64::from(count));
        }
        for (class, count) in &evaluated.source_failures {
            self.source_failures
                .with_label_values(&[class.as_str()])
                .inc_by(u64::from(*count));
        }
        if !evaluated.source_failures.is_empty() {
            let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.source_failed_ms
                .store(now.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Due intents were judged.
    pub fn on_dispatched(&self, dispatched: &Dispatched) {
        for (rule, count) in &dispatched.withheld {
            self.withheld
                .with_label_values(&[rule])
                .inc_by(u64::from(*count));
        }
    }

    /// A try of a delivery ended.
    pub fn on_sent(&self, sent: &Sent) {
        let mut deliveries = self.deliveries();
        let count = deliveries
            .entry((sent.destination_id, sent.outcome))
            .or_default();
        *count = count.saturating_add(1);
    }

    /// Says how many connections to the database are in use. The gauge is shown from then on.
    pub fn set_active_connections(&self, connections: u32) {
        let text = "Connections to the database that are in use.";
        self.gauge(&self.connections, "sre_monitor_active_connections", text)
            .set(i64::from(connections));
    }

    /// Says whether anybody who can connect may do everything. The gauge is shown from then on.
    pub fn set_insecure_mode(&self, is_insecure: bool) {
        let text = "1 when anybody who can connect may do everything.";
        self.gauge(&self.insecure, "sre_monitor_insecure_mode", text)
            .set(i64::from(is_insecure));
    }

    /// Says whether the service was told to be blind. The gauge is shown from then on.
    pub fn set_blind(&self, is_blind: bool) {
        let text =
            "1 from when every channel is told that the service is blind until it sees again.";
        self.gauge(&self.blind, "sre_monitor_blind", text)
            .set(i64::from(is_blind));
    }

    /// From now on shows how often templates failed.
    pub fn watch_templates(&self, counts: Vec<TemplateCount>) {
        // A process puts its channels together once.
        let _ = self.templates.set(counts);
    }

    /// A heartbeat was sent.
    pub fn on_heartbeat(&self, was_heard: bool) {
        self.heartbeats
            .with_label_values(&[if was_heard { "heard" } else { "failed" }])
            .inc();
    }

    /// How long ago a source of metrics failed last; `None` when none ever did.
    pub fn source_failed_ago(&self) -> Option<Duration> {
        let failed = self
            .source_failed_ms
            .load(Ordering::Relaxed);
        let failed = Duration::from_millis(failed.checked_sub(1)?);
        Some(
            self.began
                .elapsed()
                .saturating_sub(failed),
        )
    }

    /// Writes everything that this process counted; `destinations` name those it sent to.
    pub fn write(&self, page: &mut Page, destinations: &[Destination]) {
        let mut text = String::new();
        // It fails on names that are not Prometheus', and ours are fixed and tested.
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics could not be written");
        }
        page.append(&text);
        self.write_deliveries(page, destinations);
        self.write_templates(page);
        let second = self.began.elapsed().as_secs();
        if let Some(share) = self.error_rate().share(second) {
            let text = "Share of requests of the last five minutes that were answered with 5xx.";
            page.family("sre_monitor_error_rate", Kind::Gauge, text)
                .sample(&[], share);
        }
        process::write(page);
    }

    /// Tries by destination and outcome; zeros included for what is configured.
    fn write_deliveries(&self, page: &mut Page, destinations: &[Destination]) {
        let deliveries = self.deliveries().clone();
        let mut family = page.family(
            "sre_monitor_deliveries_total",
            Kind::Counter,
            "Tries to deliver a message, by what came of them.",
        );
        for destination in destinations {
            for outcome in OUTCOMES {
                let count = deliveries
                    .get(&(destination.id, outcome))
                    .copied()
                    .unwrap_or_default();
                let labels = [
                    ("channel", destination.channel.as_ref()),
                    ("destination", destination.name.as_str()),
                    ("outcome", outcome),
                ];
                family.count(&labels, count);
            }
        }
    }

    /// Failures of templates, zeros included for whoever has some.
    fn write_templates(&self, page: &mut Page) {
        let counts = self
            .templates
            .get()
            .map_or(&[][..], Vec::as_slice);
        if counts.is_empty() {
            return;
        }
        let mut family = page.family(
            "sre_monitor_template_errors_total",
            Kind::Counter,
            "Messages that went out in built-in words, since their template failed.",
        );
        let mut by_labels: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for template in counts {
            let count = by_labels
                .entry((template.channel, &template.receiver))
                .or_default();
            *count = count.saturating_add((template.count)());
        }
        for ((channel, receiver), count) in by_labels {
            family.count(&[("channel", channel), ("receiver", receiver)], count);
        }
    }

    fn worker_duration(&self, worker: &str) -> Histogram {
        self.worker_durations
            .with_label_values(&[worker])
    }

    fn gauge<'a>(
        &self,
        cell: &'a OnceLock<IntGauge>,
        name: &'static str,
        help: &'static str,
    ) -> &'a IntGauge {
        cell.get_or_init(|| {
            let gauge = IntGauge::new(name, help).expect(DISTINCT);
            registered(&self.registry, gauge)
        })
    }

    fn deliveries(&self) -> MutexGuard<'_, BTreeMap<(DestinationId, &'static str), u64>> {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn error_rate(&self) -> MutexGuard<'_, ErrorRate> {
        self.error_rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels).expect(DISTINCT);
            registered(&registry, counters)
        };
        let durations = |name: &str, help: &str, labels: &[&str]| {
            let options = HistogramOpts::new(name, help).buckets(BUCKETS_SECONDS.to_vec());
            registered(
                &registry,
                HistogramVec::new(options, labels).expect(DISTINCT),
            )
        };
        let requests = counters(
            "sre_monitor_requests_total",
            "Requests answered, health checks left out.",
            &["method", "route", "status"],
        );
        let request_durations = durations(
            "sre_monitor_request_duration_seconds",
            "How long requests took to answer.",
            &["method", "route"],
        );
        let activations = counters(
            "sre_monitor_worker_activations_total",
            "Activations of background workers, by how they ended.",
            &["worker", "outcome"],
        );
        let worker_durations = durations(
            "sre_monitor_worker_duration_seconds",
            "How long activations of background workers took.",
            &["worker"],
        );
        let slots = counters(
            "sre_monitor_slots_total",
            "Slots of SLOs: committed, left to another, failed, or passed without evaluation.",
            &["outcome"],
        );
        let source_failures = counters(
            "sre_monitor_source_failures_total",
            "SLO evaluations for which the source of metrics had no answer, by why.",
            &["class"],
        );
        let withheld = counters(
            "sre_monitor_notifications_withheld_total",
            "Notifications that were not sent, by the rule that decided.",
            &["rule"],
        );
        let heartbeats = counters(
            "sre_monitor_heartbeats_total",
            "Heartbeats sent, by whether they were heard.",
            &["outcome"],
        );
        let panics = IntCounter::new(
            "sre_monitor_panics_total",
            "Requests that ended in a fault of the program.",
        );
        for outcome in ["applied", "superseded", "failed", "missed"] {
            slots.with_label_values(&[outcome]);
        }
        for class in FailureClass::ALL {
            source_failures.with_label_values(&[class.as_str()]);
        }
        for outcome in ["heard", "failed"] {
            heartbeats.with_label_values(&[outcome]);
        }
        for rule in RULES {
            withheld.with_label_values(&[rule.as_str()]);
        }
        Self {
            panics: registered(&registry, panics.expect(DISTINCT)),
            registry,
            requests,
            request_durations,
            activations,
            worker_durations,
            slots,
            source_failures,
            withheld,
            heartbeats,
            connections: OnceLock::new(),
            blind: OnceLock::new(),
            insecure: OnceLock::new(),
            deliveries: Mutex::default(),
            templates: OnceLock::new(),
            error_rate: Mutex::default(),
            began: Instant::now(),
            source_failed_ms: AtomicU64::new(0),
        }
    }
}

/// The metric, shown by the registry from here on.
fn registered<M: Collector + Clone + 'static>(registry: &Registry, metric: M) -> M {
    registry
        .register(Box::new(metric.clone()))
        .expect(DISTINCT);
    metric
}

/// Why making a metric cannot fail.
const DISTINCT: &str = "the metrics have legal names, each its own";

/// From a millisecond, in which most requests are answered, to the default time limit.
const BUCKETS_SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0,
];

/// What can come of a try ([`Sent::outcome`]).
const OUTCOMES: [&str; 6] = [
    "delivered",
    "retry",
    "unknown",
    "degraded",
    "dead",
    "superseded",
];

/// Why a notification can stay unsent.
const RULES: [Withheld; 6] = [
    Withheld::NeverTold,
    Withheld::Cooldown,
    Withheld::Acknowledged,
    Withheld::Flapping,
    Withheld::NothingNew,
    Withheld::Shadow,
];

#[cfg(test)]
mod tests;
