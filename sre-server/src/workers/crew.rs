//! All workers of a process, introduced to what they need and set to work.

use std::sync::Arc;
use std::time::Duration;

use sre_core::monitor::{
    AlertMover, AuditPorts, Auditor, BrakeKeeper, DestinationKeeper, DestinationPorts, Dispatcher,
    DispatcherPorts, Evaluator, EvaluatorPorts, IncidentKeeper, SourceBook,
};
use sre_core::notification::Notifier;
use sre_core::source::MetricSource;
use sre_core::store::{Retention, Services, Store, Target};
use sre_core::time::Span;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::context::Context;
use crate::demo::{DemoSource, Pusher};
use crate::lifecycle::Lifecycle;
use crate::watch::SelfWatch;
use crate::workers::{
    AlertsWorker, Asker, AuditSight, AuditorWorker, BackfillWorker, BrakeWorker, CollectorWorker,
    DestinationsWorker, DispatcherWorker, Driver, EvaluatorWorker, HealthWorker, IncidentsWorker,
    Pulse, RecorderWorker, RetentionSettings, RetentionWorker, SentinelParts, SentinelWorker,
    SourceSight,
};

/// What workers need beside what requests share.
#[derive(Debug)]
pub struct Crew {
    /// What everything is remembered by.
    pub store: Arc<dyn Store>,
    /// What is asked for counters.
    pub source: Option<Arc<dyn MetricSource>>,
    /// What asks targets.
    pub asker: Arc<dyn Asker>,
    /// What is asked whatever is found.
    pub configured_targets: Vec<Target>,
    /// What sends.
    pub channels: Vec<Arc<dyn Notifier>>,
    /// How long one try of a delivery may take.
    pub send_timeout: Span,
    /// How long each thing is kept.
    pub kept: RetentionSettings,
    /// What is pinged while all is well, and how often.
    pub pulse: Option<(Arc<dyn Pulse>, Span)>,
    /// What is made up, where this is a demo.
    pub demo: Option<DemoSource>,
}

impl Crew {
    /// Sets every worker to work until the stage of workers ends.
    pub fn spawn(self, context: &Context, lifecycle: &Lifecycle) {
        let driver = Driver::new(
            lifecycle.workers().clone(),
            Arc::clone(&context.board),
            Arc::clone(&context.metrics),
            Arc::clone(&context.clock),
        );
        let told = Arc::clone(&context.mailroom.due);
        let never = Arc::new(Notify::new());
        let sends = TaskTracker::new();
        await_sends(lifecycle, sends.clone());
        let evaluator = Arc::new(self.evaluator(context));
        let backfill = BackfillWorker {
            evaluator: Arc::clone(&evaluator),
            clock: Arc::clone(&context.clock),
        };
        let source = Arc::<SourceSight>::default();
        let evaluate = evaluate(evaluator, context, Arc::clone(&source), Arc::clone(&told));
        driver.spawn(evaluate, TICK, Arc::clone(&never));
        driver.spawn(backfill, SECOND, Arc::clone(&never));
        driver.spawn(
            move_alerts(context, Arc::clone(&told)),
            SECOND,
            Arc::clone(&never),
        );
        if let Some(keeper) = keep_destinations(context, Arc::clone(&told)) {
            driver.spawn(keeper, SECOND, Arc::clone(&never));
        }
        driver.spawn(self.keep_incidents(context), SECOND, Arc::clone(&never));
        driver.spawn(self.collector(context), SECOND, Arc::clone(&never));
        let book = sources(context);
        let brake = keep_brakes(context, &book, Arc::clone(&source), Arc::clone(&told));
        driver.spawn(brake, SECOND, Arc::clone(&never));
        let sight = Arc::<AuditSight>::default();
        driver.spawn(
            audit(context, Arc::clone(&sight), Arc::clone(&told)),
            AUDIT,
            Arc::clone(&never),
        );
        driver.spawn(
            self.sentinel(context, source, sight),
            SECOND,
            Arc::clone(&never),
        );
        driver.spawn(record(context), SECOND, Arc::clone(&never));
        if let Some(source) = self.demo {
            let (samples, clock) = (Arc::clone(&context.samples), Arc::clone(&context.clock));
            let pusher = Pusher::new(samples, source, clock, context.settings.delay);
            driver.spawn(pusher, SECOND, Arc::clone(&never));
        }
        driver.spawn(
            judge_health(context),
            HEALTH.as_duration(),
            Arc::clone(&never),
        );
        driver.spawn(self.retention(context), HOUR, never);
        driver.spawn(self.dispatcher(context, sends, book), TICK, told);
    }

