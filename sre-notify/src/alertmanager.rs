//! An Alertmanager that is there already: our alerts are posted to it as Prometheus posts its own.
//!
//! Its guarantee: every alert, every change of its severity and its end at least once, each under the
//! same labels in all tries, so that Alertmanager keeps one alert of all of them.
//!
//! Alertmanager keeps alerts in memory. After a restart of its own it hears of an alert again with the
//! next message about it: a page at its next repeat, a ticket when it changes.

mod alerts;
mod group;
mod posted;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use thiserror::Error;
use url::Url;

pub(crate) use group::{minimal as minimal_group, whole as whole_group};

use crate::body::{Bases, below};
use crate::post::{Heard, JSON, Poster, PosterError, WebhookUrl};

/// How one Alertmanager is reached.
#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    /// What people call it; it names the destination for ever.
    pub name: String,
    /// Where it is: what `amtool` takes as `--alertmanager.url`. Name and password in it are sent as
    /// basic authentication.
    pub url: WebhookUrl,
    /// How long one try may take, the answer included.
    pub timeout: Duration,
    /// Where this service is reached by people, for the links to alerts and SLOs.
    pub links_base: Option<Url>,
    /// Where the dashboards are, for SLOs that do not link one of their own.
    pub dashboards_url: Option<Url>,
}

/// Why there is no Alertmanager.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AlertmanagerError {
    /// A try of no length can only fail.
    #[error("the timeout of Alertmanager must be longer than nothing")]
    NoTime,
    /// Nothing can be below the address.
    #[error("the address of Alertmanager cannot have a path below it")]
    Address,
    /// The HTTP client could not be set up; without CA certificates there is no https.
    #[error("the HTTP client could not be set up")]
    Client {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<PosterError> for AlertmanagerError {
    fn from(error: PosterError) -> Self {
        match error {
            PosterError::NoTime => Self::NoTime,
            PosterError::Client(source) => Self::Client { source },
        }
    }
}

/// Alertmanager, ready to be told.
pub struct AlertmanagerNotifier {
    destination: Destination,
    bases: Bases,
    poster: Poster,
}

impl AlertmanagerNotifier {
    /// Alertmanager as `config` says.
    ///
    /// # Errors
    ///
    /// [`AlertmanagerError::NoTime`] for a timeout of zero, [`AlertmanagerError::Address`] for an
    /// address that cannot have a path, [`AlertmanagerError::Client`] when the client cannot be set up.
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider of `rustls`.
    pub fn new(config: AlertmanagerConfig) -> Result<Self, AlertmanagerError> {
        let url = below(config.url.expose(), ["api", "v2", "alerts"])
            .and_then(|url| url.parse::<WebhookUrl>().ok())
            .ok_or(AlertmanagerError::Address)?;
        let address = url.expose().as_str().as_bytes();
        Ok(Self {
            destination: Destination::new("alertmanager", &config.name, address),
            bases: Bases {
                links: config.links_base,
                dashboards: config.dashboards_url,
            },
            poster: Poster::new(url, config.timeout, None)?,
        })
    }
}

#[async_trait]
impl Notifier for AlertmanagerNotifier {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        posted::whole(message, &self.bases)
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        posted::minimal(message, &self.bases)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let answer = self
            .poster
            .post(
                self.poster.request(JSON),
                outgoing.body.to_vec(),
                outgoing.now,
            )
            .await
            .map_or_else(|answer| answer, Heard::into_answer);
        tracing::debug!(
            delivery.id = %outgoing.id,
            destination.name = %self.destination.name,
            is_delivered = matches!(answer, Answer::Responded { status: 200..=299, .. }),
            "Alertmanager was tried"
        );
        answer
    }
}

impl fmt::Debug for AlertmanagerNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertmanagerNotifier")
            .field("destination", &self.destination)
            .field("url", self.poster.url())
            .finish_non_exhaustive()
    }
}
