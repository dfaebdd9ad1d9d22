use chrono::TimeDelta;

use super::*;
use crate::alert::{AlertStatus, LifecycleSettings};
use crate::incident::IncidentStatus;
use crate::name::DestinationId;
use crate::time::at_second;

const SETTINGS: LifecycleSettings = LifecycleSettings {
    ack_timeout: Span::minutes(30),
    cooldown: Span::minutes(10),
    repeat_interval: Span::hours(4),
};

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// An alert of `HighBurn` from one second to another, told at `now`.
fn told(now: i64, starts: Option<i64>, ends: Option<i64>) -> ThirdPartyAlert {
    let own = labels(&[
        ("alertname", "HighBurn"),
        ("job", "checkout"),
        ("severity", "page"),
    ]);
    ThirdPartyAlert::new(
        own,
        &BTreeMap::new(),
        starts.map(at_second),
        ends.map(at_second),
        at_second(now),
    )
    .expect("an alert")
}

fn step(latest: Option<&Alert>, told: ThirdPartyAlert, now: i64) -> Option<Box<AlertUpdate>> {
    let routes = [DestinationId(uuid::Uuid::from_u128(1))];
    let moment = Moment {
        now: at_second(now),
        slot: None,
        routes: crate::routing::Audience::everyone(&routes),
        settings: &SETTINGS,
    };
    third_party(latest.cloned(), told, &moment)
}

/// The alert that is open from second 10 on until 300.
fn open() -> Alert {
    step(None, told(20, Some(10), Some(300)), 20)
        .expect("it opens")
        .alert
}

#[test]
fn a_message_has_no_characters_that_move_a_cursor() {
    let summary = labels(&[("summary", "one\u{1b}[2J\ntwo\0")]);
    let own = labels(&[("alertname", "HighBurn")]);
    let told = ThirdPartyAlert::new(own, &summary, None, None, at_second(0)).expect("an alert");
    assert_eq!(told.message, "one [2J\ntwo ");
}

#[test]
fn labels_name_service_type_and_severity() {
    let of = |pairs: &[(&str, &str)]| {
        let told = ThirdPartyAlert::new(labels(pairs), &BTreeMap::new(), None, None, at_second(0))
            .expect("an alert");
        let identity = told.identity();
        (
            identity.service_name.to_string(),
            identity.alert_type.to_string(),
            told.severity(),
        )
    };
    let all = [
        ("service", "a"),
        ("service_name", "b"),
        ("job", "c"),
        ("alertname", "High Burn!"),
    ];
    assert_eq!(of(&all).0, "a");
    assert_eq!(of(&all[1..]).0, "b");
    assert_eq!(of(&all[2..]).0, "c");
    assert_eq!(
        of(&all[3..]),
        (
            "unknown".to_owned(),
            "High_Burn_".to_owned(),
            Severity::Medium
        )
    );
    assert_eq!(of(&[("service", "-größe x")]).0, "gr__e_x");
    assert_eq!(of(&[("service", "..")]).0, "unknown");
    assert_eq!(of(&[("job", "x")]).1, "external");
}

#[test]
fn a_foreign_severity_is_mapped_and_our_own_stay() {
    for (text, severity) in [
        ("critical", Severity::Critical),
        ("page", Severity::Critical),
        ("error", Severity::High),
        ("warning", Severity::Medium),
        ("", Severity::Medium),
        ("sev-1", Severity::Medium),
        ("info", Severity::Low),
        ("none", Severity::Low),
        ("emergency", Severity::Emergency),
        ("high", Severity::High),
        ("medium", Severity::Medium),
        ("low", Severity::Low),
        ("CRITICAL", Severity::Critical),
    ] {
        assert_eq!(foreign_severity(text), severity, "{text}");
    }
}

