//! How healthy services are: a score that its own list of deductions explains.
//!
//! A score begins at 100 and loses the points of each [`Deduction`], in whole tenths, so that score
//! and deductions are 100 together, exactly. What a service does itself costs by its probes, its
//! error budgets, their burn and the alerts that others raised of it; what it stands on costs by
//! the worst path to a failing service, never by a sum over paths, so one failure counts once. A worse
//! input never raises a score. What nobody measures is *unknown*, a state of its own; what fell
//! silent keeps what it cost last.

mod deduction;
mod evidence;
mod spread;
mod tally;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::evaluation::Coverage;
use crate::name::ServiceName;
use crate::service::{Service, Weight};

pub use deduction::{Deduction, DeductionReason, Points};
pub use evidence::{Burn, CheckEvidence, Evidence, OpenAlerts, SloEvidence, checks};
use spread::{Node, Reach, spread};
use tally::Tally;

/// How healthy a service is at one instant, and why.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ServiceHealth {
    /// Which service.
    pub service_name: ServiceName,
    /// The instant.
    pub as_of: DateTime<Utc>,
    /// 100 less the deductions; `None` where nothing is measured and nothing is known that keeps it
    /// from being healthy.
    pub score: Option<Points>,
    /// How many of its inputs (SLOs and probes) are measured now.
    pub coverage: Coverage,
    /// What it lost, and why.
    pub deductions: Vec<Deduction>,
    /// What it was judged by.
    pub evidence: Evidence,
    /// How what it depends on directly is.
    pub dependencies: Vec<DependencyHealth>,
    /// The service at the end of the path that costs it points, else itself where it lost any.
    pub probable_cause: Option<ServiceName>,
}

/// How a dependency is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct DependencyHealth {
    /// Which service.
    pub service_name: ServiceName,
    /// Its score.
    pub score: Option<Points>,
    /// How much of its trouble is the dependent's own.
    pub weight: Weight,
}

/// A score in a word.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HealthStatus {
    /// At least 90.
    Healthy,
    /// At least 60.
    Degraded,
    /// Less.
    Unhealthy,
    /// Nothing is measured.
    Unknown,
}

