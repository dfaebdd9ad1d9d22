//! Silence is an alert of its own, and moves no other.

use super::RuleVerdict::Firing;
use super::*;

#[test]
fn an_slo_that_spoke_before_and_is_stale_has_no_data() {
    for state in [
        SloState::InsufficientData,
        SloState::NoData,
        SloState::Violated,
    ] {
        let mut world = World::default();
        let stale = Evaluation {
            state,
            is_stale: true,
            ..evaluation(&[])
        };
        let lines = world.after(&stale);
        assert!(
            lines.contains(&"no_data high firing fire".to_owned()),
            "{state}: {lines:?}"
        );
        let lines = world.after(&stale);
        assert!(
            !lines
                .iter()
                .any(|line| line.starts_with("no_data")),
            "{state}: {lines:?}"
        );
    }
}

#[test]
fn an_slo_that_waits_for_its_first_measurement_is_no_alert() {
    for state in [
        SloState::Waiting,
        SloState::NoData,
        SloState::InsufficientData,
    ] {
        assert!(
            World::default()
                .after(&unjudged(state, false))
                .is_empty(),
            "{state}"
        );
    }
}

#[test]
fn silence_ends_when_something_is_measured_again() {
    let mut world = World::default();
    world.after(&unjudged(SloState::NoData, true));
    let lines = world.after(&unjudged(SloState::InsufficientData, false));
    assert_eq!(lines, ["no_data high resolved condition resolve"]);
    world.after(&unjudged(SloState::NoData, true));
    assert_eq!(
        world
            .open(&AlertType::NoData)
            .expect("again")
            .episode,
        2
    );
}

/// No data resolves nothing and opens nothing else.
#[test]
fn silence_holds_page_and_ticket() {
    let mut world = World::default();
    world.after(&budget(
        BudgetVerdict::Missed,
        &[(EMERGENCY, Firing), (WARNING, Firing)],
    ));
    let lines = world.after(&unjudged(SloState::InsufficientData, true));
    assert_eq!(lines, ["no_data high firing fire"]);
    for _ in 0..10 {
        assert!(
            world
                .after(&unjudged(SloState::NoData, true))
                .is_empty()
        );
    }
    let open = world
        .latest
        .values()
        .filter(|alert| alert.is_open())
        .count();
    assert_eq!(open, 3);
}
