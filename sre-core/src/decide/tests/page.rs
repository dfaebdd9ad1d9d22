//! The page: opens, follows the gravest rule, and ends when all that held it is measured to be quiet.

use super::RuleVerdict::{Firing, Held, Quiet, TooFewBad};
use super::*;

#[test]
fn a_page_is_as_grave_as_the_highest_paging_rule_that_fires() {
    for (said, expected) in [
        (
            vec![(EMERGENCY, Firing), (CRITICAL, Quiet)],
            Some(Severity::Emergency),
        ),
        (
            vec![(EMERGENCY, Firing), (CRITICAL, Firing)],
            Some(Severity::Emergency),
        ),
        (
            vec![(EMERGENCY, Quiet), (CRITICAL, Firing)],
            Some(Severity::Critical),
        ),
        (vec![(EMERGENCY, TooFewBad), (CRITICAL, TooFewBad)], None),
        (vec![(EMERGENCY, Held), (CRITICAL, Held)], None),
        (vec![(WARNING, Firing)], None),
    ] {
        let mut world = World::default();
        world.after(&evaluation(&said));
        let page = world.open(&AlertType::BurnRate);
        assert_eq!(page.map(|page| page.severity), expected, "{said:?}");
    }
}

#[test]
fn a_page_says_what_burns_how_fast_and_why_it_is_this_grave() {
    let mut world = World::default();
    world.after(&evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]));
    let page = world
        .open(&AlertType::BurnRate)
        .expect("a page");
    assert_eq!(
        page.message,
        "checkout answers burns its 1h error budget 10.0 times too fast over 1h and 10.0 times \
         over 5m: emergency, because both exceed 10"
    );
    assert_eq!(page.rules.len(), 2);
}

#[test]
fn severity_follows_the_rules_up_and_down_and_both_are_told() {
    let mut world = World::default();
    for (emergency, critical, expected) in [
        (Quiet, Firing, vec!["burn_rate critical firing fire"]),
        (Firing, Firing, vec!["burn_rate emergency firing update"]),
        (Quiet, Firing, vec!["burn_rate critical firing update"]),
        (Quiet, Firing, vec![]),
        (
            Quiet,
            Quiet,
            vec!["burn_rate critical resolved condition resolve"],
        ),
        (Quiet, Quiet, vec![]),
        (Firing, Quiet, vec!["burn_rate emergency firing fire"]),
    ] {
        let said = [(EMERGENCY, emergency), (CRITICAL, critical)];
        assert_eq!(world.after(&evaluation(&said)), expected);
    }
    assert_eq!(
        world
            .open(&AlertType::BurnRate)
            .expect("a page")
            .episode,
        2
    );
}

/// Nothing resolves because nobody measured.
#[test]
fn a_held_rule_keeps_its_page_open_and_as_grave_as_it_was() {
    let mut world = World::default();
    world.after(&evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]));
    let held = evaluation(&[(EMERGENCY, Held), (CRITICAL, Held)]);
    assert!(world.after(&held).is_empty());
    for critical in [Quiet, Firing, Held] {
        world.after(&evaluation(&[(EMERGENCY, Held), (CRITICAL, critical)]));
        let page = world
            .open(&AlertType::BurnRate)
            .expect("a page");
        assert_eq!(page.severity, Severity::Emergency, "{critical:?}");
    }
    let ended = world.after(&evaluation(&[(EMERGENCY, Quiet), (CRITICAL, Quiet)]));
    assert_eq!(ended, ["burn_rate emergency resolved condition resolve"]);
}

/// A rule that starts or stops updates the open episode; what it said is what is
/// held later.
#[test]
fn a_rule_that_began_to_fire_under_an_open_page_is_held_with_it() {
    let mut world = World::default();
    world.after(&evaluation(&[(EMERGENCY, Firing), (CRITICAL, Quiet)]));
    let both = evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]);
    assert_eq!(
        world.after(&both),
        ["burn_rate emergency firing"],
        "known, and told to nobody"
    );
    assert!(world.after(&both).is_empty());
    let held = evaluation(&[(EMERGENCY, Quiet), (CRITICAL, Held)]);
    assert_eq!(world.after(&held), ["burn_rate critical firing update"]);
}

#[test]
fn a_rule_that_stopped_under_an_open_page_is_not_held_with_it() {
    let mut world = World::default();
    world.after(&evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]));
    world.after(&evaluation(&[(EMERGENCY, Firing), (CRITICAL, Quiet)]));
    let ended = world.after(&evaluation(&[(EMERGENCY, Quiet), (CRITICAL, Held)]));
    assert_eq!(ended, ["burn_rate emergency resolved condition resolve"]);
}

#[test]
fn a_held_rule_opens_nothing() {
    let mut world = World::default();
    assert!(
        world
            .after(&unjudged(SloState::InsufficientData, false))
            .is_empty()
    );
}

/// A rule that can no longer be asked was not measured to be quiet: that is no recovery.
#[test]
fn a_page_whose_rules_are_asked_no_more_ends_by_definition() {
    let mut world = World::default();
    world.after(&evaluation(&[(EMERGENCY, Firing)]));
    let ended = world.after(&evaluation(&[(CRITICAL, Quiet)]));
    assert_eq!(ended, ["burn_rate emergency resolved definition resolve"]);
}

#[test]
fn a_page_that_a_person_ended_opens_anew_while_it_still_burns() {
    let mut world = World::default();
    let burning = evaluation(&[(EMERGENCY, Firing)]);
    world.after(&burning);
    let by = Some("Ada".to_owned());
    world.by_hand(&AlertType::BurnRate, |page, moment| {
        page.resolve(ResolveReason::Manual, by, None, moment)
            .expect("open")
    });
    assert_eq!(world.after(&burning), ["burn_rate emergency firing fire"]);
    assert_eq!(
        world
            .open(&AlertType::BurnRate)
            .expect("a page")
            .episode,
        2
    );
}

#[test]
fn a_raise_ends_an_acknowledgement_and_a_fall_does_not() {
    let acknowledged = |before: Said<'_>| {
        let mut world = World::default();
        world.after(&evaluation(before));
        world.by_hand(&AlertType::BurnRate, |page, moment| {
            page.acknowledge(None, None, moment)
                .expect("open")
        });
        world
    };
    let mut risen = acknowledged(&[(CRITICAL, Firing)]);
    let lines = risen.after(&evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]));
    assert_eq!(lines, ["burn_rate emergency firing update"]);
    let mut fallen = acknowledged(&[(EMERGENCY, Firing), (CRITICAL, Firing)]);
    let lines = fallen.after(&evaluation(&[(EMERGENCY, Quiet), (CRITICAL, Firing)]));
    assert_eq!(lines, ["burn_rate critical acknowledged update"]);
}
