//! `/service-health`: how healthy services are, why, and how they were.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use crate::http::Answered;
use crate::world::World;

mod recorded;

/// The SLO of a service over an hour: of a thousand events ten may be bad.
async fn promised(world: &World, service: &str, name: &str) {
    let slo = json!({"name": name, "service_name": service, "metric_name": "availability",
        "target_percentage": 99, "time_window": "1d"});
    let made = world.post("/slo", &slo).await;
    assert_eq!(made.status, 201, "{}", made.json());
}

/// Measures a service for ten minutes, so many of each thousand events being bad.
async fn measured(world: &World, service: &str, bad: u64) {
    for _ in 0..10 {
        world
            .push(service, "availability", counts(1_000 - bad, 1_000))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::seconds(30)).await;
}

async fn health(world: &World, service: &str) -> Value {
    let found = world
        .get(&format!("/service-health/{service}"))
        .await;
    assert_eq!(found.status, 200, "{}", found.json());
    found.json()
}

async fn alerted(world: &World, service: &str, severity: &str) -> Answered {
    let alert = json!({"service_name": service, "alert_type": "disk", "severity": severity,
        "message": "m"});
    let made = world.post("/alerts", &alert).await;
    assert_eq!(made.status, 201);
    made
}

/// Score and deductions are a hundred together, in tenths.
fn adds_up(health: &Value) {
    let tenths = |figure: &Value| (figure.as_f64().expect("a number") * 10.0).round();
    let deductions = health["deductions"]
        .as_array()
        .expect("a list")
        .iter();
    let lost: f64 = deductions
        .map(|lost| tenths(&lost["points"]))
        .sum();
    assert!(
        (tenths(&health["score"]) + lost - 1_000.0).abs() < 0.5,
        "{health}"
    );
}

#[tokio::test]
async fn a_service_that_keeps_its_promises_is_healthy() {
    let world = World::new();
    promised(&world, "checkout", "Checkout").await;
    measured(&world, "checkout", 0).await;
    let found = health(&world, "checkout").await;
    assert_eq!(
        found,
        json!({
            "service_name": "checkout",
            "score": 100,
            "status": "healthy",
            "as_of": "2026-01-01T12:10:30Z",
            "coverage": 1,
            "deductions": [],
            "slos": [{
                "id": found["slos"][0]["id"],
                "name": "Checkout",
                "state": "met",
                "sli_percentage": 100,
                "remaining_percentage": 100,
                "burn_rate": 0,
                "stale": false,
            }],
            "checks": [],
            "dependencies": [],
            "in_maintenance": [],
            "open_alerts": 0,
            "open_incidents": 0,
            "probable_cause": null,
        })
    );
}

#[tokio::test]
async fn a_burning_service_says_what_it_costs() {
    let world = World::new();
    promised(&world, "checkout", "Checkout").await;
    // 3.1 % of a budget of 1 %.
    measured(&world, "checkout", 31).await;
    let found = health(&world, "checkout").await;
    adds_up(&found);
    let deductions = found["deductions"]
        .as_array()
        .expect("a list");
    assert_eq!(
        deductions[0],
        json!({"reason": "budget", "points": 25, "stale": false,
            "detail": "310.0 % of the 24h error budget of Checkout is consumed"})
    );
    assert_eq!(
        deductions[1],
        json!({"reason": "burn_rate", "points": 12.4, "stale": false,
            "detail": "1 h burn 3.1 on Checkout"})
    );
    assert_eq!(
        (&found["score"], &found["status"]),
        (&json!(62.6), &json!("degraded"))
    );
    assert_eq!(found["probable_cause"], "checkout");
}

#[tokio::test]
async fn alerts_that_others_raised_cost_and_those_of_evaluations_do_not() {
    let world = World::new();
    promised(&world, "checkout", "Checkout").await;
    measured(&world, "checkout", 500).await;
    let ours = health(&world, "checkout").await;
    assert!(
        ours["open_alerts"]
            .as_u64()
            .expect("a number")
            > 0,
        "{ours}"
    );
    let reasons = |health: &Value| -> Vec<Value> {
        let lost = health["deductions"]
            .as_array()
            .expect("a list");
        lost.iter()
            .map(|lost| lost["reason"].clone())
            .collect()
    };
    assert_eq!(reasons(&ours), ["budget", "burn_rate"]);
    alerted(&world, "checkout", "high").await;
    let theirs = health(&world, "checkout").await;
    adds_up(&theirs);
    assert_eq!(reasons(&theirs), ["budget", "burn_rate", "alert"]);
    assert_eq!(theirs["deductions"][2]["points"], 8);
}

