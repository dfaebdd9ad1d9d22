//! A definition as a body would have it: what PATCH merges into.

use serde::Serialize;
use serde_json::{Value, json};
use sre_core::indicator::{Indicator, MetricKind};
use sre_core::method::BudgetingMethod;
use sre_core::policy::{BurnRule, PolicyChoice};
use sre_core::slo::Definition;
use sre_core::source::{CounterPart, CounterRatio, Query, QueryRatio};
use sre_core::threshold::Threshold;
use utoipa::ToSchema;

use super::alerting;
use super::alerting::AlertingView;
use super::composite;
use crate::api::figure::Figure;

/// The writable fields of an SLO.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "name": "API Gateway Availability",
    "description": "API Gateway should be available 99.9% of the time",
    "service_name": "api-gateway",
    "metric_name": "availability",
    "target_percentage": 99.9,
    "time_window": "30d",
    "threshold_value": 99.9,
    "operator": "gte"
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct SloBody {
    /// 1 to 200 characters, unique among the SLOs of the service.
    name: String,
    /// What the promise means to people.
    description: Option<String>,
    /// Whose promise it is: `[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}`.
    service_name: String,
    /// The metric. Its name says what a bare number of it is: `availability` and `success_rate` are
    /// percentages of good events, `error_rate` of bad ones, everything else is a value. Beside an
    /// `indicator` it may be left out and is for display.
    metric_name: Option<String>,
    /// More than 0 and less than 100, at most 6 decimals, kept exactly.
    target_percentage: Option<f64>,
    /// Rolling: a whole number of slices, at least two, at most `400d`. Or a unit of the calendar.
    time_window: Option<WindowBody>,
    /// The line for a single value; a metric of values needs it.
    threshold_value: Option<f64>,
    /// `gt gte lt lte eq` or `> >= < <= ==`.
    operator: Option<String>,
    /// `occurrences` counts events; `timeslices` counts slices, each good or bad as a whole;
    /// `ratio_timeslices` takes the mean of the slices' good shares, whatever their traffic. By
    /// default the metric's kind decides.
    budgeting_method: Option<String>,
    /// The share of a slice's votes or events that makes the slice good: more than 0, at most 100,
    /// which is the default.
    timeslice_target_percentage: Option<f64>,
    /// Where events come from, in place of the short form.
    indicator: Option<IndicatorBody>,
    /// `10s 15s 20s 30s 60s 5m 15m`; `60s` by default.
    slice: Option<String>,
    /// How often a measurement is expected; learned where it is left out.
    expected_interval: Option<String>,
    /// With fewer events in the window the state is `insufficient_data`.
    min_events: Option<u64>,
    /// A burn rule needs so many bad events (or slices) in its long window; 3 by default.
    min_bad: Option<u64>,
    /// A burn rule fires only when a service that sits at its factor would show as many bad events of
    /// as many with at most this probability: more than 0, at most 0.1. Off where it is left out.
    significance_level: Option<f64>,
    /// With less of the window measured the state is `insufficient_data`: 0 to 1, at most 3
    /// decimals; the installation's where it is left out.
    min_coverage: Option<f64>,
    /// What to make of a slice of which the source says that there are no such series: `exclude`,
    /// `bad` or `good`.
    on_absent: Option<String>,
    /// Whether it is evaluated.
    enabled: Option<bool>,
    /// At most 32, for people and for routing.
    #[schema(value_type = Option<Object>)]
    labels: Option<()>,
    /// At most 32 addresses, such as `runbook`.
    #[schema(value_type = Option<Object>)]
    links: Option<()>,
    /// Which rules page.
    burn_policy: Option<PolicyBody>,
    /// How long what they say has to last before it counts.
    alerting: Option<AlertingView>,
}

/// How long an SLO looks back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TimeWindowBody, example = "30d")]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) enum WindowBody {
    /// So long, ending at every instant.
    Rolling(String),
    /// From one date to another.
    Calendar(CalendarBody),
}

/// From one date to another, by the clocks of a time zone: at its edge the budget begins anew.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarWindowBody, example = json!({
    "calendar": "month",
    "time_zone": "Europe/Zurich",
    "count": 1,
    "anchor": "2026-01-01"
}))]
pub(super) struct CalendarBody {
    /// `day`, `week`, `month`, `quarter` or `year`.
    calendar: String,
    /// Whose midnight: an IANA name such as `Europe/Zurich`, or `UTC`.
    time_zone: String,
    /// How many units each window has, 1 by default; at most `400d` together.
    count: Option<u16>,
    /// The date that windows are counted from; by default Mondays, the 1st, January.
    anchor: Option<String>,
}

