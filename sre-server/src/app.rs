//! The composition root: the only file that names an adapter.
//!
//! It turns a configuration into a store, sources, channels, workers and a listener, introduces them
//! to each other, and runs them until the process is to end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_collect::{HttpCheck, HttpProbe, PrometheusConfig, PrometheusSource, check_selector};
use sre_core::alert::LifecycleSettings;
use sre_core::count::Counts;
use sre_core::evaluate::EvaluationSettings;
use sre_core::monitor::{
    AlertMover, Dispatcher, DispatcherPorts, Evaluator, EvaluatorPorts, MonitorSettings,
};
use sre_core::name::{MetricName, ServiceName};
use sre_core::notification::{Destination, Notifier};
use sre_core::sample::{Sample, SampleValue};
use sre_core::source::MetricSource;
use sre_core::store::{Catalog as _, Outbox as _, Samples as _, Seeded, Store, Target};
use sre_core::time::{Clock, Span};
use sre_notify::{WebhookConfig, WebhookNotifier};
use sre_store_sqlite::{Options, SqliteStore};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::clock::SystemClock;
use crate::config::{Config, Defaults, StoreLocation};
use crate::context::{About, Context, Readiness, SloDefaults, SourceFace};
use crate::defaults::default_slos;
use crate::http::{self, Names};
use crate::lifecycle::{End, Lifecycle, signals};
use crate::metrics::Metrics;
use crate::serve::Listener;
use crate::watch::SelfWatch;
use crate::workers::{
    AlertsWorker, BackfillWorker, Board, CollectorWorker, DispatcherWorker, Driver,
    EvaluatorWorker, Prober, RecorderWorker, RetentionSettings, RetentionWorker,
};

/// Serves until the process is told to stop.
///
/// # Errors
///
/// Whatever keeps it from starting; once it runs, it ends by [`End`].
pub async fn run(config: Config) -> anyhow::Result<End> {
    install_tls_provider();
    let signals = signals().context("signals cannot be listened to")?;
    let store = open(&config).await?;
    let channels = channels(&config)?;
    let listener = Listener::bind(config.server.address)
        .await
        .with_context(|| format!("{} cannot be listened on", config.server.address))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    prepare(&config, &store, &channels, clock.now()).await?;

    let lifecycle = Lifecycle::new();
    let context = Arc::new(context(&config, &store, &channels, Arc::clone(&clock))?);
    let sends = TaskTracker::new();
    spawn_workers(&config, &store, channels, &context, &lifecycle, &sends)?;
    let address = listener.address();
    let service = http::service(
        Arc::new(crate::api::routes().into_router()),
        Arc::clone(&context),
        http_settings(&config),
    );
    let requests = lifecycle.requests();
    requests.spawn("listener", listener.serve(service, requests.stop()));
    context.readiness.set(true);
    announce(&context, address);

    let leaving = lifecycle.leaving();
    let readiness = Arc::clone(&context.readiness);
    tokio::spawn(async move {
        leaving.cancelled().await;
        readiness.set(false);
    });
    Ok(lifecycle
        .run(signals, async move { store.close().await })
        .await)
}

/// Brings the store's tables up to date, and ends.
///
/// # Errors
///
/// Whatever keeps them from being.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    let store = open(&config).await?;
    store.close().await;
    Ok(())
}

