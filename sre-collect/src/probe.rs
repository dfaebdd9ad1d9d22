//! Asking a service itself: one GET, one event, one latency.
//!
//! Each probe connects anew: a kept connection would hide that nobody can connect any more, and its
//! latency would lack what every newcomer waits for.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::client::{self, ClientError};
use crate::failure::of_transport;
use crate::limits::PROBE_BODY_MAX_BYTES;

/// What to ask and what to take for an answer.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpCheck {
    /// What to get; name and password in it are sent and never shown.
    pub url: Url,
    /// How long it may take altogether.
    pub timeout: Duration,
    /// Whether a redirect is a success; it is never followed.
    pub redirect_is_success: bool,
}

impl HttpCheck {
    /// A check that wants a status of 2xx in time.
    pub const fn new(url: Url, timeout: Duration) -> Self {
        Self {
            url,
            timeout,
            redirect_is_success: false,
        }
    }
}

impl fmt::Debug for HttpCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCheck")
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("timeout", &self.timeout)
            .field("redirect_is_success", &self.redirect_is_success)
            .finish()
    }
}

/// What one probe saw: a good event or a bad one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProbeOutcome {
    /// Whether the service answered as it should.
    pub success: bool,
    /// From the first byte of the connection to the end of the answer, or until it failed.
    pub latency: Duration,
    /// The status, or what went wrong, for people; without secrets.
    pub detail: String,
}

impl ProbeOutcome {
    /// The latency in milliseconds, as `probe_latency` holds it.
    #[must_use]
    pub fn latency_ms(&self) -> f64 {
        self.latency.as_secs_f64() * 1_000.0
    }
}

/// The client of direct health checks, one for all of them.
#[derive(Debug)]
pub struct HttpProbe {
    http: reqwest::Client,
}

impl HttpProbe {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::Setup`].
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider.
    pub fn new() -> Result<Self, ClientError> {
        let http = client::builder().pool_max_idle_per_host(0);
        Ok(Self {
            http: http
                .build()
                .map_err(ClientError::setup)?,
        })
    }

    /// Asks once; whatever happens is an outcome.
    pub async fn probe(&self, check: &HttpCheck) -> ProbeOutcome {
        let started = Instant::now();
        let (success, detail) = match self.ask(check).await {
            Ok(status) => {
                let good =
                    status.is_success() || (check.redirect_is_success && status.is_redirection());
                (good, format!("status {}", status.as_u16()))
            }
            Err(error) => {
                let failure = of_transport(error);
                (false, format!("{}: {}", failure.class, failure.detail))
            }
        };
        ProbeOutcome {
            success,
            latency: started.elapsed(),
            detail,
        }
    }

    async fn ask(&self, check: &HttpCheck) -> Result<reqwest::StatusCode, reqwest::Error> {
        let request = self
            .http
            .get(check.url.clone())
            .timeout(check.timeout);
        let mut response = request.send().await?;
        let mut left = PROBE_BODY_MAX_BYTES;
        while let Some(chunk) = response.chunk().await? {
            let Some(rest) = left.checked_sub(chunk.len()) else {
                break;
            };
            left = rest;
        }
        Ok(response.status())
    }
}
