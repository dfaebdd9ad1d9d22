//! What a service is judged by: its SLOs, its probes, and the alerts that are open of it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Severity;
use crate::budget::{ErrorBudget, ProjectedBudget};
use crate::count::{Count, Counts, Rounding};
use crate::evaluation::{Coverage, Evaluation, SloState};
use crate::health::deduction::Points;
use crate::health::tally;
use crate::name::SloId;
use crate::sample::{Sample, SampleValue};
use crate::slo::{Definition, Slo};
use crate::time::Span;
use crate::window::Window;

/// Everything that is known of a service itself.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Evidence {
    /// Its SLOs that are evaluated.
    pub slos: Vec<SloEvidence>,
    /// Its probes.
    pub checks: Vec<CheckEvidence>,
    /// The alerts that are open of it.
    pub alerts: OpenAlerts,
    /// The incidents that are open and concern it; they cost nothing, since what caused them does.
    pub open_incidents: u32,
}

/// How an SLO stands, as far as the health of its service goes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct SloEvidence {
    /// Which SLO.
    pub slo_id: SloId,
    /// What people call it.
    pub name: String,
    /// Its state.
    pub state: SloState,
    /// The length of its window.
    pub window: Span,
    /// Its budget; `None` where nothing was measured. Of a calendar window that has just begun, by the
    /// allowance that all of it will have.
    pub budget: Option<ErrorBudget>,
    /// What it burned lately; `None` where nothing was measured.
    pub burn: Option<Burn>,
    /// Whether it has fallen silent, so that budget and burn are what was known last.
    pub is_stale: bool,
}

/// A budget over the last hour, or over the SLO's window where that is shorter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Burn {
    /// The stretch.
    pub window: Span,
    /// What was counted in it, under the SLO's target.
    pub budget: ErrorBudget,
}

/// How a probe fares.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct CheckEvidence {
    /// What people know it by.
    pub name: String,
    /// Its last answer: how much of what it asks is up. One that asks many targets counts each.
    pub counts: Counts,
    /// When that came.
    pub last_at: DateTime<Utc>,
    /// Whether it has fallen silent since.
    pub is_stale: bool,
}

/// The open alerts of a service.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct OpenAlerts {
    /// All of them.
    pub open: u32,
    /// Those that others raised, by severity. What our own evaluations raise costs by its cause.
    pub raised: BTreeMap<Severity, u32>,
}

impl Evidence {
    /// How many of the inputs are measured now.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let slos = self
            .slos
            .iter()
            .map(SloEvidence::is_measured);
        let checks = self
            .checks
            .iter()
            .map(|check| !check.is_stale);
        let (mut measured, mut expected) = (0_u32, 0_u32);
        for is_measured in slos.chain(checks) {
            expected = expected.saturating_add(1);
            measured = measured.saturating_add(u32::from(is_measured));
        }
        Coverage { measured, expected }
    }

    /// The evidence where inputs that have fallen silent keep what was known of them before: going
    /// quiet improves nothing. A probe that has been silent for a day is taken for removed.
    #[must_use]
    pub fn holding(mut self, before: &Self, now: DateTime<Utc>) -> Self {
        for slo in self
            .slos
            .iter_mut()
            .filter(|slo| !slo.is_measured())
        {
            let last = before
                .slos
                .iter()
                .find(|last| last.slo_id == slo.slo_id);
            if let Some(last) = last.filter(|last| last.budget.is_some()) {
                slo.budget = last.budget;
                slo.burn = last.burn;
                slo.is_stale = true;
            }
        }
        let silent: Vec<CheckEvidence> = before
            .checks
            .iter()
            .filter(|last| now - last.last_at < PROBE_HELD.as_delta())
            .filter(|last| {
                self.checks
                    .iter()
                    .all(|check| check.name != last.name)
            })
            .map(|last| CheckEvidence {
                is_stale: true,
                ..last.clone()
            })
            .collect();
        self.checks.extend(silent);
        self.checks
            .sort_by(|a, b| a.name.cmp(&b.name));
        self
    }
}

impl CheckEvidence {
    /// What of it makes a difference to a reader.
    pub(super) fn in_short(&self) -> (&str, Counts, bool) {
        (&self.name, self.counts, self.is_stale)
    }

    /// Whether all that it asks is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.counts.bad().is_zero()
    }
}

