//! How a simulation is shown.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sre_core::budget::ErrorBudget;
use sre_core::count::Counts;
use sre_core::name::SloId;
use sre_core::simulate::{
    Detection, Quality, Quantiles, Raised, Run, SignificantEvent, Simulated, SpentShare, Truth,
};
use sre_core::slo::Definition;
use sre_core::time::Interval;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use super::past::Basis;
use crate::api::alerts::AlertRuleView;
use crate::api::figure::Figure;
use crate::api::slo::view::PolicyView;
use crate::api::time_window::TimeWindowView;

/// The most alerts of a policy, events and gaps that are listed; the counts are of all.
const LISTED_MAX: usize = 1_000;

/// What was simulated.
pub(crate) struct Frame {
    pub(crate) slo_id: Option<SloId>,
    pub(crate) definition: Definition,
    pub(crate) basis: Basis,
    pub(crate) is_estimated: bool,
    pub(crate) significant: SpentShare,
    pub(crate) warnings: Vec<String>,
}

/// What policies would have said of the past.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Simulation)]
pub(crate) struct SimulationView {
    /// The SLO, where it is stored.
    slo_id: Option<Uuid>,
    name: String,
    service_name: String,
    target_percentage: Figure,
    time_window: TimeWindowView,
    /// `stored`: the slices that were folded when it happened; `samples`: folded for this answer from
    /// stored samples; `source`: asked of the source for this answer.
    basis: &'static str,
    /// Whether counts are the source's own estimates.
    estimated: bool,
    /// What keeps the answer from being whole.
    warnings: Vec<String>,
    /// The first instant that is told about: where data begins, at the earliest.
    from: DateTime<Utc>,
    /// The first instant after.
    to: DateTime<Utc>,
    /// Slices between them.
    slices: u32,
    /// How many of them were measured.
    measured: u32,
    /// How many stretches were not measured at the expected pace.
    gaps_total: usize,
    /// The first thousand of them.
    gaps: Vec<StretchView>,
    /// From which share of the budget on trouble is an event.
    significant_percentage: Option<Figure>,
    significant_events_total: usize,
    /// What was really wrong, by the target alone; the first thousand.
    significant_events: Vec<EventView>,
    /// In the order in which they were given.
    policies: Vec<PolicyRunView>,
}

