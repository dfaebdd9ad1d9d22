//! What only time moves: the mover over the store.

use chrono::TimeDelta;
use sre_core::alert::{AlertState, AlertType, ResolveReason, Severity};
use sre_core::alert::{Identity, Origin, Report, Reported, report};
use sre_core::monitor::AlertMover;
use sre_core::store::Outbox;
use sre_store_conformance::fixtures::{self, at};

use super::*;

/// A store with a mover, and one posted alert.
struct Posted {
    world: World,
    mover: AlertMover,
    alert: Alert,
}

impl Posted {
    async fn with(expires_in: Option<Span>) -> Self {
        let world = World::new();
        let settings = fixtures::settings();
        let identity = Identity {
            origin: Origin::Posted,
            service_name: "checkout".parse().expect("a name"),
            alert_type: AlertType::Health,
            slo_id: None,
            labels: BTreeMap::new(),
        };
        let routes = [sink()];
        let posted = Report {
            identity,
            severity: Severity::High,
            message: "it is down".to_owned(),
            value: None,
            threshold: None,
            expires_in,
        };
        let Reported::Opened(update) =
            report(None, posted, &fixtures::moment(at(0), &routes, &settings))
        else {
            panic!("a new episode");
        };
        world
            .store
            .apply(&update)
            .await
            .expect("the store answers");
        let alerts = Arc::<Spy>::clone(&world.store);
        let mover = AlertMover::new(alerts, settings, vec![sink()], "one".to_owned());
        Self {
            world,
            mover,
            alert: update.alert,
        }
    }

    async fn apply(&mut self, update: sre_core::alert::AlertUpdate) {
        self.world
            .store
            .apply(&update)
            .await
            .expect("the store answers");
        self.alert = update.alert;
    }

    /// Moves what is due at this second; how many were claimed.
    async fn at(&mut self, second: i64) -> usize {
        let moved = self
            .mover
            .activate(at(second))
            .await
            .expect("the store answers");
        let found = self
            .world
            .store
            .find_alert(self.alert.id)
            .await
            .expect("the store answers");
        self.alert = found.expect("stored");
        moved
    }

    /// The kinds of all intents so far.
    async fn told(&self) -> Vec<&'static str> {
        let ledger = self
            .world
            .store
            .ledger(self.alert.id)
            .await
            .expect("the store answers");
        ledger
            .iter()
            .map(|record| record.intent.kind.as_str())
            .collect()
    }
}

#[tokio::test]
async fn an_acknowledgement_that_ends_fires_again_and_says_so() {
    let mut posted = Posted::with(None).await;
    let update = fixtures::acknowledged(&posted.alert, at(0));
    posted.apply(update).await;
    assert_eq!(posted.at(1_799).await, 0);
    assert_eq!(posted.at(1_800).await, 1);
    assert_eq!(posted.alert.state, AlertState::Firing);
    assert_eq!(posted.told().await, ["fire", "ack_timeout"]);
    assert_eq!(
        posted.at(100_000).await,
        0,
        "and nothing more: it was never delivered"
    );
}

#[tokio::test]
async fn what_expires_ends_as_timed_out() {
    let mut posted = Posted::with(Some(Span::minutes(5))).await;
    assert_eq!((posted.at(299).await, posted.at(300).await), (0, 1));
    let reason = ResolveReason::Timeout;
    assert_eq!(
        posted.alert.state,
        AlertState::Resolved {
            at: at(300),
            reason,
            by: None
        }
    );
    assert_eq!(posted.told().await, ["fire", "resolve"]);
    assert_eq!(posted.at(100_000).await, 0);
}

#[tokio::test]
async fn a_firing_alert_is_repeated_once_each_four_hours_since_its_delivery() {
    let mut posted = Posted::with(None).await;
    let delivered = Alert {
        last_notified_at: Some(at(0)),
        next_action_at: Some(at(14_400)),
        ..posted.alert.clone()
    };
    posted
        .apply(fixtures::due_at(&delivered, at(14_400)))
        .await;
    assert_eq!(posted.at(14_399).await, 0);
    assert_eq!(posted.at(14_400).await, 1);
    assert_eq!(posted.told().await, ["fire", "repeat"]);
    for second in [14_401, 20_000, 28_799] {
        assert_eq!(posted.at(second).await, 0, "{second}");
    }
    assert_eq!(posted.at(28_800).await, 1);
}

#[tokio::test]
async fn what_is_not_due_after_all_is_put_off() {
    let mut posted = Posted::with(None).await;
    let early = fixtures::due_at(&posted.alert, at(60));
    posted.apply(early).await;
    assert_eq!(posted.at(60).await, 1);
    assert_eq!(posted.alert.next_action_at, None, "it was never delivered");
    assert_eq!(posted.told().await, ["fire"]);
}

#[tokio::test]
async fn two_movers_move_an_alert_once() {
    let mut posted = Posted::with(Some(Span::minutes(5))).await;
    let alerts = Arc::<Spy>::clone(&posted.world.store);
    let other = AlertMover::new(
        alerts,
        fixtures::settings(),
        vec![sink()],
        "other".to_owned(),
    );
    let (one, two) = tokio::join!(posted.mover.activate(at(300)), other.activate(at(300)));
    assert_eq!(one.expect("answers") + two.expect("answers"), 1);
    posted.at(300 + 1).await;
    assert_eq!(posted.told().await, ["fire", "resolve"]);
}

#[tokio::test]
async fn a_mover_that_died_is_followed_by_another_when_its_claim_ends() {
    let mut posted = Posted::with(Some(Span::minutes(5))).await;
    let claimed = posted
        .world
        .store
        .claim_due_alerts("dead", at(300), at(320), 10)
        .await;
    assert_eq!(
        claimed
            .expect("the store answers")
            .len(),
        1
    );
    assert_eq!((posted.at(319).await, posted.at(320).await), (0, 1));
    assert!(!posted.alert.is_open());
    assert!(posted.world.now + TimeDelta::seconds(320) == at(320));
}
