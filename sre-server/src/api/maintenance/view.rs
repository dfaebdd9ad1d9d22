//! A maintenance as it is answered.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sre_core::correction::Period;
use sre_core::maintenance::Maintenance;
use sre_core::time::Interval;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::budget_corrections::view::{RecurrenceView, StretchView};
use crate::api::matchers::{MatcherView, views};

/// How far ahead the next occurrence is looked for.
const LOOK_AHEAD: TimeDelta = TimeDelta::days(366);

/// A time in which nobody is told of what it concerns.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Maintenance)]
pub(super) struct MaintenanceView {
    id: Uuid,
    version: u64,
    /// `ahead`, `active`, or `past` where it is over for good.
    #[schema(example = "ahead")]
    state: &'static str,
    /// What goes on or comes next; `null` where nothing does within a year.
    next: Option<StretchView>,
    /// The services that are maintained; none where the matchers alone say it.
    services: Vec<String>,
    /// Which of their alerts; all where there is none.
    matchers: Vec<MatcherView>,
    /// Where it begins; `null` where it recurs.
    from: Option<DateTime<Utc>>,
    /// Where it ends; `null` where it recurs.
    to: Option<DateTime<Utc>>,
    /// `null` where it does not recur.
    recurrence: Option<RecurrenceView>,
    #[schema(example = "The database is maintained")]
    comment: String,
    #[schema(example = "ada")]
    created_by: String,
    created_at: DateTime<Utc>,
    /// From when on it holds no more, where it was ended before its time.
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
}

impl MaintenanceView {
    pub(super) fn new(planned: &Maintenance, now: DateTime<Utc>) -> Self {
        let (once, recurrence) = match &planned.period {
            Period::Once(once) => (Some(*once), None),
            Period::Recurring(recurrence) => (None, Some(recurrence.into())),
        };
        Self {
            id: planned.id.0,
            version: planned.version,
            state: planned.state(now).as_str(),
            next: planned
                .next(now, LOOK_AHEAD)
                .map(StretchView::from),
            services: planned
                .services
                .iter()
                .map(ToString::to_string)
                .collect(),
            matchers: views(&planned.matchers),
            from: once.map(Interval::start),
            to: once.map(Interval::end),
            recurrence,
            comment: planned.comment.clone(),
            created_by: planned.created_by.clone(),
            created_at: planned.created_at,
            ended_at: planned.ended_at,
            ended_by: planned.ended_by.clone(),
        }
    }
}
