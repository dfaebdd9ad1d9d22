//! What should have moved and has not is found, told, and told to be over.

use sre_core::monitor::{AUDIT_FAILED, AuditPorts, Auditor};
use sre_core::store::{AlertQuery, OverdueKind, Page};

use super::*;

fn auditor(desk: &Desk) -> Auditor {
    let ports = AuditPorts {
        outbox: Arc::<Spy>::clone(&desk.world.store),
        deliveries: Arc::<Spy>::clone(&desk.world.store),
        alerts: Arc::<Spy>::clone(&desk.world.store),
    };
    Auditor::new(
        ports,
        fixtures::settings(),
        "sre-monitor".parse().expect("a name"),
        vec![sink()].into(),
    )
}

/// What stands still, by a look at this second.
async fn look(auditor: &mut Auditor, second: i64) -> Vec<OverdueKind> {
    let stuck = auditor
        .activate(at(second))
        .await
        .expect("the store answers");
    stuck
        .into_iter()
        .map(|overdue| overdue.kind)
        .collect()
}

async fn findings(desk: &Desk) -> Vec<bool> {
    let query = AlertQuery {
        alert_type: Some(AUDIT_FAILED.parse().expect("a type")),
        ..AlertQuery::default()
    };
    let page = Page::first(std::num::NonZeroU32::MAX);
    let found = desk
        .world
        .store
        .list_alerts(&query, page)
        .await
        .expect("the store answers");
    found
        .iter()
        .map(Alert::is_open)
        .collect()
}

#[tokio::test]
async fn what_nobody_judges_is_told_after_two_looks_and_its_end_once_it_moves() {
    let desk = Desk::new().await;
    let mut auditor = auditor(&desk);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    for second in [60, 120, 240] {
        assert_eq!(look(&mut auditor, second).await, []);
    }
    assert_eq!(look(&mut auditor, 360).await, [], "seen once");
    assert_eq!(look(&mut auditor, 420).await, [OverdueKind::Intent]);
    assert_eq!(look(&mut auditor, 480).await, [OverdueKind::Intent]);
    assert_eq!(findings(&desk).await, [true], "one alert");
    desk.at(500).await;
    assert_eq!(look(&mut auditor, 540).await, []);
    assert_eq!(findings(&desk).await, [false]);
}

#[tokio::test]
async fn what_waits_for_its_time_does_not_stand_still() {
    let desk = Desk::new().await;
    let mut auditor = auditor(&desk);
    desk.notifier
        .answers([status(429, Some(3_000)), status(401, None)]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    desk.at(0).await;
    // The second waits for the paused lane, then for ever: the lane is stopped.
    desk.apply(fires(&page_of(2), &[sink()], at(10)))
        .await;
    for second in (60..6_000).step_by(60) {
        desk.at(second).await;
        assert_eq!(look(&mut auditor, second + 1).await, [], "{second}");
    }
    assert!(findings(&desk).await.is_empty());
}
