//! `/service-metrics`: pushed, judged one by one, durable, read back.

use serde_json::{Value, json};
use sre_store_conformance::fixtures;

use crate::http::Answered;
use crate::world::World;

mod read_back;

/// A sample of `checkout` with some fields changed.
fn sample(changes: &Value) -> Value {
    let mut sample = json!({
        "service_name": "checkout", "metric_name": "availability",
        "timestamp": "2026-01-01T12:00:00Z", "good": 998, "total": 1000,
    });
    sre_server::http::json::merge_patch(&mut sample, changes);
    sample
}

/// A bare number instead of counts.
fn number(metric: &str, value: f64) -> Value {
    sample(&json!({"metric_name": metric, "good": null, "total": null, "value": value}))
}

async fn push(world: &World, samples: &[Value]) -> Value {
    let answer = world
        .post("/service-metrics", &json!({"samples": samples}))
        .await;
    assert_eq!(answer.status, 202, "{:?}", answer.body);
    answer.json()
}

/// The rejected samples: their places and why.
fn rejected(told: &Value) -> Vec<(u64, &str)> {
    let rejected = told["rejected"]
        .as_array()
        .expect("it is there")
        .iter();
    rejected
        .map(|one| {
            (
                one["index"]
                    .as_u64()
                    .expect("it is there"),
                one["detail"]
                    .as_str()
                    .expect("it is there"),
            )
        })
        .collect()
}

fn faults(answer: &Answered) -> Value {
    assert_eq!(answer.status, 422, "{:?}", answer.body);
    answer.problem().1
}

