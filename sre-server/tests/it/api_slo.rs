//! `/slo` and `/error-budget`, over the store in memory and the real evaluator.

mod at;
mod budget_history;
mod budgets;
mod calendar;
mod changes;
mod composites;
mod definitions;
mod detection;
mod document;
mod forecast;
mod history;
mod indicators;
mod lists;
mod resource;
mod shares;
mod simulate;

use serde_json::{Value, json};

use crate::http::Answered;
use crate::world::World;

/// The example of the documentation, to the letter.
const DOCUMENTED: &str = r#"{
    "name": "API Gateway Availability",
    "description": "API Gateway should be available 99.9% of the time",
    "service_name": "api-gateway",
    "metric_name": "availability",
    "target_percentage": 99.9,
    "time_window": "30d",
    "threshold_value": 99.9,
    "operator": "gte"
  }"#;

/// A body that is right, with some of its fields replaced; `null` leaves one out.
fn body(changes: &Value) -> Value {
    let mut body = json!({
        "name": "Availability",
        "service_name": "checkout",
        "metric_name": "availability",
        "target_percentage": 99,
        "time_window": "24h",
    });
    sre_server::http::json::merge_patch(&mut body, changes);
    body
}

/// Creates an SLO and answers its address.
pub(crate) async fn create(world: &World, changes: &Value) -> String {
    let made = world.post("/slo", &body(changes)).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    made.header("location").to_owned()
}

/// Where a body is wrong, in order.
fn pointers(answer: &Answered) -> Vec<String> {
    let (kind, faults) = answer.problem();
    assert_eq!((answer.status, kind.as_str()), (422, "invalid"));
    let place = |fault: &Value| {
        let place = fault
            .get("pointer")
            .or(fault.get("parameter"));
        place
            .and_then(Value::as_str)
            .expect("a place")
            .to_owned()
    };
    faults
        .as_array()
        .expect("faults")
        .iter()
        .map(place)
        .collect()
}

/// What is wrong with a body, put in words.
fn faults(answer: &Answered) -> Vec<String> {
    let (_, faults) = answer.problem();
    let faults = faults
        .as_array()
        .expect("faults")
        .iter();
    faults
        .map(|fault| {
            let place = fault
                .get("pointer")
                .or(fault.get("parameter"))
                .expect("a place");
            format!(
                "{}: {}",
                place.as_str().expect("text"),
                fault["detail"].as_str().expect("text")
            )
        })
        .collect()
}
