//! One event on one state.

use super::*;
use crate::routing::Audience;

#[test]
fn an_episode_fires_at_once_and_every_route_is_to_hear() {
    let settings = LifecycleSettings::default();
    let update = opened(posted(), &moment(NOW, &settings, &ROUTES));
    let alert = &update.alert;
    assert_eq!(
        (update.expected, update.from, update.at),
        (None, None, at_second(NOW))
    );
    assert_eq!(
        (alert.transition, alert.episode, alert.occurrences),
        (1, 3, 1)
    );
    assert_eq!(
        (&alert.state, alert.starts_at),
        (&AlertState::Firing, at_second(NOW))
    );
    assert_eq!(alert.id, posted().episode_id(3));
    assert_eq!((alert.last_notified_at, alert.next_action_at), (None, None));
    assert_eq!(said(&update), to_all("fire"));
    assert!(alert.destinations.iter().eq(&ROUTES));
    assert!(
        update
            .intents
            .iter()
            .all(|intent| intent.due_at == at_second(NOW))
    );
    assert_eq!(
        opened(posted(), &moment(NOW, &settings, &ROUTES)),
        update,
        "and twice the same"
    );
}

#[test]
fn an_acknowledgement_holds_for_half_an_hour_and_is_told_to_nobody() {
    let settings = LifecycleSettings::default();
    let (by, comment) = (Some("Ada".to_owned()), Some("looking".to_owned()));
    let update = told(firing(posted()), 5)
        .acknowledge(
            by.clone(),
            comment.clone(),
            &moment(NOW + 60, &settings, &ROUTES),
        )
        .expect("firing");
    let until = at_second(NOW + 60 + 1_800);
    assert_eq!(
        update.alert.state,
        AlertState::Acknowledged {
            at: at_second(NOW + 60),
            by: by.clone(),
            until
        }
    );
    assert_eq!(
        (update.from, update.expected),
        (Some(AlertStatus::Firing), Some(1))
    );
    assert_eq!((update.actor, update.comment), (by, comment));
    assert!(update.intents.is_empty());
    assert_eq!(
        update.alert.next_action_at,
        Some(until),
        "no repeat meanwhile"
    );
}

#[test]
fn a_second_acknowledgement_extends_the_first() {
    let settings = LifecycleSettings::default();
    let acknowledge = |alert: Alert, second| {
        alert
            .acknowledge(None, None, &moment(second, &settings, &ROUTES))
            .expect("open")
            .alert
    };
    let alert = acknowledge(acknowledge(firing(posted()), NOW), NOW + 900);
    assert_eq!(
        (alert.transition, alert.next_action_at),
        (3, Some(at_second(NOW + 2_700)))
    );
}

/// Whoever had an intent is owed the end, whatever the routes are today.
#[test]
fn the_end_is_owed_to_everyone_who_had_an_intent() {
    let settings = LifecycleSettings::default();
    for acknowledged in [false, true] {
        let mut alert = firing(posted());
        if acknowledged {
            alert = alert
                .acknowledge(None, None, &moment(NOW, &settings, &[]))
                .expect("open")
                .alert;
        }
        let from = alert.state.status();
        let update = alert
            .resolve(
                ResolveReason::Manual,
                Some("Ada".to_owned()),
                None,
                &moment(NOW + 60, &settings, &[]),
            )
            .expect("open");
        assert_eq!(said(&update), to_all("resolve"));
        assert_eq!(
            (update.from, update.alert.next_action_at),
            (Some(from), None)
        );
        assert_eq!(update.alert.ends_at(), Some(at_second(NOW + 60)));
    }
}

#[test]
fn what_has_ended_is_never_moved_again() {
    let settings = LifecycleSettings::default();
    let late = moment(NOW + 1_000_000, &settings, &ROUTES);
    let mut alert = told(firing(posted()), 0);
    alert.expires_at = Some(at_second(NOW + 60));
    let ended = alert
        .resolve(ResolveReason::Condition, None, None, &late)
        .expect("open")
        .alert;
    assert!(!ended.is_open());
    let error = ended
        .clone()
        .acknowledge(None, None, &late)
        .expect_err("ended");
    assert_eq!(
        error.to_string(),
        "an alert that is resolved cannot be acknowledged"
    );
    let error = ended
        .clone()
        .resolve(ResolveReason::Manual, None, None, &late)
        .expect_err("ended");
    assert_eq!(
        error.to_string(),
        "an alert that is resolved cannot be resolved"
    );
    assert_eq!(ended.next_action(&settings, Audience::NOBODY), None);
    assert_eq!(ended.moved_by_time(&late), None);
}

#[test]
fn a_higher_severity_ends_an_acknowledgement_and_a_lower_one_keeps_it() {
    let settings = LifecycleSettings::default();
    let at = moment(NOW + 60, &settings, &ROUTES);
    for (acknowledged, severity, state) in [
        (false, Severity::Emergency, "firing"),
        (false, Severity::High, "firing"),
        (true, Severity::Emergency, "firing"),
        (true, Severity::High, "acknowledged"),
    ] {
        let mut alert = firing(posted());
        if acknowledged {
            alert = alert
                .acknowledge(None, None, &at)
                .expect("open")
                .alert;
        }
        let before = alert.transition;
        let update = alert.changed(severity, "another".to_owned(), Vec::new(), &at);
        assert_eq!(
            update.alert.state.as_str(),
            state,
            "{acknowledged} {severity}"
        );
        assert_eq!(
            (update.alert.severity, update.alert.message.as_str()),
            (severity, "another")
        );
        assert_eq!(update.alert.transition, before + 1);
        assert_eq!(said(&update), to_all("update"));
    }
}

