//! A demo, put together: its store, its channel, its history, and then the service as it always is.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sre_core::monitor::Router;
use sre_core::notification::Notifier;
use sre_core::store::{Catalog as _, Outbox as _, Store};
use sre_core::time::Clock as _;
use sre_notify::{WebhookConfig, WebhookFormat, WebhookNotifier};
use sre_store_sqlite::{Options, SqliteStore};

use super::{Parts, install_tls_provider, open, run_with};
use crate::cli::DemoArgs;
use crate::clock::SystemClock;
use crate::config::{Config, StoreLocation};
use crate::defaults::own_slos;
use crate::demo::{Demo, DemoChannel, Maker};
use crate::lifecycle::{End, signals};

/// Serves a demo; makes its history first, where there is none, and says how far it is.
///
/// # Errors
///
/// Whatever keeps it from being made or served, above all a directory that holds anything else.
pub async fn demo(
    config: Config,
    args: DemoArgs,
    mut say: impl Write + Send,
) -> anyhow::Result<End> {
    install_tls_provider();
    let mut demo = Demo::find(&args.directory, SystemClock.now())?;
    let config = demo.settings(config);
    let channel: Arc<dyn Notifier> = Arc::new(DemoChannel::new(unsent(&config)?));
    if !demo.is_whole() {
        make(&mut demo, &config, &channel, &mut say).await?;
    }
    if args.make_only {
        return Ok(End::Clean);
    }
    let signals = signals().context("signals cannot be listened to")?;
    let parts = Parts {
        store: open(&config).await?,
        router: Router::from(vec![channel.destination().id]),
        fallbacks: Vec::new(),
        template_errors: Vec::new(),
        channels: vec![channel],
        source: Some(Arc::new(demo.source())),
        prometheus: None,
        demo: Some(demo.source()),
    };
    run_with(config, parts, signals).await
}

/// Makes the history of a demo. Killed meanwhile, it leaves a directory in which it is made again.
async fn make(
    demo: &mut Demo,
    config: &Config,
    channel: &Arc<dyn Notifier>,
    say: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    let StoreLocation::Sqlite(path) = &config.store.location;
    demo.begin()?;
    let options = Options {
        // It is made again when the power fails; written through, it would take minutes.
        is_durable: false,
        ..Options::default()
    };
    let store = SqliteStore::open(path, options)
        .await
        .context("the store of the demo cannot be made")?;
    let destinations = [channel.destination().clone()];
    let begin = demo.source().begin();
    store
        .register_destinations(&destinations, begin)
        .await?;
    let ports: Arc<dyn Store> = Arc::new(store.clone());
    let maker = Maker::new(ports, demo.source(), Arc::clone(channel), config.monitor());
    writeln!(say, "making a month of history in {}", path.display())?;
    maker
        .make(&mut |progress| {
            // Who reads it may have gone; the demo is made all the same.
            let _ = write!(say, "\rday {} of {}", progress.days, progress.of);
            let _ = say.flush();
        })
        .await
        .context("the history of the demo cannot be made")?;
    writeln!(say)?;
    for (slo, start) in own_slos(&config.slo_defaults(), &config.monitor(), SystemClock.now()) {
        store.insert(&slo, &start).await?;
    }
    store.close().await;
    demo.finish()?;
    Ok(())
}

/// A webhook that makes the messages of a demo, and is never sent to.
fn unsent(config: &Config) -> anyhow::Result<Arc<dyn Notifier>> {
    let notifier = WebhookNotifier::new(WebhookConfig {
        name: "demo".to_owned(),
        url: "http://localhost:9/"
            .parse::<url::Url>()?
            .try_into()
            .context("the address of nobody")?,
        format: WebhookFormat::Standard,
        secret: None,
        timeout: Duration::from_secs(1),
        links_base: format!("http://{}", config.server.address)
            .parse()
            .ok(),
        dashboards_url: config.links.grafana.clone(),
    })?;
    Ok(Arc::new(notifier))
}
