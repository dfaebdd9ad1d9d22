//! `GET /incidents/stats`: how long people and rules take.

use chrono::TimeDelta;
use serde::Serialize;
use sre_core::incident::stats::{Stats, Times};
use sre_core::store::IncidentQuery;
use utoipa::ToSchema;

use super::{during, up_to};
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// How long incidents take. Candidates, merged and dismissed ones count nowhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentStats)]
pub(crate) struct StatsView {
    /// How many there were.
    count: u64,
    /// How many of them are open, acknowledged or mitigated.
    open: u64,
    /// From `started_at` to `detected_at`.
    mttd_seconds: TimesView,
    /// From `detected_at` to `acknowledged_at`, by a person.
    mtta_seconds: TimesView,
    /// From `detected_at` to `mitigated_at`, by a person.
    mttm_seconds: TimesView,
    /// From `detected_at` to `resolved_at`, of those that a person acknowledged.
    mttr_seconds: TimesView,
    /// The same, of those that ended by themselves before anybody acknowledged them.
    auto_resolved_seconds: TimesView,
}

/// Lengths of time, in seconds; `null` without any.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentTimes)]
pub(crate) struct TimesView {
    /// Half of them are no longer than this.
    p50: Option<Figure>,
    /// Nine tenths of them are no longer than this.
    p90: Option<Figure>,
    /// Their mean.
    mean: Option<Figure>,
    /// How many there are.
    n: usize,
}

/// The most incidents that are counted at once: years of them.
const INCIDENTS_MAX: usize = 100_000;

/// `GET /incidents/stats`
pub(crate) async fn stats(mut call: Call<Context>) -> Result<Response, ApiError> {
    let query = IncidentQuery {
        service: call.query.parse_as("service"),
        during: during(&mut call.query, call.now),
        ..IncidentQuery::default()
    };
    call.query.finish()?;
    let incidents = up_to(&call.context, &query, None, INCIDENTS_MAX).await?;
    response::ok(&StatsView::from(&Stats::of(&incidents)))
}

/// What `GET /incidents/stats` says of itself.
pub(crate) fn stats_doc() -> Doc {
    Doc::new(
        Access::Read,
        "incidents",
        "How long incidents take to be noticed, acknowledged, mitigated and resolved",
    )
    .about("A step back drops the later instants: they count no more.")
    .query("service", "Only those that concern this service.")
    .query("from", "Only those that began at this instant or later.")
    .query("to", "Only those that began before this instant.")
    .answers::<StatsView>(200, "The figures, of the newest 100 000 incidents at most.")
}

impl From<&Stats> for StatsView {
    fn from(stats: &Stats) -> Self {
        Self {
            count: stats.count,
            open: stats.open,
            mttd_seconds: TimesView::from(&stats.detect),
            mtta_seconds: TimesView::from(&stats.acknowledge),
            mttm_seconds: TimesView::from(&stats.mitigate),
            mttr_seconds: TimesView::from(&stats.resolve),
            auto_resolved_seconds: TimesView::from(&stats.resolve_by_itself),
        }
    }
}

impl From<&Times> for TimesView {
    fn from(times: &Times) -> Self {
        let seconds =
            |delta: Option<TimeDelta>| delta.and_then(|delta| Figure::new(delta.as_seconds_f64()));
        Self {
            p50: seconds(times.percentile(50)),
            p90: seconds(times.percentile(90)),
            mean: seconds(times.mean()),
            n: times.n(),
        }
    }
}
