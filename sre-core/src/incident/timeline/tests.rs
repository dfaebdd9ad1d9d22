use super::*;
use crate::alert::{
    AlertStatus, AlertType, Identity, LifecycleSettings, Moment, Opening, Severity,
};
use crate::incident::EventKind;
use crate::name::{DeliveryId, SloId};
use crate::notification::{Intent, IntentKind};
use crate::routing::Audience;
use crate::time::at_second;
use uuid::Uuid;

fn at(second: i64) -> DateTime<Utc> {
    at_second(1_767_268_800 + second)
}

fn alert() -> Alert {
    let settings = LifecycleSettings::default();
    let moment = Moment {
        now: at(0),
        slot: None,
        routes: Audience::NOBODY,
        settings: &settings,
    };
    let service = "checkout".parse().unwrap();
    let opening = Opening {
        identity: Identity::generated(service, SloId(Uuid::nil()), AlertType::BurnRate),
        episode: 1,
        severity: Severity::Critical,
        message: "it burns".to_owned(),
        rules: Vec::new(),
    };
    Alert::open(opening, &moment).alert
}

fn step(alert: &Alert, second: i64, from: Option<AlertStatus>, to: AlertStatus) -> AlertStep {
    AlertStep {
        alert_id: alert.id,
        transition: 1,
        at: at(second),
        from,
        to,
        severity: Severity::Critical,
        actor: None,
        comment: None,
    }
}

fn intent(alert: &Alert) -> Intent {
    let to = DestinationId(Uuid::nil());
    Intent::new(alert.id, 1, to, IntentKind::Fire, at(0))
}

fn lines(steps: Vec<AlertStep>, events: Vec<IncidentEvent>, ledger: &[IntentRecord]) -> Vec<Line> {
    let recollection = Recollection { events, steps };
    timeline(&recollection, &[alert()], ledger, &|_| "ops".to_owned())
}

fn shown(lines: &[Line]) -> Vec<(i64, &str, &str)> {
    let second = |line: &Line| (line.at - at(0)).num_seconds();
    lines
        .iter()
        .map(|line| (second(line), line.kind, line.text.as_str()))
        .collect()
}

#[test]
fn what_happened_is_told_in_its_order_and_the_alert_before_what_came_of_it() {
    let alert = alert();
    let event = |second, kind, text: &str| IncidentEvent {
        occurred_at: at(second),
        recorded_at: at(100),
        kind,
        actor: None,
        text: text.to_owned(),
    };
    let told = lines(
        vec![
            step(&alert, 0, None, AlertStatus::Firing),
            step(&alert, 50, Some(AlertStatus::Firing), AlertStatus::Resolved),
        ],
        vec![
            event(0, EventKind::Opened, "opened"),
            event(20, EventKind::Note, "the disk is full"),
        ],
        &[],
    );
    assert_eq!(
        shown(&told),
        [
            (
                0,
                "alert",
                "burn_rate of checkout is firing, critical: it burns"
            ),
            (0, "opened", "opened"),
            (20, "note", "the disk is full"),
            (
                50,
                "alert",
                "burn_rate of checkout: firing → resolved, critical"
            ),
        ]
    );
    assert_eq!(told[2].recorded_at, at(100));
}

#[test]
fn who_acted_on_an_alert_and_what_they_said_is_told() {
    let alert = alert();
    let told = lines(
        vec![AlertStep {
            actor: Some("Ada".to_owned()),
            comment: Some("on it".to_owned()),
            ..step(
                &alert,
                5,
                Some(AlertStatus::Firing),
                AlertStatus::Acknowledged,
            )
        }],
        vec![],
        &[],
    );
    assert_eq!(told[0].actor.as_deref(), Some("Ada"));
    assert!(
        told[0]
            .text
            .ends_with("→ acknowledged, critical: on it")
    );
}

#[test]
fn deliveries_are_told_with_the_tries_that_failed() {
    let attempt = |second, result: &str| AttemptRecord {
        started_at: at(second),
        finished_at: Some(at(second)),
        result: Some(result.to_owned()),
        status: Some(503),
        detail: Some("answered 503".to_owned()),
        is_possible_duplicate: false,
    };
    let delivery = |state: &str, sent_at| DeliveryState {
        id: DeliveryId(Uuid::nil()),
        state: state.to_owned(),
        reason: (state == "dead").then(|| "refused".to_owned()),
        body: Vec::new(),
        next_attempt_at: None,
        created_at: at(0),
        sent_at,
    };
    let record = |state: &str, deliveries| IntentRecord {
        intent: intent(&alert()),
        state: state.to_owned(),
        reason: Some("cooldown".to_owned()),
        held_by: None,
        sequence: Some(1),
        deliveries,
    };
    let arrived = vec![
        attempt(1, "retry"),
        attempt(2, "retry"),
        attempt(3, "delivered"),
    ];
    let told = lines(
        vec![],
        vec![],
        &[
            record(
                "delivered",
                vec![(delivery("delivered", Some(at(3))), arrived)],
            ),
            record(
                "dead",
                vec![(delivery("dead", None), vec![attempt(4, "dead")])],
            ),
            record("withheld", vec![]),
        ],
    );
    assert_eq!(
        shown(&told),
        [
            (
                0,
                "withheld",
                "ops was not told (fire of burn_rate): cooldown"
            ),
            (
                1,
                "delivery_failed",
                "ops could not be told (fire of burn_rate): answered 503; 2 failed"
            ),
            (3, "delivery", "ops was told (fire of burn_rate)"),
            (
                4,
                "delivery_failed",
                "ops could not be told (fire of burn_rate): answered 503; 1 failed"
            ),
            (
                4,
                "delivery_failed",
                "ops was given up (fire of burn_rate): refused"
            ),
        ]
    );
}
