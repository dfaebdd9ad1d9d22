//! How one SLO stands, in figures, and what its rules see.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::budget::{ErrorBudget, burn_rate};
use sre_core::evaluation::{Evaluation, WindowCounts};
use sre_core::evidence::{Certainty, Trials, wilson};
use sre_core::forecast::Exhaustion;

use crate::api::slo::look::Found;
use crate::page::{alert, mark, moment, number};

/// The figures that matter, large.
pub(super) fn figures(found: &Found, now: DateTime<Utc>) -> Markup {
    let definition = &found.slo.definition;
    let evaluation = found.evaluation.as_ref();
    let budget = evaluation.and_then(|held| held.budget);
    let unit = definition.method.unit();
    html! {
        dl.figures {
            div {
                dt { "SLI" }
                dd { (number::or_no_data(budget.and_then(|budget| number::sli(budget.counts())))) }
                dd.quiet { "promised " (definition.target) " % over " (definition.window.phrase()) }
                @if let Some(words) = budget.and_then(interval) { dd.quiet { (words) } }
            }
            div {
                dt { "Budget left" }
                dd { (number::or_no_data(budget.and_then(number::left))) }
                dd.quiet { (mark::budget_bar(budget)) }
                @if let Some(left) = evaluation.and_then(projected) {
                    dd.quiet { "so far; of what the whole window allows at this traffic " (left) }
                }
                @if let Some(held) = evaluation { (end(held, now)) }
            }
            div {
                dt { "Bad " (unit) }
                dd { (number::or_no_data(budget.map(|budget| number::count(budget.counts().bad())))) }
                @if let Some(budget) = budget {
                    dd.quiet { "of " (number::count(budget.counts().total())) "; " (number::allowed(budget.allowed())) " allowed" }
                }
            }
            div {
                dt { "Measured" }
                dd { (number::or_no_data(evaluation.and_then(coverage))) }
                dd.quiet { (filled(evaluation)) }
            }
        }
    }
}

/// What is left of the allowance that the whole window has, while not all of it has any history.
fn projected(evaluation: &Evaluation) -> Option<String> {
    if evaluation.filled_seconds >= evaluation.window.as_seconds() {
        return None;
    }
    let left = evaluation
        .projected_budget()?
        .remaining_percentage()?;
    Some(number::percent(left))
}

/// How far the true SLI may lie from the measured one.
fn interval(budget: ErrorBudget) -> Option<String> {
    let bad = wilson(Trials::of(budget.counts())?);
    let proof = match bad.certainty(budget.target()) {
        Certainty::Met => "so the promise is kept",
        Certainty::Missed => "so the promise is missed",
        Certainty::Uncertain => "so few events prove neither",
    };
    Some(format!(
        "95 % sure: {:.3} to {:.3} %, {proof}",
        (1.0 - bad.high) * 100.0,
        (1.0 - bad.low) * 100.0
    ))
}

/// When the budget ends if the pace goes on.
fn end(evaluation: &Evaluation, now: DateTime<Utc>) -> Markup {
    html! {
        @if let Exhaustion::Projected { at, earliest, latest } = evaluation.forecast.exhaustion() {
            dd.quiet {
                "at this pace it ends " (moment::ago(at, now))
                " (" (moment::day(earliest)) " to "
                @match latest { Some(latest) => { (moment::day(latest)) } None => { "never" } }
                ")"
            }
        }
    }
}

/// Burn rates by window, and the rules.
pub(super) fn burning(found: &Found) -> Markup {
    let Some(evaluation) = &found.evaluation else {
        return html! {};
    };
    let Some(target) = evaluation
        .budget
        .map(ErrorBudget::target)
    else {
        return html! {};
    };
    html! {
        section aria-labelledby="burn" {
            h2 #burn { "Burn" (mark::burn_level(evaluation.burn_level)) }
            p.quiet { "How many times faster than sustainable the budget is spent: at 1× it lasts exactly its window." }
            div.wide tabindex="0" {
                table {
                    thead { tr {
                        th scope="col" { "Over" }
                        th.number scope="col" { "Burn" }
                        th.number scope="col" { "SLI" }
                        th.number scope="col" { "Bad" }
                        th.number scope="col" { "Total" }
                        th.number scope="col" { "Measured" }
                    } }
                    tbody {
                        @for (place, window) in (1..).zip(&evaluation.windows) {
                            @let measured = window.coverage.measured > 0;
                            tr {
                                th scope="row" {
                                    @if place == evaluation.windows.len() { (found.slo.definition.window) } @else { (window.window) }
                                }
                                td.number { (number::or_no_data(burn_rate(window.counts, target).map(|rate| number::burn(rate) + "×"))) }
                                td.number { (number::or_no_data(number::sli(window.counts))) }
                                td.number { (number::or_no_data(measured.then(|| number::count(window.counts.bad())))) }
                                td.number { (number::or_no_data(measured.then(|| number::count(window.counts.total())))) }
                                td.number { (number::or_no_data(share(window))) }
                            }
                        }
                    }
                }
            }
            @if !evaluation.rules.is_empty() {
                h3 { "Rules" }
                (alert::rules(&evaluation.rules, target))
            }
        }
    }
}

fn coverage(evaluation: &Evaluation) -> Option<String> {
    let coverage = evaluation.coverage;
    (coverage.expected > 0).then(|| number::share(coverage.as_f64()))
}

fn share(window: &WindowCounts) -> Option<String> {
    let coverage = window.coverage;
    (coverage.expected > 0).then(|| number::share(coverage.as_f64()))
}

/// How much of its window an SLO has lived through.
fn filled(evaluation: Option<&Evaluation>) -> String {
    let Some(evaluation) = evaluation else {
        return "nothing yet".to_owned();
    };
    let window = evaluation.window.as_seconds();
    if evaluation.filled_seconds >= window {
        return "of its whole window".to_owned();
    }
    let share = f64::from(evaluation.filled_seconds) / f64::from(window);
    let since = if evaluation.window_end() > evaluation.as_of {
        "of its window so far"
    } else {
        "since its first data"
    };
    format!("{since}, {} of the window", number::share(share))
}
