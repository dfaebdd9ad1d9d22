//! A silence as it is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::silence::Silence;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::budget_corrections::view::{RecurrenceView, StretchView};
use crate::api::matchers::{MatcherView, views};

/// Alerts that are not told for a while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Silence)]
pub(super) struct SilenceView {
    id: Uuid,
    version: u64,
    /// `pending`, `active` or `expired`. One that recurs is `pending` between its occurrences.
    #[schema(example = "active")]
    state: &'static str,
    /// All of them hold for what it silences.
    matchers: Vec<MatcherView>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// When in between; `null` where it is all of the time.
    recurrence: Option<RecurrenceView>,
    /// The stretch that goes on or comes next; `null` when it is over.
    next: Option<StretchView>,
    #[schema(example = "ada")]
    created_by: String,
    #[schema(example = "The database moves")]
    comment: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Who ended it before its time.
    expired_by: Option<String>,
}

impl SilenceView {
    pub(super) fn new(silence: &Silence, now: DateTime<Utc>) -> Self {
        Self {
            id: silence.id.0,
            version: silence.version,
            state: silence.state(now).as_str(),
            matchers: views(&silence.matchers),
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
            recurrence: silence
                .recurrence
                .as_ref()
                .map(RecurrenceView::from),
            next: silence.next(now).map(StretchView::from),
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
            created_at: silence.created_at,
            updated_at: silence.updated_at,
            expired_by: silence.expired_by.clone(),
        }
    }
}
