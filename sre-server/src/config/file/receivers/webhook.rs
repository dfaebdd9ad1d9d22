//! `webhook_configs`: a webhook, in one of its formats.

use sre_core::time::Span;

use super::super::yaml::{Key, Node, Reader};
use super::address::address;
use super::ends::SEND_RESOLVED;
use super::{ChannelConfig, Globals};
use crate::config::table::setting;
use crate::config::{WebhookConfig, parse};

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = [
        "url",
        "url_file",
        "url_env",
        "secret",
        "secret_file",
        "secret_env",
        "format",
        "timeout",
        SEND_RESOLVED,
    ];
    let map = reader.map(node, "a webhook", &keys.map(Key::known))?;
    let timeout = map
        .get("timeout")
        .and_then(|node| reader.span(node))
        .flatten()
        .unwrap_or(TIMEOUT);
    if timeout > TIMEOUT_MAX {
        reader.refuse(node, format!("timeout is at most {TIMEOUT_MAX}"));
    }
    let format = map
        .get("format")
        .and_then(|node| {
            reader.read_by(node, |text| parse::choice(setting("WEBHOOK_FORMAT"), text))
        })
        .unwrap_or("standard");
    let key = reader.secret(&map, ["secret", "secret_file", "secret_env"]);
    if let Some(key) = key
        .as_ref()
        .filter(|_| reader.reads_secrets())
        && let Err(cause) = parse::webhook_key(setting("WEBHOOK_SECRET"), key.expose())
    {
        reader.refuse(node, format!("the key of the webhook: {cause}"));
    }
    let url = address(reader, node, &map, "WEBHOOK_URL")?;
    Some(ChannelConfig::Webhook(WebhookConfig {
        url,
        format,
        secret: key.filter(|_| reader.reads_secrets()),
        timeout: timeout.as_duration(),
    }))
}

/// How long one try of a webhook may take where nothing is said: as `WEBHOOK_TIMEOUT`.
const TIMEOUT: Span = Span::seconds(30);
/// The longest that a try may take: a lane waits for it.
const TIMEOUT_MAX: Span = Span::minutes(5);
