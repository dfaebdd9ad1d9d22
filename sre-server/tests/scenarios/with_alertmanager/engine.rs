//! The engine as the process sets it to work, on a clock that a scene moves.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use sre_core::monitor::{
    AlertMover, Dispatcher, DispatcherPorts, Evaluator, EvaluatorPorts, IncidentKeeper,
    MonitorSettings, Suppressors,
};
use sre_core::notification::Notifier;
use sre_core::source::MetricSource;
use sre_core::store::{Outbox as _, Store};
use sre_core::time::{Clock, Span};
use sre_store_sqlite::{Options, SqliteStore};

use super::recorder::Recorder;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct StageClock(Mutex<DateTime<Utc>>);

impl StageClock {
    pub(crate) fn at(at: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(at)))
    }

    pub(crate) fn set(&self, at: DateTime<Utc>) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for StageClock {
    fn now(&self) -> DateTime<Utc> {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that a process has between its source and its channel.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) store: SqliteStore,
    evaluator: Evaluator,
    mover: AlertMover,
    keeper: IncidentKeeper,
    dispatcher: Dispatcher,
    clock: Arc<StageClock>,
}

impl Engine {
    /// An engine over the store at `path`, as it starts at the clock's time.
    pub(crate) async fn start(
        path: &Path,
        settings: MonitorSettings,
        source: Option<Arc<dyn MetricSource>>,
        channel: Arc<Recorder>,
        clock: Arc<StageClock>,
    ) -> Self {
        let options = Options {
            // It is made again when the power fails.
            is_durable: false,
            ..Options::default()
        };
        let store = SqliteStore::open(path, options)
            .await
            .expect("a store");
        let destination = channel.destination().clone();
        let routes = vec![destination.id];
        store
            .register_destinations(&[destination], clock.now())
            .await
            .expect("a store that takes destinations");
        let ports: Arc<dyn Store> = Arc::new(store.clone());
        let port = || Arc::<dyn Store>::clone(&ports);
        let evaluator = EvaluatorPorts {
            evaluations: port(),
            samples: port(),
            alerts: port(),
            services: port(),
            source,
        };
        let dispatcher = DispatcherPorts {
            outbox: port(),
            notices: port(),
            alerts: port(),
            incidents: port(),
            catalog: port(),
            evaluations: port(),
            suppressors: Suppressors::over(&ports),
        };
        let (lifecycle, holder) = (settings.lifecycle, || "scenarios".to_owned());
        Self {
            evaluator: Evaluator::new(evaluator, settings, routes.clone(), holder()),
            mover: AlertMover::new(port(), lifecycle, routes, holder()),
            keeper: IncidentKeeper::new(port(), port(), settings.incidents),
            dispatcher: Dispatcher::new(dispatcher, vec![channel], lifecycle, SEND_TIMEOUT, false),
            store,
            clock,
        }
    }

    /// Moves the clock.
    pub(crate) fn set(&self, now: DateTime<Utc>) {
        self.clock.set(now);
    }

    /// Evaluates what is due, and folds what is behind.
    pub(crate) async fn evaluate(&self) {
        let now = self.clock.now();
        loop {
            let evaluated = self
                .evaluator
                .activate(now)
                .await
                .expect("a slot");
            assert!(evaluated.error.is_none(), "{:?}", evaluated.error);
            if !evaluated.has_more {
                break;
            }
        }
        while self
            .evaluator
            .backfill(now)
            .await
            .expect("history")
        {}
    }

    /// Does everything else that is due.
    pub(crate) async fn tell(&self) {
        let now = self.clock.now();
        while self
            .mover
            .activate(now)
            .await
            .expect("alerts")
            > 0
        {}
        self.keeper
            .activate(now)
            .await
            .expect("incidents");
        loop {
            let dispatched = self
                .dispatcher
                .freeze_due(now, &|_| false)
                .await
                .expect("intents");
            assert!(dispatched.error.is_none(), "{:?}", dispatched.error);
            for sending in dispatched.sendings {
                let sent = self
                    .dispatcher
                    .send(sending, 0, self.clock.as_ref());
                assert_eq!(sent.await.expect("a record").outcome, "delivered");
            }
            if !dispatched.has_more {
                return;
            }
        }
    }

    /// Ends it, and gives the store's file free.
    pub(crate) async fn end(self) {
        self.store.close().await;
    }
}

/// As the webhook's default.
const SEND_TIMEOUT: Span = Span::seconds(30);
