//! What may be shown of a setting's text.

use url::Url;

use super::setting::{Kind, Setting};
use crate::secret::MASK;

/// The text as it may be shown: whole when it is no secret.
pub(super) fn shown(setting: &Setting, text: &str) -> String {
    let is_url = matches!(setting.kind, Kind::Url | Kind::Database);
    match (setting.secret, is_url) {
        // The path of an embedded store is no secret, and who looks for the file needs it.
        (true, true) if text.starts_with("sqlite:") && !text.contains('@') => text.to_owned(),
        (true, true) => host_only(text),
        (true, false) => MASK.to_owned(),
        // Credentials where none belong are credentials all the same.
        (false, true) if text.contains('@') => host_only(text),
        (false, _) => text.to_owned(),
    }
}

/// The text as `sre-monitor config` shows it: a length of time has its unit.
pub(super) fn effective(setting: &Setting, text: &str) -> String {
    let is_bare = text
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    match setting.kind {
        Kind::Span { .. } if is_bare => format!("{text}s"),
        _ => shown(setting, text),
    }
}

/// Scheme, host and port of a URL; nothing of what is none.
///
/// A URL that is broken may show its password where the parser sees a host or a port, so anything
/// doubtful is masked whole.
pub(super) fn host_only(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return MASK.to_owned();
    };
    let Ok(url) = Url::parse(text) else {
        return MASK.to_owned();
    };
    let Some(host) = url
        .host_str()
        .filter(|host| !host.is_empty())
    else {
        return MASK.to_owned();
    };
    let after = rest
        .find(['/', '?', '#'])
        .and_then(|at| rest.get(at..))
        .unwrap_or("");
    let known = KNOWN_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str());
    if !known || after.contains('@') || rest.starts_with('/') || rest.contains('\\') {
        return MASK.to_owned();
    }
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let more = if after.is_empty() || after == "/" {
        String::new()
    } else {
        format!("/{MASK}")
    };
    format!("{}://{host}{port}{more}", url.scheme())
}

/// A scheme that is none of these may be half of a secret.
const KNOWN_SCHEMES: [&str; 6] = ["http", "https", "postgres", "postgresql", "sqlite", "mysql"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_url_only_the_host_is_shown() {
        for (text, shown) in [
            (
                "https://hooks.slack.com/services/T0/B0/canary",
                "https://hooks.slack.com/***",
            ),
            (
                "postgresql://ann:canary@db:5432/x",
                "postgresql://db:5432/***",
            ),
            ("http://prometheus:9090", "http://prometheus:9090"),
            (
                "http://ann:canary@prometheus:9090/",
                "http://prometheus:9090",
            ),
            ("http://hc.example?canary", "http://hc.example/***"),
        ] {
            assert_eq!(host_only(text), shown);
        }
    }

    #[test]
    fn of_a_broken_url_nothing_is_shown() {
        for text in [
            "canary",
            "https:/canary/x",
            "https:///canary/x",
            "postgres://ann:1/canary@db/x",
            "postgres://ann:ca?nary@db/x",
            "canary://x",
            "ann:canary@db",
            "https://\\canary",
            "",
        ] {
            assert_eq!(host_only(text), "***", "{text}");
        }
    }
}
