//! `GET /service-metrics`.

use serde_json::{Value, json};

use super::{faults, number, push, sample};
use crate::world::World;

const PATH: &str = "/service-metrics?service=checkout&metric=availability";

/// A world with a pair of counts in two zones at each of these seconds after noon.
async fn pushed(seconds: &[u32]) -> World {
    let world = World::new();
    let samples: Vec<Value> = seconds
        .iter()
        .flat_map(|second| {
            let (minute, second) = (second / 60, second % 60);
            ["a", "b"].map(|zone| {
                let at = format!("2026-01-01T12:{minute:02}:{second:02}Z");
                sample(&json!({"timestamp": at, "labels": {"zone": zone}}))
            })
        })
        .collect();
    assert_eq!(push(&world, &samples).await["rejected"], json!([]));
    world
}

#[tokio::test]
async fn samples_are_read_back_in_the_form_in_which_they_are_pushed() {
    let world = World::new();
    let pushed = [
        sample(&json!({"labels": {"zone": "a"}})),
        sample(&json!({"good": null, "bad": 2, "labels": {"zone": "b"}})),
    ];
    push(&world, &pushed).await;
    let list = world.get(PATH).await.json();
    let expected = |zone: &str| {
        json!({
            "service_name": "checkout", "metric_name": "availability", "labels": {"zone": zone},
            "timestamp": "2026-01-01T12:00:00Z", "value": null, "good": 998, "total": 1000,
        })
    };
    assert_eq!(
        list,
        json!({"items": [expected("a"), expected("b")], "next_cursor": null})
    );
    let again = push(&world, list["items"].as_array().unwrap()).await;
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(2))
    );
}

#[tokio::test]
async fn only_the_stretch_that_is_asked_for_is_shown() {
    let world = pushed(&[0, 60, 120]).await;
    let count = async |query: &str| {
        let list = world
            .get(&format!("{PATH}{query}"))
            .await
            .json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 6);
    assert_eq!(count("&from=2026-01-01T12:01:00Z").await, 4);
    assert_eq!(count("&to=2026-01-01T12:01:00Z").await, 2);
    assert_eq!(
        count("&from=2026-01-01T12:01:00Z&to=2026-01-01T12:02:00Z").await,
        2
    );
    assert_eq!(count("&from=2027-01-01T00:00:00Z").await, 0);
    let unknown = world
        .get("/service-metrics?service=x&metric=y")
        .await
        .json();
    assert_eq!(unknown, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn samples_are_walked_page_by_page_also_within_one_instant() {
    let world = pushed(&[0, 60, 120]).await;
    for limit in 1..=7 {
        let (mut query, mut seen) = (format!("&limit={limit}"), Vec::new());
        loop {
            let page = world
                .get(&format!("{PATH}{query}"))
                .await
                .json();
            let items = page["items"]
                .as_array()
                .unwrap()
                .clone();
            assert!(items.len() <= limit);
            seen.extend(items);
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            query = format!("&limit={limit}&cursor={cursor}");
        }
        let places: Vec<_> = seen
            .iter()
            .map(|item| {
                (
                    item["timestamp"].to_string(),
                    item["labels"]["zone"].to_string(),
                )
            })
            .collect();
        assert!(
            places.is_sorted() && places.len() == 6,
            "{limit}: {places:?}"
        );
    }
}

#[tokio::test]
async fn with_a_step_counts_of_all_series_are_summed() {
    let world = pushed(&[0, 59, 60, 240]).await;
    let list = world
        .get(&format!("{PATH}&step=1m"))
        .await
        .json();
    let sums: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            assert_eq!(
                (&item["labels"], &item["value"]),
                (&json!({}), &Value::Null)
            );
            let at = item["timestamp"]
                .as_str()
                .unwrap()
                .to_owned();
            (
                at,
                item["good"].as_u64().unwrap(),
                item["total"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [("12:00", 4), ("12:01", 2), ("12:04", 2)]
        .map(|(at, n)| (format!("2026-01-01T{at}:00Z"), n * 998, n * 1000));
    assert_eq!(sums, expected);
}

#[tokio::test]
async fn numbers_have_no_sum() {
    let world = World::new();
    push(&world, &[number("latency_p95", 412.5)]).await;
    let path = "/service-metrics?service=checkout&metric=latency_p95";
    let list = world.get(path).await.json();
    assert_eq!(
        (&list["items"][0]["value"], &list["items"][0]["good"]),
        (&json!(412.5), &json!(null))
    );
    let told = faults(
        &world
            .get(&format!("{path}&step=5m"))
            .await,
    );
    assert_eq!(told[0]["parameter"], "step");
    assert!(
        told[0]["detail"]
            .as_str()
            .unwrap()
            .contains("numbers")
    );
}

#[tokio::test]
async fn steps_are_bounded() {
    let world = pushed(&[0]).await;
    let month = "&from=2025-12-02T12:00:00Z&to=2026-01-01T12:00:00Z";
    let told = faults(
        &world
            .get(&format!("{PATH}{month}&step=1m"))
            .await,
    );
    assert!(
        told[0]["detail"]
            .as_str()
            .unwrap()
            .contains("1000 items")
    );
    let page = world
        .get(&format!("{PATH}&limit=1"))
        .await
        .json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let told = faults(
        &world
            .get(&format!("{PATH}&step=1m&cursor={cursor}"))
            .await,
    );
    assert_eq!(told[0]["parameter"], "cursor");
}

#[tokio::test]
async fn every_fault_of_a_query_is_told_at_once() {
    let world = World::new();
    let query = "/service-metrics?metric=a%20b&from=today&step=0s&limit=1001";
    let mut told: Vec<_> = faults(&world.get(query).await)
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            fault["parameter"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    told.sort();
    assert_eq!(told, ["from", "limit", "metric", "service", "step"]);
    let backwards = "&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z";
    let told = faults(
        &world
            .get(&format!("{PATH}{backwards}"))
            .await,
    );
    assert_eq!(told[0]["parameter"], "to");
}
