//! `/health`: whether this process is well. Asked every second by machines, so answered from what
//! the process knows of itself, without waiting for anything.
//!
//! It is open to everybody and therefore carries no data: no messages of errors, no addresses. Those
//! are at `/workers` and in the log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use serde::Serialize;
use sre_core::notification::Lane;
use sre_core::store::LaneStatus;
use utoipa::ToSchema;

use super::workers;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// For how long a body that was put together is served.
const KEPT: TimeDelta = TimeDelta::seconds(1);

/// A source that failed is taken for troubled for so long: longer than the distance of two
/// evaluations of an SLO with the default slices.
const SOURCE_TROUBLE: Duration = Duration::from_secs(150);

/// A message is late when it has not arrived so long after it was put together: what is promised of
/// the service itself.
const LATE: TimeDelta = TimeDelta::seconds(60);

/// When to ask again whether requests can come.
const READY_RETRY_AFTER: Duration = Duration::from_secs(5);

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
struct HealthView<'a> {
    /// `ok`, or `degraded` when a check is failing.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of the program.
    version: &'static str,
    /// Which kind of store is used.
    #[schema(example = "SQLite")]
    store: &'a str,
    /// What was looked at, by name.
    checks: BTreeMap<String, CheckView>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    /// `ok`, `failing`, or `off` for what is not configured.
    #[schema(example = "ok")]
    status: &'static str,
    /// What is wrong, or missing.
    detail: Option<String>,
    /// For a worker: how long ago it last did what it should, in seconds.
    last_success_age_seconds: Option<f64>,
}

/// Whether requests can come.
#[derive(Debug, Serialize, ToSchema)]
struct ProbeView {
    /// `ok`
    #[schema(example = "ok")]
    status: &'static str,
}

/// The body that was put together last.
#[derive(Debug, Default)]
pub(super) struct Rendered(Mutex<Option<Kept>>);

/// A body, when it was made, and whether the store answered then.
#[derive(Debug)]
struct Kept {
    at: DateTime<Utc>,
    store_answers: bool,
    body: Bytes,
}

/// `GET /health`
pub(super) fn get(call: &Call<Context>, rendered: &Rendered) -> Result<Response, ApiError> {
    let store_answers = call.context.readiness.store_answers();
    let mut kept = rendered
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let is_fresh = |kept: &&Kept| {
        let age = call.now - kept.at;
        kept.store_answers == store_answers && age >= TimeDelta::zero() && age < KEPT
    };
    let body = if let Some(kept) = kept.as_ref().filter(is_fresh) {
        kept.body.clone()
    } else {
        let view = view(&call.context, call.now);
        let body = Bytes::from(serde_json::to_vec(&view).map_err(ApiError::internal)?);
        *kept = Some(Kept {
            at: call.now,
            store_answers,
            body: body.clone(),
        });
        body
    };
    Ok(response::bytes(StatusCode::OK, "application/json", body))
}

/// What `GET /health` says of itself.
pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Open, "service", "How the service is")
        .about(
            "Always 200 while the process can answer, whatever the checks say; answered without \
             waiting for the store, from what was known a second ago at most.",
        )
        .answers::<HealthView<'_>>(200, "Every check.")
        .probe()
}

/// `GET /health/live`
pub(super) fn live() -> Result<Response, ApiError> {
    response::ok(&ProbeView { status: "ok" })
}

/// What `GET /health/live` says of itself.
pub(super) fn live_doc() -> Doc {
    Doc::new(Access::Open, "service", "Whether the process lives")
        .answers::<ProbeView>(200, "It does.")
        .probe()
}

/// `GET /health/ready`
pub(super) fn ready(call: &Call<Context>) -> Result<Response, ApiError> {
    let readiness = &call.context.readiness;
    if readiness.is_ready() {
        return live();
    }
    let detail = if readiness.store_answers() {
        "the service is starting or stopping"
    } else {
        "the store does not answer"
    };
    Err(ApiError::unavailable(detail, READY_RETRY_AFTER))
}

