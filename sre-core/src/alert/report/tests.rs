//! `POST /alerts`, and the same again.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::alert::{AlertState, AlertType, LifecycleSettings, Origin, ResolveReason};
use crate::name::DestinationId;
use crate::routing::Audience;
use crate::time::at_second;

const ROUTES: [DestinationId; 1] = [DestinationId(Uuid::from_u128(1))];

fn reported(severity: Severity) -> Report {
    Report {
        identity: Identity {
            origin: Origin::Posted,
            service_name: "checkout".parse().expect("a name"),
            alert_type: AlertType::Health,
            slo_id: None,
            labels: BTreeMap::new(),
        },
        severity,
        message: format!("{severity}"),
        value: Some(3.0),
        threshold: Some(2.0),
        expires_in: None,
    }
}

/// What a report at this second does, and whether it opened an episode.
fn at(latest: Option<&Alert>, second: i64, next: Report) -> (bool, AlertUpdate) {
    let settings = LifecycleSettings::default();
    let moment = Moment {
        now: at_second(second),
        slot: None,
        routes: Audience::everyone(&ROUTES),
        settings: &settings,
    };
    match report(latest.cloned(), next, &moment) {
        Reported::Opened(update) => (true, *update),
        Reported::Repeated(update) => (false, *update),
    }
}

/// The episode that a critical report opened at second 0, delivered then.
fn open() -> Alert {
    let (_, update) = at(None, 0, reported(Severity::Critical));
    Alert {
        last_notified_at: Some(at_second(0)),
        ..update.alert
    }
}

fn kinds(update: &AlertUpdate) -> Vec<IntentKind> {
    update
        .intents
        .iter()
        .map(|intent| intent.kind)
        .collect()
}

#[test]
fn the_first_report_opens_the_first_episode_with_all_it_said() {
    let (is_new, update) = at(None, 0, reported(Severity::High));
    let alert = &update.alert;
    assert!(is_new);
    assert_eq!(
        (alert.episode, alert.occurrences, alert.transition),
        (1, 1, 1)
    );
    assert_eq!((alert.value, alert.threshold), (Some(3.0), Some(2.0)));
    assert_eq!(
        (alert.expires_at, alert.next_action_at),
        (None, None),
        "open until resolved"
    );
    assert_eq!(kinds(&update), [IntentKind::Fire]);
}

#[test]
fn expires_in_is_what_time_does_next() {
    let brief = Report {
        expires_in: Some(Span::minutes(5)),
        ..reported(Severity::High)
    };
    let (_, update) = at(None, 0, brief.clone());
    assert_eq!(update.alert.next_action_at, Some(at_second(300)));
    let (_, again) = at(Some(&update.alert), 100, brief);
    assert_eq!(
        again.alert.next_action_at,
        Some(at_second(400)),
        "each report begins it anew"
    );
    let (_, silent) = at(Some(&update.alert), 100, reported(Severity::High));
    assert_eq!(
        silent.alert.expires_at,
        Some(at_second(300)),
        "one that says nothing keeps it"
    );
}

/// Contract 8: the same again is one more occurrence, and no second notification in the cooldown.
#[test]
fn the_same_again_counts_and_is_told_once_the_cooldown_is_over() {
    for (second, expected) in [(1, vec![]), (599, vec![]), (600, vec![IntentKind::Recur])] {
        let (is_new, update) = at(Some(&open()), second, reported(Severity::Critical));
        assert!(!is_new);
        assert_eq!(kinds(&update), expected, "{second}");
        assert_eq!((update.alert.occurrences, update.alert.transition), (2, 2));
        assert_eq!(update.alert.id, open().id);
    }
}

#[test]
fn a_lower_severity_neither_lowers_the_alert_nor_tells_of_it() {
    let (_, update) = at(Some(&open()), 60, reported(Severity::Low));
    assert_eq!(
        (update.alert.severity, kinds(&update)),
        (Severity::Critical, vec![])
    );
}

#[test]
fn a_higher_severity_is_told_at_once() {
    let (_, update) = at(Some(&open()), 1, reported(Severity::Emergency));
    assert_eq!(
        (update.alert.severity, kinds(&update)),
        (Severity::Emergency, vec![IntentKind::Update])
    );
    assert_eq!(
        (update.alert.message.as_str(), update.alert.occurrences),
        ("emergency", 2)
    );
}

#[test]
fn what_was_never_delivered_does_not_recur() {
    let untold = Alert {
        last_notified_at: None,
        ..open()
    };
    let (_, update) = at(Some(&untold), 100_000, reported(Severity::Critical));
    assert!(kinds(&update).is_empty());
}

#[test]
fn the_same_after_its_end_is_a_new_episode() {
    let settings = LifecycleSettings::default();
    let moment = Moment {
        now: at_second(60),
        slot: None,
        routes: Audience::everyone(&ROUTES),
        settings: &settings,
    };
    let ended = open()
        .resolve(ResolveReason::Manual, None, None, &moment)
        .expect("open")
        .alert;
    let (is_new, update) = at(Some(&ended), 61, reported(Severity::Critical));
    assert!(is_new);
    assert_eq!((update.alert.episode, update.alert.transition), (2, 1));
    assert_eq!(
        (&update.alert.state, update.alert.last_notified_at),
        (&AlertState::Firing, None)
    );
    assert_ne!(update.alert.id, ended.id);
}

#[test]
fn a_report_keeps_an_acknowledgement_unless_it_is_graver() {
    let settings = LifecycleSettings::default();
    let moment = Moment {
        now: at_second(60),
        slot: None,
        routes: Audience::everyone(&ROUTES),
        settings: &settings,
    };
    let seen = open()
        .acknowledge(None, None, &moment)
        .expect("open")
        .alert;
    let (_, same) = at(Some(&seen), 100, reported(Severity::Critical));
    assert_eq!(same.alert.state.as_str(), "acknowledged");
    let (_, graver) = at(Some(&seen), 100, reported(Severity::Emergency));
    assert_eq!(graver.alert.state, AlertState::Firing);
}
