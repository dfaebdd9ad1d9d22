//! From intents to a receiver: told once, told the end, and told honestly when it may be twice.

mod announcing;
mod auditing;
mod braking;
mod broken;
mod crashes;
mod grouping;
mod incidents;
mod lanes;
mod retries;
mod storms;
mod suppressing;
mod waiting;

use sre_core::alert::{AlertType, AlertUpdate, Identity, Severity};
use sre_core::monitor::{Dispatcher, DispatcherPorts, Suppressors};
use sre_core::notification::Destination;
use sre_core::store::Outbox;
use sre_store_conformance::fixtures::{at, fires, fires_again, goes_on, identity, resolved};

use super::scripted::{Received, ScriptedNotifier, status, unknown};
use super::*;
use crate::world::ManualClock;

/// A dispatcher over the watched store, with one receiver.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) notifier: Arc<ScriptedNotifier>,
    /// The others, in the order of their destinations.
    others: Vec<Arc<ScriptedNotifier>>,
    dispatcher: Dispatcher,
    clock: ManualClock,
}

impl Desk {
    pub(super) async fn new() -> Self {
        Self::over(World::new(), false).await
    }

    pub(super) async fn over(world: World, is_shadow: bool) -> Self {
        Self::telling(world, &[fixtures::destination("sink")], is_shadow).await
    }

    /// A dispatcher with these receivers.
    async fn telling(world: World, destinations: &[Destination], is_shadow: bool) -> Self {
        world
            .store
            .register_destinations(destinations, world.now)
            .await
            .expect("the store answers");
        let mut others: Vec<Arc<ScriptedNotifier>> = destinations
            .iter()
            .map(|destination| Arc::new(ScriptedNotifier::new(destination.clone())))
            .collect();
        let ports = DispatcherPorts {
            outbox: Arc::<Spy>::clone(&world.store),
            notices: Arc::<Spy>::clone(&world.store),
            alerts: Arc::<Spy>::clone(&world.store),
            incidents: Arc::<Spy>::clone(&world.store),
            catalog: Arc::<Spy>::clone(&world.store),
            evaluations: Arc::<Spy>::clone(&world.store),
            suppressors: Suppressors {
                silences: Arc::<Spy>::clone(&world.store),
                maintenances: Arc::<Spy>::clone(&world.store),
                services: Arc::<Spy>::clone(&world.store),
                alerts: Arc::<Spy>::clone(&world.store),
                rules: Arc::default(),
            },
        };
        let notifiers: Vec<Arc<dyn sre_core::notification::Notifier>> = others
            .iter()
            .map(|notifier| Arc::<ScriptedNotifier>::clone(notifier) as Arc<_>)
            .collect();
        let notifier = others.remove(0);
        let timeout = Span::seconds(30);
        let dispatcher =
            Dispatcher::new(ports, notifiers, fixtures::settings(), timeout, is_shadow);
        let clock = ManualClock::at(world.now);
        Self {
            world,
            notifier,
            others,
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

    /// The episode as it is stored.
    async fn found(&self, alert: &Alert) -> Alert {
        self.world
            .store
            .find_alert(alert.id)
            .await
            .expect("the store answers")
            .expect("it is stored")
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

fn page() -> Identity {
    identity(1, AlertType::BurnRate)
}

/// The page of an SLO of a service of its own.
fn page_of(service: u128) -> Identity {
    Identity {
        service_name: format!("service-{service:03}")
            .parse()
            .expect("a name"),
        ..identity(service, AlertType::BurnRate)
    }
}

/// The same update, for an alert this grave.
fn as_grave(mut update: AlertUpdate, severity: Severity) -> AlertUpdate {
    update.alert.severity = severity;
    update
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
