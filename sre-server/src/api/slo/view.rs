//! An SLO as it is answered: what people say of it, and how it stands.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sre_core::detection::Outage;
use sre_core::histogram::Bracket;
use sre_core::indicator::Indicator;
use sre_core::policy::{BurnPolicy, BurnRule, BurnThresholds, Ground};
use sre_core::slo::ManagedBy;
use sre_core::source::{MetricSource, Query};
use sre_core::time::Span;
use utoipa::ToSchema;
use uuid::Uuid;

use super::alerting::AlertingView;
use super::composite;
use super::composite::MemberView;
use super::detection::shown;
use super::indicator::texts;
use super::look::Found;
use super::status::StatusView;
use super::written;
use super::written::IndicatorBody;
use crate::api::figure::Figure;
use crate::api::time_window::TimeWindowView;
use crate::http::fault::Fault;

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
    /// `occurrences`, `timeslices` or `ratio_timeslices`.
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
    /// `null`: off.
    significance_level: Option<Figure>,
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
    alerting: AlertingView,
    /// `api`, `config` (which the API does not change) or `default`.
    managed_by: &'static str,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    status: StatusView,
    /// In the answer to a change of the indicator: what the source finds strange of it.
    warnings: Vec<Fault>,
}

/// The one source that an SLO's events come from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolvedSource)]
struct SourceView {
    /// `metric`: samples that are pushed, probed or recorded in process; `prometheus`; `composite`.
    kind: &'static str,
    /// What is really asked.
    queries: Vec<String>,
    /// Whether counts are the source's own estimates, and not differences of raw samples.
    estimated: bool,
    /// Of a `composite`: what it is made of.
    members: Option<Vec<MemberView>>,
    /// Of a `composite`: how many members were not measured in the newest slice.
    missing_members: Option<u32>,
    /// Of a latency: which buckets of the histogram the threshold lies between, once seen.
    bucket: Option<BucketView>,
}

/// Between which bounds of a histogram a threshold lies, in the histogram's unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolvedBucket)]
struct BucketView {
    /// The greatest bound that is at most the threshold: what took longer is counted as bad.
    below: Option<Figure>,
    /// The least bound that is at least the threshold: what took longer is bad for certain.
    above: Option<Figure>,
    /// Whether both are the threshold, so that good is known and not only bounded.
    exact: bool,
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
    /// The share of the SLO's whole budget that has to be gone in the long window beside.
    min_budget_share: Option<Figure>,
    /// The share of the budget that is gone when it fires, under even traffic.
    budget_share: Option<Figure>,
    /// How long a total outage lasts until both windows burn, under even traffic and whatever guards it;
    /// `null` for never.
    detects_outage_in_seconds: Option<Figure>,
    /// How long after such an outage it is quiet again.
    resets_in_seconds: Option<Figure>,
    /// What is odd about the rule, though it stands.
    warning: Option<String>,
}

/// A rule that cannot stand, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeftOutRule)]
struct LeftOutView {
    rule: RuleView,
    reason: String,
}

impl SloView {
    /// The view; `thresholds` are what the default policy is made of, `source` says what it asks.
    pub(super) fn new(
        found: &Found,
        thresholds: &BurnThresholds,
        source: Option<&dyn MetricSource>,
    ) -> Self {
        let (slo, definition) = (&found.slo, &found.slo.definition);
        let learned = found.progress.resolved_interval();
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
            resolved_source: SourceView::new(found, source),
            slice: definition.slice.to_string(),
            expected_interval: definition
                .expected_interval
                .or(learned)
                .map(in_seconds),
            min_events: definition.min_events,
            min_bad: definition.min_bad,
            significance_level: written::significance(definition),
            min_coverage: written::min_coverage(definition),
            on_absent: definition.on_absent.as_str(),
            enabled: definition.enabled,
            labels: definition.labels.clone(),
            links: definition.links.clone(),
            burn_policy: PolicyView::new(&policy, &definition.ground(learned)),
            alerting: AlertingView::from(definition.alerting),
            managed_by: managed_by(slo.managed_by),
            version: slo.version,
            created_at: slo.created_at,
            updated_at: slo.updated_at,
            status: StatusView::new(found),
            warnings: Vec::new(),
        }
    }

    /// With what its author should know of it.
    pub(super) fn warning(self, warnings: Vec<Fault>) -> Self {
        Self { warnings, ..self }
    }
}

impl SourceView {
    fn new(found: &Found, source: Option<&dyn MetricSource>) -> Self {
        let definition = &found.slo.definition;
        let members = composite::members(found);
        let (kind, queries) = match &definition.indicator {
            Indicator::Metric(metric) => {
                let service = &definition.service_name;
                (
                    "metric",
                    vec![format!("{metric}{{service_name=\"{service}\"}}")],
                )
            }
            Indicator::Prometheus(query) => {
                return Self::asked(query, found, source);
            }
            Indicator::Composite(_) => ("composite", Vec::new()),
            _ => ("unknown", Vec::new()),
        };
        Self {
            kind,
            queries,
            estimated: found.progress.is_estimated,
            missing_members: members
                .as_ref()
                .map(|_| found.progress.missing_members),
            members,
            bucket: None,
        }
    }

    /// What the source says that it asks.
    fn asked(query: &Query, found: &Found, source: Option<&dyn MetricSource>) -> Self {
        let (slice, progress) = (found.slo.definition.slice, &found.progress);
        let bracket = progress
            .bracket
            .as_ref()
            .filter(|_| matches!(query, Query::Latency(_)));
        let mut explained = source
            .map(|source| source.explain(query, slice, bracket))
            .unwrap_or_default();
        if explained.queries.is_empty() {
            explained.queries = texts(query);
        }
        Self {
            kind: "prometheus",
            queries: explained.queries,
            estimated: progress.is_estimated || explained.is_estimated,
            members: None,
            missing_members: None,
            bucket: bracket.map(BucketView::new),
        }
    }
}

impl BucketView {
    fn new(bracket: &Bracket) -> Self {
        Self {
            below: Figure::new(bracket.below.value()),
            above: Figure::new(bracket.above.value()),
            exact: bracket.is_exact(),
        }
    }
}

impl PolicyView {
    pub(super) fn new(policy: &BurnPolicy, ground: &Ground) -> Self {
        let left_out = policy
            .left_out
            .iter()
            .map(|left| LeftOutView {
                rule: RuleView::new(&left.rule, ground),
                reason: left.reason.clone(),
            });
        Self {
            name: policy.name,
            rules: policy
                .rules
                .iter()
                .map(|rule| RuleView::new(rule, ground))
                .collect(),
            left_out: left_out.collect(),
        }
    }
}

impl RuleView {
    fn new(rule: &BurnRule, ground: &Ground) -> Self {
        let line = rule.line(ground.target, ground.window);
        Self {
            level: rule.level.as_str(),
            factor: Figure::new(rule.factor.as_f64()),
            long: rule.long.to_string(),
            short: rule.short.to_string(),
            min_budget_share: rule
                .min_share
                .and_then(|share| Figure::new(share.as_f64())),
            budget_share: Figure::new(rule.share_of_budget(ground.window)),
            detects_outage_in_seconds: shown(Outage::TOTAL.crosses(&line, rule.long)),
            resets_in_seconds: shown(Outage::TOTAL.clears(&line, rule.short)),
            warning: ground.warning(rule),
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
