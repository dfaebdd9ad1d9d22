//! SLOs whose slices are counted in shares: whatever is shown is in slices.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::create;
use crate::world::World;

/// The largest figure of these names, at any depth.
fn largest(value: &Value) -> f64 {
    const UNITS: [&str; 6] = ["good", "bad", "total", "allowed", "consumed", "remaining"];
    match value {
        Value::Array(items) => items
            .iter()
            .map(largest)
            .fold(0.0, f64::max),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| match field.as_f64() {
                Some(figure) if UNITS.contains(&name.as_str()) => figure.abs(),
                _ => largest(field),
            })
            .fold(0.0, f64::max),
        _ => 0.0,
    }
}

#[tokio::test]
async fn every_answer_and_page_counts_shares_in_slices() {
    let world = World::new();
    let address = create(
        &world,
        &json!({"budgeting_method": "ratio_timeslices", "time_window": "1h"}),
    )
    .await;
    // Traffic is a thousand times that of the calm minutes in those that fail in part.
    for minute in 0..30 {
        let sample = if minute < 20 {
            counts(100, 100)
        } else {
            counts(75_000, 100_000)
        };
        world
            .push("checkout", "availability", sample)
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::minutes(1)).await;
    let slo = world.get(&address).await.json();
    assert_eq!(slo["budgeting_method"], "ratio_timeslices");
    let status = &slo["status"];
    assert_eq!(
        (
            &status["good"],
            &status["bad"],
            &status["total"],
            &status["unit"]
        ),
        (&json!(27.5), &json!(2.5), &json!(30), &json!("slices"))
    );
    assert_eq!(status["error_budget"]["allowed"], json!(0.3));
    assert_eq!(status["error_budget"]["consumed"], json!(2.5));
    assert_eq!(status["error_budget"]["remaining"], json!(-2.2));
    for path in [
        address.clone(),
        format!("{address}/history"),
        "/error-budget".to_owned(),
        "/error-budget/checkout".to_owned(),
        "/alerts".to_owned(),
        "/incidents".to_owned(),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let found = largest(&answer.json());
        assert!(found <= 60.0, "{path}: {found}");
    }
    let alerts = world.get("/alerts").await.json();
    assert!(
        !alerts["items"]
            .as_array()
            .expect("items")
            .is_empty(),
        "it burns: {alerts}"
    );
    let page = world
        .get(&address.replace("/slo/", "/ui/slos/"))
        .await;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(page.contains("2.5") && !page.contains("000,000"), "{page}");
}