/// Where an SLO's events come from. Beside the example, the forms are
/// `{"type": "ratio", "source": "prometheus", "good_query": "sum(increase(a_total[{{window}}]))",
/// "total_query": "sum(increase(b_total[{{window}}]))"}`,
/// `{"type": "latency", "source": "prometheus", "histogram": "http_request_duration_seconds",
/// "selector": "job=\"api\"", "threshold": "300ms"}`,
/// `{"type": "threshold", "source": "prometheus", "query": "max(queue_length)", "operator": "lt",
/// "value": 100}` and `{"type": "metric", "metric": "checkout_ok"}`.
#[derive(Debug, ToSchema)]
#[schema(as = Indicator, example = json!({
    "type": "ratio",
    "source": "prometheus",
    "good": "http_requests_total{job=\"api\",code!~\"5..\"}",
    "total": "http_requests_total{job=\"api\"}"
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct IndicatorBody {
    /// `ratio`: two counters, or two expressions; `latency`: a histogram; `threshold`: an expression
    /// whose values hold a line; `metric`: samples that are pushed, probed or recorded in process;
    /// `composite`: what other SLOs have folded.
    r#type: String,
    /// `prometheus`, but for a metric.
    source: Option<String>,
    /// Of a ratio: the selector of good events, or `bad` in its place. Counters are read as raw
    /// samples and counted exactly.
    good: Option<String>,
    /// Of a ratio: the selector of bad events.
    bad: Option<String>,
    /// Of a ratio: the selector of all events.
    total: Option<String>,
    /// Of a ratio, in place of selectors: an expression that answers the number of good events over
    /// `{{window}}`, or `bad_query` in its place. `sum(increase(selector[{{window}}]))` is read as the
    /// counter in it; anything else is the source's estimate over at least four scrape intervals.
    good_query: Option<String>,
    /// Of a ratio: an expression that answers the number of bad events.
    bad_query: Option<String>,
    /// Of a ratio: an expression that answers the number of all events.
    total_query: Option<String>,
    /// Of a latency: the name of a classic histogram, without `_bucket`.
    histogram: Option<String>,
    /// Of a latency: which of its series, as matchers without braces, such as `job="api"`.
    selector: Option<String>,
    /// Of a latency: the longest time that is good, such as `300ms`, `1.5s`, or a number of seconds.
    /// Inside a bucket, what took longer than the bucket's lower bound is counted as bad.
    threshold: Option<String>,
    /// Of a latency: in what the histogram's bounds are written, `seconds` (the default) or
    /// `milliseconds`.
    unit: Option<String>,
    /// Of a threshold: the expression. At the end of every slice each series of its answer is one
    /// vote; slices are counted unless `budgeting_method` says otherwise.
    query: Option<String>,
    /// Of a threshold: how a value is compared, `gt gte lt lte eq`.
    operator: Option<String>,
    /// Of a threshold: with what.
    value: Option<f64>,
    /// Of a metric: its name.
    metric: Option<String>,
    /// Of a composite: 1 to 20 SLOs, whose slices tile those of this one.
    of: Option<Vec<MemberBody>>,
    /// Of a composite: `weighted_ratio` (the default), `any_bad` or `all_bad` (by the members' own
    /// targets), `series` (the product), `min`.
    combine: Option<String>,
    /// Of a composite: what a member that was not measured in a slice stands for: `exclude` (the
    /// default), `bad` or `good`. Without any measured member the slice is not measured.
    missing: Option<String>,
}

/// An SLO that a composite is made of.
#[derive(Debug, ToSchema)]
#[schema(as = CompositeMemberBody)]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
struct MemberBody {
    /// Which, by its id.
    slo: String,
    /// How much it counts under `weighted_ratio`: above 0, at most 6 decimals; 1 by default.
    weight: Option<f64>,
}

/// A preset by its name, or rules written out.
#[derive(Debug, ToSchema)]
#[schema(as = BurnPolicyBody, example = json!({"name": "google-sre"}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
struct PolicyBody {
    /// `default` or `google-sre`; `custom`, or left out, beside rules.
    name: Option<String>,
    /// At most 16. Passed over beside the name of a preset.
    rules: Option<Vec<RuleBody>>,
}

/// Fires when the burn over both windows lies strictly above the factor.
#[derive(Debug, ToSchema)]
#[schema(as = BurnRuleBody)]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
struct RuleBody {
    /// `warning` makes a ticket, `critical` and `emergency` page. `severity` is the same.
    level: String,
    /// The pace: 1 is sustainable, and the default beside a `min_budget_share`.
    factor: Option<f64>,
    /// Whether enough is gone.
    long: String,
    /// Whether it still burns.
    short: String,
    /// The share of the SLO's whole budget, more than 0 and at most 1, that must be gone within the
    /// long window, and its part of that within the short one: weighed by the traffic of the SLO's
    /// window, where the factor goes by that of the rule's own.
    min_budget_share: Option<f64>,
}

