//! From text to types, within the bounds that the table names.
//!
//! Each function takes the setting for its bounds and answers a cause that names no secret.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use sre_core::target::{Factor, ParseTargetError, Target};
use sre_core::time::Span;
use sre_core::window::Window;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::setting::{Kind, Setting};

/// What a parser answers: the value, or the cause.
pub(super) type Parsed<T> = Result<T, String>;

pub(super) fn text(_: &Setting, text: &str) -> Parsed<String> {
    match text.chars().find(|c| c.is_control()) {
        Some(_) => Err("holds a control character".to_owned()),
        None => Ok(text.to_owned()),
    }
}

/// A name that fits in logs, claims and headers.
pub(super) fn replica_id(_: &Setting, text: &str) -> Parsed<String> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic());
    if plain && text.len() <= 128 {
        Ok(text.to_owned())
    } else {
        Err("expected at most 128 ASCII characters without spaces".to_owned())
    }
}

/// Only the two words: `False` read as "not false" would switch on what was meant to be off.
pub(super) fn flag(_: &Setting, text: &str) -> Parsed<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected exactly true or false".to_owned()),
    }
}

pub(super) fn choice(setting: &Setting, text: &str) -> Parsed<&'static str> {
    let Kind::Choice(words) = setting.kind else {
        return Err("is no choice".to_owned());
    };
    words
        .iter()
        .find(|word| **word == text)
        .copied()
        .ok_or_else(|| format!("expected {}", words.join(" or ")))
}

pub(super) fn number(setting: &Setting, text: &str) -> Parsed<u32> {
    let (min, max) = match setting.kind {
        Kind::Number { min, max } => (min, max),
        _ => (0, u32::MAX),
    };
    digits(text)
        .and_then(|text| text.parse().ok())
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("expected a whole number from {min} to {max}"))
}

pub(super) fn positive(setting: &Setting, text: &str) -> Parsed<NonZeroU32> {
    number(setting, text)
        .and_then(|number| NonZeroU32::new(number).ok_or_else(|| "must be more than 0".to_owned()))
}

pub(super) fn port(setting: &Setting, text: &str) -> Parsed<u16> {
    number(setting, text)
        .and_then(|number| u16::try_from(number).map_err(|error| format!("{error}")))
}

pub(super) fn bytes(setting: &Setting, text: &str) -> Parsed<usize> {
    number(setting, text)
        .and_then(|number| usize::try_from(number).map_err(|error| format!("{error}")))
}

/// A length of time; digits alone are seconds.
pub(super) fn span(setting: &Setting, text: &str) -> Parsed<Span> {
    let seconds = digits(text).map(|digits| format!("{digits}s"));
    bounded(setting, seconds.as_deref().unwrap_or(text))
}

/// A window: digits alone could be days as well as seconds, so the unit is asked for.
pub(super) fn window(setting: &Setting, text: &str) -> Parsed<Window> {
    bounded(setting, text).map(Window::Rolling)
}

fn bounded(setting: &Setting, text: &str) -> Parsed<Span> {
    let span: Span = text
        .parse()
        .map_err(|error| format!("{error}"))?;
    match setting.kind {
        Kind::Span { min, max } | Kind::Window { min, max } if !(min..=max).contains(&span) => {
            Err(format!("expected {min} to {max}"))
        }
        _ => Ok(span),
    }
}

/// The target that leaves `text` percent of all events to go wrong.
pub(super) fn budget(_: &Setting, text: &str) -> Parsed<Target> {
    let share: Target = text.parse().map_err(|error| {
        match error {
            ParseTargetError::TooFine => "a percentage has at most 6 decimals",
            ParseTargetError::Everything => "a budget of 100 % is a target of 0 %: never missed",
            ParseTargetError::Nothing => {
                "a budget of 0 % is a target of 100 %: every burn rate would be a division by zero"
            }
            _ => "expected a percentage such as 1.0: above 0 and below 100",
        }
        .to_owned()
    })?;
    // Good and bad change places.
    BILLION
        .checked_sub(share.budget_ppb())
        .and_then(Target::from_budget_ppb)
        .ok_or_else(|| "expected a percentage above 0 and below 100".to_owned())
}

