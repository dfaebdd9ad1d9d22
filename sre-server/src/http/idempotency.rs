//! `Idempotency-Key`: a POST that is repeated under the same key is done once, and answered the same.
//!
//! A caller that got no answer cannot tell whether its request was done. With a key it asks again:
//! the first request under a key is done and its answer kept for a day; a repeat gets that answer,
//! with `Idempotency-Replayed: true`. The same key with another request is refused (422), and while
//! the first is under way so is a repeat (409). Keys belong to their caller, and outlive the process.
//!
//! An answer of 500 and above is not kept, since a repeat may succeed. What remains: a process that is
//! killed between doing and keeping leaves a key whose claim runs out, and a repeat is then done
//! again. A request under a key goes on when its caller hangs up, so that hanging up is not killing;
//! but no longer than any request may, so that it never runs beside its own repeat.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::Method;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::{Response as HttpResponse, StatusCode};
use sha2::{Digest as _, Sha256};
use sre_core::store::{ClaimedReply, Commit, Replies, Reply, ReplyKey, StoreError};

use super::application::Caller;
use super::fault::Fault;
use super::problem::ApiError;
use super::response::{Response, with};

/// The header that names a request.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header of an answer that was given before.
pub(super) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key: room for a UUID and a prefix, or a hash.
const KEY_LENGTH_MAX: usize = 255;

/// The largest answer that is kept: those to POST are one resource or a list of faults. A larger one
/// is given, and a repeat of its request is done again.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How much longer than a request may take a claim stands: its handler ends within that time, or its
/// process is gone.
const CLAIM_SLACK: TimeDelta = TimeDelta::seconds(10);

/// The headers that belong to the answer and not to its way.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, ETAG];

/// The key of a request and what the request is, where it is one that can be repeated.
pub(super) struct Once {
    key: ReplyKey,
    fingerprint: [u8; 32],
    until: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// The key that a request brings.
///
/// # Errors
///
/// [`ApiError::Invalid`] when it is none.
pub(super) fn key(parts: &Parts) -> Result<Option<String>, ApiError> {
    let mut given = parts
        .headers
        .get_all(IDEMPOTENCY_KEY)
        .iter();
    let Some(value) = given
        .next()
        .filter(|_| parts.method == Method::POST)
    else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|text| {
        (1..=KEY_LENGTH_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic())
    });
    if let (Some(text), None) = (text, given.next()) {
        return Ok(Some(text.to_owned()));
    }
    let detail = format!("is one text of 1 to {KEY_LENGTH_MAX} visible ASCII characters");
    Err(ApiError::Invalid(vec![Fault::parameter(
        "Idempotency-Key",
        detail,
    )]))
}

impl Once {
    /// A request as its key stands for it: method, address and body, to the byte.
    pub(super) fn new(
        key: String,
        caller: &Caller,
        parts: &Parts,
        body: &[u8],
        now: DateTime<Utc>,
        request_timeout: Duration,
    ) -> Self {
        let mut hash = Sha256::new();
        let address = parts.uri.path_and_query();
        let address = address.map_or("", |address| address.as_str());
        // No address holds a line break, so the parts cannot run into each other.
        hash.update(format!("{} {address}\n", parts.method));
        hash.update(body);
        let patience = TimeDelta::from_std(request_timeout).unwrap_or(TimeDelta::hours(1));
        Self {
            key: ReplyKey {
                scope: caller.scope().to_owned(),
                key,
            },
            fingerprint: hash.finalize().into(),
            until: now + patience + CLAIM_SLACK,
            now,
        }
    }

    /// Answers what was answered before, or does `work` and keeps its answer.
    ///
    /// # Errors
    ///
    /// [`ApiError::Conflict`] while it is under way, [`ApiError::Invalid`] when the key stands for
    /// another request, and what the store says when it cannot be asked: without it nothing is done.
    pub(super) async fn run<F>(
        self,
        replies: Arc<dyn Replies>,
        work: F,
    ) -> Result<Response, ApiError>
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let claimed = replies
            .claim_reply(&self.key, self.fingerprint, self.now, self.until)
            .await?;
        match claimed {
            ClaimedReply::Answered(reply) => again(reply),
            ClaimedReply::Begun { epoch } => {
                let task = tokio::spawn(done(replies, self.key, epoch, work));
                task.await
                    .map_err(|ended| match ended.try_into_panic() {
                        Ok(panic) => resume_unwind(panic),
                        Err(cancelled) => ApiError::internal(cancelled),
                    })
            }
            ClaimedReply::UnderWay => Err(ApiError::Conflict(
                "a request with this Idempotency-Key is under way; ask again for its answer"
                    .to_owned(),
            )),
            ClaimedReply::Differs => Err(ApiError::Invalid(vec![Fault::parameter(
                "Idempotency-Key",
                "stands for another request; take a new key for a new request",
            )])),
        }
    }
}

/// Does the work and keeps its answer, or gives the key back.
async fn done(
    replies: Arc<dyn Replies>,
    key: ReplyKey,
    epoch: u64,
    work: impl Future<Output = Response>,
) -> Response {
    // What the work shares is behind locks that poison or is immutable, as in every request.
    let response = match AssertUnwindSafe(work)
        .catch_unwind()
        .await
    {
        Ok(response) => response,
        Err(panic) => {
            noted(replies.release_reply(&key, epoch).await);
            resume_unwind(panic)
        }
    };
    let (parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let is_kept = is_final(parts.status) && body.len() <= BODY_BYTES_MAX;
    noted(if is_kept {
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: kept_headers(&parts.headers),
            body: body.to_vec(),
        };
        replies
            .keep_reply(&key, epoch, &reply)
            .await
    } else {
        replies.release_reply(&key, epoch).await
    });
    HttpResponse::from_parts(parts, Full::new(body))
}

/// Whether the same request would be answered the same a moment later. Of a conflict, of too many
/// requests and of a failure that is not known: nothing was done, and it may be tried again.
fn is_final(status: StatusCode) -> bool {
    !status.is_server_error()
        && !matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
}

/// The request was done; that its answer could not be kept is for the log.
fn noted(kept: Result<Commit, StoreError>) {
    match kept {
        Ok(Commit::Applied { .. }) => {}
        Ok(Commit::Superseded) => {
            tracing::warn!("a request took longer than its Idempotency-Key was held");
        }
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the answer to an Idempotency-Key was not kept"
        ),
    }
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    KEPT.iter()
        .filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

/// An answer that was given before.
fn again(reply: Reply) -> Result<Response, ApiError> {
    let mut response = HttpResponse::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).map_err(ApiError::internal)?;
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name).map_err(ApiError::internal)?;
        let value = HeaderValue::try_from(value).map_err(ApiError::internal)?;
        response = with(response, name, value);
    }
    Ok(with(
        response,
        IDEMPOTENCY_REPLAYED,
        HeaderValue::from_static("true"),
    ))
}
