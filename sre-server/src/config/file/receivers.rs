//! `receivers` and `global`: whom messages can go to.

use std::collections::BTreeSet;
use std::fmt;

use sre_core::time::Span;
use url::Url;

use super::yaml::{Key, Map, Node, Reader};
use crate::config::channels::is_loopback;
use crate::config::setting::WhenUnset;
use crate::config::table::setting;
use crate::config::{
    AlertmanagerConfig, EmailConfig, MailLogin, MailSecurity, PagerDutyConfig, SlackConfig,
    WebhookConfig, mask, parse,
};
use crate::secret::{MASK, Secret};

/// Everyone behind one name.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// The name that routes know.
    pub name: String,
    /// How they are told, each by the name of its destination; none for one that drops everything.
    pub channels: Vec<(String, ChannelConfig)>,
    /// The receiver that is told where this one cannot be.
    pub fallback: Option<String>,
}

/// One way to tell somebody.
#[derive(Clone, Debug)]
pub enum ChannelConfig {
    /// By mail.
    Email(EmailConfig),
    /// In Slack.
    Slack(SlackConfig),
    /// By webhook.
    Webhook(WebhookConfig),
    /// By PagerDuty.
    PagerDuty(PagerDutyConfig),
    /// By an Alertmanager that is there already.
    Alertmanager(AlertmanagerConfig),
}

/// Where it goes, without what is secret.
impl fmt::Display for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => {
                write!(f, "email to {} by {}", email.to.join(", "), email.host)
            }
            Self::Slack(slack) => {
                write!(
                    f,
                    "slack at {}",
                    mask::host_only(slack.url.expose().as_str())
                )?;
                match &slack.channel {
                    Some(channel) => write!(f, " in {channel}"),
                    None => Ok(()),
                }
            }
            Self::PagerDuty(pagerduty) => {
                let host = mask::host_only(pagerduty.url.as_str());
                write!(f, "pagerduty at {host}, key {MASK}")
            }
            Self::Alertmanager(alertmanager) => {
                let host = mask::host_only(alertmanager.url.expose().as_str());
                write!(f, "alertmanager at {host}")
            }
            Self::Webhook(webhook) => {
                let host = mask::host_only(webhook.url.expose().as_str());
                let key = if webhook.secret.is_some() {
                    MASK
                } else {
                    "none"
                };
                write!(f, "webhook at {host}, key {key}")
            }
        }
    }
}

/// What receivers have where they say nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Globals {
    mail: MailSettings,
}

/// What is said of mail, in one place or another.
#[derive(Clone, Debug, Default)]
struct MailSettings {
    smarthost: Option<(String, u16)>,
    from: Option<String>,
    username: Option<String>,
    password: Option<Secret<String>>,
    security: Option<MailSecurity>,
}

/// A kind of channel: the key of its list in a receiver, what people call it, and how one is read.
type Kind = (
    &'static str,
    &'static str,
    fn(&mut Reader<'_>, &Node<'_>, &Globals) -> Option<ChannelConfig>,
);

/// Every kind of channel that a receiver can have. A new one is a row here and a key in [`KEYS`].
const KINDS: [Kind; 5] = [
    ("email_configs", "email", email),
    ("slack_configs", "slack", slack),
    ("webhook_configs", "webhook", webhook),
    ("pagerduty_configs", "pagerduty", pagerduty),
    ("alertmanager_configs", "alertmanager", alertmanager),
];

const KEYS: [Key; 7] = [
    Key::known("name"),
    Key::known("fallback"),
    Key::known("email_configs"),
    Key::known("slack_configs"),
    Key::known("webhook_configs"),
    Key::known("pagerduty_configs"),
    Key::known("alertmanager_configs"),
];

/// What all receivers have in common.
pub(super) fn read_globals(reader: &mut Reader<'_>, node: &Node<'_>) -> Globals {
    let keys = [
        "smtp_smarthost",
        "smtp_from",
        "smtp_auth_username",
        "smtp_auth_password",
        "smtp_auth_password_file",
        "smtp_auth_password_env",
        "smtp_tls",
    ];
    let Some(map) = reader.map(node, "global", &keys.map(Key::known)) else {
        return Globals::default();
    };
    let mail = mail_settings(reader, &map, "smtp_");
    Globals { mail }
}