/// A stretch of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stretch)]
struct StretchView {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// A stretch in which the budget burnt faster than it lasts, over pauses of half an hour at most.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignificantEvent)]
struct EventView {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Bad events, or slices.
    bad: Figure,
    /// The share of the window's budget that it spent.
    spent_percentage: Option<Figure>,
}

/// What one policy would have said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedPolicy)]
struct PolicyRunView {
    name: String,
    /// Its rules as they stood at the end, scaled to the window.
    burn_policy: PolicyView,
    /// Pages that began in the stretch.
    pages: usize,
    /// Tickets.
    tickets: usize,
    /// Alerts of silence.
    no_data: usize,
    pages_per_week: Option<Figure>,
    /// How good the pages were at telling events.
    pages_quality: QualityView,
    /// How good pages and the tickets of slow burns were together.
    burns_quality: QualityView,
    /// In the order of their beginning; the first thousand.
    alerts: Vec<RaisedView>,
}

/// How good alerts were at telling events. An event is matched with the first alert that saw it: during
/// its life, or in the short window that it opened on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedQuality)]
struct QualityView {
    /// Right ÷ (right + wrong); `null` without alerts.
    precision: Option<Figure>,
    /// Detected ÷ events; `null` without events.
    recall: Option<Figure>,
    /// Alerts that were the first to see an event.
    right: u32,
    /// Alerts that saw none.
    wrong: u32,
    /// Alerts that saw only what another had seen.
    duplicates: u32,
    /// Duplicates for each event that was told.
    duplicates_per_event: Option<Figure>,
    detected: u32,
    /// From an event's beginning to its first alert.
    detection_seconds: Option<QuantilesView>,
    /// The share of the budget that an event had spent before its first alert.
    spent_before_percentage: Option<QuantilesView>,
    /// From an event's end to that of its last alert.
    reset_seconds: Option<QuantilesView>,
    /// One for each event that is listed, in their order.
    detections: Vec<DetectionView>,
}

/// Quantiles by nearest rank.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quantiles)]
struct QuantilesView {
    p50: Option<Figure>,
    p90: Option<Figure>,
    max: Option<Figure>,
}

/// How an event was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedDetection)]
struct DetectionView {
    /// How many alerts saw it.
    alerts: u32,
    /// `null` where nobody was told.
    detection_seconds: Option<Figure>,
    spent_before_percentage: Option<Figure>,
    /// `null` where nobody was told, or the alert is still open.
    reset_seconds: Option<Figure>,
}

/// An alert that would have been.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedAlert)]
struct RaisedView {
    /// `burn_rate`, `slow_burn`, `budget_exhaustion`, `slo_violation` or `no_data`.
    #[schema(example = "burn_rate")]
    alert_type: String,
    /// When it opened.
    severity: &'static str,
    /// The gravest that it became.
    severity_max: &'static str,
    /// The slot that opened it.
    starts_at: DateTime<Utc>,
    /// The slot that ended it; `null` while it is open.
    ends_at: Option<DateTime<Utc>>,
    /// Why it ended.
    resolve_reason: Option<&'static str>,
    message: String,
    /// `first` to see an event, a `duplicate`, or `false`; `null` of tickets of the whole budget, and
    /// of silence.
    truth: Option<&'static str>,
    /// The share of the budget that was gone over the long window of its gravest rule.
    spent_percentage: Option<Figure>,
    /// The share of the window's budget that was consumed.
    budget_consumed_percentage: Option<Figure>,
    /// The burn rules that opened it.
    rules: Vec<AlertRuleView>,
}

impl SimulationView {
    /// The view.
    pub(crate) fn new(frame: &Frame, found: &Simulated) -> Self {
        let definition = &frame.definition;
        Self {
            slo_id: frame.slo_id.map(|id| id.0),
            name: definition.name.clone(),
            service_name: definition.service_name.to_string(),
            target_percentage: definition.target.into(),
            time_window: definition.window.into(),
            basis: frame.basis.as_str(),
            estimated: frame.is_estimated,
            warnings: frame.warnings.clone(),
            from: found.during.start(),
            to: found.during.end(),
            slices: found.slices,
            measured: found.measured,
            gaps_total: found.gaps.len(),
            gaps: listed(&found.gaps, |gap| StretchView::new(*gap)),
            significant_percentage: percentage(frame.significant),
            significant_events_total: found.events.len(),
            significant_events: listed(&found.events, |event| EventView::new(event, definition)),
            policies: found
                .runs
                .iter()
                .map(|run| PolicyRunView::new(run, definition))
                .collect(),
        }
    }
}

impl StretchView {
    fn new(stretch: Interval) -> Self {
        Self {
            from: stretch.start(),
            to: stretch.end(),
        }
    }
}

impl EventView {
    fn new(event: &SignificantEvent, definition: &Definition) -> Self {
        let grain = definition.method.grain();
        let bad = Counts::with_bad(event.bad, event.bad)
            .map_or(event.bad, |counts| grain.shown(counts).bad());
        Self {
            from: event.during.start(),
            to: event.during.end(),
            bad: bad.into(),
            spent_percentage: percentage(event.spent()),
        }
    }
}

impl PolicyRunView {
    fn new(run: &Run, definition: &Definition) -> Self {
        Self {
            name: run.name.clone(),
            burn_policy: PolicyView::new(&run.policy, &definition.ground(None)),
            pages: run.count(Raised::is_page),
            tickets: run.count(|alert| alert.kind.is_ticket()),
            no_data: run.count(|alert| !alert.is_page() && !alert.kind.is_ticket()),
            pages_per_week: Figure::new(run.pages_per_week),
            pages_quality: QualityView::new(&run.pages),
            burns_quality: QualityView::new(&run.burns),
            alerts: listed(&run.alerts, RaisedView::new),
        }
    }
}

impl QualityView {
    fn new(quality: &Quality) -> Self {
        Self {
            precision: quality
                .precision()
                .and_then(Figure::new),
            recall: quality.recall().and_then(Figure::new),
            right: quality.right,
            wrong: quality.wrong,
            duplicates: quality.duplicates,
            duplicates_per_event: quality
                .duplicates_per_event()
                .and_then(Figure::new),
            detected: quality.detected(),
            detection_seconds: quality
                .delay
                .map(|delay| QuantilesView::new(delay, seconds)),
            spent_before_percentage: quality
                .spent_before
                .map(|spent| QuantilesView::new(spent, percentage)),
            reset_seconds: quality
                .reset
                .map(|reset| QuantilesView::new(reset, seconds)),
            detections: listed(&quality.detections, DetectionView::new),
        }
    }
}

impl QuantilesView {
    fn new<T: Copy>(quantiles: Quantiles<T>, shown: impl Fn(T) -> Option<Figure>) -> Self {
        Self {
            p50: shown(quantiles.p50),
            p90: shown(quantiles.p90),
            max: shown(quantiles.max),
        }
    }
}

impl DetectionView {
    fn new(told: &Detection) -> Self {
        Self {
            alerts: told.alerts,
            detection_seconds: told.delay.and_then(seconds),
            spent_before_percentage: told.spent_before.and_then(percentage),
            reset_seconds: told.reset.and_then(seconds),
        }
    }
}

impl RaisedView {
    fn new(alert: &Raised) -> Self {
        Self {
            alert_type: alert.kind.to_string(),
            severity: alert.severity.as_str(),
            severity_max: alert.gravest.as_str(),
            starts_at: alert.starts_at,
            ends_at: alert.ends_at,
            resolve_reason: alert
                .reason
                .map(sre_core::alert::ResolveReason::as_str),
            message: alert.message.clone(),
            truth: alert.truth.map(Truth::as_str),
            spent_percentage: alert.spent().and_then(percentage),
            budget_consumed_percentage: alert
                .budget
                .and_then(ErrorBudget::consumed_percentage)
                .and_then(Figure::new),
            rules: alert
                .rules
                .iter()
                .map(AlertRuleView::from)
                .collect(),
        }
    }
}

fn listed<T, V>(all: &[T], view: impl Fn(&T) -> V) -> Vec<V> {
    all.iter()
        .take(LISTED_MAX)
        .map(view)
        .collect()
}

fn percentage(share: SpentShare) -> Option<Figure> {
    Figure::new(share.as_percentage())
}

#[expect(clippy::cast_precision_loss, reason = "only ever shown")]
fn seconds(length: TimeDelta) -> Option<Figure> {
    Figure::new(length.num_milliseconds() as f64 / 1_000.0)
}