#[tokio::test]
async fn the_example_of_the_contract_is_taken() {
    let world = World::new();
    let told = push(&world, &[sample(&json!({})), number("latency_p95", 412.5)]).await;
    let expected = json!({
        "accepted": 2, "duplicates": 0, "replaced": 0, "late": 0, "warnings": [], "rejected": [],
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_same_again_is_a_duplicate_and_another_value_replaces_it() {
    let world = World::new();
    push(&world, &[sample(&json!({}))]).await;
    let told = push(&world, &[sample(&json!({})), sample(&json!({"good": 997}))]).await;
    assert_eq!(
        (&told["accepted"], &told["duplicates"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(told["replaced"], 1);
    let other = [
        sample(&json!({"labels": {"zone": "a"}})),
        sample(&json!({"labels": {"zone": ""}})),
    ];
    let told = push(&world, &other).await;
    assert_eq!(
        (&told["accepted"], &told["replaced"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn valid_samples_are_kept_when_others_are_refused() {
    let world = World::new();
    let batch = [
        sample(&json!({"good": 1001})),
        sample(&json!({})),
        json!("nonsense"),
        sample(&json!({"timestamp": "2026-01-01T12:05:01Z"})),
        sample(&json!({"timestamp": "2025-12-02T11:59:59Z"})),
        sample(&json!({"colour": "red", "service_name": null})),
        number("availability", 99.0),
    ];
    let told = push(&world, &batch).await;
    assert_eq!(told["accepted"], 1);
    let expected = [
        (0, "/good: good must not exceed total"),
        (2, "must be an object, not a text"),
        (3, "/timestamp: lies more than 5 minutes in the future"),
        (
            4,
            "/timestamp: is older than 30d, for which samples are kept",
        ),
    ];
    assert_eq!(rejected(&told)[..4], expected);
    let (index, detail) = rejected(&told)[4];
    assert!(index == 5 && detail.starts_with("/service_name: is required; /colour: unknown"));
    let (index, detail) = rejected(&told)[5];
    assert!(
        index == 6 && detail.contains("this metric has counts"),
        "{detail}"
    );
    let stored = world
        .get("/service-metrics?service=checkout&metric=availability")
        .await
        .json();
    assert_eq!(
        stored["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_metric_means_one_thing() {
    let world = World::new();
    push(
        &world,
        &[
            number("availability", 99.0),
            sample(&json!({"metric_name": "a"})),
        ],
    )
    .await;
    let told = push(&world, &[sample(&json!({})), number("a", 1.0)]).await;
    assert_eq!(told["accepted"], 0);
    let told = rejected(&told);
    assert!(
        told[0].1.contains("takes no counts")
            && told[1]
                .1
                .contains("takes no bare numbers")
    );
}

#[tokio::test]
async fn a_percentage_that_looks_like_a_ratio_is_taken_with_a_warning() {
    let world = World::new();
    let told = push(
        &world,
        &[number("latency_p95", 0.5), number("availability", 0.999)],
    )
    .await;
    assert_eq!(told["accepted"], 2);
    assert_eq!(
        told["warnings"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(told["warnings"][0]["index"], 1);
    let detail = told["warnings"][0]["detail"]
        .as_str()
        .unwrap();
    assert!(
        detail.contains("0.999") && detail.contains("looks like a ratio"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_sample_of_a_slice_that_had_closed_is_late() {
    let world = World::new();
    let slo = fixtures::slo(1).build();
    world
        .context
        .catalog
        .insert(&slo, &fixtures::start_of(&slo))
        .await
        .unwrap();
    world.clock.set(fixtures::at(70));
    let at = |instant: &str| sample(&json!({"timestamp": instant}));
    let told = push(
        &world,
        &[at("2026-01-01T12:00:59Z"), at("2026-01-01T12:01:00Z")],
    )
    .await;
    assert_eq!((&told["accepted"], &told["late"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_sample_without_a_timestamp_is_of_now() {
    let world = World::new();
    world
        .clock
        .set(fixtures::at_micros(7, 250));
    push(&world, &[sample(&json!({"timestamp": null}))]).await;
    let stored = world
        .get("/service-metrics?service=checkout&metric=availability")
        .await
        .json();
    assert_eq!(
        stored["items"][0]["timestamp"],
        "2026-01-01T12:00:07.000250Z"
    );
}

#[tokio::test]
async fn numbers_that_json_does_not_have_are_refused() {
    let world = World::new();
    for text in ["1e309", "-1e400", "NaN", "Infinity"] {
        let body = format!(r#"{{"samples":[{{"value":{text}}}]}}"#);
        let answer = world
            .send("POST", "/service-metrics", &[], Some(body))
            .await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (400, "malformed"),
            "{text}"
        );
        let detail = answer.json()["detail"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(detail.contains("line 1 column"), "{detail}");
    }
}

#[tokio::test]
async fn a_body_without_samples_is_refused() {
    let world = World::new();
    let refused = async |body: Value| {
        faults(
            &world
                .post("/service-metrics", &body)
                .await,
        )
    };
    assert_eq!(refused(json!({})).await[0]["pointer"], "/samples");
    assert_eq!(
        refused(json!({"samples": {}})).await[0]["pointer"],
        "/samples"
    );
    let unknown = refused(json!({"samples": [], "sample": []})).await;
    assert_eq!(unknown[0]["pointer"], "/sample");
    assert_eq!(push(&world, &[]).await["accepted"], 0);
}

#[tokio::test]
async fn ten_thousand_samples_are_taken_and_one_more_is_not() {
    let world = World::new();
    let at = |n: usize| {
        let instant = format!("2026-01-01T11:{:02}:{:02}.{:06}Z", n / 60 % 60, n % 60, n);
        sample(&json!({"timestamp": instant}))
    };
    let batch: Vec<Value> = (0..10_000).map(at).collect();
    assert_eq!(push(&world, &batch).await["accepted"], 10_000);
    let more: Vec<Value> = (0..10_001).map(at).collect();
    let answer = world
        .post("/service-metrics", &json!({"samples": more}))
        .await;
    let told = faults(&answer);
    assert_eq!(told[0]["pointer"], "/samples");
    assert!(
        told[0]["detail"]
            .as_str()
            .unwrap()
            .contains("10000")
    );
}

#[tokio::test]
async fn a_body_may_be_large_and_not_huge() {
    let world = World::new();
    let send = async |bytes: usize| {
        let body = format!(r#"{{"samples":[]{}}}"#, " ".repeat(bytes));
        world
            .send("POST", "/service-metrics", &[], Some(body))
            .await
            .status
    };
    assert_eq!(send(2 * 1024 * 1024).await, 202);
    assert_eq!(send(16 * 1024 * 1024).await, 413);
    let answer = world
        .send(
            "POST",
            "/service-metrics",
            &[("content-type", "text/csv")],
            Some("a,b".to_owned()),
        )
        .await;
    assert_eq!(answer.status, 415);
}
