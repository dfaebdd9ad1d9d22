//! What is not told, or not yet: tickets under a page, the cooldown, what somebody looks at.

use super::*;

/// A ticket is not told while the page of its SLO is open; what then remains is told when the
/// page resolves.
#[tokio::test]
async fn an_open_page_holds_the_tickets_of_its_slo_until_it_resolves() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    let slow = desk
        .apply(fires(&identity(1, AlertType::SlowBurn), &[sink()], at(0)))
        .await;
    desk.apply(fires(&identity(2, AlertType::SlowBurn), &[sink()], at(0)))
        .await;
    desk.at(1).await;
    desk.apply(resolved(&slow, at(60)))
        .await;
    desk.apply(fires(
        &identity(1, AlertType::SloViolation),
        &[sink()],
        at(60),
    ))
    .await;
    assert!(desk.at(120).await.is_empty());
    let found = desk
        .world
        .store
        .find_alert(alert.id)
        .await
        .expect("answers")
        .expect("stored");
    desk.apply(resolved(&found, at(180)))
        .await;
    desk.at(181).await;
    let mut bodies = desk.notifier.bodies();
    bodies.sort();
    assert_eq!(
        bodies,
        [
            "burn_rate 1 critical all_resolved #2",
            "burn_rate 1 critical first #1, slow_burn 1 critical first #1",
            "slo_violation 1 critical first #1",
        ],
        "the slow burn of the other SLO, and none of the one that was superseded"
    );
}

#[tokio::test]
async fn the_same_again_within_the_cooldown_waits_for_its_end() {
    let desk = Desk::new().await;
    let mut alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    desk.at(0).await;
    for second in [10, 20] {
        let found = desk
            .world
            .store
            .find_alert(alert.id)
            .await
            .expect("answers")
            .expect("stored");
        alert = desk
            .apply(resolved(&found, at(second)))
            .await;
        desk.at(second).await;
        alert = desk
            .apply(fires_again(&alert, &[sink()], at(second + 1)))
            .await;
        assert!(desk.at(second + 1).await.is_empty(), "cooling down");
    }
    assert!(desk.at(609).await.is_empty());
    assert_eq!(
        desk.at(610).await,
        ["delivered"],
        "ten minutes after the last delivery, at 10"
    );
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1",
            "burn_rate 1 critical all_resolved #2",
            "burn_rate 3 critical first #1 after 1 untold",
        ]
    );
}

#[tokio::test]
async fn a_graver_episode_and_a_raise_wait_for_no_cooldown() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    desk.at(0).await;
    let found = desk
        .world
        .store
        .find_alert(alert.id)
        .await
        .expect("answers")
        .expect("stored");
    let raised = desk
        .apply(fixtures::raised(&found, &[sink()], at(5)))
        .await;
    assert_eq!(desk.at(5).await, ["delivered"]);
    let fallen = fixtures::severity_update(&raised, Severity::High, &[sink()], at(6));
    desk.apply(fallen).await;
    assert_eq!(desk.at(6).await, ["delivered"]);
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1",
            "burn_rate 1 emergency severity_raised #2",
            "burn_rate 1 high severity_fell #3",
        ]
    );
}

#[tokio::test]
async fn a_repeat_of_what_somebody_looks_at_is_withheld() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    desk.at(0).await;
    let found = desk
        .world
        .store
        .find_alert(alert.id)
        .await
        .expect("answers")
        .expect("stored");
    let seen = desk
        .apply(fixtures::acknowledged(&found, at(10)))
        .await;
    let again = desk
        .apply(goes_on(&seen, &[sink()], at(20_000)))
        .await;
    assert!(desk.at(20_000).await.is_empty());
    assert_eq!(
        desk.ledger(&again).await[1],
        ("withheld".to_owned(), "acknowledged".to_owned())
    );
}

#[tokio::test]
async fn what_a_busy_destination_is_owed_waits_unfrozen() {
    let desk = Desk::new().await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let frozen = desk
        .dispatcher
        .freeze_due(at(0), &|to| to == sink())
        .await
        .expect("answers");
    assert!(frozen.sendings.is_empty() && !frozen.has_more);
    assert_eq!(desk.at(1).await, ["delivered"]);
}
