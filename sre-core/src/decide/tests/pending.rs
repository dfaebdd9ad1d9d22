//! `for`, `keep_firing_for` and hysteresis of a page.

use super::RuleVerdict::{Firing, Held, Quiet};
use super::*;

fn world(alerting: Alerting) -> World {
    World {
        alerting,
        ..World::default()
    }
}

fn lasting(minutes: u32) -> World {
    world(Alerting::NONE.pending_for(Some(Span::minutes(minutes))))
}

fn keeping(minutes: u32) -> World {
    world(Alerting::NONE.keep_firing_for(Some(Span::minutes(minutes))))
}

fn said(verdict: RuleVerdict) -> Evaluation {
    evaluation(&[(EMERGENCY, verdict)])
}

/// What each of these looks decides.
fn story(world: &mut World, looks: &[(Evaluation, &[&str])]) {
    for (minute, (look, expected)) in looks.iter().enumerate() {
        assert_eq!(world.after(look), *expected, "look {minute}");
    }
}

#[test]
fn a_page_waits_for_its_breach_to_last_and_is_told_then() {
    let mut world = lasting(2);
    story(
        &mut world,
        &[
            (said(Firing), &["burn_rate emergency pending"]),
            (said(Firing), &[]),
            (said(Firing), &["burn_rate emergency firing fire"]),
            (said(Firing), &[]),
            (
                said(Quiet),
                &["burn_rate emergency resolved condition resolve"],
            ),
        ],
    );
    let page = world
        .latest
        .values()
        .next()
        .expect("a page");
    // Pending, firing, resolved: what only goes on is no transition.
    assert_eq!((page.episode, page.transition), (1, 3));
    assert_eq!(
        page.starts_at,
        at_second(60),
        "it began when it was seen first"
    );
}

#[test]
fn a_breach_that_does_not_last_is_told_to_nobody_and_the_next_begins_anew() {
    let mut world = lasting(2);
    story(
        &mut world,
        &[
            (said(Firing), &["burn_rate emergency pending"]),
            (said(Firing), &[]),
            (
                said(Quiet),
                &["burn_rate emergency resolved cleared_pending"],
            ),
            (said(Firing), &["burn_rate emergency pending"]),
            (said(Firing), &[]),
            (said(Firing), &["burn_rate emergency firing fire"]),
        ],
    );
    let page = world
        .open(&AlertType::BurnRate)
        .expect("a page");
    assert_eq!(page.episode, 2);
}

/// Prometheus starts anew when a series is missing once; here what nobody measured neither counts nor
/// resets.
#[test]
fn missing_data_neither_advances_nor_resets_a_pending_page() {
    let mut world = lasting(2);
    story(
        &mut world,
        &[
            (said(Firing), &["burn_rate emergency pending"]),
            (said(Firing), &[]),
        ],
    );
    world.unmeasured = true;
    story(
        &mut world,
        &[(said(Held), &[]), (said(Firing), &[]), (said(Held), &[])],
    );
    world.unmeasured = false;
    // Measured, but too little of a window to tell: that is not seen either.
    story(
        &mut world,
        &[
            (said(Held), &[]),
            (said(Firing), &["burn_rate emergency firing fire"]),
        ],
    );
}

#[test]
fn a_pending_page_joins_no_incident_and_one_that_fires_does() {
    let mut world = lasting(1);
    let mut joins = Vec::new();
    for _ in 0..2 {
        world.minutes += 1;
        let decided = world.decided(&said(Firing));
        world.course = decided.course;
        for update in &decided.alerts {
            joins.push((update.alert.state.as_str(), update.join.is_some()));
            world.apply(update);
        }
    }
    assert_eq!(joins, [("pending", false), ("firing", true)]);
}

#[test]
fn a_pending_page_fires_as_grave_as_what_burns_then() {
    let mut world = lasting(1);
    story(
        &mut world,
        &[
            (
                evaluation(&[(EMERGENCY, Quiet), (CRITICAL, Firing)]),
                &["burn_rate critical pending"],
            ),
            (
                evaluation(&[(EMERGENCY, Firing), (CRITICAL, Firing)]),
                &["burn_rate emergency firing fire"],
            ),
        ],
    );
}