/// Every receiver.
pub(super) fn read(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    globals: &Globals,
    others: &[&str],
) -> Vec<ReceiverConfig> {
    let mut receivers: Vec<ReceiverConfig> = Vec::new();
    for item in reader.list(node, "receivers") {
        let Some(map) = reader.map(item, "a receiver", &KEYS) else {
            continue;
        };
        let Some(name_node) = map.get("name") else {
            reader.refuse(item, "a receiver has a name");
            continue;
        };
        let Some(name) = reader.read_by(name_node, receiver_name) else {
            continue;
        };
        if receivers
            .iter()
            .any(|receiver| receiver.name == name)
        {
            reader.refuse(name_node, format!("two receivers are called {name}"));
        }
        if others.contains(&name.as_str()) {
            let cause = format!("{name} is the receiver that the variables of that channel make");
            reader.refuse(name_node, cause);
        }
        let channels = channels(reader, &map, globals, &name);
        let fallback = map
            .get("fallback")
            .and_then(|node| reader.text(node).map(str::to_owned));
        receivers.push(ReceiverConfig {
            name,
            channels,
            fallback,
        });
    }
    receivers
}

/// A fallback is another receiver, and none that falls back to where it came from.
pub(super) fn check_fallbacks(
    reader: &mut Reader<'_>,
    node: Option<&Node<'_>>,
    receivers: &[ReceiverConfig],
    names: &BTreeSet<&str>,
) {
    let next = |name: &str| {
        receivers
            .iter()
            .find(|receiver| receiver.name == name)
            .and_then(|receiver| receiver.fallback.as_deref())
    };
    for receiver in receivers {
        let Some(fallback) = &receiver.fallback else {
            continue;
        };
        let mut steps = std::iter::successors(Some(fallback.as_str()), |name| next(name));
        let is_circle = steps
            .by_ref()
            .take(receivers.len() + 1)
            .any(|name| name == receiver.name);
        let cause = if !names.contains(fallback.as_str()) {
            format!("no receiver is called {fallback}")
        } else if is_circle {
            format!("{} falls back to itself", receiver.name)
        } else {
            continue;
        };
        if let Some(node) = node.and_then(|node| fallback_node(node, &receiver.name)) {
            reader.refuse(node, cause);
        }
    }
}

/// Where the fallback of a receiver stands.
fn fallback_node<'n, 'a>(receivers: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    let value = |map: &'n Node<'a>, key: &str| {
        map.data
            .as_mapping()?
            .iter()
            .find(|(known, _)| is_text(known, key))
            .map(|(_, value)| value)
    };
    receivers
        .data
        .as_vec()?
        .iter()
        .find(|receiver| value(receiver, "name").is_some_and(|node| is_text(node, name)))
        .and_then(|receiver| value(receiver, "fallback"))
}

fn is_text(node: &Node<'_>, text: &str) -> bool {
    matches!(&node.data, saphyr::YamlData::Representation(own, _, _) if own == text)
}

/// What people can type, and an address can carry.
fn receiver_name(text: &str) -> Result<String, &'static str> {
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '/';
    if text.chars().count() <= NAME_MAX && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("the name of a receiver has up to 64 characters, without spaces and slashes")
    }
}

/// The channels of a receiver. One that is alone has the receiver's name, others have their kind behind
/// it, and their number from the second on.
fn channels(
    reader: &mut Reader<'_>,
    map: &Map<'_, '_>,
    globals: &Globals,
    receiver: &str,
) -> Vec<(String, ChannelConfig)> {
    let mut named = Vec::new();
    for (key, kind, read) in KINDS {
        let Some(node) = map.get(key) else {
            continue;
        };
        for (place, item) in reader
            .list(node, key)
            .iter()
            .enumerate()
        {
            if let Some(channel) = read(reader, item, globals) {
                let name = match place {
                    0 => format!("{receiver}-{kind}"),
                    place => format!("{receiver}-{kind}-{}", place + 1),
                };
                named.push((name, channel));
            }
        }
    }
    if let [(name, _)] = named.as_mut_slice() {
        receiver.clone_into(name);
    }
    named
}

