//! Every status × every step, and what a step does to the instants.

use super::*;
use crate::alert::Severity;
use crate::time::at_second;

fn at(second: i64) -> DateTime<Utc> {
    at_second(1_767_268_800 + second)
}

fn incident(state: IncidentState) -> Incident {
    let service: ServiceName = "checkout".parse().unwrap();
    Incident {
        id: IncidentId(uuid::Uuid::from_u128(1)),
        title: "nobody can pay".to_owned(),
        description: None,
        affected_services: [service.clone()].into(),
        service_name: service,
        severity: Severity::Critical,
        state,
        source: IncidentSource::Auto,
        root_cause_service: None,
        previous: None,
        started_at: at(0),
        detected_at: at(10),
        touched_at: None,
        version: 1,
    }
}

/// The state of each status, with instants in their order.
fn state(status: IncidentStatus) -> IncidentState {
    match status {
        IncidentStatus::Candidate => IncidentState::Candidate,
        IncidentStatus::Open => IncidentState::Open,
        IncidentStatus::Acknowledged => IncidentState::Acknowledged { at: at(20) },
        IncidentStatus::Mitigated => IncidentState::Mitigated {
            acknowledged_at: Some(at(20)),
            at: at(30),
        },
        IncidentStatus::Resolved => IncidentState::Resolved {
            acknowledged_at: Some(at(20)),
            mitigated_at: Some(at(30)),
            at: at(40),
        },
        IncidentStatus::Closed => IncidentState::Closed {
            acknowledged_at: Some(at(20)),
            mitigated_at: Some(at(30)),
            resolved_at: at(40),
            at: at(50),
        },
        IncidentStatus::Merged => IncidentState::Merged {
            into: IncidentId(uuid::Uuid::from_u128(2)),
            at: at(60),
        },
        IncidentStatus::Dismissed => IncidentState::Dismissed { at: at(60) },
    }
}

fn ada() -> Actor {
    Actor::Person(Some("Ada".to_owned()))
}

#[test]
fn the_table_of_steps_is_what_it_was_decided_to_be() {
    use IncidentStatus::{
        Acknowledged, Candidate, Closed, Dismissed, Merged, Mitigated, Open, Resolved,
    };
    let expected = [
        (Candidate, vec![Open, Dismissed, Merged]),
        (Open, vec![Acknowledged, Dismissed, Merged]),
        (Acknowledged, vec![Mitigated, Open, Merged]),
        (Mitigated, vec![Resolved, Acknowledged]),
        (Resolved, vec![Closed, Mitigated]),
        (Closed, vec![Resolved]),
        (Merged, vec![]),
        (Dismissed, vec![]),
    ];
    for (from, next) in expected {
        assert_eq!(from.next(), next, "{from}");
    }
}

#[test]
fn every_status_takes_the_steps_of_the_table_and_no_others() {
    for from in IncidentStatus::ALL {
        for to in IncidentStatus::ALL {
            let change = incident(state(from)).change(ada(), at(100));
            let result = change.step(to, None);
            if from == to {
                assert!(result.unwrap().is_empty(), "{from} stays");
            } else if from.next().contains(&to) && to != IncidentStatus::Merged {
                let update = result.unwrap().done();
                assert_eq!(update.incident.status(), to);
                assert_eq!((update.expected, update.incident.version), (Some(1), 2));
                assert_eq!(update.events.len(), 1);
                assert_eq!(update.events[0].text, format!("{from} → {to}"));
            } else {
                assert_eq!(
                    result.unwrap_err(),
                    IncidentRefusal::Step { from, to },
                    "{from} → {to}"
                );
            }
        }
    }
}

#[test]
fn a_refused_step_names_the_ones_that_there_are() {
    let refused = |from, to| IncidentRefusal::Step { from, to }.to_string();
    assert_eq!(
        refused(IncidentStatus::Open, IncidentStatus::Closed),
        "an incident that is open cannot become closed; it can become acknowledged, dismissed or \
         merged"
    );
    assert_eq!(
        refused(IncidentStatus::Closed, IncidentStatus::Open),
        "an incident that is closed cannot become open; it can become resolved"
    );
    assert_eq!(
        refused(IncidentStatus::Merged, IncidentStatus::Open),
        "an incident that is merged cannot become open; it can become nothing any more"
    );
}