    fn evaluator(&self, context: &Context) -> Evaluator {
        let ports = EvaluatorPorts {
            evaluations: Arc::clone(&context.evaluations),
            samples: Arc::clone(&context.samples),
            alerts: Arc::clone(&context.alerts),
            services: Arc::clone(&context.services),
            source: self.source.clone(),
        };
        Evaluator::new(
            ports,
            context.settings,
            context.router.clone(),
            context.about.replica.clone(),
        )
    }

    fn keep_incidents(&self, context: &Context) -> IncidentsWorker {
        let services: Arc<dyn Services> = Arc::<dyn Store>::clone(&self.store);
        let incidents = Arc::clone(&context.incidents);
        IncidentsWorker {
            keeper: IncidentKeeper::new(incidents, services, context.settings.incidents),
            clock: Arc::clone(&context.clock),
        }
    }

    fn collector(&self, context: &Context) -> CollectorWorker {
        CollectorWorker {
            samples: Arc::clone(&context.samples),
            asker: Arc::clone(&self.asker),
            configured: self.configured_targets.clone(),
            clock: Arc::clone(&context.clock),
            delay: context.settings.delay,
            holder: context.about.replica.clone(),
        }
    }

    fn sentinel(
        &self,
        context: &Context,
        source: Arc<SourceSight>,
        audit: Arc<AuditSight>,
    ) -> SentinelWorker {
        let channels = if context.about.is_shadow {
            Vec::new()
        } else {
            self.channels.clone()
        };
        SentinelWorker::new(SentinelParts {
            evaluations: Arc::clone(&context.evaluations),
            board: Arc::clone(&context.board),
            source,
            audit,
            metrics: Arc::clone(&context.metrics),
            clock: Arc::clone(&context.clock),
            pulse: self.pulse.clone(),
            channels,
            replica: context.about.replica.clone(),
        })
    }

    fn retention(&self, context: &Context) -> RetentionWorker {
        let retention: Arc<dyn Retention> = Arc::<dyn Store>::clone(&self.store);
        RetentionWorker {
            retention,
            settings: self.kept,
            clock: Arc::clone(&context.clock),
        }
    }

    fn dispatcher(
        self,
        context: &Context,
        sends: TaskTracker,
        book: Arc<SourceBook>,
    ) -> DispatcherWorker {
        let ports = DispatcherPorts {
            outbox: Arc::clone(&context.outbox),
            notices: Arc::clone(&context.notices),
            alerts: Arc::clone(&context.alerts),
            incidents: Arc::clone(&context.incidents),
            catalog: Arc::clone(&context.catalog),
            evaluations: Arc::clone(&context.evaluations),
            suppressors: context.suppressors.clone(),
        };
        let (settings, is_shadow) = (context.settings.lifecycle, context.about.is_shadow);
        DispatcherWorker::new(
            Dispatcher::new(ports, self.channels, settings, self.send_timeout, is_shadow)
                .with_fallbacks(context.fallbacks.clone())
                .routed(context.router.clone())
                .braked(book),
            Arc::clone(&context.outbox),
            Arc::clone(&context.mailroom),
            Arc::clone(&context.clock),
            Arc::clone(&context.metrics),
            Arc::clone(&context.watch),
            sends,
        )
    }
}

