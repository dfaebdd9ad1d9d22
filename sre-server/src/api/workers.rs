//! `GET /workers`: how each background worker of this process fares.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};
use crate::workers::WorkerStatus;

/// How many periods a worker may go without success.
const PERIODS_MAX: i32 = 3;

/// How long beyond that: an activation may be a long one, and a machine a busy one.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// The workers of one process.
#[derive(Debug, Serialize, ToSchema)]
struct WorkersView<'a> {
    /// Which process.
    replica: &'a str,
    /// The workers, by name.
    items: Vec<WorkerView>,
    /// Always `null`: there are few workers.
    next_cursor: Option<String>,
}

/// A background worker.
#[derive(Debug, Serialize, ToSchema)]
struct WorkerView {
    /// What it is called.
    #[schema(example = "evaluator")]
    name: &'static str,
    /// `ok` or `failing`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Why it is failing.
    detail: Option<&'static str>,
    /// How often it wakes by itself.
    period_seconds: f64,
    /// Activations that did what they should, since the start.
    succeeded: u64,
    /// Activations that did not.
    failed: u64,
    /// When the last good one ended.
    last_success: Option<DateTime<Utc>>,
    /// When the last bad one ended.
    last_failure: Option<DateTime<Utc>>,
    /// What went wrong then.
    last_error: Option<String>,
    /// How long the last one took.
    last_duration_seconds: Option<f64>,
    /// How far behind its schedule its work was when it last looked.
    lag_seconds: Option<f64>,
    /// When it wakes next by itself.
    next_run: Option<DateTime<Utc>>,
}

/// `GET /workers`
pub(super) async fn list(call: Call<Context>) -> Result<Response, ApiError> {
    let statuses = call.context.board.statuses();
    let items = statuses
        .into_iter()
        .map(|(name, status)| WorkerView::new(name, status, call.now));
    response::ok(&WorkersView {
        replica: &call.context.about.replica,
        items: items.collect(),
        next_cursor: None,
    })
}

/// What `GET /workers` says of itself.
pub(super) fn list_doc() -> Doc {
    Doc::new(
        Access::Read,
        "service",
        "Background workers of this process",
    )
    .answers::<WorkersView<'_>>(200, "Every worker.")
}

/// Why a worker is not well at `now`; `None` when it is.
pub(crate) fn trouble(status: &WorkerStatus, now: DateTime<Utc>) -> Option<&'static str> {
    let Some(succeeded_at) = status.last_success else {
        return Some("it has not succeeded yet");
    };
    let period = TimeDelta::from_std(status.period).unwrap_or(TimeDelta::MAX);
    let most = period
        .checked_mul(PERIODS_MAX)
        .unwrap_or(period)
        .checked_add(&GRACE);
    let is_late = most.is_some_and(|most| now - succeeded_at > most);
    is_late.then_some("it has not succeeded for longer than it should")
}

impl WorkerView {
    fn new(name: &'static str, status: WorkerStatus, now: DateTime<Utc>) -> Self {
        let detail = trouble(&status, now);
        Self {
            name,
            status: if detail.is_some() { "failing" } else { "ok" },
            detail,
            period_seconds: status.period.as_secs_f64(),
            succeeded: status.succeeded,
            failed: status.failed,
            last_success: status.last_success,
            last_failure: status.last_failure,
            last_error: status.last_error,
            last_duration_seconds: status
                .last_duration
                .map(|took| took.as_secs_f64()),
            lag_seconds: status.lag.map(|lag| lag.as_secs_f64()),
            next_run: status.next_run,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sre_core::time::at_second;

    use super::*;
    use crate::workers::{Board, Outcome};

    fn trouble_at(period: u64, last_success: Option<i64>, now: i64) -> Option<&'static str> {
        let board = Board::default();
        board.register("evaluator", Duration::from_secs(period));
        if let Some(second) = last_success {
            let took = Duration::ZERO;
            board.note(
                "evaluator",
                &Outcome::Succeeded,
                took,
                None,
                at_second(second),
            );
        }
        trouble(&board.statuses()["evaluator"], at_second(now))
    }

    #[test]
    fn a_worker_is_well_for_three_periods_and_half_a_minute() {
        assert_eq!(trouble_at(1, Some(0), 33), None);
        assert!(trouble_at(1, Some(0), 34).is_some());
        assert_eq!(trouble_at(3_600, Some(0), 3 * 3_600 + 30), None);
    }

    #[test]
    fn a_worker_that_never_succeeded_is_not_well() {
        assert_eq!(trouble_at(1, None, 0), Some("it has not succeeded yet"));
    }
}
