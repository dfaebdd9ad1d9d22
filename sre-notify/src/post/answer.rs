//! What came of a try, said honestly.
//!
//! The line that matters runs between *nothing left* and *nobody knows*: the first is tried again
//! as if it had never been, the second is marked as a possible repeat. Every try has a connection
//! of its own, so an error of connecting (name, TCP or TLS, time running out included) proves that
//! nothing left; any other error proves nothing. Once a status arrived, that is the answer, even
//! when the rest of it breaks off.

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use sre_core::notification::Answer;

use super::retry_after;
use crate::redaction::Redactor;

/// More of an answer is not read.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// What an answer says beside its status is worth so long a wait.
const ANSWER_WAIT: Duration = Duration::from_secs(2);

/// What a receiver answered.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The status of HTTP.
    pub(crate) status: u16,
    /// How long it asked to be left alone.
    pub(crate) retry_after: Option<TimeDelta>,
    /// What it said, as far as it was read: for looking at, never for showing.
    pub(crate) text: String,
    /// The beginning of what it said, without secrets.
    pub(crate) excerpt: String,
}

impl Heard {
    /// The answer by its status alone.
    pub(crate) fn into_answer(self) -> Answer {
        Answer::Responded {
            status: self.status,
            retry_after: self.retry_after,
            excerpt: self.excerpt,
        }
    }
}

/// The answer of a receiver that answered.
pub(super) async fn heard(response: Response, redactor: &Redactor, now: DateTime<Utc>) -> Heard {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after::parse(text, now));
    let (body, is_whole) = read(response).await;
    let text = String::from_utf8_lossy(&body).into_owned();
    let excerpt = redactor.excerpt(&text, is_whole);
    Heard {
        status,
        retry_after,
        text,
        excerpt,
    }
}

/// The beginning of the body, and whether that is all of it.
async fn read(mut response: Response) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < ANSWER_MAX_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
        false
    };
    let is_whole = tokio::time::timeout(ANSWER_WAIT, reading)
        .await
        .unwrap_or(false);
    body.truncate(ANSWER_MAX_BYTES);
    (body, is_whole)
}

/// The answer of a try that has none. `error` has lost its URL already.
pub(super) fn of_error(error: &reqwest::Error, redactor: &Redactor) -> Answer {
    let causes = causes(error);
    let said = |what: &str| redactor.excerpt(&format!("{what}: {causes}"), true);
    // A request that could not even be built has not left either.
    if error.is_connect() || error.is_builder() {
        let what = if error.is_timeout() {
            "no connection in time"
        } else {
            "no connection"
        };
        Answer::NotSent { detail: said(what) }
    } else if error.is_timeout() {
        Answer::Unknown {
            detail: "no answer in time".to_owned(),
        }
    } else {
        Answer::Unknown {
            detail: said("the connection broke before an answer"),
        }
    }
}

/// The causes of an error, outermost first; its own text only says that there is one.
fn causes(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}
