//! What a receiver said, made fit to be stored and shown: without secrets, on one line, short.
//!
//! A receiver may repeat what it was sent: an address, a key, a password, or one of the forms in which
//! those travel. Each channel names its secrets; the texts that come from outside pass through here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretBox};
use url::Url;

/// The most characters that are kept of an answer.
const EXCERPT_MAX_CHARS: usize = 256;
/// What stands in place of a secret.
const MASK: &str = "[redacted]";
/// Shorter parts of an address are words, not secrets: `/hook` in an answer tells nothing.
const PART_MIN_BYTES: usize = 8;
/// A tail that begins a secret with fewer bytes tells nothing.
const TAIL_MIN_BYTES: usize = 4;

/// Removes secrets from texts that may repeat them.
pub(crate) struct Redactor {
    /// Longest first, so that a whole is removed before its parts.
    secrets: SecretBox<Vec<String>>,
}

impl Redactor {
    /// Removes `url`, its parts, and `key`.
    pub(crate) fn of_url(url: &Url, key: Option<String>) -> Self {
        let mut secrets = vec![url.as_str().to_owned()];
        let query = url.query().unwrap_or_default();
        if url.path() != "/" || !query.is_empty() {
            secrets.push(url.path().to_owned());
            secrets.push(format!("{}?{query}", url.path()));
            secrets.push(query.to_owned());
        }
        let is_part = |part: &str| part.len() >= PART_MIN_BYTES;
        secrets.extend(
            url.path()
                .split('/')
                .filter(|part| is_part(part))
                .map(str::to_owned),
        );
        secrets.extend(
            query
                .split(['&', '='])
                .filter(|part| is_part(part))
                .map(str::to_owned),
        );
        let values = url
            .query_pairs()
            .map(|(_, value)| value.into_owned());
        secrets.extend(values.filter(|value| is_part(value)));
        if let Some(password) = url.password() {
            let (user, password) = (url.username(), password.to_owned());
            secrets.push(STANDARD.encode(format!("{user}:{password}")));
            secrets.push(password);
        }
        secrets.push(url.username().to_owned());
        secrets.extend(key);
        Self::of(secrets)
    }

    /// Removes a password, as it is and as SMTP carries it beside `username`.
    pub(crate) fn of_login(username: &str, password: &str) -> Self {
        Self::of(vec![
            password.to_owned(),
            STANDARD.encode(password),
            STANDARD.encode(format!("\0{username}\0{password}")),
        ])
    }

    /// Removes nothing.
    pub(crate) fn none() -> Self {
        Self::of(Vec::new())
    }

    fn of(mut secrets: Vec<String>) -> Self {
        secrets.retain(|secret| secret.len() > 1);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self {
            secrets: SecretBox::new(Box::new(secrets)),
        }
    }

    /// The beginning of `text`; where it breaks off, the beginning of a secret is removed too.
    pub(crate) fn excerpt(&self, text: &str, is_whole: bool) -> String {
        let secrets = self.secrets.expose_secret();
        let mut text = text.to_owned();
        for secret in secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        if !is_whole {
            for secret in secrets {
                let begun = (TAIL_MIN_BYTES..secret.len())
                    .rev()
                    .find(|len| {
                        secret
                            .get(..*len)
                            .is_some_and(|part| text.ends_with(part))
                    });
                text.truncate(text.len() - begun.unwrap_or(0));
            }
        }
        one_line(&text)
    }
}

/// The text with what moves a cursor or turns the reading direction escaped, and cut.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut chars = 0;
    for char in text.trim_end().chars() {
        let escaped: String = match char {
            '\n' | '\r' | '\t' => char.escape_default().collect(),
            char if char.is_control() || is_bidi(char) => char.escape_unicode().collect(),
            char => char.to_string(),
        };
        chars += escaped.chars().count();
        if chars > EXCERPT_MAX_CHARS {
            while line.chars().count() >= EXCERPT_MAX_CHARS {
                line.pop();
            }
            line.push('…');
            return line;
        }
        line.push_str(&escaped);
    }
    line
}

/// Whether a character changes the direction in which others are read.
pub(crate) const fn is_bidi(char: char) -> bool {
    matches!(
        char,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let url = "https://joe:pa55word@hooks.example/T0/long-token?key=other-token&a=b%20cdefgh";
        Redactor::of_url(
            &url.parse().expect("a url"),
            Some("S2V5S2V5S2V5".to_owned()),
        )
    }

    #[test]
    fn whatever_part_of_an_address_or_key_is_echoed_is_removed() {
        for echo in [
            "https://joe:pa55word@hooks.example/T0/long-token?key=other-token&a=b%20cdefgh",
            "/T0/long-token",
            "/T0/long-token?key=other-token&a=b%20cdefgh",
            "\\/T0\\/long-token",
            "key=other-token",
            "b cdefgh",
            "joe, pa55word",
            "Basic am9lOnBhNTV3b3Jk",
            "whsec_S2V5S2V5S2V5",
        ] {
            let excerpt = redactor().excerpt(&format!("no such hook: {echo}!"), true);
            for secret in ["token", "pa55", "joe", "am9l", "S2V5", "cdefgh"] {
                assert!(!excerpt.contains(secret), "{excerpt}");
            }
            assert!(
                excerpt.starts_with("no such hook: ") && excerpt.contains(MASK),
                "{excerpt}"
            );
        }
    }

    #[test]
    fn a_password_is_removed_in_every_form_in_which_it_travels() {
        let redactor = Redactor::of_login("ann", "pa55 word");
        // PLAIN and LOGIN of RFC 4616 and of old.
        for echo in ["pa55 word", "cGE1NSB3b3Jk", "AGFubgBwYTU1IHdvcmQ="] {
            let excerpt = redactor.excerpt(&format!("bad login {echo}!"), true);
            assert_eq!(excerpt, "bad login [redacted]!");
        }
        assert_eq!(Redactor::none().excerpt("as it is", true), "as it is");
    }

    #[test]
    fn a_secret_that_is_cut_off_is_removed_too() {
        assert_eq!(redactor().excerpt("at /T0/long-to", false), "at");
        assert_eq!(redactor().excerpt("by whsec_S2V5S2V", false), "by whsec_");
        assert_eq!(redactor().excerpt("all there is", false), "all there is");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        let redactor = redactor();
        assert_eq!(redactor.excerpt("a\r\nb\u{1b}[2J\u{202e}c\0", true), {
            "a\\r\\nb\\u{1b}[2J\\u{202e}c\\u{0}"
        });
        for text in [
            "🔥".repeat(300),
            "\n".repeat(300) + "x",
            "a".repeat(257),
            "\0".repeat(90),
        ] {
            let excerpt = redactor.excerpt(&text, true);
            assert!(excerpt.chars().count() <= EXCERPT_MAX_CHARS && excerpt.ends_with('…'));
        }
        assert_eq!(redactor.excerpt(&"a".repeat(256), true), "a".repeat(256));
    }
}
