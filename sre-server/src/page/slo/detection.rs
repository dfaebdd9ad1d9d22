//! How long until an outage pages, in words.

use chrono::TimeDelta;
use maud::{Markup, html};
use sre_core::detection::{ErrorRatio, Outage, Seconds};
use sre_core::policy::BurnThresholds;
use sre_core::slo::Definition;

use crate::api::slo::detection::{Detected, detected, spent};
use crate::api::slo::look::Found;
use crate::page::{moment, number};

/// The outages that are told of, in parts per billion: everything, a tenth, a hundredth.
const OUTAGES: [(u32, &str); 3] = [
    (1_000_000_000, "A total outage"),
    (100_000_000, "One in ten bad"),
    (10_000_000, "One in a hundred bad"),
];

/// What the rules make of outages.
pub(super) fn detection(found: &Found, thresholds: &BurnThresholds) -> Markup {
    let definition = &found.slo.definition;
    html! {
        section aria-labelledby="detection" {
            h2 #detection { "How long until this pages?" }
            ul {
                @for (ppb, name) in OUTAGES {
                    @let outage = Outage::of(ErrorRatio::from_ppb(ppb));
                    li { (name) " " (told(&detected(found, thresholds, outage), definition, outage)) }
                }
            }
            p.quiet {
                "Under even traffic, from a service without errors; the slot that decides it comes up to "
                (lasting(f64::from(definition.slice.span().as_seconds()) * 1.25))
                " and the closing of its slice later. "
                a href={ "/slo/" (found.slo.id.0) "/detection" } { "As JSON" }
            }
        }
    }
}

/// `pages after 52 s, with 2 % of the budget spent; the page ends 30 min after it`
fn told(held: &Detected, definition: &Definition, outage: Outage) -> String {
    let ends = |clears: Option<Seconds>, what: &str| {
        clears.map_or_else(String::new, |clears| {
            format!("; the {what} ends {} after it", lasting(clears.as_f64()))
        })
    };
    let after = |after: Seconds| {
        let share = number::share(spent(definition, outage, after));
        format!(
            "after {}, with {share} of the budget spent",
            lasting(after.as_f64())
        )
    };
    match (held.page, held.ticket) {
        (Some(page), _) => format!("pages {}{}", after(page.after), ends(page.clears, "page")),
        (None, Some(ticket)) => format!(
            "never pages; it makes a ticket {}{}",
            after(ticket.after),
            ends(ticket.clears, "slow burn")
        ),
        (None, None) => "fires no rule; the ticket of the budget itself remains".to_owned(),
    }
}

/// A length of time, no shorter than it is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most some years, for reading"
)]
fn lasting(seconds: f64) -> String {
    moment::lasting(TimeDelta::seconds(seconds.ceil() as i64))
}
