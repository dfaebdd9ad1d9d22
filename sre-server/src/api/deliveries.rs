//! `/deliveries`: every message, what came of it, and sending again what was given up.

mod view;

use std::num::NonZeroU32;

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use sre_core::monitor::Replayed;
use sre_core::name::DeliveryId;
use sre_core::store::{DeliveryQuery, DeliveryRecord, DeliveryStatus, Page};

use self::view::{MessageView, MessageWithBodyView};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::query::Query;
use crate::http::{ApiError, Call, Response, response};

/// What people call a message here.
const NOUN: &str = "delivery";

/// `GET /deliveries`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let query = asked(&mut call);
    let paging = call.query.paging::<u64>();
    call.query.finish()?;
    let mut records: Vec<DeliveryRecord> = Vec::new();
    let mut after = paging.after;
    while let Some(limit) = left(paging.rows(), records.len()) {
        let page = Page {
            after,
            limit: limit.min(Page::<u64>::LIMIT_MAX),
        };
        let part = call
            .context
            .deliveries
            .list_deliveries(&query, page)
            .await?;
        let is_last = part.len() < usize::try_from(page.limit.get()).unwrap_or(usize::MAX);
        records.extend(part);
        after = records
            .last()
            .map(|record| record.number);
        if is_last {
            break;
        }
    }
    let destinations = &call.context.destinations;
    paging.answer(
        records,
        |record| record.number,
        |record| MessageView::new(&record, destinations),
    )
}

/// What `GET /deliveries` says of itself.
pub(super) fn list_doc() -> Doc {
    Doc::new(Access::Read, "channels", "Messages, the last one first")
        .about("Dead ones are kept as long as what they speak of, and can be sent again.")
        .query(
            "state",
            "Only in this state: pending, delivered or dead. A message whose minimal form carries \
             on what it said is not shown among the dead.",
        )
        .query("channel", "Only to the channel of this name.")
        .lists::<MessageView>("A page of messages, without their bodies.")
}

/// `GET /deliveries/{id}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let record = found(&call, call.id("id", NOUN)?).await?;
    response::ok(&MessageWithBodyView::new(
        &record,
        &call.context.destinations,
    ))
}

/// What `GET /deliveries/{id}` says of itself.
pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "channels", "A message")
        .answers::<MessageWithBodyView>(200, "The message with its body and every try.")
}

/// `POST /deliveries/{id}/replay`
pub(super) async fn replay(call: Call<Context>) -> Result<Response, ApiError> {
    let id: DeliveryId = call.id("id", NOUN)?;
    let conflict = |detail: String| Err(ApiError::Conflict(detail));
    let begun = match call
        .context
        .replayer
        .replay(id, call.now)
        .await?
    {
        Replayed::Begun(begun) => begun,
        Replayed::Unknown => return Err(ApiError::no_such(NOUN)),
        Replayed::NotDead => {
            return conflict(
                "only a dead message is sent again, and only while nothing else carries what it \
                 said"
                    .to_owned(),
            );
        }
        Replayed::Removed => {
            return conflict("its channel is not configured any more".to_owned());
        }
        Replayed::Stopped(reason) => {
            return conflict(format!(
                "the channel is stopped until its configuration changes and the service is started \
                 again: {reason}"
            ));
        }
        Replayed::Forgotten => {
            return conflict("what it spoke of is forgotten".to_owned());
        }
    };
    call.context.mailroom.due.notify_one();
    let record = found(&call, begun).await?;
    let location = HeaderValue::try_from(format!("/deliveries/{begun}"));
    let view = MessageView::new(&record, &call.context.destinations);
    let response = response::json(StatusCode::CREATED, &view)?;
    Ok(response::with(
        response,
        LOCATION,
        location.map_err(ApiError::internal)?,
    ))
}

/// What `POST /deliveries/{id}/replay` says of itself.
pub(super) fn replay_doc() -> Doc {
    Doc::new(Access::Write, "channels", "Send a dead message again")
        .about(
            "A new message, under an id of its own, carries what the dead one carried, as it is now: \
             an alert that has ended meanwhile is told as ended. It says that it was sent again.",
        )
        .answers::<MessageView>(201, "The new message.")
}

async fn found(call: &Call<Context>, id: DeliveryId) -> Result<DeliveryRecord, ApiError> {
    let record = call
        .context
        .deliveries
        .find_delivery(id)
        .await?;
    record.ok_or_else(|| ApiError::no_such(NOUN))
}

/// What the query asks for. Faults are left in the query.
pub(crate) fn asked(call: &mut Call<Context>) -> DeliveryQuery {
    let channel = call.query.text("channel");
    let destination = channel.as_deref().map(|name| {
        let mut destinations = call.context.destinations.iter();
        destinations.find(|destination| destination.name == name)
    });
    if destination == Some(None) {
        call.query
            .fault("channel", "is not the name of a channel");
    }
    DeliveryQuery {
        state: status(&mut call.query),
        destination_id: destination
            .flatten()
            .map(|destination| destination.id),
    }
}

fn status(query: &mut Query) -> Option<DeliveryStatus> {
    let text = query.text("state")?;
    let status = DeliveryStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == text);
    if status.is_none() {
        query.fault("state", "is one of pending, delivered and dead");
    }
    status
}

/// How many rows are still wanted; `None` for none.
fn left(wanted: usize, held: usize) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(wanted.saturating_sub(held)).ok()?)
}
