//! `receivers` and `global`: whom messages can go to.

mod address;
mod alertmanager;
mod channel;
mod email;
mod ends;
mod fallback;
mod pagerduty;
mod slack;
mod webhook;

use std::collections::BTreeSet;

use super::templates::{self, Wording};
use super::yaml::{Key, Map, Node, Reader};

pub use channel::ChannelConfig;
pub(super) use fallback::check as check_fallbacks;

/// Everyone behind one name.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// The name that routes know.
    pub name: String,
    /// How they are told, each by the name of its destination; none for one that drops everything.
    pub channels: Vec<(String, ChannelConfig)>,
    /// The names of those of them that are not told of ends.
    pub without_ends: BTreeSet<String>,
    /// The receiver that is told where this one cannot be.
    pub fallback: Option<String>,
    /// What is said in words of one's own, by channel (`slack`, `email`) and destination.
    pub wordings: Vec<ChannelWording>,
}

/// The words of one channel of a receiver.
#[derive(Clone, Debug)]
pub struct ChannelWording {
    /// The kind of channel.
    pub channel: &'static str,
    /// The name of its destination.
    pub name: String,
    /// The words, where they are not the built-in ones.
    pub wording: Wording,
}

/// What receivers have where they say nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Globals {
    mail: email::MailSettings,
}

/// A kind of channel: the key of its list in a receiver, what people call it, and how one is read.
type Kind = (
    &'static str,
    &'static str,
    fn(&mut Reader<'_>, &Node<'_>, &Globals) -> Option<ChannelConfig>,
);

/// Every kind of channel that a receiver can have. A new one is a row here and a key in [`KEYS`].
const KINDS: [Kind; 5] = [
    ("email_configs", "email", email::read),
    ("slack_configs", "slack", slack::read),
    ("webhook_configs", "webhook", webhook::read),
    ("pagerduty_configs", "pagerduty", pagerduty::read),
    ("alertmanager_configs", "alertmanager", alertmanager::read),
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
    let mail = email::settings(reader, &map, "smtp_");
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
        let (channels, wordings, without_ends) = channels(reader, &map, globals, &name);
        let fallback = map
            .get("fallback")
            .and_then(|node| reader.text(node).map(str::to_owned));
        receivers.push(ReceiverConfig {
            name,
            channels,
            without_ends,
            fallback,
            wordings,
        });
    }
    receivers
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
/// it, and their number from the second on. Their words are read even where their secrets are not.
fn channels(
    reader: &mut Reader<'_>,
    map: &Map<'_, '_>,
    globals: &Globals,
    receiver: &str,
) -> (
    Vec<(String, ChannelConfig)>,
    Vec<ChannelWording>,
    BTreeSet<String>,
) {
    let mut named: Vec<(ChannelWording, Option<ChannelConfig>)> = Vec::new();
    let mut takes_ends = Vec::new();
    for (key, kind, read) in KINDS {
        let Some(node) = map.get(key) else {
            continue;
        };
        for (place, item) in reader
            .list(node, key)
            .iter()
            .enumerate()
        {
            let channel = read(reader, item, globals);
            let wording = ChannelWording {
                channel: kind,
                name: match place {
                    0 => format!("{receiver}-{kind}"),
                    place => format!("{receiver}-{kind}-{}", place + 1),
                },
                wording: templates::wording(reader, item, worded(kind)),
            };
            named.push((wording, channel));
            takes_ends.push(ends::read(reader, item));
        }
    }
    if let [(wording, _)] = named.as_mut_slice() {
        receiver.clone_into(&mut wording.name);
    }
    let channels = named
        .iter()
        .filter_map(|(wording, channel)| Some((wording.name.clone(), channel.clone()?)))
        .collect();
    let without_ends = named
        .iter()
        .zip(takes_ends)
        .filter(|(_, takes_ends)| !takes_ends)
        .map(|((wording, _), _)| wording.name.clone())
        .collect();
    let wordings = named
        .into_iter()
        .map(|(wording, _)| wording)
        .collect();
    (channels, wordings, without_ends)
}

/// What a kind of channel can say in other words. The body of a webhook is a contract with programs, and
/// PagerDuty and Alertmanager have their own forms.
fn worded(kind: &str) -> &'static [&'static str] {
    match kind {
        "slack" => &["title", "text"],
        "email" => &["subject", "text", "html"],
        _ => &[],
    }
}

fn optional_text(reader: &mut Reader<'_>, map: &Map<'_, '_>, name: &str) -> Option<String> {
    let node = map.get(name)?;
    reader.text(node).map(str::to_owned)
}

/// Characters of a receiver's name: it is part of an address of the API.
const NAME_MAX: usize = 64;