#[test]
fn what_is_unset_is_filled_in_and_what_is_none_is_refused() {
    let of = |pairs: &[(&str, &str)], starts: Option<i64>, ends: Option<i64>| {
        ThirdPartyAlert::new(
            labels(pairs),
            &labels(&[("description", "why"), ("summary", " ")]),
            starts.map(at_second),
            ends.map(at_second),
            at_second(1_000),
        )
    };
    let times = |told: ThirdPartyAlert| (told.starts_at, told.ends_at);
    let named = [("alertname", "a")];
    for (starts, ends, expected) in [
        (None, None, (1_000, 1_300)),
        (Some(900), None, (900, 1_300)),
        (None, Some(800), (800, 800)),
        (Some(900), Some(2_000), (900, 2_000)),
        (Some(1_100), Some(2_000), (1_000, 2_000)),
    ] {
        let expected = (at_second(expected.0), at_second(expected.1));
        assert_eq!(of(&named, starts, ends).map(times), Ok(expected));
    }
    assert_eq!(
        of(&named, Some(2), Some(1)),
        Err(ThirdPartyError::Backwards)
    );
    assert_eq!(of(&[], None, None), Err(ThirdPartyError::NoLabels));
    assert_eq!(
        of(&[("a", "")], None, None),
        Err(ThirdPartyError::NoLabels),
        "a label without a value is none"
    );
    assert_eq!(
        of(&named, None, None).map(|told| told.message),
        Ok("why".to_owned())
    );
}

#[test]
fn it_opens_once_and_a_copy_only_moves_its_end() {
    let opened = step(None, told(20, Some(10), Some(300)), 20).expect("it opens");
    assert_eq!(opened.intents.len(), 1);
    assert_eq!(opened.alert.starts_at, at_second(10));
    assert_eq!(opened.alert.expires_at, Some(at_second(300)));
    assert_eq!(opened.alert.next_action_at, Some(at_second(300)));
    assert!(!opened.is_refresh());

    let same = step(Some(&opened.alert), told(30, Some(10), Some(300)), 30);
    assert!(same.is_none(), "the copy of another replica");
    let later = step(Some(&opened.alert), told(80, Some(10), Some(360)), 80).expect("it moves");
    assert!(later.is_refresh() && later.intents.is_empty());
    assert_eq!(later.alert.expires_at, Some(at_second(360)));
    assert_eq!(later.alert.next_action_at, Some(at_second(360)));
}

#[test]
fn the_earliest_start_and_the_latest_end_hold() {
    let open = open();
    for (starts, ends, expected) in [
        // Overlaps at the beginning, in the middle, at the end, or covers it.
        (5, 200, Some((5, 300))),
        (50, 200, None),
        (50, 400, Some((10, 400))),
        (5, 400, Some((5, 400))),
    ] {
        let update = step(Some(&open), told(60, Some(starts), Some(ends)), 60);
        let times = update.map(|update| (update.alert.starts_at, update.alert.expires_at));
        let expected = expected.map(|(starts, ends)| (at_second(starts), Some(at_second(ends))));
        assert_eq!(times, expected, "{starts} to {ends}");
    }
}

#[test]
fn merging_comes_to_the_same_in_every_order() {
    let copies = [(10, 300), (5, 200), (50, 400), (30, 350)];
    let merged = |order: &[usize]| {
        let first = copies[order[0]];
        let mut alert = step(None, told(100, Some(first.0), Some(first.1)), 100)
            .expect("it opens")
            .alert;
        for at in &order[1..] {
            let (starts, ends) = copies[*at];
            if let Some(update) = step(Some(&alert), told(100, Some(starts), Some(ends)), 100) {
                alert = update.alert;
            }
        }
        (alert.starts_at, alert.expires_at)
    };
    let expected = (at_second(5), Some(at_second(400)));
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        assert_eq!(merged(&order), expected, "{order:?}");
    }
}

#[test]
fn it_ends_when_its_end_has_passed_and_from_there_on() {
    let open = open();
    let ended = step(Some(&open), told(100, Some(10), Some(90)), 100).expect("it ends");
    assert_eq!(ended.alert.ends_at(), Some(at_second(90)));
    assert_eq!(ended.intents.len(), 1, "the end is owed");
    // Prometheus says so for a quarter of an hour.
    let again = step(Some(&ended.alert), told(160, Some(10), Some(90)), 160);
    assert!(again.is_none());
    let unknown = step(None, told(100, Some(10), Some(90)), 100);
    assert!(unknown.is_none(), "the end of what nobody began");
    let stale = step(Some(&open), told(100, Some(1), Some(9)), 100);
    assert!(stale.is_none(), "an end from before it began");
}