/// One TLS stack serves every client of the process.
fn install_tls_provider() {
    // A second start in one process (a test) finds the provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

async fn open(config: &Config) -> anyhow::Result<SqliteStore> {
    let StoreLocation::Sqlite(path) = &config.store.location;
    let options = Options {
        readers: config.store.pool.max_connections.get(),
        ..Options::default()
    };
    let store = SqliteStore::open(path, options)
        .await
        .context("the store cannot be opened")?;
    if store.is_new() {
        let path = store.path().unwrap_or(path);
        tracing::info!(path = %path.display(), "a new, empty store was made");
    }
    Ok(store)
}

fn channels(config: &Config) -> anyhow::Result<Vec<Arc<dyn Notifier>>> {
    let Some(webhook) = &config.webhook else {
        return Ok(Vec::new());
    };
    let secret = webhook
        .secret
        .as_ref()
        .map(|secret| secret.expose().parse());
    let notifier = WebhookNotifier::new(WebhookConfig {
        name: "webhook".to_owned(),
        url: webhook
            .url
            .expose()
            .clone()
            .try_into()
            .context("WEBHOOK_URL cannot be used")?,
        secret: secret
            .transpose()
            .context("WEBHOOK_SECRET cannot be used")?,
        timeout: webhook.timeout,
        links_base: format!("http://{}", config.server.address)
            .parse()
            .ok(),
        dashboards_url: config.links.grafana.clone(),
    })
    .context("the webhook cannot be set up")?;
    Ok(vec![Arc::new(notifier)])
}

/// Tells the store what there is, and plants the defaults in a new one.
async fn prepare(
    config: &Config,
    store: &SqliteStore,
    channels: &[Arc<dyn Notifier>],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let destinations = destinations(channels);
    store
        .register_destinations(&destinations, now)
        .await
        .context("destinations")?;
    store
        .register_targets(&targets(config), now)
        .await
        .context("collection targets")?;
    if config.defaults == Defaults::All {
        let slos = default_slos(&slo_defaults(config), &monitor_settings(config), now);
        if store
            .seed(&slos)
            .await
            .context("the default SLOs")?
            == Seeded::Planted
        {
            tracing::info!(slos = slos.len(), "a new store received the default SLOs");
        }
    }
    Ok(())
}

fn context(
    config: &Config,
    store: &SqliteStore,
    channels: &[Arc<dyn Notifier>],
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Context> {
    let ports: Arc<dyn Store> = Arc::new(store.clone());
    let source = source(config)?.map(|source| SourceFace {
        description: source.describe(),
        check_selector: |selector| check_selector(selector).map_err(|error| error.to_string()),
    });
    Ok(Context {
        clock,
        catalog: ports.clone(),
        samples: ports.clone(),
        evaluations: ports.clone(),
        alerts: ports.clone(),
        outbox: ports,
        settings: monitor_settings(config),
        defaults: slo_defaults(config),
        samples_kept: config.retention.samples,
        source,
        destinations: destinations(channels),
        board: Arc::new(Board::default()),
        metrics: Arc::new(Metrics::default()),
        watch: Arc::new(SelfWatch::default()),
        readiness: Arc::new(Readiness::default()),
        about: About {
            version: env!("CARGO_PKG_VERSION"),
            store: store.path().map_or_else(
                || "SQLite in memory".to_owned(),
                |path| format!("SQLite at {}", path.display()),
            ),
            replica: config.replica_id.clone(),
            is_shadow: config.shadow,
        },
    })
}

fn spawn_workers(
    config: &Config,
    store: &SqliteStore,
    channels: Vec<Arc<dyn Notifier>>,
    context: &Context,
    lifecycle: &Lifecycle,
    sends: &TaskTracker,
) -> anyhow::Result<()> {
    let ports: Arc<dyn Store> = Arc::new(store.clone());
    let (clock, holder) = (&context.clock, &context.about.replica);
    let (told, never) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let evaluator = Arc::new(Evaluator::new(
        EvaluatorPorts {
            evaluations: ports.clone(),
            samples: ports.clone(),
            alerts: ports.clone(),
            source: source(config)?,
        },
        context.settings,
        context.routes(),
        holder.clone(),
    ));
    let stage = lifecycle.workers();
    let driver = Driver::new(
        stage.clone(),
        Arc::clone(&context.board),
        Arc::clone(&context.metrics),
        Arc::clone(clock),
    );
    let evaluator_worker = EvaluatorWorker {
        evaluator: Arc::clone(&evaluator),
        clock: Arc::clone(clock),
        metrics: Arc::clone(&context.metrics),
        watch: Arc::clone(&context.watch),
        readiness: Arc::clone(&context.readiness),
        told: Arc::clone(&told),
    };
    let alerts = AlertsWorker {
        mover: AlertMover::new(
            ports.clone(),
            context.settings.lifecycle,
            context.routes(),
            holder.clone(),
        ),
        clock: Arc::clone(clock),
        told: Arc::clone(&told),
    };
    let dispatcher = DispatcherWorker::new(
        dispatcher(config, &ports, channels, context),
        Arc::clone(clock),
        Arc::clone(&context.metrics),
        Arc::clone(&context.watch),
        Arc::clone(&told),
        sends.clone(),
    );
    let collector = CollectorWorker {
        samples: ports.clone(),
        prober: Arc::new(Probes(
            HttpProbe::new().context("the prober cannot be set up")?,
        )),
        clock: Arc::clone(clock),
        delay: context.settings.delay,
        holder: holder.clone(),
    };
    let recorder = RecorderWorker::new(
        ports.clone(),
        Arc::clone(&context.watch),
        Arc::clone(clock),
        context.settings.delay,
        holder.clone(),
    );
    let retention = RetentionWorker {
        retention: ports,
        settings: RetentionSettings {
            samples: config.retention.samples,
            slices: config.retention.slices,
            hour_sums: config.retention.hour_sums,
        },
        clock: Arc::clone(clock),
    };
    driver.spawn(evaluator_worker, TICK, Arc::clone(&never));
    driver.spawn(dispatcher, TICK, told);
    let backfill = BackfillWorker {
        evaluator,
        clock: Arc::clone(clock),
    };
    driver.spawn(backfill, SECOND, Arc::clone(&never));
    driver.spawn(alerts, SECOND, Arc::clone(&never));
    driver.spawn(collector, SECOND, Arc::clone(&never));
    driver.spawn(recorder, SECOND, Arc::clone(&never));
    driver.spawn(retention, HOUR, never);
    await_sends(lifecycle, sends.clone());
    Ok(())
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

fn dispatcher(
    config: &Config,
    ports: &Arc<dyn Store>,
    channels: Vec<Arc<dyn Notifier>>,
    context: &Context,
) -> Dispatcher {
    let ports = DispatcherPorts {
        outbox: ports.clone(),
        alerts: ports.clone(),
        catalog: ports.clone(),
        evaluations: ports.clone(),
    };
    let timeout = config
        .webhook
        .as_ref()
        .map_or(SECOND, |webhook| webhook.timeout);
    let timeout = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
    let (lifecycle, timeout) = (context.settings.lifecycle, Span::seconds(timeout));
    Dispatcher::new(ports, channels, lifecycle, timeout, config.shadow)
}

fn source(config: &Config) -> anyhow::Result<Option<Arc<dyn MetricSource>>> {
    let Some(prometheus) = &config.prometheus else {
        return Ok(None);
    };
    let mut settings = PrometheusConfig::new(prometheus.url.expose().clone());
    settings.scrape_interval = prometheus.scrape_interval;
    let source = PrometheusSource::new(&settings).context("Prometheus cannot be asked")?;
    Ok(Some(Arc::new(source)))
}

fn destinations(channels: &[Arc<dyn Notifier>]) -> Vec<Destination> {
    channels
        .iter()
        .map(|channel| channel.destination().clone())
        .collect()
}

/// The direct health checks of the configuration.
fn targets(config: &Config) -> Vec<Target> {
    config
        .collection
        .probes
        .iter()
        .map(|probe| Target {
            name: format!("probe:{}", probe.service_name),
            interval: config.collection.interval,
            parameters: [
                ("service_name".to_owned(), probe.service_name.to_string()),
                ("url".to_owned(), probe.url.to_string()),
            ]
            .into(),
        })
        .collect()
}

fn slo_defaults(config: &Config) -> SloDefaults {
    SloDefaults {
        target: config.evaluation.default_target,
        window: config.evaluation.default_window,
    }
}

fn monitor_settings(config: &Config) -> MonitorSettings {
    let evaluation = &config.evaluation;
    MonitorSettings {
        evaluation: EvaluationSettings {
            thresholds: evaluation.thresholds,
            min_coverage_permille: evaluation.min_coverage_permille,
        },
        lifecycle: LifecycleSettings {
            cooldown: evaluation.cooldown,
            ..LifecycleSettings::default()
        },
        validation_interval: evaluation.validation_interval,
        delay: evaluation.delay,
        budget_interval: evaluation.budget_interval,
    }
}

fn http_settings(config: &Config) -> http::Settings {
    http::Settings {
        request_timeout: config.server.request_timeout,
        body_bytes_max: config.server.max_body_bytes,
        large_body_bytes_max: config.server.max_samples_body_bytes,
        names: Names::new(&config.server.host_names),
    }
}

/// One line says what runs, and whom it tells; that nobody is told is said with the settings.
fn announce(context: &Context, address: std::net::SocketAddr) {
    let channels: Vec<&str> = context
        .destinations
        .iter()
        .map(|destination| destination.name.as_str())
        .collect();
    let source = context
        .source
        .as_ref()
        .map_or("none", |source| &source.description);
    tracing::info!(
        version = context.about.version,
        %address,
        store = context.about.store,
        source,
        channels = channels.join(","),
        replica = context.about.replica,
        "ready at http://{address}",
    );
}

/// Direct health checks over HTTP.
#[derive(Debug)]
struct Probes(HttpProbe);

#[async_trait]
impl Prober for Probes {
    async fn ask(&self, target: &Target, now: DateTime<Utc>) -> Vec<Sample> {
        let parameter = |name: &str| target.parameters.get(name);
        let service: Option<ServiceName> =
            parameter("service_name").and_then(|name| name.parse().ok());
        let url = parameter("url").and_then(|url| url.parse().ok());
        let (Some(service_name), Some(url)) = (service, url) else {
            return Vec::new();
        };
        let outcome = self
            .0
            .probe(&HttpCheck::new(url, PROBE_TIMEOUT))
            .await;
        if !outcome.success {
            tracing::info!(
                target = target.name,
                detail = outcome.detail,
                "the probe failed"
            );
        }
        let sample = |metric: &str, value| {
            Some(Sample {
                service_name: service_name.clone(),
                metric_name: metric.parse::<MetricName>().ok()?,
                labels: [("probe".to_owned(), "http".to_owned())].into(),
                at: now,
                value,
            })
        };
        let events = Counts::events(u64::from(outcome.success), 1).unwrap_or_default();
        let latency = SampleValue::Number(outcome.latency_ms());
        [
            sample("probe_success", SampleValue::Counts(events)),
            sample("probe_latency", latency),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// How often slots and intents are looked at: a page is not late by more.
const TICK: Duration = Duration::from_millis(250);
/// How often what is looked at in seconds is.
const SECOND: Duration = Duration::from_secs(1);
/// How often the old is forgotten.
const HOUR: Duration = Duration::from_secs(3_600);
/// How long a direct health check waits: what takes longer is down for people, too.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
