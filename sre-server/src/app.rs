//! The composition root: the only file that names an adapter.
//!
//! It turns a configuration into a store, sources, channels, workers and a listener, introduces them
//! to each other, and runs them until the process is to end.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sre_collect::{HttpProbe, PrometheusConfig, PrometheusSource};
use sre_core::monitor::{DispatcherPorts, HealthAssessor, Replayer, Router, Suppressors};
use sre_core::notification::{Destination, Fallback, Notifier};
use sre_core::source::MetricSource;
use sre_core::store::{Catalog as _, Outbox as _, Samples as _, Seeded, Store};
use sre_core::time::Clock;
use sre_store_sqlite::{OpenError, Options, SqliteStore};

use crate::admission::Admission;
use crate::admission::watch::watch;
use crate::cli::{Exit, HealthArgs};
use crate::clock::SystemClock;
use crate::config::{Config, Defaults, Env, StoreLocation};
use crate::context::{About, Context, Readiness};
use crate::defaults::default_slos;
use crate::demo::DemoSource;
use crate::http::{self, Routes};
use crate::lifecycle::{End, Lifecycle, Signals, signals};
use crate::metrics::{Metrics, TemplateCount};
use crate::serve::Listener;
use crate::simulation::SimulationRoom;
use crate::watch::SelfWatch;
use crate::workers::{Board, Crew};

mod asking;
mod channels;
mod demo;
mod doctor;
mod pulse;
mod simulate;
mod templates;
mod without_ends;

pub use demo::demo;
pub use doctor::doctor;
pub use simulate::simulate;
pub use templates::{Language, render};

use asking::Asking;
use channels::Told;

/// Serves until the process is told to stop.
///
/// # Errors
///
/// Whatever keeps it from starting; once it runs, it ends by [`End`].
pub async fn run(config: Config) -> anyhow::Result<End> {
    install_tls_provider();
    let signals = signals().context("signals cannot be listened to")?;
    let prometheus = prometheus(&config)?;
    let told = Told::new(&config)?;
    let store = open(&config).await?;
    let parts = Parts {
        router: told.router(&config, Arc::new(store.clone()))?,
        fallbacks: told.fallbacks(&config),
        template_errors: told.template_errors,
        channels: told.notifiers,
        store,
        source: prometheus
            .as_ref()
            .map(|source| Arc::<PrometheusSource>::clone(source) as _),
        prometheus,
        demo: None,
    };
    run_with(config, parts, signals).await
}

/// What a process is put together from.
struct Parts {
    store: SqliteStore,
    channels: Vec<Arc<dyn Notifier>>,
    router: Router,
    fallbacks: Vec<Fallback>,
    template_errors: Vec<TemplateCount>,
    source: Option<Arc<dyn MetricSource>>,
    prometheus: Option<Arc<PrometheusSource>>,
    demo: Option<DemoSource>,
}

