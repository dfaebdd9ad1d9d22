//! Channels of SRE Monitor: how a message leaves, and nothing about whether it should.
//!
//! A channel renders a message into the body that is frozen with the delivery, and makes one try to
//! send it. Who is told what is judged in `sre_core::notification`, and what an answer means is
//! decided there too; a channel says only what it saw, and says it honestly: *no byte left*,
//! *something left and no answer came*, or *this was answered*.
//!
//! The webhook is the first channel: [`WebhookNotifier`], signed as Standard Webhooks say. Its
//! guarantee: every message at least once, each try under the same `webhook-id` with the same body,
//! and a try that may be a repeat says so in a header.
//!
//! ```
//! use std::time::Duration;
//! use sre_notify::{WebhookConfig, WebhookSecret, WebhookUrl};
//!
//! let config = WebhookConfig {
//!     name: "default".to_owned(),
//!     url: "https://hooks.example/T0/a-token".parse::<WebhookUrl>()?,
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
//! 64 KiB of an answer, send more than 64 KiB, show an address or a key.

mod body;
mod post;
mod redaction;
mod webhook;

pub use body::BODY_MAX_BYTES;
pub use post::{WebhookUrl, WebhookUrlError};
pub use webhook::{
    WebhookConfig, WebhookError, WebhookNotifier, WebhookSecret, WebhookSecretError,
};
