//! Alerts along a tree of routes: who is told, what is held back, and who is told when nobody looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sre_core::monitor::{AlertMover, Dispatcher, DispatcherPorts, Router};
use sre_core::notification::Notifier;
use sre_core::routing::{Receiver, RouteTree};
use sre_core::store::Outbox as _;
use sre_core::time::Span;
use sre_server::config::{Secrets, read_file};
use sre_store_conformance::fixtures::{self, at};
use sre_store_memory::MemoryStore;

use super::reported;
use crate::monitor::scripted::ScriptedNotifier;
use crate::world::World;

/// A world whose alerts go along the tree of this file, with everyone who is told.
struct Routed {
    world: World,
    told: BTreeMap<String, Arc<ScriptedNotifier>>,
    mover: AlertMover,
    dispatcher: Dispatcher,
}

impl Routed {
    async fn by(yaml: &str) -> Self {
        let names = ["ops", "team", "boss"];
        let file = read_file(yaml, Secrets::Unread, &names).expect("the file is right");
        let told: BTreeMap<String, Arc<ScriptedNotifier>> = names
            .map(|name| {
                let notifier = ScriptedNotifier::new(fixtures::destination(name));
                (name.to_owned(), Arc::new(notifier))
            })
            .into();
        let receiver = |notifier: &Arc<ScriptedNotifier>| Receiver {
            destinations: vec![notifier.destination().id],
            fallback: None,
        };
        let receivers = told
            .iter()
            .map(|(name, notifier)| (name.clone(), receiver(notifier)))
            .collect();
        let tree: RouteTree = file
            .tree(receivers)
            .expect("a tree")
            .expect("a route");
        let mut world = World::new();
        let router = Router::by(tree, Arc::clone(&world.context.services));
        let context = Arc::get_mut(&mut world.context).expect("nobody else holds it");
        context.router = router.clone();
        context.suppressors.rules = file.inhibit_rules.into();
        context.destinations = names
            .map(fixtures::destination)
            .to_vec();
        world
            .store
            .register_destinations(&world.context.destinations, world.now())
            .await
            .expect("registered");
        let mover = AlertMover::new(
            Arc::clone(&world.context.alerts),
            world.context.settings.lifecycle,
            router.clone(),
            "test".to_owned(),
        );
        let dispatcher = dispatcher(&world, &told).routed(router);
        Self {
            world,
            told,
            mover,
            dispatcher,
        }
    }

    /// What time and the dispatcher do at a second; what each then hears.
    async fn heard(&self, second: i64) -> Vec<String> {
        let now = at(second);
        self.world.clock.set(now);
        self.mover
            .activate(now)
            .await
            .expect("the store answers");
        let due = self
            .dispatcher
            .freeze_due(now, &|_| false)
            .await
            .expect("the store answers");
        for sending in due.sendings {
            self.dispatcher
                .send(sending, 500, self.world.context.clock.as_ref())
                .await
                .expect("the store answers");
        }
        self.told
            .iter()
            .flat_map(|(name, notifier)| {
                notifier
                    .bodies()
                    .into_iter()
                    .map(move |body| format!("{name}: {}", body.replace(" in open incident", "")))
            })
            .collect()
    }

    async fn report(&self, changes: &Value) -> String {
        let alert = reported(&self.world, changes)
            .await
            .json();
        alert["id"]
            .as_str()
            .expect("it has an id")
            .to_owned()
    }

    async fn act(&self, id: &str, verb: &str) {
        let answer = self
            .world
            .post(&format!("/alerts/{id}/{verb}"), &json!({}))
            .await;
        assert_eq!(answer.status, 200);
    }
}

fn dispatcher(world: &World, told: &BTreeMap<String, Arc<ScriptedNotifier>>) -> Dispatcher {
    let ports = DispatcherPorts {
        outbox: Arc::<MemoryStore>::clone(&world.store),
        notices: Arc::<MemoryStore>::clone(&world.store),
        alerts: Arc::<MemoryStore>::clone(&world.store),
        catalog: Arc::<MemoryStore>::clone(&world.store),
        evaluations: Arc::<MemoryStore>::clone(&world.store),
        suppressors: world.context.suppressors.clone(),
        incidents: Arc::<MemoryStore>::clone(&world.store),
    };
    let notifiers = told
        .values()
        .map(|notifier| Arc::<ScriptedNotifier>::clone(notifier) as Arc<dyn Notifier>)
        .collect();
    let settings = world.context.settings.lifecycle;
    Dispatcher::new(ports, notifiers, settings, Span::seconds(30), false)
}

fn page() -> Value {
    json!({"severity": "critical", "alert_type": "outage"})
}

