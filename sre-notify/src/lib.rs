//! Channels of SRE Monitor: how a message leaves, and nothing about whether it should.
//!
//! A channel renders a message into the body that is frozen with the delivery, and makes one try to
//! send it. Who is told what is judged in `sre_core::notification`, and what an answer means is
//! decided there too; a channel says only what it saw, and says it honestly: *no byte left*,
//! *something left and no answer came*, or *this was answered*.
//!
//! | channel | guarantee |
//! | --- | --- |
//! | [`WebhookNotifier`] | every message at least once, each try under the same `webhook-id` with the same body; a try that may be a repeat says so in a header |
//! | [`EmailNotifier`] | every message at least once to every recipient, each try under the same `Message-ID`; a try that may be a repeat says so in a header |
//! | [`SlackNotifier`] | every message at least once; a try that may be a repeat says so in words, and what is of low severity and may have arrived is not sent again |
//! | [`PagerDutyNotifier`] | every alert at least once, each of its events under the same `dedup_key`, so that PagerDuty keeps one incident of all tries |
//! | [`AlertmanagerNotifier`] | every alert, change of severity and end at least once, in all tries under the same labels, so that Alertmanager keeps one alert of all of them |
//!
//! ```
//! use std::time::Duration;
//! use sre_notify::{WebhookConfig, WebhookFormat, WebhookSecret, WebhookUrl};
//!
//! let config = WebhookConfig {
//!     name: "default".to_owned(),
//!     url: "https://hooks.example/T0/a-token".parse::<WebhookUrl>()?,
//!     format: WebhookFormat::Standard,
//!     secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse::<WebhookSecret>()?),
//!     timeout: Duration::from_secs(30),
//!     links_base: None,
//!     dashboards_url: None,
//! };
//! assert!(!format!("{config:?}").contains("a-token")); // the address is a secret
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it refuses to do: follow redirects, take a proxy from the environment, read more than
//! 64 KiB of an answer, send more than 64 KiB by webhook, fall back to a mail server in clear, show an
//! address or a key.

mod alertmanager;
mod body;
mod email;
mod heartbeat;
mod labels;
mod pagerduty;
mod post;
mod redaction;
mod render;
mod slack;
mod template;
mod webhook;

pub use alertmanager::{AlertmanagerConfig, AlertmanagerError, AlertmanagerNotifier};
pub use body::BODY_MAX_BYTES;
pub use email::{
    EmailConfig, EmailError, EmailNotifier, MailAddress, MailAddressError, SmtpLogin, SmtpSecurity,
};
pub use heartbeat::{Heartbeat, HeartbeatError};
pub use pagerduty::{
    PAGERDUTY_URL, PagerDutyConfig, PagerDutyError, PagerDutyNotifier, RoutingKey, RoutingKeyError,
};
pub use post::{WebhookUrl, WebhookUrlError};
pub use slack::{SlackConfig, SlackError, SlackNotifier};
pub use template::{TemplateErrors, TemplateFault, TemplateFiles, TemplatePart, Templates, TryOut};
pub use webhook::{
    WebhookConfig, WebhookError, WebhookFormat, WebhookFormatError, WebhookNotifier, WebhookSecret,
    WebhookSecretError,
};
