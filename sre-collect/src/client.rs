//! The HTTP side: one form posted, one bounded answer read.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use sre_core::slice::SliceWidth;
use sre_core::source::{Failure, FailureClass};
use sre_core::time::Interval;
use thiserror::Error;
use tokio::sync::Semaphore;
use url::{Url, form_urlencoded};

use crate::answer::{self, Matrix};
use crate::failure::{failure, of_answer, of_transport};
use crate::limits;

/// Why there is no client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is not one of `http` or `https`.
    #[error("the address must begin with http:// or https://")]
    NotHttp,
    /// The client could not be set up.
    #[error("the HTTP client could not be set up")]
    Setup {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A client as every request of this crate wants it: no redirects, no proxy from the environment.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(limits::CONNECT_TIMEOUT)
        .no_proxy()
        .redirect(Policy::none())
        .user_agent(concat!("sre-monitor/", env!("CARGO_PKG_VERSION")))
}

impl ClientError {
    pub(crate) fn setup(error: reqwest::Error) -> Self {
        Self::Setup {
            source: Box::new(error.without_url()),
        }
    }
}

/// A client of the query API.
pub(crate) struct Client {
    http: reqwest::Client,
    query: Url,
    query_range: Url,
    timeout: Duration,
    in_flight: Semaphore,
}

impl Client {
    pub(crate) fn new(
        base: &Url,
        timeout: Duration,
        in_flight: usize,
    ) -> Result<Self, ClientError> {
        let http = builder()
            .timeout(timeout)
            .pool_idle_timeout(limits::IDLE_TIMEOUT)
            .build()
            .map_err(ClientError::setup)?;
        Ok(Self {
            http,
            query: endpoint(base, "query")?,
            query_range: endpoint(base, "query_range")?,
            timeout,
            in_flight: Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)),
        })
    }

    /// The series that an expression of ranges has at an instant.
    pub(crate) async fn query(
        &self,
        expression: &str,
        at: DateTime<Utc>,
    ) -> Result<Matrix, Failure> {
        self.ask(
            &self.query,
            &[("query", expression), ("time", &seconds(at))],
        )
        .await
    }

    /// The value of an expression at the end of every slice.
    pub(crate) async fn query_range(
        &self,
        expression: &str,
        during: Interval,
        width: SliceWidth,
    ) -> Result<Matrix, Failure> {
        let first = seconds(during.start() + width.span().as_delta());
        let (last, step) = (seconds(during.end()), width.span().as_seconds().to_string());
        let form = [
            ("query", expression),
            ("start", &first),
            ("end", &last),
            ("step", &step),
        ];
        self.ask(&self.query_range, &form).await
    }

    /// Posts a form, so that a long selector fits and none is written into access logs.
    async fn ask(&self, url: &Url, form: &[(&str, &str)]) -> Result<Matrix, Failure> {
        let _permit = self
            .in_flight
            .acquire()
            .await
            .map_err(|_| failure(FailureClass::Unavailable, "the source is being closed"))?;
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .append_pair("timeout", &format!("{}ms", self.timeout.as_millis()))
            .finish();
        let request = self
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let response = request
            .send()
            .await
            .map_err(of_transport)?;
        let status = response.status();
        if status.is_success() {
            let body = read(response, limits::BODY_MAX_BYTES).await?;
            return answer::decode(status.as_u16(), &body);
        }
        // A reason that is too long or breaks off is no reason; the status is enough then.
        let body = read(response, limits::ERROR_BODY_MAX_BYTES)
            .await
            .unwrap_or_default();
        let said = serde_json::from_slice(&body).unwrap_or_default();
        Err(of_answer(status.as_u16(), &said))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The body, never more than `max` bytes of it, whatever its header says.
async fn read(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, Failure> {
    let too_large = || {
        failure(
            FailureClass::TooLarge,
            format!("an answer of more than {max} bytes"),
        )
    };
    let declared = response.content_length().unwrap_or(0);
    if usize::try_from(declared).map_or(true, |declared| declared > max) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(of_transport)?
    {
        if body.len() + chunk.len() > max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address of an endpoint below the base, which may have a path and parameters of its own.
fn endpoint(base: &Url, name: &str) -> Result<Url, ClientError> {
    let mut url = base.clone();
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ClientError::NotHttp);
    }
    url.path_segments_mut()
        .map_err(|()| ClientError::NotHttp)?
        .pop_if_empty()
        .extend(["api", "v1", name]);
    url.set_fragment(None);
    Ok(url)
}

/// An instant as the API reads it, to the millisecond that the source keeps.
fn seconds(at: DateTime<Utc>) -> String {
    // Before 1970 nobody measured.
    let millis = at.timestamp_millis().max(0);
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_keeps_its_path_and_parameters() {
        for (base, expected) in [
            ("http://h:9090", "http://h:9090/api/v1/query"),
            ("http://h/prometheus/", "http://h/prometheus/api/v1/query"),
            (
                "https://h/a/b?dedup=true#x",
                "https://h/a/b/api/v1/query?dedup=true",
            ),
        ] {
            let url = endpoint(&base.parse().expect("a url"), "query").expect("http");
            assert_eq!(url.as_str(), expected);
        }
        let file = "file:///etc/passwd"
            .parse()
            .expect("a url");
        assert!(matches!(
            endpoint(&file, "query"),
            Err(ClientError::NotHttp)
        ));
    }

    #[test]
    fn an_instant_is_written_to_the_millisecond() {
        let at = |millis| DateTime::from_timestamp_millis(millis).expect("in range");
        assert_eq!(seconds(at(1_704_067_200_005)), "1704067200.005");
        assert_eq!(seconds(at(-1)), "0.000");
    }
}
