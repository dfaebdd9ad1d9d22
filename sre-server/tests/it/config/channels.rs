//! When a channel is on, and what is refused.

use sre_server::config::MailSecurity;

use super::{Given, KEY, fault};

#[test]
fn a_channel_is_on_when_its_address_is_set_and_it_is_not_switched_off() {
    let url = ("WEBHOOK_URL", "https://hook.example/alerts");
    for (variables, on) in [
        (vec![], false),
        (vec![url], true),
        (vec![url, ("ENABLE_WEBHOOK_ALERTS", "true")], true),
        (vec![url, ("ENABLE_WEBHOOK_ALERTS", "false")], false),
        (vec![("ENABLE_WEBHOOK_ALERTS", "false")], false),
    ] {
        let config = Given::new(&variables).config();
        assert_eq!(config.channels.webhook.is_some(), on, "{variables:?}");
        let row = config
            .effective
            .iter()
            .find(|row| row.name == "ENABLE_WEBHOOK_ALERTS");
        assert_eq!(
            row.and_then(|row| row.value.clone()),
            Some(on.to_string()),
            "{variables:?}"
        );
    }
}

/// Mail as the documentation shows it.
const MAIL: [(&str, &str); 5] = [
    ("SMTP_HOST", "smtp.example.org"),
    ("SMTP_USERNAME", "alerts"),
    ("SMTP_PASSWORD", "canary-password"),
    ("FROM_EMAIL", "alerts@ai-core.dev"),
    ("TO_EMAILS", "team@ai-core.dev,oncall@ai-core.dev"),
];

#[test]
fn mail_and_slack_are_on_and_off_like_the_webhook() {
    let slack = [
        (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/T0/B0/canary",
        ),
        ("SLACK_CHANNEL", "#alerts"),
        ("SLACK_USERNAME", "SRE Monitor"),
    ];
    for (switch, on) in [(None, true), (Some("true"), true), (Some("false"), false)] {
        let mut given = Given::new(&[&MAIL[..], &slack[..]].concat());
        if let Some(text) = switch {
            given.set("ENABLE_EMAIL_ALERTS", text);
            given.set("ENABLE_SLACK_ALERTS", text);
        }
        let channels = given.config().channels;
        assert_eq!(channels.email.is_some(), on, "{switch:?}");
        assert_eq!(channels.slack.is_some(), on, "{switch:?}");
        assert_eq!(channels.is_silent(), !on);
        let is_warned = given
            .warnings()
            .iter()
            .any(|warning| warning.starts_with("nobody is told"));
        assert_eq!(is_warned, !on);
    }
}

#[test]
fn mail_is_read_whole_and_each_recipient_once() {
    let mut given = Given::new(&MAIL).file("/ca.pem", "-----BEGIN");
    given.set(
        "TO_EMAILS",
        "team@ai-core.dev, oncall@ai-core.dev,Team@ai-core.dev",
    );
    given.set("SMTP_CA_FILE", "/ca.pem");
    let email = given
        .config()
        .channels
        .email
        .expect("mail is on");
    assert_eq!(email.to, ["team@ai-core.dev", "oncall@ai-core.dev"]);
    assert_eq!((email.host.as_str(), email.port), ("smtp.example.org", 587));
    assert_eq!(email.security, MailSecurity::StartTls);
    assert_eq!(email.from, "alerts@ai-core.dev");
    assert_eq!(email.ca_pem.as_deref(), Some("-----BEGIN"));
    assert!(!format!("{email:?}").contains("canary"));
    let login = email.login.expect("an account");
    assert_eq!(login.password.expose(), "canary-password");
}

#[test]
fn a_channel_that_is_enabled_without_an_address_is_refused() {
    assert!(fault("ENABLE_WEBHOOK_ALERTS", "true").contains("set WEBHOOK_URL"));
    assert!(fault("ENABLE_SLACK_ALERTS", "true").contains("set SLACK_WEBHOOK_URL"));
}

#[test]
fn pagerduty_alertmanager_and_the_form_of_the_webhook_are_read() {
    let given = [
        ("PAGERDUTY_ROUTING_KEY", "0123456789abcdef0123456789ABCDEF"),
        ("ALERTMANAGER_URL", "http://alertmanager:9093/am"),
        ("WEBHOOK_URL", "https://hook.example/alerts"),
        ("WEBHOOK_FORMAT", "cloudevents"),
    ];
    let channels = Given::new(&given).config().channels;
    let pagerduty = channels.pagerduty.expect("it is on");
    assert_eq!(
        pagerduty.url.as_str(),
        "https://events.pagerduty.com/v2/enqueue"
    );
    let alertmanager = channels.alertmanager.expect("it is on");
    assert_eq!(alertmanager.url.expose().path(), "/am");
    assert_eq!(
        channels
            .webhook
            .expect("it is on")
            .format,
        "cloudevents"
    );
    let mut given = Given::new(&given);
    given.set("ENABLE_PAGERDUTY_ALERTS", "false");
    given.set("ENABLE_ALERTMANAGER_ALERTS", "false");
    let channels = given.config().channels;
    assert!(channels.pagerduty.is_none() && channels.alertmanager.is_none());

    assert!(fault("ENABLE_PAGERDUTY_ALERTS", "true").contains("set PAGERDUTY_ROUTING_KEY"));
    assert!(fault("ENABLE_ALERTMANAGER_ALERTS", "true").contains("set ALERTMANAGER_URL"));
    assert!(fault("PAGERDUTY_ROUTING_KEY", "0123").contains("not 4 characters"));
}

