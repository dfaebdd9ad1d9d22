//! A briefing as Block Kit, within what Slack takes.
//!
//! Slack refuses a whole message for one text that is too long, so every length is bounded here, with
//! room to spare where the bound is not documented. What is given up first is what stands last: labels,
//! history, then alerts.

use serde::{Deserialize, Serialize};

use super::escape::{escaped, length};
use crate::render::{Briefing, Fact, Link, clipped};
use crate::template::{TemplatePart, Words};

/// More alerts in one message were refused in practice.
pub(crate) const ALERTS_MAX: usize = 20;
/// What Slack documents for a header.
const HEADER_MAX: usize = 150;
/// What Slack documents for a section.
const SECTION_MAX: usize = 3_000;
/// Of all blocks together; 9 597 characters passed and 11 341 were refused. With header, line and mark
/// it stays under 9 000.
const TOTAL_MAX: usize = 8_400;
/// The text of a template: what is left of it beside the notes.
pub(crate) const TEXT_MAX: usize = 7_400;
/// A longer link takes the place of what is worth more.
const LINK_MAX: usize = 600;
/// The notes on why a message comes this way.
const NOTES_MAX: usize = 800;
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
    posted(
        escaped(&briefing.headline, HEADER_MAX * 2),
        escaped(&briefing.headline, HEADER_MAX),
        told(briefing),
        sender,
    )
}

/// What is said below the header.
fn told(briefing: &Briefing) -> Vec<Block> {
    let mut blocks = Vec::new();
    let is_alone = briefing.items.len() == 1 && briefing.more == 0;
    let sections = briefing.items.len() + 1;
    let room = (TOTAL_MAX / sections).min(SECTION_MAX);
    blocks.extend(section(None, &briefing.heading(), &briefing.links, room));
    for item in &briefing.items {
        let title = (!is_alone).then_some(item.headline.as_str());
        let room = if is_alone { SECTION_MAX } else { room };
        blocks.extend(section(title, &item.facts, &item.links, room));
    }
    if briefing.more > 0 {
        blocks.push(aside(&crate::render::more(briefing.more)));
    }
    blocks
}

/// The whole message in the words of templates, escaped already; what none of them says is built in.
pub(super) fn worded(briefing: &Briefing, words: &Words, sender: &Sender) -> Vec<u8> {
    let title = words.get(TemplatePart::SlackTitle);
    let headline = title.map_or_else(
        || escaped(&briefing.headline, HEADER_MAX * 2),
        |title| cut_lines(title, HEADER_MAX * 2),
    );
    let header = title.map_or_else(
        || escaped(&briefing.headline, HEADER_MAX),
        |title| cut_lines(title, HEADER_MAX),
    );
    let blocks = match words.get(TemplatePart::SlackText) {
        None => told(briefing),
        Some(text) => {
            let notes = section(None, &briefing.notes, &[], NOTES_MAX);
            let sections = pieces(text).map(|text| Block::Section { text: mrkdwn(text) });
            let more = (words.more > 0).then(|| aside(&crate::render::more(words.more)));
            notes
                .into_iter()
                .chain(sections)
                .chain(more)
                .collect()
        }
    };
    posted(headline, header, blocks, sender)
}

/// A message below its header.
fn posted(headline: String, header: String, told: Vec<Block>, sender: &Sender) -> Vec<u8> {
    let mut blocks = vec![Block::Header {
        text: Text::PlainText {
            text: header,
            emoji: false,
        },
    }];
    blocks.extend(told);
    let cut = |name: &Option<String>| {
        name.as_deref()
            .map(|name| clipped(name, NAME_MAX))
    };
    written(&Payload {
        channel: cut(&sender.channel),
        username: cut(&sender.username),
        text: headline,
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

/// A text in as many sections as it needs, each of whole lines where that can be.
fn pieces(text: &str) -> impl Iterator<Item = String> {
    let mut rest = text.trim_matches('\n');
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = split(rest, SECTION_MAX);
        rest = after.trim_start_matches('\n');
        Some(piece.trim_end().to_owned())
    })
    .filter(|piece| !piece.is_empty())
}

/// The longest beginning of a text that has at most `max` characters and breaks nothing: whole lines, else
/// no half of an escape or of a link; and what is left.
fn split(text: &str, max: usize) -> (&str, &str) {
    let mut length = 0;
    let cut = text.char_indices().find(|(_, char)| {
        length += char.len_utf16();
        length > max
    });
    let Some((cut, _)) = cut else {
        return (text, "");
    };
    let (kept, _) = text.split_at(cut);
    let whole = kept.rfind('\n').filter(|at| *at > 0);
    let at = whole.unwrap_or_else(|| {
        let link = kept
            .rfind('<')
            .filter(|from| !kept[*from..].contains('>'));
        let escape = kept
            .rfind('&')
            .filter(|from| !kept[*from..].contains(';') && kept.len() - from < LONGEST_ESCAPE);
        [link, escape]
            .into_iter()
            .flatten()
            .min()
            .filter(|at| *at > 0)
            .unwrap_or(cut)
    });
    text.split_at(at)
}

/// The beginning of a text that is escaped already, "…" at its end where something was cut.
pub(crate) fn cut_lines(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let (head, _) = split(text, max - 1);
    format!("{}…", head.trim_end())
}

/// `&amp;`
const LONGEST_ESCAPE: usize = 5;

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
