//! Health as it is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::budget::ErrorBudget;
use sre_core::health::{CheckEvidence, Deduction, DependencyHealth, ServiceHealth, SloEvidence};
use sre_core::suppression::Suppressions;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::figure::Figure;

/// How healthy a service is, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceHealth)]
pub(super) struct HealthView {
    service_name: String,
    /// 0 to 100 in tenths; `null` where nothing is measured.
    #[schema(example = 80.0)]
    score: Option<Figure>,
    /// `healthy` from 90 on, `degraded` from 60 on, else `unhealthy`; `unknown` without a score.
    #[schema(example = "degraded")]
    status: &'static str,
    as_of: DateTime<Utc>,
    /// The share of its SLOs and probes that are measured now; `null` where it has none.
    coverage: Option<Figure>,
    /// In the order in which they are taken.
    deductions: Vec<DeductionView>,
    slos: Vec<SloView>,
    checks: Vec<CheckView>,
    /// What it depends on directly.
    dependencies: Vec<DependencyView>,
    /// Acknowledged ones too.
    open_alerts: u32,
    /// Those that concern it; candidates are none yet.
    open_incidents: u32,
    /// The maintenances that name it and go on now: it is judged as ever, and its alerts are not told.
    /// `null` in what was recorded.
    in_maintenance: Option<Vec<Uuid>>,
    /// The service at the end of the path that costs it points, else itself where it lost any.
    probable_cause: Option<String>,
}

/// Points that were lost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthDeduction)]
struct DeductionView {
    /// `check`, `check_ceiling`, `budget`, `burn_rate`, `alert` or `dependency`.
    reason: &'static str,
    points: Figure,
    detail: String,
    /// Whether what it rests on has fallen silent: it is what was known last.
    stale: bool,
}

/// An SLO, as far as health goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthSlo)]
struct SloView {
    id: Uuid,
    name: String,
    /// `waiting`, `no_data`, `insufficient_data`, `violated`, `at_risk` or `met`.
    state: &'static str,
    sli_percentage: Option<Figure>,
    remaining_percentage: Option<Figure>,
    /// Over the last hour, or the SLO's window where that is shorter.
    burn_rate: Option<Figure>,
    stale: bool,
}

/// A probe.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthCheck)]
struct CheckView {
    name: String,
    /// Whether all that it asks is up.
    up: bool,
    /// How many of its targets are down.
    down: Figure,
    /// How many targets it asks.
    total: Figure,
    /// When it answered last.
    as_of: DateTime<Utc>,
    stale: bool,
}

/// A service that it depends on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthDependency)]
struct DependencyView {
    service_name: String,
    score: Option<Figure>,
    weight: Figure,
}

impl HealthView {
    /// Health as it is now, with what is maintained.
    pub(super) fn current(health: ServiceHealth, suppressions: &Suppressions) -> Self {
        let going_on = suppressions
            .maintenances_naming(&health.service_name)
            .map(|(planned, _)| planned.id.0)
            .collect();
        Self {
            in_maintenance: Some(going_on),
            ..Self::from(health)
        }
    }
}

impl From<ServiceHealth> for HealthView {
    fn from(health: ServiceHealth) -> Self {
        let coverage = health.coverage;
        Self {
            score: health.score.map(Figure::from),
            status: health.status().as_str(),
            as_of: health.as_of,
            coverage: Figure::new(coverage.as_f64()).filter(|_| coverage.expected > 0),
            deductions: health
                .deductions
                .into_iter()
                .map(DeductionView::from)
                .collect(),
            slos: health
                .evidence
                .slos
                .into_iter()
                .map(SloView::from)
                .collect(),
            checks: health
                .evidence
                .checks
                .into_iter()
                .map(CheckView::from)
                .collect(),
            dependencies: health
                .dependencies
                .into_iter()
                .map(DependencyView::from)
                .collect(),
            open_alerts: health.evidence.alerts.open,
            open_incidents: health.evidence.open_incidents,
            in_maintenance: None,
            probable_cause: health
                .probable_cause
                .map(|service| service.to_string()),
            service_name: health.service_name.to_string(),
        }
    }
}

impl From<Deduction> for DeductionView {
    fn from(lost: Deduction) -> Self {
        Self {
            reason: lost.reason.as_str(),
            points: lost.points.into(),
            detail: lost.detail,
            stale: lost.is_stale,
        }
    }
}

impl From<SloEvidence> for SloView {
    fn from(slo: SloEvidence) -> Self {
        let figure = |share: Option<f64>| share.and_then(Figure::new);
        let burn = slo
            .burn
            .and_then(|burn| burn.budget.burn_rate());
        Self {
            id: slo.slo_id.0,
            name: slo.name,
            state: slo.state.as_str(),
            sli_percentage: figure(
                slo.budget
                    .and_then(ErrorBudget::sli_percentage),
            ),
            remaining_percentage: figure(
                slo.budget
                    .and_then(ErrorBudget::remaining_percentage),
            ),
            burn_rate: figure(burn),
            stale: slo.is_stale,
        }
    }
}

impl From<CheckEvidence> for CheckView {
    fn from(check: CheckEvidence) -> Self {
        Self {
            up: check.is_up(),
            down: check.counts.bad().into(),
            total: check.counts.total().into(),
            name: check.name,
            as_of: check.last_at,
            stale: check.is_stale,
        }
    }
}

impl From<DependencyHealth> for DependencyView {
    fn from(dependency: DependencyHealth) -> Self {
        Self {
            service_name: dependency.service_name.to_string(),
            score: dependency.score.map(Figure::from),
            weight: dependency.weight.into(),
        }
    }
}
