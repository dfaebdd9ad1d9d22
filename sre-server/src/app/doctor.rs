//! `sre-monitor doctor`: which things there are to look at, by the settings.

use std::io::Write;
use std::path::Path;

use sre_core::time::Clock as _;
use sre_store_sqlite::{Inspection, Schema, inspect};

use super::install_tls_provider;
use crate::cli::{DoctorArgs, Exit};
use crate::clock::SystemClock;
use crate::config::{
    ChannelConfig, Channels, Config, EmailConfig, Faults, ReceiverConfig, StoreLocation, Warning,
};
use crate::doctor::{
    self, Finding, Mail, Place, Verdict, clock, directory, greet, listen, prometheus, reach, tokens,
};

/// Looks at everything, and writes what was found to `out`.
///
/// # Errors
///
/// Writing failed, or the HTTP client cannot be set up.
pub async fn doctor(
    args: DoctorArgs,
    read: Result<(Config, Vec<Warning>), Faults>,
    out: &mut (impl Write + Send),
) -> anyhow::Result<Exit> {
    install_tls_provider();
    let findings = match read {
        Ok((config, warnings)) => {
            let mut findings = vec![Finding::ok("settings", "all of them can be used")];
            findings.extend(doctor::warnings(&warnings));
            findings.extend(examine(&config).await?);
            findings
        }
        Err(faults) => doctor::faults(&faults),
    };
    doctor::write(&findings, args.output, out)?;
    Ok(match doctor::gravest(&findings) {
        Verdict::Ok | Verdict::Warning => Exit::Done,
        Verdict::Fault => Exit::Failed,
    })
}

async fn examine(config: &Config) -> anyhow::Result<Vec<Finding>> {
    // As the service's own clients: no proxy of the environment, and no redirect.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let StoreLocation::Sqlite(path) = &config.store.location;
    let mut findings = vec![
        listen(config.server.address, &client).await,
        tokens(&config.server, SystemClock.now()),
        store(path).await,
        directory(path.parent().unwrap_or(Path::new("."))),
    ];
    let mut ahead = None;
    if let Some(source) = &config.prometheus {
        let (finding, by) = prometheus(source.url.expose(), &client, &SystemClock).await;
        findings.push(finding);
        ahead = by.map(|by| ("Prometheus", by));
    }
    let delay = config.evaluation.delay.as_delta();
    findings.push(clock(SystemClock.now(), ahead, delay));
    for probe in &config.collection.probes {
        let check = format!("health check {}", probe.service_name);
        findings.extend(reached(&check, &probe.url).await);
    }
    findings.extend(channels(&config.channels).await);
    findings.extend(receivers(&config.file.receivers).await);
    if let Some(heartbeat) = &config.heartbeat_url {
        findings.extend(reached("heartbeat", heartbeat.expose()).await);
    }
    Ok(findings)
}

/// Each channel that is on.
async fn channels(channels: &Channels) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(webhook) = &channels.webhook {
        findings.extend(reached("channel webhook", webhook.url.expose()).await);
    }
    if let Some(slack) = &channels.slack {
        findings.extend(reached("channel slack", slack.url.expose()).await);
    }
    if let Some(pagerduty) = &channels.pagerduty {
        findings.extend(reached("channel pagerduty", &pagerduty.url).await);
    }
    if let Some(alertmanager) = &channels.alertmanager {
        findings.extend(reached("channel alertmanager", alertmanager.url.expose()).await);
    }
    if let Some(email) = &channels.email {
        findings.push(greet("channel email", &mail(email)).await);
    }
    findings
}

/// Each channel of the receivers of the file.
async fn receivers(receivers: &[ReceiverConfig]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, channel) in receivers
        .iter()
        .flat_map(|receiver| &receiver.channels)
    {
        let check = format!("receiver {name}");
        let url = match channel {
            ChannelConfig::Email(email) => {
                findings.push(greet(&check, &mail(email)).await);
                continue;
            }
            ChannelConfig::Webhook(webhook) => webhook.url.expose(),
            ChannelConfig::Slack(slack) => slack.url.expose(),
            ChannelConfig::PagerDuty(pagerduty) => &pagerduty.url,
            ChannelConfig::Alertmanager(alertmanager) => alertmanager.url.expose(),
        };
        findings.extend(reached(&check, url).await);
    }
    findings
}

fn mail(email: &EmailConfig) -> Mail {
    Mail {
        place: Place {
            host: email.host.clone(),
            port: email.port,
        },
        security: email.security,
        has_account: email.login.is_some(),
    }
}

async fn reached(check: &str, url: &url::Url) -> Option<Finding> {
    Some(reach(check, &Place::of(url)?).await)
}

async fn store(path: &Path) -> Finding {
    let (check, shown) = ("store", path.display());
    let (bytes, is_in_use, schema) = match inspect(path).await {
        Ok(Inspection::Found {
            bytes,
            is_in_use,
            schema,
        }) => (bytes, is_in_use, schema),
        Ok(_) => {
            return Finding::ok(
                check,
                format!("{shown} is not there, and is made at the start"),
            );
        }
        Err(error) => {
            let why = crate::workers::chain(&error);
            let advice =
                "name the file of a store, or one that does not exist; else restore a backup";
            return Finding::fault(check, format!("{shown} cannot be read: {why}"), advice);
        }
    };
    let size = bytes / 1_024;
    let used = if is_in_use {
        "; a process has it open"
    } else {
        ""
    };
    let seen = format!("{shown}, {size} KiB{used}");
    match schema {
        Schema::Current => Finding::ok(check, seen),
        Schema::Due(due) => Finding::warning(
            check,
            format!("{seen}; {due} migrations are due"),
            "back it up: the next start, or `sre-monitor migrate`, brings its tables up to date",
        ),
        _ => Finding::fault(
            check,
            format!("{seen}; a later version has changed its tables"),
            "run that version, or restore the backup that was made before it",
        ),
    }
}
