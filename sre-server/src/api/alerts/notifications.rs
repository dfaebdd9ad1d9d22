//! `GET /alerts/{id}/notifications`: who was told what, when and how, and why somebody was not.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::monitor::Suppressors;
use sre_core::name::{DestinationId, IntentId};
use sre_core::notification::Destination;
use sre_core::store::{AttemptRecord, DeliveryState, IntentRecord};
use utoipa::ToSchema;
use uuid::Uuid;

use super::found;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// Something that one destination has to hear, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationView {
    /// Identifies it.
    id: Uuid,
    /// The change of the alert that it tells.
    transition: u64,
    /// `fire`, `update`, `repeat`, `recur`, `ack_timeout`, `escalate`, `flap_start`, `flap_end`
    /// or `resolve`.
    kind: &'static str,
    /// Who has to hear it.
    destination: DestinationView,
    /// When it was decided.
    created_at: DateTime<Utc>,
    /// From when on it may be sent.
    due_at: DateTime<Utc>,
    /// `pending`, `frozen` (put into a message), `delivered`, `withheld`, `superseded` (another
    /// message says it) or `dead`.
    state: String,
    /// Why it is sent; or the rule by which it is not, or not yet.
    reason: Option<String>,
    /// What keeps it from being sent, where the rule is `silenced`, `maintenance` or `inhibited`.
    held_by: Option<HolderView>,
    /// The number of the message, for the alert and the destination.
    sequence: Option<u64>,
    /// The messages that carried it.
    deliveries: Vec<DeliveryView>,
}

/// What keeps a notification from being sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holder)]
pub(crate) struct HolderView {
    /// `silence`, `maintenance`, `rule`; of what the service stands on `alarm`, `extension` or `wait`.
    #[schema(example = "silence")]
    kind: &'static str,
    /// Which silence, maintenance or alert; `null` for a wait.
    id: Option<Uuid>,
    /// The name of the rule of inhibition; `null` where it is none, or not in the file any more.
    rule: Option<String>,
}

/// Whom messages go to; nothing but the id is known of one that is not configured any more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DestinationView {
    /// Identifies it.
    id: Uuid,
    /// What people call it.
    name: Option<String>,
    /// By which channel it is reached.
    #[schema(value_type = Option<String>, example = "webhook")]
    channel: Option<String>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// What every try carries: the `webhook-id`.
    id: Uuid,
    /// `pending`, `delivered` or `dead`.
    state: String,
    /// Why it was given up.
    reason: Option<String>,
    /// What every try sends, as text.
    body: String,
    /// When it was put together.
    created_at: DateTime<Utc>,
    /// When it arrived.
    sent_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Every try.
    attempts: Vec<AttemptView>,
}

/// One try to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended; `null` while it is under way, or when its sender died.
    finished_at: Option<DateTime<Utc>>,
    /// `delivered`, `retry`, `unknown`, `degraded` or `dead`.
    result: Option<String>,
    /// The status of the answer.
    status: Option<u16>,
    /// The beginning of the answer, or what happened.
    detail: Option<String>,
    /// Whether it said that it may be a repeat.
    possible_duplicate: bool,
}

/// `GET /alerts/{id}/notifications`
pub(crate) async fn notifications(mut call: Call<Context>) -> Result<Response, ApiError> {
    let paging = call.query.paging::<(u64, IntentId)>();
    call.query.finish()?;
    let alert = found(&call).await?;
    let mut records = call
        .context
        .outbox
        .ledger(alert.id)
        .await?;
    records.sort_by_key(key);
    records.retain(|record| {
        paging
            .after
            .is_none_or(|after| key(record) > after)
    });
    let (destinations, suppressors) = (&call.context.destinations, &call.context.suppressors);
    paging.answer(records, key, |record| {
        view(record, destinations, suppressors)
    })
}

/// What `GET /alerts/{id}/notifications` says of itself.
pub(crate) fn notifications_doc() -> Doc {
    Doc::new(
        Access::Read,
        "alerts",
        "Who was told of an alert, and why somebody was not",
    )
    .lists::<NotificationView>("Every notification of the alert, in the order of its changes.")
}

fn key(record: &IntentRecord) -> (u64, IntentId) {
    (record.intent.transition, record.intent.id)
}

fn view(
    record: IntentRecord,
    destinations: &[Destination],
    suppressors: &Suppressors,
) -> NotificationView {
    let intent = record.intent;
    NotificationView {
        id: intent.id.0,
        transition: intent.transition,
        kind: intent.kind.as_str(),
        destination: DestinationView::of(intent.destination_id, destinations),
        created_at: intent.created_at,
        due_at: intent.due_at,
        state: record.state,
        reason: record.reason,
        held_by: record.held_by.map(|by| HolderView {
            kind: by.kind(),
            id: by.id(),
            rule: suppressors
                .rule_name(by)
                .map(str::to_owned),
        }),
        sequence: record.sequence,
        deliveries: record
            .deliveries
            .into_iter()
            .map(DeliveryView::from)
            .collect(),
    }
}

impl DestinationView {
    pub(crate) fn of(id: DestinationId, destinations: &[Destination]) -> Self {
        let known = destinations
            .iter()
            .find(|known| known.id == id);
        Self {
            id: id.0,
            name: known.map(|known| known.name.clone()),
            channel: known.map(|known| known.channel.to_string()),
        }
    }
}

impl From<(DeliveryState, Vec<AttemptRecord>)> for DeliveryView {
    fn from((delivery, attempts): (DeliveryState, Vec<AttemptRecord>)) -> Self {
        Self {
            id: delivery.id.0,
            state: delivery.state,
            reason: delivery.reason,
            body: String::from_utf8_lossy(&delivery.body).into_owned(),
            created_at: delivery.created_at,
            sent_at: delivery.sent_at,
            next_attempt_at: delivery.next_attempt_at,
            attempts: attempts
                .into_iter()
                .map(AttemptView::from)
                .collect(),
        }
    }
}

impl From<AttemptRecord> for AttemptView {
    fn from(attempt: AttemptRecord) -> Self {
        Self {
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
            result: attempt.result,
            status: attempt.status,
            detail: attempt.detail,
            possible_duplicate: attempt.is_possible_duplicate,
        }
    }
}
