//! What a team promises of a service: the SLO, as data.
//!
//! A definition says which events count ([`Indicator`]), what makes a stretch of them good
//! ([`Threshold`], [`BudgetingMethod`]), how much must be good ([`Target`]) and over how long
//! ([`Window`]). Everything else is how it is watched.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::{MetricName, ServiceName, SloId, derived_id};
use crate::policy::{BurnPolicy, BurnThresholds, Ground, PolicyChoice};
use crate::slice::SliceWidth;
use crate::source::{CounterPart, CounterRatio, OnAbsent};
use crate::target::Target;
use crate::time::Span;

/// How long an SLO looks back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Window {
    /// The last so long, at every instant.
    Rolling(Span),
}

impl Window {
    /// The longest window, 400 days: what hour sums are kept for.
    pub const MAX: Span = Span::days(400);

    /// The length; nominal for a calendar window.
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::Rolling(span) => span,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.span(), f)
    }
}

/// How a value is compared with its threshold.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// `>`
    Gt,
    /// `>=`
    Gte,
    /// `<`
    Lt,
    /// `<=`
    Lte,
    /// `==`
    Eq,
}

/// Why a text is not an operator.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an operator is one of gt gte lt lte eq, or > >= < <= ==")]
pub struct ParseOperatorError;

impl Operator {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Eq => "eq",
        }
    }
}

impl FromStr for Operator {
    type Err = ParseOperatorError;

    fn from_str(text: &str) -> Result<Self, ParseOperatorError> {
        match text {
            "gt" | ">" => Ok(Self::Gt),
            "gte" | ">=" => Ok(Self::Gte),
            "lt" | "<" => Ok(Self::Lt),
            "lte" | "<=" => Ok(Self::Lte),
            "eq" | "==" => Ok(Self::Eq),
            _ => Err(ParseOperatorError),
        }
    }
}

/// The line that a single value must hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredThreshold")]
pub struct Threshold {
    operator: Operator,
    value: f64,
}

/// [`Threshold`] as it is read back, before its value is known to be finite.
#[derive(Deserialize)]
struct StoredThreshold {
    operator: Operator,
    value: f64,
}

/// Why a number is not a threshold.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a threshold must be a finite number")]
pub struct ThresholdError;

impl Threshold {
    /// The line `value <operator> threshold`.
    ///
    /// # Errors
    ///
    /// [`ThresholdError`] for NaN and infinities.
    pub fn new(operator: Operator, value: f64) -> Result<Self, ThresholdError> {
        if value.is_finite() {
            Ok(Self { operator, value })
        } else {
            Err(ThresholdError)
        }
    }

    /// How the value is compared.
    #[must_use]
    pub const fn operator(self) -> Operator {
        self.operator
    }

    /// With what the value is compared.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.value
    }

    /// Whether `sample` holds the line.
    #[expect(
        clippy::float_cmp,
        reason = "the user asked for exact equality by `eq`"
    )]
    #[must_use]
    pub fn is_held_by(self, sample: f64) -> bool {
        match self.operator {
            Operator::Gt => sample > self.value,
            Operator::Gte => sample >= self.value,
            Operator::Lt => sample < self.value,
            Operator::Lte => sample <= self.value,
            Operator::Eq => sample == self.value,
        }
    }
}

impl TryFrom<StoredThreshold> for Threshold {
    type Error = ThresholdError;

    fn try_from(stored: StoredThreshold) -> Result<Self, ThresholdError> {
        Self::new(stored.operator, stored.value)
    }
}

/// What the error budget counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BudgetingMethod {
    /// Events.
    Occurrences,
    /// Slices; one is good when at least this share of its events or votes is.
    Timeslices(SliceTarget),
}

impl BudgetingMethod {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occurrences => "occurrences",
            Self::Timeslices(_) => "timeslices",
        }
    }

    /// What is counted, as the API names it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Occurrences => "events",
            Self::Timeslices(_) => "slices",
        }
    }
}

/// The share of a slice's events or votes that makes the slice good, in parts per billion; unlike a
/// [`Target`] it may be everything: then the worst vote decides.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SliceTarget(Option<Target>);

impl SliceTarget {
    /// Every vote must be good.
    pub const ALL: Self = Self(None);

    /// Whether a slice of these counts is good.
    #[must_use]
    pub fn is_met_by(self, counts: crate::count::Counts) -> bool {
        match self.0 {
            None => counts.bad().is_zero(),
            Some(target) => target.is_met_by(counts),
        }
    }
}

impl FromStr for SliceTarget {
    type Err = crate::target::ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(target) => Ok(Self(Some(target))),
            Err(crate::target::ParseTargetError::Everything) => Ok(Self::ALL),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for SliceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("100"),
            Some(target) => fmt::Display::fmt(&target, f),
        }
    }
}

impl From<SliceTarget> for String {
    fn from(target: SliceTarget) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for SliceTarget {
    type Error = crate::target::ParseTargetError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Where an SLO's events come from.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Indicator {
    /// Samples of this metric of the SLO's service that are pushed, probed or recorded in process.
    Metric(MetricName),
    /// Two counters of a Prometheus-compatible source.
    Prometheus(CounterRatio),
}

/// What a bare number of a metric means; its name says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetricKind {
    /// The percentage of one event that was good.
    Ratio,
    /// The percentage of one event that was bad.
    InvertedRatio,
    /// A value that holds its threshold or does not.
    Value,
}

