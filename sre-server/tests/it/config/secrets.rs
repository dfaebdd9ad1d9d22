//! Where secrets may stand, and that they are never seen.

use sre_server::cli::{Exit, Output};
use sre_server::config::{Origin, SETTINGS};

use super::{Given, KEY, shown};

#[test]
fn a_secret_may_stand_in_a_file_without_its_last_line_break() {
    let given = Given::new(&[
        ("WEBHOOK_URL_FILE", "/run/url"),
        ("WEBHOOK_SECRET_FILE", "/run/key"),
    ])
    .file("/run/url", "https://hook.example/x\n")
    .file("/run/key", &format!("{KEY}\r\n"));
    let config = given.config();
    let webhook = config
        .channels
        .webhook
        .expect("the webhook is on");
    assert_eq!(webhook.secret.expect("a key").expose(), KEY);
    assert_eq!(webhook.url.expose().path(), "/x");
    let row = config
        .effective
        .iter()
        .find(|row| row.name == "WEBHOOK_SECRET");
    assert_eq!(row.expect("shown").origin, Origin::File("/run/key".into()));
}

#[test]
fn a_secret_file_that_is_missing_empty_or_one_too_many_is_refused() {
    let missing = Given::new(&[
        ("ENABLE_WEBHOOK_ALERTS", "true"),
        ("WEBHOOK_URL_FILE", "/none"),
    ]);
    let faults = missing.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("WEBHOOK_URL_FILE=\"/none\": the file cannot be read"));

    let empty = Given::new(&[("DATABASE_URL_FILE", "/e")]).file("/e", "\n");
    assert_eq!(
        empty.faults(),
        ["DATABASE_URL_FILE=\"/e\": the file is empty"]
    );

    let both =
        Given::new(&[("WEBHOOK_SECRET", KEY), ("WEBHOOK_SECRET_FILE", "/k")]).file("/k", KEY);
    let faults = both.faults();
    assert!(
        faults[0].contains("WEBHOOK_SECRET is set as well"),
        "{faults:?}"
    );
    assert!(!faults.concat().contains(KEY));
}

#[test]
fn no_file_is_read_for_what_is_no_secret() {
    let given = Given::new(&[("SRE_MONITOR_HOST_FILE", "/h")]);
    assert!(given.warnings()[0].starts_with("SRE_MONITOR_HOST_FILE is no setting"));
}

#[test]
fn no_secret_is_seen_in_debug_faults_warnings_or_what_config_shows() {
    let right = [
        ("DATABASE_URL", "sqlite://x.db"),
        (
            "PROMETHEUS_URL",
            "http://ann:canary@prometheus:9090/canary?canary=1",
        ),
        (
            "PROMETHEUS_ENDPOINT",
            "http://ann:canary@prometheus:9090/other-canary",
        ),
        ("SRE_MONITOR_HEARTBEAT_URL", "https://hc.example/canary"),
        ("WEBHOOK_URL", "https://hook.example/canary"),
        ("WEBHOOK_SECRET", "whsec_canarycanarycanarycanarycanaryca"),
        ("SMTP_HOST", "smtp.example.org"),
        ("SMTP_USERNAME", "alerts"),
        ("SMTP_PASSWORD", "canary"),
        ("FROM_EMAIL", "alerts@example.org"),
        ("TO_EMAILS", "oncall@example.org"),
        (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/canary",
        ),
        ("PAGERDUTY_ROUTING_KEY", "canarycanarycanarycanarycanary01"),
        ("ALERTMANAGER_URL", "http://ann:canary@am:9093/canary"),
    ];
    let secrets = SETTINGS
        .iter()
        .filter(|setting| setting.secret);
    for setting in secrets {
        assert!(
            right
                .iter()
                .any(|(name, _)| *name == setting.name),
            "{} too",
            setting.name
        );
    }
    let given = Given::new(&right);
    let (config, warnings) = given.read().expect("these are right");
    let mut seen = format!("{config:?} {warnings:?}");
    for output in [Output::Json, Output::Table] {
        let (out, err, exit) = shown(&given, output);
        assert_eq!(exit, Exit::Done);
        seen.push_str(&out);
        seen.push_str(&err);
    }
    assert!(seen.contains("https://hook.example/***"), "{seen}");
    assert!(!seen.contains("canary"), "{seen}");

    for (name, text) in [
        ("DATABASE_URL", "postgresql://ann:canary@db:5432/canary"),
        ("DATABASE_URL", "postgres://ann:can/canary@db"),
        ("DATABASE_URL", "canary"),
        ("DATABASE_URL", "canary://db"),
        ("PROMETHEUS_URL", "canary"),
        ("PROMETHEUS_URL", "http://ann:1canary@prometheus:port/"),
        ("PROMETHEUS_ENDPOINT", "http:/canary"),
        ("SRE_MONITOR_HEARTBEAT_URL", "ftp://hc.example/canary"),
        ("WEBHOOK_URL", "https:canary"),
        ("WEBHOOK_SECRET", "canary"),
        ("WEBHOOK_SECRET", "whsec_canary"),
        ("SLACK_WEBHOOK_URL", "https:/canary"),
        ("PAGERDUTY_ROUTING_KEY", "canary"),
        ("PAGERDUTY_ROUTING_KEY", "canarycanarycanarycanarycanary-1"),
        ("ALERTMANAGER_URL", "http:/canary"),
        ("SMTP_PASSWORD", "canary\n"),
        ("API_GATEWAY_URL", "http://ann:canary@gateway/"),
        ("GRAFANA_URL", "http://ann:canary@:x"),
    ] {
        let given = Given::new(&[(name, text)]);
        let faults = given.read().expect_err(text);
        let (out, err, exit) = shown(&given, Output::Table);
        assert_eq!((out.as_str(), exit), ("", Exit::Misconfigured));
        let seen = format!("{faults:?} {faults} {err}");
        assert!(!seen.contains("canary"), "{name}: {seen}");
    }
}
