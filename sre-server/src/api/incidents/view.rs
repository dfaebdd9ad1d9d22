//! How an incident is shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::Alert;
use sre_core::incident::timeline::Line;
use sre_core::incident::{Incident, IncidentState};
use utoipa::ToSchema;
use uuid::Uuid;

use super::look::{Cost, Look};
use crate::api::figure::Figure;

/// An incident, with what happened and what it cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct IncidentView {
    #[serde(flatten)]
    summary: IncidentSummary,
    /// What its SLOs, and those of the affected services, lost while it lasted.
    budget_consumed: Vec<BudgetConsumedView>,
    /// What happened, in its order; deliveries of its first 200 alerts.
    timeline: Vec<LineView>,
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentSummary {
    /// Identifies it.
    id: Uuid,
    /// What is wrong, in a line.
    #[schema(example = "Nobody can pay")]
    title: String,
    /// What else there is to say.
    description: Option<String>,
    /// The service that it is about.
    #[schema(example = "api-gateway")]
    service_name: String,
    /// Every service that suffers.
    affected_services: Vec<String>,
    /// `low`, `medium`, `high`, `critical` or `emergency`.
    #[schema(example = "critical")]
    severity: &'static str,
    /// `candidate`, `open`, `acknowledged`, `mitigated`, `resolved`, `closed`, `merged` or
    /// `dismissed`.
    #[schema(example = "open")]
    status: &'static str,
    /// `auto`: a rule opened it; `manual`: a person did.
    #[schema(example = "auto")]
    source: &'static str,
    /// The service that is to blame.
    root_cause_service: Option<String>,
    /// When it began to be wrong.
    started_at: DateTime<Utc>,
    /// When that was noticed.
    detected_at: DateTime<Utc>,
    /// When a person acknowledged it, while that holds.
    acknowledged_at: Option<DateTime<Utc>>,
    /// When a person said that the impact was over, while that holds.
    mitigated_at: Option<DateTime<Utc>>,
    /// When it was resolved, while that holds.
    resolved_at: Option<DateTime<Utc>>,
    /// When it was closed, while that holds.
    closed_at: Option<DateTime<Utc>>,
    /// The incident that it is part of.
    merged_into: Option<Uuid>,
    /// The incident of which it is a recurrence.
    previous_incident_id: Option<Uuid>,
    /// Its alerts, in the order in which they began.
    alert_ids: Vec<Uuid>,
    /// The SLOs that its alerts are about.
    slo_ids: Vec<Uuid>,
    /// Rises with every change; also in `ETag`.
    version: u64,
}

/// What an SLO lost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetConsumed)]
pub(crate) struct BudgetConsumedView {
    /// Which SLO.
    slo_id: Uuid,
    /// Its name.
    pub(super) slo_name: String,
    /// Of which service.
    pub(super) service_name: String,
    /// What was bad while the incident lasted: events, or slices; `null` where nobody measured.
    pub(super) consumed: Option<Figure>,
    /// The share of what the SLO's window allows.
    pub(super) percentage_of_budget: Option<Figure>,
}

/// One line of the timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineLine)]
pub(crate) struct LineView {
    /// When it happened.
    pub(super) at: DateTime<Utc>,
    /// When it was written down.
    recorded_at: DateTime<Utc>,
    /// `opened`, `joined`, `status`, `severity`, `changed`, `note`, `merged`, `alert`, `delivery`,
    /// `delivery_failed` or `withheld`.
    #[schema(example = "opened")]
    pub(super) kind: &'static str,
    /// Who; `system` for this service, `null` where nobody gave a name.
    pub(super) actor: Option<String>,
    /// What.
    pub(super) text: String,
}

impl IncidentSummary {
    /// The incident with its own among these alerts.
    pub(super) fn new(incident: &Incident, alerts: &[Alert]) -> Self {
        let state = incident.state;
        let own = || {
            alerts
                .iter()
                .filter(|alert| alert.incident_id == Some(incident.id))
        };
        let slos: BTreeSet<Uuid> = own()
            .filter_map(|alert| alert.slo_id().map(|id| id.0))
            .collect();
        Self {
            id: incident.id.0,
            title: incident.title.clone(),
            description: incident.description.clone(),
            service_name: incident.service_name.to_string(),
            affected_services: incident
                .affected_services
                .iter()
                .map(ToString::to_string)
                .collect(),
            severity: incident.severity.as_str(),
            status: incident.status().as_str(),
            source: incident.source.as_str(),
            root_cause_service: incident
                .root_cause_service
                .as_ref()
                .map(ToString::to_string),
            started_at: incident.started_at,
            detected_at: incident.detected_at,
            acknowledged_at: state.acknowledged_at(),
            mitigated_at: state.mitigated_at(),
            resolved_at: state.resolved_at(),
            closed_at: state.closed_at(),
            merged_into: match state {
                IncidentState::Merged { into, .. } => Some(into.0),
                _ => None,
            },
            previous_incident_id: incident.previous.map(|id| id.0),
            alert_ids: own().map(|alert| alert.id.0).collect(),
            slo_ids: slos.into_iter().collect(),
            version: incident.version,
        }
    }
}

impl From<Look> for IncidentView {
    fn from(look: Look) -> Self {
        Self {
            summary: IncidentSummary::new(&look.incident, &look.alerts),
            budget_consumed: look
                .costs
                .iter()
                .map(BudgetConsumedView::from)
                .collect(),
            timeline: look
                .timeline
                .into_iter()
                .map(LineView::from)
                .collect(),
        }
    }
}

impl From<&Cost> for BudgetConsumedView {
    fn from(cost: &Cost) -> Self {
        let spending = cost.spending.as_ref();
        Self {
            slo_id: cost.slo.id.0,
            slo_name: cost.slo.definition.name.clone(),
            service_name: cost
                .slo
                .definition
                .service_name
                .to_string(),
            consumed: spending.map(|spending| Figure::from(spending.shown().bad())),
            percentage_of_budget: spending
                .and_then(sre_core::monitor::Spending::percentage_of_budget)
                .and_then(Figure::new),
        }
    }
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        Self {
            at: line.at,
            recorded_at: line.recorded_at,
            kind: line.kind,
            actor: line.actor,
            text: line.text,
        }
    }
}