#[test]
fn everything_that_mail_lacks_is_told_at_once() {
    let lacking = |variables: &[(&str, &str)]| {
        let faults = Given::new(variables).faults();
        faults
            .iter()
            .map(|fault| {
                fault
                    .split([':', '=', ' '])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    for (variables, names) in [
        (
            &[("ENABLE_EMAIL_ALERTS", "true")][..],
            &["ENABLE_EMAIL_ALERTS"][..],
        ),
        (
            &[("SMTP_HOST", "smtp.example.org")],
            &["FROM_EMAIL", "TO_EMAILS"],
        ),
        (
            &[("TO_EMAILS", "ann@example.org"), ("SMTP_PASSWORD", "x")],
            &["SMTP_HOST", "SMTP_PASSWORD", "FROM_EMAIL"],
        ),
        (
            &[
                ("SMTP_HOST", "smtp.example.org:587"),
                ("FROM_EMAIL", "Ann <ann@example.org>"),
                ("TO_EMAILS", "ann@example.org\nBcc: all@example.org"),
            ],
            &["SMTP_HOST", "FROM_EMAIL", "TO_EMAILS"],
        ),
    ] {
        assert_eq!(lacking(variables), names, "{variables:?}");
    }
    let why = Given::new(&[("SMTP_HOST", "h")])
        .faults()
        .concat();
    assert!(why.contains("since SMTP_HOST is set"), "{why}");
}

#[test]
fn a_password_goes_to_another_machine_by_tls_alone() {
    let host = |host| {
        let mut given = Given::new(&MAIL);
        given.set("SMTP_TLS", "none");
        given.set("SMTP_HOST", host);
        given
    };
    for far in ["smtp.example.org", "192.0.2.1", "[2001:db8::1]"] {
        let faults = host(far).faults();
        assert!(
            faults.len() == 1 && faults[0].starts_with("SMTP_TLS=\"none\""),
            "{faults:?}"
        );
    }
    for near in ["localhost", "127.0.0.1", "[::1]"] {
        host(near).config();
    }
}

#[test]
fn a_port_that_speaks_the_other_way_is_warned_of() {
    for (port, tls, is_odd) in [
        ("587", "implicit", true),
        ("465", "starttls", true),
        ("465", "implicit", false),
        ("25", "none", false),
    ] {
        let mut given = Given::new(&MAIL);
        given.set("SMTP_HOST", "localhost");
        given.set("SMTP_PORT", port);
        given.set("SMTP_TLS", tls);
        assert_eq!(!given.warnings().is_empty(), is_odd, "{port} {tls}");
    }
}

#[test]
fn the_slowest_channel_decides_how_long_a_try_may_take() {
    let seconds = |variables: &[(&str, &str)]| {
        Given::new(variables)
            .config()
            .send_timeout()
            .as_seconds()
    };
    let webhook = ("WEBHOOK_URL", "https://hook.example");
    assert_eq!(seconds(&[webhook, ("WEBHOOK_TIMEOUT", "5")]), 5);
    assert_eq!(seconds(&MAIL), 30);
    let both = [&MAIL[..], &[webhook, ("WEBHOOK_TIMEOUT", "5")]].concat();
    assert_eq!(seconds(&both), 30);
    let slow = [&MAIL[..], &[webhook, ("WEBHOOK_TIMEOUT", "50")]].concat();
    assert_eq!(seconds(&slow), 50);
}

#[test]
fn what_is_set_for_a_channel_without_an_address_is_warned_of() {
    for (name, text) in [
        ("WEBHOOK_SECRET", KEY),
        ("SMTP_PASSWORD", "x"),
        ("SLACK_CHANNEL", "#alerts"),
        ("PROMETHEUS_SCRAPE_INTERVAL", "15s"),
    ] {
        let warnings = Given::new(&[(name, text)]).warnings();
        let idle = format!("{name} has no effect: ");
        assert!(
            warnings
                .iter()
                .any(|warning| warning.starts_with(&idle)),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_webhook_key_is_what_standard_webhooks_says() {
    let url = ("WEBHOOK_URL", "https://hook.example");
    let config = Given::new(&[url, ("WEBHOOK_SECRET", KEY)]).config();
    let webhook = config
        .channels
        .webhook
        .expect("the webhook is on");
    assert_eq!(webhook.secret.expect("a key").expose(), KEY);
    for text in [
        "secret",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_!!!!",
        &KEY[..37],
        &format!("{KEY}="),
    ] {
        let faults = Given::new(&[url, ("WEBHOOK_SECRET", text)]).faults();
        assert!(
            faults[0].starts_with("WEBHOOK_SECRET=\"***\": "),
            "{faults:?}"
        );
    }
}

#[test]
fn mail_addresses_are_looked_at_although_mail_is_off() {
    for text in ["ann", "ann@", "@x", "a b@x", "ann@x,,bob@x", "ann@@x"] {
        let given = Given::new(&[("ENABLE_EMAIL_ALERTS", "false"), ("TO_EMAILS", text)]);
        assert_eq!(given.faults().len(), 1, "{text}");
    }
}

#[test]
fn a_file_of_certificates_that_is_missing_is_refused() {
    let variables = [
        ("ENABLE_EMAIL_ALERTS", "false"),
        ("SMTP_CA_FILE", "/ca.pem"),
    ];
    let faults = Given::new(&variables).faults();
    assert!(faults[0].starts_with("SMTP_CA_FILE=\"/ca.pem\": the file cannot be read"));
    Given::new(&variables)
        .file("/ca.pem", "-----BEGIN")
        .config();
}
