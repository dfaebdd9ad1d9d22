//! A policy simulation: the same month through several burn policies, side by side.
//!
//! The month is made up: 6 000 requests a minute at 99.9 %, a background of a fifth of the budget, and
//! six troubles from a blip to a leak of two days. `Simulation` replays it through the evaluator's own
//! evaluation and decisions, and says of each policy what it would have paged, when, and what it would
//! have missed.
//!
//! ```sh
//! cargo run --release -p sre-examples --example simulate_policies
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use chrono::TimeDelta;
use sre_core::count::Counts;
use sre_core::hour::Hour;
use sre_core::monitor::MonitorSettings;
use sre_core::policy::{BurnLevel, BurnRule, PolicyChoice};
use sre_core::simulate::{Candidate, Raised, Run, Simulated, Simulation, SpentShare};
use sre_core::slice::{Slice, SliceWidth};
use sre_core::slo::Slo;
use sre_core::time::{Interval, Span, at_second};

/// Monday, 2026-03-02 00:00 UTC.
const BEGIN: i64 = 1_772_409_600;
/// Requests a minute.
const TRAFFIC: u64 = 6_000;

/// What went wrong: the day and hour of its beginning, how long, and how many of a thousand failed.
const TROUBLES: [(&str, i64, i64, u64); 6] = [
    ("a database that was away", 3 * 24 + 9, 25, 1_000),
    ("a bad release, rolled back", 8 * 24 + 14, 50, 60),
    ("a blip", 11 * 24 + 3, 1, 300),
    ("one zone in trouble", 15 * 24 + 20, 180, 12),
    ("a slow leak", 20 * 24 + 6, 2_880, 2),
    ("a dependency at night", 26 * 24 + 2, 40, 25),
];

fn main() -> Result<(), Box<dyn Error>> {
    compare(&mut stdout().lock())
}

/// Says what each policy would have told, and when.
fn compare(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let slo = slo()?;
    let hours = month()?;
    let candidates = [
        Candidate::new("default", PolicyChoice::Default),
        Candidate::new("google-sre", PolicyChoice::GoogleSre),
        Candidate::new("one rule", PolicyChoice::Custom(vec![one_rule()?])),
    ];
    let during = Interval::ending(at_second(BEGIN) + TimeDelta::days(30), Span::days(30));
    let settings = MonitorSettings::default();
    let found = Simulation::new(&slo, &hours, during, &candidates, &settings).run()?;

    print_events(out, &found)?;
    for run in &found.runs {
        print_run(out, run)?;
    }
    Ok(())
}

