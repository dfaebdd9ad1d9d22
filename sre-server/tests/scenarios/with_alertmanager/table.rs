//! The table that the document holds.

use std::path::Path;

use sre_core::policy::PolicyChoice;

use super::recorder::Heard;
use super::with_prometheus::{Played, detection};
use crate::scenario::{Goal, SCENARIOS, Scenario, Trouble};

/// Where the table begins and ends in the document.
const MARKS: [&str; 2] = ["<!-- table -->\n", "<!-- end of table -->\n"];
const HEAD: &str = "\
| what happens | goal | ours: pages, resolves | ours: else | ours: first page | beyond detection | Sloth: pages, resolves | Sloth: tickets | Sloth: first page | beyond detection |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

/// The table, a row a scenario.
pub(crate) fn table(played: &[Played]) -> String {
    let rows = SCENARIOS.iter().filter_map(|scenario| {
        let scenes: Vec<&Played> = played
            .iter()
            .filter(|played| played.scene.scenario.key == scenario.key)
            .collect();
        (!scenes.is_empty()).then(|| row(scenario, &scenes))
    });
    format!("{HEAD}{}\n{}", rows.collect::<String>(), altogether(played))
}

/// What it comes to: every fault is told once, and nothing else calls anybody.
fn altogether(played: &[Played]) -> String {
    let (faults, rest): (Vec<&Played>, Vec<&Played>) = played
        .iter()
        .partition(|one| one.scene.scenario.goal == Goal::Page);
    let late = |first: fn(&Played) -> Option<f64>, policy: &PolicyChoice| {
        let beyond = faults.iter().filter_map(|one| {
            let detection = detection(one.scene.scenario, policy)?;
            Some(first(one)? - detection)
        });
        spread(&beyond.collect::<Vec<_>>())
    };
    let sum = |of: &[&Played], count: fn(&Played) -> usize| -> usize {
        of.iter().map(|one| count(one)).sum()
    };
    let (ours, our_ends) = (
        |one: &Played| one.our(Heard::is_page),
        |one: &Played| one.our(Heard::is_page_resolve),
    );
    let (theirs, their_ends) = (
        |one: &Played| one.theirs.told.firing,
        |one: &Played| one.theirs.told.resolved,
    );
    format!(
        "| altogether | ours | Sloth and Alertmanager |\n| --- | --- | --- |\n\
         | faults that should page | {} | {} |\n\
         | pages of them | {} | {} |\n\
         | resolves of them | {} | {} |\n\
         | the first page, beyond detection | {} | {} |\n\
         | pages where none should be | {} | {} |\n",
        faults.len(),
        faults.len(),
        sum(&faults, ours),
        sum(&faults, theirs),
        sum(&faults, our_ends),
        sum(&faults, their_ends),
        late(Played::our_first, &PolicyChoice::Default),
        late(Played::their_first, &PolicyChoice::GoogleSre),
        sum(&rest, ours),
        sum(&rest, theirs),
    )
}

/// Puts the table into a document, between its marks.
pub(crate) fn write(path: &Path, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path);
    let text = std::fs::read_to_string(&path).expect("the document");
    let [before, after] = MARKS.map(|mark| {
        let at = text.find(mark);
        at.unwrap_or_else(|| panic!("{mark:?} in the document"))
    });
    let (before, after) = (&text[..before + MARKS[0].len()], &text[after..]);
    std::fs::write(&path, format!("{before}\n{table}\n{after}")).expect("the document is written");
}

