//! Slack, by an incoming webhook: blocks for people, a line for notifications.
//!
//! Its guarantee: every message at least once, in order for each alert, at most one a second; Slack
//! keeps no ids, so a try that may be a repeat says so in words, and one of low severity that may have
//! arrived is not sent again, unless it is the end of an alert.
//!
//! `channel` and `username` are honoured by webhooks of the older kind, by Mattermost and the like; a
//! webhook of a Slack app posts where and as it was installed, whatever the message says.

mod blocks;
mod escape;
mod verdict;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use sre_core::time::Span;
use thiserror::Error;
use url::Url;

pub(crate) use blocks::{ALERTS_MAX, TEXT_MAX, cut_lines};
pub(crate) use escape::{escaped, length};

use crate::body::Bases;
use crate::post::{JSON, Poster, PosterError, WebhookUrl};
use crate::render::Briefing;
use crate::template::{Said, Templates};

/// How one Slack channel is reached.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// What people call it; it names the destination for ever.
    pub name: String,
    /// The incoming webhook: a secret, since whoever knows it can post there.
    pub url: WebhookUrl,
    /// The channel to post to, where the webhook lets one choose.
    pub channel: Option<String>,
    /// The name to post under, where the webhook lets one choose.
    pub username: Option<String>,
    /// How long one try may take, the answer included.
    pub timeout: Duration,
    /// Where this service is reached by people, for the links to alerts and SLOs.
    pub links_base: Option<Url>,
    /// Where the dashboards are, for SLOs that do not link one of their own.
    pub dashboards_url: Option<Url>,
    /// The words of its messages, where they are not the built-in ones.
    pub templates: Option<Templates>,
}

/// Why there is no Slack.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SlackError {
    /// A try of no length can only fail.
    #[error("the timeout of Slack must be longer than nothing")]
    NoTime,
    /// The HTTP client could not be set up; without CA certificates there is no https.
    #[error("the HTTP client could not be set up")]
    Client {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<PosterError> for SlackError {
    fn from(error: PosterError) -> Self {
        match error {
            PosterError::NoTime => Self::NoTime,
            PosterError::Client(source) => Self::Client { source },
        }
    }
}

/// Slack, ready to send.
pub struct SlackNotifier {
    destination: Destination,
    sender: blocks::Sender,
    bases: Bases,
    templates: Option<Templates>,
    poster: Poster,
}

/// What Slack allows a webhook; going on after 429 risks being disabled for good.
const SPACING: Span = Span::SECOND;

impl SlackNotifier {
    /// Slack as `config` says.
    ///
    /// # Errors
    ///
    /// [`SlackError::NoTime`] for a timeout of zero, [`SlackError::Client`] when the client cannot be
    /// set up.
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider of `rustls`.
    pub fn new(config: SlackConfig) -> Result<Self, SlackError> {
        let address = config.url.expose().as_str().as_bytes();
        let destination = Destination::new("slack", &config.name, address).spaced(SPACING);
        let sender = blocks::Sender {
            channel: config.channel,
            username: config.username,
        };
        Ok(Self {
            destination,
            sender,
            bases: Bases {
                links: config.links_base,
                dashboards: config.dashboards_url,
            },
            templates: config.templates,
            poster: Poster::new(config.url, config.timeout, None)?,
        })
    }
}

#[async_trait]
impl Notifier for SlackNotifier {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        let briefing = Briefing::of(message, &self.bases, ALERTS_MAX);
        let said = self
            .templates
            .as_ref()
            .map(|own| own.say(message, &self.bases, &self.destination.name));
        match said {
            None | Some(Said::BuiltIn) => blocks::whole(&briefing, &self.sender),
            Some(Said::Failed(note)) => blocks::whole(&briefing.noted(&note), &self.sender),
            Some(Said::Own(words)) => blocks::worded(&briefing, &words, &self.sender),
        }
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        blocks::minimal(&Briefing::of(message, &self.bases, 0))
    }

    fn can_tell_repeats(&self) -> bool {
        false
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let body = if outgoing.is_possible_duplicate {
            blocks::marked(outgoing.body)
        } else {
            outgoing.body.to_vec()
        };
        let request = self.poster.request(JSON);
        let answer = self
            .poster
            .post(request, body, outgoing.now)
            .await
            .map_or_else(|answer| answer, verdict::of);
        tracing::debug!(
            delivery.id = %outgoing.id,
            destination.name = %self.destination.name,
            is_delivered = matches!(answer, Answer::Responded { status: 200, .. }),
            "Slack was tried"
        );
        answer
    }
}

impl fmt::Debug for SlackNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackNotifier")
            .field("destination", &self.destination)
            .field("url", self.poster.url())
            .finish_non_exhaustive()
    }
}
