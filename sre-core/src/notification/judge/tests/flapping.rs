//! What is told of an alert that flaps: that it does, that it no longer does, and what is graver.

use super::*;
use crate::alert::Flaps;

/// The judgement of a firing alert, heard of a minute ago as critical.
fn judged_of(is_flapping: bool, severity: Severity, kinds: &[IntentKind]) -> String {
    let settings = LifecycleSettings::default();
    let moment = moment(&settings, NOW);
    let mut alert = opened(2, severity, &moment).alert;
    alert.flaps = Flaps {
        since: is_flapping.then_some(moment.now),
        ..Flaps::default()
    };
    let intents: Vec<Intent> = (1..)
        .zip(kinds)
        .map(|(n, kind)| Intent::new(alert.id, n, DESTINATION, *kind, moment.now))
        .collect();
    let told = Told {
        alert_id: alert.id,
        episode: 2,
        state: ToldState::Firing,
        severity: Critical,
        delivered_at: at_second(NOW - 60),
    };
    match judge(&alert, &intents, Some(&told), moment.now, &settings) {
        Judgement::Send { reason, .. } => reason.as_str().to_owned(),
        Judgement::Withhold(rule) => format!("not: {}", rule.as_str()),
        Judgement::Postpone { rule, .. } => format!("later: {}", rule.as_str()),
    }
}

#[test]
fn flapping_is_told_once_when_it_begins_and_once_when_it_ends() {
    use IntentKind::{FlapEnd, FlapStart};
    for (is_flapping, severity, kinds, expected) in [
        (true, Critical, vec![FlapStart], "flapping"),
        (true, Critical, vec![Update], "not: flapping"),
        (true, Critical, vec![Repeat], "not: flapping"),
        (true, Critical, vec![Recur], "not: flapping"),
        // A fall of severity is part of the flapping, a rise is not.
        (true, High, vec![Update], "not: flapping"),
        (true, Emergency, vec![Update], "severity_raised"),
        (true, Critical, vec![AckTimeout], "ack_timeout"),
        (false, Critical, vec![FlapEnd], "steady"),
        (false, High, vec![FlapEnd], "steady"),
        // Both before anybody heard of the first: nothing is new.
        (
            false,
            Critical,
            vec![FlapStart, FlapEnd],
            "not: nothing_new",
        ),
        (true, Critical, vec![FlapEnd, FlapStart], "not: flapping"),
        (false, Critical, vec![FlapEnd, FlapStart, FlapEnd], "steady"),
    ] {
        let found = judged_of(is_flapping, severity, &kinds);
        assert_eq!(found, expected, "{is_flapping} {severity} {kinds:?}");
    }
}

#[test]
fn what_begins_to_flap_in_its_cooldown_is_told_as_flapping_when_that_is_over() {
    let settings = LifecycleSettings::default();
    let moment = moment(&settings, NOW);
    let mut alert = opened(2, Critical, &moment).alert;
    alert.flaps.since = Some(moment.now);
    let intents = [(1, Fire), (2, IntentKind::FlapStart)]
        .map(|(n, kind)| Intent::new(alert.id, n, DESTINATION, kind, moment.now));
    let judged = |told_before: i64| {
        let told = Told {
            alert_id: opened(1, Critical, &moment).alert.id,
            episode: 1,
            state: ToldState::Resolved,
            severity: Critical,
            delivered_at: at_second(NOW - told_before),
        };
        judge(&alert, &intents, Some(&told), moment.now, &settings)
    };
    assert!(matches!(
        judged(60),
        Judgement::Postpone {
            rule: Withheld::Cooldown,
            ..
        }
    ));
    assert!(matches!(
        judged(600),
        Judgement::Send {
            reason: Reason::Flapping,
            ..
        }
    ));
}