fn row(scenario: &Scenario, scenes: &[&Played]) -> String {
    // How soon a page came that should not have come is nothing to compare.
    let firsts = |first: fn(&Played) -> Option<f64>| -> Vec<f64> {
        let should = scenes
            .iter()
            .filter(|_| scenario.goal == Goal::Page);
        should
            .filter_map(|one| first(one))
            .collect()
    };
    let (ours, theirs) = (firsts(Played::our_first), firsts(Played::their_first));
    let our_pages = scenes.iter().map(|one| {
        let (pages, resolves) = (one.our(Heard::is_page), one.our(Heard::is_page_resolve));
        format!("{pages}, {resolves}")
    });
    let is_away = scenario.trouble == Trouble::DeadSource;
    let their_pages = scenes.iter().map(|one| {
        let told = &one.theirs.told;
        format!("{}, {}", told.firing, told.resolved)
    });
    let tickets = scenes
        .first()
        .map_or(0, |one| one.theirs.tickets.len());
    let none_ran = "no rule is evaluated";
    let cells = [
        scenario.name.to_owned(),
        goal(scenario.goal).to_owned(),
        same(our_pages),
        same(scenes.iter().map(|one| others(one))),
        spread(&ours),
        beyond(&ours, detection(scenario, &PolicyChoice::Default)),
        if is_away {
            none_ran.to_owned()
        } else {
            same(their_pages)
        },
        if is_away {
            none_ran.to_owned()
        } else {
            tickets.to_string()
        },
        spread(&theirs),
        beyond(&theirs, detection(scenario, &PolicyChoice::GoogleSre)),
    ];
    format!("| {} |\n", cells.join(" | "))
}

const fn goal(goal: Goal) -> &'static str {
    match goal {
        Goal::Page => "1 page, 1 resolve",
        Goal::Ticket => "1 ticket, its end",
        Goal::NoData => "1 `no_data`, its end",
        Goal::Silence => "nothing",
    }
}

/// What we say beside pages and their resolves, in order.
fn others(one: &Played) -> String {
    let said = one
        .ours
        .iter()
        .filter(|heard| !heard.is_page() && !heard.is_page_resolve())
        .map(|heard| match heard.reason.as_str() {
            "first" if one.scene.scenario.goal == Goal::Page => format!("`{}`", heard.alert_type),
            "first" => format!(
                "`{}` after {}",
                heard.alert_type,
                length(one.since_begin(heard.at))
            ),
            "all_resolved" => format!("`{}` ends", heard.alert_type),
            "severity_fell" => format!("page falls to {}", heard.severity),
            reason => format!("`{}` {reason}", heard.alert_type),
        });
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        "–".to_owned()
    } else {
        said.join("; ")
    }
}

/// A length of time, as people read it.
fn length(seconds: f64) -> String {
    let [minute, hour] = [60.0, 3_600.0];
    match seconds {
        _ if seconds < 10.0 * minute => format!("{seconds:.0} s"),
        _ if seconds < 2.0 * hour => format!("{:.0} min", seconds / minute),
        _ => format!("{:.1} h", seconds / hour),
    }
}

/// What every scene shows; each different thing with how often.
fn same(cells: impl Iterator<Item = String>) -> String {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for cell in cells {
        match counted
            .iter_mut()
            .find(|(held, _)| *held == cell)
        {
            Some((_, count)) => *count += 1,
            None => counted.push((cell, 1)),
        }
    }
    match counted.as_slice() {
        [(cell, 1)] => cell.clone(),
        [(cell, count)] => format!("{cell} (in all {count})"),
        several => several
            .iter()
            .map(|(cell, count)| format!("{cell} (in {count})"))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// The median and the 95th percentile of what lies beyond the closed form.
fn beyond(firsts: &[f64], detection: Option<f64>) -> String {
    let Some(detection) = detection else {
        return "–".to_owned();
    };
    let beyond: Vec<f64> = firsts
        .iter()
        .map(|first| first - detection)
        .collect();
    spread(&beyond)
}

/// The median and the 95th percentile, by nearest rank.
fn spread(seconds: &[f64]) -> String {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |percent: usize| {
        let rank = (sorted.len() * percent)
            .div_ceil(100)
            .max(1)
            - 1;
        sorted.get(rank)
    };
    match (rank(50), rank(95)) {
        (Some(p50), Some(_)) if sorted.len() == 1 => format!("{p50:.0} s"),
        (Some(p50), Some(p95)) => format!("p50 {p50:.0} s, p95 {p95:.0} s"),
        _ => "–".to_owned(),
    }
}
