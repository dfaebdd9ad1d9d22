//! What was left of a budget, over its window.

use maud::{Markup, html};
use sre_core::count::Counts;
use sre_core::time::Interval;

use super::{WIDTH, across, column, corrected, framed, places, stretch_words, unmeasured};
use crate::page::number;
use crate::page::spending::{Spending, Step};

/// The height of the plot, in units of its own.
const HEIGHT: f64 = 200.0;

/// How far the lines of the grid may lie apart, in percent of the budget.
const GRIDS: [f64; 10] = [
    25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 25_000.0, 250_000.0,
];

/// How many stretches the lines of the grid may leave.
const STRETCHES: [u32; 3] = [4, 5, 6];

/// The line of what is left, from all of it downwards. It is broken where nobody measured.
pub(in crate::page) fn burn_down(spending: &Spending, summary: &str) -> Markup {
    let scale = Scale::of(spending);
    let plot = html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(summary) {
            @for line in 1..scale.stretches { path.grid d={ "M0 " (places(scale.at(line))) "H" (WIDTH) } {} }
            @for stretch in &spending.corrected { (corrected(*stretch, spending.during, HEIGHT)) }
            @for gap in spending.gaps() { (unmeasured(gap, spending.during, HEIGHT)) }
            path.pace d={ "M0 0L" (WIDTH) " " (places(scale.down(0.0))) } {}
            @if scale.lowest() < 0.0 { path.zero d={ "M0 " (places(scale.down(0.0))) "H" (WIDTH) } {} }
            @for run in runs(spending) {
                path.area d=(area(&run, &scale, spending.during)) {}
                path.line d=(line(&run, &scale, spending.during)) {}
            }
            @for (step, counts) in spending.measured() { (hover(step, counts, spending.during)) }
        }
    };
    framed(&scale.labels(), spending.during, "tall", &plot)
}

/// The vertical axis: from 100 % down to what is needed, in equal stretches.
struct Scale {
    stretches: u32,
    stretch: f64,
}

impl Scale {
    fn of(spending: &Spending) -> Self {
        let least = spending
            .steps
            .iter()
            .filter_map(|step| step.left)
            .fold(0.0, f64::min);
        let reaching = |stretch: f64| {
            STRETCHES
                .into_iter()
                .map(|stretches| Self { stretches, stretch })
                .find(|scale| scale.lowest() <= least)
        };
        GRIDS
            .into_iter()
            .find_map(reaching)
            .unwrap_or(Self {
                stretches: 4,
                stretch: (100.0 - least) / 4.0,
            })
    }

    /// What the lowest line stands for.
    fn lowest(&self) -> f64 {
        100.0 - self.stretch * f64::from(self.stretches)
    }

    /// Where a line of the grid lies, counted from the top.
    fn at(&self, line: u32) -> f64 {
        HEIGHT * f64::from(line) / f64::from(self.stretches)
    }

    fn down(&self, left: f64) -> f64 {
        HEIGHT * (100.0 - left) / (100.0 - self.lowest())
    }

    fn labels(&self) -> Vec<String> {
        (0..=self.stretches)
            .map(|line| 100.0 - self.stretch * f64::from(line))
            .map(number::whole_percent)
            .collect()
    }
}

/// Stretches of measured steps, each with what was left when it began.
fn runs(spending: &Spending) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut before = 100.0;
    let mut is_open = false;
    for step in &spending.steps {
        let Some(left) = step.left else {
            is_open = false;
            continue;
        };
        if !is_open {
            runs.push(Run {
                before,
                steps: Vec::new(),
            });
        }
        if let Some(run) = runs.last_mut() {
            run.steps.push((step, left));
        }
        (before, is_open) = (left, true);
    }
    runs
}

struct Run<'a> {
    before: f64,
    steps: Vec<(&'a Step, f64)>,
}

fn line(run: &Run<'_>, scale: &Scale, during: Interval) -> String {
    let start = run
        .steps
        .first()
        .map_or(during.start(), |(step, _)| step.during.start());
    let from = (across(start, during), run.before);
    let points = run
        .steps
        .iter()
        .map(|(step, left)| (across(step.during.end(), during), *left));
    let points: Vec<String> = std::iter::once(from)
        .chain(points)
        .map(|(x, left)| format!("{} {}", places(x), places(scale.down(left))))
        .collect();
    format!("M{}", points.join("L"))
}

/// The line, closed along the line of nothing left.
fn area(run: &Run<'_>, scale: &Scale, during: Interval) -> String {
    let ends = (run.steps.first(), run.steps.last());
    let (Some((first, _)), Some((last, _))) = ends else {
        return String::new();
    };
    let zero = places(scale.down(0.0));
    format!(
        "{}L{} {zero}L{} {zero}Z",
        line(run, scale, during),
        places(across(last.during.end(), during)),
        places(across(first.during.start(), during)),
    )
}

fn hover(step: &Step, counts: Counts, during: Interval) -> Markup {
    let left = step.left.map_or_else(
        || "no traffic yet".to_owned(),
        |left| format!("{} left", number::percent(left)),
    );
    let words = format!(
        "{}: {left}, {} bad of {}",
        stretch_words(step.during),
        number::count(counts.bad()),
        number::count(counts.total()),
    );
    column("hover", step.during, during, HEIGHT, &words)
}

#[cfg(test)]
mod tests {
    use sre_core::time::at_second;

    use super::*;

    fn spending(left: &[Option<f64>]) -> Spending {
        let step = |(index, left): (i64, &Option<f64>)| Step {
            during: Interval::new(at_second(index * 60), at_second(index * 60 + 60)),
            counts: left.map(|_| Counts::NONE),
            left: *left,
        };
        Spending {
            during: Interval::new(
                at_second(0),
                at_second(60 * i64::try_from(left.len()).unwrap()),
            ),
            steps: (0..).zip(left).map(step).collect(),
            is_projected: false,
            corrected: Vec::new(),
        }
    }

    #[test]
    fn the_axis_reaches_as_far_down_as_the_budget_does() {
        let labels = |left| {
            Scale::of(&spending(&[Some(left)]))
                .labels()
                .join(" ")
        };
        assert_eq!(labels(3.0), "100 % 75 % 50 % 25 % 0 %");
        assert_eq!(labels(-1.0), "100 % 75 % 50 % 25 % 0 % −25 %");
        assert_eq!(labels(-150.0), "100 % 50 % 0 % −50 % −100 % −150 %");
        assert_eq!(labels(-250.0), "100 % 0 % −100 % −200 % −300 %");
    }

    #[test]
    fn the_line_is_broken_where_nobody_measured_and_goes_on_at_the_same_height() {
        let drawn = spending(&[Some(100.0), Some(50.0), None, Some(50.0)]);
        let scale = Scale::of(&drawn);
        let lines: Vec<String> = runs(&drawn)
            .iter()
            .map(|run| line(run, &scale, drawn.during))
            .collect();
        assert_eq!(
            lines,
            [
                "M0.0 0.0L250.0 0.0L500.0 100.0",
                "M750.0 100.0L1000.0 100.0"
            ]
        );
        let chart = burn_down(&drawn, "").into_string();
        assert_eq!(chart.matches("class=\"gap\"").count(), 1);
        assert!(chart.contains(": not measured"), "{chart}");
    }
}
