//! The ticket: one a time, the gravest, and none is moved by what cannot be judged.

use super::BudgetVerdict::{AtRisk, Fine, Missed};
use super::RuleVerdict::{Firing, Held, Quiet, TooFewBad};
use super::*;
use crate::budget::ErrorBudget;

#[test]
fn the_gravest_of_the_three_tickets_opens() {
    for (verdict, warning, expected) in [
        (Fine, Firing, Some("slow_burn medium firing fire")),
        (AtRisk, Firing, Some("budget_exhaustion medium firing fire")),
        (AtRisk, Quiet, Some("budget_exhaustion medium firing fire")),
        (Missed, Firing, Some("slo_violation high firing fire")),
        (Missed, Quiet, Some("slo_violation high firing fire")),
        (Fine, Quiet, None),
        (Fine, Held, None),
        (Fine, TooFewBad, None),
    ] {
        let lines = World::default().after(&budget(verdict, &[(WARNING, warning)]));
        assert_eq!(
            lines.first().map(String::as_str),
            expected,
            "{verdict:?} {warning:?}"
        );
        assert!(lines.len() <= 1);
    }
}

/// One supersedes the other in the same commit, both ways.
#[test]
fn tickets_supersede_one_another_in_one_decision() {
    let mut world = World::default();
    let mut before: Option<&str> = None;
    for (verdict, ticket) in [
        (Fine, "slow_burn medium"),
        (AtRisk, "budget_exhaustion medium"),
        (Missed, "slo_violation high"),
        (AtRisk, "budget_exhaustion medium"),
        (Fine, "slow_burn medium"),
        (Missed, "slo_violation high"),
        (Fine, "slow_burn medium"),
    ] {
        let evaluation = budget(verdict, &[(WARNING, Firing)]);
        let mut expected: Vec<String> = Vec::new();
        expected.extend(before.map(|before| format!("{before} resolved superseded resolve")));
        expected.push(format!("{ticket} firing fire"));
        assert_eq!(world.after(&evaluation), expected);
        assert!(world.after(&evaluation).is_empty(), "a fact is told once");
        before = Some(ticket);
    }
    let ended = world.after(&budget(Fine, &[(WARNING, Quiet)]));
    assert_eq!(ended, ["slow_burn medium resolved condition resolve"]);
}

#[test]
fn each_return_of_a_ticket_is_a_new_episode_of_its_own_identity() {
    let mut world = World::default();
    for _ in 0..3 {
        world.after(&budget(Missed, &[]));
        world.after(&budget(AtRisk, &[]));
    }
    let episode = |kind| {
        world
            .open(kind)
            .map(|alert| alert.episode)
    };
    assert_eq!(episode(&AlertType::BudgetExhaustion), Some(3));
    assert_eq!(episode(&AlertType::SloViolation), None);
}

#[test]
fn what_is_not_judged_holds_every_ticket() {
    for ticket in [
        budget(Fine, &[(WARNING, Firing)]),
        budget(AtRisk, &[]),
        budget(Missed, &[]),
    ] {
        for state in [
            SloState::Waiting,
            SloState::NoData,
            SloState::InsufficientData,
        ] {
            let mut world = World::default();
            world.after(&ticket);
            assert!(
                world
                    .after(&unjudged(state, false))
                    .is_empty(),
                "{state}"
            );
        }
    }
}

#[test]
fn a_held_warning_rule_keeps_the_ticket_that_it_made() {
    let mut world = World::default();
    world.after(&budget(Fine, &[(WARNING, Firing)]));
    assert!(
        world
            .after(&budget(Fine, &[(WARNING, Held)]))
            .is_empty()
    );
    assert_eq!(
        world
            .after(&budget(Fine, &[(WARNING, Quiet)]))
            .len(),
        1
    );
}

/// With two ticket rules, as in `google-sre`.
#[test]
fn a_second_warning_rule_that_fires_later_is_held_too() {
    let mut world = World::default();
    world.after(&budget(Fine, &[(WARNING, Firing), (SLOW, Quiet)]));
    let both = budget(Fine, &[(WARNING, Firing), (SLOW, Firing)]);
    assert_eq!(
        world.after(&both),
        ["slow_burn medium firing"],
        "known, and told to nobody"
    );
    world.after(&budget(Fine, &[(WARNING, Quiet), (SLOW, Held)]));
    let ticket = world
        .open(&AlertType::SlowBurn)
        .expect("it burns for all that is known");
    assert_eq!(ticket.rules.len(), 1);
}

#[test]
fn a_rule_that_is_held_while_the_budget_recovers_leaves_its_own_ticket() {
    let mut world = World::default();
    world.after(&budget(AtRisk, &[(WARNING, Firing)]));
    let lines = world.after(&budget(Fine, &[(WARNING, Held)]));
    assert_eq!(
        lines,
        [
            "budget_exhaustion medium resolved superseded resolve",
            "slow_burn medium firing fire"
        ]
    );
    assert!(
        world
            .after(&budget(Fine, &[(WARNING, Held)]))
            .is_empty()
    );
}

#[test]
fn a_ticket_says_what_it_is_about() {
    let message = |verdict, good, kind| {
        let counts = Counts::events(good, 100_000).expect("legal");
        let left = Some(ErrorBudget::new(counts, "99".parse().expect("a target")));
        let mut world = World::default();
        world.after(&Evaluation {
            budget: left,
            ..budget(verdict, &[(WARNING, Firing)])
        });
        world
            .open(&kind)
            .expect("a ticket")
            .message
            .clone()
    };
    assert_eq!(
        message(Missed, 98_950, AlertType::SloViolation),
        "checkout answers misses its target of 99 % over 1h: -5.0 % of the error budget is left"
    );
    assert_eq!(
        message(AtRisk, 99_050, AlertType::BudgetExhaustion),
        "checkout answers has 5.0 % of its 1h error budget left, less than a tenth"
    );
    let slow = message(Fine, 99_500, AlertType::SlowBurn);
    assert!(slow.contains("warning, because both exceed 2"), "{slow}");
}

/// A slow burn whose rule was edited away did not get better: the definition is why it ends.
#[test]
fn a_slow_burn_whose_rule_is_gone_ends_by_the_definition() {
    for (rules, reason) in [(&[(WARNING, Quiet)][..], "condition"), (&[], "definition")] {
        let mut world = World::default();
        world.after(&budget(Fine, &[(WARNING, Firing)]));
        let ended = world.after(&budget(Fine, rules));
        assert_eq!(
            ended,
            [format!("slow_burn medium resolved {reason} resolve")]
        );
    }
}
