//! Incidents are opened and changed.

use sre_core::alert::{AlertStatus, AlertType, Severity};
use sre_core::incident::{
    Actor, Belonging, Edit, Incident, IncidentSource, IncidentState, IncidentStatus,
    IncidentUpdate, merge,
};
use sre_core::name::IncidentId;
use sre_core::store::{Incidents, Store};
use uuid::Uuid;

use super::{alerted, changed, every, superseded};
use crate::Verdict;
use crate::fixtures::{at, at_micros, destination, fires, identity, incident, opens, resolved};
use crate::tools::{is_applied, taken_by_many};

/// A new incident is found, with the line of its opening.
pub async fn a_new_incident_is_found(store: &dyn Incidents) -> Verdict {
    let opening = opens(incident(1, at(0)));
    changed(store, opening.clone()).await?;
    let id = opening.incident.id;
    assert_eq!(store.find_incident(id).await?, Some(opening.incident));
    let recollection = store.recollect(id).await?;
    assert_eq!(
        (recollection.events, recollection.steps),
        (opening.events, vec![])
    );
    Ok(())
}

/// What was never opened is not found, and has neither lines nor alerts.
pub async fn an_unknown_incident_is_not_found(store: &dyn Incidents) -> Verdict {
    changed(store, opens(incident(1, at(0)))).await?;
    let id = IncidentId(Uuid::from_u128(2));
    assert_eq!(store.find_incident(id).await?, None);
    assert_eq!(store.recollect(id).await?.events, []);
    assert_eq!(store.alerts_of(&[id]).await?, []);
    Ok(())
}

/// Every field comes back, in every state.
pub async fn every_field_of_an_incident_is_kept(store: &dyn Incidents) -> Verdict {
    let (first, second, third) = (at_micros(1, 2), at_micros(3, 4), at_micros(5, 6));
    let states = [
        IncidentState::Candidate,
        IncidentState::Open,
        IncidentState::Acknowledged { at: first },
        IncidentState::Mitigated {
            acknowledged_at: None,
            at: second,
        },
        IncidentState::Resolved {
            acknowledged_at: Some(first),
            mitigated_at: Some(second),
            at: third,
        },
        IncidentState::Closed {
            acknowledged_at: None,
            mitigated_at: None,
            resolved_at: second,
            at: third,
        },
        IncidentState::Merged {
            into: IncidentId(Uuid::from_u128(9)),
            at: third,
        },
        IncidentState::Dismissed { at: third },
    ];
    for (n, state) in (1..).zip(states) {
        let full = Incident {
            title: "„Zahlung“ '\"\\ %_ 🚀".to_owned(),
            description: Some("a\n\tb".repeat(500)),
            affected_services: ["checkout", "search"]
                .map(|name| name.parse().expect("a name"))
                .into(),
            severity: Severity::Low,
            source: IncidentSource::Auto,
            root_cause_service: Some("search".parse().expect("a name")),
            previous: Some(IncidentId(Uuid::from_u128(7))),
            started_at: at_micros(0, -1),
            detected_at: at_micros(0, 1),
            touched_at: None,
            version: i64::MAX.unsigned_abs(),
            state,
            ..incident(n, at(0))
        };
        changed(store, opens(full.clone())).await?;
        assert_eq!(store.find_incident(full.id).await?, Some(full));
    }
    Ok(())
}

/// An id opens one incident: the same again is superseded, and leaves no line.
pub async fn an_incident_is_opened_once(store: &dyn Incidents) -> Verdict {
    let opening = opens(incident(1, at(0)));
    changed(store, opening.clone()).await?;
    let mut again = opening.clone();
    "another".clone_into(&mut again.incident.title);
    superseded(store, &[again]).await?;
    let id = opening.incident.id;
    assert_eq!(store.find_incident(id).await?, Some(opening.incident));
    assert_eq!(store.recollect(id).await?.events, opening.events);
    Ok(())
}

