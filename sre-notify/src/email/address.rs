//! Whose mail it is, and how the server is trusted.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use lettre::Address;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::redaction::Redactor;

/// A mail address in ASCII: what every server takes, without SMTPUTF8.
///
/// ```
/// use sre_notify::MailAddress;
///
/// assert!("oncall@ai-core.dev".parse::<MailAddress>().is_ok());
/// assert!("Ann <ann@ai-core.dev>".parse::<MailAddress>().is_err());
/// assert!("ann@ai-core.dev\r\nBcc: all@ai-core.dev".parse::<MailAddress>().is_err());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailAddress(Address);

/// Why a text is not a mail address.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a mail address is local@domain in ASCII, without a name around it")]
pub struct MailAddressError;

impl MailAddress {
    /// The address as the mail library takes it.
    pub(super) const fn inner(&self) -> &Address {
        &self.0
    }

    /// What follows the `@`.
    pub(super) fn domain(&self) -> &str {
        self.0.domain()
    }
}

impl FromStr for MailAddress {
    type Err = MailAddressError;

    fn from_str(text: &str) -> Result<Self, MailAddressError> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic());
        let address = text
            .parse::<Address>()
            .map_err(|_| MailAddressError)?;
        if is_plain {
            Ok(Self(address))
        } else {
            Err(MailAddressError)
        }
    }
}

/// How the way to the mail server is secured. None of them falls back to another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SmtpSecurity {
    /// In clear up to STARTTLS, which the server must offer.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// In clear. A password is only sent so to a server on the same machine.
    Clear,
}

/// The account of a mail server. `Debug` shows the name alone.
#[derive(Clone)]
pub struct SmtpLogin {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

impl SmtpLogin {
    /// Removes the password from what a server repeats.
    pub(super) fn redactor(&self) -> Redactor {
        Redactor::of_login(&self.username, self.password.expose_secret())
    }
}

impl fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpLogin")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Whether `host` is this machine, so that nobody on the way can listen.
pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
