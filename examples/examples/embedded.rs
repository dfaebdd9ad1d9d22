//! SLOs inside a program of your own: `sre-core` alone, without a runtime, a store or a clock.
//!
//! A service counts its requests with a `Recorder`. Once a minute what was counted becomes a slice
//! of a `Ledger`; `evaluate` says how the SLO stands, `decide` which alert begins or ends. The time
//! is an argument, so six hours are over at once. From minute 180 to minute 199
//! one request in fifty fails.
//!
//! ```sh
//! cargo run -p sre-examples --example embedded
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use sre_core::alert::{Alert, LifecycleSettings, Moment};
use sre_core::budget::{ErrorBudget, burn_rate};
use sre_core::decide::{Situation, decide};
use sre_core::evaluate::{EvaluationSettings, Plan, evaluate};
use sre_core::evaluation::{Evaluation, Progress};
use sre_core::ledger::Ledger;
use sre_core::recorder::{Event, Recorder};
use sre_core::routing::Audience;
use sre_core::service::Criticality;
use sre_core::slice::Slice;
use sre_core::slo::Slo;
use sre_core::time::{Span, at_second};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    let slo = slo()?;
    let definition = &slo.definition;
    let (settings, lifecycle) = (EvaluationSettings::default(), LifecycleSettings::default());
    // Monday, 2026-03-02 00:00 UTC. A service would ask its clock, once a slice.
    let begin = 1_772_409_600;

    let recorder = Recorder::new();
    let mut ledger = Ledger::new(definition.slice, definition.window.span(), at_second(begin));
    let mut progress = Progress::default();
    let mut latest: Vec<Alert> = Vec::new();

    writeln!(out, "minute  state      SLI %  budget %  burn 1h")?;
    for minute in 0..360 {
        for request in 0..600 {
            let fails = (180..200).contains(&minute) && request % 50 == 0;
            recorder.record(Event::good_if(!fails));
        }
        let (start, end) = (
            at_second(begin + 60 * minute),
            at_second(begin + 60 * (minute + 1)),
        );
        ledger.append(start, Slice::Measured(recorder.drain()))?;
        let before = progress.last_measured;
        progress.note_measured(start, end);

        // The rules are scaled to the window; those that cannot stand on it are left out. A window
        // that begins in an older hour would need that hour's slices from a store first
        // (`Ledger::missing_hours`); here the ledger is younger than its window.
        let policy = definition.policy(&settings.thresholds, progress.resolved_interval());
        let plan = Plan::new(definition, policy);
        let found = evaluate(definition, &plan, &ledger, &progress, end, &settings)?;

        if minute % 60 == 0 || [182, 190, 199, 203, 210].contains(&minute) {
            print_status(&mut out, minute, &found)?;
        }
        let moment = Moment {
            now: end,
            slot: Some(end),
            routes: Audience::NOBODY,
            settings: &lifecycle,
        };
        let situation = Situation {
            slo: &slo,
            criticality: Criticality::Normal,
            evaluation: &found,
            latest: &latest,
            course: &progress.course,
            measured: progress.newly_measured(before, Span::minutes(1)),
            moment,
        };
        let decided = decide(&situation);
        progress.course = decided.course;
        for update in decided.alerts {
            let alert = update.alert;
            writeln!(
                out,
                "        {} {}, {}: {}",
                alert.state.as_str(),
                alert.alert_type(),
                alert.severity,
                alert.message
            )?;
            latest.retain(|held| held.identity != alert.identity);
            latest.push(alert);
        }
    }
    Ok(())
}

/// 99.9 % of a day's requests.
fn slo() -> Result<Slo, Box<dyn Error>> {
    Ok(Slo::builder("checkout", "availability")
        .name("Checkout availability")
        .description("Requests that are answered without an error")
        .target_percentage("99.9")?
        .rolling(Span::hours(24))
        .build()?)
}

/// A value that does not exist is a dash, never 0 and never 100 %.
fn print_status(
    out: &mut impl Write,
    minute: i64,
    found: &Evaluation,
) -> Result<(), Box<dyn Error>> {
    let shown = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
    let (budget, hour) = (found.budget, Span::hours(1));
    let burn = found
        .windows
        .iter()
        .find(|held| held.window == hour)
        .zip(budget)
        .and_then(|(held, budget)| burn_rate(held.counts, budget.target()));
    writeln!(
        out,
        "{minute:>6}  {:<8} {:>7} {:>9} {:>8}",
        found.state.as_str(),
        shown(budget.and_then(ErrorBudget::sli_percentage)),
        shown(budget.and_then(ErrorBudget::remaining_percentage)),
        shown(burn),
    )?;
    Ok(())
}