#[test]
fn after_its_end_it_is_a_new_episode_that_begins_where_the_last_one_ended() {
    let ended = step(Some(&open()), told(100, Some(10), Some(90)), 100)
        .expect("it ends")
        .alert;
    let next = step(Some(&ended), told(200, Some(10), Some(500)), 200)
        .expect("it opens")
        .alert;
    assert_eq!((next.episode, next.starts_at), (2, at_second(90)));
    assert_ne!(next.id, ended.id);
}

#[test]
fn nobody_who_tells_it_again_lets_it_end_and_a_person_stays_with_it() {
    let open = open();
    let moment = |second| Moment {
        now: at_second(second),
        slot: None,
        routes: crate::routing::Audience::NOBODY,
        settings: &SETTINGS,
    };
    let acknowledged = open
        .clone()
        .acknowledge(Some("ada".to_owned()), None, &moment(60))
        .expect("it fires")
        .alert;
    let refreshed = step(Some(&acknowledged), told(80, Some(10), Some(360)), 80)
        .expect("it moves")
        .alert;
    assert_eq!(refreshed.state.status(), AlertStatus::Acknowledged);
    let timed_out = open
        .moved_by_time(&moment(300))
        .expect("it is due");
    assert!(matches!(
        timed_out.alert.state,
        AlertState::Resolved {
            reason: ResolveReason::Timeout,
            ..
        }
    ));
    assert_eq!(
        timed_out.alert.ends_at(),
        Some(at_second(0) + TimeDelta::seconds(300))
    );
}

#[test]
fn it_makes_a_suspicion_of_an_incident_and_never_more() {
    let opened = step(None, told(20, Some(10), Some(300)), 20).expect("it opens");
    assert_eq!(opened.alert.severity, Severity::Critical);
    let join = opened.join.expect("it counts");
    let candidate = join
        .opening
        .clone()
        .expect("a suspicion")
        .incident;
    assert_eq!(candidate.status(), IncidentStatus::Candidate);
    let joined = join.joined(candidate, &opened.alert, at_second(20));
    assert_eq!(joined.incident.status(), IncidentStatus::Candidate);
}

#[test]
fn it_is_chosen_by_the_labels_that_its_reporter_gave_it() {
    use crate::matcher::Labelled;

    let alert = open();
    let labels = alert.match_labels();
    assert_eq!(labels.label("severity"), "page");
    assert_eq!(labels.label("service"), "checkout", "what it does not say");
    assert_eq!(labels.label("alertname"), "HighBurn");
}

#[test]
fn of_two_ends_the_later_stays_and_nobody_is_told_twice() {
    let ended = step(Some(&open()), told(100, Some(10), Some(90)), 100)
        .expect("it ends")
        .alert;
    let later = step(Some(&ended), told(101, Some(20), Some(95)), 101).expect("it moves");
    assert_eq!(later.alert.ends_at(), Some(at_second(95)));
    assert_eq!(later.alert.state.status(), AlertStatus::Resolved);
    assert!(later.intents.is_empty());
    assert!(later.is_refresh());
    for (starts, ends) in [(10, 80), (10, 90), (91, 99)] {
        let same = step(Some(&ended), told(102, Some(starts), Some(ends)), 102);
        assert!(same.is_none(), "{starts}-{ends}");
    }
}

#[test]
fn what_a_person_ended_stays_as_they_did() {
    let moment = Moment {
        now: at_second(50),
        slot: None,
        routes: crate::routing::Audience::NOBODY,
        settings: &SETTINGS,
    };
    let ended = open()
        .resolve(ResolveReason::Manual, Some("Ada".to_owned()), None, &moment)
        .expect("it ends")
        .alert;
    assert!(step(Some(&ended), told(100, Some(10), Some(90)), 100).is_none());
}
