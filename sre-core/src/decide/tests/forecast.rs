//! The ticket that is raised by what is foretold, and what must not raise it.

use super::*;
use crate::budget::ErrorBudget;
use crate::evaluate::tests::History;
use crate::forecast::End;
use crate::policy::PolicyChoice;
use crate::slice::Slice;
use crate::slo::Definition;
use crate::window::Window;

const OPENED: &str = "budget_exhaustion medium firing fire";
const ENDED: &str = "budget_exhaustion medium resolved condition resolve";

/// An evaluation whose end is so near, on evidence of the last six hours.
fn foretold(nearness: Nearness) -> Evaluation {
    Evaluation {
        nearness,
        ..evaluation(&[])
    }
}

fn near(world: &World) -> Nearness {
    Nearness::Near {
        seen_since: world.now() - TimeDelta::hours(6),
    }
}

#[test]
fn an_end_that_is_near_opens_a_ticket_that_stays_until_it_is_far() {
    let mut world = World::default();
    assert!(
        world
            .after(&foretold(Nearness::Around))
            .is_empty()
    );
    let near = near(&world);
    assert_eq!(world.after(&foretold(near)), [OPENED]);
    assert!(world.after(&foretold(near)).is_empty());
    assert!(
        world
            .after(&foretold(Nearness::Around))
            .is_empty()
    );
    assert!(world.after(&foretold(near)).is_empty());
    assert_eq!(world.after(&foretold(Nearness::Far)), [ENDED]);
    assert!(
        world
            .after(&foretold(Nearness::Around))
            .is_empty()
    );
}

#[test]
fn a_ticket_for_less_than_a_tenth_stays_while_the_end_is_around() {
    let mut world = World::default();
    world.after(&budget(BudgetVerdict::AtRisk, &[]));
    assert!(
        world
            .after(&foretold(Nearness::Around))
            .is_empty()
    );
    assert_eq!(world.after(&foretold(Nearness::Far)), [ENDED]);
}

#[test]
fn a_forecast_is_graver_than_a_slow_burn_and_less_than_a_missed_target() {
    let mut world = World::default();
    let warning: Said<'_> = &[(WARNING, RuleVerdict::Firing)];
    world.after(&evaluation(warning));
    let near = near(&world);
    let lines = world.after(&Evaluation {
        nearness: near,
        ..evaluation(warning)
    });
    assert_eq!(
        lines,
        ["slow_burn medium resolved superseded resolve", OPENED]
    );
    let lines = world.after(&Evaluation {
        nearness: near,
        ..budget(BudgetVerdict::Missed, warning)
    });
    assert_eq!(
        lines,
        [
            "budget_exhaustion medium resolved superseded resolve",
            "slo_violation high firing fire"
        ]
    );
}

#[test]
fn what_a_page_tells_is_not_foretold_until_the_look_back_lies_behind_its_end() {
    let mut world = World::default();
    let burning: Said<'_> = &[(EMERGENCY, RuleVerdict::Firing)];
    let quiet: Said<'_> = &[(EMERGENCY, RuleVerdict::Quiet)];
    for rules in [burning, burning, quiet] {
        let found = Evaluation {
            nearness: near(&world),
            ..evaluation(rules)
        };
        let lines = world.after(&found);
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("burn_rate")),
            "{lines:?}"
        );
    }
    let ended = world.now();
    let since = |seen_since| foretold(Nearness::Near { seen_since });
    assert!(
        world
            .after(&since(ended - TimeDelta::minutes(1)))
            .is_empty()
    );
    assert_eq!(world.after(&since(ended)), [OPENED]);
}

#[test]
fn a_ticket_by_forecast_says_what_is_left_and_until_when() {
    let counts = Counts::events(99_160, 100_000).expect("legal");
    let left = ErrorBudget::new(counts, "99".parse().expect("a target"));
    let end = |window, hours| End {
        window,
        at: Some(at_second(0) + TimeDelta::hours(hours)),
    };
    let forecast = Forecast::Ends(vec![
        end(Span::hours(6), 40),
        end(Span::hours(24), 52),
        end(Span::days(3), 90),
    ]);
    let message = |verdict, nearness| {
        let mut world = World::default();
        world.after(&Evaluation {
            budget: Some(left),
            forecast: forecast.clone(),
            nearness,
            ..budget(verdict, &[])
        });
        let ticket = world.open(&AlertType::BudgetExhaustion);
        ticket
            .expect("a ticket")
            .message
            .clone()
    };
    let near = near(&World::default());
    assert_eq!(
        message(BudgetVerdict::Fine, near),
        "checkout answers has 16.0 % of its 1h error budget left, and none from 1970-01-03 04:00 UTC \
         on, at the pace of the last 6h and 24h"
    );
    assert_eq!(
        message(BudgetVerdict::AtRisk, near),
        "checkout answers has 16.0 % of its 1h error budget left, less than a tenth, and at its \
         present pace none from 1970-01-03 04:00 UTC on"
    );
}

