use super::*;
use crate::alert::{
    AlertType, Identity, LifecycleSettings, Moment, Opening, Origin, ResolveReason, Severity,
};
use crate::incident::EventKind;
use crate::name::SloId;
use crate::routing::Audience;
use crate::time::at_second;

fn at(second: i64) -> DateTime<Utc> {
    at_second(1_767_268_800 + second)
}

fn moment(second: i64) -> Moment<'static> {
    const SETTINGS: LifecycleSettings = LifecycleSettings {
        ack_timeout: crate::time::Span::minutes(30),
        cooldown: crate::time::Span::minutes(10),
        repeat_interval: crate::time::Span::hours(4),
    };
    Moment {
        now: at(second),
        slot: None,
        routes: Audience::NOBODY,
        settings: &SETTINGS,
    }
}

fn alert_of(origin: Origin, service: &str, kind: AlertType, n: u128, second: i64) -> Alert {
    let opening = Opening {
        identity: Identity {
            origin,
            service_name: service.parse().unwrap(),
            alert_type: kind,
            slo_id: Some(SloId(uuid::Uuid::from_u128(n))),
            labels: BTreeMap::new(),
        },
        episode: 1,
        severity: Severity::High,
        message: format!("number {n} is wrong"),
        rules: Vec::new(),
    };
    Alert::open(opening, &moment(second)).alert
}

/// An alert that counts, and opens nothing by itself.
fn health(service: &str, n: u128, second: i64) -> Alert {
    alert_of(Origin::Posted, service, AlertType::Health, n, second)
}

/// The ticket of a missed target.
fn missed(service: &str, n: u128, second: i64) -> Alert {
    alert_of(
        Origin::Generated,
        service,
        AlertType::SloViolation,
        n,
        second,
    )
}

fn over(alert: Alert, second: i64) -> Alert {
    let resolved = alert.resolve(ResolveReason::Condition, None, None, &moment(second));
    resolved.unwrap().alert
}

fn settings() -> IncidentSettings {
    IncidentSettings::default()
}

fn decided(loose: &[Alert], live: &[Incident], second: i64) -> Vec<IncidentUpdate> {
    gathered(loose, live, &Neighbours::new(), &settings(), at(second))
}

/// A live incident of `checkout` that the first alert opened.
fn live(second: i64) -> Incident {
    opened(
        &health("checkout", 99, second),
        IncidentState::Open,
        at(second),
    )
    .incident
}

#[test]
fn three_alerts_of_a_service_within_ten_minutes_make_an_incident() {
    let alerts = [
        health("checkout", 1, 0),
        health("checkout", 2, 300),
        health("checkout", 3, 600),
    ];
    assert_eq!(decided(&alerts[..2], &[], 600), []);
    let [update] = decided(&alerts, &[], 600)
        .try_into()
        .unwrap();
    let incident = &update.incident;
    assert_eq!(incident.status(), IncidentStatus::Open);
    assert_eq!(incident.title, "3 alerts at once on checkout");
    assert_eq!(
        (incident.started_at, incident.detected_at),
        (at(0), at(600))
    );
    assert_eq!(
        update.alerts,
        alerts
            .each_ref()
            .map(|alert| Belonging::new(alert.id))
    );
    // A second later the first is too old.
    assert_eq!(decided(&alerts, &[], 601), []);
}

#[test]
fn an_alert_that_flaps_is_one_cause() {
    let first = over(health("checkout", 1, 0), 10);
    let again = Alert {
        id: first.identity.episode_id(2),
        episode: 2,
        starts_at: at(20),
        ..health("checkout", 1, 20)
    };
    let third = health("checkout", 2, 30);
    assert_eq!(
        decided(&[first.clone(), again.clone(), third.clone()], &[], 40),
        []
    );
    let fourth = health("checkout", 3, 35);
    assert_eq!(decided(&[first, again, third, fourth], &[], 40).len(), 1);
}

#[test]
fn alerts_that_are_all_over_make_no_incident() {
    let alerts = [1, 2, 3].map(|n| over(health("checkout", n, 0), 10));
    assert_eq!(decided(&alerts, &[], 40), []);
}

#[test]
fn tickets_and_silence_never_count() {
    let mut alerts = vec![
        alert_of(Origin::Generated, "checkout", AlertType::SlowBurn, 1, 0),
        alert_of(Origin::Generated, "checkout", AlertType::NoData, 2, 0),
        alert_of(Origin::Posted, "checkout", AlertType::NoData, 3, 0),
        alert_of(
            Origin::Generated,
            "checkout",
            AlertType::BudgetExhaustion,
            4,
            0,
        ),
    ];
    assert_eq!(decided(&alerts, &[], 40), []);
    alerts.extend([health("checkout", 5, 0), health("checkout", 6, 0)]);
    assert_eq!(decided(&alerts, &[], 40), []);
}

#[test]
fn alerts_of_neighbours_count_together() {
    let alerts = [
        health("checkout", 1, 0),
        health("cards", 2, 0),
        health("search", 3, 0),
    ];
    let near = |services: &[&str]| -> Neighbours {
        let names = services
            .iter()
            .map(|name| name.parse().unwrap());
        [("checkout".parse().unwrap(), names.collect())].into()
    };
    let all = gathered(
        &alerts,
        &[],
        &near(&["cards", "search"]),
        &settings(),
        at(9),
    );
    let [update] = all.try_into().unwrap();
    assert_eq!(update.incident.service_name.as_str(), "checkout");
    assert_eq!(update.incident.affected_services.len(), 3);
    assert_eq!(
        gathered(&alerts, &[], &near(&["cards"]), &settings(), at(9)),
        []
    );
}