#[tokio::test]
async fn an_acknowledged_alert_costs_in_full_and_a_resolved_one_nothing() {
    let world = World::new();
    promised(&world, "checkout", "Checkout").await;
    measured(&world, "checkout", 0).await;
    let alert = alerted(&world, "checkout", "critical")
        .await
        .json();
    let path = |verb| format!("/alerts/{}/{verb}", alert["id"].as_str().expect("an id"));
    world
        .post(&path("acknowledge"), &json!({}))
        .await;
    assert_eq!(health(&world, "checkout").await["score"], 85);
    world
        .post(&path("resolve"), &json!({}))
        .await;
    assert_eq!(health(&world, "checkout").await["score"], 100);
}

#[tokio::test]
async fn what_it_stands_on_costs_by_the_weight_and_is_the_probable_cause() {
    let world = World::new();
    let gateway = json!({"name": "api-gateway",
        "dependencies": [{"service_name": "intent-parser-server", "weight": 0.5}]});
    world.post("/services", &gateway).await;
    for service in ["api-gateway", "intent-parser-server"] {
        promised(&world, service, service).await;
    }
    measured(&world, "api-gateway", 0).await;
    measured(&world, "intent-parser-server", 0).await;
    for kind in ["disk", "memory"] {
        let alert = json!({"service_name": "intent-parser-server", "alert_type": kind,
            "severity": "critical", "message": "m"});
        world.post("/alerts", &alert).await;
    }
    let found = health(&world, "api-gateway").await;
    adds_up(&found);
    let dependency = json!({"reason": "dependency", "points": 15, "stale": false,
        "detail": "intent-parser-server at 70"});
    let deductions = found["deductions"]
        .as_array()
        .expect("a list");
    assert_eq!(deductions.last(), Some(&dependency));
    assert_eq!(
        found["dependencies"],
        json!([{"service_name": "intent-parser-server", "score": 70, "weight": 0.5}])
    );
    assert_eq!(found["probable_cause"], "intent-parser-server");
}

#[tokio::test]
async fn a_service_that_nobody_measures_is_unknown() {
    let world = World::new();
    promised(&world, "checkout", "Checkout").await;
    let found = health(&world, "checkout").await;
    assert_eq!(
        (&found["score"], &found["status"]),
        (&json!(null), &json!("unknown"))
    );
    assert_eq!(
        (&found["coverage"], &found["slos"][0]["state"]),
        (&json!(0), &json!("waiting"))
    );
    world
        .post("/services", &json!({"name": "named"}))
        .await;
    let found = health(&world, "named").await;
    assert_eq!(
        (&found["status"], &found["coverage"]),
        (&json!("unknown"), &json!(null))
    );
}

#[tokio::test]
async fn probes_that_are_down_cost() {
    let world = World::new();
    for _ in 0..3 {
        world
            .push("checkout", "probe_success", counts(0, 1))
            .await;
        world.run_for(Span::seconds(30)).await;
    }
    let found = health(&world, "checkout").await;
    adds_up(&found);
    assert_eq!(
        (&found["score"], &found["status"]),
        (&json!(30), &json!("unhealthy"))
    );
    assert_eq!(
        found["checks"],
        json!([{"name": "probe", "up": false, "down": 1, "total": 1, "as_of": "2026-01-01T12:01:00Z", "stale": false}])
    );
    world
        .push("checkout", "probe_success", counts(1, 1))
        .await;
    assert_eq!(health(&world, "checkout").await["score"], 100);
}

#[tokio::test]
async fn every_known_service_is_in_the_list_page_by_page() {
    let world = World::new();
    for name in ["c", "a", "b"] {
        world
            .post("/services", &json!({"name": name}))
            .await;
    }
    alerted(&world, "b", "emergency").await;
    let first = world
        .get("/service-health?limit=2")
        .await
        .json();
    let shown = |page: &Value| -> Vec<(Value, Value)> {
        let items = page["items"]
            .as_array()
            .expect("items")
            .iter();
        items
            .map(|health| (health["service_name"].clone(), health["score"].clone()))
            .collect()
    };
    assert_eq!(
        shown(&first),
        [(json!("a"), json!(null)), (json!("b"), json!(75))]
    );
    let cursor = first["next_cursor"]
        .as_str()
        .expect("a cursor");
    let rest = world
        .get(&format!("/service-health?limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(
        (shown(&rest), &rest["next_cursor"]),
        (vec![(json!("c"), json!(null))], &json!(null))
    );
}

#[tokio::test]
async fn an_unknown_service_has_no_health() {
    let world = World::new();
    for path in ["/service-health/nothing", "/service-health/nothing/history"] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
    for path in [
        "/service-health?limit=0",
        "/service-health?at=now",
        "/service-health?x=1",
    ] {
        assert_eq!(world.get(path).await.status, 422, "{path}");
    }
    assert_eq!(
        world
            .delete("/service-health/nothing")
            .await
            .status,
        405
    );
}
