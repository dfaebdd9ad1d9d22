//! `/deliveries`: every message, and sending again what was given up.

use std::sync::Arc;

use sre_core::monitor::{Dispatcher, DispatcherPorts};
use sre_core::notification::Notifier;
use sre_core::store::{Alerts, Outbox};
use sre_core::time::Span;
use sre_store_conformance::fixtures::{self, at, fires, identity, resolved};
use sre_store_memory::MemoryStore;

use crate::monitor::scripted::{ScriptedNotifier, status};
use crate::world::{World, replayer};

/// A world whose channel `ops` answers as it is told.
struct Telling {
    world: World,
    ops: Arc<ScriptedNotifier>,
    dispatcher: Dispatcher,
}

impl Telling {
    async fn new() -> Self {
        let destination = fixtures::destination("ops");
        let ops = Arc::new(ScriptedNotifier::new(destination.clone()));
        let notifiers: Vec<Arc<dyn Notifier>> = vec![Arc::<ScriptedNotifier>::clone(&ops)];
        let mut world = World::new();
        let replays = replayer(&world.store, &notifiers);
        let context = Arc::get_mut(&mut world.context).expect("nobody else holds it");
        context.destinations = vec![destination.clone()];
        context.replayer = Arc::new(replays);
        world
            .store
            .register_destinations(&[destination], at(-1))
            .await
            .expect("registered");
        let store = &world.store;
        let ports = DispatcherPorts {
            outbox: Arc::<MemoryStore>::clone(store),
            notices: Arc::<MemoryStore>::clone(store),
            alerts: Arc::<MemoryStore>::clone(store),
            catalog: Arc::<MemoryStore>::clone(store),
            evaluations: Arc::<MemoryStore>::clone(store),
            incidents: Arc::<MemoryStore>::clone(store),
            suppressors: crate::world::suppressors(store),
        };
        let dispatcher = Dispatcher::new(
            ports,
            notifiers,
            fixtures::settings(),
            Span::seconds(30),
            false,
        );
        Self {
            world,
            ops,
            dispatcher,
        }
    }

