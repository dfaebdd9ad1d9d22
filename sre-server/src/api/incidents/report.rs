//! `GET /incidents/{id}/report`: what there is to learn, from stored facts alone.
//!
//! As JSON, or as Markdown for those who ask for `text/markdown`. Asked twice of an incident that is
//! over, it says the same.

use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use hyper::header::{ACCEPT, VARY};
use hyper::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use sre_core::alert::Alert;
use sre_core::incident::{Incident, IncidentState};
use sre_core::store::{IncidentQuery, IncidentsPage, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::look::{Look, look};
use super::markdown;
use super::view::{BudgetConsumedView, LineView};
use super::{found, up_to};
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// What there is to learn of an incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentReport)]
pub(crate) struct ReportView {
    pub(super) incident_id: Uuid,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) service_name: String,
    pub(super) affected_services: Vec<String>,
    pub(super) root_cause_service: Option<String>,
    pub(super) severity: &'static str,
    pub(super) status: &'static str,
    pub(super) source: &'static str,
    pub(super) started_at: DateTime<Utc>,
    pub(super) detected_at: DateTime<Utc>,
    pub(super) acknowledged_at: Option<DateTime<Utc>>,
    pub(super) mitigated_at: Option<DateTime<Utc>>,
    pub(super) resolved_at: Option<DateTime<Utc>>,
    /// From its beginning until the impact was over, as far as that is known.
    pub(super) impact_seconds: Option<Figure>,
    /// From its beginning until it was noticed.
    pub(super) detection_seconds: Option<Figure>,
    /// From then until a person acknowledged it.
    pub(super) acknowledgement_seconds: Option<Figure>,
    /// From when it was noticed until a person said that the impact was over.
    pub(super) mitigation_seconds: Option<Figure>,
    /// From when it was noticed until it was resolved.
    pub(super) resolution_seconds: Option<Figure>,
    pub(super) budget_consumed: Vec<BudgetConsumedView>,
    pub(super) alerts: Vec<ReportAlertView>,
    pub(super) notifications: NotificationCountsView,
    /// Earlier incidents that concerned its service, the newest first.
    pub(super) similar: Vec<SimilarView>,
    pub(super) timeline: Vec<LineView>,
}

/// An alert of the incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportAlertView {
    pub(super) id: Uuid,
    pub(super) alert_type: String,
    pub(super) service_name: String,
    pub(super) severity: &'static str,
    pub(super) message: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: Option<DateTime<Utc>>,
}

/// What became of everything that somebody was to hear.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct NotificationCountsView {
    /// Messages that arrived.
    pub(super) delivered: usize,
    /// Messages that were given up.
    pub(super) failed: usize,
    /// What a rule kept back: a silence, a cooldown.
    pub(super) withheld: usize,
    /// What is still to be told.
    pub(super) waiting: usize,
}

/// An earlier incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarView {
    pub(super) id: Uuid,
    pub(super) title: String,
    pub(super) status: &'static str,
    pub(super) started_at: DateTime<Utc>,
    /// Whether this incident is a recurrence of it.
    pub(super) is_previous: bool,
}

/// How many earlier incidents are named.
const SIMILAR_MAX: usize = 5;

/// `GET /incidents/{id}/report`
pub(crate) async fn report(call: Call<Context>) -> Result<Response, ApiError> {
    let incident = found(&call).await?;
    let similar = similar(&call.context, &incident).await?;
    let look = look(&call.context, incident, call.now).await?;
    let report = ReportView::new(look, similar);
    let answer = if wants_markdown(&call.headers) {
        let text = markdown::render(&report);
        response::bytes(StatusCode::OK, "text/markdown; charset=utf-8", text)
    } else {
        response::ok(&report)?
    };
    Ok(response::with(
        answer,
        VARY,
        HeaderValue::from_static("accept"),
    ))
}

/// What `GET /incidents/{id}/report` says of itself.
pub(crate) fn report_doc() -> Doc {
    Doc::new(
        Access::Read,
        "incidents",
        "What there is to learn of an incident",
    )
    .about("From stored facts alone. `Accept: text/markdown` gives it as a page for people.")
    .answers::<ReportView>(200, "The report.")
    .answers_text(200, "text/markdown", "The report as Markdown.")
}

