//! Where a webhook is: a secret, since whoever knows it can post there.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

/// The address of a webhook. `Debug` shows scheme, host and port; path, parameters and user
/// information are secrets.
///
/// ```
/// use sre_notify::WebhookUrl;
///
/// let url: WebhookUrl = "https://user:pw@hooks.example:8443/T0/token?key=1".parse()?;
/// assert_eq!(format!("{url:?}"), "https://hooks.example:8443/[redacted]");
/// assert!("ftp://hooks.example/".parse::<WebhookUrl>().is_err());
/// # Ok::<(), sre_notify::WebhookUrlError>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct WebhookUrl(Url);

/// Why a text is not the address of a webhook.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the address of a webhook begins with http:// or https:// and names a host")]
pub struct WebhookUrlError;

impl WebhookUrl {
    /// The address itself, for the one place that uses it.
    pub(crate) const fn expose(&self) -> &Url {
        &self.0
    }

    /// Whether it is reached by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        Url::parse(text)
            .map_err(|_| WebhookUrlError)?
            .try_into()
    }
}

impl TryFrom<Url> for WebhookUrl {
    type Error = WebhookUrlError;

    fn try_from(url: Url) -> Result<Self, WebhookUrlError> {
        let is_http = matches!(url.scheme(), "http" | "https");
        if is_http && url.has_host() {
            Ok(Self(url))
        } else {
            Err(WebhookUrlError)
        }
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{}://{host}", self.0.scheme())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str("/[redacted]")
    }
}
