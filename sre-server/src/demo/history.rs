//! Makes the month: the real engine, by a clock that runs ahead of what happens.
//!
//! Where nothing happens it strides from hour to hour, as the service does that catches up after a
//! pause; where something begins or ends it looks at every slot, so that pages open and resolve when
//! they would have. What is stored is what the engine decided: nothing is written past it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::monitor::{
    AlertMover, Dispatcher, DispatcherPorts, Evaluator, EvaluatorPorts, History, IncidentKeeper,
    MonitorSettings, Suppressors, start_of,
};
use sre_core::name::DestinationId;
use sre_core::notification::Notifier;
use sre_core::store::{Store, StoreError};
use sre_core::time::{Clock, Interval, Span};

use super::cast::CAST;
use super::people::OnCall;
use super::pushed::samples;
use super::services::services;
use super::source::DemoSource;

/// How long the history is: the window of its SLOs.
pub const MONTH: Span = Span::days(30);

/// What a history is made with.
#[derive(Debug)]
pub struct Maker {
    store: Arc<dyn Store>,
    source: DemoSource,
    settings: MonitorSettings,
    evaluator: Evaluator,
    mover: AlertMover,
    keeper: IncidentKeeper,
    dispatcher: Dispatcher,
    routes: Vec<DestinationId>,
}

/// How far the history has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Days that are made.
    pub days: u32,
    /// Days that there will be.
    pub of: u32,
}

impl Maker {
    /// A maker that writes into a new store and tells `channel`.
    pub fn new(
        store: Arc<dyn Store>,
        source: DemoSource,
        channel: Arc<dyn Notifier>,
        settings: MonitorSettings,
    ) -> Self {
        let (routes, holder) = (vec![channel.destination().id], "demo".to_owned());
        let ports = EvaluatorPorts {
            evaluations: Arc::<dyn Store>::clone(&store),
            samples: Arc::<dyn Store>::clone(&store),
            alerts: Arc::<dyn Store>::clone(&store),
            services: Arc::<dyn Store>::clone(&store),
            source: Some(Arc::new(source)),
        };
        let dispatcher = DispatcherPorts {
            outbox: Arc::<dyn Store>::clone(&store),
            notices: Arc::<dyn Store>::clone(&store),
            alerts: Arc::<dyn Store>::clone(&store),
            incidents: Arc::<dyn Store>::clone(&store),
            catalog: Arc::<dyn Store>::clone(&store),
            evaluations: Arc::<dyn Store>::clone(&store),
            suppressors: Suppressors::over(&store),
        };
        let lifecycle = settings.lifecycle;
        Self {
            evaluator: Evaluator::new(ports, settings, routes.clone(), holder.clone()),
            mover: AlertMover::new(
                Arc::<dyn Store>::clone(&store),
                lifecycle,
                routes.clone(),
                holder,
            ),
            keeper: IncidentKeeper::new(
                Arc::<dyn Store>::clone(&store),
                Arc::<dyn Store>::clone(&store),
                settings.incidents,
            ),
            dispatcher: Dispatcher::new(dispatcher, vec![channel], lifecycle, Span::SECOND, false),
            store,
            source,
            settings,
            routes,
        }
    }

    /// Makes the month before the demo's instant, and says after each day how far it is.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn make(&self, say: &mut (dyn FnMut(Progress) + Send)) -> Result<(), StoreError> {
        let end = self.source.made_at;
        let begin = self.source.begin();
        self.declare(begin).await?;
        let mut at = begin;
        let mut days = 0;
        while at < end {
            let next = self.next(at).min(end);
            self.push(Interval::new(at, next), next)
                .await?;
            self.step(next).await?;
            at = next;
            let made = u32::try_from((at - begin).num_days()).unwrap_or(days);
            if made > days {
                days = made;
                let of = MONTH.as_seconds() / Span::days(1).as_seconds();
                say(Progress { days, of });
            }
        }
        Ok(())
    }

    /// Services and SLOs, as people would have declared them a month ago.
    async fn declare(&self, begin: DateTime<Utc>) -> Result<(), StoreError> {
        for service in services(begin) {
            self.store
                .put_service(&service, 0)
                .await?;
        }
        for slo in CAST
            .iter()
            .filter_map(|part| part.slo(begin))
        {
            let start = start_of(&slo, History::None, &self.settings, begin);
            self.store.insert(&slo, &start).await?;
        }
        Ok(())
    }

    /// The next instant to look at.
    fn next(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let is_near = |at| {
            let made_at = self.source.made_at;
            let mut troubles = CAST
                .iter()
                .flat_map(|part| part.troubles);
            made_at - at < LAST.as_delta() || troubles.any(|trouble| trouble.is_near(made_at, at))
        };
        let mut next = self.slot_after(at);
        // An hour at most: what one activation catches up on.
        let stride = at + STRIDE.as_delta();
        while next < stride && !is_near(next) {
            next = self.slot_after(next);
        }
        next
    }

    /// When the slots of the next minute are due, wherever in its first quarter they lie.
    fn slot_after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let due = self.settings.delay.as_delta() + QUARTER;
        let minute = TimeDelta::minutes(1);
        let number = (at - due)
            .timestamp()
            .div_euclid(minute.num_seconds())
            + 1;
        sre_core::time::at_second(number * minute.num_seconds()) + due
    }

    async fn push(&self, during: Interval, now: DateTime<Utc>) -> Result<(), StoreError> {
        let samples = samples(self.source, during);
        if !samples.is_empty() {
            self.store
                .append(&samples, now - self.settings.delay.as_delta())
                .await?;
        }
        Ok(())
    }

    fn on_call(&self) -> OnCall<'_> {
        OnCall {
            store: self.store.as_ref(),
            lifecycle: &self.settings.lifecycle,
            routes: &self.routes,
        }
    }

    /// Everything that the service would have done at an instant, and what people would have.
    async fn step(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        while self
            .evaluator
            .activate(now)
            .await?
            .has_more
        {}
        while self.mover.activate(now).await? > 0 {}
        self.keeper.activate(now).await?;
        self.on_call().look(now).await?;
        loop {
            let dispatched = self
                .dispatcher
                .freeze_due(now, &|_| false)
                .await?;
            for sending in dispatched.sendings {
                self.dispatcher
                    .send(sending, 0, &Stopped(now))
                    .await?;
            }
            if !dispatched.has_more {
                return Ok(());
            }
        }
    }
}

/// A clock that stands.
#[derive(Clone, Copy, Debug)]
struct Stopped(DateTime<Utc>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// Where nothing happens: what an activation catches up on at most.
const STRIDE: Span = Span::hours(1);
/// The end of the history is looked at slot by slot: what is served next goes on from there.
const LAST: Span = Span::minutes(10);
/// The slots of a minute's slice lie within its first quarter.
const QUARTER: TimeDelta = TimeDelta::seconds(15);