    /// A page that fires, and whose message is refused in both forms; its id and the message's.
    async fn with_a_dead_one() -> (Self, sre_core::alert::Alert, String) {
        let telling = Self::new().await;
        telling
            .ops
            .answers([status(400, None), status(400, None)]);
        let page = identity(1, sre_core::alert::AlertType::BurnRate);
        let ops = telling.world.context.destinations[0].id;
        let update = fires(&page, &[ops], at(0));
        telling
            .world
            .store
            .apply(&update)
            .await
            .expect("applied");
        telling.send(0).await;
        telling.send(0).await;
        telling.ops.received();
        let dead = telling
            .world
            .get("/deliveries?state=dead&channel=ops")
            .await;
        let dead = dead.json();
        assert_eq!(dead["items"].as_array().map(Vec::len), Some(1), "{dead}");
        let id = dead["items"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        (telling, update.alert, id)
    }

    async fn send(&self, second: i64) {
        self.world.clock.set(at(second));
        let due = self
            .dispatcher
            .freeze_due(at(second), &|_| false)
            .await
            .expect("answers");
        for sending in due.sendings {
            self.dispatcher
                .send(sending, 500, self.world.clock.as_ref())
                .await
                .expect("answers");
        }
    }

    async fn replay(&self, id: &str) -> crate::http::Answered {
        let path = format!("/deliveries/{id}/replay");
        self.world
            .send("POST", &path, &[], None)
            .await
    }
}

#[tokio::test]
async fn a_dead_message_is_listed_looked_at_and_sent_again() {
    let (telling, _, id) = Telling::with_a_dead_one().await;
    let one = telling
        .world
        .get(&format!("/deliveries/{id}"))
        .await
        .json();
    assert_eq!(one["state"], "dead");
    assert_eq!(one["reason"], "refused");
    assert_eq!(one["destination"]["name"], "ops");
    assert_eq!(one["is_degraded"], true);
    assert!(
        one["body"]
            .as_str()
            .is_some_and(|body| body.starts_with("minimal"))
    );
    telling.world.clock.set(at(60));
    let again = telling.replay(&id).await;
    assert_eq!(again.status, 201);
    let new = again.json();
    assert_eq!(
        (&new["state"], &new["replay_of"]),
        (&"pending".into(), &id.clone().into())
    );
    assert_eq!(telling.replay(&id).await.status, 409, "it is under way");
    telling.send(60).await;
    let [body] = telling
        .ops
        .bodies()
        .try_into()
        .expect("one message");
    assert!(
        body.starts_with("burn_rate 1 critical first #2 (Sent again by hand."),
        "{body}"
    );
    let path = format!("/deliveries/{}", new["id"].as_str().expect("an id"));
    let arrived = telling.world.get(&path).await.json();
    assert_eq!(arrived["state"], "delivered");
    assert_eq!(telling.replay(&id).await.status, 409, "it has arrived");
}

#[tokio::test]
async fn what_has_ended_meanwhile_is_told_as_ended() {
    let (telling, alert, id) = Telling::with_a_dead_one().await;
    telling
        .world
        .store
        .apply(&resolved(&alert, at(30)))
        .await
        .expect("applied");
    telling.send(30).await;
    telling.world.clock.set(at(60));
    assert_eq!(telling.replay(&id).await.status, 201);
    telling.send(60).await;
    let bodies = telling.ops.bodies();
    assert!(
        bodies[0].starts_with("burn_rate 1 critical all_resolved"),
        "{bodies:?}"
    );
}

#[tokio::test]
async fn to_a_stopped_channel_nothing_is_sent_again() {
    let (telling, _, id) = Telling::with_a_dead_one().await;
    telling.ops.answers([status(401, None)]);
    let ops = telling.world.context.destinations[0].id;
    let other = identity(2, sre_core::alert::AlertType::BurnRate);
    telling
        .world
        .store
        .apply(&fires(&other, &[ops], at(40)))
        .await
        .expect("applied");
    telling.send(40).await;
    let refused = telling.replay(&id).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.json()["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("unauthorized"))
    );
    let channels = telling
        .world
        .get("/channels")
        .await
        .json();
    assert_eq!(channels["items"][0]["broken_because"], "refused");
    assert_eq!(channels["items"][0]["state"], "stopped");
}

#[tokio::test]
async fn faults_of_a_query_are_told_together_and_an_unknown_message_is_not_found() {
    let telling = Telling::new().await;
    let refused = telling
        .world
        .get("/deliveries?state=lost&channel=nobody")
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.json()["errors"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let unknown = "018f3c5a-0000-7000-8000-0123456789ab";
    let path = format!("/deliveries/{unknown}");
    assert_eq!(telling.world.get(&path).await.status, 404);
    assert_eq!(telling.replay(unknown).await.status, 404);
}

/// A page for people of this service.
async fn words(world: &World, path: &str) -> String {
    let answer = world.get(path).await;
    assert_eq!(answer.status, 200, "{path}");
    crate::page::words(&crate::page::text(&answer))
}

#[tokio::test]
async fn the_page_of_messages_says_what_was_given_up_and_why() {
    let (telling, alert, id) = Telling::with_a_dead_one().await;
    let said = words(&telling.world, "/ui/messages").await;
    assert!(said.contains("Given up: ops , alerts of"), "{said}");
    assert!(
        said.contains("Why: refused") && said.contains(&id),
        "{said}"
    );
    assert!(said.contains("status 400"), "{said}");
    let arrived = words(&telling.world, "/ui/messages?state=delivered").await;
    assert!(
        !arrived.contains(&id) && arrived.contains("None."),
        "{arrived}"
    );
    let page = telling
        .world
        .get("/ui/messages?limit=1")
        .await;
    let page = crate::page::text(&page);
    assert!(page.contains(&format!("/ui/alerts/{}", alert.id)), "{page}");
    assert!(page.contains("cursor="), "{page}");
    for wrong in ["state=lost", "channel=nobody", "colour=red"] {
        let answer = telling
            .world
            .get(&format!("/ui/messages?{wrong}"))
            .await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
}
