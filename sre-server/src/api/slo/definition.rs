//! From a body to a definition: every rule of the contract, every fault at once.

use sre_core::count::Count;
use sre_core::evidence::SignificanceLevel;
use sre_core::indicator::Indicator;
use sre_core::name::{MetricName, ServiceName};
use sre_core::slice::SliceWidth;
use sre_core::slo::{Definition, InvalidSlo, MIN_BAD_DEFAULT, NAME_MAX, Slo, TEXT_MAX};
use sre_core::source::{OnAbsent, Query};
use sre_core::target::Target;

use super::alerting;
use super::burn_policy;
use super::entries::{labels, links};
use super::given::Given;
use super::measured::Measured;
use super::permille::Permille;
use super::window::{expected_interval, window};
use crate::context::Context;
use crate::http::fault::Fault;
use crate::http::field::Field;
use crate::http::{ApiError, Fields};

/// Fields that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 8] = [
    "id",
    "resolved_source",
    "managed_by",
    "version",
    "created_at",
    "updated_at",
    "status",
    "warnings",
];

/// Reads a whole definition. `current` is the one that it replaces, if any.
///
/// # Errors
///
/// [`ApiError::Invalid`] with every fault.
pub(super) fn read(
    mut fields: Fields,
    context: &Context,
    current: Option<&Definition>,
) -> Result<Definition, ApiError> {
    fields.ignore(&READ_ONLY);
    let name = fields.text("name", 1..=NAME_MAX);
    let description = fields
        .optional("description")
        .prose(0..=TEXT_MAX)
        .unwrap_or_default();
    let service_name = fields.parse::<ServiceName>("service_name");
    let target = Given::read(&mut fields, "target_percentage", Field::decimal::<Target>)
        .or(context.defaults.target);
    let slice =
        Given::read(&mut fields, "slice", Field::parse::<SliceWidth>).or(SliceWidth::MINUTE);
    let window = window(&mut fields, slice, context.defaults.window);
    let expected_interval = expected_interval(&mut fields, window);
    let measured = Measured::read(&mut fields, context, current);
    let most = Count::SAMPLE_MAX.whole_events();
    let min_events = fields
        .optional("min_events")
        .integer(0..=most)
        .unwrap_or(0);
    let min_bad = fields
        .optional("min_bad")
        .integer(1..=most)
        .unwrap_or(MIN_BAD_DEFAULT);
    let significance_level = fields
        .optional("significance_level")
        .decimal::<SignificanceLevel>();
    let min_coverage = fields
        .optional("min_coverage")
        .decimal::<Permille>();
    let on_absent = on_absent(&mut fields);
    let enabled = fields
        .optional("enabled")
        .boolean()
        .unwrap_or(true);
    let (labels, mut deeper) = labels(&mut fields);
    let links = links(&mut fields, &mut deeper);
    let burn_policy = fields
        .optional("burn_policy")
        .object(burn_policy::read)
        .unwrap_or_default();
    let alerting = fields
        .optional("alerting")
        .object(alerting::read)
        .unwrap_or_default();
    if let (Some(target), Some(window), Some(width)) = (target, window, slice) {
        let ground = burn_policy::ground(target, window.span(), width, expected_interval);
        deeper.extend(burn_policy::stranded(&burn_policy, &ground));
    }
    let written = fields.finish(|| {
        let Measured {
            metric_name,
            indicator,
            threshold,
            method,
        } = measured?;
        let service_name = service_name?;
        let written = Slo::builder(service_name.as_str(), metric_name.as_str())
            .name(name?)
            .description(description)
            .indicator(indicator)
            .target(target?)
            .window(window?)
            .threshold(threshold)
            .budgeting_method(method)
            .slice(slice?)
            .expected_interval(expected_interval)
            .on_absent(on_absent)
            .min_events(min_events)
            .min_bad(min_bad)
            .significance_level(significance_level)
            .min_coverage_permille(min_coverage.map(|Permille(permille)| permille))
            .enabled(enabled)
            .labels(labels)
            .links(links)
            .burn_policy(burn_policy)
            .alerting(alerting);
        Some(written)
    });
    let written = with_faults(written, deeper)?;
    written
        .definition()
        .map_err(|invalid| refusal(&invalid))
}

/// What the library refuses, by pointers into the body.
fn refusal(invalid: &InvalidSlo) -> ApiError {
    let faults = invalid
        .faults()
        .iter()
        .map(|fault| Fault::at(format!("/{}", fault.field), &fault.detail));
    ApiError::Invalid(faults.collect())
}

/// What was read, unless something was wrong deeper inside.
pub(super) fn with_faults<T>(read: Result<T, ApiError>, deeper: Vec<Fault>) -> Result<T, ApiError> {
    match read {
        Err(ApiError::Invalid(mut faults)) => {
            faults.extend(deeper);
            Err(ApiError::Invalid(faults))
        }
        Ok(_) if !deeper.is_empty() => Err(ApiError::Invalid(deeper)),
        read => read,
    }
}

fn on_absent(fields: &mut Fields) -> OnAbsent {
    let text = fields
        .optional("on_absent")
        .text(0..=TEXT_MAX);
    match text.as_deref() {
        None | Some("exclude") => OnAbsent::Exclude,
        Some("bad") => OnAbsent::Bad,
        Some("good") => OnAbsent::Good,
        Some(_) => {
            fields.fault("on_absent", "must be one of exclude, bad and good");
            OnAbsent::Exclude
        }
    }
}

/// Notes a fault, and answers that there is no value.
pub(super) fn note<T>(
    fields: &mut Fields,
    name: &str,
    detail: impl std::fmt::Display,
) -> Option<T> {
    fields.fault(name, detail);
    None
}

/// A name for display, where an indicator is given without one: that of the counter or histogram.
pub(super) fn display_name(indicator: &Indicator) -> Option<MetricName> {
    let (text, otherwise) = match indicator {
        Indicator::Metric(metric) => return Some(metric.clone()),
        Indicator::Composite(_) => ("composite", "composite"),
        Indicator::Prometheus(Query::Counters(ratio)) => (ratio.total.trim_start(), "ratio"),
        Indicator::Prometheus(Query::Latency(latency)) => (latency.histogram.as_str(), "latency"),
        Indicator::Prometheus(Query::Threshold(_)) => ("", "threshold"),
        _ => ("", "ratio"),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = text
        .find(|c| !is_name(c))
        .unwrap_or(text.len());
    let name = text
        .get(..end)
        .unwrap_or_default()
        .trim_start_matches(['_', ':']);
    name.parse()
        .or_else(|_| otherwise.parse())
        .ok()
}
