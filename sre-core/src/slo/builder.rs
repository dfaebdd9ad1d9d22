//! Writing a definition: what matters said in a line, the rest as documented, every rule checked.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::{Alerting, Definition, MIN_BAD_DEFAULT, ManagedBy, Slo, default_slo_id, rules};
use crate::evidence::SignificanceLevel;
use crate::indicator::{Indicator, MetricKind};
use crate::method::{BudgetingMethod, SliceTarget};
use crate::name::{MetricName, NameError, ServiceName, SloId};
use crate::policy::PolicyChoice;
use crate::slice::SliceWidth;
use crate::source::{OnAbsent, Query};
use crate::target::{ParseTargetError, Target};
use crate::threshold::Threshold;
use crate::time::Span;
use crate::window::Window;

/// An SLO that is being written.
///
/// Service, metric and target must be said. What is left out has the default that the API has: a
/// rolling window of 30 days, slices of a minute, three bad events before a rule may fire, the default
/// burn policy, and the budgeting method of the metric's kind (timeslices for values that have a
/// threshold, occurrences for the rest).
///
/// ```
/// use sre_core::slo::Slo;
/// use sre_core::threshold::{Operator, Threshold};
/// use sre_core::time::Span;
///
/// let slo = Slo::builder("checkout", "availability")
///     .target_percentage("99.9")?
///     .rolling(Span::days(30))
///     .label("team", "shop")
///     .build()?;
/// assert_eq!(slo.definition.target.to_string(), "99.9");
///
/// // What is wrong is told by the names of the fields, all of it at once.
/// let refused = Slo::builder("check out", "latency_p95")
///     .target_percentage("99")?
///     .rolling(Span::minutes(1))
///     .build();
/// let fields: Vec<_> = match &refused {
///     Err(invalid) => invalid.faults().iter().map(|fault| fault.field.as_str()).collect(),
///     Ok(_) => Vec::new(),
/// };
/// assert_eq!(fields, ["service_name", "threshold_value", "time_window"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an SLO is made by `build`"]
pub struct SloBuilder {
    service: Result<ServiceName, NameError>,
    metric: Result<MetricName, NameError>,
    name: Option<String>,
    description: String,
    indicator: Option<Indicator>,
    target: Option<Target>,
    window: Window,
    threshold: Option<Threshold>,
    method: Option<BudgetingMethod>,
    slice: SliceWidth,
    expected_interval: Option<Span>,
    on_absent: OnAbsent,
    min_events: u64,
    min_bad: u64,
    significance_level: Option<SignificanceLevel>,
    min_coverage_permille: Option<u16>,
    enabled: bool,
    labels: BTreeMap<String, String>,
    links: BTreeMap<String, String>,
    burn_policy: PolicyChoice,
    alerting: Alerting,
    id: Option<SloId>,
    managed_by: ManagedBy,
    created_at: DateTime<Utc>,
}

/// Why a definition is refused: everything that is wrong with it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the definition is refused: {}", Told(.faults))]
pub struct InvalidSlo {
    faults: Vec<FieldFault>,
}

/// What is wrong with one field of a definition.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FieldFault {
    /// The field by its name in the API, with the steps into it: `time_window`,
    /// `burn_policy/rules/0`.
    pub field: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl InvalidSlo {
    /// What is wrong, field by field; never empty.
    #[must_use]
    pub fn faults(&self) -> &[FieldFault] {
        &self.faults
    }
}

impl FieldFault {
    pub(super) fn new(field: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self {
            field: field.into(),
            detail: detail.to_string(),
        }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.detail)
    }
}

/// Faults in one line.
struct Told<'a>(&'a [FieldFault]);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { "; " };
            write!(f, "{comma}{fault}")?;
        }
        Ok(())
    }
}

