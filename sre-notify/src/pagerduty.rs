//! PagerDuty, by its Events API v2: an event for each alert.
//!
//! Its guarantee: every alert at least once, each of its events under the same `dedup_key`, so that
//! PagerDuty makes one incident of all tries and repeats, and ends it with the resolve.
//!
//! The key of the integration is in no frozen body: it joins the event when that is sent, so that
//! neither the store nor its backups hold it. An acknowledgement given here is not carried over;
//! PagerDuty's own people acknowledge there. That of an incident is.

mod event;
mod key;
mod verdict;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use thiserror::Error;
use url::Url;

pub use key::{RoutingKey, RoutingKeyError};

use crate::body::Bases;
use crate::post::{JSON, Poster, PosterError, WebhookUrl};
use crate::render::Briefing;

/// Where events go, unless the account is in Europe (`https://events.eu.pagerduty.com/v2/enqueue`).
pub const PAGERDUTY_URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// How one service of PagerDuty is reached.
#[derive(Clone, Debug)]
pub struct PagerDutyConfig {
    /// What people call it; it names the destination for ever.
    pub name: String,
    /// Where events are posted to, such as [`PAGERDUTY_URL`].
    pub url: WebhookUrl,
    /// The integration key of the service: whoever knows it can page.
    pub routing_key: RoutingKey,
    /// How long one try may take, the answer included.
    pub timeout: Duration,
    /// Where this service is reached by people, for the links to alerts and SLOs.
    pub links_base: Option<Url>,
    /// Where the dashboards are, for SLOs that do not link one of their own.
    pub dashboards_url: Option<Url>,
}

/// Why there is no PagerDuty.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PagerDutyError {
    /// A try of no length can only fail.
    #[error("the timeout of PagerDuty must be longer than nothing")]
    NoTime,
    /// The HTTP client could not be set up; without CA certificates there is no https.
    #[error("the HTTP client could not be set up")]
    Client {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<PosterError> for PagerDutyError {
    fn from(error: PosterError) -> Self {
        match error {
            PosterError::NoTime => Self::NoTime,
            PosterError::Client(source) => Self::Client { source },
        }
    }
}

/// PagerDuty, ready to send.
pub struct PagerDutyNotifier {
    destination: Destination,
    routing_key: RoutingKey,
    bases: Bases,
    poster: Poster,
}

impl PagerDutyNotifier {
    /// PagerDuty as `config` says.
    ///
    /// # Errors
    ///
    /// [`PagerDutyError::NoTime`] for a timeout of zero, [`PagerDutyError::Client`] when the client
    /// cannot be set up.
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider of `rustls`.
    pub fn new(config: PagerDutyConfig) -> Result<Self, PagerDutyError> {
        let key = config.routing_key.expose();
        let address = config.url.expose().as_str();
        let configuration = [address.as_bytes(), b"\0", key.as_bytes()].concat();
        let destination = Destination::new("pagerduty", &config.name, &configuration);
        let poster = Poster::new(config.url, config.timeout, Some(key.to_owned()))?;
        Ok(Self {
            destination,
            routing_key: config.routing_key,
            bases: Bases {
                links: config.links_base,
                dashboards: config.dashboards_url,
            },
            poster,
        })
    }

    async fn post(&self, outgoing: &Outgoing<'_>) -> Answer {
        let Some(body) = event::addressed(outgoing.body, &self.routing_key) else {
            return Answer::NotSent {
                detail: "what was frozen is no event".to_owned(),
            };
        };
        self.poster
            .post(self.poster.request(JSON), body, outgoing.now)
            .await
            .map_or_else(|answer| answer, verdict::of)
    }
}

#[async_trait]
impl Notifier for PagerDutyNotifier {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        let briefing = Briefing::of(message, &self.bases, 1);
        event::whole(message, &briefing)
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        event::minimal(message, &Briefing::of(message, &self.bases, 0))
    }

    fn takes_one_alert(&self) -> bool {
        true
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let answer = self.post(outgoing).await;
        tracing::debug!(
            delivery.id = %outgoing.id,
            destination.name = %self.destination.name,
            is_delivered = matches!(answer, Answer::Responded { status: 200..=299, .. }),
            "PagerDuty was tried"
        );
        answer
    }
}

impl fmt::Debug for PagerDutyNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagerDutyNotifier")
            .field("destination", &self.destination)
            .field("url", self.poster.url())
            .finish_non_exhaustive()
    }
}
