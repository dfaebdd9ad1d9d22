//! `/channels`: how each stands, and whether it works.

use std::sync::Arc;

use serde_json::{Value, json};
use sre_core::monitor::{Dispatcher, DispatcherPorts};
use sre_core::notification::{Destination, Notifier};
use sre_core::store::{Notices, Outbox};
use sre_core::time::Span;
use sre_store_conformance::fixtures;
use sre_store_memory::MemoryStore;

use crate::monitor::scripted::{ScriptedNotifier, status};
use crate::world::World;

/// A world with the channels `ops` and `chat`.
async fn telling() -> (World, [Destination; 2]) {
    let mut world = World::new();
    let both = ["ops", "chat"].map(fixtures::destination);
    let context = Arc::get_mut(&mut world.context).expect("nobody else holds it");
    context.destinations = both.to_vec();
    world
        .store
        .register_destinations(&both, world.now())
        .await
        .expect("registered");
    (world, both)
}

fn dispatcher(world: &World, notifiers: Vec<Arc<dyn Notifier>>, is_shadow: bool) -> Dispatcher {
    let ports = DispatcherPorts {
        outbox: Arc::<MemoryStore>::clone(&world.store),
        notices: Arc::<MemoryStore>::clone(&world.store),
        alerts: Arc::<MemoryStore>::clone(&world.store),
        catalog: Arc::<MemoryStore>::clone(&world.store),
        evaluations: Arc::<MemoryStore>::clone(&world.store),
        incidents: Arc::<MemoryStore>::clone(&world.store),
        suppressors: crate::world::suppressors(&world.store),
    };
    Dispatcher::new(
        ports,
        notifiers,
        fixtures::settings(),
        Span::seconds(30),
        is_shadow,
    )
}

/// Waits for the test to be stored, and sends it.
async fn dispatch(world: &World, dispatcher: &Dispatcher) {
    world
        .context
        .mailroom
        .due
        .notified()
        .await;
    let now = world.now();
    let due = dispatcher
        .freeze_due(now, &|_| false)
        .await
        .expect("answers");
    for sending in due.sendings {
        dispatcher
            .send(sending, 500, world.context.clock.as_ref())
            .await
            .expect("answers");
    }
    world
        .context
        .mailroom
        .sent
        .notify_waiters();
}

async fn tested(answer: sre_core::notification::Answer) -> Value {
    let (world, [ops, _]) = telling().await;
    let notifier = Arc::new(ScriptedNotifier::new(ops));
    notifier.answers([answer]);
    let dispatcher = dispatcher(&world, vec![notifier], false);
    let (answer, ()) = tokio::join!(
        world.send("POST", "/channels/ops/test", &[], None),
        dispatch(&world, &dispatcher)
    );
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn a_test_says_what_came_of_it() {
    let delivered = tested(status(200, None)).await;
    for (name, value) in [
        ("channel", json!("ops")),
        ("outcome", json!("delivered")),
        ("status", json!(200)),
        ("attempts", json!(1)),
    ] {
        assert_eq!(delivered[name], value, "{name}");
    }
    assert!(delivered["delivery_id"].is_string());
    let refused = tested(status(500, None)).await;
    assert_eq!(
        (&refused["outcome"], &refused["status"]),
        (&json!("retry"), &json!(500))
    );
    let dead = tested(status(401, None)).await;
    assert_eq!(
        (&dead["outcome"], &dead["status"]),
        (&json!("dead"), &json!(401))
    );
}

#[tokio::test]
async fn in_shadow_a_test_is_recorded_and_says_that_nothing_is_sent() {
    let (world, [ops, _]) = telling().await;
    let notifier = Arc::new(ScriptedNotifier::new(ops));
    let dispatcher = dispatcher(
        &world,
        vec![Arc::<ScriptedNotifier>::clone(&notifier) as _],
        true,
    );
    let (answer, ()) = tokio::join!(
        world.send("POST", "/channels/ops/test", &[], None),
        dispatch(&world, &dispatcher)
    );
    assert_eq!(answer.status, 409);
    assert!(
        answer.json()["detail"]
            .as_str()
            .expect("a detail")
            .contains("shadow")
    );
    assert!(notifier.received().is_empty());
}

#[tokio::test]
async fn an_unknown_channel_is_not_found() {
    let (world, _) = telling().await;
    let answer = world
        .send("POST", "/channels/pager/test", &[], None)
        .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn channels_say_how_they_stand() {
    let (world, [ops, chat]) = telling().await;
    let notifier = Arc::new(ScriptedNotifier::new(chat.clone()));
    notifier.answers([status(401, None)]);
    let dispatcher = dispatcher(&world, vec![notifier], false);
    for destination in [&ops, &chat] {
        world
            .store
            .add_notices(&[fixtures::notice(1, destination.id, world.now())])
            .await
            .expect("noted");
    }
    world.context.mailroom.due.notify_one();
    dispatch(&world, &dispatcher).await;
    let answer = world.get("/channels").await.json();
    let [chat, ops] = [&answer["items"][0], &answer["items"][1]];
    assert_eq!(
        (&chat["name"], &chat["state"]),
        (&json!("chat"), &json!("stopped"))
    );
    assert_eq!(
        (&chat["stopped_because"], &chat["dead"]),
        (&json!("unauthorized"), &json!(1))
    );
    assert_eq!((&ops["state"], &ops["waiting"]), (&json!("ok"), &json!(1)));
    assert_eq!(answer["next_cursor"], Value::Null);
    let shown = world.get("/ui/channels").await;
    assert_eq!(shown.status, 200);
    let shown = String::from_utf8(shown.body.to_vec()).expect("UTF-8");
    let place = |part: &str| {
        shown
            .find(part)
            .unwrap_or_else(|| panic!("{part}: {shown}"))
    };
    // By name: what is wrong with one is not said of the other.
    let (chat, stopped, given_up) = (
        place("<bdi>chat</bdi>"),
        place("It is stopped"),
        place("<h3>Given up</h3>"),
    );
    let ops = place("<bdi>ops</bdi>");
    assert!(
        chat < stopped && stopped < given_up && given_up < ops,
        "{shown}"
    );
    assert_eq!(shown.matches("It is stopped").count(), 1);
}
