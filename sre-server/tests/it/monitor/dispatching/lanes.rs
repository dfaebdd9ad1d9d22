//! Several receivers: what ails one keeps no other waiting.

use sre_core::store::StoreError;
use sre_core::time::Span;

use super::*;

/// `sink`, and beside it `chat`.
async fn two(chat: Destination) -> Desk {
    let destinations = [fixtures::destination("sink"), chat];
    Desk::telling(World::new(), &destinations, false).await
}

fn chat() -> Destination {
    fixtures::destination("chat")
}

#[tokio::test]
async fn each_channel_hears_of_everything() {
    let desk = two(chat()).await;
    desk.apply(fires(&page(), &[sink(), chat().id], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["delivered", "delivered"]);
    assert_eq!(desk.notifier.bodies(), desk.others[0].bodies());
}

#[tokio::test]
async fn a_channel_that_is_stopped_or_paused_keeps_no_other_waiting() {
    let desk = two(chat()).await;
    desk.others[0].answers([status(401, None)]);
    for service in 0..8 {
        desk.apply(fires(&page_of(service), &[sink(), chat().id], at(0)))
            .await;
    }
    let outcomes = desk.at(0).await;
    let delivered = outcomes
        .iter()
        .filter(|outcome| **outcome == "delivered")
        .count();
    assert_eq!(desk.notifier.received().len(), 8);
    assert_eq!((outcomes.len(), delivered), (16, 15));
    for service in 10..15 {
        desk.apply(fires(&page_of(service), &[sink(), chat().id], at(60)))
            .await;
    }
    assert_eq!(desk.at(60).await.len(), 5);
    assert_eq!(desk.notifier.received().len(), 5);
}

/// A thousand groups and retries of one do not fill the batch of the other.
#[tokio::test]
async fn a_busy_channel_does_not_fill_the_batch_of_others() {
    let desk = two(chat()).await;
    for service in 0..200 {
        desk.apply(fires(&page_of(service), &[chat().id], at(0)))
            .await;
    }
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let busy = |destination| destination == chat().id;
    let due = desk
        .dispatcher
        .freeze_due(at(0), &busy)
        .await
        .expect("answers");
    assert_eq!(due.sendings.len(), 1);
    assert_eq!(due.sendings[0].destination_id(), sink());
    assert!(
        !due.has_more,
        "what waits for a busy one is not looked at again at once"
    );
}

#[tokio::test]
async fn a_channel_that_wants_its_messages_spaced_gets_one_a_second() {
    let desk = two(chat().spaced(Span::SECOND)).await;
    for service in 0..4 {
        desk.apply(fires(&page_of(service), &[sink(), chat().id], at(0)))
            .await;
    }
    assert_eq!(
        desk.at(0).await.len(),
        5,
        "four, and the first of the spaced ones"
    );
    for second in 1..=3 {
        assert_eq!(desk.at(second).await, ["delivered"]);
        assert!(desk.at(second).await.is_empty());
    }
    let told = |bodies: Vec<String>| bodies.len();
    assert_eq!(told(desk.others[0].bodies()), 4);
}

/// A spaced channel in a storm gets a digest and not a queue of hours.
#[tokio::test]
async fn a_storm_on_a_spaced_channel_is_a_digest() {
    let desk = two(chat().spaced(Span::SECOND)).await;
    for service in 0..100 {
        desk.apply(fires(&page_of(service), &[chat().id], at(0)))
            .await;
    }
    assert_eq!(desk.at(0).await, ["delivered"]);
    assert_eq!(
        desk.others[0].bodies()[0]
            .matches("first #1")
            .count(),
        100
    );
}

/// What fails for one lane fails for the activation, and the others have been frozen by then.
#[tokio::test]
async fn a_store_that_fails_in_the_middle_keeps_what_was_frozen() {
    let desk = two(chat()).await;
    desk.apply(fires(&page(), &[sink(), chat().id], at(0)))
        .await;
    // Claims, groups, notices, silences, maintenances, services, then of the first lane: facts twice,
    // the judgement; of the second...
    desk.world
        .store
        .fails_at(9, spy::Failing::Before);
    let due = desk
        .dispatcher
        .freeze_due(at(0), &|_| false)
        .await
        .expect("what was claimed is sent");
    assert_eq!(due.sendings.len(), 1);
    assert!(matches!(
        due.error.as_deref(),
        Some(StoreError::Unavailable { .. })
    ));
}

/// One message a second, and graver things begin all the time: the end comes second at the latest.
#[tokio::test]
async fn an_end_does_not_wait_behind_what_begins() {
    let spaced = fixtures::destination("chat").spaced(Span::seconds(1));
    let desk = two(spaced).await;
    let told = desk
        .apply(fires(&page_of(100), &[chat().id], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["delivered"]);
    desk.others[0].received();
    let found = desk.found(&told).await;
    desk.apply(resolved(&found, at(60)))
        .await;
    for service in 0..6 {
        let fire = fires(&page_of(service), &[chat().id], at(60));
        desk.apply(as_grave(fire, Severity::Emergency))
            .await;
    }
    for second in 60..62 {
        assert_eq!(desk.at(second).await, ["delivered"]);
    }
    let bodies = desk.others[0].bodies();
    assert!(
        bodies
            .iter()
            .any(|body| body.contains("all_resolved")),
        "{bodies:?}"
    );
}