#[test]
fn a_page_is_kept_open_until_its_end_has_lasted() {
    let mut world = keeping(2);
    story(
        &mut world,
        &[
            (said(Firing), &["burn_rate emergency firing fire"]),
            (said(Quiet), &[]),
            (said(Quiet), &[]),
            // It burns again: the end begins anew, and nobody hears of any of it.
            (said(Firing), &[]),
            (said(Quiet), &[]),
            (said(Quiet), &[]),
            (
                said(Quiet),
                &["burn_rate emergency resolved condition resolve"],
            ),
        ],
    );
}

#[test]
fn missing_data_neither_advances_nor_resets_the_end_of_a_page() {
    let mut world = keeping(2);
    story(
        &mut world,
        &[
            (said(Firing), &["burn_rate emergency firing fire"]),
            (said(Quiet), &[]),
            (said(Quiet), &[]),
        ],
    );
    world.unmeasured = true;
    story(
        &mut world,
        &[(said(Held), &[]), (said(Quiet), &[]), (said(Held), &[])],
    );
    world.unmeasured = false;
    story(
        &mut world,
        &[(
            said(Quiet),
            &["burn_rate emergency resolved condition resolve"],
        )],
    );
}

/// That is no recovery, and is not waited for.
#[test]
fn a_page_whose_rule_is_asked_no_more_ends_at_once() {
    let mut world = keeping(10);
    story(
        &mut world,
        &[
            (said(Firing), &["burn_rate emergency firing fire"]),
            (
                evaluation(&[]),
                &["burn_rate emergency resolved definition resolve"],
            ),
        ],
    );
}

/// Closed by hand while it goes on: what opens next is another episode, and waits as the first did.
#[test]
fn a_page_that_is_closed_by_hand_while_it_burns_opens_anew() {
    for (alerting, expected) in [
        (Alerting::NONE, "burn_rate emergency firing fire"),
        (
            Alerting::NONE.pending_for(Some(Span::minutes(1))),
            "burn_rate emergency pending",
        ),
    ] {
        let mut world = world(alerting);
        world.after(&said(Firing));
        world.after(&said(Firing));
        world.by_hand(&AlertType::BurnRate, |page, moment| {
            page.resolve(ResolveReason::Manual, Some("Ada".to_owned()), None, moment)
                .expect("open")
        });
        assert_eq!(world.after(&said(Firing)), [expected]);
        let page = world
            .open(&AlertType::BurnRate)
            .expect("a page");
        assert_eq!(page.episode, 2);
    }
}

/// Both windows of these evaluations burn 10 times too fast, and the rule's factor is 10, so that it is
/// quiet by a hair.
#[test]
fn a_rule_that_holds_the_page_lets_go_below_a_share_of_its_factor() {
    for (permille, held) in [
        (None, false),
        (Some(1_000), false),
        (Some(999), true),
        (Some(500), true),
    ] {
        let mut world = world(Alerting::NONE.resolve_below_permille(permille));
        world.after(&said(Firing));
        let decided = world.after(&said(Quiet));
        assert_eq!(decided.is_empty(), held, "{permille:?}");
        // It opens nothing.
        let mut world = self::world(Alerting::NONE.resolve_below_permille(permille));
        assert!(world.after(&said(Quiet)).is_empty());
    }
}

#[test]
fn hysteresis_and_for_leave_tickets_as_they_are() {
    let alerting = Alerting::NONE
        .pending_for(Some(Span::minutes(5)))
        .keep_firing_for(Some(Span::minutes(5)))
        .resolve_below_permille(Some(1));
    let mut world = world(alerting);
    story(
        &mut world,
        &[
            (
                evaluation(&[(WARNING, Firing)]),
                &["slow_burn medium firing fire"],
            ),
            (
                evaluation(&[(WARNING, Quiet)]),
                &["slow_burn medium resolved condition resolve"],
            ),
        ],
    );
}
