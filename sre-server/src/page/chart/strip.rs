//! States over time, as a strip of colours with words to hover over.

use maud::{Markup, html};
use sre_core::evaluation::SloState;
use sre_core::time::Interval;

use super::{WIDTH, across, framed, stretch_words};
use crate::page::mark;

/// A stretch in which one state held; without one, nothing is known of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::page) struct Stretch {
    /// When.
    pub(in crate::page) during: Interval,
    /// What held.
    pub(in crate::page) state: Option<SloState>,
}

/// The stretches in their order.
pub(in crate::page) fn strip(stretches: &[Stretch], during: Interval) -> Markup {
    let plot = html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " 20" } preserveAspectRatio="none" role="img" aria-label="States over time" {
            rect.gap width=(WIDTH) height="20" {}
            @for stretch in stretches { (part(stretch, during)) }
        }
    };
    framed(&[], during, "strip", &plot)
}

fn part(stretch: &Stretch, during: Interval) -> Markup {
    let from = across(stretch.during.start(), during);
    let width = across(stretch.during.end(), during) - from;
    let (class, word) = stretch
        .state
        .map_or(("gap", "not evaluated"), |state| {
            (mark::state_class(state), mark::state_word(state))
        });
    html! {
        rect class=(class) x=(format!("{from:.1}")) width=(format!("{width:.1}")) height="20" {
            title { (stretch_words(stretch.during)) ": " (word) }
        }
    }
}
