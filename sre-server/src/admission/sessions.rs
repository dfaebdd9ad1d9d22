//! Sessions of browsers: a cookie in place of a token that a page would have to keep.
//!
//! They live in the memory of this process, and end with it, after twelve hours, or with the token
//! that they were begun by, whichever is first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hyper::header::{COOKIE, HeaderMap};

use super::token::Token;
use super::token_set::TokenSet;
use crate::ids::{NoRandomness, random_bytes};

/// The name of the cookie.
pub const SESSION_COOKIE: &str = "sre_monitor_session";

/// A working day and a bit: one login in the morning.
const LENGTH: TimeDelta = TimeDelta::hours(12);

/// As many sessions as are kept; beginning one takes a token, so this bounds memory and no attack.
/// The one that would end first makes room.
const SESSIONS_MAX: usize = 1_000;

/// All sessions, by the hash of their ids, so that looking one up tells nothing of its id.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

#[derive(Clone, Copy, Debug)]
struct Session {
    token: [u8; 32],
    ends_at: DateTime<Utc>,
}

/// A session that was just begun.
#[derive(Clone, Eq, PartialEq)]
pub struct NewSession {
    id: String,
}

impl Sessions {
    pub(super) fn begin(
        &self,
        token: &Token,
        now: DateTime<Utc>,
    ) -> Result<NewSession, NoRandomness> {
        let id = URL_SAFE_NO_PAD.encode(random_bytes::<32>()?);
        let session = Session {
            token: token.hash,
            ends_at: now + LENGTH,
        };
        let mut sessions = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| now < session.ends_at);
        if sessions.len() >= SESSIONS_MAX {
            let first = sessions
                .iter()
                .min_by_key(|(_, session)| session.ends_at)
                .map(|(id, _)| *id);
            first.and_then(|id| sessions.remove(&id));
        }
        sessions.insert(Token::hash_of(&id), session);
        Ok(NewSession { id })
    }

    /// The token by which the caller's session was begun, while both hold.
    pub(super) fn token_of<'a>(
        &self,
        headers: &HeaderMap,
        tokens: &'a TokenSet,
        now: DateTime<Utc>,
    ) -> Option<&'a Token> {
        let id = Token::hash_of(cookie(headers)?);
        let sessions = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let session = sessions
            .get(&id)
            .filter(|session| now < session.ends_at)?;
        tokens
            .with_hash(&session.token)
            .filter(|token| token.is_valid(now))
    }

    pub(super) fn end(&self, headers: &HeaderMap) {
        if let Some(id) = cookie(headers) {
            let mut sessions = self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            sessions.remove(&Token::hash_of(id));
        }
    }
}

impl NewSession {
    /// The value of `Set-Cookie`: no script reads it, and no page of another site sends it. It is
    /// not `Secure`, since the service speaks plain HTTP; a proxy that speaks TLS may add that.
    pub fn set_cookie(&self) -> String {
        let seconds = LENGTH.num_seconds();
        format!(
            "{SESSION_COOKIE}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}",
            self.id
        )
    }

    /// The value of `Set-Cookie` that takes the cookie away.
    pub fn clear_cookie() -> String {
        format!("{SESSION_COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession")
            .finish_non_exhaustive()
    }
}

/// The session's id in the caller's cookies.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}