/// A change replaces the incident, and adds its lines to the timeline after those before.
pub async fn a_change_replaces_the_incident_and_adds_to_its_timeline(
    store: &dyn Incidents,
) -> Verdict {
    let opening = opens(incident(1, at(0)));
    let before = changed(store, opening.clone()).await?;
    let mut lines = opening.events;
    for update in [step(&before, IncidentStatus::Acknowledged, 5), {
        let seen = step(&before, IncidentStatus::Acknowledged, 5).incident;
        let edit = Edit {
            title: "nobody can pay with cards".to_owned(),
            severity: Severity::High,
            description: Some("since the deploy".to_owned()),
            root_cause_service: Some("cards".parse().expect("a name")),
            affected_services: ["cards".parse().expect("a name")].into(),
        };
        let change = seen
            .change(Actor::Person(None), at(6))
            .edit(edit);
        change.expect("it is open").done()
    }] {
        let after = changed(store, update.clone()).await?;
        lines.extend(update.events);
        assert_eq!(store.find_incident(after.id).await?, Some(after));
    }
    assert_eq!(store.recollect(before.id).await?.events, lines);
    Ok(())
}

/// Who read a version that has passed, or an incident that is not there, changes nothing.
pub async fn a_change_of_a_version_that_has_passed_is_superseded(store: &dyn Incidents) -> Verdict {
    let before = changed(store, opens(incident(1, at(0)))).await?;
    let after = changed(store, step(&before, IncidentStatus::Acknowledged, 5)).await?;
    superseded(store, &[step(&before, IncidentStatus::Dismissed, 6)]).await?;
    let unknown = incident(2, at(0));
    superseded(store, &[step(&unknown, IncidentStatus::Dismissed, 6)]).await?;
    assert_eq!(every(store).await?, std::slice::from_ref(&after));
    assert_eq!(
        store
            .recollect(after.id)
            .await?
            .events
            .len(),
        2
    );
    Ok(())
}

/// Of changes that are made together none is stored when one of them does not stand.
pub async fn changes_are_stored_together_or_not_at_all(store: &dyn Incidents) -> Verdict {
    let one = changed(store, opens(incident(1, at(0)))).await?;
    let two = changed(store, opens(incident(2, at(1)))).await?;
    let late = Incident {
        version: 7,
        ..two.clone()
    };
    let updates = [
        step(&one, IncidentStatus::Acknowledged, 5),
        step(&late, IncidentStatus::Acknowledged, 5),
    ];
    superseded(store, &updates).await?;
    assert_eq!(every(store).await?, [two.clone(), one.clone()]);
    assert_eq!(
        store
            .recollect(one.id)
            .await?
            .events
            .len(),
        1
    );
    let updates = [
        step(&one, IncidentStatus::Acknowledged, 5),
        step(&two, IncidentStatus::Acknowledged, 5),
    ];
    assert!(is_applied(store.change_incidents(&updates).await?));
    let after = updates.map(|update| update.incident);
    assert_eq!(every(store).await?, [after[1].clone(), after[0].clone()]);
    Ok(())
}

/// What is told of an incident is stored with it; of a change that does not stand nothing is told.
pub async fn an_incident_and_its_notices_are_stored_together_or_not_at_all(
    store: &dyn Store,
) -> Verdict {
    let ops = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&ops), at(0))
        .await?;
    let routes = [ops.id];
    let opening = opens(incident(1, at(0))).announced(None, &routes);
    let one = changed(store, opening.clone()).await?;
    let waiting = store
        .due_notices(at(9), 10)
        .await?
        .notices;
    assert_eq!(waiting, opening.notices);
    assert_eq!(waiting.len(), 1);

    // Taken, and so is what comes before it in the same change.
    let other = opens(incident(2, at(1))).announced(None, &routes);
    superseded(store, &[other.clone(), opening]).await?;
    let late = Incident {
        version: 7,
        ..one.clone()
    };
    let moved = |before| {
        step(before, IncidentStatus::Acknowledged, 5).announced(Some(IncidentStatus::Open), &routes)
    };
    superseded(store, &[moved(&late)]).await?;
    let unknown = Belonging::new(identity(9, AlertType::Health).episode_id(1));
    let taking = IncidentUpdate {
        alerts: vec![unknown],
        ..moved(&one)
    };
    superseded(store, &[taking]).await?;
    assert_eq!(
        store
            .due_notices(at(9), 10)
            .await?
            .notices,
        waiting
    );

    let updates = [other, moved(&one)];
    assert!(is_applied(store.change_incidents(&updates).await?));
    for notice in updates
        .iter()
        .flat_map(|update| &update.notices)
    {
        let record = store.find_notice(notice.id).await?;
        assert_eq!(
            record
                .map(|record| record.notice)
                .as_ref(),
            Some(notice)
        );
    }
    assert_eq!(
        store
            .due_notices(at(9), 10)
            .await?
            .notices
            .len(),
        3
    );
    Ok(())
}