/// The trouble, and after how long each policy told of it; `(ticket)` where nobody was woken.
fn print_events(out: &mut impl Write, found: &Simulated) -> Result<(), Box<dyn Error>> {
    write!(out, "{:<14} {:>8} {:>7}", "event", "minutes", "spent")?;
    for run in &found.runs {
        write!(out, "  {:>14}", run.name)?;
    }
    writeln!(out)?;
    for (index, event) in found.events.iter().enumerate() {
        let during = event.during;
        write!(
            out,
            "{:<14} {:>8} {:>6.1}%",
            during
                .start()
                .format("%d %b %H:%M")
                .to_string(),
            (during.end() - during.start()).num_minutes(),
            event.spent().as_percentage(),
        )?;
        for run in &found.runs {
            let page = run
                .pages
                .detections
                .get(index)
                .and_then(|told| told.delay);
            let burn = run
                .burns
                .detections
                .get(index)
                .and_then(|told| told.delay);
            let said = match (page, burn) {
                (Some(delay), _) => format!("{} min", delay.num_minutes()),
                (None, Some(delay)) => format!("({} min)", delay.num_minutes()),
                (None, None) => "missed".to_owned(),
            };
            write!(out, "  {said:>14}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn print_run(out: &mut impl Write, run: &Run) -> Result<(), Box<dyn Error>> {
    // What does not exist is a dash: without alerts there is no precision.
    let percent = |share: Option<f64>| {
        share.map_or("-".to_owned(), |share| format!("{:.0} %", 100.0 * share))
    };
    writeln!(
        out,
        "\n{}: {} pages and {} tickets, {:.1} pages a week, precision {}, recall {} ({} with tickets)",
        run.name,
        run.count(Raised::is_page),
        run.count(|alert| alert.kind.is_ticket()),
        run.pages_per_week,
        percent(run.pages.precision()),
        percent(run.pages.recall()),
        percent(run.burns.recall()),
    )?;
    for alert in run
        .alerts
        .iter()
        .filter(|alert| alert.is_burn())
    {
        let lasted = alert
            .ends_at
            .map(|ends| (ends - alert.starts_at).num_minutes());
        writeln!(
            out,
            "  {}  {:<9}  {:<9}  {:>5} min  {:<9}  {:>4.1} % spent",
            alert.starts_at.format("%d %b %H:%M"),
            alert.kind.as_str(),
            alert.gravest.as_str(),
            lasted.map_or("open".to_owned(), |minutes| minutes.to_string()),
            alert
                .truth
                .map_or("-", |truth| truth.as_str()),
            alert
                .spent()
                .map_or(0.0, SpentShare::as_percentage),
        )?;
    }
    Ok(())
}

/// A month of minutes, packed into hours as a store would hold them.
fn month() -> Result<Vec<Hour>, Box<dyn Error>> {
    let mut hours = Vec::with_capacity(30 * 24);
    for number in 0..30 * 24 {
        let start = at_second(BEGIN + 3_600 * number);
        let mut hour = Hour::unmeasured(start, SliceWidth::MINUTE);
        for minute in 0..60 {
            let bad = bad(60 * number + minute);
            let at = start + TimeDelta::minutes(minute);
            hour.set(at, Slice::Measured(Counts::events(TRAFFIC - bad, TRAFFIC)?));
        }
        hours.push(hour);
    }
    Ok(hours)
}

/// What fails in a minute: one or two requests always, more in trouble.
fn bad(minute: i64) -> u64 {
    let trouble = TROUBLES
        .iter()
        .find(|(_, hour, lasting, _)| (60 * hour..60 * hour + lasting).contains(&minute));
    let background = if minute % 5 == 0 { 2 } else { 1 };
    trouble.map_or(background, |(.., per_mille)| TRAFFIC * per_mille / 1_000)
}

/// Five times too fast over an hour, and nothing else.
fn one_rule() -> Result<BurnRule, Box<dyn Error>> {
    Ok(BurnRule {
        level: BurnLevel::Critical,
        factor: "5".parse()?,
        long: Span::hours(1),
        short: Span::minutes(5),
        min_share: None,
    })
}

/// 99.9 % of 30 days.
fn slo() -> Result<Slo, Box<dyn Error>> {
    Ok(Slo::builder("checkout", "availability")
        .name("Checkout availability")
        .target_percentage("99.9")?
        .build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quicker_policy_wakes_somebody_for_a_blip_and_none_sees_a_leak_of_days() {
        let mut out = Vec::new();
        compare(&mut out).expect("it runs");
        let text = String::from_utf8(out).expect("it is text");
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        // Day, month, time, minutes, budget spent; then what each policy took.
        assert_eq!(lines[1][5..], ["1", "min", "1", "min", "1", "min"]);
        assert_eq!(lines[2][5..], ["10", "min", "15", "min", "5", "min"]);
        assert_eq!(lines[4][5..], ["missed", "missed", "missed"]);
        let blips: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("13 Mar 03:01") || line.contains(" false "))
            .collect();
        let [blip] = blips[..] else {
            panic!("{blips:?}");
        };
        assert!(
            blip.contains("13 Mar 03:01") && blip.contains(" false "),
            "{blip}"
        );
    }
}