/// What `GET /health/ready` says of itself.
pub(super) fn ready_doc() -> Doc {
    Doc::new(Access::Open, "service", "Whether requests should come")
        .about(
            "503 with `Retry-After` while starting, while stopping, and while the store is away.",
        )
        .answers::<ProbeView>(200, "They should.")
        .probe()
}

fn view(context: &Context, now: DateTime<Utc>) -> HealthView<'_> {
    let mut checks = BTreeMap::from([
        ("store".to_owned(), store(context)),
        ("notifications".to_owned(), notifications(context, now)),
        ("source".to_owned(), source(context)),
    ]);
    if context.about.is_demo {
        let made_up = "this is a demo: what is measured is made up, and nobody is told";
        checks.insert("demo".to_owned(), CheckView::off(made_up));
    }
    for (name, status) in context.board.statuses() {
        let age = status
            .last_success
            .map(|at| (now - at).max(TimeDelta::zero()));
        let check = match workers::trouble(&status, now) {
            Some(trouble) => CheckView::failing(trouble),
            None => CheckView::ok(),
        };
        let last_success_age_seconds = age.map(TimeDelta::as_seconds_f64);
        checks.insert(
            format!("worker_{name}"),
            CheckView {
                last_success_age_seconds,
                ..check
            },
        );
    }
    let is_degraded = checks
        .values()
        .any(|check| check.status == FAILING);
    HealthView {
        status: if is_degraded { "degraded" } else { "ok" },
        version: context.about.version,
        store: kind(&context.about.store),
        checks,
    }
}

/// Which kind of store `SQLite at /var/lib/…` is: where it is, not everybody needs to know.
fn kind(store: &str) -> &str {
    store
        .split_whitespace()
        .next()
        .unwrap_or_default()
}

fn store(context: &Context) -> CheckView {
    if context.readiness.store_answers() {
        CheckView::ok()
    } else {
        CheckView::failing("the store did not answer when it was last asked")
    }
}

fn notifications(context: &Context, now: DateTime<Utc>) -> CheckView {
    if context.destinations.is_empty() {
        CheckView::off("nobody is told: no channel is configured")
    } else if context.about.is_shadow {
        CheckView::off("nobody is told: everything is decided and recorded, nothing is sent")
    } else {
        match lane_trouble(&context.mailroom.lanes(), now) {
            Some(trouble) => CheckView::failing(trouble),
            None => CheckView::ok(),
        }
    }
}

/// What keeps people from being told, as the dispatcher last saw it.
fn lane_trouble(lanes: &[LaneStatus], now: DateTime<Utc>) -> Option<&'static str> {
    let is_late = |lane: &LaneStatus| {
        lane.oldest_at
            .is_some_and(|at| now - at > LATE)
    };
    if lanes
        .iter()
        .any(|lane| lane.traffic == Lane::Stopped)
    {
        Some("a channel is stopped until its configuration changes")
    } else if lanes
        .iter()
        .any(|lane| lane.broken.is_some())
    {
        Some("a channel does not take messages: the last one that ended was given up")
    } else if lanes.iter().any(|lane| lane.dead > 0) {
        Some("messages were given up within the last hour")
    } else if lanes.iter().any(is_late) {
        Some("messages are under way for longer than a minute")
    } else {
        None
    }
}

fn source(context: &Context) -> CheckView {
    match (&context.source, context.metrics.source_failed_ago()) {
        (None, _) => CheckView::off("no Prometheus is configured"),
        (Some(_), Some(ago)) if ago < SOURCE_TROUBLE => {
            CheckView::failing("the source of metrics did not answer lately")
        }
        _ => CheckView::ok(),
    }
}

const FAILING: &str = "failing";

impl CheckView {
    const fn ok() -> Self {
        Self {
            status: "ok",
            detail: None,
            last_success_age_seconds: None,
        }
    }

    fn off(detail: &str) -> Self {
        Self {
            status: "off",
            detail: Some(detail.to_owned()),
            ..Self::ok()
        }
    }

    fn failing(detail: impl Into<String>) -> Self {
        Self {
            status: FAILING,
            detail: Some(detail.into()),
            ..Self::ok()
        }
    }
}