#[tokio::test]
async fn an_alert_is_told_to_whom_its_route_leads_and_its_end_to_whom_it_was_told() {
    let routed = Routed::by(
        "route:\n  receiver: ops\n  group_interval: 1s\n  routes:\n  - matchers: [severity=critical]\n    \
         receiver: team\n",
    )
    .await;
    let id = routed.report(&page()).await;
    assert_eq!(routed.heard(0).await, ["team: outage 1 critical first #1"]);
    // Graver, it is on another route: that one hears it first, and both are owed the end.
    routed
        .report(&json!({"severity": "emergency", "alert_type": "outage"}))
        .await;
    assert_eq!(routed.heard(10).await, ["ops: outage 1 emergency first #1"]);
    routed.act(&id, "resolve").await;
    assert_eq!(
        routed.heard(20).await,
        [
            "ops: outage 1 emergency all_resolved #2",
            "team: outage 1 emergency all_resolved #2"
        ]
    );
}

#[tokio::test]
async fn the_owner_of_a_service_hears_of_it() {
    let routed = Routed::by(
        "route:\n  receiver: ops\n  routes:\n  - owner: gateway-team\n    receiver: team\n",
    )
    .await;
    let owned = json!({"name": "api-gateway", "owner": "gateway-team"});
    let declared = routed
        .world
        .post("/services", &owned)
        .await;
    assert_eq!(declared.status, 201, "{:?}", declared.body);
    routed.report(&page()).await;
    assert_eq!(routed.heard(0).await, ["team: outage 1 critical first #1"]);
}

#[tokio::test]
async fn what_a_mute_time_holds_back_is_told_at_its_end_and_an_end_at_any_time() {
    // The world begins at noon.
    let routed = Routed::by(
        "time_intervals:\n- name: lunch\n  time_intervals:\n  - times: [{start_time: '12:01', end_time: \
         '13:00'}]\nroute:\n  receiver: ops\n  group_interval: 1s\n  routes:\n  - matchers: \
         [severity=critical]\n    receiver: team\n    mute_time_intervals: [lunch]\n",
    )
    .await;
    let early = routed.report(&page()).await;
    assert_eq!(routed.heard(0).await.len(), 1);
    let late = routed
        .report(&json!({"severity": "critical", "alert_type": "slowness"}))
        .await;
    assert!(routed.heard(60).await.is_empty());
    let ledger = routed
        .world
        .get(&format!("/alerts/{late}/notifications"))
        .await
        .json();
    assert_eq!(ledger["items"][0]["reason"], "muted");
    routed.act(&early, "resolve").await;
    assert_eq!(
        routed.heard(120).await,
        ["team: outage 1 critical all_resolved #2"]
    );
    assert!(routed.heard(3_599).await.is_empty());
    assert_eq!(
        routed.heard(3_600).await,
        ["team: slowness 1 critical first #1"]
    );
}

const ESCALATING: &str = "route:\n  receiver: ops\n  group_interval: 1s\n  repeat_interval: 1d\n  escalate:\n  \
                          - {after: 15m, to: team}\n  - {after: 1h, to: boss}\n";

#[tokio::test]
async fn while_nobody_looks_each_step_is_told_once_and_all_hear_the_end() {
    let routed = Routed::by(ESCALATING).await;
    let id = routed.report(&page()).await;
    assert_eq!(routed.heard(0).await, ["ops: outage 1 critical first #1"]);
    assert!(routed.heard(899).await.is_empty());
    assert_eq!(
        routed.heard(900).await,
        ["team: outage 1 critical escalated #1"]
    );
    assert!(routed.heard(901).await.is_empty(), "once");
    assert_eq!(
        routed.heard(3_600).await,
        ["boss: outage 1 critical escalated #1"]
    );
    routed.act(&id, "resolve").await;
    let ends = routed.heard(3_700).await;
    assert_eq!(ends.len(), 3, "{ends:?}");
}

#[tokio::test]
async fn an_acknowledgement_stops_an_escalation_until_it_ends() {
    let routed = Routed::by(ESCALATING).await;
    let id = routed.report(&page()).await;
    routed.heard(0).await;
    routed.world.clock.set(at(600));
    routed.act(&id, "acknowledge").await;
    assert!(routed.heard(900).await.is_empty());
    // Half an hour later nobody looks any more; the steps are counted from then.
    assert_eq!(
        routed.heard(2_400).await,
        ["ops: outage 1 critical ack_timeout #2"]
    );
    assert!(routed.heard(3_299).await.is_empty());
    assert_eq!(
        routed.heard(3_300).await,
        ["team: outage 1 critical escalated #1"]
    );
    routed.act(&id, "resolve").await;
    assert_eq!(routed.heard(3_400).await.len(), 2);
    assert!(
        routed.heard(9_000).await.is_empty(),
        "the end cancels the rest"
    );
}