pub(super) fn factor(_: &Setting, text: &str) -> Parsed<Factor> {
    text.parse()
        .map_err(|error| format!("{error}"))
}

/// A share from 0 to 1, in thousandths.
pub(super) fn permille(_: &Setting, text: &str) -> Parsed<u16> {
    let cause = || "expected a decimal from 0 to 1 with at most 3 decimals".to_owned();
    let (whole, fraction) = text
        .split_once('.')
        .unwrap_or((text, "0"));
    let (whole, fraction) = digits(whole)
        .zip(digits(fraction))
        .ok_or_else(cause)?;
    let fraction = fraction.trim_end_matches('0');
    let thousandths: Option<u16> = match (whole, fraction.len()) {
        ("0" | "1", ..=3) => format!("{whole}{fraction:0<3}")
            .parse()
            .ok(),
        _ => None,
    };
    thousandths
        .filter(|thousandths| *thousandths <= 1_000)
        .ok_or_else(cause)
}

/// `fine,hours` in days.
pub(super) fn days(_: &Setting, text: &str) -> Parsed<(Span, Span)> {
    let day = |text: &str| {
        let days = digits(text.trim())?
            .parse::<u32>()
            .ok()?;
        (1..=3_650)
            .contains(&days)
            .then(|| Span::days(days))
    };
    let (fine, hours) = text
        .split_once(',')
        .and_then(|(fine, hours)| day(fine).zip(day(hours)))
        .ok_or_else(|| "expected two numbers of days from 1 to 3650, such as 92,400".to_owned())?;
    if fine > hours {
        return Err("hour sums must be kept at least as long as fine slices".to_owned());
    }
    Ok((fine, hours))
}

/// An address; a name would be looked up, and may then stand for an address nobody meant.
pub(super) fn address(_: &Setting, text: &str) -> Parsed<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    match bare {
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        bare => bare.parse().map_err(|_| {
            "expected an IP address such as 127.0.0.1 or ::1 (without a port), or localhost"
                .to_owned()
        }),
    }
}

/// Names alone: a scheme or a port would never match what a request asks for.
pub(super) fn host_names(_: &Setting, text: &str) -> Parsed<Vec<String>> {
    let name = |name: &str| {
        let name = name.trim();
        is_host_name(name).then(|| name.to_ascii_lowercase())
    };
    text.split(',')
        .map(name)
        .collect::<Option<_>>()
        .ok_or_else(|| "expected host names without ports, separated by commas".to_owned())
}

/// An `http` or `https` URL. One that is shown to everybody may carry no credentials.
pub(super) fn url(setting: &Setting, text: &str) -> Parsed<Url> {
    let url = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !text.contains("://") {
        return Err("expected a URL that begins with http:// or https://".to_owned());
    }
    let credentials = !url.username().is_empty() || url.password().is_some();
    if credentials && !setting.secret {
        return Err("carries credentials, but is shown to everybody".to_owned());
    }
    Ok(url)
}

/// The file of an embedded store.
pub(super) fn database(_: &Setting, text: &str) -> Parsed<PathBuf> {
    let scheme = text
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("postgres" | "postgresql") => Err("PostgreSQL is not built in this version; unset \
             it for an embedded SQLite file, or give sqlite://PATH"
            .to_owned()),
        Some("sqlite") => sqlite_path(text),
        _ => Err(
            "expected sqlite://PATH; unset, it is an embedded file in SRE_MONITOR_DATA_DIR"
                .to_owned(),
        ),
    }
}

