//! The generic webhook: one `POST` of JSON in one of three forms, signed as Standard Webhooks say.
//!
//! Its guarantee, in every form: every message at least once, each try under the same `webhook-id`
//! with the same body; a try that may be a repeat says so in a header.

mod format;
mod secret;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use thiserror::Error;
use url::Url;

pub use format::{WebhookFormat, WebhookFormatError};
pub use secret::{WebhookSecret, WebhookSecretError};

use format::Style;

use crate::body::Bases;
use crate::post::{Heard, Poster, PosterError, WebhookUrl};

/// How one webhook is reached.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// What people call it; it names the destination for ever.
    pub name: String,
    /// Where messages are posted to. The operator wrote it, so it is trusted as written.
    pub url: WebhookUrl,
    /// What the body looks like.
    pub format: WebhookFormat,
    /// The key that signs; `None` sends unsigned.
    pub secret: Option<WebhookSecret>,
    /// How long one try may take, the answer included.
    pub timeout: Duration,
    /// Where this service is reached by people, for the links to alerts and SLOs.
    pub links_base: Option<Url>,
    /// Where the dashboards are, for SLOs that do not link one of their own.
    pub dashboards_url: Option<Url>,
}

/// Why there is no webhook.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// A try of no length can only fail.
    #[error("the timeout of a webhook must be longer than nothing")]
    NoTime,
    /// The HTTP client could not be set up; without CA certificates there is no https.
    #[error("the HTTP client could not be set up")]
    Client {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A webhook, ready to send.
pub struct WebhookNotifier {
    destination: Destination,
    style: Style,
    secret: Option<WebhookSecret>,
    bases: Bases,
    poster: Poster,
}

impl From<PosterError> for WebhookError {
    fn from(error: PosterError) -> Self {
        match error {
            PosterError::NoTime => Self::NoTime,
            PosterError::Client(source) => Self::Client { source },
        }
    }
}

impl WebhookNotifier {
    /// A webhook as `config` says.
    ///
    /// # Errors
    ///
    /// [`WebhookError::NoTime`] for a timeout of zero, [`WebhookError::Client`] when the client
    /// cannot be set up.
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider of `rustls`.
    pub fn new(config: WebhookConfig) -> Result<Self, WebhookError> {
        let WebhookConfig {
            name,
            url,
            format,
            secret,
            timeout,
            links_base,
            dashboards_url,
        } = config;
        let destination = Destination::new("webhook", &name, &fingerprinted(&url, secret.as_ref()));
        let key = secret
            .as_ref()
            .map(WebhookSecret::encoded);
        let poster = Poster::new(url, timeout, key)?;
        let bases = Bases {
            links: links_base,
            dashboards: dashboards_url,
        };
        let style = Style::new(format, &destination, &bases);
        Ok(Self {
            destination,
            style,
            secret,
            bases,
            poster,
        })
    }

    /// One try, with its own time limit.
    async fn post(&self, outgoing: &Outgoing<'_>) -> Answer {
        // A uuid with hyphens: an id must not contain the dot that separates what is signed.
        let id = outgoing.id.to_string();
        let seconds = outgoing.now.timestamp();
        let mut request = self
            .poster
            .request(self.style.content_type())
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds);
        if let Some(secret) = &self.secret {
            request = request.header(
                "webhook-signature",
                secret.sign(&id, seconds, outgoing.body),
            );
        }
        if outgoing.is_possible_duplicate {
            request = request.header("webhook-possible-duplicate", "true");
        }
        self.poster
            .post(request, outgoing.body.to_vec(), outgoing.now)
            .await
            .map_or_else(|answer| answer, Heard::into_answer)
    }
}

/// What makes a stopped lane start again when it changes.
fn fingerprinted(url: &WebhookUrl, secret: Option<&WebhookSecret>) -> Vec<u8> {
    let url = url.expose().as_str();
    let mut content = (url.len() as u64)
        .to_be_bytes()
        .to_vec();
    content.extend_from_slice(url.as_bytes());
    if let Some(secret) = secret {
        content.extend_from_slice(secret.key());
    }
    content
}

#[async_trait]
impl Notifier for WebhookNotifier {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        self.style
            .whole(message, &self.destination.name, &self.bases)
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.style
            .minimal(message, &self.destination.name, &self.bases)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let answer = self.post(outgoing).await;
        let (outcome, status) = match &answer {
            Answer::Responded { status, .. } => ("responded", Some(*status)),
            Answer::NotSent { .. } => ("not_sent", None),
            _ => ("unknown", None),
        };
        tracing::debug!(
            delivery.id = %outgoing.id,
            destination.name = %self.destination.name,
            outcome,
            http.status = status,
            "a webhook was tried"
        );
        answer
    }
}

impl fmt::Debug for WebhookNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookNotifier")
            .field("destination", &self.destination)
            .field("url", self.poster.url())
            .field("is_signed", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}