/// An SLO of a day at 99.9 %: rules from a burn of 2 on, look-backs of 30m, 1h and 2h.
fn day() -> History {
    History::of(Definition {
        target: "99.9".parse().expect("a target"),
        window: Window::Rolling(Span::days(1)),
        burn_policy: PolicyChoice::Default,
        ..crate::slo::tests::definition()
    })
}

fn counted(bad: u64, total: u64) -> Slice {
    Slice::Measured(Counts::events(total - bad, total).expect("legal"))
}

/// Every transition with the hour in which it came and what was left then, in percent.
fn lived(
    history: &mut History,
    world: &mut World,
    bad: impl IntoIterator<Item = u64>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (minute, bad) in bad.into_iter().enumerate() {
        history.push(counted(bad, 1_000));
        let found = history.evaluate();
        let left = found
            .budget
            .and_then(ErrorBudget::remaining_percentage)
            .unwrap_or(f64::NAN);
        lines.extend(
            world
                .after(&found)
                .into_iter()
                .map(|line| format!("{}h {left:.0} %: {line}", minute / 60)),
        );
    }
    lines
}

/// A burn of 1.5 ends the budget in 16 hours, and no rule of the default policy fires below 2.
#[test]
fn a_steady_burn_that_no_rule_sees_is_told_before_the_budget_ends() {
    let (mut world, mut history) = (World::default(), day());
    assert!(lived(&mut history, &mut world, [0; 1_440]).is_empty());
    let burning = (0..1_200).map(|minute| [3, 0][minute % 2]);
    let lines = lived(&mut history, &mut world, burning);
    assert_eq!(
        lines,
        [
            "13h 17 %: budget_exhaustion medium firing fire",
            "16h -0 %: budget_exhaustion medium resolved superseded resolve",
            "16h -0 %: slo_violation high firing fire",
        ]
    );
}

#[test]
fn a_ticket_by_forecast_ends_when_the_pace_does() {
    let (mut world, mut history) = (World::default(), day());
    lived(&mut history, &mut world, [0; 1_440]);
    let burning = (0..820).map(|minute| [3, 0][minute % 2]);
    let opened = lived(&mut history, &mut world, burning);
    assert_eq!(opened, ["13h 17 %: budget_exhaustion medium firing fire"]);
    let after = lived(&mut history, &mut world, [0; 240]);
    assert_eq!(after.len(), 1, "{after:?}");
    assert!(after[0].ends_with(ENDED), "{after:?}");
}

/// Chance moves the likely end to and fro over the line for a day; the ticket does not follow it.
#[test]
fn a_pace_that_wavers_about_the_line_does_not_make_a_ticket_flap() {
    let (mut world, mut history) = (World::default(), day());
    lived(&mut history, &mut world, [0; 1_440]);
    lived(
        &mut history,
        &mut world,
        (0..800).map(|minute| [3, 0][minute % 2]),
    );
    let mut state = 7_u64;
    let wavering = (0..1_440).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // 0 to 2, one on the average, as much as the budget allows and as leaves the window.
        (state >> 40) % 3
    });
    let lines = lived(&mut history, &mut world, wavering);
    let opened = lines
        .iter()
        .filter(|line| line.ends_with(OPENED));
    assert!(opened.count() <= 2, "{lines:#?}");
}

/// Ten requests an hour, of which one in 300 fails: a month of that may have 72 bad ones and has 24.
#[test]
fn quiet_months_of_few_requests_raise_nothing() {
    let mut history = History::of(Definition {
        target: "99".parse().expect("a target"),
        window: Window::Rolling(Span::days(30)),
        slice: crate::slice::SliceWidth::new(Span::minutes(15)).expect("a width"),
        burn_policy: PolicyChoice::Default,
        ..crate::slo::tests::definition()
    });
    let (mut world, mut state) = (World::default(), 11_u64);
    for hour in 0..24 * 90 {
        for quarter in 0..4 {
            let requests = [3, 2, 3, 2][quarter];
            let bad = (0..requests)
                .filter(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33).is_multiple_of(300)
                })
                .count();
            history.push(counted(bad as u64, requests));
        }
        let lines = world.after(&history.evaluate());
        let budget: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with("budget"))
            .collect();
        assert!(budget.is_empty(), "hour {hour}: {lines:?}");
    }
}
