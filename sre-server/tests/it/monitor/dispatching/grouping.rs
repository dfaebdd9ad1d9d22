//! Alerts of one service: the first message at once, what joins it in one more.

use super::*;

/// A page of SLO `slo` of one service, this grave.
fn alert_of(slo: u128, severity: Severity, second: i64) -> AlertUpdate {
    let identity = identity(slo, AlertType::BurnRate);
    as_grave(fires(&identity, &[sink()], at(second)), severity)
}

#[tokio::test]
async fn what_fires_together_is_one_message_and_so_is_its_end() {
    let desk = Desk::new().await;
    let one = desk
        .apply(alert_of(1, Severity::High, 0))
        .await;
    let other = desk
        .apply(alert_of(2, Severity::Critical, 0))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    for alert in [&one, &other] {
        let ended = resolved(&desk.found(alert).await, at(9));
        desk.apply(ended).await;
        assert_eq!(
            desk.ledger(alert).await[0],
            lines(&[("delivered", "first")])[0]
        );
    }
    assert_eq!(desk.at(10).await, ["delivered"]);
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1, burn_rate 1 high first #1",
            "burn_rate 1 critical all_resolved #2, burn_rate 1 high all_resolved #2",
        ]
    );
}

#[tokio::test]
async fn what_joins_a_message_comes_in_one_more_after_half_a_minute() {
    let desk = Desk::new().await;
    desk.apply(alert_of(1, Severity::High, 0))
        .await;
    assert_eq!(desk.at(0).await, ["delivered"]);
    let joins = desk
        .apply(alert_of(2, Severity::Medium, 5))
        .await;
    assert!(desk.at(5).await.is_empty());
    assert_eq!(desk.ledger(&joins).await, lines(&[("pending", "grouped")]));
    desk.apply(alert_of(3, Severity::High, 20))
        .await;
    assert!(desk.at(29).await.is_empty());
    assert_eq!(desk.at(30).await, ["delivered"]);
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 high first #1",
            "burn_rate 1 high first #1, burn_rate 1 medium first #1",
        ]
    );
    assert_eq!(desk.ledger(&joins).await, lines(&[("delivered", "first")]));
}

#[tokio::test]
async fn a_graver_page_and_an_end_wait_for_nobody() {
    let desk = Desk::new().await;
    let first = desk
        .apply(alert_of(1, Severity::High, 0))
        .await;
    desk.at(0).await;
    desk.apply(alert_of(2, Severity::Critical, 3))
        .await;
    assert_eq!(desk.at(3).await, ["delivered"]);
    desk.apply(alert_of(3, Severity::Critical, 4))
        .await;
    assert!(desk.at(4).await.is_empty(), "no graver than what was said");
    desk.apply(alert_of(4, Severity::Emergency, 5))
        .await;
    assert_eq!(desk.at(5).await, ["delivered"]);
    let ended = resolved(&desk.found(&first).await, at(6));
    desk.apply(ended).await;
    assert_eq!(desk.at(6).await, ["delivered"]);
    assert_eq!(desk.at(30).await, ["delivered"]);
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 high first #1",
            "burn_rate 1 critical first #1",
            "burn_rate 1 emergency first #1",
            "burn_rate 1 high all_resolved #2",
            "burn_rate 1 critical first #1",
        ]
    );
}

/// It fired and cleared while it was held back: nobody heard of it, and nobody does.
#[tokio::test]
async fn what_ends_while_it_is_held_back_is_told_to_nobody() {
    let desk = Desk::new().await;
    desk.apply(alert_of(1, Severity::High, 0))
        .await;
    desk.at(0).await;
    let brief = desk
        .apply(alert_of(2, Severity::High, 5))
        .await;
    desk.at(5).await;
    desk.apply(resolved(&desk.found(&brief).await, at(9)))
        .await;
    assert!(desk.at(60).await.is_empty());
    let withheld = ("withheld", "never_told");
    assert_eq!(desk.ledger(&brief).await, lines(&[withheld, withheld]));
}

#[tokio::test]
async fn another_service_does_not_wait() {
    let desk = Desk::new().await;
    desk.apply(alert_of(1, Severity::High, 0))
        .await;
    desk.at(0).await;
    let other = fires(&page_of(2), &[sink()], at(1));
    desk.apply(as_grave(other, Severity::Low))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
}

/// The whole of a message is refused, and then its minimal form is taken: all of it has been told.
#[tokio::test]
async fn a_refused_message_is_followed_by_a_minimal_one_of_all_of_it() {
    let desk = Desk::new().await;
    desk.notifier
        .answers([status(413, None)]);
    let alerts = [
        desk.apply(alert_of(1, Severity::High, 0))
            .await,
        desk.apply(alert_of(2, Severity::High, 0))
            .await,
    ];
    assert_eq!(desk.at(0).await, ["degraded", "delivered"]);
    assert_eq!(desk.notifier.bodies()[1], "minimal #1, #1");
    for alert in &alerts {
        assert_eq!(desk.ledger(alert).await, lines(&[("delivered", "first")]));
        assert_eq!(desk.found(alert).await.last_notified_at, Some(at(0)));
    }
}

/// Of a message of several alerts each is told, none twice unmarked.
#[tokio::test]
async fn a_process_that_dies_before_it_sends_loses_none_of_a_message() {
    let desk = Desk::new().await;
    for slo in 1..=3 {
        desk.apply(alert_of(slo, Severity::High, 0))
            .await;
    }
    let frozen = desk
        .dispatcher
        .freeze_due(at(0), &|_| false)
        .await
        .expect("answers");
    assert_eq!(frozen.sendings.len(), 1);
    drop(frozen);
    desk.apply(alert_of(4, Severity::High, 1))
        .await;
    assert!(desk.at(1).await.is_empty(), "the window is open");
    assert_eq!(desk.at(45).await, ["delivered", "delivered"]);
    let received = desk.notifier.received();
    assert!(received[0].is_possible_duplicate);
    assert_eq!(
        received[0]
            .body
            .matches("first #1")
            .count(),
        3
    );
    assert_eq!(received[1].body, "burn_rate 1 high first #1");
}

#[tokio::test]
async fn two_dispatchers_share_groups_and_send_each_alert_once() {
    let desk = Desk::new().await;
    for slo in 1..=5 {
        desk.apply(alert_of(slo, Severity::High, 0))
            .await;
        desk.apply(fires(&page_of(slo), &[sink()], at(0)))
            .await;
    }
    let freeze = || {
        desk.dispatcher
            .freeze_due(at(0), &|_| false)
    };
    let (one, other) = tokio::join!(freeze(), freeze());
    for frozen in [one, other] {
        for sending in frozen.expect("answers").sendings {
            let sent = desk
                .dispatcher
                .send(sending, 500, &desk.clock)
                .await
                .expect("answers");
            assert_eq!(sent.outcome, "delivered");
        }
    }
    desk.at(0).await;
    let bodies = desk.notifier.bodies();
    let told: usize = bodies
        .iter()
        .map(|body| body.matches("first #1").count())
        .sum();
    assert_eq!((bodies.len(), told), (6, 10));
}