fn slack(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = [
        "api_url",
        "api_url_file",
        "api_url_env",
        "channel",
        "username",
    ];
    let map = reader.map(node, "a Slack channel", &keys.map(Key::known))?;
    let faults = reader.count();
    let url = reader.secret(&map, ["api_url", "api_url_file", "api_url_env"]);
    if url.is_none() && reader.count() == faults {
        reader.refuse(node, "a Slack channel has api_url_file or api_url_env");
    }
    let channel = optional_text(reader, &map, "channel");
    let username = optional_text(reader, &map, "username");
    let url = secret_url(reader, node, "SLACK_WEBHOOK_URL", &url?)?;
    Some(ChannelConfig::Slack(SlackConfig {
        url,
        channel,
        username,
    }))
}

fn webhook(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = [
        "url",
        "url_file",
        "url_env",
        "secret",
        "secret_file",
        "secret_env",
        "format",
        "timeout",
    ];
    let map = reader.map(node, "a webhook", &keys.map(Key::known))?;
    let timeout = map
        .get("timeout")
        .and_then(|node| reader.span(node))
        .flatten()
        .unwrap_or(TIMEOUT);
    if timeout > TIMEOUT_MAX {
        reader.refuse(node, format!("timeout is at most {TIMEOUT_MAX}"));
    }
    let format = map
        .get("format")
        .and_then(|node| {
            reader.read_by(node, |text| parse::choice(setting("WEBHOOK_FORMAT"), text))
        })
        .unwrap_or("standard");
    let key = reader.secret(&map, ["secret", "secret_file", "secret_env"]);
    if let Some(key) = key
        .as_ref()
        .filter(|_| reader.reads_secrets())
        && let Err(cause) = parse::webhook_key(setting("WEBHOOK_SECRET"), key.expose())
    {
        reader.refuse(node, format!("the key of the webhook: {cause}"));
    }
    let url = address(reader, node, &map, "WEBHOOK_URL")?;
    Some(ChannelConfig::Webhook(WebhookConfig {
        url,
        format,
        secret: key.filter(|_| reader.reads_secrets()),
        timeout: timeout.as_duration(),
    }))
}

fn pagerduty(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = ["routing_key", "routing_key_file", "routing_key_env", "url"];
    let map = reader.map(node, "a PagerDuty service", &keys.map(Key::known))?;
    let url = match map.get("url") {
        Some(node) => reader.read_by(node, |text| parse::url(setting("PAGERDUTY_URL"), text)),
        None => default_url("PAGERDUTY_URL"),
    };
    let faults = reader.count();
    let key = reader.secret(&map, ["routing_key", "routing_key_file", "routing_key_env"]);
    if key.is_none() && reader.count() == faults {
        reader.refuse(
            node,
            "a PagerDuty service has routing_key_file or routing_key_env",
        );
    }
    let key = key.filter(|_| reader.reads_secrets())?;
    if let Err(cause) = parse::routing_key(setting("PAGERDUTY_ROUTING_KEY"), key.expose()) {
        reader.refuse(node, format!("its routing key: {cause}"));
        return None;
    }
    Some(ChannelConfig::PagerDuty(PagerDutyConfig {
        url: url?,
        routing_key: key,
    }))
}

fn alertmanager(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = ["url", "url_file", "url_env"];
    let map = reader.map(node, "an Alertmanager", &keys.map(Key::known))?;
    let url = address(reader, node, &map, "ALERTMANAGER_URL")?;
    Some(ChannelConfig::Alertmanager(AlertmanagerConfig { url }))
}

