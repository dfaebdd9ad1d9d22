//! How each SLO stands, as series: written from what the store holds at the time of asking, so that
//! a deleted SLO is gone from the next page.
//!
//! What was not measured has no series. A dashboard that reads 100 % (or 0 %) where nobody measured
//! is worse than one with a hole.

use chrono::{DateTime, Utc};
use sre_core::budget::{ErrorBudget, burn_rate};
use sre_core::evaluation::{Evaluation, SloState};
use sre_core::forecast::Exhaustion;
use sre_core::slo::Slo;
use sre_core::store::Standing;

use super::page::{Kind, Page};

/// An SLO that is evaluated, and how it stands once it has had a slot.
pub type Stood = (Slo, Option<Standing>);

/// Writes the series of all these SLOs.
pub fn write(page: &mut Page, slos: &[Stood]) {
    write_states(page, slos);
    write_burns(page, slos);
    let gauges: [(&str, &str, Figure); 5] = [
        (
            "sre_monitor_slo_compliance",
            "Percentage of good events or slices in the window of the SLO.",
            |found| found.budget?.sli_percentage(),
        ),
        (
            "sre_monitor_slo_sli_ratio",
            "Share of good events or slices in the window of the SLO.",
            |found| found.budget.and_then(sli_ratio),
        ),
        (
            "sre_monitor_error_budget_remaining_ratio",
            "Share of the error budget that is left; negative when overspent.",
            |found| Some(found.budget?.remaining_percentage()? / 100.0),
        ),
        (
            "sre_monitor_error_budget_exhaustion_seconds",
            "Time until the likely end of the error budget; 0 when nothing is left.",
            seconds_left,
        ),
        (
            "sre_monitor_slo_coverage_ratio",
            "Share of the expected slices of the window that were measured.",
            |found| (found.coverage.expected > 0).then(|| found.coverage.as_f64()),
        ),
    ];
    for (name, help, figure) in gauges {
        let mut family = page.family(name, Kind::Gauge, help);
        for (slo, found) in found(slos) {
            if let Some(value) = figure(found) {
                family.sample(&labels(&id(slo), slo), value);
            }
        }
    }
}

/// Writes for how long the slot that is due the longest has been waiting.
pub fn write_lag(page: &mut Page, slos: &[Stood], now: DateTime<Utc>) {
    let standings = slos
        .iter()
        .filter_map(|(_, standing)| standing.as_ref());
    if let Some(earliest) = standings
        .map(|standing| standing.next_slot)
        .min()
    {
        let lag = (now - earliest)
            .to_std()
            .unwrap_or_default();
        let text = "For how long the slot that is due the longest waits to be evaluated.";
        page.family("sre_monitor_evaluation_lag_seconds", Kind::Gauge, text)
            .sample(&[], lag.as_secs_f64());
    }
}

/// What is shown of an evaluation, where there is a value.
type Figure = fn(&Evaluation) -> Option<f64>;

fn write_states(page: &mut Page, slos: &[Stood]) {
    let text = "1 for the state that the SLO is in.";
    let mut family = page.family("sre_monitor_slo_state", Kind::Gauge, text);
    for (slo, standing) in slos {
        let state = evaluation(standing.as_ref()).map_or(SloState::Waiting, |found| found.state);
        let id = id(slo);
        let [slo_id, name, service] = labels(&id, slo);
        family.count(&[slo_id, name, service, ("state", state.as_str())], 1);
    }
}

fn write_burns(page: &mut Page, slos: &[Stood]) {
    let text = "How many times faster than sustainable the error budget burns, by window.";
    let mut family = page.family("sre_monitor_slo_burn_rate", Kind::Gauge, text);
    for (slo, found) in found(slos) {
        let id = id(slo);
        let [slo_id, name, service] = labels(&id, slo);
        let mut last = None;
        for seen in &found.windows {
            let burn = burn_rate(seen.counts, slo.definition.target);
            // The SLO's own window may be one of the reported ones; a series is written once.
            if let (Some(burn), true) = (burn, last != Some(seen.window)) {
                let is_own = seen.window == slo.definition.window.span();
                let window = if is_own {
                    slo.definition.window.to_string()
                } else {
                    seen.window.to_string()
                };
                family.sample(&[slo_id, name, service, ("window", &window)], burn);
            }
            last = Some(seen.window);
        }
    }
}

/// The SLOs that were evaluated, with what was found last.
fn found(slos: &[Stood]) -> impl Iterator<Item = (&Slo, &Evaluation)> {
    slos.iter()
        .filter_map(|(slo, standing)| Some((slo, evaluation(standing.as_ref())?)))
}

fn evaluation(standing: Option<&Standing>) -> Option<&Evaluation> {
    standing?.evaluation.as_ref()
}

/// From the last slice that is known; `None` where no end is foretold.
fn seconds_left(found: &Evaluation) -> Option<f64> {
    let end = match found.forecast.exhaustion() {
        Exhaustion::Exhausted => Some(found.as_of),
        exhaustion => exhaustion.at(),
    };
    let left = (end? - found.as_of).to_std();
    Some(left.unwrap_or_default().as_secs_f64())
}

fn sli_ratio(budget: ErrorBudget) -> Option<f64> {
    let counts = budget.counts();
    (!counts.total().is_zero()).then(|| counts.good().as_f64() / counts.total().as_f64())
}

fn id(slo: &Slo) -> String {
    slo.id.to_string()
}

/// What tells the series of one SLO from those of others.
fn labels<'a>(id: &'a str, slo: &'a Slo) -> [(&'static str, &'a str); 3] {
    [
        ("slo_id", id),
        ("slo_name", &slo.definition.name),
        ("service", slo.definition.service_name.as_str()),
    ]
}
