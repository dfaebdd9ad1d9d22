//! SLOs by service, the service in the worst state first.

use std::collections::BTreeMap;

use maud::{Markup, html};
use sre_core::budget::{ErrorBudget, burn_rate};
use sre_core::evaluation::{Evaluation, SloState};
use sre_core::name::ServiceName;
use sre_core::policy::BurnLevel;
use sre_core::time::Span;

use crate::api::slo::look::Found;
use crate::page::services::address;
use crate::page::{mark, number};

/// The table. Its roles are written down, since on a narrow screen its rows are laid out as cards,
/// and browsers forget what a table is when it is laid out otherwise.
pub(in crate::page) fn table(slos: &[Found]) -> Markup {
    html! {
        table.slos role="table" aria-labelledby="slos" {
            thead role="rowgroup" {
                tr role="row" {
                    th role="columnheader" scope="col" { "SLO" }
                    th role="columnheader" scope="col" { "State" }
                    th.number role="columnheader" scope="col" { "SLI" }
                    th.number role="columnheader" scope="col" { "Target" }
                    th role="columnheader" scope="col" { "Budget left" }
                    th.number role="columnheader" scope="col" { "Burn, 1 h" }
                }
            }
            @for (service, slos) in by_service(slos) {
                tbody role="rowgroup" {
                    tr.service role="row" { th role="rowheader" scope="rowgroup" colspan="6" { a href=(address(service)) { (service) } } }
                    @for found in slos { (row(found)) }
                }
            }
        }
    }
}

/// Services with their SLOs: the worst first, equals by name.
fn by_service(slos: &[Found]) -> Vec<(&ServiceName, Vec<&Found>)> {
    let mut services: BTreeMap<&ServiceName, Vec<&Found>> = BTreeMap::new();
    for found in slos {
        let service = &found.slo.definition.service_name;
        services
            .entry(service)
            .or_default()
            .push(found);
    }
    let mut services: Vec<_> = services.into_iter().collect();
    for (_, slos) in &mut services {
        slos.sort_by_key(|found| (weight(found), found.slo.definition.name.clone()));
    }
    services.sort_by_key(|(_, slos)| slos.first().map(|found| weight(found)));
    services
}

/// What needs a look comes first: the burning before the merely spent, the unknown before the well.
fn weight(found: &Found) -> u8 {
    let burns = found
        .evaluation
        .as_ref()
        .is_some_and(|found| found.burn_level >= BurnLevel::Critical);
    match found.state() {
        SloState::Violated if burns => 0,
        SloState::Violated => 1,
        SloState::AtRisk => 2,
        SloState::NoData => 3,
        SloState::InsufficientData => 4,
        SloState::Met => 5,
        SloState::Waiting => 6,
    }
}

fn row(found: &Found) -> Markup {
    let definition = &found.slo.definition;
    let evaluation = found.evaluation.as_ref();
    let budget = evaluation.and_then(|found| found.budget);
    let sli = budget.and_then(|budget| number::sli(budget.counts()));
    html! {
        tr role="row" {
            th.name role="rowheader" scope="row" {
                a href={ "/ui/slos/" (found.slo.id.0) } { bdi { (definition.name) } }
                @if !definition.enabled { " " span.badge.quiet { "Disabled" } }
            }
            td.standing role="cell" { (mark::state(found.state())) }
            td.number role="cell" data-label="SLI" { (number::or_no_data(sli)) }
            td.number role="cell" data-label="Target" { (definition.target) " % " span.quiet { "over " (definition.window.phrase()) } }
            td role="cell" data-label="Budget left" { (mark::budget_bar(budget)) }
            td.number role="cell" data-label="Burn, 1 h" {
                (number::or_no_data(evaluation.and_then(burn_of_an_hour)))
                @if let Some(found) = evaluation.filter(|found| found.budget.is_some()) { (mark::burn_level(found.burn_level)) }
            }
        }
    }
}

/// The burn over one hour, or over the SLO's own window where that is shorter.
fn burn_of_an_hour(found: &Evaluation) -> Option<String> {
    let target = found.budget.map(ErrorBudget::target)?;
    let hour = found
        .windows
        .iter()
        .find(|held| held.window == Span::hours(1))
        .or(found.windows.last())?;
    burn_rate(hour.counts, target).map(number::burn)
}
