//! An SLO as it is answered: what people say of it, and how it stands.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sre_core::indicator::Indicator;
use sre_core::policy::{BurnPolicy, BurnRule, BurnThresholds};
use sre_core::slo::{Definition, ManagedBy};
use sre_core::source::Query;
use sre_core::time::Span;
use utoipa::ToSchema;
use uuid::Uuid;

use super::look::Found;
use super::status::StatusView;
use super::written;
use super::written::IndicatorBody;
use crate::api::figure::Figure;
use crate::api::time_window::TimeWindowView;

/// An SLO and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Slo)]
pub(super) struct SloView {
    id: Uuid,
    name: String,
    description: String,
    service_name: String,
    metric_name: String,
    /// Exact.
    #[schema(example = 99.9)]
    target_percentage: Figure,
    time_window: TimeWindowView,
    threshold_value: Option<Figure>,
    /// `gt`, `gte`, `lt`, `lte` or `eq`.
    operator: Option<&'static str>,
    /// `occurrences` or `timeslices`.
    budgeting_method: &'static str,
    timeslice_target_percentage: Option<Figure>,
    /// Where events come from; `null` in the short form.
    #[schema(value_type = Option<IndicatorBody>)]
    indicator: Option<Value>,
    resolved_source: SourceView,
    #[schema(example = "60s")]
    slice: String,
    /// Declared, else learned, else `null`.
    expected_interval: Option<String>,
    min_events: u64,
    min_bad: u64,
    /// `null`: the installation's.
    min_coverage: Option<Figure>,
    /// `exclude`, `bad` or `good`.
    on_absent: &'static str,
    enabled: bool,
    #[schema(value_type = Object)]
    labels: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    links: BTreeMap<String, String>,
    burn_policy: PolicyView,
    /// `api`, `config` (which the API does not change) or `default`.
    managed_by: &'static str,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    status: StatusView,
}

/// The one source that an SLO's events come from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolvedSource)]
struct SourceView {
    /// `metric`: samples that are pushed, probed or recorded in process; `prometheus`.
    kind: &'static str,
    /// What is read.
    queries: Vec<String>,
    /// Whether counts are the source's own estimates.
    estimated: bool,
}

/// The burn rules that stand for an SLO.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BurnPolicy)]
pub(super) struct PolicyView {
    /// `default`, `google-sre` or `custom`.
    name: &'static str,
    /// What is judged at every slot, scaled to the SLO's window.
    rules: Vec<RuleView>,
    /// Rules that cannot stand here.
    left_out: Vec<LeftOutView>,
}

/// A rule: fires when the burn over both windows lies strictly above the factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BurnRule)]
struct RuleView {
    /// `warning` makes a ticket, `critical` and `emergency` page.
    level: &'static str,
    factor: Option<Figure>,
    long: String,
    short: String,
    /// The share of the budget that is gone when it fires, under even traffic.
    budget_share: Option<Figure>,
}

/// A rule that cannot stand, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeftOutRule)]
struct LeftOutView {
    rule: RuleView,
    reason: String,
}

impl SloView {
    /// The view; `thresholds` are what the default policy is made of.
    pub(super) fn new(found: &Found, thresholds: &BurnThresholds) -> Self {
        let (slo, definition) = (&found.slo, &found.slo.definition);
        let learned = found.progress.learned_interval();
        let policy = definition.policy(thresholds, learned);
        Self {
            id: slo.id.0,
            name: definition.name.clone(),
            description: definition.description.clone(),
            service_name: definition.service_name.to_string(),
            metric_name: definition.metric_name.to_string(),
            target_percentage: definition.target.into(),
            time_window: definition.window.into(),
            threshold_value: definition
                .threshold
                .and_then(|line| Figure::new(line.value())),
            operator: definition
                .threshold
                .map(|line| line.operator().as_str()),
            budgeting_method: definition.method.as_str(),
            timeslice_target_percentage: written::slice_target(definition.method),
            indicator: written::indicator(definition),
            resolved_source: SourceView::new(definition, found.progress.is_estimated),
            slice: definition.slice.to_string(),
            expected_interval: definition
                .expected_interval
                .or(learned)
                .map(in_seconds),
            min_events: definition.min_events,
            min_bad: definition.min_bad,
            min_coverage: written::min_coverage(definition),
            on_absent: written::on_absent(definition.on_absent),
            enabled: definition.enabled,
            labels: definition.labels.clone(),
            links: definition.links.clone(),
            burn_policy: PolicyView::new(&policy, definition.window.span()),
            managed_by: managed_by(slo.managed_by),
            version: slo.version,
            created_at: slo.created_at,
            updated_at: slo.updated_at,
            status: StatusView::new(found),
        }
    }
}

impl SourceView {
    fn new(definition: &Definition, estimated: bool) -> Self {
        let (kind, queries) = match &definition.indicator {
            Indicator::Metric(metric) => {
                let service = &definition.service_name;
                (
                    "metric",
                    vec![format!("{metric}{{service_name=\"{service}\"}}")],
                )
            }
            Indicator::Prometheus(Query::Counters(ratio)) => {
                let part = ratio.part.text().to_owned();
                ("prometheus", vec![part, ratio.total.clone()])
            }
            _ => ("unknown", Vec::new()),
        };
        Self {
            kind,
            queries,
            estimated,
        }
    }
}

impl PolicyView {
    pub(super) fn new(policy: &BurnPolicy, window: Span) -> Self {
        let left_out = policy
            .left_out
            .iter()
            .map(|left| LeftOutView {
                rule: RuleView::new(&left.rule, window),
                reason: left.reason.clone(),
            });
        Self {
            name: policy.name,
            rules: policy
                .rules
                .iter()
                .map(|rule| RuleView::new(rule, window))
                .collect(),
            left_out: left_out.collect(),
        }
    }
}

impl RuleView {
    fn new(rule: &BurnRule, window: Span) -> Self {
        Self {
            level: rule.level.as_str(),
            factor: Figure::new(rule.factor.as_f64()),
            long: rule.long.to_string(),
            short: rule.short.to_string(),
            budget_share: Figure::new(rule.share_of_budget(window)),
        }
    }
}

/// An interval as the contract spells it: `60s`, not `1m`.
fn in_seconds(interval: Span) -> String {
    match interval.as_seconds() {
        60 => "60s".to_owned(),
        _ => interval.to_string(),
    }
}

pub(in crate::api) const fn managed_by(managed_by: ManagedBy) -> &'static str {
    match managed_by {
        ManagedBy::Api => "api",
        ManagedBy::Config => "config",
        ManagedBy::Default => "default",
    }
}
