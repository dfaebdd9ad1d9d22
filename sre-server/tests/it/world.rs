//! The whole API without a socket: over the store in memory, with a clock that tests set.
//!
//! ```ignore
//! let world = World::new();                       // noon of one day, an empty store
//! let made = world.post("/slo", &json!({…})).await;
//! world.push("checkout", "availability", counts(998, 1_000)).await;
//! world.run_for(Span::minutes(5)).await;          // the real evaluator, at every slot
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;
use sre_collect::{PrometheusConfig, PrometheusSource};
use sre_core::monitor::{
    self, DispatcherPorts, Evaluator, EvaluatorPorts, HealthAssessor, MonitorSettings, Replayer,
    Suppressors,
};
use sre_core::notification::Notifier;
use sre_core::sample::{Sample, SampleValue};
use sre_core::store::Samples as _;
use sre_core::time::{Clock, Span};
use sre_core::window::Window;
use sre_server::api;
use sre_server::context::{About, Context, SloDefaults};
use sre_server::http::{self, Router, Settings};
use sre_server::simulation::SimulationRoom;
use sre_store_conformance::fixtures;
use sre_store_memory::MemoryStore;

use crate::http::{Answered, answered};

/// Nobody listens on the first port.
const UNREACHABLE: &str = "http://127.0.0.1:1";

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that shows `at`.
    pub(crate) fn at(at: DateTime<Utc>) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves the clock to `at`.
    pub(crate) fn set(&self, at: DateTime<Utc>) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The API with everything under it.
pub(crate) struct World {
    /// What is stored.
    pub(crate) store: Arc<MemoryStore>,
    /// The time.
    pub(crate) clock: Arc<ManualClock>,
    /// What handlers share.
    pub(crate) context: Arc<Context>,
    /// The table of routes.
    pub(crate) router: Arc<Router<Context>>,
    evaluator: Evaluator,
}

impl World {
    /// An empty store at noon, without a Prometheus and without destinations.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with a Prometheus that nobody reaches: of what is written for it only the syntax is
    /// known.
    pub(crate) fn with_prometheus() -> Self {
        Self::asking(UNREACHABLE)
    }

    /// The same with a Prometheus at an address.
    pub(crate) fn asking(url: &str) -> Self {
        // As the binary does it first thing; a second time changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = PrometheusConfig::new(url.parse().expect("a url"));
        let source = PrometheusSource::new(&config).expect("a source");
        Self::with(|context| context.source = Some(Arc::new(source)))
    }

    /// The same with a context that `adjust` has changed.
    pub(crate) fn with(adjust: impl FnOnce(&mut Context)) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::at(fixtures::at(0)));
        let mut context = context(&store, &clock);
        adjust(&mut context);
        if context.router.tree().is_none() {
            let everyone: Vec<_> = context
                .destinations
                .iter()
                .map(|destination| destination.id)
                .collect();
            context.router = monitor::Router::from(everyone);
        }
        let ports = EvaluatorPorts {
            evaluations: Arc::clone(&context.evaluations),
            samples: Arc::clone(&context.samples),
            alerts: Arc::clone(&context.alerts),
            services: Arc::clone(&context.services),
            source: None,
        };
        let (settings, routes) = (context.settings, context.router.clone());
        Self {
            evaluator: Evaluator::new(ports, settings, routes, "test".to_owned()),
            store,
            clock,
            context: Arc::new(context),
            router: Arc::new(api::router()),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The time as it is written in bodies.
    pub(crate) fn clock_text(&self) -> String {
        self.now()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    /// Answers `GET`.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, &[], None).await
    }

    /// Answers `DELETE`.
    pub(crate) async fn delete(&self, path: &str) -> Answered {
        self.send("DELETE", path, &[], None)
            .await
    }

    /// Answers `POST` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.send("POST", path, &[], Some(body.to_string()))
            .await
    }

    /// Answers `PUT` with a JSON body.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answered {
        self.send("PUT", path, &[], Some(body.to_string()))
            .await
    }

    /// Answers `PATCH` with a JSON body.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answered {
        self.send("PATCH", path, &[], Some(body.to_string()))
            .await
    }

    /// Answers any request; a body is JSON unless `headers` say otherwise.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answered {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8080");
        if body.is_some()
            && headers
                .iter()
                .all(|(name, _)| *name != "content-type")
        {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request.body(body).expect("a request");
        let context = Arc::clone(&self.context);
        let service = http::service(Arc::clone(&self.router), context, Settings::default());
        answered(service, request).await
    }

    /// Stores a sample of this instant, as if it had been pushed.
    pub(crate) async fn push(&self, service: &str, metric: &str, value: SampleValue) {
        self.push_at(self.now(), service, metric, value)
            .await;
    }

    /// Stores a sample of another instant.
    pub(crate) async fn push_at(
        &self,
        at: DateTime<Utc>,
        service: &str,
        metric: &str,
        value: SampleValue,
    ) {
        let sample = Sample {
            service_name: service.parse().expect("a name"),
            metric_name: metric.parse().expect("a name"),
            labels: [].into(),
            at,
            value,
        };
        let closed = self.now() - self.context.settings.delay.as_delta();
        self.store
            .append(&[sample], closed)
            .await
            .expect("stored");
    }

    /// Lets time pass, evaluating whatever comes due.
    pub(crate) async fn run_for(&self, span: Span) {
        let end = self.now() + span.as_delta();
        while self.now() < end {
            self.clock
                .set(end.min(self.now() + Span::seconds(5).as_delta()));
            self.evaluate().await;
        }
    }

    /// Evaluates what is due now, until nothing is.
    pub(crate) async fn evaluate(&self) {
        loop {
            let done = self
                .evaluator
                .activate(self.now())
                .await
                .expect("evaluates");
            assert_eq!(done.failed, 0, "{:?}", done.error);
            if !done.has_more {
                break;
            }
        }
    }
}