fn evaluate(
    evaluator: Arc<Evaluator>,
    context: &Context,
    source: Arc<SourceSight>,
    told: Arc<Notify>,
) -> EvaluatorWorker {
    EvaluatorWorker {
        evaluator,
        clock: Arc::clone(&context.clock),
        metrics: Arc::clone(&context.metrics),
        watch: Arc::clone(&context.watch),
        source,
        readiness: Arc::clone(&context.readiness),
        told,
    }
}

/// What SLOs are measured by, for those who tell of silence.
fn sources(context: &Context) -> Arc<SourceBook> {
    Arc::new(SourceBook::new(
        Arc::clone(&context.catalog),
        Arc::clone(&context.evaluations),
        SelfWatch::service(),
    ))
}

fn keep_brakes(
    context: &Context,
    book: &Arc<SourceBook>,
    source: Arc<SourceSight>,
    told: Arc<Notify>,
) -> BrakeWorker {
    BrakeWorker {
        keeper: BrakeKeeper::new(
            Arc::clone(&context.alerts),
            context.settings.lifecycle,
            Arc::clone(book),
        ),
        source,
        clock: Arc::clone(&context.clock),
        told,
        pulled: 0,
    }
}

fn move_alerts(context: &Context, told: Arc<Notify>) -> AlertsWorker {
    let (alerts, settings) = (Arc::clone(&context.alerts), context.settings.lifecycle);
    let holder = context.about.replica.clone();
    AlertsWorker {
        mover: AlertMover::new(alerts, settings, context.router.clone(), holder),
        clock: Arc::clone(&context.clock),
        told,
    }
}

/// Nobody has to be looked after where nobody is told.
fn keep_destinations(context: &Context, told: Arc<Notify>) -> Option<DestinationsWorker> {
    let ports = DestinationPorts {
        outbox: Arc::clone(&context.outbox),
        deliveries: Arc::clone(&context.deliveries),
        alerts: Arc::clone(&context.alerts),
    };
    let keeper = DestinationKeeper::new(
        ports,
        context.settings.lifecycle,
        SelfWatch::service(),
        context.destinations.clone(),
        context.fallbacks.clone(),
    );
    (!context.destinations.is_empty()).then(|| DestinationsWorker {
        keeper,
        clock: Arc::clone(&context.clock),
        told,
    })
}

fn audit(context: &Context, sight: Arc<AuditSight>, told: Arc<Notify>) -> AuditorWorker {
    let ports = AuditPorts {
        outbox: Arc::clone(&context.outbox),
        deliveries: Arc::clone(&context.deliveries),
        alerts: Arc::clone(&context.alerts),
    };
    let settings = context.settings.lifecycle;
    AuditorWorker {
        auditor: Auditor::new(
            ports,
            settings,
            SelfWatch::service(),
            context.router.clone(),
        ),
        clock: Arc::clone(&context.clock),
        sight,
        told,
    }
}

fn record(context: &Context) -> RecorderWorker {
    RecorderWorker::new(
        Arc::clone(&context.samples),
        Arc::clone(&context.watch),
        Arc::clone(&context.clock),
        context.settings.delay,
        context.about.replica.clone(),
    )
}

fn judge_health(context: &Context) -> HealthWorker {
    HealthWorker {
        assessor: context.health.clone(),
        period: HEALTH,
        clock: Arc::clone(&context.clock),
    }
}

/// Sends under way are workers too: the process waits for them.
fn await_sends(lifecycle: &Lifecycle, sends: TaskTracker) {
    let stop = lifecycle.workers().stop();
    lifecycle
        .workers()
        .spawn("sends", async move {
            stop.requested().await;
            sends.close();
            sends.wait().await;
        });
}

/// How often slots and intents are looked at: a page is not late by more.
const TICK: Duration = Duration::from_millis(250);
/// How often what is looked at in seconds is.
const SECOND: Duration = Duration::from_secs(1);
/// How often it is looked whether anything stands still: what does is told after two looks.
const AUDIT: Duration = Duration::from_mins(1);
/// How often health is recorded.
const HEALTH: Span = Span::minutes(1);
/// How often the old is forgotten.
const HOUR: Duration = Duration::from_hours(1);
