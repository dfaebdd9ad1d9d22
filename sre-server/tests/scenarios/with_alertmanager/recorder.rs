//! A channel that keeps what the webhook would have sent, and when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use sre_notify::{WebhookConfig, WebhookFormat, WebhookNotifier};

/// A receiver that takes everything at once.
#[derive(Debug)]
pub(crate) struct Recorder {
    like: WebhookNotifier,
    heard: Mutex<Vec<Heard>>,
}

/// One thing that a message says of an alert.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) at: DateTime<Utc>,
    pub(crate) alert_type: String,
    pub(crate) severity: String,
    pub(crate) reason: String,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        let url: url::Url = "http://localhost:9/"
            .parse()
            .expect("a url");
        let like = WebhookNotifier::new(WebhookConfig {
            name: "webhook".to_owned(),
            url: url.try_into().expect("an address"),
            secret: None,
            format: WebhookFormat::Standard,
            timeout: Duration::from_secs(30),
            links_base: None,
            dashboards_url: None,
        });
        Arc::new(Self {
            like: like.expect("a webhook"),
            heard: Mutex::default(),
        })
    }

    /// Everything so far, the oldest first.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Heard {
    /// Whether somebody is called: a page that opens, is told again, or becomes graver.
    pub(crate) fn is_page(&self) -> bool {
        self.is_grave() && !self.is_resolve() && self.reason != "severity_fell"
    }

    /// Whether somebody is told that a page is over.
    pub(crate) fn is_page_resolve(&self) -> bool {
        self.alert_type == "burn_rate" && self.is_resolve()
    }

    pub(crate) fn is_resolve(&self) -> bool {
        self.reason.ends_with("resolved")
    }

    fn is_grave(&self) -> bool {
        ["critical", "emergency"].contains(&self.severity.as_str())
    }
}

fn texts(at: DateTime<Utc>, alert: &Value) -> Heard {
    let text = |name: &str| {
        alert[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {alert}"))
            .to_owned()
    };
    Heard {
        at,
        alert_type: text("alert_type"),
        severity: text("severity"),
        reason: text("reason"),
    }
}

#[async_trait]
impl Notifier for Recorder {
    fn destination(&self) -> &Destination {
        self.like.destination()
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        self.like.render(message)
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.like.render_degraded(message)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let body: Value = serde_json::from_slice(outgoing.body).expect("a body in JSON");
        let alerts = body["data"]["alerts"]
            .as_array()
            .unwrap_or_else(|| panic!("a message of alerts: {body}"));
        let mut heard = self
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        heard.extend(
            alerts
                .iter()
                .map(|alert| texts(outgoing.now, alert)),
        );
        Answer::Responded {
            status: 204,
            retry_after: None,
            excerpt: String::new(),
        }
    }
}