/// The writable fields of a definition, all of them.
pub(super) fn written(definition: &Definition) -> Value {
    let threshold = definition.threshold;
    json!({
        "name": definition.name,
        "description": definition.description,
        "service_name": definition.service_name,
        "metric_name": definition.metric_name,
        "target_percentage": Figure::from(definition.target),
        "time_window": definition.window.written(),
        "threshold_value": threshold.map(Threshold::value),
        "operator": threshold.map(|line| line.operator().as_str()),
        "budgeting_method": definition.method.as_str(),
        "timeslice_target_percentage": slice_target(definition.method),
        "indicator": indicator(definition),
        "slice": definition.slice.to_string(),
        "expected_interval": definition.expected_interval,
        "min_events": definition.min_events,
        "min_bad": definition.min_bad,
        "significance_level": significance(definition),
        "min_coverage": min_coverage(definition),
        "on_absent": definition.on_absent.as_str(),
        "enabled": definition.enabled,
        "labels": definition.labels,
        "links": definition.links,
        "burn_policy": policy(&definition.burn_policy),
        "alerting": alerting::written(definition.alerting),
    })
}

/// The share of a slice that makes it good, where slices are counted.
pub(super) fn slice_target(method: BudgetingMethod) -> Option<Figure> {
    match method {
        BudgetingMethod::Timeslices(target) => target
            .to_string()
            .parse()
            .ok()
            .and_then(Figure::new),
        _ => None,
    }
}

/// The floor of coverage, where the SLO has one of its own.
pub(super) fn min_coverage(definition: &Definition) -> Option<Figure> {
    let permille = definition.min_coverage_permille?;
    Figure::new(f64::from(permille) / 1_000.0)
}

/// The level of significance, where the SLO asks for one.
pub(super) fn significance(definition: &Definition) -> Option<Figure> {
    let level = definition.significance_level?;
    Figure::new(level.as_f64())
}

/// The indicator; `None` where the short form says the same.
pub(super) fn indicator(definition: &Definition) -> Option<Value> {
    match &definition.indicator {
        Indicator::Metric(metric) => {
            let is_counted =
                MetricKind::of(metric) == MetricKind::Value && definition.threshold.is_none();
            let is_short = *metric == definition.metric_name && !is_counted;
            (!is_short).then(|| json!({"type": "metric", "metric": metric}))
        }
        Indicator::Prometheus(query) => asked(query),
        Indicator::Composite(made) => Some(composite::written(made)),
        _ => None,
    }
}

/// What a source is asked, as it was written.
fn asked(query: &Query) -> Option<Value> {
    let ratio = |[good, bad, total_name]: [&str; 3], part: &CounterPart, total: &str| {
        let name = match part {
            CounterPart::Good(_) => good,
            CounterPart::Bad(_) => bad,
        };
        json!({"type": "ratio", "source": "prometheus", name: part.text(), total_name: total})
    };
    Some(match query {
        Query::Counters(CounterRatio { part, total }) => {
            ratio(["good", "bad", "total"], part, total)
        }
        Query::Ratio(QueryRatio { part, total }) => {
            ratio(["good_query", "bad_query", "total_query"], part, total)
        }
        Query::Latency(latency) => json!({
            "type": "latency",
            "source": "prometheus",
            "histogram": latency.histogram,
            "selector": latency.selector,
            "threshold": latency.threshold,
            "unit": latency.unit.as_str(),
        }),
        Query::Threshold(threshold) => json!({
            "type": "threshold",
            "source": "prometheus",
            "query": threshold.query,
            "operator": threshold.line.operator().as_str(),
            "value": threshold.line.value(),
        }),
        _ => return None,
    })
}

fn policy(choice: &PolicyChoice) -> Value {
    match choice {
        PolicyChoice::Custom(rules) => {
            let rules: Vec<_> = rules
                .iter()
                .map(WrittenRule::of)
                .collect();
            json!({"name": choice.name(), "rules": rules})
        }
        preset => json!({"name": preset.name()}),
    }
}

/// A rule as a body would have it.
#[derive(Serialize)]
struct WrittenRule {
    level: &'static str,
    factor: Option<Figure>,
    long: String,
    short: String,
    min_budget_share: Option<Figure>,
}

impl WrittenRule {
    fn of(rule: &BurnRule) -> Self {
        Self {
            level: rule.level.as_str(),
            factor: Figure::new(rule.factor.as_f64()),
            long: rule.long.to_string(),
            short: rule.short.to_string(),
            min_budget_share: rule
                .min_share
                .and_then(|share| Figure::new(share.as_f64())),
        }
    }
}
