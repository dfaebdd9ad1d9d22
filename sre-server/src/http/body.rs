//! Reading bodies: so long, so fast, of such a type, and not too many at once.
//!
//! hyper bounds headers and leaves bodies to us: one that comes a byte a second would hold a
//! connection for hours. A body is therefore refused before reading where its length is announced
//! and too large, and given up on when it is late or falls behind a minimum rate.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Body as _;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::doc::BodyRule;
use super::problem::{ApiError, BoxError};

/// A request's body, whatever it comes from.
pub(super) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A whole body comes within this time or not at all. The largest that a route takes (16 MiB) needs
/// 4.5 Mbit/s.
pub(super) const TIME_MAX: Duration = Duration::from_secs(30);

/// A body may begin slowly: TCP does, and a client may wait for `100 Continue`.
const RATE_GRACE: Duration = Duration::from_secs(5);

/// After the grace, so much of a body must have come for each second since it began. No working
/// network is slower; the slow clients of an attack are.
const RATE_MIN_BYTES_PER_SECOND: u64 = 1024;

/// How much of bodies is held in memory for all requests together, in KiB. One connection in
/// sixteen may hold a default body (1 MiB) at its limit; beyond that requests are shed.
const MEMORY_MAX_KIB: usize = 64 * 1024;

/// What all requests share of memory for bodies.
#[derive(Debug)]
pub(super) struct Memory(Semaphore);

impl Memory {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(MEMORY_MAX_KIB))
    }
}

/// A body that was read. Its memory counts until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Held<'a> {
    pub(super) bytes: Bytes,
    _memory: Option<SemaphorePermit<'a>>,
}

/// Reads the body that a route takes.
///
/// # Errors
///
/// Malformed (400) when it is missing or cut short, too slow (408), too large (413), of an
/// unsupported type (415), or unavailable (503) when bodies fill the memory that they may.
pub(super) async fn read<'a>(
    body: Body,
    headers: &HeaderMap,
    rule: &BodyRule,
    limit_bytes: usize,
    deadline: Instant,
    memory: &'a Memory,
) -> Result<Held<'a>, ApiError> {
    if body.is_end_stream() {
        return if rule.required {
            Err(empty())
        } else {
            Ok(Held::default())
        };
    }
    if !is_one_of(headers, rule.media_types) {
        return Err(ApiError::UnsupportedMediaType {
            expected: rule
                .media_types
                .first()
                .copied()
                .unwrap_or_default(),
        });
    }
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > limit_bytes) {
        return Err(ApiError::TooLarge { limit_bytes });
    }
    let held = read_all(body, limit_bytes, deadline, memory).await?;
    if held.bytes.is_empty() && rule.required {
        Err(empty())
    } else {
        Ok(held)
    }
}

async fn read_all(
    mut body: Body,
    limit_bytes: usize,
    deadline: Instant,
    memory: &Memory,
) -> Result<Held<'_>, ApiError> {
    let began = Instant::now();
    let deadline = deadline.min(began + TIME_MAX);
    let mut whole = BytesMut::new();
    let mut permit: Option<SemaphorePermit<'_>> = None;
    loop {
        let due = due(began, whole.len()).min(deadline);
        let frame = timeout_at(due, body.frame())
            .await
            .map_err(|_| {
                ApiError::TooSlow("the body came too slowly or took too long".to_owned())
            })?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| {
            ApiError::Malformed("the body was cut short or is badly framed".to_owned())
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if whole.len().saturating_add(data.len()) > limit_bytes {
            return Err(ApiError::TooLarge { limit_bytes });
        }
        whole.extend_from_slice(data);
        hold(&mut permit, &memory.0, whole.len())?;
    }
    Ok(Held {
        bytes: whole.freeze(),
        _memory: permit,
    })
}

/// When the next part must have come, with so many bytes here.
fn due(began: Instant, received: usize) -> Instant {
    let received = u64::try_from(received).unwrap_or(u64::MAX);
    let paid_for = Duration::from_secs(received / RATE_MIN_BYTES_PER_SECOND);
    began + paid_for.clamp(RATE_GRACE, TIME_MAX)
}

/// Grows what is held to `length` bytes, rounded up to whole KiB.
fn hold<'a>(
    held: &mut Option<SemaphorePermit<'a>>,
    memory: &'a Semaphore,
    length: usize,
) -> Result<(), ApiError> {
    let have = held
        .as_ref()
        .map_or(0, SemaphorePermit::num_permits);
    let more = length
        .div_ceil(1024)
        .saturating_sub(have);
    let more = u32::try_from(more).unwrap_or(u32::MAX);
    let permit = memory
        .try_acquire_many(more)
        .map_err(|_| {
            ApiError::unavailable("too many large requests at once", Duration::from_secs(1))
        })?;
    match held {
        Some(held) => held.merge(permit),
        None => *held = Some(permit),
    }
    Ok(())
}

