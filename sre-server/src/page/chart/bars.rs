//! What was bad, step by step.

use maud::{Markup, html};
use sre_core::count::Counts;
use sre_core::time::Interval;

use super::{WIDTH, across, column, framed, places, stretch_words, unmeasured};
use crate::page::number;
use crate::page::spending::{Spending, Step};

/// The height of the plot, in units of its own.
const HEIGHT: f64 = 80.0;

/// The least that a bar shows, so that one bad event beside an outage is still seen.
const SEEN_MIN: f64 = 1.5;

/// A bar for each step, as high as its bad events or slices.
pub(in crate::page) fn bars(spending: &Spending, unit: &str) -> Markup {
    let worst = spending.worst();
    let summary = format!(
        "Bad {unit} over the window, at most {} in one step",
        number::count(worst)
    );
    let plot = html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(summary) {
            @for gap in spending.gaps() { (unmeasured(gap, spending.during, HEIGHT)) }
            @for (step, counts) in spending.measured() { (bar(step, counts, spending.during, unit, worst.as_f64())) }
        }
    };
    let labels = [number::count(worst), "0".to_owned()];
    framed(&labels, spending.during, "low", &plot)
}

fn bar(step: &Step, counts: Counts, during: Interval, unit: &str, worst: f64) -> Markup {
    let from = across(step.during.start(), during);
    // A little room between bars.
    let width = (across(step.during.end(), during) - from - 1.5).max(1.0);
    let bad = counts.bad().as_f64();
    let height = if bad > 0.0 {
        (HEIGHT * bad / worst).max(SEEN_MIN)
    } else {
        0.0
    };
    let sli = number::sli(counts).unwrap_or_else(|| "no traffic".to_owned());
    let words = format!(
        "{}: {} bad of {} {unit} ({sli})",
        stretch_words(step.during),
        number::count(counts.bad()),
        number::count(counts.total()),
    );
    html! {
        rect.bad x=(places(from)) y=(places(HEIGHT - height)) width=(places(width)) height=(places(height)) {}
        (column("hover", step.during, during, HEIGHT, &words))
    }
}