#[test]
fn a_step_forward_keeps_the_instants_before_and_a_step_back_drops_those_after() {
    let mut all = vec![incident(IncidentState::Open)];
    let mut second = 20;
    for to in [
        IncidentStatus::Acknowledged,
        IncidentStatus::Mitigated,
        IncidentStatus::Resolved,
        IncidentStatus::Closed,
    ] {
        let last = all.last().unwrap().clone();
        let step = last
            .change(ada(), at(second))
            .step(to, None);
        let after = step.unwrap().done().incident;
        assert_eq!(after.state, state(to));
        all.push(after);
        second += 10;
    }
    for (before, after) in [(4, 3), (3, 2), (2, 1), (1, 0)] {
        let to = all[after].status();
        let step = all[before]
            .clone()
            .change(ada(), at(900))
            .step(to, None);
        assert_eq!(step.unwrap().done().incident.state, all[after].state);
    }
}

#[test]
fn who_goes_back_from_an_end_that_came_by_itself_has_acknowledged_it() {
    let ended = incident(IncidentState::Resolved {
        acknowledged_at: None,
        mitigated_at: None,
        at: at(40),
    });
    let back = ended
        .change(ada(), at(50))
        .step(IncidentStatus::Mitigated, None)
        .unwrap()
        .step(IncidentStatus::Acknowledged, None)
        .unwrap()
        .done();
    assert_eq!(
        back.incident.state,
        IncidentState::Acknowledged { at: at(50) }
    );
    assert_eq!(back.events.len(), 2);
}

#[test]
fn only_people_touch() {
    let untouched = incident(IncidentState::Open);
    let note = |actor| {
        let change = untouched.clone().change(actor, at(70));
        let change = change.note("the disk is full".to_owned(), at(65));
        change.unwrap().done()
    };
    assert_eq!(note(Actor::System).incident.touched_at, None);
    let update = note(ada());
    assert_eq!(update.incident.touched_at, Some(at(70)));
    assert_eq!(
        update.events,
        [IncidentEvent {
            occurred_at: at(65),
            recorded_at: at(70),
            kind: EventKind::Note,
            actor: Some("Ada".to_owned()),
            text: "the disk is full".to_owned(),
        }]
    );
}

#[test]
fn an_edit_says_what_differs_and_nothing_else() {
    let before = incident(IncidentState::Open);
    let same = before
        .clone()
        .change(ada(), at(70))
        .edit(Edit::of(&before));
    assert!(same.unwrap().is_empty());
    let edit = Edit {
        title: "nobody can pay with cards".to_owned(),
        severity: Severity::High,
        affected_services: ["cards".parse().unwrap()].into(),
        root_cause_service: Some("cards".parse().unwrap()),
        description: Some("since noon".to_owned()),
    };
    let update = before
        .change(ada(), at(70))
        .edit(edit)
        .unwrap()
        .done();
    let texts: Vec<&str> = update
        .events
        .iter()
        .map(|event| event.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "critical → high",
            "title: nobody can pay with cards",
            "description: since noon",
            "affected services: cards",
            "root cause: cards",
        ]
    );
    let names: Vec<&str> = update
        .incident
        .affected_services
        .iter()
        .map(ServiceName::as_str)
        .collect();
    assert_eq!(names, ["cards", "checkout"], "its own service suffers too");
}

#[test]
fn what_is_closed_takes_notes_and_no_other_words() {
    for status in IncidentStatus::ALL {
        let before = incident(state(status));
        let edit = Edit {
            title: "another".to_owned(),
            ..Edit::of(&before)
        };
        let change = || before.clone().change(ada(), at(100));
        let is_writable = !matches!(
            status,
            IncidentStatus::Closed | IncidentStatus::Merged | IncidentStatus::Dismissed
        );
        assert_eq!(change().edit(edit).is_ok(), is_writable, "{status}");
        let note = change().note("a lesson".to_owned(), at(100));
        let takes_notes = is_writable || status == IncidentStatus::Closed;
        assert_eq!(note.is_ok(), takes_notes, "{status}");
    }
}

#[test]
fn a_merge_is_taken_from_where_the_table_has_it_into_what_is_live() {
    for from in IncidentStatus::ALL {
        for into in IncidentStatus::ALL {
            let source = incident(state(from));
            let target = Incident {
                id: IncidentId(uuid::Uuid::from_u128(9)),
                severity: Severity::Low,
                started_at: at(5),
                ..incident(state(into))
            };
            let merged = merge(source.clone(), &[], target, &ada(), at(100));
            if from
                .next()
                .contains(&IncidentStatus::Merged)
                && into.is_live()
            {
                let [leaving, taking] = merged.unwrap();
                assert_eq!(leaving.incident.status(), IncidentStatus::Merged);
                assert_eq!(taking.incident.status(), into);
                assert_eq!(taking.incident.severity, Severity::Critical);
                assert_eq!(taking.incident.started_at, at(0));
            } else {
                assert!(merged.is_err(), "{from} into {into}");
            }
        }
    }
    let one = incident(IncidentState::Open);
    assert_eq!(
        merge(one.clone(), &[], one, &ada(), at(100)),
        Err(IncidentRefusal::IntoItself)
    );
}
