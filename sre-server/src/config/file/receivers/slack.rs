//! `slack_configs`: an incoming webhook of Slack.

use super::super::yaml::{Key, Node, Reader};
use super::address::secret_url;
use super::ends::SEND_RESOLVED;
use super::{ChannelConfig, Globals, optional_text};
use crate::config::SlackConfig;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = [
        "api_url",
        "api_url_file",
        "api_url_env",
        "channel",
        "username",
        "title",
        "text",
        SEND_RESOLVED,
    ];
    let map = reader.map(node, "a Slack channel", &keys.map(Key::known))?;
    let faults = reader.count();
    let url = reader.secret(&map, ["api_url", "api_url_file", "api_url_env"]);
    if url.is_none() && reader.count() == faults {
        reader.refuse(node, "a Slack channel has api_url_file or api_url_env");
    }
    let channel = optional_text(reader, &map, "channel");
    let username = optional_text(reader, &map, "username");
    let url = secret_url(reader, node, "SLACK_WEBHOOK_URL", &url?)?;
    Some(ChannelConfig::Slack(SlackConfig {
        url,
        channel,
        username,
    }))
}
