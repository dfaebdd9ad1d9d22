//! Where an SLO's events come from, where its author says it.

use sre_core::indicator::Indicator;
use sre_core::name::MetricName;

use super::composite;
use super::definition::note;
use crate::context::Context;
use crate::http::Fields;

mod asked;

pub(super) use self::asked::{field_of, texts};

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
        Some("ratio") => asked::read(fields, context, current, asked::ratio),
        Some("latency") => asked::read(fields, context, current, asked::latency),
        Some("threshold") => asked::read(fields, context, current, asked::threshold),
        Some("composite") => composite::read(fields),
        Some(_) => {
            fields.ignore(&OF_ANY_TYPE);
            let detail = "must be one of ratio, latency, threshold, metric and composite";
            note(fields, "type", detail)
        }
        None => {
            fields.ignore(&OF_ANY_TYPE);
            None
        }
    }
}
