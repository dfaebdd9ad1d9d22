//! Who may come in, as what, and how often.
//!
//! Without a file of tokens everybody who reaches the port may do everything, which the settings
//! allow on loopback alone. With one, a caller is a token: its role says what it may do, its name
//! stands under what it did. A browser changes a token for a session at `/login`; a session reads
//! and never writes, so that a page of another site gains nothing by a form.
//!
//! Two limits stand beside that. They go by the address of the connection, and never by what a
//! header says of itself: `X-Forwarded-For` is anybody's to write.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use governor::Quota;
use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderMap};

use crate::http::application::{Asked, Caller};
use crate::http::doc::Access;
use crate::http::problem::ApiError;
use crate::ids::NoRandomness;

use self::pace::Pace;
use self::sessions::Sessions;
pub use self::sessions::{NewSession, SESSION_COOKIE};
pub use self::token::{NewToken, Role, Token, UnknownRole};
pub(crate) use self::token_set::check_name;
pub use self::token_set::{TokenFaults, TokenSet};

mod pace;
mod sessions;
mod token;
mod token_set;
pub mod watch;

/// How many requests a token or an address makes in a second, on average and at once: a page that is
/// open in a few browsers, or a job that pushes batches, needs a tenth of it. Loopback is exempt.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("more than 0");

/// How many wrong tokens an address may try in a minute. A token cannot be guessed; this keeps the
/// log readable and a caller with an old token from trying for ever at full speed.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("more than 0");

/// Decides on every request.
#[derive(Debug)]
pub struct Admission {
    /// `None`: nobody is asked who they are.
    tokens: Option<RwLock<Arc<TokenSet>>>,
    sessions: Sessions,
    requests: Pace<Counted>,
    failures: Pace<IpAddr>,
}

/// Whose requests are counted together.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Counted {
    Token(Arc<str>),
    Address(IpAddr),
}

impl Default for Admission {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Admission {
    /// Admits who holds one of these tokens; without a set, everybody.
    pub fn new(tokens: Option<TokenSet>) -> Self {
        Self {
            tokens: tokens.map(|tokens| RwLock::new(Arc::new(tokens))),
            sessions: Sessions::default(),
            requests: Pace::new(Quota::per_second(REQUESTS_PER_SECOND)),
            failures: Pace::new(Quota::per_minute(FAILURES_PER_MINUTE)),
        }
    }

    /// Whether callers are asked who they are.
    pub fn asks_for_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Takes other tokens from now on. A session ends with the token that it was begun by.
    pub fn replace(&self, tokens: TokenSet) {
        if let Some(held) = &self.tokens {
            *held
                .write()
                .unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
        }
    }

    /// Who is asking, if they may.
    ///
    /// # Errors
    ///
    /// [`ApiError::Unauthenticated`], [`ApiError::WrongCredentials`], [`ApiError::Forbidden`] or
    /// [`ApiError::TooManyRequests`].
    pub fn admit(&self, asked: &Asked<'_>, now: DateTime<Utc>) -> Result<Caller, ApiError> {
        let Some(tokens) = self
            .tokens()
            .filter(|_| asked.access != Access::Open)
        else {
            self.count_request(None, asked)?;
            return Ok(Caller::Anonymous);
        };
        let known = match credential(asked) {
            Credential::Bearer(text) => Some(self.known(&tokens, text, asked.remote, now)?),
            Credential::Cookie => self
                .sessions
                .token_of(asked.headers, &tokens, now),
            Credential::None => None,
            Credential::Unreadable => {
                let why = "the header Authorization is read as `Bearer` and one token";
                return Err(self.failed(asked.remote, why));
            }
        };
        let name = known.map(|token| Arc::clone(&token.name));
        self.count_request(name.as_ref(), asked)?;
        let Some(token) = known else {
            return Err(ApiError::Unauthenticated);
        };
        if !token.role.may(asked.access) {
            return Err(ApiError::Forbidden(format!(
                "this needs the role {}; this token has {}",
                Role::needed_for(asked.access),
                token.role
            )));
        }
        Ok(Caller::Token(Arc::clone(&token.name)))
    }

