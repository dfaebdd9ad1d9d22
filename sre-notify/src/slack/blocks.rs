//! A briefing as Block Kit, within what Slack takes.
//!
//! Slack refuses a whole message for one text that is too long, so every length is bounded here, with
//! room to spare where the bound is not documented. What is given up first is what stands last: labels,
//! history, then alerts.

use serde::{Deserialize, Serialize};

use super::escape::{escaped, length};
use crate::render::{Briefing, Fact, Link, clipped};

/// More alerts in one message were refused in practice.
pub(super) const ALERTS_MAX: usize = 20;
/// What Slack documents for a header.
const HEADER_MAX: usize = 150;
/// What Slack documents for a section.
const SECTION_MAX: usize = 3_000;
/// Of all blocks together; 9 597 characters passed and 11 341 were refused. With header, line and mark
/// it stays under 9 000.
const TOTAL_MAX: usize = 8_400;
/// A longer link takes the place of what is worth more.
const LINK_MAX: usize = 600;
/// Names of channels and senders end here.
const NAME_MAX: usize = 80;
/// What a try that may be a repeat says: at the end of the line, and in a block of its own at the end.
const MARK: &str = " (possible duplicate)";
const MARK_BLOCK: &str = "(possible duplicate: an earlier try of this message may have arrived)";

/// Where and as whom it is posted, where the webhook lets one choose.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) channel: Option<String>,
    pub(super) username: Option<String>,
}

/// What is posted.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// What notifications show.
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
    unfurl_links: bool,
    unfurl_media: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Header { text: Text },
    Section { text: Text },
    Context { elements: Vec<Text> },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Text {
    PlainText {
        text: String,
        emoji: bool,
    },
    /// Verbatim: Slack makes links and mentions of nothing that is not written as one.
    Mrkdwn {
        text: String,
        verbatim: bool,
    },
}

/// The whole message.
pub(super) fn whole(briefing: &Briefing, sender: &Sender) -> Vec<u8> {
    let mut blocks = vec![Block::Header {
        text: Text::PlainText {
            text: escaped(&briefing.headline, HEADER_MAX),
            emoji: false,
        },
    }];
    let is_alone = briefing.items.len() == 1 && briefing.more == 0;
    let sections = briefing.items.len() + 1;
    let room = (TOTAL_MAX / sections).min(SECTION_MAX);
    blocks.extend(section(None, &briefing.facts, &briefing.links, room));
    for item in &briefing.items {
        let title = (!is_alone).then_some(item.headline.as_str());
        let room = if is_alone { SECTION_MAX } else { room };
        blocks.extend(section(title, &item.facts, &item.links, room));
    }
    if briefing.more > 0 {
        blocks.push(aside(&crate::render::more(briefing.more)));
    }
    let cut = |name: &Option<String>| {
        name.as_deref()
            .map(|name| clipped(name, NAME_MAX))
    };
    written(&Payload {
        channel: cut(&sender.channel),
        username: cut(&sender.username),
        text: escaped(&briefing.headline, HEADER_MAX * 2),
        blocks,
        unfurl_links: false,
        unfurl_media: false,
    })
}

/// The line alone, to wherever the webhook posts by itself: the choice of a channel may be what was
/// refused.
pub(super) fn minimal(briefing: &Briefing) -> Vec<u8> {
    written(&Payload {
        channel: None,
        username: None,
        text: escaped(&briefing.headline, HEADER_MAX * 2),
        blocks: Vec::new(),
        unfurl_links: false,
        unfurl_media: false,
    })
}

/// The frozen body with the words that it may be a repeat, and otherwise as it is.
pub(super) fn marked(body: &[u8]) -> Vec<u8> {
    let Ok(mut payload) = serde_json::from_slice::<Payload>(body) else {
        return body.to_vec();
    };
    payload.text.push_str(MARK);
    if !payload.blocks.is_empty() {
        payload.blocks.push(aside(MARK_BLOCK));
    }
    written(&payload)
}

/// Keys are texts and there are no floats, so there always is one.
fn written(payload: &Payload) -> Vec<u8> {
    serde_json::to_vec(payload).unwrap_or_default()
}

fn aside(text: &str) -> Block {
    Block::Context {
        elements: vec![mrkdwn(text.to_owned())],
    }
}

const fn mrkdwn(text: String) -> Text {
    Text::Mrkdwn {
        text,
        verbatim: true,
    }
}

/// A title, as many facts as fit between it and the links, and the links.
fn section(title: Option<&str>, facts: &[Fact], links: &[Link], room: usize) -> Option<Block> {
    let linked = linked(links, room / 3);
    let mut left = room.saturating_sub(length(&linked) + 1);
    let title = title.map(|title| format!("*{}*", escaped(title, left.min(HEADER_MAX * 2))));
    let told = facts
        .iter()
        .map(|fact| written_fact(fact, room));
    let mut text: Vec<String> = Vec::new();
    for line in title.into_iter().chain(told) {
        let length = length(&line) + 1;
        if length > left {
            break;
        }
        left -= length;
        text.push(line);
    }
    if !linked.is_empty() {
        text.push(linked);
    }
    (!text.is_empty()).then(|| Block::Section {
        text: mrkdwn(text.join("\n")),
    })
}

/// A fact, at most half of the room.
fn written_fact(fact: &Fact, room: usize) -> String {
    let text = escaped(&fact.text, room / 2);
    if fact.name.is_empty() {
        text
    } else {
        format!("*{}:* {text}", fact.name)
    }
}

/// `<https://…|alert> · <https://…|slo>`, as many as fit.
fn linked(links: &[Link], room: usize) -> String {
    let mut text = String::new();
    for link in links {
        // In the address `|` would end it; `<` and `>` are escaped in any URL.
        let url = link.url.as_str().replace('|', "%7C");
        let name = link.name.replace('|', "/");
        let piece = format!("<{}|{}>", escaped(&url, usize::MAX), escaped(&name, 80));
        let separator = if text.is_empty() { "" } else { " · " };
        let grown = length(&text) + length(separator) + length(&piece);
        if length(&piece) > LINK_MAX || grown > room {
            continue;
        }
        text.push_str(separator);
        text.push_str(&piece);
    }
    text
}
