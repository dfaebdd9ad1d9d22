//! What a team promises of a service: the SLO, as data.
//!
//! A definition says which events count ([`Indicator`]), what makes a stretch of them good
//! ([`Threshold`], [`BudgetingMethod`]), how much must be good ([`Target`]) and over how long
//! ([`Window`]). Everything else is how it is watched.

mod alerting;
mod builder;
mod rules;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::evidence::SignificanceLevel;
use crate::indicator::{Indicator, MetricKind};
use crate::method::BudgetingMethod;
use crate::name::{MetricName, ServiceName, SloId, derived_id};
use crate::policy::{BurnPolicy, BurnThresholds, Ground, PolicyChoice};
use crate::slice::SliceWidth;
use crate::source::{CounterPart, CounterRatio, OnAbsent, Query, QueryRatio};
use crate::target::Target;
use crate::threshold::Threshold;
use crate::time::{Interval, Span};
use crate::window::Window;

pub use alerting::{Alerting, KEEP_FIRING_MAX, PENDING_MAX};
pub use builder::{FieldFault, InvalidSlo, SloBuilder};

/// Who may change an SLO.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ManagedBy {
    /// People, by the API.
    #[default]
    Api,
    /// A configuration file; the API refuses to change it.
    Config,
    /// The service brought it along; people may change it.
    Default,
}

/// Everything that people say of an SLO; written by [`Slo::builder`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
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
    /// A rule needs so many bad events or slices in its long window that a service at the rule's line
    /// shows them with at most this probability; where absent, `min_bad` is guard enough.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub significance_level: Option<SignificanceLevel>,
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
    /// How long what they say has to last before it counts.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Alerting::is_none")
    )]
    pub alerting: Alerting,
}

/// The default of [`Definition::min_bad`]: one failure in ten requests of an hour is no page.
pub const MIN_BAD_DEFAULT: u64 = 3;
/// The longest [`Definition::name`], in characters: what fits a line.
pub const NAME_MAX: usize = 200;
/// The longest text of a field, in characters: enough for a paragraph, too little for a file.
pub const TEXT_MAX: usize = 4096;
/// How many labels, and how many links, an SLO may have.
pub const ENTRIES_MAX: usize = 32;
/// The longest name of a label, in characters.
pub const LABEL_NAME_MAX: usize = 128;
/// How many rules a policy may have: four make Google's; each costs two sums at every slot.
pub const RULES_MAX: usize = 16;

/// A hash of all that shapes a slice. SLOs of one generation read the same stored slices; a new
/// generation starts an empty ledger.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
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
                    parts.extend(line(threshold));
                }
            }
            Indicator::Prometheus(query) => parts.extend(asked(query)),
            Indicator::Composite(composite) => parts.extend(composite.parts()),
        }
        let parts: Vec<&[u8]> = parts
            .iter()
            .map(Vec::as_slice)
            .collect();
        let (high, _) = derived_id("generation", &parts).as_u64_pair();
        // Stores hold it as a signed integer.
        Generation((high >> 1).cast_signed())
    }

    /// The window in which the slice that ends at `end` lies, in whole slices: a rolling one ends
    /// there, a calendar one lasts on until its edge. See [`Window::interval`].
    #[must_use]
    pub fn window_at(&self, end: DateTime<Utc>) -> Interval {
        let interval = self.window.interval(end);
        match self.window {
            Window::Rolling(_) => interval,
            Window::Calendar(_) => Interval::new(
                self.slice.floor(interval.start()),
                self.slice.floor(interval.end()),
            ),
        }
    }

    /// How much of that window has passed: all of a rolling one.
    #[must_use]
    pub fn window_so_far(&self, end: DateTime<Utc>) -> Span {
        Span::seconds(Interval::new(self.window_at(end).start(), end).seconds())
    }

    /// Everything that is wrong with a definition that was changed after it was built; nothing, where
    /// every rule of [`Slo::builder`] holds.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldFault> {
        rules::faults(self)
    }

    /// The rules that stand for this SLO, given how often it is measured.
    #[must_use]
    pub fn policy(&self, thresholds: &BurnThresholds, expected: Option<Span>) -> BurnPolicy {
        self.burn_policy
            .resolve(thresholds, &self.ground(expected))
    }

    /// What this composite folds again of what it folded up to `last_slice` when a member is changed
    /// from `before` to `after`: all that its window can hold, where that makes other slices of it, and
    /// else nothing. A change of generation does, one of what covers a slice, and one of the target where
    /// the slices of members are bad as a whole; a name, a label or a policy does not.
    #[must_use]
    pub fn refolds_after(
        &self,
        before: &Self,
        after: &Self,
        last_slice: DateTime<Utc>,
    ) -> Option<Interval> {
        let by_target = match &self.indicator {
            Indicator::Composite(composite) => composite.how().is_whole(),
            _ => false,
        };
        let is_other = before.generation() != after.generation()
            || before.min_coverage_permille != after.min_coverage_permille
            || before.expected_interval != after.expected_interval
            || (by_target && before.target != after.target);
        is_other.then(|| self.refolds_up_to(last_slice))
    }

    /// All that the window of a composite can hold of what it folded up to `last_slice`.
    #[must_use]
    pub fn refolds_up_to(&self, last_slice: DateTime<Utc>) -> Interval {
        let start = last_slice - self.window.reach().as_delta();
        Interval::new(start, last_slice)
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

/// What of a threshold shapes a slice.
fn line(threshold: Threshold) -> [Vec<u8>; 2] {
    let value = threshold.value().to_bits();
    [
        threshold.operator().as_str().into(),
        value.to_be_bytes().into(),
    ]
}

/// What of a query shapes a slice: all of it, and its kind.
fn asked(query: &Query) -> Vec<Vec<u8>> {
    let ratio = |kind: [&str; 2], part: &CounterPart, total: &str| {
        let kind = match part {
            CounterPart::Good(_) => kind[0],
            CounterPart::Bad(_) => kind[1],
        };
        vec![kind.into(), part.text().into(), total.into()]
    };
    match query {
        Query::Counters(CounterRatio { part, total }) => {
            ratio(["prometheus good", "prometheus bad"], part, total)
        }
        Query::Ratio(QueryRatio { part, total }) => {
            ratio(["promql good", "promql bad"], part, total)
        }
        Query::Latency(latency) => vec![
            b"prometheus latency".to_vec(),
            latency.histogram.as_bytes().into(),
            latency.selector.as_bytes().into(),
            latency.threshold.to_string().into(),
            latency.unit.as_str().into(),
        ],
        Query::Threshold(threshold) => {
            let mut parts = vec![
                b"promql threshold".to_vec(),
                threshold.query.as_bytes().into(),
            ];
            parts.extend(line(threshold.line));
            parts
        }
    }
}

/// An SLO as it is stored.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
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
    /// Begins to write an SLO on a metric of a service: see [`SloBuilder`]. Names are checked when it
    /// is built.
    pub fn builder(service: &str, metric: &str) -> SloBuilder {
        SloBuilder::new(service, metric)
    }

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
