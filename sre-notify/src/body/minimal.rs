//! As little as says what is wrong: for a receiver that refused the whole message.

use std::fmt::Write as _;

use serde::Serialize;
use sre_core::alert::AlertState;
use sre_core::name::AlertId;
use sre_core::notification::{AlertNews, Content, Message, Notice, Reason, Tally};

use super::room::clip;
use super::{Wrapping, written};

/// Text, and what it speaks of.
#[derive(Serialize)]
struct MinimalData<'a> {
    service_name: Option<&'a str>,
    text: String,
    alerts: Vec<Mention>,
    /// How many more alerts the message speaks of.
    omitted: usize,
}

/// Enough of an alert to look it up, and to drop a stale message.
#[derive(Serialize)]
struct Mention {
    id: AlertId,
    sequence: u64,
}

/// The text is cut here.
const TEXT_MAX_CHARS: usize = 500;
/// So many alerts are mentioned: what fits beside the text into 4 KiB.
const MENTIONS_MAX: usize = 32;

/// The message as text alone.
pub(crate) fn degraded(message: &Message<'_>, wrapping: &Wrapping) -> Vec<u8> {
    let (service_name, text, news) = match message.content {
        Content::Alerts {
            service_name, news, ..
        } => (Some(service_name.as_str()), lines(news), news),
        Content::Digest { news } => (None, counted(news), news),
        Content::Notice(notice) => {
            let service = notice
                .service_name
                .as_ref()
                .map(sre_core::name::ServiceName::as_str);
            (service, announced(notice), [].as_slice())
        }
        _ => (None, String::new(), [].as_slice()),
    };
    let text = text.replace(char::is_control, " ");
    let mentions = news
        .iter()
        .take(MENTIONS_MAX)
        .map(|news| Mention {
            id: news.alert.id,
            sequence: news.sequence,
        });
    let data = MinimalData {
        service_name,
        text: clip(&text, TEXT_MAX_CHARS).into_owned(),
        alerts: mentions.collect(),
        omitted: news.len().saturating_sub(MENTIONS_MAX),
    };
    written(message, data, wrapping).unwrap_or_default()
}

/// A line an alert, one after the other.
fn lines(news: &[AlertNews<'_>]) -> String {
    let lines: Vec<String> = news
        .iter()
        .take(MENTIONS_MAX)
        .map(line)
        .collect();
    lines.join("; ")
}

fn line(news: &AlertNews<'_>) -> String {
    let alert = news.alert;
    // The episode may have ended since; the words stay with what the message tells.
    let state = match (news.reason, &alert.state) {
        (Reason::AllResolved, _) => "RESOLVED".to_owned(),
        (_, AlertState::Acknowledged { .. }) => format!("ACKNOWLEDGED {}", alert.severity),
        _ => format!("FIRING {}", alert.severity),
    };
    format!("[{state}] {}: {}", alert.service_name(), alert.message)
}

/// The counts of a digest, then the services by name.
fn counted(news: &[AlertNews<'_>]) -> String {
    let tally = Tally::of(news);
    let mut text = format!(
        "[DIGEST] {} firing, {} resolved on {} services:",
        tally.firing,
        tally.resolved,
        tally.by_service.len(),
    );
    for service in tally
        .by_service
        .iter()
        .take(MENTIONS_MAX)
    {
        let _ = write!(text, " {}", service.service_name);
    }
    text
}

fn announced(notice: &Notice) -> String {
    format!("[{}] {} {}", notice.kind, notice.title, notice.text)
        .trim_end()
        .to_owned()
}
