//! What a webhook's body looks like.

use std::fmt;
use std::str::FromStr;

use sre_core::notification::{Destination, Message};
use thiserror::Error;

use crate::alertmanager::{minimal_group, whole_group};
use crate::body::{self, Bases, EventSource, Wrapping};
use crate::post::JSON;

/// The form of a webhook's body; headers and signature are the same in all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum WebhookFormat {
    /// `type`, `timestamp` and `data`, as Standard Webhooks have it.
    #[default]
    Standard,
    /// What Alertmanager posts to its webhooks, version 4.
    Alertmanager,
    /// An event of `CloudEvents` 1.0 in its structured mode.
    CloudEvents,
}

/// Why a text is not the form of a webhook.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the form of a webhook is one of standard, alertmanager and cloudevents")]
pub struct WebhookFormatError;

impl WebhookFormat {
    /// The form in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Alertmanager => "alertmanager",
            Self::CloudEvents => "cloudevents",
        }
    }
}

impl fmt::Display for WebhookFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for WebhookFormat {
    type Err = WebhookFormatError;

    fn from_str(text: &str) -> Result<Self, WebhookFormatError> {
        [Self::Standard, Self::Alertmanager, Self::CloudEvents]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(WebhookFormatError)
    }
}

/// A form with what it needs to write.
#[derive(Clone, Debug)]
pub(super) enum Style {
    /// Our own facts, in one wrapping or the other.
    Own(Wrapping),
    /// The facts that Alertmanager tells.
    Alertmanager,
}

impl Style {
    pub(super) fn new(format: WebhookFormat, destination: &Destination, bases: &Bases) -> Self {
        match format {
            WebhookFormat::Standard => Self::Own(Wrapping::Standard),
            WebhookFormat::Alertmanager => Self::Alertmanager,
            WebhookFormat::CloudEvents => {
                let source = EventSource::new(bases.links.as_ref(), destination.id);
                Self::Own(Wrapping::Event(source))
            }
        }
    }

    pub(super) const fn content_type(&self) -> &'static str {
        match self {
            Self::Own(Wrapping::Event(_)) => "application/cloudevents+json",
            _ => JSON,
        }
    }

    pub(super) fn whole(&self, message: &Message<'_>, receiver: &str, bases: &Bases) -> Vec<u8> {
        match self {
            Self::Own(wrapping) => body::full(message, bases, wrapping),
            Self::Alertmanager => whole_group(message, receiver, bases),
        }
    }

    pub(super) fn minimal(&self, message: &Message<'_>, receiver: &str, bases: &Bases) -> Vec<u8> {
        match self {
            Self::Own(wrapping) => body::degraded(message, wrapping),
            Self::Alertmanager => minimal_group(message, receiver, bases),
        }
    }
}
