//! One token: what is kept of it, and how a new one is made.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::http::doc::Access;
use crate::ids::{NoRandomness, random_bytes};

/// What the holder of a token may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Read everything.
    Read,
    /// Acknowledge and silence.
    Acknowledge,
    /// Write SLOs, alerts, incidents and samples.
    Write,
    /// Everything.
    Administer,
}

/// What is known of a token. Its text is not: only its hash is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// What stands under what its holder does.
    pub name: Arc<str>,
    /// What its holder may do.
    pub role: Role,
    /// The SHA-256 of its text. Of 256 random bits, a plain hash cannot be turned back.
    pub hash: [u8; 32],
    /// From when on it is refused; never where there is none.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token that was just made. Its `Debug` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct NewToken {
    /// `sre_<role>_<id>_<secret>`: to be shown once. The secret is 256 random bits.
    pub text: String,
    /// What the file of tokens holds of it.
    pub token: Token,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Acknowledge, Self::Write, Self::Administer];

    /// Whether this role suffices.
    pub fn may(self, access: Access) -> bool {
        self >= Self::needed_for(access)
    }

    /// The least role that suffices.
    pub fn needed_for(access: Access) -> Self {
        match access {
            Access::Open | Access::Read => Self::Read,
            Access::Acknowledge => Self::Acknowledge,
            Access::Write => Self::Write,
            Access::Administer => Self::Administer,
        }
    }

    /// The word for it in the file and in a token.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Acknowledge => "ack",
            Self::Write => "write",
            Self::Administer => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No role has that name.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the role is one of read, ack, write and admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or(UnknownRole)
    }
}

impl Token {
    /// Whether it is still good.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.expires_at
            .is_none_or(|expires_at| now < expires_at)
    }

    /// What stands for a text that is shown.
    pub(super) fn hash_of(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }
}

impl fmt::Display for Token {
    /// The line of the file: name, role, hash, expiry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.name, self.role)?;
        for byte in self.hash {
            write!(f, "{byte:02x}")?;
        }
        match self.expires_at {
            Some(at) => write!(f, " {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => f.write_str(" never"),
        }
    }
}

impl NewToken {
    /// Makes one. Without a name it gets that of its role and id.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`].
    pub fn draw(
        role: Role,
        name: Option<&str>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Self, NoRandomness> {
        let id = u32::from_be_bytes(random_bytes()?);
        let secret = URL_SAFE_NO_PAD.encode(random_bytes::<32>()?);
        let text = format!("sre_{role}_{id:08x}_{secret}");
        let name = name.map_or_else(|| format!("{role}-{id:08x}"), str::to_owned);
        let token = Token {
            name: name.into(),
            role,
            hash: Token::hash_of(&text),
            expires_at,
        };
        Ok(Self { text, token })
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