fn email(reader: &mut Reader<'_>, node: &Node<'_>, globals: &Globals) -> Option<ChannelConfig> {
    let keys = [
        "to",
        "smarthost",
        "from",
        "auth_username",
        "auth_password",
        "auth_password_file",
        "auth_password_env",
        "tls",
    ];
    let map = reader.map(node, "a mail", &keys.map(Key::known))?;
    let own = mail_settings(reader, &map, "");
    let common = &globals.mail;
    let to = if let Some(node) = map.get("to") {
        reader.read_by(node, |text| parse::emails(setting("TO_EMAILS"), text))
    } else {
        reader.refuse(node, "a mail has to: addresses, separated by commas");
        None
    };
    let smarthost = own
        .smarthost
        .or_else(|| common.smarthost.clone());
    let from = own.from.or_else(|| common.from.clone());
    for (is_there, what) in [
        (
            smarthost.is_some(),
            "smarthost, or smtp_smarthost in global",
        ),
        (from.is_some(), "from, or smtp_from in global"),
    ] {
        if !is_there {
            reader.refuse(node, format!("a mail has {what}"));
        }
    }
    let username = own
        .username
        .or_else(|| common.username.clone());
    let password = own
        .password
        .or_else(|| common.password.clone());
    if username.is_some() != password.is_some() {
        reader.refuse(
            node,
            "an account has both auth_username and auth_password_file or …_env",
        );
    }
    let security = own
        .security
        .or(common.security)
        .unwrap_or(MailSecurity::StartTls);
    let (host, port) = smarthost?;
    if password.is_some() && security == MailSecurity::Clear && !is_loopback(&host) {
        reader.refuse(
            node,
            "the password would be sent in clear to another machine; use starttls or implicit",
        );
    }
    let login = username
        .zip(password)
        .map(|(username, password)| MailLogin { username, password });
    Some(ChannelConfig::Email(EmailConfig {
        host,
        port,
        security,
        ca_pem: None,
        login,
        from: from?,
        to: to?,
    }))
}

fn mail_settings(reader: &mut Reader<'_>, map: &Map<'_, '_>, prefix: &str) -> MailSettings {
    let key = |name: &str| format!("{prefix}{name}");
    let get = |name: &str| map.get(&key(name));
    let [inline, file, variable] =
        ["auth_password", "auth_password_file", "auth_password_env"].map(key);
    MailSettings {
        smarthost: get("smarthost").and_then(|node| reader.read_by(node, smarthost)),
        from: get("from").and_then(|node| {
            reader.read_by(node, |text| parse::email(setting("FROM_EMAIL"), text))
        }),
        username: get("auth_username").and_then(|node| reader.text(node).map(str::to_owned)),
        password: reader.secret(map, [&inline, &file, &variable]),
        security: get("tls").and_then(|node| {
            reader.read_by(node, |text| match text {
                "starttls" => Ok(MailSecurity::StartTls),
                "implicit" => Ok(MailSecurity::Implicit),
                "none" => Ok(MailSecurity::Clear),
                _ => Err("expected starttls, implicit or none"),
            })
        }),
    }
}

/// `host:port`.
fn smarthost(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or("expected a host and a port, such as mail.example.org:587")?;
    let host = parse::host(setting("SMTP_HOST"), host)?;
    let port = parse::port(setting("SMTP_PORT"), port)?;
    Ok((host, port))
}

fn optional_text(reader: &mut Reader<'_>, map: &Map<'_, '_>, name: &str) -> Option<String> {
    let node = map.get(name)?;
    reader.text(node).map(str::to_owned)
}

/// The value of a setting that has a default.
fn default_url(name: &str) -> Option<Url> {
    match setting(name).default {
        WhenUnset::Is(text) => Url::parse(text).ok(),
        _ => None,
    }
}

/// An address that stands in the file, as one within one's own walls may, or elsewhere.
fn address(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    map: &Map<'_, '_>,
    like: &str,
) -> Option<Secret<Url>> {
    if let Some(node) = map.get("url") {
        let url = reader.read_by(node, |text| parse::url(setting(like), text));
        return url.map(Secret::new);
    }
    let faults = reader.count();
    let url = reader.secret(map, ["url", "url_file", "url_env"]);
    if url.is_none() && reader.count() == faults {
        reader.refuse(node, "url, url_file or url_env is missing");
    }
    secret_url(reader, node, like, &url?)
}

/// A URL that was read from elsewhere; its fault does not show it.
fn secret_url(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    like: &str,
    text: &Secret<String>,
) -> Option<Secret<Url>> {
    if !reader.reads_secrets() {
        return None;
    }
    match parse::url(setting(like), text.expose()) {
        Ok(url) => Some(Secret::new(url)),
        Err(cause) => {
            reader.refuse(node, format!("its address {cause}"));
            None
        }
    }
}

/// Characters of a receiver's name: it is part of an address of the API.
const NAME_MAX: usize = 64;
/// How long one try of a webhook may take where nothing is said: as `WEBHOOK_TIMEOUT`.
const TIMEOUT: Span = Span::seconds(30);
/// The longest that a try may take: a lane waits for it.
const TIMEOUT_MAX: Span = Span::minutes(5);