/// What sends dead messages again through these channels.
pub(crate) fn replayer(store: &Arc<MemoryStore>, notifiers: &[Arc<dyn Notifier>]) -> Replayer {
    let ports = DispatcherPorts {
        outbox: Arc::<MemoryStore>::clone(store),
        notices: Arc::<MemoryStore>::clone(store),
        alerts: Arc::<MemoryStore>::clone(store),
        incidents: Arc::<MemoryStore>::clone(store),
        catalog: Arc::<MemoryStore>::clone(store),
        evaluations: Arc::<MemoryStore>::clone(store),
        suppressors: suppressors(store),
    };
    Replayer::new(ports, Arc::<MemoryStore>::clone(store), notifiers)
}

/// What keeps news back, in this store.
pub(crate) fn suppressors(store: &Arc<MemoryStore>) -> Suppressors {
    Suppressors {
        silences: Arc::<MemoryStore>::clone(store),
        maintenances: Arc::<MemoryStore>::clone(store),
        services: Arc::<MemoryStore>::clone(store),
        alerts: Arc::<MemoryStore>::clone(store),
        rules: Arc::default(),
    }
}

fn context(store: &Arc<MemoryStore>, clock: &Arc<ManualClock>) -> Context {
    Context {
        admission: Arc::default(),
        clock: Arc::<ManualClock>::clone(clock),
        catalog: Arc::<MemoryStore>::clone(store),
        services: Arc::<MemoryStore>::clone(store),
        corrections: Arc::<MemoryStore>::clone(store),
        health_records: Arc::<MemoryStore>::clone(store),
        health: HealthAssessor::new(
            Arc::<MemoryStore>::clone(store),
            Arc::<MemoryStore>::clone(store),
            Arc::<MemoryStore>::clone(store),
        ),
        samples: Arc::<MemoryStore>::clone(store),
        evaluations: Arc::<MemoryStore>::clone(store),
        alerts: Arc::<MemoryStore>::clone(store),
        incidents: Arc::<MemoryStore>::clone(store),
        outbox: Arc::<MemoryStore>::clone(store),
        deliveries: Arc::<MemoryStore>::clone(store),
        replayer: Arc::new(replayer(store, &[])),
        suppressors: suppressors(store),
        replies: Arc::<MemoryStore>::clone(store),
        notices: Arc::<MemoryStore>::clone(store),
        settings: MonitorSettings::default(),
        defaults: SloDefaults {
            target: "99".parse().expect("a target"),
            window: Window::Rolling(Span::days(30)),
        },
        samples_kept: Span::days(30),
        slices_kept: Span::days(400),
        source: None,
        simulations: SimulationRoom::default(),
        destinations: Vec::new(),
        fallbacks: Vec::new(),
        router: monitor::Router::from(Vec::new()),
        mailroom: Arc::default(),
        board: Arc::default(),
        metrics: Arc::default(),
        watch: Arc::default(),
        readiness: Arc::default(),
        about: About {
            version: "0.1.0",
            store: "memory".to_owned(),
            replica: "test".to_owned(),
            started_at: fixtures::at(0),
            is_shadow: false,
            is_demo: false,
            dashboards: None,
        },
    }
}
