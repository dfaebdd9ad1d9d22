//! A correction as it is answered.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sre_core::correction::{Correction, Period, Recurrence, Scope};
use sre_core::time::Interval;
use utoipa::ToSchema;
use uuid::Uuid;

/// A time that was agreed not to count as it was measured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetCorrection)]
pub(super) struct CorrectionView {
    id: Uuid,
    /// The SLO, where it is of one.
    slo_id: Option<Uuid>,
    /// The service, where it is of all its SLOs.
    service_name: Option<String>,
    /// `remove_time`, `drop_events` or `count_as_good`.
    #[schema(example = "remove_time")]
    meaning: &'static str,
    /// Where it begins; `null` where it recurs.
    from: Option<DateTime<Utc>>,
    /// Where it ends; `null` where it recurs.
    to: Option<DateTime<Utc>>,
    /// `null` where it does not recur.
    recurrence: Option<RecurrenceView>,
    reason: String,
    created_by: Option<String>,
    created_at: DateTime<Utc>,
    /// From when on it applies no more, where it was ended before its time.
    ended_from: Option<DateTime<Utc>>,
    ended_by: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    cancelled_by: Option<String>,
    /// When it was cancelled: from then on it is as if it had never been.
    cancelled_at: Option<DateTime<Utc>>,
    /// `ahead`, `active`, `past`, or `cancelled`.
    #[schema(example = "ahead")]
    state: &'static str,
    /// What is going on or comes next; `null` where nothing does within a year.
    next: Option<StretchView>,
}

/// A rule of RFC 5545, in the local time of a zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recurrence)]
pub(in crate::api) struct RecurrenceView {
    #[schema(example = "FREQ=WEEKLY;BYDAY=SU")]
    rule: String,
    /// In local time.
    #[schema(example = "2026-01-04T02:00:00")]
    start: String,
    #[schema(example = "2h")]
    duration: String,
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
}

/// A stretch of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stretch)]
pub(in crate::api) struct StretchView {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl From<Interval> for StretchView {
    fn from(stretch: Interval) -> Self {
        Self {
            from: stretch.start(),
            to: stretch.end(),
        }
    }
}

impl CorrectionView {
    pub(super) fn new(correction: &Correction, now: DateTime<Utc>) -> Self {
        let (once, recurrence) = match &correction.period {
            Period::Once(once) => (Some(*once), None),
            Period::Recurring(recurrence) => (None, Some(recurrence.into())),
        };
        let (slo_id, service_name) = match &correction.scope {
            Scope::Slo(id) => (Some(id.0), None),
            Scope::Service(name) => (None, Some(name.to_string())),
        };
        let cancelled = correction.cancelled.as_ref();
        let ended = correction.ended.as_ref();
        let next = next(correction, now);
        Self {
            id: correction.id.0,
            slo_id,
            service_name,
            meaning: correction.meaning.as_str(),
            from: once.map(Interval::start),
            to: once.map(Interval::end),
            recurrence,
            reason: correction.reason.clone(),
            created_by: correction.created_by.clone(),
            created_at: correction.created_at,
            ended_from: ended.map(|ended| ended.from),
            ended_by: ended.and_then(|ended| ended.by.clone()),
            ended_at: ended.map(|ended| ended.at),
            cancelled_by: cancelled.and_then(|cancelled| cancelled.by.clone()),
            cancelled_at: cancelled.map(|cancelled| cancelled.at),
            state: match next {
                _ if cancelled.is_some() => "cancelled",
                Some(next) if next.contains(now) => "active",
                None if is_over(correction, now) => "past",
                _ => "ahead",
            },
            next: next.map(StretchView::from),
        }
    }
}

/// What is going on or comes next, if it is in force.
fn next(correction: &Correction, now: DateTime<Utc>) -> Option<Interval> {
    let year = Interval::new(now, now + LOOK_AHEAD);
    correction
        .is_in_force()
        .then(|| correction.during(year))?
        .first()
        .copied()
}

fn is_over(correction: &Correction, now: DateTime<Utc>) -> bool {
    let ends_at = correction.ends_at();
    ends_at.is_some_and(|ends_at| ends_at <= now)
}

impl From<&Recurrence> for RecurrenceView {
    fn from(recurrence: &Recurrence) -> Self {
        Self {
            rule: recurrence.rule().to_string(),
            start: recurrence.start().to_string(),
            duration: recurrence.duration().to_string(),
            time_zone: recurrence.zone(),
        }
    }
}

/// How far ahead the next occurrence is looked for.
const LOOK_AHEAD: TimeDelta = TimeDelta::days(366);
