//! What comes of a try, and what is said of one that may have arrived.

use super::*;

#[tokio::test]
async fn a_refused_try_is_made_again_under_the_same_id_and_not_marked() {
    let desk = Desk::new().await;
    desk.notifier
        .answers([status(500, None), status(503, Some(7))]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["retry"]);
    assert_eq!(desk.at(1).await, ["retry"]);
    assert!(desk.at(7).await.is_empty(), "Retry-After");
    assert_eq!(desk.at(8).await, ["delivered"]);
    let received = desk.notifier.received();
    assert_eq!(received.len(), 3);
    assert!(
        received
            .iter()
            .all(|one| *one == received[0] && !one.is_possible_duplicate)
    );
}

#[tokio::test]
async fn a_try_that_may_have_arrived_marks_the_next() {
    let desk = Desk::new().await;
    desk.notifier.answers([unknown()]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["unknown"]);
    assert_eq!(desk.at(1).await, ["delivered"]);
    let [first, second] = desk
        .notifier
        .received()
        .try_into()
        .expect("two tries");
    assert_eq!(
        second,
        Received {
            is_possible_duplicate: true,
            ..first
        }
    );
}

/// Frozen and claimed, and then the process is gone.
#[tokio::test]
async fn a_process_that_dies_before_it_sends_is_followed_by_a_marked_try() {
    let desk = Desk::new().await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let frozen = desk
        .dispatcher
        .freeze_due(at(0), &|_| false)
        .await
        .expect("answers");
    assert_eq!(frozen.sendings.len(), 1);
    drop(frozen);
    assert!(
        desk.at(44).await.is_empty(),
        "the claim outlives the try by fifteen seconds"
    );
    assert_eq!(desk.at(45).await, ["delivered"]);
    assert!(desk.notifier.received()[0].is_possible_duplicate);
}

/// K4: the receiver has it, and nobody wrote it down.
#[tokio::test]
async fn a_delivery_that_was_not_recorded_is_made_again_and_marked() {
    let desk = Desk::new().await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let frozen = desk
        .dispatcher
        .freeze_due(at(0), &|_| false)
        .await
        .expect("answers");
    for sending in frozen.sendings {
        // The alert is read, then the attempt is recorded.
        desk.world
            .store
            .fails_at(1, spy::Failing::Before);
        let outcome = desk
            .dispatcher
            .send(sending, 500, &desk.clock)
            .await;
        assert!(outcome.is_err());
    }
    assert_eq!(desk.at(45).await, ["delivered"]);
    let marks: Vec<bool> = desk
        .notifier
        .received()
        .iter()
        .map(|one| one.is_possible_duplicate)
        .collect();
    assert_eq!(marks, [false, true]);
}

#[tokio::test]
async fn a_rate_limit_pauses_the_whole_lane() {
    let desk = Desk::new().await;
    desk.notifier
        .answers([status(429, Some(60))]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["retry"]);
    desk.apply(fires(&identity(2, AlertType::BurnRate), &[sink()], at(10)))
        .await;
    assert!(desk.at(59).await.is_empty());
    assert_eq!(desk.at(60).await, ["delivered", "delivered"]);
}

#[tokio::test]
async fn a_refused_body_is_followed_by_a_minimal_one_and_then_given_up() {
    let desk = Desk::new().await;
    desk.notifier
        .answers([status(413, None), status(200, None)]);
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["degraded", "delivered"]);
    let received = desk.notifier.received();
    assert_eq!(received[1].body, "minimal #1");
    assert_ne!(received[0].id, received[1].id);
    assert_eq!(desk.ledger(&alert).await, lines(&[("delivered", "first")]));
    // The minimal form told it, so the end is owed.
    desk.notifier
        .answers([status(413, None), status(413, None)]);
    let found = desk
        .world
        .store
        .find_alert(alert.id)
        .await
        .expect("answers")
        .expect("stored");
    desk.apply(resolved(&found, at(60)))
        .await;
    assert_eq!(desk.at(60).await, ["degraded", "dead"]);
    assert!(desk.at(1_000_000).await.is_empty());
}

#[tokio::test]
async fn a_receiver_that_refuses_the_credentials_stops_its_lane() {
    let desk = Desk::new().await;
    desk.notifier
        .answers([status(401, None)]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["dead"]);
    desk.apply(fires(&identity(2, AlertType::BurnRate), &[sink()], at(10)))
        .await;
    assert!(desk.at(100_000).await.is_empty());
}

/// Nobody could tell a repeat from a new message, and little is at stake.
#[tokio::test]
async fn what_may_have_arrived_of_low_severity_is_not_repeated_where_no_ids_are_kept() {
    let desk = Desk::new().await;
    desk.notifier.keep_no_ids();
    desk.notifier.answers([unknown()]);
    let mut low = fires(&page(), &[sink()], at(0));
    low.alert.severity = Severity::Low;
    let low = desk.apply(low).await;
    assert_eq!(desk.at(0).await, ["dead"]);
    assert!(desk.at(1_000).await.is_empty());
    assert_eq!(desk.notifier.received().len(), 1);
    // It may have been told, so its end is owed, and is repeated until it has arrived.
    let found = desk
        .world
        .store
        .find_alert(low.id)
        .await
        .expect("answers")
        .expect("stored");
    desk.notifier.answers([unknown()]);
    desk.apply(resolved(&found, at(2_000)))
        .await;
    assert_eq!(desk.at(2_000).await, ["unknown"]);
    assert_eq!(desk.at(2_001).await, ["delivered"]);
}

#[tokio::test]
async fn a_process_that_dies_over_such_a_message_is_not_followed_by_a_try() {
    let desk = Desk::new().await;
    desk.notifier.keep_no_ids();
    let mut low = fires(&page(), &[sink()], at(0));
    low.alert.severity = Severity::Low;
    desk.apply(low).await;
    let frozen = desk
        .dispatcher
        .freeze_due(at(0), &|_| false)
        .await
        .expect("answers");
    drop(frozen);
    assert_eq!(desk.at(45).await, ["dead"]);
    assert!(desk.notifier.received().is_empty());
}
