//! What an evaluation foretells, and on what evidence.

use super::*;
use crate::forecast::{Exhaustion, Forecast, Nearness};

/// An SLO of a day at 99 %: look-backs of 30m, 1h and 2h, near is 2h40m.
fn day() -> History {
    History::of(Definition {
        target: "99".parse().expect("a target"),
        window: Window::Rolling(Span::days(1)),
        burn_policy: PolicyChoice::Custom(Vec::new()),
        ..definition()
    })
}

/// A day without a fault, and so many minutes at so many bad in a hundred.
fn burning(minutes: usize, bad: u64) -> History {
    day()
        .measured(1_440, 0, 100)
        .measured(minutes, bad, 100)
}

fn exhaustion(mut history: History) -> Exhaustion {
    history.evaluate().forecast.exhaustion()
}

fn nearness(mut history: History) -> Nearness {
    history.evaluate().nearness
}

#[test]
fn a_pace_is_foretold_when_it_fills_the_look_backs() {
    assert_eq!(
        exhaustion(burning(0, 0)),
        Exhaustion::NoneInSight { earliest: None }
    );
    // Twice the sustainable for two hours: 1440 − 240 are left and lose 60 an hour net of nothing.
    let mut history = burning(120, 2);
    let found = history.evaluate();
    let end = found.as_of + Span::hours(10).as_delta();
    let expected = Exhaustion::Projected {
        at: end,
        earliest: end,
        latest: Some(end),
    };
    assert_eq!(found.forecast.exhaustion(), expected);
    // What has just begun is the earliest, and not yet likely.
    let Exhaustion::NoneInSight {
        earliest: Some(earliest),
    } = exhaustion(burning(20, 2))
    else {
        panic!("it has just begun");
    };
    assert!(earliest > at_second(START));
}

#[test]
fn a_budget_that_is_spent_is_exhausted() {
    let mut history = burning(144, 10);
    assert_eq!(history.evaluate().forecast, Forecast::Exhausted);
}

#[test]
fn nothing_is_foretold_of_what_cannot_be_judged() {
    assert_eq!(exhaustion(day()), Exhaustion::Unknown);
    assert_eq!(exhaustion(day().unmeasured(60)), Exhaustion::Unknown);
    assert_eq!(
        exhaustion(burning(0, 0).unmeasured(60)),
        Exhaustion::Unknown
    );
}

#[test]
fn a_hole_in_a_look_back_makes_the_forecast_unknown_and_holds_the_ticket() {
    // Seven of thirty minutes are missing, and seven of a day do not matter.
    let mut history = burning(120, 2)
        .unmeasured(7)
        .measured(5, 2, 100);
    let found = history.evaluate();
    assert_eq!(found.state, SloState::Met);
    assert_eq!(found.forecast, Forecast::Unknown);
    assert_eq!(found.nearness, Nearness::Around);
}

#[test]
fn what_was_not_measured_is_not_taken_for_good() {
    let with = |hole: History| match exhaustion(hole.measured(20, 2, 100)) {
        Exhaustion::Projected { at, .. } => at,
        other => panic!("{other:?}"),
    };
    let measured = with(burning(120, 2).measured(4, 2, 100));
    let missing = with(burning(120, 2).unmeasured(4));
    let good = with(burning(120, 2).measured(4, 0, 100));
    assert!(missing < good, "{missing} {good}");
    assert!(
        (missing - measured).num_minutes().abs() < 10,
        "{missing} {measured}"
    );
}

/// What is left after 13 hours of a burn of 1.6 ends in 2 hours.
#[test]
fn an_end_is_near_within_a_ninth_of_the_window() {
    let burn = |minutes| {
        let mut history = day().measured(1_440, 0, 1_000);
        for minute in 0..minutes {
            history.push(counted([12, 20][minute % 2], 1_000));
        }
        nearness(history)
    };
    assert_eq!(burn(600), Nearness::Far, "5 hours");
    assert_eq!(burn(730), Nearness::Around, "2h50m");
    assert!(matches!(burn(780), Nearness::Near { .. }), "2 hours");
}

#[test]
fn a_near_end_was_seen_since_its_shortest_look_back_began() {
    let mut history = burning(650, 2);
    let found = history.evaluate();
    let began = found.as_of - Span::minutes(30).as_delta();
    assert_eq!(found.nearness, Nearness::Near { seen_since: began });
}

#[test]
fn two_bad_events_are_no_evidence() {
    // 36 of 43 that may be bad were, long ago.
    let after = |bad: usize| {
        let mut history = day();
        for minute in 0..1_440 {
            history.push(counted(u64::from((200..236).contains(&minute)), 3));
        }
        for minute in 0..60 {
            let is_bad = minute >= 30 && minute % (30 / bad) == 0;
            history.push(counted(u64::from(is_bad), 3));
        }
        nearness(history)
    };
    assert!(!matches!(after(2), Nearness::Near { .. }));
    assert!(matches!(after(3), Nearness::Near { .. }));
}

#[test]
fn a_window_with_little_history_is_never_near_its_end() {
    let young = day()
        .measured(120, 0, 100)
        .measured(120, 1, 100);
    assert_eq!(nearness(young), Nearness::Far);
}
