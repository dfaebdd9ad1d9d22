//! Where an SLO's events come from, where its author says it.

use sre_core::indicator::Indicator;
use sre_core::name::MetricName;
use sre_core::source::{CounterPart, CounterRatio, Query};

use super::composite;
use super::definition::note;
use super::given::Given;
use crate::context::Context;
use crate::http::Fields;

/// Every field that an indicator of any type has, so that beside a type that cannot be read they
/// are not called unknown.
const OF_ANY_TYPE: [&str; 19] = [
    "source",
    "good",
    "bad",
    "total",
    "good_query",
    "bad_query",
    "total_query",
    "histogram",
    "selector",
    "threshold",
    "query",
    "operator",
    "value",
    "metric",
    "of",
    "combine",
    "missing",
    "window",
    "unit",
];
/// The forms of a ratio that run PromQL.
const QUERIES: [&str; 3] = ["good_query", "bad_query", "total_query"];
/// The longest selector, in characters.
const SELECTOR_MAX: usize = 4096;

/// Reads an indicator; `current` is the one that it replaces, which was checked when it came.
pub(super) fn read(
    fields: &mut Fields,
    context: &Context,
    current: Option<&Indicator>,
) -> Option<Indicator> {
    let kind = fields.text("type", 1..=64);
    match kind.as_deref() {
        Some("metric") => fields
            .parse::<MetricName>("metric")
            .map(Indicator::Metric),
        Some("ratio") => ratio(fields, context, current),
        Some("composite") => composite::read(fields),
        Some(kind @ ("latency" | "threshold")) => {
            fields.ignore(&OF_ANY_TYPE);
            let detail = format!(
                "indicators of type {kind} are not built in this version; take ratio, metric or \
                 composite"
            );
            note(fields, "type", detail)
        }
        Some(_) => {
            fields.ignore(&OF_ANY_TYPE);
            note(fields, "type", "must be one of ratio, metric and composite")
        }
        None => {
            fields.ignore(&OF_ANY_TYPE);
            None
        }
    }
}

/// Two counters of the configured Prometheus.
fn ratio(fields: &mut Fields, context: &Context, current: Option<&Indicator>) -> Option<Indicator> {
    let is_ours = source(fields);
    if refuses_queries(fields) {
        // What they stand for is missing with good reason.
        fields.ignore(&["good", "bad", "total"]);
        return None;
    }
    let part = part(fields);
    let total = fields.text("total", 1..=SELECTOR_MAX);
    let ratio = CounterRatio {
        part: part?,
        total: total?,
    };
    is_ours?;
    let indicator = Indicator::Prometheus(Query::Counters(ratio));
    if current == Some(&indicator) {
        return Some(indicator);
    }
    let Indicator::Prometheus(Query::Counters(ratio)) = &indicator else {
        return None;
    };
    is_checked(fields, context, ratio).then_some(indicator)
}

/// Whether the source is the one there is.
fn source(fields: &mut Fields) -> Option<()> {
    match fields.text("source", 1..=64)?.as_str() {
        "prometheus" => Some(()),
        _ => note(fields, "source", "must be prometheus"),
    }
}

fn refuses_queries(fields: &mut Fields) -> bool {
    let given: Vec<_> = QUERIES
        .into_iter()
        .filter(|name| fields.is_given(name))
        .collect();
    fields.ignore(&QUERIES);
    for name in &given {
        let selector = name.trim_end_matches("_query");
        let detail = format!(
            "PromQL is not built in this version; name the counter itself by `{selector}`, which \
             is then read exactly"
        );
        fields.fault(name, detail);
    }
    !given.is_empty()
}

/// Exactly one of the good and the bad events.
fn part(fields: &mut Fields) -> Option<CounterPart> {
    let good = Given::read(fields, "good", |field| field.text(1..=SELECTOR_MAX));
    let bad = Given::read(fields, "bad", |field| field.text(1..=SELECTOR_MAX));
    match (good, bad) {
        (Given::There(good), Given::Not) => Some(CounterPart::Good(good)),
        (Given::Not, Given::There(bad)) => Some(CounterPart::Bad(bad)),
        (Given::Not, Given::Not) => note(fields, "good", "is required, or bad in its place"),
        (Given::There(_), Given::There(_)) => note(
            fields,
            "bad",
            "good and bad exclude each other: the rest of total is the other",
        ),
        (Given::Wrong, _) | (_, Given::Wrong) => None,
    }
}

/// Whether there is a source that can be asked for these counters.
fn is_checked(fields: &mut Fields, context: &Context, ratio: &CounterRatio) -> bool {
    let Some(source) = &context.source else {
        fields.fault(
            "source",
            "no Prometheus is configured: PROMETHEUS_URL is unset",
        );
        return false;
    };
    let (name, part) = match &ratio.part {
        CounterPart::Good(selector) => ("good", selector),
        CounterPart::Bad(selector) => ("bad", selector),
    };
    let mut is_right = true;
    for (name, selector) in [(name, part), ("total", &ratio.total)] {
        if let Err(reason) = (source.check_selector)(selector) {
            fields.fault(name, reason);
            is_right = false;
        }
    }
    is_right
}
