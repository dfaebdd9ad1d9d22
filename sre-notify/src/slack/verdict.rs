//! What Slack's answer says: success is 200 *and* the word `ok`.

use chrono::TimeDelta;
use serde::Deserialize;
use sre_core::notification::Answer;

use crate::post::Heard;

/// The status of a body that is refused: what unknown words are taken for.
const REFUSED: u16 = 400;

/// What Slack documents for its words.
const WORDS: &[(&str, u16)] = &[
    ("invalid_payload", 400),
    ("invalid_blocks", 400),
    ("invalid_blocks_format", 400),
    ("msg_blocks_too_long", 400),
    ("no_text", 400),
    ("too_many_attachments", 400),
    ("user_not_found", 400),
    ("action_prohibited", 403),
    ("invalid_token", 403),
    ("posting_to_general_channel_denied", 403),
    ("team_disabled", 403),
    ("channel_not_found", 404),
    ("no_service", 404),
    ("no_service_id", 404),
    ("no_team", 404),
    ("channel_is_archived", 410),
    ("ratelimited", 429),
    ("rate_limited", 429),
    ("fatal_error", 500),
    ("internal_error", 500),
    ("rollup_error", 500),
];

/// The form in which Slack says that it is asked too often.
#[derive(Deserialize)]
struct Words {
    ok: Option<bool>,
    error: Option<String>,
    retry_after: Option<u32>,
}

/// The answer to one try.
pub(super) fn of(heard: Heard) -> Answer {
    let said = heard.text.trim().to_owned();
    let words: Option<Words> = serde_json::from_str(&said).ok();
    let asked = words
        .as_ref()
        .and_then(|words| words.retry_after)
        .map(|seconds| TimeDelta::seconds(seconds.into()));
    let heard = Heard {
        retry_after: heard.retry_after.or(asked),
        ..heard
    };
    let is_ok = said == "ok"
        || words
            .as_ref()
            .is_some_and(|words| words.ok == Some(true));
    if heard.status != 200 || is_ok {
        return heard.into_answer();
    }
    let word = words
        .and_then(|words| words.error)
        .unwrap_or(said);
    Answer::FailedInWords {
        status: heard.status,
        meaning: meaning(&word),
        retry_after: heard.retry_after,
        excerpt: heard.excerpt,
    }
}

fn meaning(word: &str) -> u16 {
    WORDS
        .iter()
        .find(|(known, _)| *known == word)
        .map_or(REFUSED, |(_, status)| *status)
}
