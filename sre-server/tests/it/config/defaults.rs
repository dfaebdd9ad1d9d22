//! With nothing set, and with the defaults given in words.

use std::net::SocketAddr;

use sre_core::time::Span;
use sre_server::config::{Defaults, LogFormat, SETTINGS, StoreLocation, WhenUnset};

use super::Given;

#[test]
fn with_nothing_set_the_service_starts_on_loopback_with_an_embedded_store() {
    let config = Given::default().config();
    assert_eq!(
        config.server.address,
        "127.0.0.1:8080"
            .parse::<SocketAddr>()
            .expect("address")
    );
    assert!(!config.server.insecure);
    assert_eq!(config.server.max_body_bytes, 1_048_576);
    assert_eq!(config.server.max_samples_body_bytes, 16_777_216);
    assert_eq!(
        config.store.location,
        StoreLocation::Sqlite("./data/sre-monitor.db".into())
    );
    assert!(config.store.auto_migrate);
    assert_eq!(config.retention.slices, Span::days(92));
    assert_eq!(config.retention.hour_sums, Span::days(400));
    assert_eq!(config.evaluation.delay, Span::seconds(10));
    assert_eq!(config.evaluation.min_coverage_permille, 800);
    assert_eq!(
        config
            .evaluation
            .default_target
            .budget_ppb(),
        10_000_000
    );
    assert_eq!(config.defaults, Defaults::All);
    assert!(config.prometheus.is_none() && config.channels.webhook.is_none());
    assert!(config.heartbeat_url.is_none() && config.server.probe_address.is_none());
    assert_eq!(config.replica_id, "box-7");
    assert_eq!(config.log.filter, "info");
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn logs_are_for_people_on_a_terminal_unless_said_otherwise() {
    let mut given = Given {
        terminal: true,
        ..Given::default()
    };
    assert_eq!(given.config().log.format, LogFormat::Pretty);
    given.set("SRE_MONITOR_LOG_FORMAT", "json");
    assert_eq!(given.config().log.format, LogFormat::Json);
}

#[test]
fn a_default_given_in_words_changes_nothing() {
    let mut given = Given::default();
    for setting in SETTINGS {
        if let WhenUnset::Is(text) = setting.default {
            given.set(setting.name, text);
        }
    }
    // What is set for a channel without an address is warned of, and that is all.
    let mut said = given.config();
    said.effective = Vec::new();
    let mut unsaid = Given::default().config();
    unsaid.effective = Vec::new();
    assert_eq!(format!("{said:?}"), format!("{unsaid:?}"));
}

#[test]
fn every_setting_of_the_table_is_read_and_shown() {
    let shown = Given::default().config().effective;
    let shown: Vec<&str> = shown
        .iter()
        .map(|row| row.name)
        .collect();
    let table: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.name)
        .collect();
    assert_eq!(shown, table);
}
