//! Who is told: a channel is on when its address is set and `ENABLE_…` is not `false`.

use std::time::Duration;

use url::Url;

use super::parse;
use super::reader::Reader;
use crate::secret::Secret;

/// Alerts by webhook.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Where they are posted to.
    pub url: Secret<Url>,
    /// The Standard Webhooks key, `whsec_…`; `None` sends unsigned.
    pub secret: Option<Secret<String>>,
    /// How long one try may take.
    pub timeout: Duration,
    /// The quick retries before a fallback is told as well.
    pub retry_count: u32,
}

pub(super) fn read_webhook(reader: &mut Reader<'_>) -> Option<WebhookConfig> {
    let enabled = reader.optional("ENABLE_WEBHOOK_ALERTS", parse::flag);
    let url = reader.optional("WEBHOOK_URL", parse::url);
    let secret = reader.optional("WEBHOOK_SECRET", parse::webhook_key);
    let timeout = reader
        .value("WEBHOOK_TIMEOUT", parse::span)
        .as_duration();
    let retry_count = reader.value("WEBHOOK_RETRY_COUNT", parse::number);

    let is_addressed = is_addressed(reader, &["WEBHOOK_URL"]);
    let on = enabled != Some(false) && is_addressed;
    reader.computed("ENABLE_WEBHOOK_ALERTS", on.to_string());
    if enabled == Some(true) && !is_addressed {
        reader.refuse(
            "ENABLE_WEBHOOK_ALERTS",
            "the webhook is enabled without an address; set WEBHOOK_URL",
        );
    }
    let others = ["WEBHOOK_SECRET", "WEBHOOK_TIMEOUT", "WEBHOOK_RETRY_COUNT"];
    warn_of_idle(reader, enabled, is_addressed, "WEBHOOK_URL", &others);
    let url = url.filter(|_| on)?;
    Some(WebhookConfig {
        url: Secret::new(url),
        secret: secret.map(Secret::new),
        timeout,
        retry_count,
    })
}

/// Mail cannot be sent yet: its settings are checked, and refused where they would switch it on.
pub(super) fn read_email(reader: &mut Reader<'_>) {
    let enabled = reader.optional("ENABLE_EMAIL_ALERTS", parse::flag);
    let host = reader.optional("SMTP_HOST", parse::text);
    reader.value("SMTP_PORT", parse::number);
    reader.value("SMTP_TLS", parse::choice);
    if let Some(path) = reader.optional("SMTP_CA_FILE", parse::path) {
        reader.check_file("SMTP_CA_FILE", &path);
    }
    reader.optional("SMTP_USERNAME", parse::text);
    reader.optional("SMTP_PASSWORD", parse::text);
    reader.optional("FROM_EMAIL", parse::emails);
    reader.optional("TO_EMAILS", parse::emails);

    let address = if host.is_some() {
        "SMTP_HOST"
    } else {
        "TO_EMAILS"
    };
    let others = [
        "SMTP_PORT",
        "SMTP_TLS",
        "SMTP_CA_FILE",
        "SMTP_USERNAME",
        "SMTP_PASSWORD",
        "FROM_EMAIL",
    ];
    let is_addressed = is_addressed(reader, &["SMTP_HOST", "TO_EMAILS"]);
    let channel = NotBuilt {
        name: "mail",
        enable: "ENABLE_EMAIL_ALERTS",
        address,
    };
    channel.refuse(reader, enabled, is_addressed);
    warn_of_idle(reader, enabled, is_addressed, "SMTP_HOST", &others);
}

/// Slack cannot be written to yet: as with mail.
pub(super) fn read_slack(reader: &mut Reader<'_>) {
    let enabled = reader.optional("ENABLE_SLACK_ALERTS", parse::flag);
    reader.optional("SLACK_WEBHOOK_URL", parse::url);
    reader.optional("SLACK_CHANNEL", parse::text);
    reader.optional("SLACK_USERNAME", parse::text);

    let address = "SLACK_WEBHOOK_URL";
    let is_addressed = is_addressed(reader, &[address]);
    let channel = NotBuilt {
        name: "Slack",
        enable: "ENABLE_SLACK_ALERTS",
        address,
    };
    channel.refuse(reader, enabled, is_addressed);
    let others = ["SLACK_CHANNEL", "SLACK_USERNAME"];
    warn_of_idle(reader, enabled, is_addressed, address, &others);
}

/// Without a channel an alert is recorded, and nobody knows. While something is wrong it cannot be
/// said which channels would be on.
pub(super) fn warn_of_silence(
    reader: &mut Reader<'_>,
    webhook: Option<&WebhookConfig>,
    shadow: bool,
) {
    if reader.is_faulty() {
        return;
    }
    if shadow {
        reader.warn("nobody is told of alerts: SRE_MONITOR_SHADOW is true");
    } else if webhook.is_none() {
        reader.warn("nobody is told of alerts: no channel is on; set WEBHOOK_URL");
    }
}

/// A channel of which this version knows only the settings.
struct NotBuilt {
    name: &'static str,
    enable: &'static str,
    address: &'static str,
}

impl NotBuilt {
    fn refuse(&self, reader: &mut Reader<'_>, enabled: Option<bool>, is_addressed: bool) {
        let Self {
            name,
            enable,
            address,
        } = self;
        let on = enabled != Some(false) && is_addressed;
        reader.computed(enable, on.to_string());
        let why = match enabled {
            Some(true) => format!("{enable} is true"),
            _ => format!("{address} is set"),
        };
        if on || enabled == Some(true) {
            let at = if enabled == Some(true) {
                enable
            } else {
                address
            };
            reader.refuse(
                at,
                format!(
                    "alerts by {name} are on, since {why}, but are not built in this version; set \
                     {enable}=false to start without them, and WEBHOOK_URL to be told by webhook"
                ),
            );
        }
    }
}

/// Whether one of the variables that address a channel was given, right or wrong.
fn is_addressed(reader: &Reader<'_>, names: &[&str]) -> bool {
    let faulty_file = |name: &str| !reader.are_sound(&[&format!("{name}_FILE")]);
    names
        .iter()
        .any(|name| reader.is_set(name) || faulty_file(name))
}

/// What is set for a channel without an address was meant for something. One that is switched off
/// in so many words may keep its settings.
fn warn_of_idle(
    reader: &mut Reader<'_>,
    enabled: Option<bool>,
    is_addressed: bool,
    address: &str,
    others: &[&str],
) {
    if is_addressed || enabled == Some(false) {
        return;
    }
    let idle: Vec<&str> = others
        .iter()
        .copied()
        .filter(|name| reader.is_set(name))
        .collect();
    for name in idle {
        reader.warn(format!("{name} has no effect: {address} is unset"));
    }
}
