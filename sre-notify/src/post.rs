//! One `POST` and what came of it: what the webhook and Slack have in common.

mod address;
mod answer;
mod retry_after;

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use sre_core::notification::Answer;

pub use address::{WebhookUrl, WebhookUrlError};
pub(crate) use answer::Heard;

use crate::redaction::Redactor;

/// The usual type of a body.
pub(crate) const JSON: &str = "application/json";

/// Posts to one address.
pub(crate) struct Poster {
    url: WebhookUrl,
    redactor: Redactor,
    http: reqwest::Client,
}

/// Why nothing can be posted.
#[derive(Debug)]
pub(crate) enum PosterError {
    /// A try of no length can only fail.
    NoTime,
    /// The HTTP client could not be set up.
    Client(Box<dyn Error + Send + Sync>),
}

impl Poster {
    /// Posts to `url`, each try within `timeout`; `key` is removed from what a receiver repeats.
    ///
    /// Panics when the process has not installed a TLS provider of `rustls`.
    pub(crate) fn new(
        url: WebhookUrl,
        timeout: Duration,
        key: Option<String>,
    ) -> Result<Self, PosterError> {
        if timeout.is_zero() {
            return Err(PosterError::NoTime);
        }
        let http = client(&url, timeout)
            .map_err(|error| PosterError::Client(Box::new(error.without_url())))?;
        let redactor = Redactor::of_url(url.expose(), key);
        Ok(Self {
            url,
            redactor,
            http,
        })
    }

    /// Where it posts to, for showing: `Debug` hides what is secret of it.
    pub(crate) const fn url(&self) -> &WebhookUrl {
        &self.url
    }

    /// A request with a body of this type, to which headers may be added.
    pub(crate) fn request(&self, content_type: &'static str) -> RequestBuilder {
        self.http
            .post(self.url.expose().clone())
            .header(CONTENT_TYPE, content_type)
    }

    /// One try: what the receiver answered, or what came of it without an answer.
    pub(crate) async fn post(
        &self,
        request: RequestBuilder,
        body: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<Heard, Answer> {
        match request.body(body).send().await {
            Ok(response) => Ok(answer::heard(response, &self.redactor, now).await),
            Err(error) => Err(answer::of_error(&error.without_url(), &self.redactor)),
        }
    }
}

/// No redirects, no proxy from the environment, and no idle connections: on one that the receiver
/// closes just then, nobody could tell whether the message arrived.
pub(crate) fn client(url: &WebhookUrl, timeout: Duration) -> reqwest::Result<reqwest::Client> {
    // Shorter than the whole, so that a try that ends while connecting is known to have sent nothing.
    let connect_timeout = CONNECT_TIMEOUT_MAX.min(timeout / 4 * 3);
    let builder = reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .redirect(Policy::none())
        .timeout(timeout)
        .user_agent(concat!("sre-monitor/", env!("CARGO_PKG_VERSION")));
    // A machine without CA certificates can still post to a neighbour in clear.
    let builder = if url.is_https() {
        builder
    } else {
        builder.tls_certs_only([])
    };
    builder.build()
}

/// No receiver that is there takes longer to say so.
const CONNECT_TIMEOUT_MAX: Duration = Duration::from_secs(3);