impl HealthStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [
        Self::Healthy,
        Self::Degraded,
        Self::Unhealthy,
        Self::Unknown,
    ];

    /// The status in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Unknown => "unknown",
        }
    }

    /// The status of a score.
    ///
    /// ```
    /// use sre_core::health::{HealthStatus, Points};
    ///
    /// assert_eq!(HealthStatus::of(Some(Points::HUNDRED)), HealthStatus::Healthy);
    /// assert_eq!(HealthStatus::of(Some(Points::ZERO)), HealthStatus::Unhealthy);
    /// assert_eq!(HealthStatus::of(None), HealthStatus::Unknown);
    /// ```
    #[must_use]
    pub fn of(score: Option<Points>) -> Self {
        match score {
            None => Self::Unknown,
            Some(score) if score >= HEALTHY => Self::Healthy,
            Some(score) if score >= DEGRADED => Self::Degraded,
            Some(_) => Self::Unhealthy,
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ServiceHealth {
    /// What is said of a service of which nothing is known.
    #[must_use]
    pub fn unknown(service_name: ServiceName, as_of: DateTime<Utc>) -> Self {
        Self {
            service_name,
            as_of,
            score: None,
            coverage: Coverage::default(),
            deductions: Vec::new(),
            evidence: Evidence::default(),
            dependencies: Vec::new(),
            probable_cause: None,
        }
    }

    /// The score in a word.
    #[must_use]
    pub fn status(&self) -> HealthStatus {
        HealthStatus::of(self.score)
    }

    /// Whether another look found the same, so that recording it would tell nobody anything. Counts
    /// that grew without costing anything are no difference.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let (evidence, others) = (&self.evidence, &other.evidence);
        let slos = evidence
            .slos
            .iter()
            .map(SloEvidence::in_short);
        let checks = evidence
            .checks
            .iter()
            .map(CheckEvidence::in_short);
        self.score == other.score
            && self.coverage == other.coverage
            && self.deductions == other.deductions
            && self.dependencies == other.dependencies
            && self.probable_cause == other.probable_cause
            && evidence.alerts == others.alerts
            && evidence.open_incidents == others.open_incidents
            && checks.eq(others
                .checks
                .iter()
                .map(CheckEvidence::in_short))
            && slos.eq(others
                .slos
                .iter()
                .map(SloEvidence::in_short))
    }
}

/// Judges services together. A dependency that is not among them is taken for unknown, so whoever
/// asks for one service hands in all that it stands on.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::health::{CheckEvidence, Evidence, Points, assess};
/// use sre_core::service::Service;
/// use sre_core::time::at_second;
///
/// let now = at_second(3_600);
/// let answers = |good| -> Result<Evidence, sre_core::count::CountError> {
///     Ok(Evidence {
///         checks: vec![CheckEvidence {
///             name: "probe".to_owned(),
///             counts: Counts::events(good, 10)?,
///             last_at: now,
///             is_stale: false,
///         }],
///         ..Evidence::default()
///     })
/// };
/// let known = vec![
///     (Service::named("basket".parse()?), answers(10)?),
///     (Service::named("payment".parse()?), answers(0)?),
///     (Service::named("search".parse()?), Evidence::default()),
/// ];
/// let [basket, payment, search] = &assess(known, now)[..] else { panic!("three services") };
/// assert_eq!(basket.score, Some(Points::HUNDRED));
/// assert!(payment.score < basket.score && !payment.deductions.is_empty());
/// assert_eq!(search.score, None); // nothing is measured: nobody knows
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn assess(known: Vec<(Service, Evidence)>, as_of: DateTime<Utc>) -> Vec<ServiceHealth> {
    let mut known: BTreeMap<ServiceName, (Service, Evidence)> = known
        .into_iter()
        .map(|(service, evidence)| (service.name.clone(), (service, evidence)))
        .collect();
    let names: Vec<ServiceName> = known.keys().cloned().collect();
    let tallies: Vec<Tally> = known
        .values()
        .map(|(_, evidence)| Tally::of(evidence))
        .collect();
    let place = |name: &ServiceName| names.binary_search(name).ok();
    let nodes: Vec<Node> = known
        .values()
        .zip(&tallies)
        .map(|((service, _), tally)| Node {
            degradation: tally.degradation(),
            dependencies: service
                .dependencies
                .iter()
                .filter_map(|(name, weight)| Some((place(name)?, *weight)))
                .collect(),
        })
        .collect();
    let reached = spread(&nodes);

    let mut found = Vec::with_capacity(names.len());
    for ((mut tally, reach), (_, evidence)) in tallies
        .into_iter()
        .zip(reached)
        .zip(known.values_mut())
    {
        if let Some(reach) = &reach {
            lower(&mut tally, reach, &names, &nodes);
        }
        found.push((tally, std::mem::take(evidence)));
    }
    let scores: Vec<Option<Points>> = found
        .iter()
        .map(|(tally, evidence)| score(tally, evidence.coverage()))
        .collect();
    found
        .into_iter()
        .zip(known.into_values())
        .zip(&scores)
        .map(|(((tally, evidence), (service, _)), score)| {
            let dependencies = service.dependencies.into_iter();
            ServiceHealth {
                as_of,
                score: *score,
                coverage: evidence.coverage(),
                probable_cause: tally.cause(&service.name),
                service_name: service.name,
                deductions: tally.into_deductions(),
                evidence,
                dependencies: dependencies
                    .map(|(service_name, weight)| DependencyHealth {
                        score: place(&service_name)
                            .and_then(|place| scores.get(place).copied().flatten()),
                        service_name,
                        weight,
                    })
                    .collect(),
            }
        })
        .collect()
}

/// Takes off what the worst path to a failing dependency costs.
fn lower(tally: &mut Tally, reach: &Reach, names: &[ServiceName], nodes: &[Node]) {
    let path: Vec<&ServiceName> = reach
        .path
        .iter()
        .filter_map(|place| names.get(*place))
        .collect();
    let end = reach
        .path
        .last()
        .and_then(|place| nodes.get(*place));
    let degradation = end.map_or(Points::ZERO, |node| node.degradation);
    tally.depend(reach.ceiling(), &path, degradation);
}

/// What is left, unless that would call something healthy that nobody measures.
fn score(tally: &Tally, coverage: Coverage) -> Option<Points> {
    let left = tally.left();
    (coverage.measured > 0 || left < HEALTHY).then_some(left)
}

/// From here on a service is healthy.
const HEALTHY: Points = Points::whole(90);
/// From here on it is degraded, and unhealthy below.
const DEGRADED: Points = Points::whole(60);

#[cfg(test)]
mod tests;
