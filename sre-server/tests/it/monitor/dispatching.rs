//! From intents to a receiver: told once, told the end, and told honestly when it may be twice.

use sre_core::alert::{AlertType, AlertUpdate, Severity};
use sre_core::monitor::{Dispatcher, DispatcherPorts};
use sre_core::store::Outbox;
use sre_store_conformance::fixtures::{at, fires, fires_again, goes_on, identity, resolved};

use super::scripted::{Received, ScriptedNotifier, status, unknown};
use super::*;
use crate::world::ManualClock;

/// A dispatcher over the watched store, with one receiver.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) notifier: Arc<ScriptedNotifier>,
    dispatcher: Dispatcher,
    clock: ManualClock,
}

impl Desk {
    pub(super) async fn new() -> Self {
        Self::over(World::new(), false).await
    }

    pub(super) async fn over(world: World, is_shadow: bool) -> Self {
        let destination = fixtures::destination("sink");
        world
            .store
            .register_destinations(std::slice::from_ref(&destination), world.now)
            .await
            .expect("the store answers");
        let notifier = Arc::new(ScriptedNotifier::new(destination));
        let ports = DispatcherPorts {
            outbox: Arc::<Spy>::clone(&world.store),
            alerts: Arc::<Spy>::clone(&world.store),
            catalog: Arc::<Spy>::clone(&world.store),
            evaluations: Arc::<Spy>::clone(&world.store),
        };
        let notifiers: Vec<Arc<dyn sre_core::notification::Notifier>> =
            vec![Arc::<ScriptedNotifier>::clone(&notifier)];
        let timeout = Span::seconds(30);
        let dispatcher =
            Dispatcher::new(ports, notifiers, fixtures::settings(), timeout, is_shadow);
        let clock = ManualClock::at(world.now);
        Self {
            world,
            notifier,
            dispatcher,
            clock,
        }
    }

    async fn apply(&self, update: AlertUpdate) -> Alert {
        self.world
            .store
            .apply(&update)
            .await
            .expect("the store answers");
        update.alert
    }

    /// Sends what is due at this second, one message after another; what became of the tries.
    async fn at(&self, second: i64) -> Vec<&'static str> {
        self.send_due(at(second))
            .await
            .expect("the store answers")
    }

    pub(super) async fn send_due(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<&'static str>, sre_core::store::StoreError> {
        self.clock.set(now);
        let mut outcomes = Vec::new();
        loop {
            let due = self
                .dispatcher
                .freeze_due(now, &|_| false)
                .await?;
            if due.sendings.is_empty() {
                return Ok(outcomes);
            }
            for sending in due.sendings {
                outcomes.push(
                    self.dispatcher
                        .send(sending, 500, &self.clock)
                        .await?
                        .outcome,
                );
            }
        }
    }

    /// State and reason of each intent of an alert.
    async fn ledger(&self, alert: &Alert) -> Vec<(String, String)> {
        let ledger = self
            .world
            .store
            .ledger(alert.id)
            .await
            .expect("the store answers");
        let shown = |reason: Option<String>| reason.unwrap_or_default();
        ledger
            .into_iter()
            .map(|record| (record.state, shown(record.reason)))
            .collect()
    }
}

fn lines(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(state, reason)| ((*state).to_owned(), (*reason).to_owned()))
        .collect()
}

fn page() -> sre_core::alert::Identity {
    identity(1, AlertType::BurnRate)
}

#[tokio::test]
async fn what_fires_is_told_once_and_its_end_once() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    let found = desk
        .world
        .store
        .find_alert(alert.id)
        .await
        .expect("answers")
        .expect("stored");
    assert_eq!(found.last_notified_at, Some(at(1)));
    assert_eq!(found.next_action_at, Some(at(1 + 14_400)), "its repeat");
    assert!(desk.at(2).await.is_empty());
    let ended = desk
        .apply(resolved(&found, at(60)))
        .await;
    assert_eq!(desk.at(61).await, ["delivered"]);
    assert!(desk.at(1_000_000).await.is_empty());
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1",
            "burn_rate 1 critical all_resolved #2"
        ]
    );
    let ledger = desk.ledger(&ended).await;
    assert_eq!(
        ledger,
        lines(&[("delivered", "first"), ("delivered", "all_resolved")])
    );
}

#[tokio::test]
async fn what_fired_and_ended_unseen_is_told_to_nobody() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    let alert = desk
        .apply(resolved(&alert, at(1)))
        .await;
    assert!(desk.at(2).await.is_empty());
    assert!(
        desk.ledger(&alert)
            .await
            .iter()
            .all(|(state, rule)| state == "withheld" && rule == "never_told")
    );
}

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

/// `alerting.md` 10.1, K3: frozen and claimed, and then the process is gone.
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

/// D16: a ticket is not told while the page of its SLO is open; what then remains is told when the
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
            "burn_rate 1 critical first #1",
            "slo_violation 1 critical first #1",
            "slow_burn 1 critical first #1",
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
async fn in_shadow_everything_is_judged_and_nothing_sent() {
    let desk = Desk::over(World::new(), true).await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert!(desk.at(0).await.is_empty());
    assert_eq!(desk.ledger(&alert).await, lines(&[("withheld", "shadow")]));
    assert!(desk.notifier.received().is_empty());
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

#[tokio::test]
async fn two_dispatchers_send_a_message_once() {
    let desk = Desk::new().await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let (one, other) = tokio::join!(
        desk.dispatcher
            .freeze_due(at(0), &|_| false),
        desk.dispatcher
            .freeze_due(at(0), &|_| false)
    );
    let (one, other) = (one.expect("answers"), other.expect("answers"));
    assert_eq!(one.sendings.len() + other.sendings.len(), 1);
}