/// An alert belongs to one incident: who read it elsewhere, or does not know it, is superseded.
pub async fn an_alert_belongs_to_one_incident(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &fires(&identity(1, AlertType::Health), &[], at(0))).await?;
    let taking = |n| {
        let mut opening = opens(incident(n, at(0)));
        opening.alerts = vec![Belonging::new(alert.id)];
        opening
    };
    let first = changed(store, taking(1)).await?;
    superseded(store, &[taking(2)]).await?;
    assert_eq!(
        store
            .find_incident(taking(2).incident.id)
            .await?,
        None
    );
    let [held] = store
        .alerts_of(&[first.id])
        .await?
        .try_into()
        .expect("one alert");
    assert_eq!((held.id, held.incident_id), (alert.id, Some(first.id)));
    let mut unknown = opens(incident(3, at(0)));
    let other = fires(&identity(9, AlertType::Health), &[], at(0)).alert;
    unknown.alerts = vec![Belonging::new(other.id)];
    superseded(store, &[unknown]).await
}

/// A merge takes the alerts along, and both incidents change or none.
pub async fn alerts_move_with_a_merge(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &fires(&identity(1, AlertType::Health), &[], at(0))).await?;
    let mut opening = opens(incident(1, at(0)));
    opening.alerts = vec![Belonging::new(alert.id)];
    let one = changed(store, opening).await?;
    let two = changed(store, opens(incident(2, at(1)))).await?;
    let alerts = store.alerts_of(&[one.id]).await?;
    let who = Actor::Person(Some("Ada".to_owned()));
    let updates = merge(one.clone(), &alerts, two.clone(), &who, at(5)).expect("both are open");
    assert!(is_applied(store.change_incidents(&updates).await?));
    assert_eq!(store.alerts_of(&[one.id]).await?, []);
    let [moved] = store
        .alerts_of(&[one.id, two.id])
        .await?
        .try_into()
        .expect("one alert");
    assert_eq!(moved.incident_id, Some(two.id));
    let [gone, target] = updates.map(|update| update.incident);
    assert_eq!(every(store).await?, [target, gone]);
    Ok(())
}

/// A transition of an alert leaves it in its incident.
pub async fn a_transition_keeps_the_incident_of_an_alert(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &fires(&identity(1, AlertType::Health), &[], at(0))).await?;
    let mut opening = opens(incident(1, at(0)));
    opening.alerts = vec![Belonging::new(alert.id)];
    let incident = changed(store, opening).await?;
    // Decided on a reading from before.
    let ended = alerted(store, &resolved(&alert, at(9))).await?;
    assert_eq!(ended.incident_id, Some(incident.id));
    let steps = store
        .recollect(incident.id)
        .await?
        .steps;
    let states: Vec<_> = steps
        .iter()
        .map(|step| (step.at, step.from, step.to))
        .collect();
    assert_eq!(
        states,
        [
            (at(0), None, AlertStatus::Firing),
            (at(9), Some(AlertStatus::Firing), AlertStatus::Resolved)
        ]
    );
    Ok(())
}

/// Of many who open the same incident at the same time one does, and of many who change it.
pub async fn concurrent_writers_never_share_a_version(store: &dyn Incidents) -> Verdict {
    let opening = opens(incident(1, at(0)));
    let next = step(&opening.incident, IncidentStatus::Acknowledged, 5);
    for update in [&opening, &next] {
        let winners = taken_by_many(8, async |_| {
            let answer = store
                .change_incidents(std::slice::from_ref(update))
                .await;
            if is_applied(answer.expect("answers")) {
                vec![()]
            } else {
                Vec::new()
            }
        });
        assert_eq!(winners.len(), 1);
    }
    assert_eq!(
        store
            .recollect(opening.incident.id)
            .await?
            .events
            .len(),
        2
    );
    Ok(())
}

/// A person moves the incident one step.
fn step(before: &Incident, to: IncidentStatus, second: i64) -> IncidentUpdate {
    let who = Actor::Person(Some("Ada".to_owned()));
    let change = before
        .clone()
        .change(who, at(second))
        .step(to, Some("„gesehen“"));
    change.expect("a step").done()
}