impl SloBuilder {
    pub(super) fn new(service: &str, metric: &str) -> Self {
        Self {
            service: service.parse(),
            metric: metric.parse(),
            name: None,
            description: String::new(),
            indicator: None,
            target: None,
            window: Window::Rolling(Span::days(30)),
            threshold: None,
            method: None,
            slice: SliceWidth::MINUTE,
            expected_interval: None,
            on_absent: OnAbsent::Exclude,
            min_events: 0,
            min_bad: MIN_BAD_DEFAULT,
            significance_level: None,
            min_coverage_permille: None,
            enabled: true,
            labels: BTreeMap::new(),
            links: BTreeMap::new(),
            burn_policy: PolicyChoice::Default,
            alerting: Alerting::NONE,
            id: None,
            managed_by: ManagedBy::Api,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// What people call it, 1 to 200 characters; the metric's name by default.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the promise means to people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// How much must be good, as the percentage that people write: `99.9`, kept exactly.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`]: not above 0 and below 100, or more than six decimals.
    pub fn target_percentage(self, percentage: &str) -> Result<Self, ParseTargetError> {
        Ok(self.target(percentage.parse()?))
    }

    /// How much must be good.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Over how long, from every instant back: a whole number of slices, at least two, at most 400
    /// days.
    pub fn rolling(self, window: Span) -> Self {
        self.window(Window::Rolling(window))
    }

    /// Over how long.
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Where events come from, in place of the metric. `Indicator::Metric` says that samples of the
    /// metric are counts, so that it needs no threshold.
    pub fn indicator(mut self, indicator: Indicator) -> Self {
        self.indicator = Some(indicator);
        self
    }

    /// The line for a single value, in the unit of the metric: milliseconds where its name begins
    /// with `latency`.
    pub fn threshold(mut self, threshold: impl Into<Option<Threshold>>) -> Self {
        self.threshold = threshold.into();
        self
    }

    /// What the budget counts.
    pub fn budgeting_method(mut self, method: BudgetingMethod) -> Self {
        self.method = Some(method);
        self
    }

    /// The length of a slice.
    pub fn slice(mut self, width: SliceWidth) -> Self {
        self.slice = width;
        self
    }

    /// How often a measurement is expected, at most half of the window; learned where it is not said.
    pub fn expected_interval(mut self, interval: impl Into<Option<Span>>) -> Self {
        self.expected_interval = interval.into();
        self
    }

    /// What to make of a slice of which the source says that there are no such series.
    pub fn on_absent(mut self, on_absent: OnAbsent) -> Self {
        self.on_absent = on_absent;
        self
    }

    /// Fewer events in the window make the state `insufficient_data`.
    pub fn min_events(mut self, events: u64) -> Self {
        self.min_events = events;
        self
    }

    /// A rule needs so many bad events or slices in its long window, at least one.
    pub fn min_bad(mut self, bad: u64) -> Self {
        self.min_bad = bad;
        self
    }

    /// A rule needs so many bad events that a service at its line shows them with at most this
    /// probability; off by default.
    pub fn significance_level(mut self, level: impl Into<Option<SignificanceLevel>>) -> Self {
        self.significance_level = level.into();
        self
    }

    /// Coverage below so many thousandths makes the state `insufficient_data`, at most 1000; the
    /// installation's where it is not said.
    pub fn min_coverage_permille(mut self, permille: impl Into<Option<u16>>) -> Self {
        self.min_coverage_permille = permille.into();
        self
    }

    /// Whether it is evaluated; it is by default.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// One more label, for people and for routing.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels
            .insert(name.into(), value.into());
        self
    }

    /// More labels.
    pub fn labels(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        self.labels.extend(labels);
        self
    }

    /// One more address to read on, such as `runbook`.
    pub fn link(mut self, name: impl Into<String>, address: impl Into<String>) -> Self {
        self.links
            .insert(name.into(), address.into());
        self
    }

    /// More addresses.
    pub fn links(mut self, links: impl IntoIterator<Item = (String, String)>) -> Self {
        self.links.extend(links);
        self
    }

    /// Which rules page.
    pub fn burn_policy(mut self, policy: PolicyChoice) -> Self {
        self.burn_policy = policy;
        self
    }

    /// How long what the rules say has to last before it counts; at once by default.
    pub fn alerting(mut self, alerting: Alerting) -> Self {
        self.alerting = alerting;
        self
    }

    /// Its id; derived from service and name by default, so that the same SLO has the same id in
    /// every process.
    pub fn id(mut self, id: SloId) -> Self {
        self.id = Some(id);
        self
    }

    /// Who may change it.
    pub fn managed_by(mut self, managed_by: ManagedBy) -> Self {
        self.managed_by = managed_by;
        self
    }

    /// When it was created; the epoch by default, since the core knows no time of its own.
    pub fn created_at(mut self, at: DateTime<Utc>) -> Self {
        self.created_at = at;
        self
    }

    /// What is written so far, as a definition.
    ///
    /// # Errors
    ///
    /// [`InvalidSlo`] with everything that is wrong.
    pub fn definition(self) -> Result<Definition, InvalidSlo> {
        let mut faults = Vec::new();
        let service = noted(self.service, "service_name", &mut faults);
        let metric = noted(self.metric, "metric_name", &mut faults);
        let target = self.target.ok_or("is required");
        let target = noted(target, "target_percentage", &mut faults);
        let is_value = |metric: &MetricName| MetricKind::of(metric) == MetricKind::Value;
        let has_values = self.indicator.is_none() && metric.as_ref().is_some_and(is_value);
        if has_values && self.threshold.is_none() {
            let detail = "is required: a sample of this metric is one number, good or bad by a line; \
                          where samples are counts, say so by the indicator";
            faults.push(FieldFault::new("threshold_value", detail));
        }
        let (Some(service_name), Some(metric_name), Some(target)) = (service, metric, target)
        else {
            // What else is wrong shows on stand-ins for what is missing.
            faults.extend(rules::of_watching(
                self.window,
                self.slice,
                self.expected_interval,
            ));
            return Err(InvalidSlo { faults });
        };
        let indicator = self
            .indicator
            .unwrap_or_else(|| Indicator::Metric(metric_name.clone()));
        let method = self
            .method
            .unwrap_or_else(|| default_method(&indicator, self.threshold));
        let definition = Definition {
            name: self
                .name
                .unwrap_or_else(|| metric_name.as_str().to_owned()),
            description: self.description,
            service_name,
            metric_name,
            indicator,
            target,
            window: self.window,
            threshold: self.threshold,
            method,
            slice: self.slice,
            expected_interval: self.expected_interval,
            on_absent: self.on_absent,
            min_events: self.min_events,
            min_bad: self.min_bad,
            significance_level: self.significance_level,
            min_coverage_permille: self.min_coverage_permille,
            enabled: self.enabled,
            labels: self.labels,
            links: self.links,
            burn_policy: self.burn_policy,
            alerting: self.alerting,
        };
        faults.extend(rules::faults(&definition));
        if faults.is_empty() {
            Ok(definition)
        } else {
            Err(InvalidSlo { faults })
        }
    }

    /// The SLO, in its first version.
    ///
    /// # Errors
    ///
    /// [`InvalidSlo`] with everything that is wrong.
    pub fn build(self) -> Result<Slo, InvalidSlo> {
        let (id, managed_by, created_at) = (self.id, self.managed_by, self.created_at);
        let definition = self.definition()?;
        let derived = || default_slo_id(&definition.service_name, &definition.name);
        Ok(Slo {
            id: id.unwrap_or_else(derived),
            definition,
            managed_by,
            version: 1,
            created_at,
            updated_at: created_at,
            deleted_at: None,
        })
    }
}

/// The value, unless it is wrong, which is noted.
fn noted<T>(
    value: Result<T, impl fmt::Display>,
    field: &str,
    faults: &mut Vec<FieldFault>,
) -> Option<T> {
    value
        .map_err(|error| faults.push(FieldFault::new(field, error)))
        .ok()
}

/// What the budget counts where that is not said: the kind of the metric says it.
fn default_method(indicator: &Indicator, threshold: Option<Threshold>) -> BudgetingMethod {
    match indicator {
        Indicator::Metric(metric)
            if MetricKind::of(metric) == MetricKind::Value && threshold.is_some() =>
        {
            BudgetingMethod::Timeslices(SliceTarget::ALL)
        }
        Indicator::Prometheus(Query::Threshold(_)) => BudgetingMethod::Timeslices(SliceTarget::ALL),
        // A composite has no events of its own.
        Indicator::Composite(composite) if composite.how().is_whole() => {
            BudgetingMethod::Timeslices(SliceTarget::ALL)
        }
        Indicator::Composite(_) => BudgetingMethod::RatioTimeslices,
        _ => BudgetingMethod::Occurrences,
    }
}

#[cfg(test)]
mod tests;
