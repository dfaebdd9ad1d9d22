//! Charts as SVG, made here: no library, nothing to load, and figures to hover over.
//!
//! The plot is stretched to whatever room there is; lines keep their width. Text would be stretched
//! with it, so labels stand beside the plot as text of the page.

mod bars;
mod burn_down;
mod strip;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::time::Interval;

pub(super) use self::bars::bars;
pub(super) use self::burn_down::burn_down;
pub(super) use self::strip::{Stretch, strip};

/// The width of every plot, in units of its own.
const WIDTH: f64 = 1000.0;

/// A plot with its labels: of the vertical axis from the top down, of the horizontal one the ends
/// and the middle.
fn framed(vertical: &[String], during: Interval, class: &str, plot: &Markup) -> Markup {
    html! {
        div class={ "chart " (class) } {
            div.vertical aria-hidden="true" { @for label in vertical { span { (label) } } }
            (plot)
            (horizontal(during))
        }
    }
}

fn horizontal(during: Interval) -> Markup {
    let middle = during.start() + (during.end() - during.start()) / 2;
    html! {
        div.horizontal aria-hidden="true" {
            @for at in [during.start(), middle, during.end()] { span { (label(at, during)) } }
        }
    }
}

/// The day, the time, or both: what tells the instants of a stretch apart.
fn label(at: DateTime<Utc>, during: Interval) -> String {
    let hours = (during.end() - during.start()).num_hours();
    let form = match hours {
        0..=23 => "%H:%M",
        24..=120 => "%-d %b %H:%M",
        _ => "%-d %b",
    };
    at.format(form).to_string()
}

/// Where an instant lies on the horizontal axis.
fn across(at: DateTime<Utc>, during: Interval) -> f64 {
    let seconds = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).as_seconds_f64();
    let whole = seconds(during.start(), during.end()).max(1.0);
    (WIDTH * seconds(during.start(), at) / whole).clamp(0.0, WIDTH)
}

/// A stretch with its instants, for a title.
fn stretch_words(during: Interval) -> String {
    let form = "%-d %b %H:%M";
    format!(
        "{} to {} UTC",
        during.start().format(form),
        during.end().format(form)
    )
}

/// A stretch that nobody measured.
fn unmeasured(gap: Interval, during: Interval, height: f64) -> Markup {
    let words = format!("{}: not measured", stretch_words(gap));
    column("gap", gap, during, height, &words)
}

/// A stretch that was agreed not to count.
fn corrected(stretch: Interval, during: Interval, height: f64) -> Markup {
    let words = format!("{}: corrected", stretch_words(stretch));
    column("corrected", stretch, during, height, &words)
}

/// A stretch over the whole height, with words to hover over.
fn column(class: &str, stretch: Interval, during: Interval, height: f64, words: &str) -> Markup {
    let (from, to) = (
        across(stretch.start(), during),
        across(stretch.end(), during),
    );
    html! {
        rect class=(class) x=(places(from)) width=(places(to - from)) height=(height) { title { (words) } }
    }
}

/// A tenth of a unit is finer than any screen.
fn places(value: f64) -> String {
    format!("{value:.1}")
}
