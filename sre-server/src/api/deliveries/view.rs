//! What a message looks like from outside.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::Severity;
use sre_core::notification::{Destination, Subject};
use sre_core::store::DeliveryRecord;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::alerts::{AttemptView, DestinationView};

/// A message to one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageView {
    /// What every try carries: the `webhook-id`.
    id: Uuid,
    /// To whom it goes.
    destination: DestinationView,
    /// `alerts` (of one service), `digest` (of many) or `notice`.
    #[schema(example = "alerts")]
    subject: &'static str,
    /// The service, where it speaks of one.
    service_name: Option<String>,
    /// How grave the gravest is that it speaks of.
    #[schema(value_type = String, example = "critical")]
    severity: Severity,
    /// The alerts that it speaks of.
    alert_ids: Vec<Uuid>,
    /// `pending`, `delivered` or `dead`.
    #[schema(example = "dead")]
    state: &'static str,
    /// Why it was given up; `degraded` where its minimal form carries on what it said.
    #[schema(example = "unauthorized")]
    reason: Option<String>,
    /// Whether it is the minimal form of a message that was refused.
    is_degraded: bool,
    /// The dead message that was sent again as this one.
    replay_of: Option<Uuid>,
    /// When it was put together.
    created_at: DateTime<Utc>,
    /// When it arrived.
    sent_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Every try.
    attempts: Vec<AttemptView>,
}

/// A message with its body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageWithBodyView {
    #[serde(flatten)]
    message: MessageView,
    /// What every try sends, as text.
    body: String,
}

impl MessageView {
    pub(super) fn new(record: &DeliveryRecord, destinations: &[Destination]) -> Self {
        let delivery = &record.delivery;
        let (subject, service_name) = match &delivery.subject {
            Subject::Alerts { service_name, .. } => ("alerts", Some(service_name.to_string())),
            Subject::Digest { .. } => ("digest", None),
            Subject::Notice(_) => ("notice", None),
        };
        Self {
            id: delivery.id.0,
            destination: DestinationView::of(delivery.destination_id, destinations),
            subject,
            service_name,
            severity: delivery.urgency.severity,
            alert_ids: delivery
                .parts()
                .iter()
                .map(|part| part.alert_id.0)
                .collect(),
            state: record.status.as_str(),
            reason: record.reason.clone(),
            is_degraded: record.is_degraded,
            replay_of: record.replay_of.map(|id| id.0),
            created_at: delivery.created_at,
            sent_at: record.sent_at,
            next_attempt_at: record.next_attempt_at,
            attempts: record
                .attempts
                .iter()
                .cloned()
                .map(AttemptView::from)
                .collect(),
        }
    }
}

impl MessageWithBodyView {
    pub(super) fn new(record: &DeliveryRecord, destinations: &[Destination]) -> Self {
        Self {
            message: MessageView::new(record, destinations),
            body: String::from_utf8_lossy(&record.delivery.body).into_owned(),
        }
    }
}