impl MetricKind {
    /// `availability`, `success_rate` and `probe_success` are ratios, `error_rate` an inverted one,
    /// everything else is a value.
    #[must_use]
    pub fn of(metric: &MetricName) -> Self {
        match metric.as_str() {
            "availability" | "success_rate" | "probe_success" => Self::Ratio,
            "error_rate" => Self::InvertedRatio,
            _ => Self::Value,
        }
    }
}

/// Who may change an SLO.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagedBy {
    /// People, by the API.
    #[default]
    Api,
    /// A configuration file; the API refuses to change it.
    Config,
    /// The service brought it along; people may change it.
    Default,
}

/// Everything that people say of an SLO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// 1 to 200 characters, unique among the live SLOs of the service.
    pub name: String,
    /// What the promise means to people.
    pub description: String,
    /// Whose promise it is.
    pub service_name: ServiceName,
    /// The metric of the short form, or a name for display beside an indicator.
    pub metric_name: MetricName,
    /// Where events come from.
    pub indicator: Indicator,
    /// How much must be good.
    pub target: Target,
    /// Over how long.
    pub window: Window,
    /// The line for a single value or sample.
    pub threshold: Option<Threshold>,
    /// What the budget counts.
    pub method: BudgetingMethod,
    /// The length of a slice.
    pub slice: SliceWidth,
    /// How often a measurement is expected, where declared; learned otherwise.
    pub expected_interval: Option<Span>,
    /// What to make of a slice without series.
    pub on_absent: OnAbsent,
    /// Fewer events in the window make the state `insufficient_data`.
    pub min_events: u64,
    /// A rule needs at least so many bad events or slices in its long window.
    pub min_bad: u64,
    /// Coverage below this share of a thousand makes the state `insufficient_data`; the
    /// installation's default where absent.
    pub min_coverage_permille: Option<u16>,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// For people and for routing.
    pub labels: BTreeMap<String, String>,
    /// Where to read on, such as `runbook`.
    pub links: BTreeMap<String, String>,
    /// Which rules page.
    pub burn_policy: PolicyChoice,
}

/// The default of [`Definition::min_bad`]: one failure in ten requests of an hour is no page.
pub const MIN_BAD_DEFAULT: u64 = 3;

/// A hash of all that shapes a slice. SLOs of one generation read the same stored slices; a new
/// generation starts an empty ledger.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
pub struct Generation(pub i64);

impl Definition {
    /// The generation: source, metric, slice and method; for value metrics the threshold too.
    /// Target, window and policy are not in it: they re-read the same slices.
    #[must_use]
    pub fn generation(&self) -> Generation {
        let mut parts: Vec<Vec<u8>> = vec![
            self.slice.to_string().into(),
            self.method.as_str().into(),
            match self.on_absent {
                OnAbsent::Exclude => b"exclude".to_vec(),
                OnAbsent::Bad => b"bad".to_vec(),
                OnAbsent::Good => b"good".to_vec(),
            },
        ];
        if let BudgetingMethod::Timeslices(target) = self.method {
            parts.push(target.to_string().into());
        }
        match &self.indicator {
            Indicator::Metric(metric) => {
                parts.push(b"metric".to_vec());
                parts.push(self.service_name.as_str().into());
                parts.push(metric.as_str().into());
                if let (MetricKind::Value, Some(threshold)) =
                    (MetricKind::of(metric), self.threshold)
                {
                    parts.push(threshold.operator.as_str().into());
                    parts.push(
                        threshold
                            .value
                            .to_bits()
                            .to_be_bytes()
                            .into(),
                    );
                }
            }
            Indicator::Prometheus(ratio) => {
                let (kind, part) = match &ratio.part {
                    CounterPart::Good(selector) => ("prometheus good", selector),
                    CounterPart::Bad(selector) => ("prometheus bad", selector),
                };
                parts.push(kind.into());
                parts.push(part.as_bytes().into());
                parts.push(ratio.total.as_bytes().into());
            }
        }
        let parts: Vec<&[u8]> = parts
            .iter()
            .map(Vec::as_slice)
            .collect();
        let (high, _) = derived_id("generation", &parts).as_u64_pair();
        // Stores hold it as a signed integer.
        Generation((high >> 1).cast_signed())
    }

    /// The rules that stand for this SLO, given how often it is measured.
    #[must_use]
    pub fn policy(&self, thresholds: &BurnThresholds, expected: Option<Span>) -> BurnPolicy {
        self.burn_policy
            .resolve(thresholds, &self.ground(expected))
    }

    /// What the burn rules of this SLO have to stand on.
    #[must_use]
    pub fn ground(&self, expected: Option<Span>) -> Ground {
        Ground {
            target: self.target,
            window: self.window.span(),
            width: self.slice,
            expected_interval: self.expected_interval.or(expected),
        }
    }
}

/// An SLO as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// Identifies it for ever.
    pub id: SloId,
    /// What people say of it.
    pub definition: Definition,
    /// Who may change it.
    pub managed_by: ManagedBy,
    /// Rises by one with every change.
    pub version: u64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted; its history stays readable.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Slo {
    /// Whether it is evaluated.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.definition.enabled && self.deleted_at.is_none()
    }
}

/// The id of an SLO that the service brings along: the same in every new store.
#[must_use]
pub fn default_slo_id(service: &ServiceName, name: &str) -> SloId {
    SloId(derived_id(
        "default slo",
        &[service.as_str().as_bytes(), name.as_bytes()],
    ))
}

#[cfg(test)]
pub(crate) mod tests;
