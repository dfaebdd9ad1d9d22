//! Alerts by webhook.

use std::time::Duration;

use url::Url;

use super::{Switch, enabled};
use crate::config::parse;
use crate::config::reader::Reader;
use crate::secret::Secret;

/// Alerts by webhook.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Where they are posted to.
    pub url: Secret<Url>,
    /// What is posted: `standard`, `alertmanager` or `cloudevents`.
    pub format: &'static str,
    /// The Standard Webhooks key, `whsec_…`; `None` sends unsigned.
    pub secret: Option<Secret<String>>,
    /// How long one try may take.
    pub timeout: Duration,
}

const SWITCH: Switch = Switch {
    channel: "the webhook",
    enable: "ENABLE_WEBHOOK_ALERTS",
    addresses: &["WEBHOOK_URL"],
    others: &["WEBHOOK_FORMAT", "WEBHOOK_SECRET", "WEBHOOK_TIMEOUT"],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<WebhookConfig> {
    let enabled = enabled(reader, SWITCH.enable);
    let url = reader.optional("WEBHOOK_URL", parse::url);
    let format = reader.value("WEBHOOK_FORMAT", parse::choice);
    let secret = reader.optional("WEBHOOK_SECRET", parse::webhook_key);
    let timeout = reader
        .value("WEBHOOK_TIMEOUT", parse::span)
        .as_duration();
    let on = SWITCH.is_on(reader, enabled);
    let url = url.filter(|_| on)?;
    Some(WebhookConfig {
        url: Secret::new(url),
        format,
        secret: secret.map(Secret::new),
        timeout,
    })
}