    /// Begins a session for a browser that shows a token.
    ///
    /// # Errors
    ///
    /// [`ApiError::WrongCredentials`] or [`ApiError::TooManyRequests`]; [`ApiError::Internal`] when
    /// the system gives no randomness.
    pub fn log_in(
        &self,
        token: &str,
        remote: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<NewSession, ApiError> {
        let Some(tokens) = self.tokens() else {
            return Err(ApiError::Conflict(
                "this service asks nobody who they are".to_owned(),
            ));
        };
        let token = self.known(&tokens, token, remote, now)?;
        self.sessions
            .begin(token, now)
            .map_err(|NoRandomness| ApiError::internal(NoRandomness))
    }

    /// Whether the caller's cookie names a session that still holds.
    pub fn is_logged_in(&self, headers: &HeaderMap, now: DateTime<Utc>) -> bool {
        self.tokens().is_some_and(|tokens| {
            self.sessions
                .token_of(headers, &tokens, now)
                .is_some()
        })
    }

    /// Ends the session that the caller's cookie names.
    pub fn log_out(&self, headers: &HeaderMap) {
        self.sessions.end(headers);
    }

    fn tokens(&self) -> Option<Arc<TokenSet>> {
        let held = self.tokens.as_ref()?;
        Some(Arc::clone(
            &held
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        ))
    }

    /// The token whose text this is.
    fn known<'a>(
        &self,
        tokens: &'a TokenSet,
        text: &str,
        remote: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<&'a Token, ApiError> {
        match tokens.find(text) {
            Some(token) if token.is_valid(now) => Ok(token),
            Some(_) => Err(self.failed(remote, "the token has expired")),
            None => Err(self.failed(remote, "the token is not known")),
        }
    }

    /// A credential was wrong. Right ones are let in from the same address all the same: behind it
    /// may be a proxy and everybody.
    fn failed(&self, remote: Option<IpAddr>, why: &'static str) -> ApiError {
        let pace = remote.map_or(Ok(()), |remote| self.failures.count(&network(remote)));
        match pace {
            Ok(()) => ApiError::WrongCredentials(why),
            Err(retry_after) => ApiError::TooManyRequests { retry_after },
        }
    }

    fn count_request(&self, token: Option<&Arc<str>>, asked: &Asked<'_>) -> Result<(), ApiError> {
        let Some(remote) = asked.remote else {
            return Ok(());
        };
        if asked.is_probe || remote.to_canonical().is_loopback() {
            return Ok(());
        }
        let counted = token.map_or_else(
            || Counted::Address(network(remote)),
            |name| Counted::Token(Arc::clone(name)),
        );
        self.requests
            .count(&counted)
            .map_err(|retry_after: Duration| ApiError::TooManyRequests { retry_after })
    }
}

/// What a request shows.
enum Credential<'a> {
    Bearer(&'a str),
    /// Perhaps: whether there is a session is looked up.
    Cookie,
    Unreadable,
    None,
}

fn credential<'a>(asked: &Asked<'a>) -> Credential<'a> {
    let mut given = asked
        .headers
        .get_all(AUTHORIZATION)
        .iter();
    match (given.next(), given.next()) {
        // A cookie comes by itself, whichever page asks; so it opens nothing that changes anything.
        (None, _) if matches!(*asked.method, Method::GET | Method::HEAD) => Credential::Cookie,
        (None, _) => Credential::None,
        (Some(value), None) => value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or(Credential::Unreadable, |(_, token)| {
                Credential::Bearer(token.trim())
            }),
        (Some(_), Some(_)) => Credential::Unreadable,
    }
}

/// What one subscriber has: an IPv4 address, or 64 bits of an IPv6 one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