#[tokio::test]
async fn what_a_route_groups_waits_for_company_and_then_for_its_interval() {
    let routed =
        Routed::by("route:\n  receiver: ops\n  group_wait: 20s\n  group_interval: 2m\n").await;
    let high = |kind: &str| json!({"severity": "high", "alert_type": kind});
    routed.report(&high("one")).await;
    assert!(routed.heard(0).await.is_empty());
    routed.world.clock.set(at(10));
    routed.report(&high("two")).await;
    assert!(routed.heard(19).await.is_empty());
    let first = routed.heard(20).await;
    assert_eq!(first, ["ops: one 1 high first #1, two 1 high first #1"]);
    let third = routed.report(&high("three")).await;
    assert!(routed.heard(139).await.is_empty());
    routed.act(&third, "resolve").await;
    assert!(
        routed.heard(140).await.is_empty(),
        "it came and went unseen"
    );
}

const CLUSTERS: &str = "route:\n  receiver: ops\n  group_interval: 1s\ninhibit_rules:\n- name: cluster down\n  \
                        source_matchers: [alertname=cluster_down]\n  target_matchers: \
                        ['alertname!=cluster_down']\n  equal: [cluster]\n";

fn in_cluster(alert_type: &str, severity: &str, cluster: &str) -> Value {
    json!({"alert_type": alert_type, "severity": severity, "labels": {"cluster": cluster}})
}

#[tokio::test]
async fn a_rule_keeps_back_beginnings_while_its_source_fires_and_no_end() {
    let routed = Routed::by(CLUSTERS).await;
    let early = routed
        .report(&in_cluster("errors", "critical", "a"))
        .await;
    assert_eq!(routed.heard(0).await, ["ops: errors 1 critical first #1"]);
    let source = routed
        .report(&in_cluster("cluster_down", "critical", "a"))
        .await;
    let held = routed
        .report(&in_cluster("latency", "critical", "a"))
        .await;
    assert_eq!(
        routed.heard(10).await,
        ["ops: cluster_down 1 critical first #1"]
    );
    let ledger = routed
        .world
        .get(&format!("/alerts/{held}/notifications"))
        .await
        .json();
    assert_eq!(ledger["items"][0]["reason"], "inhibited");
    assert_eq!(
        ledger["items"][0]["held_by"],
        json!({"kind": "rule", "id": source, "rule": "cluster down"})
    );
    let shown = routed
        .world
        .get("/api/v2/alerts?filter=alertname=latency")
        .await
        .json();
    assert_eq!(shown[0]["status"]["inhibitedBy"], json!([source]));
    assert_eq!(shown[0]["status"]["state"], "suppressed");

    // Acknowledged, the source still fires; the end of what was told is told.
    routed.act(&source, "acknowledge").await;
    routed.act(&early, "resolve").await;
    assert_eq!(
        routed.heard(60).await,
        ["ops: errors 1 critical all_resolved #2"]
    );
    routed.act(&source, "resolve").await;
    assert_eq!(
        routed.heard(100).await,
        ["ops: latency 1 critical first #1, cluster_down 1 critical all_resolved #2"]
    );
}

#[tokio::test]
async fn a_rule_leaves_alone_another_cluster_an_emergency_and_its_own_sources() {
    let routed = Routed::by(CLUSTERS).await;
    for changes in [
        in_cluster("cluster_down", "critical", "a"),
        in_cluster("errors", "critical", "b"),
        in_cluster("errors", "emergency", "a"),
        json!({"alert_type": "errors", "severity": "critical"}),
    ] {
        routed.report(&changes).await;
    }
    assert_eq!(
        routed.heard(10).await,
        [
            "ops: errors 1 emergency first #1, cluster_down 1 critical first #1, errors 1 critical \
          first #1, errors 1 critical first #1"
        ]
    );
}

#[tokio::test]
async fn a_maintenance_cancels_an_escalation_and_its_end_tells_how_it_stands_once() {
    let routed = Routed::by(ESCALATING).await;
    routed.report(&page()).await;
    assert_eq!(routed.heard(0).await, ["ops: outage 1 critical first #1"]);
    routed.world.clock.set(at(600));
    let planned = routed
        .world
        .post(
            "/maintenance",
            &json!({
                "services": ["api-gateway"], "comment": "the database moves", "created_by": "ada",
                "from": at(600), "to": at(7_200),
            }),
        )
        .await;
    assert_eq!(planned.status, 201, "{:?}", planned.body);
    for second in [900, 3_600, 7_199] {
        assert!(routed.heard(second).await.is_empty(), "at {second}");
    }
    // Both steps came due meanwhile: each hears once that it still fires, and nobody twice.
    let heard = routed.heard(7_200).await;
    assert_eq!(
        heard,
        [
            "boss: outage 1 critical escalated #1",
            "team: outage 1 critical escalated #1"
        ]
    );
    assert!(routed.heard(7_300).await.is_empty());
}
