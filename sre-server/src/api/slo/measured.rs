//! The part of a definition that says what is measured, and what of it is good.
//!
//! There are two forms. The short one names a metric and, where its name does not say that it is a
//! ratio, the line that a value must hold. An `indicator` replaces it; the metric's name is then
//! for display.

use std::str::FromStr;

use sre_core::indicator::{Indicator, MetricKind};
use sre_core::method::{BudgetingMethod, SliceTarget};
use sre_core::name::MetricName;
use sre_core::slo::Definition;
use sre_core::source::Query;
use sre_core::threshold::{Operator, Threshold};
use thiserror::Error;

use super::definition::{display_name, note};
use super::given::Given;
use super::indicator;
use crate::context::Context;
use crate::http::Fields;
use crate::http::field::Field;

/// What is measured, and what of it is good.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) metric_name: MetricName,
    pub(super) indicator: Indicator,
    pub(super) threshold: Option<Threshold>,
    pub(super) method: BudgetingMethod,
}

impl Measured {
    /// Reads it; `None` when something was wrong, which is noted.
    pub(super) fn read(
        fields: &mut Fields,
        context: &Context,
        current: Option<&Definition>,
    ) -> Option<Self> {
        let current = current.map(|definition| &definition.indicator);
        let written = Given::read(fields, "indicator", |field| {
            field.object(|fields| indicator::read(fields, context, current))
        });
        let is_short = written.is_missing();
        let (metric_name, indicator) = match written {
            Given::Not => {
                let name = fields.parse::<MetricName>("metric_name");
                (name.clone(), name.map(Indicator::Metric))
            }
            Given::Wrong => (fields.optional("metric_name").parse(), None),
            Given::There(indicator) => {
                let name = Given::read(fields, "metric_name", Field::parse);
                let name = match display_name(&indicator) {
                    Some(derived) => name.or(derived),
                    None => note(fields, "metric_name", "is required"),
                };
                (name, Some(indicator))
            }
        };
        let is_value = |name: &&MetricName| MetricKind::of(name) == MetricKind::Value;
        let value_metric = metric_name
            .as_ref()
            .filter(|_| is_short)
            .filter(is_value);
        let threshold = threshold(fields, value_metric);
        let method = method(fields, indicator.as_ref(), threshold);
        Some(Self {
            metric_name: metric_name?,
            indicator: indicator?,
            threshold,
            method: method?,
        })
    }
}

/// The line for a single value: both of its parts, or none, which a metric of values refuses.
fn threshold(fields: &mut Fields, value_metric: Option<&MetricName>) -> Option<Threshold> {
    let value = Given::read(fields, "threshold_value", Field::number);
    let operator = Given::read(fields, "operator", Field::parse::<Operator>);
    match (value, operator) {
        (Given::There(value), Given::There(operator)) => Threshold::new(operator, value)
            .map_err(|error| fields.fault("threshold_value", error))
            .ok(),
        (Given::Not, Given::Not) => {
            let metric = value_metric?;
            let why = format!(
                "is required: a sample of {metric} is one number, good or bad by a line; where it \
                 is pushed as counts, say {{\"indicator\": {{\"type\": \"metric\", \"metric\": \
                 \"{metric}\"}}}}"
            );
            fields.fault("threshold_value", &why);
            note(fields, "operator", "is required with threshold_value")
        }
        (Given::There(_), Given::Not) => {
            note(fields, "operator", "is required with threshold_value")
        }
        (Given::Not, Given::There(_)) => {
            note(fields, "threshold_value", "is required with operator")
        }
        (Given::Wrong, _) | (_, Given::Wrong) => None,
    }
}

/// What the budget counts; where that is not said, the kind of the metric says it.
fn method(
    fields: &mut Fields,
    indicator: Option<&Indicator>,
    threshold: Option<Threshold>,
) -> Option<BudgetingMethod> {
    let by_kind = match indicator {
        Some(Indicator::Metric(metric))
            if MetricKind::of(metric) == MetricKind::Value && threshold.is_some() =>
        {
            Method::Timeslices
        }
        Some(Indicator::Prometheus(Query::Threshold(_))) => Method::Timeslices,
        Some(Indicator::Composite(composite)) if composite.how().is_whole() => Method::Timeslices,
        Some(Indicator::Composite(_)) => Method::RatioTimeslices,
        _ => Method::Occurrences,
    };
    let method = Given::read(fields, "budgeting_method", Field::parse::<Method>).or(by_kind);
    let has_target = fields.is_given("timeslice_target_percentage");
    let target = Given::read(
        fields,
        "timeslice_target_percentage",
        Field::decimal::<SliceTarget>,
    );
    match method? {
        Method::Timeslices => target
            .or(SliceTarget::ALL)
            .map(BudgetingMethod::Timeslices),
        Method::Occurrences | Method::RatioTimeslices if has_target => {
            let detail = "is only for the budgeting_method timeslices";
            note(fields, "timeslice_target_percentage", detail)
        }
        Method::Occurrences if matches!(indicator, Some(Indicator::Composite(_))) => {
            let detail =
                "a composite has no events of its own: take timeslices or ratio_timeslices";
            note(fields, "budgeting_method", detail)
        }
        Method::Occurrences => Some(BudgetingMethod::Occurrences),
        Method::RatioTimeslices => Some(BudgetingMethod::RatioTimeslices),
    }
}

/// The name of a budgeting method.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Method {
    Occurrences,
    Timeslices,
    RatioTimeslices,
}

/// Why a text is not a budgeting method.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be one of occurrences, timeslices and ratio_timeslices")]
struct MethodError;

impl FromStr for Method {
    type Err = MethodError;

    fn from_str(text: &str) -> Result<Self, MethodError> {
        match text {
            "occurrences" => Ok(Self::Occurrences),
            "timeslices" => Ok(Self::Timeslices),
            "ratio_timeslices" => Ok(Self::RatioTimeslices),
            _ => Err(MethodError),
        }
    }
}
