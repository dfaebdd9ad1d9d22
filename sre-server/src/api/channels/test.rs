//! `POST /channels/{name}/test`: a message that says that it is a test, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::name::{DestinationId, NoticeId};
use sre_core::notification::{Destination, Lane, Notice, NoticeKind};
use sre_core::store::{NoticeRecord, StoreError};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};
use crate::workers::DEAD_COUNTED;

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestView {
    /// The channel.
    #[schema(example = "webhook")]
    channel: String,
    /// The message; `null` while it waits.
    delivery_id: Option<Uuid>,
    /// `delivered`; `retry` and `unknown` when it is tried again, the latter when it may have arrived;
    /// `dead` when it was given up; `pending` when nothing had come of it after ten seconds.
    #[schema(example = "delivered")]
    outcome: String,
    /// The status of the answer, where there was one.
    status: Option<u16>,
    /// The beginning of the answer, or what happened.
    detail: Option<String>,
    /// How often it was tried.
    attempts: usize,
}

/// How long the answer is waited for: longer than a receiver that is well takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the store is asked beside: another replica may have sent the message.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `POST /channels/{name}/test`
pub(crate) async fn test(call: Call<Context>) -> Result<Response, ApiError> {
    let name = call.params.get("name");
    let context = &call.context;
    let destination = context
        .destinations
        .iter()
        .find(|destination| destination.name == name)
        .ok_or_else(|| ApiError::no_such("channel"))?;
    if let Some(reason) = stopped(context, destination.id, call.now).await? {
        let detail = format!(
            "the channel is stopped until its configuration changes and the service is started \
             again: {reason}"
        );
        return Err(ApiError::Conflict(detail));
    }
    let notice = notice(destination, &call.request_id.to_string(), call.now);
    context
        .notices
        .add_notices(std::slice::from_ref(&notice))
        .await?;
    context.mailroom.due.notify_one();
    let record = outcome(context, notice.id).await?;
    if let Some(rule) = withheld(record.as_ref()) {
        let detail = format!("the test was recorded and not sent, by the rule `{rule}`");
        return Err(ApiError::Conflict(detail));
    }
    response::ok(&TestView::new(destination, record.as_ref()))
}

/// Why nothing is sent to a destination, where its lane is stopped.
async fn stopped(
    context: &Context,
    destination: DestinationId,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let lanes = context
        .outbox
        .lanes(now - DEAD_COUNTED)
        .await?;
    let lane = lanes
        .into_iter()
        .find(|lane| lane.destination_id == destination && lane.traffic == Lane::Stopped);
    Ok(lane.map(|lane| {
        lane.stopped_because
            .unwrap_or_else(|| "it refused a message".to_owned())
    }))
}

/// What `POST /channels/{name}/test` says of itself.
pub(crate) fn test_doc() -> Doc {
    Doc::new(Access::Write, "channels", "Send a test message")
        .about(
            "Sends a message of the type `channel.test`, and waits up to ten seconds for what comes \
             of it. In shadow mode, and to a channel that is stopped, nothing is sent: the answer is 409.",
        )
        .answers::<TestView>(200, "What came of it.")
}

/// A test is asked for by a request: no two are the same.
fn notice(destination: &Destination, request_id: &str, now: DateTime<Utc>) -> Notice {
    let kind = NoticeKind::ChannelTest;
    let subject = format!("{request_id} {}", now.timestamp_micros());
    Notice {
        id: Notice::id(kind, subject.as_bytes(), destination.id),
        destination_id: destination.id,
        kind,
        service_name: None,
        severity: None,
        title: format!("Test of the channel {}", destination.name),
        text: "Somebody asked whether this channel works. It does: nothing is wrong, and nothing \
               is to be done."
            .to_owned(),
        link_path: None,
        data: BTreeMap::from([("channel".to_owned(), destination.name.clone())]),
        created_at: now,
    }
}

/// What came of the notice, or how it stands when patience ends.
async fn outcome(context: &Context, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError> {
    let end = Instant::now() + PATIENCE;
    loop {
        let sent = context.mailroom.sent.notified();
        tokio::pin!(sent);
        // From here on nothing that is sent goes unnoticed.
        sent.as_mut().enable();
        let record = context.notices.find_notice(id).await?;
        if record.as_ref().is_some_and(has_outcome) || Instant::now() >= end {
            return Ok(record);
        }
        let next_look = end.min(Instant::now() + LOOK_EVERY);
        // Elapsed or woken, the store says.
        let _ = timeout_at(next_look, sent).await;
    }
}

/// Whether a try has ended, or none will be made.
fn has_outcome(record: &NoticeRecord) -> bool {
    let tried = record
        .deliveries
        .iter()
        .flat_map(|(_, attempts)| attempts)
        .any(|attempt| {
            attempt.finished_at.is_some() && attempt.result.as_deref() != Some("degraded")
        });
    tried || matches!(record.state.as_str(), "withheld" | "dead")
}

fn withheld(record: Option<&NoticeRecord>) -> Option<&str> {
    let record = record.filter(|record| record.state == "withheld")?;
    Some(
        record
            .reason
            .as_deref()
            .unwrap_or("withheld"),
    )
}

impl TestView {
    fn new(destination: &Destination, record: Option<&NoticeRecord>) -> Self {
        let tries = record
            .iter()
            .flat_map(|record| &record.deliveries)
            .flat_map(|(_, attempts)| attempts);
        let last = tries
            .clone()
            .rfind(|attempt| attempt.finished_at.is_some());
        let ended = last.and_then(|attempt| attempt.result.clone());
        let given_up = record.filter(|record| record.state == "dead");
        let delivery = record.and_then(|record| record.deliveries.last());
        Self {
            channel: destination.name.clone(),
            delivery_id: delivery.map(|(delivery, _)| delivery.id.0),
            outcome: match given_up {
                Some(_) => "dead".to_owned(),
                None => ended.unwrap_or_else(|| "pending".to_owned()),
            },
            status: last.and_then(|attempt| attempt.status),
            detail: last
                .and_then(|attempt| attempt.detail.clone())
                .or_else(|| given_up.and_then(|record| record.reason.clone())),
            attempts: tries.count(),
        }
    }
}
