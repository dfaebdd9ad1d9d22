//! `POST /slo/simulate`.

use std::sync::Arc;

use serde_json::{Value, json};
use sre_core::source::{Answer, Measurement, MetricSource, Question};
use sre_core::time::Span;
use sre_server::simulation::SimulationRoom;
use sre_store_conformance::fixtures::counts;

use super::{body, create, faults, pointers};
use crate::world::World;

/// An SLO of a day at 99 % with two hours of data, of which minutes 60 to 79 lost half.
async fn lived() -> (World, Value) {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    for minute in 0..120 {
        let bad = if (60..80).contains(&minute) { 50 } else { 0 };
        world
            .push("checkout", "availability", counts(100 - bad, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::minutes(1)).await;
    (world, json!(path.trim_start_matches("/slo/")))
}

async fn simulate(world: &World, asked: &Value) -> Value {
    let answer = world.post("/slo/simulate", asked).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

#[tokio::test]
async fn stored_slices_tell_which_pages_each_policy_would_have_sent() {
    let (world, id) = lived().await;
    let found = simulate(
        &world,
        &json!({"slo_id": id, "policies": ["current", "google-sre", {
            "name": "sleepy",
            "rules": [{"level": "critical", "factor": 60, "long": "1h", "short": "5m"}],
        }]}),
    )
    .await;
    assert_eq!((&found["basis"], &found["slo_id"]), (&json!("stored"), &id));
    assert_eq!(found["from"], "2026-01-01T12:00:00Z");
    assert_eq!(found["to"], "2026-01-01T14:00:00Z");
    assert_eq!(
        (&found["measured"], &found["slices"]),
        (&json!(120), &json!(120))
    );
    assert_eq!(found["gaps_total"], 0);
    let events = found["significant_events"]
        .as_array()
        .expect("events");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["from"], "2026-01-01T13:00:00Z");
    assert_eq!(events[0]["bad"], 1_000);
    let by_name = |name: &str| {
        let policies = found["policies"]
            .as_array()
            .expect("policies");
        let policy = policies
            .iter()
            .find(|policy| policy["name"] == name);
        policy.expect(name).clone()
    };
    let current = by_name("current");
    assert_eq!(
        (&current["pages"], &current["pages_quality"]["recall"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(current["alerts"][0]["truth"], "first");
    let sleepy = by_name("sleepy");
    assert_eq!(
        (&sleepy["pages"], &sleepy["pages_quality"]["recall"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(sleepy["pages_quality"]["precision"], Value::Null);
    assert_eq!(
        sleepy["pages_quality"]["detections"][0]["detection_seconds"],
        Value::Null
    );

    // What happened and what the replay says of it are the same page.
    let alerts = world.get("/alerts").await.json();
    let page = alerts["items"]
        .as_array()
        .expect("alerts")
        .iter()
        .find(|alert| alert["alert_type"] == "burn_rate")
        .expect("it paged");
    let replayed = current["alerts"]
        .as_array()
        .expect("alerts")
        .iter()
        .find(|alert| alert["alert_type"] == "burn_rate")
        .expect("it pages");
    assert_eq!(page["message"], replayed["message"]);
    assert_eq!(page["severity"], replayed["severity_max"]);
}

#[tokio::test]
async fn another_target_reads_the_same_slices_and_is_stored_nowhere() {
    let (world, id) = lived().await;
    let path = format!("/slo/{}", id.as_str().expect("an id"));
    let before = world.get(&path).await.json();
    let asked = json!({"slo_id": id, "overrides": {"target_percentage": 50, "time_window": "12h"}});
    let found = simulate(&world, &asked).await;
    assert_eq!(found["basis"], "stored");
    assert_eq!(
        (&found["target_percentage"], &found["time_window"]),
        (&json!(50), &json!("12h"))
    );
    // Half of half is what a target of 50 % allows: nothing burns too fast.
    assert_eq!(found["significant_events"], json!([]));
    assert_eq!(world.get(&path).await.json(), before);
}

#[tokio::test]
async fn what_counts_something_else_is_folded_from_stored_samples() {
    let (world, id) = lived().await;
    let asked = json!({
        "slo_id": id, "from": "2026-01-01T12:00:00Z",
        "overrides": {"budgeting_method": "timeslices", "slice": "5m"},
    });
    let found = simulate(&world, &asked).await;
    assert_eq!(
        (&found["basis"], &found["slices"]),
        (&json!("samples"), &json!(24))
    );
    assert_eq!(
        found["significant_events"][0]["bad"], 4,
        "four slices of five minutes"
    );
    let new = json!({"slo": body(&json!({"name": "another"})), "from": "2026-01-01T12:00:00Z"});
    let found = simulate(&world, &new).await;
    assert_eq!(
        (&found["basis"], &found["slo_id"]),
        (&json!("samples"), &Value::Null)
    );
    assert_eq!(found["significant_events"][0]["bad"], 1_000);
    assert!(
        world.get("/slo").await.json()["items"]
            .as_array()
            .is_some_and(|items| items.len() == 1)
    );
}

/// A source of a hundred good requests a minute.
#[derive(Debug)]
struct Steady;

#[async_trait::async_trait]
impl MetricSource for Steady {
    async fn measure(&self, question: &Question<'_>) -> Answer {
        let seconds = (question.during.end() - question.during.start()).num_seconds();
        let slices = seconds / question.width.span().as_secs_i64();
        let slices = usize::try_from(slices).expect("few");
        let measured = sre_core::count::Counts::events(100, 100).expect("counts");
        Answer::exact(vec![Measurement::Measured(measured); slices])
    }

    fn describe(&self) -> String {
        "steady".to_owned()
    }
}

#[tokio::test]
async fn a_definition_on_a_source_is_asked_of_the_source() {
    let mut world = World::with_prometheus();
    let context = Arc::get_mut(&mut world.context).expect("nobody else holds it");
    context.source = Some(Arc::new(Steady));
    let counters = json!({
        "type": "ratio", "source": "prometheus",
        "good": "http_requests_total{code!~\"5..\"}", "total": "http_requests_total",
    });
    let slo = body(&json!({"metric_name": null, "indicator": counters}));
    let asked = json!({"slo": slo, "from": "2026-01-01T06:00:00Z"});
    let found = simulate(&world, &asked).await;
    assert_eq!(
        (&found["basis"], &found["measured"]),
        (&json!("source"), &json!(359))
    );
    let long = json!({"slo": slo, "from": "2025-12-20T06:00:00Z"});
    let answer = world.post("/slo/simulate", &long).await;
    assert_eq!(pointers(&answer), ["/from"]);
    assert!(
        faults(&answer)[0].contains("a source is asked for 7d"),
        "{:?}",
        faults(&answer)
    );
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once_and_where_it_is() {
    let (world, id) = lived().await;
    for (asked, told) in [
        (json!({}), vec!["/slo_id"]),
        (json!({"slo_id": id, "slo": {}}), vec!["/slo"]),
        (
            json!({"slo_id": "x", "to": "soon", "who": 1}),
            vec!["/slo_id", "/to", "/who"],
        ),
        (
            json!({"slo_id": id, "to": "2027-01-01T00:00:00Z"}),
            vec!["/to"],
        ),
        (
            json!({"slo_id": id, "from": "2026-01-02T00:00:00Z"}),
            vec!["/from"],
        ),
        (
            json!({"slo_id": id, "from": "2020-01-01T00:00:00Z"}),
            vec!["/from"],
        ),
        (
            json!({"slo_id": id, "significant_percentage": 0}),
            vec!["/significant_percentage"],
        ),
        (json!({"slo_id": id, "policies": []}), vec!["/policies"]),
        (
            json!({"slo_id": id, "policies": ["best"]}),
            vec!["/policies/0"],
        ),
        (
            json!({"slo_id": id, "policies": ["default", "default"]}),
            vec!["/policies/1"],
        ),
        (
            json!({"slo_id": id, "policies": [{"name": "default", "rules": []}]}),
            vec!["/policies/0/rules", "/policies/0/name"],
        ),
        (
            json!({"slo_id": id, "policies": ["default", {"name": "never", "rules": [
                {"level": "critical", "factor": 200, "long": "1h", "short": "5m"},
            ]}]}),
            vec!["/policies/1/rules/0"],
        ),
        (
            json!({"slo_id": id, "overrides": {"target_percentage": 100}}),
            vec!["/overrides/target_percentage"],
        ),
        (json!({"slo_id": id, "overrides": []}), vec!["/overrides"]),
        (
            json!({"slo": {"name": "x", "target_percentage": 100}, "significant_percentage": -1}),
            vec![
                "/significant_percentage",
                "/slo/target_percentage",
                "/slo/service_name",
                "/slo/metric_name",
            ],
        ),
        (
            json!({"slo": body(&json!({})), "overrides": {}}),
            vec!["/overrides"],
        ),
    ] {
        let answer = world
            .post("/slo/simulate", &asked)
            .await;
        let mut found = pointers(&answer);
        let mut told = told;
        found.sort_unstable();
        told.sort_unstable();
        assert_eq!(found, told, "{asked}");
    }
}

#[tokio::test]
async fn what_is_unknown_or_was_never_measured_says_so() {
    let world = World::new();
    let id = "019bd1a0-0000-7000-8000-000000000001";
    let answer = world
        .post("/slo/simulate", &json!({"slo_id": id}))
        .await;
    assert_eq!(faults(&answer), ["/slo_id: there is no such SLO"]);
    let path = create(&world, &json!({})).await;
    let asked = json!({"slo_id": path.trim_start_matches("/slo/")});
    let answer = world
        .post("/slo/simulate", &asked)
        .await;
    assert_eq!(
        faults(&answer),
        ["/from: nothing was measured in this stretch"]
    );
}

#[tokio::test]
async fn beyond_so_many_at_once_one_comes_again_later() {
    let world = World::new();
    let room: &SimulationRoom = &world.context.simulations;
    let places: Vec<_> = std::iter::from_fn(|| room.enter()).collect();
    let id = "019bd1a0-0000-7000-8000-000000000001";
    let answer = world
        .post("/slo/simulate", &json!({"slo_id": id}))
        .await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "5");
    drop(places);
    let answer = world
        .post("/slo/simulate", &json!({"slo_id": id}))
        .await;
    assert_eq!(faults(&answer), ["/slo_id: there is no such SLO"]);
}
