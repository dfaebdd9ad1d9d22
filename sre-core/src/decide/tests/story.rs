//! Whole stories: evaluations of real slices, one after another.

use super::*;
use crate::evaluate::tests::History;
use crate::policy::PolicyChoice;
use crate::slice::{Slice, SliceWidth};
use crate::slo::Definition;
use crate::window::{CalendarUnit, CalendarWindow, Window};

/// An SLO of a day at 99.9 % under the default policy: 10 on 2m/2m, 5 on 12m/2m, 2 on 48m/4m.
fn day() -> History {
    History::of(Definition {
        target: "99.9".parse().expect("a target"),
        window: Window::Rolling(Span::days(1)),
        burn_policy: PolicyChoice::Default,
        ..crate::slo::tests::definition()
    })
}

/// Pushes so many minutes, decides after each, and says what changed with its minute.
fn live(world: &mut World, history: &mut History, minutes: i64, slice: Slice) -> Vec<String> {
    let mut lines = Vec::new();
    for minute in 1..=minutes {
        history.push(slice);
        let evaluation = history.evaluate();
        lines.extend(
            world
                .after(&evaluation)
                .into_iter()
                .map(|line| format!("{minute}: {line}")),
        );
    }
    lines
}

fn counted(bad: u64, total: u64) -> Slice {
    Slice::Measured(Counts::events(total - bad, total).expect("legal"))
}

/// The lines that somebody is told.
fn told<'a>(lines: &'a [String], of: &str) -> Vec<&'a str> {
    let is_told = |line: &&str| {
        line.contains(of)
            && ["fire", "update", "resolve"]
                .iter()
                .any(|kind| line.ends_with(kind))
    };
    lines
        .iter()
        .map(String::as_str)
        .filter(is_told)
        .collect()
}

/// A full outage is one page, its resolve, and one ticket. The ticket's rows are written while
/// the page is open; that they are told after it is the dispatcher's affair.
#[test]
fn a_full_outage_is_one_page_its_resolve_and_one_ticket() {
    let (mut world, mut history) = (World::default(), day());
    assert!(live(&mut world, &mut history, 1_440, counted(0, 100)).is_empty());
    let outage = live(&mut world, &mut history, 10, counted(100, 100));
    let after = live(&mut world, &mut history, 30, counted(0, 100));
    // One minute of outage burns 500 over two minutes, 83 over twelve and 21 over 48.
    assert_eq!(
        told(&outage, "burn_rate"),
        ["1: burn_rate emergency firing fire"]
    );
    assert_eq!(
        told(&after, "burn_rate"),
        ["2: burn_rate emergency resolved condition resolve"]
    );
    // 144 of a day's 144 000 requests may fail: the second bad minute has spent them.
    let is_ticket = |line: &&String| !line.contains("burn_rate");
    assert_eq!(
        outage
            .iter()
            .filter(is_ticket)
            .collect::<Vec<_>>(),
        [
            "1: slow_burn medium firing fire",
            "2: slow_burn medium resolved superseded resolve",
            "2: slo_violation high firing fire",
        ]
    );
    assert!(
        told(&after, "slo_violation").is_empty(),
        "a fact is told once: {after:?}"
    );
    let open: Vec<_> = world
        .latest
        .values()
        .filter(|alert| alert.is_open())
        .collect();
    assert_eq!(open.len(), 1);
    assert_eq!(*open[0].alert_type(), AlertType::SloViolation);
}

#[test]
fn an_exporter_that_dies_in_an_outage_resolves_nothing_until_it_is_measured_again() {
    let (mut world, mut history) = (World::default(), day());
    live(&mut world, &mut history, 1_440, counted(0, 100));
    live(&mut world, &mut history, 5, counted(100, 100));
    let silent = live(&mut world, &mut history, 60, Slice::Unmeasured);
    assert_eq!(told(&silent, ""), ["3: no_data high firing fire"]);
    let back = live(&mut world, &mut history, 60, counted(0, 100));
    assert_eq!(
        told(&back, "no_data"),
        ["1: no_data high resolved condition resolve"]
    );
    // Two clean minutes settle both rules; the long windows need not fill again.
    assert_eq!(
        told(&back, "burn_rate"),
        ["2: burn_rate emergency resolved condition resolve"]
    );
}

#[test]
fn one_failed_request_of_ten_in_an_hour_opens_nothing_that_pages() {
    let (mut world, mut history) = (World::default(), day());
    for minute in 0..1_440 {
        let requests = u64::from(minute % 6 == 0);
        let bad = u64::from(minute == 750);
        history.push(counted(bad * requests, requests));
        world.after(&history.evaluate());
    }
    assert!(
        !world
            .latest
            .values()
            .any(|alert| *alert.alert_type() == AlertType::BurnRate)
    );
}

/// An SLO of the calendar month at 99 % in slices of a quarter of an hour, of which March is made, with
/// so many slices before its end an outage of a whole day.
fn march_with_an_outage(world: &mut World, before_end: i64) -> (History, Vec<String>) {
    let mut history = History::since(
        1_772_323_200,
        Definition {
            window: Window::Calendar(CalendarWindow::new(CalendarUnit::Month)),
            slice: SliceWidth::new(Span::minutes(15)).expect("a width"),
            burn_policy: PolicyChoice::Default,
            ..crate::slo::tests::definition()
        },
    );
    for _ in 0..31 * 96 - 96 - before_end {
        history.push(counted(0, 100));
    }
    let mut lines = live(world, &mut history, 96, counted(100, 100));
    lines.extend(live(world, &mut history, before_end, counted(0, 100)));
    assert_eq!(
        history.end(),
        at_second(1_775_001_600),
        "the first of April"
    );
    (history, lines)
}

/// What was missed in March is over with March: the ticket of the month resolves in April.
#[test]
fn a_month_that_was_missed_is_over_when_the_next_one_begins() {
    let mut world = World::default();
    let (mut history, march) = march_with_an_outage(&mut world, 5 * 96);
    assert!(
        march
            .iter()
            .any(|line| line.ends_with("slo_violation high firing fire")),
        "{march:?}"
    );
    assert_eq!(
        told(&march, "slo_violation").len(),
        1,
        "and stays to the last slice: {march:?}"
    );
    let april = live(&mut world, &mut history, 96, counted(0, 100));
    assert_eq!(april, ["1: slo_violation high resolved condition resolve"]);
    assert!(
        !world
            .latest
            .values()
            .any(Alert::is_open)
    );
}

/// An outage that began in March goes on in April, and so does its page.
#[test]
fn a_page_that_opened_before_the_edge_of_the_month_is_held_by_what_burns_across_it() {
    let mut world = World::default();
    let (mut history, march) = march_with_an_outage(&mut world, 0);
    assert_eq!(told(&march, "burn_rate").len(), 1, "{march:?}");
    let outage = live(&mut world, &mut history, 1, counted(100, 100));
    assert!(told(&outage, "burn_rate").is_empty(), "{outage:?}");
    let page = |world: &World| {
        world
            .latest
            .values()
            .any(|alert| alert.is_open() && *alert.alert_type() == AlertType::BurnRate)
    };
    assert!(page(&world), "April is a quarter of an hour old");
    live(&mut world, &mut history, 4, counted(0, 100));
    assert!(!page(&world), "the short window is clean");
}
