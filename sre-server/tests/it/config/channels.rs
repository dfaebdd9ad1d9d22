//! When a channel is on, and what is refused.

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
        assert_eq!(config.webhook.is_some(), on, "{variables:?}");
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

#[test]
fn a_channel_that_is_enabled_without_an_address_is_refused() {
    assert!(fault("ENABLE_WEBHOOK_ALERTS", "true").contains("set WEBHOOK_URL"));
    fault("ENABLE_EMAIL_ALERTS", "true");
    fault("ENABLE_SLACK_ALERTS", "true");
}

#[test]
fn channels_that_are_not_built_are_refused_when_they_would_be_on() {
    for (variables, at) in [
        (
            vec![("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/x")],
            "SLACK_WEBHOOK_URL",
        ),
        (vec![("SMTP_HOST", "smtp.example.org")], "SMTP_HOST"),
        (vec![("TO_EMAILS", "ann@example.org")], "TO_EMAILS"),
    ] {
        let faults = Given::new(&variables).faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].starts_with(at) && faults[0].contains("=false to start"),
            "{faults:?}"
        );
        let enable = if at.starts_with("SLACK") {
            "ENABLE_SLACK_ALERTS"
        } else {
            "ENABLE_EMAIL_ALERTS"
        };
        let mut off = Given::new(&variables);
        off.set(enable, "false");
        off.config();
    }
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
