//! What a person does to an incident is told to every destination.

use sre_core::notification::Notice;
use sre_core::store::{Notices, Outbox};

use super::*;

/// A world with two destinations.
async fn staffed() -> World {
    let destinations = vec![fixtures::destination("ops"), fixtures::destination("team")];
    let known = destinations.clone();
    let world = World::with(|context| context.destinations = known);
    world
        .store
        .register_destinations(&destinations, fixtures::at(0))
        .await
        .expect("the store answers");
    world
}

/// What waits to be told to `ops`: kind, text.
async fn waiting(world: &World) -> Vec<Notice> {
    let due = world
        .store
        .due_notices(world.now(), 100)
        .await
        .expect("the store answers");
    due.notices
}

fn told(notices: &[Notice]) -> Vec<(&'static str, &str)> {
    let ops = fixtures::destination("ops").id;
    let mut told: Vec<(&str, &str)> = notices
        .iter()
        .filter(|notice| notice.destination_id == ops)
        .map(|notice| (notice.kind.as_str(), notice.text.as_str()))
        .collect();
    told.sort_unstable();
    told
}

#[tokio::test]
async fn what_a_person_does_is_told_once_to_each_destination() {
    let world = staffed().await;
    let path = opened(
        &world,
        &json!({"by": "ada", "description": "cards are refused"}),
    )
    .await;
    for change in [
        json!({"status": "acknowledged", "by": "bob", "comment": "looking"}),
        json!({"status": "acknowledged"}),
        json!({"title": "Nobody can pay by card", "severity": "high"}),
        json!({"status": "mitigated"}),
        json!({"status": "resolved", "by": "bob"}),
    ] {
        let answer = world.put(&path, &change).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    let note = json!({"text": "the bank is back", "by": "bob"});
    let answer = world
        .post(&format!("{path}/timeline"), &note)
        .await;
    assert!(matches!(answer.status, 200 | 201), "{:?}", answer.body);
    let notices = waiting(&world).await;
    assert_eq!(notices.len(), 8);
    assert_eq!(
        told(&notices),
        [
            ("incident.opened", "opened by ada\ncards are refused"),
            ("incident.resolved", "bob: mitigated → resolved"),
            ("incident.updated", "acknowledged → mitigated"),
            ("incident.updated", "bob: open → acknowledged: looking"),
        ]
    );
    let link = format!("ui{path}");
    assert!(
        notices
            .iter()
            .all(|notice| notice.link_path.as_ref() == Some(&link))
    );
}

#[tokio::test]
async fn an_incident_opened_by_a_rule_is_told_with_its_alert_alone() {
    let world = staffed().await;
    alert(&world, &json!({})).await;
    assert_eq!(
        got(&world, "/incidents").await["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(waiting(&world).await, []);
}
