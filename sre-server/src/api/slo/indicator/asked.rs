//! Indicators that ask the configured Prometheus: counters, expressions, histograms, thresholds.

use sre_core::indicator::Indicator;
use sre_core::latency::{Latency, LatencyUnit};
use sre_core::source::{
    CounterPart, CounterRatio, LatencyQuery, Place, Query, QueryRatio, ThresholdQuery,
};
use sre_core::threshold::{Operator, Threshold};

use crate::api::slo::definition::note;
use crate::api::slo::given::Given;
use crate::context::Context;
use crate::http::Fields;
use crate::http::field::Field;

/// The forms of a ratio that run PromQL, and those that name counters.
const QUERIES: [&str; 3] = ["good_query", "bad_query", "total_query"];
const COUNTERS: [&str; 3] = ["good", "bad", "total"];
/// The longest selector or expression, in characters.
const TEXT_MAX: usize = 4096;

/// Reads what is asked, by its own reader, and checks it as far as its text shows; `current` was
/// checked when it came.
pub(super) fn read(
    fields: &mut Fields,
    context: &Context,
    current: Option<&Indicator>,
    query: impl FnOnce(&mut Fields) -> Option<Query>,
) -> Option<Indicator> {
    let is_ours = source(fields);
    let query = query(fields);
    is_ours?;
    let indicator = Indicator::Prometheus(query?);
    let is_known = current == Some(&indicator);
    let Indicator::Prometheus(query) = &indicator else {
        return None;
    };
    (is_known || is_checked(fields, context, query)).then_some(indicator)
}

/// Whether the source is the one there is.
fn source(fields: &mut Fields) -> Option<()> {
    match fields.text("source", 1..=64)?.as_str() {
        "prometheus" => Some(()),
        _ => note(fields, "source", "must be prometheus"),
    }
}

/// Two counters, or two expressions.
pub(super) fn ratio(fields: &mut Fields) -> Option<Query> {
    let has = |names: [&str; 3], fields: &mut Fields| {
        names
            .into_iter()
            .any(|name| fields.is_given(name))
    };
    if !has(QUERIES, fields) {
        fields.ignore(&QUERIES);
        let (part, total) = parts(fields, COUNTERS);
        return Some(Query::Counters(CounterRatio {
            part: part?,
            total: total?,
        }));
    }
    let is_mixed = has(COUNTERS, fields);
    fields.ignore(&COUNTERS);
    let (part, total) = parts(fields, QUERIES);
    if is_mixed {
        let detail = "counters and expressions exclude each other: name good or bad, and total, \
                      all by selectors or all by queries";
        return note(fields, "total_query", detail);
    }
    Some(Query::Ratio(QueryRatio {
        part: part?,
        total: total?,
    }))
}

/// Exactly one of good and bad, and total, under these names.
fn parts(
    fields: &mut Fields,
    [good_name, bad_name, total_name]: [&str; 3],
) -> (Option<CounterPart>, Option<String>) {
    let good = Given::read(fields, good_name, text);
    let bad = Given::read(fields, bad_name, text);
    let part = match (good, bad) {
        (Given::There(good), Given::Not) => Some(CounterPart::Good(good)),
        (Given::Not, Given::There(bad)) => Some(CounterPart::Bad(bad)),
        (Given::Not, Given::Not) => {
            let detail = format!("is required, or {bad_name} in its place");
            note(fields, good_name, detail)
        }
        (Given::There(_), Given::There(_)) => {
            let detail = format!(
                "{good_name} and {bad_name} exclude each other: the rest of total is the other"
            );
            note(fields, bad_name, detail)
        }
        (Given::Wrong, _) | (_, Given::Wrong) => None,
    };
    (part, text(fields.required(total_name)))
}

/// A selector or an expression, which may have several lines.
fn text(field: Field<'_>) -> Option<String> {
    field.prose(1..=TEXT_MAX)
}

/// The requests of a histogram that took no longer than a threshold.
pub(super) fn latency(fields: &mut Fields) -> Option<Query> {
    let histogram = fields.text("histogram", 1..=TEXT_MAX);
    let selector = fields
        .optional("selector")
        .prose(0..=TEXT_MAX)
        .unwrap_or_default();
    let threshold = fields
        .required("threshold")
        .decimal::<Latency>();
    let unit = Given::read(fields, "unit", Field::parse::<LatencyUnit>).or(LatencyUnit::Seconds);
    Some(Query::Latency(LatencyQuery {
        histogram: histogram?,
        selector,
        threshold: threshold?,
        unit: unit?,
    }))
}

/// An expression whose values hold a line.
pub(super) fn threshold(fields: &mut Fields) -> Option<Query> {
    let query = text(fields.required("query"));
    let operator = fields.parse::<Operator>("operator");
    let value = fields.required("value").number();
    let line = Threshold::new(operator?, value?)
        .map_err(|error| fields.fault("value", error))
        .ok();
    Some(Query::Threshold(ThresholdQuery {
        query: query?,
        line: line?,
    }))
}

/// Whether there is a source that can be asked this.
fn is_checked(fields: &mut Fields, context: &Context, query: &Query) -> bool {
    let Some(source) = &context.source else {
        let detail = "no Prometheus is configured: PROMETHEUS_URL is unset";
        fields.fault("source", detail);
        return false;
    };
    let mut is_right = true;
    for finding in source.check(query) {
        if finding.is_fault {
            fields.fault(field_of(query, finding.place), finding.detail);
            is_right = false;
        }
    }
    is_right
}

/// The field that holds a part of a query.
pub(in crate::api::slo) const fn field_of(query: &Query, place: Place) -> &'static str {
    match (query, place) {
        (Query::Counters(CounterRatio { part, .. }), Place::Part) => match part {
            CounterPart::Good(_) => "good",
            CounterPart::Bad(_) => "bad",
        },
        (Query::Ratio(QueryRatio { part, .. }), Place::Part) => match part {
            CounterPart::Good(_) => "good_query",
            CounterPart::Bad(_) => "bad_query",
        },
        (Query::Counters(_), _) => "total",
        (Query::Ratio(_), _) => "total_query",
        (Query::Latency(_), Place::Selector) => "selector",
        (Query::Latency(_), Place::Threshold) => "threshold",
        (Query::Latency(_), _) => "histogram",
        _ => "query",
    }
}

/// The texts of a query as they were written, where no source is there to say what it asks.
pub(in crate::api::slo) fn texts(query: &Query) -> Vec<String> {
    match query {
        Query::Counters(CounterRatio { part, total })
        | Query::Ratio(QueryRatio { part, total }) => {
            vec![part.text().to_owned(), total.clone()]
        }
        Query::Latency(latency) => {
            let LatencyQuery {
                histogram,
                selector,
                ..
            } = latency;
            vec![format!("{histogram}{{{selector}}}")]
        }
        Query::Threshold(threshold) => vec![threshold.query.clone()],
        _ => Vec::new(),
    }
}
