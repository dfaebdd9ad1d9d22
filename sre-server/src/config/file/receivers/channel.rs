//! What each kind of channel needs, whichever it is.

use std::fmt;

use crate::config::{
    AlertmanagerConfig, EmailConfig, PagerDutyConfig, SlackConfig, WebhookConfig, mask,
};
use crate::secret::MASK;

/// One way to tell somebody.
#[derive(Clone, Debug)]
pub enum ChannelConfig {
    /// By mail.
    Email(EmailConfig),
    /// In Slack.
    Slack(SlackConfig),
    /// By webhook.
    Webhook(WebhookConfig),
    /// By PagerDuty.
    PagerDuty(PagerDutyConfig),
    /// By an Alertmanager that is there already.
    Alertmanager(AlertmanagerConfig),
}

/// Where it goes, without what is secret.
impl fmt::Display for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => {
                write!(f, "email to {} by {}", email.to.join(", "), email.host)
            }
            Self::Slack(slack) => {
                write!(
                    f,
                    "slack at {}",
                    mask::host_only(slack.url.expose().as_str())
                )?;
                match &slack.channel {
                    Some(channel) => write!(f, " in {channel}"),
                    None => Ok(()),
                }
            }
            Self::PagerDuty(pagerduty) => {
                let host = mask::host_only(pagerduty.url.as_str());
                write!(f, "pagerduty at {host}, key {MASK}")
            }
            Self::Alertmanager(alertmanager) => {
                let host = mask::host_only(alertmanager.url.expose().as_str());
                write!(f, "alertmanager at {host}")
            }
            Self::Webhook(webhook) => {
                let host = mask::host_only(webhook.url.expose().as_str());
                let key = if webhook.secret.is_some() {
                    MASK
                } else {
                    "none"
                };
                write!(f, "webhook at {host}, key {key}")
            }
        }
    }
}
