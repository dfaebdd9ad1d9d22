//! The heartbeat: one `GET` that says all is well, to something whose alarm is our silence.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::post::{WebhookUrl, client};

/// Somebody who waits for our heartbeat, such as a dead man's switch.
pub struct Heartbeat {
    url: WebhookUrl,
    http: reqwest::Client,
}

/// Why a heartbeat was not heard.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeartbeatError {
    /// The HTTP client could not be set up; without CA certificates there is no https.
    #[error("the HTTP client could not be set up")]
    Client {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer came.
    #[error("no answer came")]
    Unanswered {
        /// What happened, without the address, which is a secret.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was answered, and not with success.
    #[error("it was answered with {status}")]
    Refused {
        /// The status.
        status: u16,
    },
}

impl Heartbeat {
    /// A heartbeat for `url`.
    ///
    /// # Errors
    ///
    /// [`HeartbeatError::Client`].
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider of `rustls`.
    pub fn new(url: WebhookUrl) -> Result<Self, HeartbeatError> {
        let http = client(&url, TIMEOUT).map_err(|error| HeartbeatError::Client {
            source: error.without_url().into(),
        })?;
        Ok(Self { url, http })
    }

    /// Says once that all is well.
    ///
    /// # Errors
    ///
    /// [`HeartbeatError::Unanswered`], [`HeartbeatError::Refused`].
    pub async fn beat(&self) -> Result<(), HeartbeatError> {
        let asked = self
            .http
            .get(self.url.expose().clone())
            .send()
            .await;
        let response = asked.map_err(|error| HeartbeatError::Unanswered {
            source: error.without_url().into(),
        })?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else {
            let status = status.as_u16();
            Err(HeartbeatError::Refused { status })
        }
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// How long an answer may take: a heartbeat that comes later is the next one.
const TIMEOUT: Duration = Duration::from_secs(10);