/// Whether Markdown is asked for by name; whatever else is asked for gets JSON.
fn wants_markdown(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_markdown = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("text/markdown"));
            is_markdown && parts.all(|parameter| !matches!(parameter, "q=0" | "q=0.0"))
        })
}

/// Incidents before this one that concerned its service, the one that it is a recurrence of first.
async fn similar(context: &Context, incident: &Incident) -> Result<Vec<SimilarView>, StoreError> {
    let query = IncidentQuery {
        service: Some(incident.service_name.clone()),
        ..IncidentQuery::default()
    };
    let before = IncidentsPage {
        started_at: incident.started_at,
        id: incident.id,
    };
    let earlier = up_to(context, &query, Some(before), SIMILAR_MAX).await?;
    Ok(earlier
        .iter()
        .map(|earlier| SimilarView {
            id: earlier.id.0,
            title: earlier.title.clone(),
            status: earlier.status().as_str(),
            started_at: earlier.started_at,
            is_previous: incident.previous == Some(earlier.id),
        })
        .collect())
}

impl ReportView {
    fn new(look: Look, similar: Vec<SimilarView>) -> Self {
        let incident = look.incident;
        let state = incident.state;
        let since =
            |from: DateTime<Utc>, to: Option<DateTime<Utc>>| to.and_then(|to| seconds(to - from));
        let impact_end = state
            .mitigated_at()
            .or(state.ended_at());
        let is_other = matches!(state, IncidentState::Merged { .. });
        Self {
            incident_id: incident.id.0,
            description: incident.description.clone(),
            service_name: incident.service_name.to_string(),
            affected_services: incident
                .affected_services
                .iter()
                .map(ToString::to_string)
                .collect(),
            root_cause_service: incident
                .root_cause_service
                .as_ref()
                .map(ToString::to_string),
            severity: incident.severity.as_str(),
            status: incident.status().as_str(),
            source: incident.source.as_str(),
            started_at: incident.started_at,
            detected_at: incident.detected_at,
            acknowledged_at: state.acknowledged_at(),
            mitigated_at: state.mitigated_at(),
            resolved_at: state.resolved_at(),
            impact_seconds: since(incident.started_at, impact_end.filter(|_| !is_other)),
            detection_seconds: since(incident.started_at, Some(incident.detected_at)),
            acknowledgement_seconds: since(incident.detected_at, state.acknowledged_at()),
            mitigation_seconds: since(incident.detected_at, state.mitigated_at()),
            resolution_seconds: since(incident.detected_at, state.resolved_at()),
            budget_consumed: look
                .costs
                .iter()
                .map(BudgetConsumedView::from)
                .collect(),
            alerts: look
                .alerts
                .iter()
                .map(ReportAlertView::from)
                .collect(),
            notifications: counts(&look.ledger),
            similar,
            timeline: look
                .timeline
                .into_iter()
                .map(LineView::from)
                .collect(),
            title: incident.title,
        }
    }
}

/// How many there were of each fate.
fn counts(ledger: &[sre_core::store::IntentRecord]) -> NotificationCountsView {
    let mut counts = NotificationCountsView::default();
    for record in ledger {
        match record.state.as_str() {
            "delivered" => counts.delivered += 1,
            "dead" => counts.failed += 1,
            "withheld" => counts.withheld += 1,
            "pending" | "frozen" => counts.waiting += 1,
            // What another message said was told, or failed, with that.
            _ => {}
        }
    }
    counts
}

fn seconds(delta: TimeDelta) -> Option<Figure> {
    Figure::new(delta.as_seconds_f64())
}

impl From<&Alert> for ReportAlertView {
    fn from(alert: &Alert) -> Self {
        Self {
            id: alert.id.0,
            alert_type: alert.alert_type().to_string(),
            service_name: alert.service_name().to_string(),
            severity: alert.severity.as_str(),
            message: alert.message.clone(),
            starts_at: alert.starts_at,
            ends_at: alert.ends_at(),
        }
    }
}
