//! The key of Standard Webhooks, and what is signed with it.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use thiserror::Error;

/// A key that signs messages: `whsec_` and base64 of 24 to 64 bytes.
///
/// ```
/// use sre_notify::WebhookSecret;
///
/// assert!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse::<WebhookSecret>().is_ok());
/// assert!("whsec_".parse::<WebhookSecret>().is_err()); // an empty key signs nothing
/// ```
#[derive(Clone)]
pub struct WebhookSecret(SecretSlice<u8>);

/// Why a text is not a key. None of the variants repeats the text.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum WebhookSecretError {
    /// It does not begin as such a key does.
    #[error("a webhook's key begins with whsec_")]
    Prefix,
    /// What follows cannot be decoded.
    #[error("a webhook's key is whsec_ and base64 with its padding")]
    Encoding,
    /// Too short to be safe, or too long to be one.
    #[error("a webhook's key has 24 to 64 bytes, not {bytes}")]
    Length {
        /// How many it has.
        bytes: usize,
    },
}

const PREFIX: &str = "whsec_";

impl WebhookSecret {
    /// The value of `webhook-signature` for one try.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key()).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// The bytes of the key.
    pub(crate) fn key(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The key as it is written, without its prefix.
    pub(crate) fn encoded(&self) -> String {
        STANDARD.encode(self.key())
    }
}

impl FromStr for WebhookSecret {
    type Err = WebhookSecretError;

    fn from_str(text: &str) -> Result<Self, WebhookSecretError> {
        let encoded = text
            .strip_prefix(PREFIX)
            .ok_or(WebhookSecretError::Prefix)?;
        let key = STANDARD
            .decode(encoded)
            .map_err(|_| WebhookSecretError::Encoding)?;
        match key.len() {
            24..=64 => Ok(Self(key.into())),
            bytes => Err(WebhookSecretError::Length { bytes }),
        }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the reference implementations of Standard Webhooks.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            .parse()
            .expect("a key");
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            secret.sign(id, 1_614_265_330, br#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_key_has_its_prefix_and_24_to_64_bytes_of_base64() {
        let parse = |text: &str| {
            text.parse::<WebhookSecret>()
                .map(|secret| secret.key().len())
        };
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        let too = |bytes| Err(WebhookSecretError::Length { bytes });
        for (text, expected) in [
            (String::new(), Err(WebhookSecretError::Prefix)),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
                Err(WebhookSecretError::Prefix),
            ),
            ("whsec_".to_owned(), too(0)),
            ("whsec_äöü".to_owned(), Err(WebhookSecretError::Encoding)),
            (
                of(25).trim_end_matches('=').to_owned(),
                Err(WebhookSecretError::Encoding),
            ),
            (format!("{} ", of(24)), Err(WebhookSecretError::Encoding)),
            (of(23), too(23)),
            (of(24), Ok(24)),
            (of(64), Ok(64)),
            (of(65), too(65)),
        ] {
            assert_eq!(parse(&text), expected, "{text:?}");
        }
    }
}
