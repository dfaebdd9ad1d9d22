//! `pagerduty_configs`: a service of PagerDuty.

use url::Url;

use super::super::yaml::{Key, Node, Reader};
use super::ends::SEND_RESOLVED;
use super::{ChannelConfig, Globals};
use crate::config::setting::WhenUnset;
use crate::config::table::setting;
use crate::config::{PagerDutyConfig, parse};

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = [
        "routing_key",
        "routing_key_file",
        "routing_key_env",
        "url",
        SEND_RESOLVED,
    ];
    let map = reader.map(node, "a PagerDuty service", &keys.map(Key::known))?;
    let url = match map.get("url") {
        Some(node) => reader.read_by(node, |text| parse::url(setting("PAGERDUTY_URL"), text)),
        None => default_url("PAGERDUTY_URL"),
    };
    let faults = reader.count();
    let key = reader.secret(&map, ["routing_key", "routing_key_file", "routing_key_env"]);
    if key.is_none() && reader.count() == faults {
        reader.refuse(
            node,
            "a PagerDuty service has routing_key_file or routing_key_env",
        );
    }
    let key = key.filter(|_| reader.reads_secrets())?;
    if let Err(cause) = parse::routing_key(setting("PAGERDUTY_ROUTING_KEY"), key.expose()) {
        reader.refuse(node, format!("its routing key: {cause}"));
        return None;
    }
    Some(ChannelConfig::PagerDuty(PagerDutyConfig {
        url: url?,
        routing_key: key,
    }))
}

/// The value of a setting that has a default.
fn default_url(name: &str) -> Option<Url> {
    match setting(name).default {
        WhenUnset::Is(text) => Url::parse(text).ok(),
        _ => None,
    }
}
