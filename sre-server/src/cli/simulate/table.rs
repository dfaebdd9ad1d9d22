//! A simulation as people read it: policies side by side, then what happened.

use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::simulate::{Quantiles, Raised, Run, Simulated, Truth};
use sre_core::slo::Definition;
use sre_core::time::Span;

/// Of less than a day nothing is said by the week: one page in ten minutes would be a thousand.
const WEEKLY_FROM: Span = Span::days(1);

/// Writes what was found of an SLO with this definition.
///
/// # Errors
///
/// Writing failed.
pub(crate) fn write(
    definition: &Definition,
    significant: &str,
    found: &Simulated,
    out: &mut impl Write,
) -> io::Result<()> {
    heading(definition, found, out)?;
    let count = found.events.len();
    let noun = if count == 1 { "event" } else { "events" };
    writeln!(
        out,
        "{count} {noun}: trouble that spent at least {significant} % of the error budget\n"
    )?;
    columns(&policies(found), out)?;
    for run in &found.runs {
        for left in &run.policy.left_out {
            let rule = &left.rule;
            writeln!(
                out,
                "{}: {} over {} is left out: {}",
                run.name, rule.factor, rule.long, left.reason
            )?;
        }
    }
    if !found.events.is_empty() {
        writeln!(out)?;
        columns(&events(found), out)?;
    }
    for run in found
        .runs
        .iter()
        .filter(|run| !run.alerts.is_empty())
    {
        writeln!(out, "\nWhat {} would have said", run.name)?;
        columns(&alerts(run), out)?;
    }
    Ok(())
}

fn heading(definition: &Definition, found: &Simulated, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{} ({}), {} % over {}",
        definition.name, definition.service_name, definition.target, definition.window
    )?;
    let gaps = match found.gaps.len() {
        0 => "no gap".to_owned(),
        1 => "1 gap".to_owned(),
        gaps => format!("{gaps} gaps"),
    };
    writeln!(
        out,
        "{} to {} UTC: {} of {} slices of {} measured, {gaps}",
        instant(found.during.start()),
        instant(found.during.end()),
        found.measured,
        found.slices,
        definition.slice,
    )
}

/// A line a policy.
fn policies(found: &Simulated) -> Vec<Vec<String>> {
    let heads = [
        "POLICY",
        "PAGES",
        "A WEEK",
        "TICKETS",
        "PRECISION",
        "RECALL",
        "DELAY",
        "WORST",
        "SPENT BEFORE",
        "RESET",
        "AGAIN",
    ];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    lines.extend(found.runs.iter().map(|run| {
        let pages = &run.pages;
        let events = pages.detections.len();
        vec![
            run.name.clone(),
            run.count(Raised::is_page).to_string(),
            a_week(run, found),
            run.count(|alert| alert.kind.is_ticket())
                .to_string(),
            percent(pages.precision()),
            match events {
                0 => "-".to_owned(),
                events => format!("{} of {events}", pages.detected()),
            },
            length(pages.delay.map(|delay| delay.p50)),
            length(pages.delay.map(|delay| delay.max)),
            shown(pages.spent_before, |spent| {
                format!("{:.1} %", spent.as_percentage())
            }),
            length(pages.reset.map(|reset| reset.p50)),
            pages.duplicates.to_string(),
        ]
    }));
    lines
}

/// How many pages a week that is, where there is enough to go by.
fn a_week(run: &Run, found: &Simulated) -> String {
    if found.during.seconds() < WEEKLY_FROM.as_seconds() {
        "-".to_owned()
    } else {
        format!("{:.1}", run.pages_per_week)
    }
}

/// A line an event, with what each policy said of it.
fn events(found: &Simulated) -> Vec<Vec<String>> {
    let mut head = ["EVENT", "LASTED", "SPENT"]
        .map(str::to_owned)
        .to_vec();
    head.extend(
        found
            .runs
            .iter()
            .map(|run| run.name.clone()),
    );
    let mut lines = vec![head];
    for (index, event) in found.events.iter().enumerate() {
        let during = event.during;
        let mut line = vec![
            instant(during.start()),
            length(Some(during.end() - during.start())),
            format!("{:.1} %", event.spent().as_percentage()),
        ];
        line.extend(
            found
                .runs
                .iter()
                .map(|run| said(run, index)),
        );
        lines.push(line);
    }
    lines
}

/// How a policy told of an event: by a page, else by a ticket of a slow burn.
fn said(run: &Run, event: usize) -> String {
    let delay = |quality: &sre_core::simulate::Quality| {
        quality
            .detections
            .get(event)
            .and_then(|told| told.delay)
    };
    match (delay(&run.pages), delay(&run.burns)) {
        (Some(page), _) => format!("page after {}", length(Some(page))),
        (None, Some(ticket)) => format!("ticket after {}", length(Some(ticket))),
        (None, None) => "missed".to_owned(),
    }
}

/// A line an alert.
fn alerts(run: &Run) -> Vec<Vec<String>> {
    let heads = ["ALERT", "LASTED", "TYPE", "SEVERITY", "SPENT", "SAW"];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    lines.extend(run.alerts.iter().map(|alert| {
        vec![
            instant(alert.starts_at),
            match alert.ends_at {
                Some(ends) => length(Some(ends - alert.starts_at)),
                None => "open".to_owned(),
            },
            alert.kind.to_string(),
            alert.gravest.as_str().to_owned(),
            alert
                .spent()
                .map_or("-".to_owned(), |spent| {
                    format!("{:.1} %", spent.as_percentage())
                }),
            match alert.truth {
                Some(Truth::First) => "an event".to_owned(),
                Some(Truth::Duplicate) => "an event again".to_owned(),
                Some(Truth::False) => "no event".to_owned(),
                None => "-".to_owned(),
            },
        ]
    }));
    lines
}

/// Lines of cells, each column as wide as its widest cell.
fn columns(lines: &[Vec<String>], out: &mut impl Write) -> io::Result<()> {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        for (column, cell) in line.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(held) => *held = width.max(*held),
                None => widths.push(width),
            }
        }
    }
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

fn shown<T>(quantiles: Option<Quantiles<T>>, shown: impl Fn(T) -> String) -> String {
    quantiles.map_or("-".to_owned(), |quantiles| shown(quantiles.p50))
}

/// A length by its two largest units: `45s`, `7m 12s`, `3h 20m`, `2d 4h`.
fn length(length: Option<TimeDelta>) -> String {
    let Some(seconds) = length.map(|length| length.num_seconds()) else {
        return "-".to_owned();
    };
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let first = units
        .iter()
        .position(|(unit, _)| seconds >= *unit)
        .unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units.iter().skip(first).take(2) {
        let amount = rest / unit;
        rest %= unit;
        if amount > 0 || parts.is_empty() {
            parts.push(format!("{amount}{name}"));
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_its_two_largest_units() {
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (432, "7m 12s"),
            (3_600, "1h"),
            (12_000, "3h 20m"),
            (187_300, "2d 4h"),
        ] {
            assert_eq!(length(Some(TimeDelta::seconds(seconds))), text);
        }
        assert_eq!(length(None), "-");
    }
}