/// Introduces the parts to each other, and runs them until the process is to end.
async fn run_with(config: Config, parts: Parts, signals: Signals) -> anyhow::Result<End> {
    let Parts {
        store,
        channels,
        router,
        fallbacks,
        template_errors,
        source,
        prometheus,
        demo,
    } = parts;
    let listener = bind(config.server.address).await?;
    let for_probes = match config.server.probe_address {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    prepare(&config, &store, &channels, clock.now()).await?;

    let lifecycle = Lifecycle::new();
    let mut context = context(&config, &store, &channels, source.as_ref(), clock);
    context.router = router;
    context.fallbacks = fallbacks;
    context.about.is_demo = demo.is_some();
    context
        .metrics
        .watch_templates(template_errors);
    let context = Arc::new(context);
    let crew = Crew {
        store: Arc::new(store.clone()),
        asker: Arc::new(Asking::new(
            HttpProbe::new().context("the prober cannot be set up")?,
            prometheus,
            Arc::new(store.clone()),
            &config,
        )),
        configured_targets: config.targets(),
        source,
        channels,
        send_timeout: config.send_timeout(),
        kept: config.kept(),
        pulse: pulse::pulse(&config)?,
        demo,
    };
    crew.spawn(&context, &lifecycle);
    count_connections(&store, &context, &lifecycle);
    watch_tokens(&config, &context, &lifecycle);
    context
        .metrics
        .set_insecure_mode(config.server.insecure);
    if let Some(listener) = for_probes {
        serve_probes(listener, &config, &context, &lifecycle);
    }
    serve(listener, &config, &context, &lifecycle);
    Ok(lifecycle
        .run(signals, async move { store.close().await })
        .await)
}

/// Asks the service that runs with these settings whether it is well.
///
/// # Errors
///
/// Writing failed.
pub async fn health(
    config: Config,
    args: HealthArgs,
    out: &mut impl Write,
) -> anyhow::Result<Exit> {
    install_tls_provider();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()?;
    Ok(crate::cli::ask(config.server.address, args, &client, out).await?)
}

/// Brings the store's tables up to date, and ends.
///
/// # Errors
///
/// Whatever keeps them from being.
pub async fn migrate(mut config: Config) -> anyhow::Result<()> {
    config.store.auto_migrate = true;
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
    let pool = &config.store.pool;
    let options = Options {
        readers: pool.max_connections.get(),
        idle_readers: pool.min_connections,
        connect_timeout: pool.connection_timeout,
        migrates: config.store.auto_migrate,
        ..Options::default()
    };
    let opened = SqliteStore::open(path, options).await;
    let store = opened.map_err(|error| {
        let is_due = matches!(error, OpenError::MigrationsDue { .. });
        let error = anyhow::Error::new(error).context("the store cannot be opened");
        if is_due {
            error.context("SRE_MONITOR_AUTO_MIGRATE is false: run `sre-monitor migrate` first")
        } else {
            error
        }
    })?;
    if store.is_new() {
        let path = store.path().unwrap_or(path);
        tracing::info!(path = %path.display(), "a new, empty store was made");
    }
    Ok(store)
}

fn prometheus(config: &Config) -> anyhow::Result<Option<Arc<PrometheusSource>>> {
    let Some(prometheus) = &config.prometheus else {
        return Ok(None);
    };
    let mut settings = PrometheusConfig::new(prometheus.url.expose().clone());
    settings.scrape_interval = prometheus.scrape_interval;
    let source = PrometheusSource::new(&settings).context("Prometheus cannot be asked")?;
    Ok(Some(Arc::new(source)))
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
        .register_targets(&config.targets(), now)
        .await
        .context("collection targets")?;
    if config.defaults == Defaults::All {
        let slos = default_slos(&config.slo_defaults(), &config.monitor(), now);
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
    source: Option<&Arc<dyn MetricSource>>,
    clock: Arc<dyn Clock>,
) -> Context {
    let ports: Arc<dyn Store> = Arc::new(store.clone());
    let source = source.cloned();
    let place = store
        .path()
        .map_or_else(|| "memory".into(), |path| path.to_string_lossy());
    let tokens = config.server.tokens.as_ref();
    let started_at = clock.now();
    let replayer = Replayer::new(
        dispatcher_ports(&ports),
        Arc::<dyn Store>::clone(&ports),
        channels,
    );
    Context {
        admission: Arc::new(Admission::new(tokens.map(|config| config.tokens.clone()))),
        clock,
        catalog: Arc::<dyn Store>::clone(&ports),
        services: Arc::<dyn Store>::clone(&ports),
        corrections: Arc::<dyn Store>::clone(&ports),
        health_records: Arc::<dyn Store>::clone(&ports),
        health: HealthAssessor::new(
            Arc::<dyn Store>::clone(&ports),
            Arc::<dyn Store>::clone(&ports),
            Arc::<dyn Store>::clone(&ports),
        ),
        samples: Arc::<dyn Store>::clone(&ports),
        evaluations: Arc::<dyn Store>::clone(&ports),
        alerts: Arc::<dyn Store>::clone(&ports),
        incidents: Arc::<dyn Store>::clone(&ports),
        outbox: Arc::<dyn Store>::clone(&ports),
        deliveries: Arc::<dyn Store>::clone(&ports),
        replayer: Arc::new(replayer),
        suppressors: Suppressors::over(&ports).ruled(config.file.inhibit_rules.clone().into()),
        replies: Arc::<dyn Store>::clone(&ports),
        notices: ports,
        settings: config.monitor(),
        defaults: config.slo_defaults(),
        samples_kept: config.retention.samples,
        slices_kept: config.retention.hour_sums,
        source,
        simulations: SimulationRoom::default(),
        destinations: destinations(channels),
        fallbacks: Vec::new(),
        router: Router::from(Vec::new()),
        mailroom: Arc::default(),
        board: Arc::new(Board::default()),
        metrics: Arc::new(Metrics::default()),
        watch: Arc::new(SelfWatch::default()),
        readiness: Arc::new(Readiness::default()),
        about: About {
            version: env!("CARGO_PKG_VERSION"),
            store: format!("SQLite at {place}"),
            replica: config.replica_id.clone(),
            started_at,
            is_shadow: config.shadow,
            is_demo: false,
            dashboards: config.links.grafana.clone(),
        },
    }
}

/// Takes the file of tokens as it is, from now on.
fn watch_tokens(config: &Config, context: &Arc<Context>, lifecycle: &Lifecycle) {
    let Some(tokens) = &config.server.tokens else {
        return;
    };
    let workers = lifecycle.workers();
    let watching = watch(
        tokens.path.clone(),
        Env,
        Arc::clone(&context.admission),
        Arc::clone(&context.clock),
        workers.stop(),
    );
    workers.spawn("tokens", watching);
}

/// Shows how many connections to the database are in use, once a second.
fn count_connections(store: &SqliteStore, context: &Arc<Context>, lifecycle: &Lifecycle) {
    let (store, metrics) = (store.clone(), Arc::clone(&context.metrics));
    let stop = lifecycle.workers().stop();
    lifecycle
        .workers()
        .spawn("connections", async move {
            while !stop.is_requested() {
                metrics.set_active_connections(store.active_connections());
                tokio::select! {
                    () = stop.requested() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        });
}

async fn bind(address: SocketAddr) -> anyhow::Result<Listener> {
    Listener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be listened on"))
}

/// Answers probes, and nothing else, on a port that others than clients can reach.
fn serve_probes(
    listener: Listener,
    config: &Config,
    context: &Arc<Context>,
    lifecycle: &Lifecycle,
) {
    let router = Arc::new(crate::api::probes(Routes::new()).into_bare_router());
    let service = http::service(router, Arc::clone(context), config.http());
    tracing::info!(address = %listener.address(), "health and metrics are here, too");
    let requests = lifecycle.requests();
    requests.spawn("probes", listener.serve(service, requests.stop()));
}

/// Answers requests from now on; readiness is false as soon as the end begins.
fn serve(listener: Listener, config: &Config, context: &Arc<Context>, lifecycle: &Lifecycle) {
    let address = listener.address();
    let router = Arc::new(crate::api::router());
    let service = http::service(router, Arc::clone(context), config.http());
    let requests = lifecycle.requests();
    requests.spawn("listener", listener.serve(service, requests.stop()));
    context.readiness.set(true);
    announce(context, address);
    let (leaving, readiness) = (lifecycle.leaving(), Arc::clone(&context.readiness));
    tokio::spawn(async move {
        leaving.cancelled().await;
        readiness.set(false);
    });
}

fn dispatcher_ports(store: &Arc<dyn Store>) -> DispatcherPorts {
    DispatcherPorts {
        outbox: Arc::<dyn Store>::clone(store),
        notices: Arc::<dyn Store>::clone(store),
        alerts: Arc::<dyn Store>::clone(store),
        incidents: Arc::<dyn Store>::clone(store),
        catalog: Arc::<dyn Store>::clone(store),
        evaluations: Arc::<dyn Store>::clone(store),
        suppressors: Suppressors::over(store),
    }
}

fn destinations(channels: &[Arc<dyn Notifier>]) -> Vec<Destination> {
    channels
        .iter()
        .map(|channel| channel.destination().clone())
        .collect()
}

/// One line says what runs, and whom it tells; that nobody is told is said with the settings.
fn announce(context: &Context, address: SocketAddr) {
    let channels: Vec<&str> = context
        .destinations
        .iter()
        .map(|destination| destination.name.as_str())
        .collect();
    let source = context
        .source
        .as_ref()
        .map_or_else(|| "none".to_owned(), |source| source.describe());
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