#[test]
fn an_open_alert_joins_what_has_become_live_and_one_that_is_over_does_not() {
    let incident = live(100);
    let (open, ended) = (
        health("checkout", 1, 50),
        over(health("checkout", 2, 40), 45),
    );
    let [update] = decided(&[open.clone(), ended], std::slice::from_ref(&incident), 101)
        .try_into()
        .unwrap();
    assert_eq!(update.expected, Some(incident.version));
    assert_eq!(update.alerts, [Belonging::new(open.id)]);
    assert_eq!(update.incident.started_at, at(50));
    assert_eq!(update.events[0].kind, EventKind::Joined);
}

#[test]
fn a_gone_budget_alone_makes_a_candidate_one_a_service() {
    let tickets = [
        missed("checkout", 1, -5_000),
        missed("checkout", 2, 0),
        missed("search", 3, 0),
    ];
    let updates = decided(&tickets, &[], 40);
    let made: Vec<_> = updates
        .iter()
        .map(|update| {
            (
                update.incident.service_name.as_str(),
                update.incident.status(),
            )
        })
        .collect();
    let candidate = IncidentStatus::Candidate;
    assert_eq!(made, [("checkout", candidate), ("search", candidate)]);
    assert_eq!(updates[0].alerts, [Belonging::new(tickets[0].id)]);
    assert_eq!(decided(&[over(missed("checkout", 1, 0), 5)], &[], 40), []);
}

#[test]
fn a_budget_that_is_gone_because_of_a_live_incident_belongs_to_it_and_makes_it_no_graver() {
    let incident = Incident {
        severity: Severity::Low,
        ..live(100)
    };
    let ticket = missed("checkout", 1, 50);
    let [update] = decided(
        std::slice::from_ref(&ticket),
        std::slice::from_ref(&incident),
        200,
    )
    .try_into()
    .unwrap();
    assert_eq!(update.alerts, [Belonging::new(ticket.id)]);
    assert_eq!(
        (update.incident.severity, update.incident.started_at),
        (Severity::Low, at(100))
    );
}

#[test]
fn an_untouched_incident_ends_when_its_alerts_have_been_quiet_by_legal_steps() {
    let incident = live(0);
    let alerts = [
        over(health("checkout", 1, 0), 50),
        over(health("checkout", 2, 0), 100),
    ];
    let moved =
        |alerts: &[Alert], second| moved_by_time(&incident, alerts, &settings(), at(second));
    assert_eq!(moved(&alerts, 699), None);
    let update = moved(&alerts, 700).unwrap();
    assert_eq!(
        update.incident.state,
        IncidentState::Resolved {
            acknowledged_at: None,
            mitigated_at: None,
            at: at(700)
        }
    );
    let texts: Vec<_> = update
        .events
        .iter()
        .map(|event| {
            (
                event.occurred_at,
                event.actor.as_deref(),
                event.text.as_str(),
            )
        })
        .collect();
    assert_eq!(
        texts,
        [
            (at(700), Some("system"), "open → acknowledged"),
            (at(700), Some("system"), "acknowledged → mitigated"),
            (
                at(700),
                Some("system"),
                "mitigated → resolved: its alerts have been quiet for 10m"
            ),
        ]
    );
    assert_eq!(moved(&[], 9_000), None, "without alerts nothing is quiet");
    let open = [alerts[0].clone(), health("checkout", 3, 0)];
    assert_eq!(moved(&open, 9_000), None);
}

#[test]
fn a_ticket_does_not_hold_an_incident_open() {
    let alerts = [
        over(health("checkout", 1, 0), 100),
        missed("checkout", 2, 0),
    ];
    assert!(moved_by_time(&live(0), &alerts, &settings(), at(700)).is_some());
}

#[test]
fn what_a_person_has_touched_does_not_end_by_itself() {
    let touched = Incident {
        touched_at: Some(at(5)),
        ..live(0)
    };
    let alerts = [over(health("checkout", 1, 0), 100)];
    assert_eq!(
        moved_by_time(&touched, &alerts, &settings(), at(90_000)),
        None
    );
}

#[test]
fn an_acknowledgement_without_activity_ends() {
    let seen = |touched| Incident {
        touched_at: Some(at(touched)),
        state: IncidentState::Acknowledged { at: at(10) },
        ..live(0)
    };
    let moved = |touched, second| moved_by_time(&seen(touched), &[], &settings(), at(second));
    assert_eq!(moved(10, 1_809), None);
    let update = moved(10, 1_810).unwrap();
    assert_eq!(update.incident.state, IncidentState::Open);
    assert_eq!(
        update.incident.touched_at,
        Some(at(10)),
        "a rule touches nothing"
    );
    assert_eq!(moved(60, 1_810), None, "activity extends it");
}

#[test]
fn a_candidate_whose_cause_is_over_is_dismissed_unless_somebody_has_looked() {
    let candidate = Incident {
        state: IncidentState::Candidate,
        ..live(0)
    };
    let alerts = [over(missed("checkout", 1, 0), 100)];
    let update = moved_by_time(&candidate, &alerts, &settings(), at(700)).unwrap();
    assert_eq!(update.incident.status(), IncidentStatus::Dismissed);
    let looked_at = Incident {
        touched_at: Some(at(5)),
        ..candidate
    };
    assert_eq!(
        moved_by_time(&looked_at, &alerts, &settings(), at(700)),
        None
    );
}

#[test]
fn the_same_decision_made_twice_is_one_incident() {
    let alerts = [1, 2, 3].map(|n| health("checkout", n, 0));
    let (one, two) = (decided(&alerts, &[], 40), decided(&alerts, &[], 41));
    assert_eq!(one[0].incident.id, two[0].incident.id);
}