fn sqlite_path(text: &str) -> Parsed<PathBuf> {
    let path = text
        .get("sqlite:".len()..)
        .and_then(|rest| rest.strip_prefix("//"));
    match path {
        None | Some("") => {
            Err("expected sqlite://PATH, such as sqlite:///var/lib/sre-monitor.db".to_owned())
        }
        Some(":memory:") => {
            Err("a store in memory would lose everything at its end; name a file".to_owned())
        }
        Some(path) if path.contains(['?', '#']) => {
            Err("takes a path alone, without ? or #".to_owned())
        }
        Some(path) => Ok(PathBuf::from(path)),
    }
}

pub(super) fn path(setting: &Setting, path: &str) -> Parsed<PathBuf> {
    text(setting, path).map(PathBuf::from)
}

/// The name or the address of another machine, without a port.
pub(super) fn host(_: &Setting, text: &str) -> Parsed<String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    if bare.parse::<IpAddr>().is_ok() || is_host_name(text) {
        Ok(bare.to_owned())
    } else {
        Err("expected a host name or an IP address, without a port".to_owned())
    }
}

/// One mail address.
pub(super) fn email(_: &Setting, text: &str) -> Parsed<String> {
    let address = text.trim();
    if is_email(address) {
        Ok(address.to_owned())
    } else {
        Err("expected one mail address, such as alerts@example.org".to_owned())
    }
}

/// Mail addresses, each once.
pub(super) fn emails(_: &Setting, text: &str) -> Parsed<Vec<String>> {
    let mut addresses: Vec<String> = Vec::new();
    for address in text.split(',').map(str::trim) {
        if !is_email(address) {
            return Err("expected mail addresses separated by commas".to_owned());
        }
        let is_new = !addresses
            .iter()
            .any(|known| known.eq_ignore_ascii_case(address));
        if is_new {
            addresses.push(address.to_owned());
        }
    }
    if addresses.len() > EMAILS_MAX {
        return Err(format!(
            "expected at most {EMAILS_MAX} addresses; use a list of the mail server"
        ));
    }
    Ok(addresses)
}

/// `local@domain` in ASCII: letters, digits and what RFC 5322 calls an atom.
fn is_email(text: &str) -> bool {
    let (local, domain) = text
        .rsplit_once('@')
        .unwrap_or_default();
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_local = (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(atom));
    is_local && is_host_name(domain)
}

/// Labels of letters, digits, `-` and `_`, with dots between them.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(plain)
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Each recipient has a lane of its own.
const EMAILS_MAX: usize = 50;

/// A Standard Webhooks key; what signs with it decodes it again.
pub(super) fn webhook_key(_: &Setting, text: &str) -> Parsed<String> {
    let encoded = text
        .strip_prefix("whsec_")
        .ok_or("expected a key that begins with whsec_")?;
    let bare = encoded.trim_end_matches('=');
    let padding = encoded.len() - bare.len();
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let whole = encoded.len().is_multiple_of(4) && padding <= 2 && bare.len() % 4 != 1;
    if !bare.bytes().all(alphabet) || !whole {
        return Err("expected base64, with its padding, after whsec_".to_owned());
    }
    match bare.len() * 3 / 4 {
        24..=64 => Ok(text.to_owned()),
        bytes => Err(format!("holds {bytes} bytes where a key has 24 to 64")),
    }
}

/// An integration key of PagerDuty; what sends it checks it again.
pub(super) fn routing_key(_: &Setting, text: &str) -> Parsed<String> {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric());
    if is_plain && text.len() == 32 {
        Ok(text.to_owned())
    } else {
        let length = text.chars().count();
        Err(format!(
            "expected exactly 32 letters and digits, not {length} characters"
        ))
    }
}

pub(super) fn log_filter(_: &Setting, text: &str) -> Parsed<String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is no log filter: {error}")),
    }
}

/// `text` when it is ASCII digits alone: `parse` would take a sign as well.
fn digits(text: &str) -> Option<&str> {
    let all = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit());
    all.then_some(text)
}

const BILLION: u32 = 1_000_000_000;