fn empty() -> ApiError {
    ApiError::Malformed("the body is empty; one is expected".to_owned())
}

/// Whether the body says that it is of one of these types, in UTF-8 where it says an encoding.
fn is_one_of(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let Some(text) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let known = media_types
        .iter()
        .any(|media_type| essence.eq_ignore_ascii_case(media_type));
    let utf_8 = parts
        .filter_map(|part| part.split_once('='))
        .all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || value
                    .trim_matches('"')
                    .eq_ignore_ascii_case("utf-8")
        });
    known && utf_8
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use hyper::header::HeaderValue;

    use super::*;

    fn rule(required: bool) -> BodyRule {
        BodyRule {
            media_types: &["application/json"],
            required,
            large: false,
            schema: None,
        }
    }

    fn json_headers() -> HeaderMap {
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))]
            .into_iter()
            .collect()
    }

    fn whole(text: impl Into<Bytes>) -> Body {
        Full::new(text.into())
            .map_err(BoxError::from)
            .boxed_unsync()
    }

    /// `size` bytes every `pause`, so many times.
    fn dripping(size: usize, pause: Duration, times: usize) -> Body {
        StreamBody::new(stream::unfold(0, move |sent| async move {
            tokio::time::sleep(pause).await;
            let data = Frame::data(Bytes::from(vec![b'x'; size]));
            (sent < times).then_some((Ok::<_, BoxError>(data), sent + 1))
        }))
        .boxed_unsync()
    }

    async fn status(body: Body, headers: HeaderMap, rule: BodyRule) -> u16 {
        let deadline = Instant::now() + Duration::from_mins(1);
        let memory = Memory::new();
        let result = read(body, &headers, &rule, 100_000, deadline, &memory).await;
        result.map_or_else(|error| error.status().as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn a_body_is_required_or_not() {
        assert_eq!(status(whole(""), json_headers(), rule(true)).await, 400);
        assert_eq!(status(whole(""), json_headers(), rule(false)).await, 200);
        assert_eq!(status(whole(""), HeaderMap::new(), rule(false)).await, 200);
        assert_eq!(status(whole("{}"), json_headers(), rule(true)).await, 200);
    }

    #[tokio::test]
    async fn another_type_or_encoding_is_unsupported() {
        for (content_type, expected) in [
            ("application/json", 200),
            ("Application/JSON; Charset=\"UTF-8\"", 200),
            ("application/json;charset=latin1", 415),
            ("text/plain", 415),
            ("application/jsonx", 415),
            ("", 415),
        ] {
            let content_type_header = HeaderValue::from_static(content_type);
            let headers = [(CONTENT_TYPE, content_type_header)]
                .into_iter()
                .collect();
            assert_eq!(
                status(whole("{}"), headers, rule(true)).await,
                expected,
                "{content_type}"
            );
        }
        assert_eq!(status(whole("{}"), HeaderMap::new(), rule(true)).await, 415);
    }

    #[tokio::test]
    async fn a_body_at_its_limit_is_read_and_one_byte_more_is_not() {
        assert_eq!(
            status(whole(vec![b'x'; 100_000]), json_headers(), rule(true)).await,
            200
        );
        assert_eq!(
            status(whole(vec![b'x'; 100_001]), json_headers(), rule(true)).await,
            413
        );
        let unannounced = dripping(50_000, Duration::ZERO, 3);
        assert_eq!(status(unannounced, json_headers(), rule(true)).await, 413);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_body_is_given_up_after_the_grace() {
        let began = Instant::now();
        let body = dripping(1, Duration::from_secs(1), 1_000);
        assert_eq!(status(body, json_headers(), rule(true)).await, 408);
        assert_eq!(began.elapsed(), RATE_GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_keeps_the_rate_still_has_an_end() {
        let began = Instant::now();
        let body = dripping(2048, Duration::from_secs(1), 1_000);
        assert_eq!(status(body, json_headers(), rule(true)).await, 408);
        assert_eq!(began.elapsed(), TIME_MAX);
    }

    #[tokio::test]
    async fn bodies_share_their_memory() {
        let memory = Memory(Semaphore::new(3));
        let deadline = Instant::now() + Duration::from_mins(1);
        let (headers, rule) = (json_headers(), rule(true));
        let read = |size| {
            read(
                whole(vec![b'x'; size]),
                &headers,
                &rule,
                10_000,
                deadline,
                &memory,
            )
        };
        let first = read(2000).await.unwrap();
        assert_eq!(read(2000).await.unwrap_err().status(), 503);
        drop(first);
        assert!(read(2000).await.is_ok());
    }
}
