//! Alerts by Slack.

use url::Url;

use super::{Switch, enabled};
use crate::config::parse;
use crate::config::reader::Reader;
use crate::secret::Secret;

/// Alerts by Slack.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// The incoming webhook.
    pub url: Secret<Url>,
    /// The channel to post to, where the webhook lets one choose.
    pub channel: Option<String>,
    /// The name to post under, where the webhook lets one choose.
    pub username: Option<String>,
}

const SWITCH: Switch = Switch {
    channel: "Slack",
    enable: "ENABLE_SLACK_ALERTS",
    addresses: &["SLACK_WEBHOOK_URL"],
    others: &["SLACK_CHANNEL", "SLACK_USERNAME"],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<SlackConfig> {
    let enabled = enabled(reader, SWITCH.enable);
    let url = reader.optional("SLACK_WEBHOOK_URL", parse::url);
    let channel = reader.optional("SLACK_CHANNEL", parse::text);
    let username = reader.optional("SLACK_USERNAME", parse::text);
    let on = SWITCH.is_on(reader, enabled);
    Some(SlackConfig {
        url: Secret::new(url.filter(|_| on)?),
        channel,
        username,
    })
}
