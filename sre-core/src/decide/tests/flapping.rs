//! A page that flaps: one start, one end, and silence between.

use super::RuleVerdict::{Firing, Held, Quiet};
use super::*;
use crate::alert::HOLD_MAX;

fn said(verdict: RuleVerdict) -> Evaluation {
    evaluation(&[(EMERGENCY, verdict)])
}

/// Looks at a page that fires and clears by turns, until it flaps.
fn flapping() -> World {
    let mut world = World::default();
    for (verdict, expected) in [
        (Firing, "burn_rate emergency firing fire"),
        (Quiet, "burn_rate emergency resolved condition resolve"),
        (Firing, "burn_rate emergency firing fire"),
        (Quiet, "burn_rate emergency resolved condition resolve"),
        (Firing, "burn_rate emergency firing fire"),
        // Six changes in six looks: 35.5 %. The page is held open.
        (Quiet, "burn_rate emergency firing flap_start"),
    ] {
        assert_eq!(world.after(&said(verdict)), [expected]);
    }
    world
}

#[test]
fn a_page_that_flaps_is_held_open_and_told_once() {
    let mut world = flapping();
    let id = world
        .open(&AlertType::BurnRate)
        .expect("open")
        .id;
    for verdict in [Firing, Quiet, Firing, Quiet] {
        let lines = world.after(&said(verdict));
        assert_eq!(
            lines,
            ["burn_rate emergency firing"],
            "for the timeline only"
        );
    }
    let page = world
        .open(&AlertType::BurnRate)
        .expect("open");
    assert!(page.id == id && page.is_flapping());
}

#[test]
fn what_is_steady_is_told_once_and_then_ends_where_it_is_over() {
    let mut world = flapping();
    let mut lines = Vec::new();
    for _ in 0..25 {
        lines.extend(world.after(&said(Quiet)));
    }
    assert_eq!(
        lines,
        [
            "burn_rate emergency firing flap_end",
            "burn_rate emergency resolved condition resolve"
        ]
    );
    assert!(world.course.hold.is_none());
}

#[test]
fn what_is_steady_and_still_wrong_goes_on() {
    let mut world = flapping();
    let mut lines = world.after(&said(Firing));
    // Seven changes are more than two thirds of ten until the first is an hour old.
    for _ in 0..60 {
        lines.extend(world.after(&said(Firing)));
    }
    assert_eq!(
        lines,
        [
            "burn_rate emergency firing",
            "burn_rate emergency firing flap_end",
        ]
    );
    // It ends as any other.
    assert_eq!(
        world.after(&said(Quiet)),
        ["burn_rate emergency resolved condition resolve"]
    );
}

/// After four hours somebody has to know how it stands, flapping or not.
#[test]
fn what_flaps_for_hours_is_told_as_it_is_and_watched_anew() {
    let mut world = flapping();
    let begun = world.minutes;
    let mut told = Vec::new();
    for minute in 0_i64..480 {
        let verdict = if minute % 2 == 0 { Firing } else { Quiet };
        for line in world.after(&said(verdict)) {
            let kind = line
                .rsplit(' ')
                .next()
                .expect("a word")
                .to_owned();
            if kind != "firing" {
                told.push((world.minutes - begun, kind));
            }
        }
    }
    let hold = HOLD_MAX.as_secs_i64() / 60;
    assert_eq!(told.first(), Some(&(hold, "flap_end".to_owned())));
    // Six changes later it flaps again, and that is all.
    let kinds: Vec<&str> = told
        .iter()
        .map(|(_, kind)| kind.as_str())
        .collect();
    let starts = kinds
        .iter()
        .filter(|kind| **kind == "flap_start")
        .count();
    let ends = kinds
        .iter()
        .filter(|kind| **kind == "flap_end")
        .count();
    assert_eq!((starts, ends), (1, 1), "{told:?}");
    assert!(told.len() < 12, "{told:?}");
}

#[test]
fn silence_ends_no_flapping_before_its_time_and_four_hours_do() {
    let mut world = flapping();
    world.unmeasured = true;
    let begun = world.minutes;
    let mut lines = Vec::new();
    while lines.is_empty() && world.minutes < begun + 300 {
        lines = world.after(&said(Held));
    }
    assert_eq!(lines, ["burn_rate emergency firing flap_end"]);
    assert_eq!(world.minutes - begun, HOLD_MAX.as_secs_i64() / 60);
}

#[test]
fn a_graver_rule_is_told_while_the_page_flaps_and_a_lesser_one_is_not() {
    let mut world = World::default();
    let critical = |verdict| evaluation(&[(EMERGENCY, Quiet), (CRITICAL, verdict)]);
    for verdict in [Firing, Quiet, Firing, Quiet, Firing, Quiet] {
        world.after(&critical(verdict));
    }
    let page = world
        .open(&AlertType::BurnRate)
        .expect("open");
    assert!(page.is_flapping());
    let emergency = evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]);
    assert_eq!(
        world.after(&emergency),
        ["burn_rate emergency firing update"]
    );
    let page = world
        .open(&AlertType::BurnRate)
        .expect("open");
    assert!(page.is_flapping());
    assert_eq!(world.after(&critical(Firing)), Vec::<Line>::new());
}

#[test]
fn what_was_flapping_ends_by_hand_at_once() {
    let mut world = flapping();
    world.by_hand(&AlertType::BurnRate, |page, moment| {
        page.over(ResolveReason::Manual, None, None, moment)
            .expect("open")
    });
    assert!(
        world
            .open(&AlertType::BurnRate)
            .is_none()
    );
}
