//! `/services`: declared, replaced, taken back, listed, and known by what names them.

use serde_json::{Value, json};
use sre_store_conformance::fixtures::counts;

use crate::http::Answered;
use crate::world::World;

/// A declaration that says everything.
fn gateway() -> Value {
    json!({
        "name": "api-gateway",
        "owner": "platform",
        "description": "What browsers talk to.",
        "criticality": "critical",
        "dependencies": [
            {"service_name": "intent-parser-server", "weight": 0.5},
            {"service_name": "auth"},
        ],
        "links": {"runbook": "https://wiki.example/api-gateway"},
    })
}

async fn declared(world: &World, body: &Value) -> Answered {
    let made = world.post("/services", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made
}

/// Where in a body faults were found, in order.
fn faults(answer: &Answered) -> Vec<String> {
    let (kind, faults) = answer.problem();
    assert_eq!((answer.status, kind.as_str()), (422, "invalid"));
    let faults = faults
        .as_array()
        .expect("faults")
        .iter();
    faults
        .map(|fault| {
            let text = |name: &str| {
                fault[name]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            format!("{}: {}", text("pointer"), text("detail"))
        })
        .collect()
}

#[tokio::test]
async fn a_declared_service_is_answered_as_it_was_written() {
    let world = World::new();
    let made = declared(&world, &gateway()).await;
    assert_eq!(made.header("location"), "/services/api-gateway");
    assert_eq!(made.header("etag"), "\"v1\"");
    assert_eq!(
        made.json(),
        json!({
            "name": "api-gateway",
            "owner": "platform",
            "description": "What browsers talk to.",
            "criticality": "critical",
            "dependencies": [
                {"service_name": "auth", "weight": 1},
                {"service_name": "intent-parser-server", "weight": 0.5},
            ],
            "links": {"runbook": "https://wiki.example/api-gateway"},
            "managed_by": "api",
            "version": 1,
            "created_at": "2026-01-01T12:00:00Z",
            "updated_at": "2026-01-01T12:00:00Z",
            "warnings": [],
        })
    );
    let found = world.get("/services/api-gateway").await;
    assert_eq!((found.status, found.json()), (200, made.json()));
    assert_eq!(found.header("etag"), "\"v1\"");
}

#[tokio::test]
async fn a_name_alone_is_a_declaration() {
    let world = World::new();
    let made = declared(&world, &json!({"name": "checkout/eu"})).await;
    assert_eq!(made.header("location"), "/services/checkout%2Feu");
    let found = world
        .get(made.header("location"))
        .await
        .json();
    assert_eq!(found["criticality"], "normal");
    assert_eq!(
        (&found["owner"], &found["dependencies"]),
        (&json!(null), &json!([]))
    );
}

#[tokio::test]
async fn a_service_is_declared_once() {
    let world = World::new();
    declared(&world, &gateway()).await;
    let again = world
        .post("/services", &json!({"name": "api-gateway"}))
        .await;
    assert_eq!(
        (again.status, again.problem().0.as_str()),
        (409, "conflict")
    );
    let found = world
        .get("/services/api-gateway")
        .await
        .json();
    assert_eq!(found["owner"], "platform");
}

#[tokio::test]
async fn every_fault_of_a_declaration_is_told_at_once() {
    let world = World::new();
    let answer = world
        .post(
            "/services",
            &json!({
                "name": "-",
                "owner": "",
                "criticality": "urgent",
                "dependencies": [{"weight": 2}, {"service_name": "db", "wait": 1}],
                "links": {"runbook": "wiki"},
                "color": "red",
            }),
        )
        .await;
    let places: Vec<String> = faults(&answer)
        .iter()
        .map(|fault| {
            fault
                .split(':')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(
        places,
        [
            "/name",
            "/owner",
            "/criticality",
            "/dependencies/0/service_name",
            "/dependencies/0/weight",
            "/dependencies/1/wait",
            "/color",
            "/links/runbook",
        ]
    );
}

#[tokio::test]
async fn what_cannot_stand_together_is_refused() {
    let world = World::new();
    let of = |dependencies: Value| json!({"name": "api", "dependencies": dependencies});
    let twice = of(json!([{"service_name": "db"}, {"service_name": "db", "weight": 0.5}]));
    assert_eq!(
        faults(&world.post("/services", &twice).await),
        ["/dependencies: names db twice"]
    );
    let itself = of(json!([{"service_name": "api"}]));
    assert_eq!(
        faults(&world.post("/services", &itself).await),
        ["/dependencies: a service does not depend on itself"]
    );
    let graph = world
        .post("/services", &json!({"name": "graph"}))
        .await;
    assert_eq!(faults(&graph).len(), 1);
    let many: Vec<Value> = (0..101)
        .map(|n| json!({"service_name": format!("s{n}")}))
        .collect();
    assert_eq!(
        faults(
            &world
                .post("/services", &of(json!(many)))
                .await
        ),
        ["/dependencies: may hold 100 items at most"]
    );
}

#[tokio::test]
async fn a_replacement_resets_what_it_leaves_out() {
    let world = World::new();
    declared(&world, &gateway()).await;
    let path = "/services/api-gateway";
    let replaced = world
        .put(path, &json!({"owner": "web"}))
        .await;
    assert_eq!(replaced.status, 200, "{}", replaced.json());
    let after = replaced.json();
    assert_eq!(
        (&after["owner"], &after["criticality"]),
        (&json!("web"), &json!("normal"))
    );
    assert_eq!(
        (&after["dependencies"], &after["version"]),
        (&json!([]), &json!(2))
    );
    assert_eq!(replaced.header("etag"), "\"v2\"");
    assert_eq!(world.get(path).await.json(), after);
}

#[tokio::test]
async fn what_was_read_can_be_sent_back_and_changes_nothing() {
    let world = World::new();
    let made = declared(&world, &gateway())
        .await
        .json();
    let again = world
        .put("/services/api-gateway", &made)
        .await;
    assert_eq!((again.status, again.json()), (200, made));
}

#[tokio::test]
async fn a_service_keeps_its_name() {
    let world = World::new();
    declared(&world, &gateway()).await;
    let renamed = world
        .put("/services/api-gateway", &json!({"name": "gateway"}))
        .await;
    assert_eq!(
        faults(&renamed),
        ["/name: is not the name of the path: a service keeps its name"]
    );
}

#[tokio::test]
async fn a_writer_that_read_another_version_is_refused() {
    let world = World::new();
    declared(&world, &gateway()).await;
    world
        .put("/services/api-gateway", &json!({}))
        .await;
    let stale = [("if-match", "\"v1\"")];
    for (method, body) in [("PUT", Some("{}".to_owned())), ("DELETE", None)] {
        let answer = world
            .send(method, "/services/api-gateway", &stale, body)
            .await;
        assert_eq!((answer.status, answer.problem().0.as_str()), (412, "stale"));
    }
    let fresh = [("if-match", "\"v2\"")];
    let answer = world
        .send("DELETE", "/services/api-gateway", &fresh, None)
        .await;
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn what_was_said_of_a_service_is_taken_back() {
    let world = World::new();
    declared(&world, &gateway()).await;
    let gone = world
        .delete("/services/api-gateway")
        .await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for path in ["/services/api-gateway", "/services/auth"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    declared(&world, &gateway()).await;
}

#[tokio::test]
async fn an_unknown_service_is_not_found() {
    let world = World::new();
    for path in ["/services/nothing", "/services/%20"] {
        for method in ["GET", "DELETE"] {
            let answer = world
                .send(method, path, &[], None)
                .await;
            assert_eq!(
                (answer.status, answer.problem().0.as_str()),
                (404, "not-found")
            );
        }
        assert_eq!(world.put(path, &json!({})).await.status, 404);
    }
    assert_eq!(
        world
            .patch("/services/nothing", &json!({}))
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn a_service_is_known_by_whatever_names_it() {
    let world = World::new();
    world
        .push("measured", "availability", counts(1, 1))
        .await;
    let slo = json!({"name": "a", "service_name": "promised", "metric_name": "availability"});
    assert_eq!(world.post("/slo", &slo).await.status, 201);
    let alert = json!({"service_name": "alerted", "alert_type": "x", "severity": "low",
        "message": "m"});
    assert_eq!(
        world
            .post("/alerts", &alert)
            .await
            .status,
        201
    );
    let depends = json!({"name": "declared", "dependencies": [{"service_name": "depended-on"}]});
    declared(&world, &depends).await;
    let listed = world.get("/services").await.json();
    let versions: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|service| {
            (
                service["name"]
                    .as_str()
                    .expect("a name"),
                service["version"].clone(),
            )
        })
        .collect();
    assert_eq!(
        versions,
        [
            ("alerted", json!(0)),
            ("declared", json!(1)),
            ("depended-on", json!(0)),
            ("measured", json!(0)),
            ("promised", json!(0)),
        ]
    );
    assert_eq!(listed["items"][0]["managed_by"], json!(null));
    assert_eq!(listed["items"][0]["created_at"], json!(null));
    let refused = world.delete("/services/measured").await;
    assert_eq!(
        (refused.status, refused.problem().0.as_str()),
        (409, "conflict")
    );
}

#[tokio::test]
async fn what_is_only_named_can_be_declared_either_way() {
    let world = World::new();
    world
        .push("a", "availability", counts(1, 1))
        .await;
    world
        .push("b", "availability", counts(1, 1))
        .await;
    declared(&world, &json!({"name": "a", "owner": "x"})).await;
    let named = [("if-match", "\"v0\"")];
    let put = world
        .send(
            "PUT",
            "/services/b",
            &named,
            Some("{\"owner\": \"y\"}".to_owned()),
        )
        .await;
    assert_eq!((put.status, &put.json()["version"]), (200, &json!(1)));
    let gone = world.delete("/services/b").await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.get("/services/b").await.json()["version"], 0);
}

#[tokio::test]
async fn pages_of_services_tile_the_list() {
    let world = World::new();
    for name in ["e", "d", "c", "b", "a"] {
        declared(&world, &json!({"name": name})).await;
    }
    let (mut names, mut path) = (Vec::new(), "/services?limit=2".to_owned());
    loop {
        let page = world.get(&path).await.json();
        let items = page["items"].as_array().expect("items");
        names.extend(
            items
                .iter()
                .map(|service| service["name"].clone()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/services?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    for query in ["limit=0", "limit=1001", "cursor=x", "name=a"] {
        assert_eq!(
            world
                .get(&format!("/services?{query}"))
                .await
                .status,
            422,
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_graph_has_every_service_and_what_it_depends_on() {
    let world = World::new();
    declared(&world, &gateway()).await;
    let alert = json!({"service_name": "auth", "alert_type": "x", "severity": "critical",
        "message": "m"});
    world.post("/alerts", &alert).await;
    let graph = world.get("/services/graph").await;
    assert_eq!(graph.status, 200);
    let node = |name: &str, owner: Value, criticality: &str, score: Value, status: &str| {
        json!({"name": name, "owner": owner, "criticality": criticality, "score": score,
            "status": status})
    };
    assert_eq!(
        graph.json(),
        json!({
            "nodes": [
                node("api-gateway", json!("platform"), "critical", json!(85), "degraded"),
                node("auth", json!(null), "normal", json!(85), "degraded"),
                node("intent-parser-server", json!(null), "normal", json!(null), "unknown"),
            ],
            "edges": [
                {"from": "api-gateway", "to": "auth", "weight": 1},
                {"from": "api-gateway", "to": "intent-parser-server", "weight": 0.5},
            ],
        })
    );
}

#[tokio::test]
async fn a_ring_is_taken_and_named_to_whoever_closes_it() {
    let world = World::new();
    let on = |name: &str, other: &str, weight: f64| json!({"name": name, "dependencies": [{"service_name": other, "weight": weight}]});
    for body in [
        on("shop", "cart", 1.0),
        on("cart", "stock", 0.5),
        on("mail", "mail-relay", 1.0),
        on("mail-relay", "mail", 0.0),
    ] {
        let made = declared(&world, &body).await.json();
        assert_eq!(made["warnings"], json!([]), "{body}");
    }
    let closed = declared(&world, &on("stock", "shop", 1.0)).await;
    let warned = json!([{
        "pointer": "/dependencies",
        "detail": "stock, shop, cart and stock again stand on each other in a ring: in it, the page \
                   of one keeps no alert of another back",
    }]);
    assert_eq!(closed.json()["warnings"], warned);
    let mut opened = closed.json();
    opened["description"] = json!("What there is.");
    let again = world
        .put("/services/stock", &opened)
        .await;
    assert_eq!((again.status, &again.json()["warnings"]), (200, &warned));
    opened["dependencies"] = json!([]);
    let opened = world
        .put("/services/stock", &opened)
        .await;
    assert_eq!(
        (opened.status, opened.json()["warnings"].clone()),
        (200, json!([]))
    );
}
