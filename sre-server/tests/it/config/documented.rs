//! The block of variables as it was first documented.

use std::net::SocketAddr;
use std::time::Duration;

use sre_core::policy::BurnLevel;
use sre_core::target::Factor;
use sre_core::time::Span;
use sre_server::config::SETTINGS;

use super::Given;

/// The block of variables, as the service's first document has it.
const DOCUMENTED: &str = include_str!("documented.env");

/// The pairs of the documented block; a comment begins at a `#` after white space.
fn documented() -> Vec<(String, String)> {
    DOCUMENTED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, rest)| {
            let comment = rest.find(" #").unwrap_or(rest.len());
            (name.to_owned(), rest[..comment].trim_end().to_owned())
        })
        .collect()
}

#[test]
fn every_documented_variable_is_a_setting() {
    let documented = documented();
    assert_eq!(documented.len(), 36);
    for (name, _) in documented {
        assert!(
            SETTINGS
                .iter()
                .any(|setting| setting.name == name),
            "{name}"
        );
    }
}

#[test]
fn the_documented_block_is_refused_only_for_what_is_not_built_or_not_safe() {
    let mut given = Given::default();
    for (name, text) in documented() {
        given.set(&name, &text);
    }
    let faults = given
        .read()
        .expect_err("two of them are refused");
    let names: Vec<&str> = faults
        .iter()
        .map(|fault| fault.name.as_str())
        .collect();
    assert_eq!(names, ["SRE_MONITOR_HOST", "DATABASE_URL"]);
    let text = faults.to_string();
    assert!(text.contains("SRE_MONITOR_ALLOW_ANONYMOUS=true"), "{text}");
    assert!(
        text.contains("PostgreSQL is not built in this version"),
        "{text}"
    );
}

#[test]
fn the_documented_block_without_the_refused_ones_means_what_it_says() {
    let mut given = Given::default();
    for (name, text) in documented() {
        given.set(&name, &text);
    }
    given.variables.remove("DATABASE_URL");
    given.set("SRE_MONITOR_ALLOW_ANONYMOUS", "true");
    let (config, warnings) = given.read().expect("the rest is right");

    assert_eq!(
        config.server.address,
        "0.0.0.0:8080"
            .parse::<SocketAddr>()
            .expect("address")
    );
    assert!(config.server.insecure);
    assert_eq!(config.server.request_timeout, Duration::from_secs(30));
    assert_eq!(config.store.pool.max_connections.get(), 20);
    assert_eq!(config.store.pool.min_connections, 5);
    assert_eq!(
        config.store.pool.connection_timeout,
        Duration::from_secs(30)
    );
    assert_eq!(config.collection.interval, Span::minutes(1));
    assert_eq!(config.retention.samples, Span::days(30));
    assert_eq!(config.evaluation.validation_interval, Span::minutes(5));
    assert_eq!(config.evaluation.default_window.span(), Span::days(30));
    assert_eq!(config.evaluation.cooldown, Span::minutes(10));
    assert_eq!(config.evaluation.budget_interval, Span::hours(1));
    assert_eq!(
        config.evaluation.default_target,
        "99".parse().expect("target")
    );
    let thresholds = config.evaluation.thresholds;
    for (level, factor) in [
        (BurnLevel::Warning, Factor::whole(2)),
        (BurnLevel::Critical, Factor::whole(5)),
        (BurnLevel::Emergency, Factor::whole(10)),
    ] {
        assert_eq!(thresholds.factor(level), Some(factor));
    }
    let probe = config
        .collection
        .probes
        .first()
        .expect("the gateway is checked");
    assert_eq!(probe.service_name.as_str(), "api-gateway");
    assert_eq!(probe.url.as_str(), "http://localhost:8000/");
    let prometheus = config
        .prometheus
        .expect("a Prometheus is named");
    assert_eq!(prometheus.url.expose().as_str(), "http://localhost:9090/");
    assert_eq!(
        config
            .links
            .grafana
            .expect("a link")
            .as_str(),
        "http://localhost:3001/"
    );
    let channels = config.channels;
    assert!(channels.webhook.is_none(), "ENABLE_WEBHOOK_ALERTS is false");
    assert!(channels.email.is_none(), "ENABLE_EMAIL_ALERTS is false");
    let slack = channels.slack.expect("Slack is on");
    assert_eq!(slack.channel.as_deref(), Some("#alerts"));
    assert_eq!(slack.username.as_deref(), Some("SRE Monitor"));
    assert_eq!(slack.url.expose().host_str(), Some("hooks.slack.com"));

    let warnings: Vec<String> = warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("everybody who can reach 0.0.0.0 may read and write"));
}
