//! The file of tokens: a line each, hashes only.
//!
//! ```text
//! # name   role   SHA-256 of the token                                              expires
//! ci       write  5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9  2027-02-21T12:00:00Z
//! grafana  read   6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b  never
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::token::Token;

/// As many tokens as a file may hold: each is compared with what a caller shows.
const TOKENS_MAX: usize = 1_000;

/// The longest name, in characters: it stands in answers, logs and messages.
pub(super) const NAME_LENGTH_MAX: usize = 64;

/// The tokens that are let in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenSet(Vec<Token>);

/// Everything that is wrong with a file of tokens, by line. No text of the file is repeated.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub struct TokenFaults(Vec<String>);

impl TokenSet {
    /// The token whose text this is. Every token is compared, in a time that does not depend on how
    /// much of it agrees.
    pub fn find(&self, text: &str) -> Option<&Token> {
        self.with_hash(&Token::hash_of(text))
    }

    pub(super) fn with_hash(&self, hash: &[u8; 32]) -> Option<&Token> {
        let mut found = None;
        for token in &self.0 {
            if bool::from(token.hash.ct_eq(hash)) {
                found = Some(token);
            }
        }
        found
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none; a set that was read from a file holds one at least.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are let in no more.
    pub fn expired(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Token> {
        self.0
            .iter()
            .filter(move |token| !token.is_valid(now))
    }
}

impl FromIterator<Token> for TokenSet {
    fn from_iter<I: IntoIterator<Item = Token>>(tokens: I) -> Self {
        Self(tokens.into_iter().collect())
    }
}

impl FromStr for TokenSet {
    type Err = TokenFaults;

    fn from_str(text: &str) -> Result<Self, TokenFaults> {
        let (mut tokens, mut faults) = (Vec::new(), Vec::new());
        let (mut names, mut hashes) = (BTreeSet::new(), BTreeSet::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match read(line) {
                Ok(token) if !names.insert(Arc::clone(&token.name)) => {
                    faults.push(format!("line {number}: the name is there twice"));
                }
                Ok(token) if !hashes.insert(token.hash) => {
                    faults.push(format!("line {number}: the same token is there twice"));
                }
                Ok(token) => tokens.push(token),
                Err(why) => faults.push(format!("line {number}: {why}")),
            }
        }
        if tokens.len() > TOKENS_MAX {
            faults.push(format!("more than {TOKENS_MAX} tokens"));
        }
        if tokens.is_empty() && faults.is_empty() {
            faults
                .push("holds no token; `sre-monitor token new --role admin` makes one".to_owned());
        }
        if faults.is_empty() {
            Ok(Self(tokens))
        } else {
            Err(TokenFaults(faults))
        }
    }
}

fn read(line: &str) -> Result<Token, String> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let [name, role, hash, expires] = words.as_slice() else {
        return Err("expected name, role, SHA-256 and expiry, with spaces between".to_owned());
    };
    Ok(Token {
        name: check_name(name)?.into(),
        role: role
            .parse()
            .map_err(|error| format!("{error}"))?,
        hash: read_hash(hash).ok_or(
            "the SHA-256 is not 64 hexadecimal digits (of the token, not the token itself)",
        )?,
        expires_at: read_expiry(expires)?,
    })
}

/// A name that can stand in a log line and before a role: no spaces, nothing that looks like more.
///
/// # Errors
///
/// What a name may be.
pub(crate) fn check_name(name: &str) -> Result<&str, String> {
    let fit = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte));
    if fit && (1..=NAME_LENGTH_MAX).contains(&name.len()) {
        Ok(name)
    } else {
        Err(format!(
            "the name is 1 to {NAME_LENGTH_MAX} letters, digits and `._@-`"
        ))
    }
}

fn read_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
    {
        return None;
    }
    for (byte, digits) in hash
        .iter_mut()
        .zip(text.as_bytes().chunks(2))
    {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}

fn read_expiry(text: &str) -> Result<Option<DateTime<Utc>>, String> {
    if text == "never" {
        return Ok(None);
    }
    DateTime::parse_from_rfc3339(text)
        .map(|at| Some(at.to_utc()))
        .map_err(|_| "the expiry is `never` or an instant such as 2027-01-31T12:00:00Z".to_owned())
}

impl fmt::Display for TokenFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}
