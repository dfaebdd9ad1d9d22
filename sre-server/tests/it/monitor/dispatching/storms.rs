//! More than anybody reads one by one.

use std::collections::BTreeSet;

use super::*;

/// How many alerts each of these bodies speaks of.
fn spoken_of(bodies: &[String], word: &str) -> usize {
    bodies
        .iter()
        .map(|body| body.matches(word).count())
        .sum()
}

#[tokio::test]
async fn a_storm_is_a_handful_of_messages_and_so_are_its_ends() {
    let desk = Desk::new().await;
    let mut alerts = Vec::new();
    for service in 0..500 {
        // They come as evaluation finds them: twenty at a time.
        if service % 20 == 0 {
            desk.at(i64::try_from(service / 20).expect("small"))
                .await;
        }
        let second = i64::try_from(service / 20).expect("small");
        alerts.push(
            desk.apply(fires(&page_of(service), &[sink()], at(second)))
                .await,
        );
    }
    desk.at(25).await;
    desk.at(60).await;
    desk.at(90).await;
    let bodies = desk.notifier.bodies();
    assert!(bodies.len() <= 5, "{} messages", bodies.len());
    assert_eq!(spoken_of(&bodies, "first #1"), 500, "none is lost");
    assert!(bodies[0].starts_with("digest of "));
    for (service, alert) in alerts.iter().enumerate() {
        let second = 200 + i64::try_from(service / 20).expect("small");
        desk.apply(resolved(&desk.found(alert).await, at(second)))
            .await;
        if service % 20 == 19 {
            desk.at(second).await;
        }
    }
    desk.at(260).await;
    let bodies = desk.notifier.bodies();
    assert!(bodies.len() <= 5, "{} messages", bodies.len());
    assert_eq!(spoken_of(&bodies, "all_resolved #2"), 500);
    for alert in &alerts {
        let states: BTreeSet<_> = desk
            .ledger(alert)
            .await
            .into_iter()
            .map(|(state, _)| state)
            .collect();
        assert_eq!(states, BTreeSet::from(["delivered".to_owned()]));
    }
}

#[tokio::test]
async fn ten_services_are_ten_messages_and_the_eleventh_makes_a_digest() {
    let desk = Desk::new().await;
    for service in 0..10 {
        desk.apply(fires(&page_of(service), &[sink()], at(0)))
            .await;
    }
    assert_eq!(desk.at(0).await.len(), 10);
    let eleventh = desk
        .apply(fires(&page_of(10), &[sink()], at(5)))
        .await;
    assert_eq!(desk.at(5).await, ["delivered"]);
    let twelfth = desk
        .apply(fires(&page_of(11), &[sink()], at(6)))
        .await;
    assert!(desk.at(6).await.is_empty());
    assert_eq!(desk.ledger(&twelfth).await, lines(&[("pending", "digest")]));
    assert_eq!(desk.at(35).await, ["delivered"]);
    let bodies = desk.notifier.bodies();
    assert_eq!(bodies[10], "digest of burn_rate 1 critical first #1");
    assert_eq!(
        bodies[11], "burn_rate 1 critical first #1",
        "the storm is over"
    );
    assert_eq!(
        desk.ledger(&eleventh).await,
        lines(&[("delivered", "first")])
    );
}

/// In the middle of a storm the gravest page goes at once.
#[tokio::test]
async fn a_page_that_is_graver_than_the_storm_passes_it() {
    let desk = Desk::new().await;
    for service in 0..11 {
        desk.apply(fires(&page_of(service), &[sink()], at(0)))
            .await;
    }
    assert_eq!(desk.at(0).await, ["delivered"]);
    let grave = fires(&page_of(50), &[sink()], at(1));
    desk.apply(as_grave(grave, Severity::Emergency))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    assert_eq!(desk.notifier.bodies()[1], "burn_rate 1 emergency first #1");
}

/// K3 and K4 in a storm: the holder of a digest dies, and all of it is told by the next.
#[tokio::test]
async fn a_digest_whose_holder_died_is_told_by_the_next() {
    let desk = Desk::new().await;
    for service in 0..30 {
        desk.apply(fires(&page_of(service), &[sink()], at(0)))
            .await;
    }
    let frozen = desk
        .dispatcher
        .freeze_due(at(0), &|_| false)
        .await
        .expect("answers");
    assert_eq!(frozen.sendings.len(), 1);
    drop(frozen);
    assert_eq!(desk.at(45).await, ["delivered"]);
    let received = desk.notifier.received();
    assert_eq!(
        received[0]
            .body
            .matches("first #1")
            .count(),
        30
    );
    assert!(received[0].is_possible_duplicate);
}
