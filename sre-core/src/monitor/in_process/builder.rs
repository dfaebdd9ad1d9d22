//! What a monitor is made of.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::Monitor;
use crate::monitor::{
    AlertMover, Dispatcher, DispatcherPorts, Evaluator, EvaluatorPorts, IncidentKeeper,
    MonitorSettings, Suppressors,
};
use crate::notification::Notifier;
use crate::source::MetricSource;
use crate::store::Store;
use crate::time::Span;

/// A [`Monitor`] that is being put together.
#[derive(Debug)]
#[must_use = "a monitor is made by `build`"]
pub struct MonitorBuilder {
    store: Arc<dyn Store>,
    notifiers: Vec<Arc<dyn Notifier>>,
    source: Option<Arc<dyn MetricSource>>,
    settings: MonitorSettings,
    holder: String,
    send_timeout: Span,
    is_shadow: bool,
}

impl MonitorBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            notifiers: Vec::new(),
            source: None,
            settings: MonitorSettings::default(),
            holder: "in-process".to_owned(),
            send_timeout: SEND_TIMEOUT,
            is_shadow: false,
        }
    }

    /// One more that is told of alerts.
    pub fn notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.notifiers.push(notifier);
        self
    }

    /// What is asked by SLOs whose events are not samples.
    pub fn source(mut self, source: Arc<dyn MetricSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// Levels, times and floors, in place of the defaults.
    pub fn settings(mut self, settings: MonitorSettings) -> Self {
        self.settings = settings;
        self
    }

    /// How this process is called in claims and labels; where several share a store, each has its own
    /// name.
    pub fn holder(mut self, holder: impl Into<String>) -> Self {
        self.holder = holder.into();
        self
    }

    /// How long a notifier takes for one try at most; 30 s by default. [`Monitor::send_due`] gives up what
    /// takes longer.
    pub fn send_timeout(mut self, timeout: Span) -> Self {
        self.send_timeout = timeout;
        self
    }

    /// Decides and records everything, and sends nothing.
    pub fn shadow(mut self) -> Self {
        self.is_shadow = true;
        self
    }

    /// The monitor.
    #[must_use]
    pub fn build(self) -> Monitor {
        let (store, settings) = (self.store, self.settings);
        let destinations: Vec<_> = self
            .notifiers
            .iter()
            .map(|notifier| notifier.destination().clone())
            .collect();
        let routes: Vec<_> = destinations
            .iter()
            .map(|destination| destination.id)
            .collect();
        let evaluator = Evaluator::new(
            EvaluatorPorts {
                evaluations: Arc::<dyn Store>::clone(&store),
                samples: Arc::<dyn Store>::clone(&store),
                alerts: Arc::<dyn Store>::clone(&store),
                services: Arc::<dyn Store>::clone(&store),
                source: self.source,
            },
            settings,
            routes.clone(),
            self.holder.clone(),
        );
        let mover = AlertMover::new(
            Arc::<dyn Store>::clone(&store),
            settings.lifecycle,
            routes,
            self.holder.clone(),
        );
        let keeper = IncidentKeeper::new(
            Arc::<dyn Store>::clone(&store),
            Arc::<dyn Store>::clone(&store),
            settings.incidents,
        );
        let dispatcher = Dispatcher::new(
            DispatcherPorts {
                outbox: Arc::<dyn Store>::clone(&store),
                notices: Arc::<dyn Store>::clone(&store),
                alerts: Arc::<dyn Store>::clone(&store),
                incidents: Arc::<dyn Store>::clone(&store),
                catalog: Arc::<dyn Store>::clone(&store),
                evaluations: Arc::<dyn Store>::clone(&store),
                suppressors: Suppressors::over(&store),
            },
            self.notifiers,
            settings.lifecycle,
            self.send_timeout,
            self.is_shadow,
        );
        Monitor {
            store,
            settings,
            holder: self.holder,
            destinations,
            are_registered: AtomicBool::new(false),
            recordings: Mutex::new(BTreeMap::new()),
            evaluator,
            mover,
            keeper,
            dispatcher: Arc::new(dispatcher),
            send_timeout: self.send_timeout,
            tries: Mutex::default(),
            clock: Arc::default(),
        }
    }
}

/// What most receivers answer within; a claim outlives it.
const SEND_TIMEOUT: Span = Span::seconds(30);
