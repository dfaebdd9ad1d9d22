//! The integration key of a service of PagerDuty.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// An integration key: exactly 32 letters and digits. `Debug` shows none of it.
///
/// ```
/// use sre_notify::RoutingKey;
///
/// assert!("0123456789abcdef0123456789abcdef".parse::<RoutingKey>().is_ok());
/// assert!("0123456789abcdef".parse::<RoutingKey>().is_err());
/// ```
#[derive(Clone)]
pub struct RoutingKey(SecretString);

/// Why a text is not an integration key. It does not repeat the text.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an integration key of PagerDuty has exactly 32 letters and digits")]
pub struct RoutingKeyError;

impl RoutingKey {
    /// The key itself, for the one place that sends it.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for RoutingKey {
    type Err = RoutingKeyError;

    fn from_str(text: &str) -> Result<Self, RoutingKeyError> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric());
        if text.len() == 32 && is_plain {
            Ok(Self(text.into()))
        } else {
            Err(RoutingKeyError)
        }
    }
}

impl fmt::Debug for RoutingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