impl SloEvidence {
    /// What the last evaluation of an SLO found.
    #[must_use]
    pub fn new(slo: &Slo, evaluation: Option<&Evaluation>) -> Self {
        let definition = &slo.definition;
        let window = definition.window.span();
        let stretch = HOUR.min(window);
        let burned = evaluation.and_then(|found| {
            found
                .windows
                .iter()
                .find(|seen| seen.window == stretch)
        });
        Self {
            slo_id: slo.id,
            name: definition.name.clone(),
            state: evaluation.map_or(SloState::Waiting, |found| found.state),
            window,
            budget: evaluation.and_then(|found| judged_budget(definition, found)),
            burn: burned
                .filter(|seen| !seen.counts.total().is_zero())
                .map(|seen| Burn {
                    window: stretch,
                    budget: ErrorBudget::new(seen.counts, definition.target).counted_in(seen.grain),
                }),
            is_stale: evaluation.is_some_and(|found| found.is_stale),
        }
    }

    /// Whether somebody measures it.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        !self.is_stale && !matches!(self.state, SloState::Waiting | SloState::NoData)
    }

    /// What of it makes a difference to a reader.
    pub(super) fn in_short(&self) -> (SloId, &str, SloState, bool, Points, Points) {
        let (budget, burn) = (tally::budget_points(self), tally::burn_points(self));
        (
            self.slo_id,
            &self.name,
            self.state,
            self.is_stale,
            budget,
            burn,
        )
    }
}

/// The budget by which a service is judged. A calendar window begins anew again and again, and its first
/// bad event is no outage: while it is young its projected allowance counts, as it does for tickets.
fn judged_budget(definition: &Definition, found: &Evaluation) -> Option<ErrorBudget> {
    match definition.window {
        Window::Calendar(_) if found.is_young() => found
            .projected_budget()
            .map(ProjectedBudget::of_whole_window),
        _ => found.budget,
    }
}

/// The probes that spoke lately: one for each label set of `samples`, which are those of
/// `probe_success` of one service, by its last sample. One is stale when nothing came for three times
/// the pace of its samples (of which it has to have two), or else for a quarter of an hour.
#[must_use]
pub fn checks(samples: &[Sample], now: DateTime<Utc>) -> Vec<CheckEvidence> {
    let mut series: BTreeMap<_, Vec<(DateTime<Utc>, Counts)>> = BTreeMap::new();
    for sample in samples {
        if let Some(counts) = answer(sample.value) {
            let answers = series
                .entry(&sample.labels)
                .or_default();
            answers.push((sample.at, counts));
        }
    }
    let mut checks: Vec<CheckEvidence> = series
        .into_iter()
        .filter_map(|(labels, mut answers)| {
            answers.sort_by_key(|(at, _)| *at);
            let (last_at, counts) = answers.last().copied()?;
            Some(CheckEvidence {
                name: check_name(labels),
                counts,
                last_at,
                is_stale: now - last_at > pace(&answers) * 3,
            })
        })
        .collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    checks
}

/// The median distance of the answers.
fn pace(answers: &[(DateTime<Utc>, Counts)]) -> TimeDelta {
    let pairs = answers
        .iter()
        .zip(answers.iter().skip(1));
    let mut gaps: Vec<TimeDelta> = pairs
        .map(|((earlier, _), (later, _))| *later - *earlier)
        .collect();
    gaps.sort_unstable();
    let middle = gaps.len().saturating_sub(1) / 2;
    gaps.get(middle)
        .copied()
        .unwrap_or_else(|| PACE.as_delta())
}

/// What a probe's answer counts; `None` where it says nothing.
fn answer(value: SampleValue) -> Option<Counts> {
    match value {
        SampleValue::Counts(counts) => (!counts.total().is_zero()).then_some(counts),
        SampleValue::Number(percentage) => {
            let good = Count::from_percentage(percentage, Rounding::Down).ok()?;
            Counts::new(good, Count::ONE).ok()
        }
    }
}

/// `http` of the labels `probe=http`, else all of them.
fn check_name(labels: &BTreeMap<String, String>) -> String {
    let mut entries = labels.iter();
    match (entries.next(), entries.next()) {
        (None, _) => "probe".to_owned(),
        (Some((name, value)), None) if name == "probe" => value.clone(),
        _ => labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(","),
    }
}

/// How far back a burn looks.
const HOUR: Span = Span::hours(1);
/// The pace of a probe of which only one answer is known.
const PACE: Span = Span::minutes(5);
/// Nothing says that a probe was removed but its silence.
const PROBE_HELD: Span = Span::days(1);
