//! Every state and every event, as one table.

use super::*;

/// What can happen to an episode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Event {
    Acknowledge,
    Unacknowledge,
    ResolveByHand,
    Superseded,
    Definition,
    Raised,
    Fell,
    Repeat,
    AckTimeout,
    Expiry,
    FlapStart,
    FlapEnd,
}

use Event::*;

const EVENTS: [Event; 12] = [
    Acknowledge,
    Unacknowledge,
    ResolveByHand,
    Superseded,
    Definition,
    Raised,
    Fell,
    Repeat,
    AckTimeout,
    Expiry,
    FlapStart,
    FlapEnd,
];

/// What each event makes of each state, and what is told: `-` where it does not happen. States in
/// columns, events in rows.
const TABLE: [(Event, [&str; 4]); 12] = [
    (Acknowledge, ["-", "acknowledged", "acknowledged", "-"]),
    (Unacknowledge, ["-", "-", "firing", "-"]),
    (
        ResolveByHand,
        ["-", "manual resolve", "manual resolve", "-"],
    ),
    (
        Superseded,
        ["-", "superseded resolve", "superseded resolve", "-"],
    ),
    (
        Definition,
        [
            "definition",
            "definition resolve",
            "definition resolve",
            "-",
        ],
    ),
    (Raised, ["-", "firing update", "firing update", "-"]),
    (Fell, ["-", "firing update", "acknowledged update", "-"]),
    (Repeat, ["-", "firing repeat", "-", "-"]),
    (AckTimeout, ["-", "-", "firing ack_timeout", "-"]),
    (Expiry, ["-", "timeout resolve", "timeout resolve", "-"]),
    (
        FlapStart,
        ["-", "firing flap_start", "acknowledged flap_start", "-"],
    ),
    (
        FlapEnd,
        ["-", "firing flap_end", "acknowledged flap_end", "-"],
    ),
];

/// An episode in each state, told ten seconds after it began.
fn in_every_state() -> [Alert; 4] {
    let settings = LifecycleSettings::default();
    let at = moment(NOW, &settings, &ROUTES);
    let alert = told(firing(posted()), 10);
    let pending = Alert::pend(
        Opening {
            identity: posted(),
            episode: 3,
            severity: Severity::Critical,
            message: "it burns".to_owned(),
            rules: Vec::new(),
        },
        &at,
    );
    [
        pending.alert,
        alert.clone(),
        alert
            .clone()
            .acknowledge(None, None, &at)
            .expect("firing")
            .alert,
        alert
            .resolve(ResolveReason::Manual, None, None, &at)
            .expect("firing")
            .alert,
    ]
}

fn happens(event: Event, mut alert: Alert) -> Option<AlertUpdate> {
    let settings = LifecycleSettings::default();
    let at = |second| moment(NOW + second, &settings, &ROUTES);
    let soon = at(60);
    // What evaluations and reports do is asked only of what is open and not pending.
    let is_told = alert.is_open() && !alert.is_pending();
    let ended = |reason| {
        alert
            .clone()
            .resolve(reason, None, None, &soon)
            .ok()
    };
    match event {
        Acknowledge => alert
            .acknowledge(None, None, &soon)
            .ok(),
        Unacknowledge => alert
            .unacknowledge(None, None, &soon)
            .ok(),
        ResolveByHand => ended(ResolveReason::Manual),
        Superseded => ended(ResolveReason::Superseded),
        Definition => ended(ResolveReason::Definition),
        Raised => {
            is_told.then(|| alert.changed(Severity::Emergency, String::new(), Vec::new(), &soon))
        }
        Fell => is_told.then(|| alert.changed(Severity::High, String::new(), Vec::new(), &soon)),
        // Four hours after it was told; the acknowledgement of another column ended before.
        Repeat if matches!(alert.state, AlertState::Acknowledged { .. }) => None,
        Repeat => alert.moved_by_time(&at(14_410)),
        AckTimeout => alert.moved_by_time(&at(1_800)),
        Expiry => {
            alert.expires_at = (!alert.is_pending()).then(|| at_second(NOW + 60));
            alert.moved_by_time(&soon)
        }
        FlapStart => is_told.then(|| alert.begun_to_flap(FlapHistory::default(), None, &soon)),
        FlapEnd => is_told.then(|| {
            alert.flaps.since = Some(at_second(NOW));
            alert.ended_to_flap(FlapHistory::default(), true, &soon)
        }),
    }
}

#[test]
fn every_event_does_to_every_state_what_the_table_says() {
    assert_eq!(
        TABLE.map(|(event, _)| event),
        EVENTS,
        "every event has its row"
    );
    for (event, expected) in TABLE {
        for (alert, expected) in in_every_state()
            .into_iter()
            .zip(expected)
        {
            let (state, before) = (alert.state.as_str(), alert.transition);
            let update = happens(event, alert);
            let found = update.as_ref().map_or_else(
                || "-".to_owned(),
                |update| {
                    assert_eq!(update.expected, Some(before));
                    assert_eq!(update.alert.transition, before + 1);
                    let kinds: BTreeSet<&str> = update
                        .intents
                        .iter()
                        .map(|intent| intent.kind.as_str())
                        .collect();
                    let after = match &update.alert.state {
                        AlertState::Resolved { reason, .. } => reason.as_str(),
                        state => state.as_str(),
                    };
                    let told: Vec<&str> = kinds.into_iter().collect();
                    format!("{after} {}", told.join(" "))
                        .trim_end()
                        .to_owned()
                },
            );
            assert_eq!(found, expected, "{event:?} of what is {state}");
        }
    }
}

#[test]
fn what_is_pending_is_in_no_count_and_so_is_what_cleared_before_it_fired() {
    let [pending, firing, acknowledged, resolved] = in_every_state();
    assert!(pending.is_open() && !pending.has_fired());
    assert!(firing.has_fired() && acknowledged.has_fired() && resolved.has_fired());
    let settings = LifecycleSettings::default();
    let at = moment(NOW + 60, &settings, &ROUTES);
    let cleared = pending
        .clone()
        .resolve(ResolveReason::ClearedPending, None, None, &at)
        .expect("open");
    assert!(cleared.intents.is_empty() && cleared.join.is_none());
    assert!(!cleared.alert.is_open() && !cleared.alert.has_fired());
    assert_eq!(
        pending.next_action(&settings, Audience::NOBODY),
        None,
        "only what is measured moves it"
    );
}

/// Firing again by hand is no news, and repeats go on from what was told.
#[test]
fn an_acknowledgement_that_is_taken_back_is_told_to_nobody_and_repeats_go_on() {
    let settings = LifecycleSettings::default();
    let [_, _, acknowledged, _] = in_every_state();
    let by = Some("Ada".to_owned());
    let update = acknowledged
        .unacknowledge(by.clone(), None, &moment(NOW + 60, &settings, &ROUTES))
        .expect("acknowledged");
    assert!(update.intents.is_empty());
    assert_eq!(update.actor, by);
    assert_eq!(
        update.alert.next_action_at,
        Some(at_second(NOW + 10 + 14_400))
    );
}