#[test]
fn an_acknowledgement_ends_after_half_an_hour_and_everyone_hears() {
    let settings = LifecycleSettings::default();
    let alert = firing(posted())
        .acknowledge(None, None, &moment(NOW, &settings, &[]))
        .expect("open")
        .alert;
    assert_eq!(
        alert
            .clone()
            .moved_by_time(&moment(NOW + 1_799, &settings, &ROUTES)),
        None
    );
    let update = alert
        .moved_by_time(&moment(NOW + 1_800, &settings, &ROUTES))
        .expect("due");
    assert_eq!(
        (update.from, &update.alert.state),
        (Some(AlertStatus::Acknowledged), &AlertState::Firing)
    );
    assert_eq!(said(&update), to_all("ack_timeout"));
}

/// Tickets are facts that last: no repeat, no acknowledgement time-out.
#[test]
fn time_moves_no_ticket() {
    let settings = LifecycleSettings::default();
    let late = moment(NOW + 10_000_000, &settings, &ROUTES);
    for kind in [
        AlertType::SlowBurn,
        AlertType::BudgetExhaustion,
        AlertType::SloViolation,
    ] {
        let ticket = told(firing(generated(kind.clone())), 0);
        assert_eq!(
            ticket.next_action(&settings, Audience::NOBODY),
            None,
            "{kind}"
        );
        assert_eq!(ticket.clone().moved_by_time(&late), None, "{kind}");
        let seen = ticket
            .acknowledge(None, None, &moment(NOW, &settings, &[]))
            .expect("open")
            .alert;
        assert_eq!(
            (seen.next_action_at, seen.moved_by_time(&late)),
            (None, None),
            "{kind}"
        );
        // The same type that somebody posted is an alert as any other.
        let by_hand = told(
            firing(Identity {
                alert_type: kind.clone(),
                ..posted()
            }),
            0,
        );
        assert!(by_hand.moved_by_time(&late).is_some(), "{kind}");
    }
}

#[test]
fn an_alert_that_goes_on_is_told_again_four_hours_after_it_was_delivered() {
    let settings = LifecycleSettings::default();
    let page = told(firing(generated(AlertType::BurnRate)), 10);
    let due = NOW + 10 + 14_400;
    assert_eq!(
        page.next_action(&settings, Audience::NOBODY),
        Some(at_second(due))
    );
    assert_eq!(
        page.clone()
            .moved_by_time(&moment(due - 1, &settings, &ROUTES)),
        None
    );
    let update = page
        .moved_by_time(&moment(due, &settings, &ROUTES))
        .expect("due");
    assert_eq!(said(&update), to_all("repeat"));
    assert_eq!(update.alert.state, AlertState::Firing);
    // One whose delivery is still under way is not asked for twice.
    let next = at_second(due + 14_400);
    assert_eq!(update.alert.next_action_at, Some(next));
}

#[test]
fn what_was_never_delivered_is_not_repeated() {
    let settings = LifecycleSettings::default();
    let alert = firing(posted());
    assert_eq!(alert.next_action(&settings, Audience::NOBODY), None);
    assert_eq!(
        alert.moved_by_time(&moment(NOW + 1_000_000, &settings, &ROUTES)),
        None
    );
}

#[test]
fn what_expires_ends_as_timed_out_whatever_else_is_due() {
    let settings = LifecycleSettings::default();
    let expires = |alert: Alert| Alert {
        expires_at: Some(at_second(NOW + 60)),
        ..told(alert, 0)
    };
    let acknowledged = firing(posted())
        .acknowledge(None, None, &moment(NOW, &settings, &[]))
        .expect("open")
        .alert;
    for alert in [expires(firing(posted())), expires(acknowledged)] {
        assert_eq!(
            alert.next_action(&settings, Audience::NOBODY),
            Some(at_second(NOW + 60))
        );
        assert_eq!(
            alert
                .clone()
                .moved_by_time(&moment(NOW + 59, &settings, &ROUTES)),
            None
        );
        for second in [60, 1_000_000] {
            let at = moment(NOW + second, &settings, &[]);
            let update = alert
                .clone()
                .moved_by_time(&at)
                .expect("due");
            let reason = ResolveReason::Timeout;
            assert_eq!(
                update.alert.state,
                AlertState::Resolved {
                    at: at_second(NOW + 60),
                    reason,
                    by: None
                }
            );
            assert_eq!(said(&update), to_all("resolve"));
        }
    }
}

#[test]
fn the_nearest_of_what_time_does_comes_first() {
    let settings = LifecycleSettings::default();
    let at = |second| Some(at_second(NOW + second));
    let alert = |expires_at| Alert {
        expires_at,
        ..told(firing(posted()), 0)
    };
    assert_eq!(
        alert(at(60)).next_action(&settings, Audience::NOBODY),
        at(60)
    );
    assert_eq!(
        alert(at(20_000)).next_action(&settings, Audience::NOBODY),
        at(14_400)
    );
    let acknowledged = alert(at(20_000))
        .acknowledge(None, None, &moment(NOW, &settings, &[]))
        .expect("open")
        .alert;
    assert_eq!(acknowledged.next_action_at, at(1_800));
}

/// A clock that goes back makes nothing due.
#[test]
fn a_clock_that_goes_back_moves_nothing() {
    let settings = LifecycleSettings::default();
    let past = moment(NOW - 1_000_000, &settings, &ROUTES);
    let mut alert = told(firing(posted()), 0);
    alert.expires_at = Some(at_second(NOW + 60));
    assert_eq!(alert.moved_by_time(&past), None);
    assert!(past.now < at_second(NOW) - TimeDelta::days(1));
}
