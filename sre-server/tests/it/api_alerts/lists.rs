//! `GET /alerts` and `GET /alerts/{id}`.

use serde_json::{Value, json};
use sre_store_conformance::fixtures;

use super::{places, reported};
use crate::world::World;

/// A world with three alerts, a minute apart: of `a` resolved, of `b` acknowledged, of `c` firing.
async fn three() -> World {
    let world = World::new();
    for (n, (service, act)) in [
        ("a", Some("resolve")),
        ("b", Some("acknowledge")),
        ("c", None),
    ]
    .into_iter()
    .enumerate()
    {
        world
            .clock
            .set(fixtures::at(60 * i64::try_from(n).expect("it succeeds")));
        let severity = ["low", "critical", "emergency"][n];
        let changes = json!({"service_name": service, "severity": severity, "alert_type": service});
        let alert = reported(&world, &changes).await.json();
        if let Some(act) = act {
            let path = format!(
                "/alerts/{}/{act}",
                alert["id"]
                    .as_str()
                    .expect("it is there")
            );
            assert_eq!(
                world
                    .post(&path, &json!({}))
                    .await
                    .status,
                200
            );
        }
    }
    world
}

/// The services of the alerts of a list.
async fn services(world: &World, query: &str) -> Vec<String> {
    let answer = world
        .get(&format!("/alerts{query}"))
        .await;
    assert_eq!(answer.status, 200, "{query}: {:?}", answer.body);
    names(&answer.json())
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"]
        .as_array()
        .expect("it is there")
        .iter();
    items
        .map(|item| {
            item["service_name"]
                .as_str()
                .expect("it is there")
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let answer = World::new().get("/alerts").await;
    assert_eq!(answer.json(), json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn alerts_are_listed_the_newest_first_and_filtered() {
    let world = three().await;
    for (query, expected) in [
        ("", "c b a"),
        ("?service=b", "b"),
        ("?service=unknown", ""),
        ("?state=firing", "c"),
        ("?state=acknowledged", "b"),
        ("?state=resolved", "a"),
        ("?state=pending", ""),
        ("?severity=low", "a"),
        ("?type=c", "c"),
        ("?from=2026-01-01T12:01:00Z", "c b"),
        ("?to=2026-01-01T12:01:00Z", "a"),
        ("?from=2026-01-01T12:01:00Z&to=2026-01-01T12:02:00Z", "b"),
        ("?state=firing&severity=low", ""),
    ] {
        assert_eq!(services(&world, query).await.join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn a_list_is_walked_page_by_page() {
    let world = three().await;
    let first = world
        .get("/alerts?limit=2")
        .await
        .json();
    assert_eq!(names(&first), ["c", "b"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world
        .get(&format!("/alerts?limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(
        (names(&second), &second["next_cursor"]),
        (vec!["a".to_owned()], &Value::Null)
    );
}

#[tokio::test]
async fn the_largest_page_says_that_more_follows() {
    let world = World::new();
    for n in 0..1001 {
        reported(&world, &json!({"labels": {"n": n.to_string()}})).await;
    }
    let first = world
        .get("/alerts?limit=1000")
        .await
        .json();
    assert_eq!(first["items"].as_array().unwrap().len(), 1000);
    let cursor = first["next_cursor"]
        .as_str()
        .expect("one more");
    let rest = world
        .get(&format!("/alerts?limit=1000&cursor={cursor}"))
        .await
        .json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next_cursor"], Value::Null);
}

#[tokio::test]
async fn every_fault_of_a_query_is_told_at_once() {
    let world = World::new();
    let query = "/alerts?service=a%20b&state=new&severity=x&type=%20&from=today&limit=0&cursor=x";
    let mut told = places(&world.get(query).await);
    told.sort();
    assert_eq!(
        told,
        [
            "cursor", "from", "limit", "service", "severity", "state", "type"
        ]
    );
    assert_eq!(places(&world.get("/alerts?sate=firing").await), ["sate"]);
    let backwards = "/alerts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z";
    assert_eq!(places(&world.get(backwards).await), ["to"]);
}

#[tokio::test]
async fn an_unknown_alert_is_not_found_whatever_is_asked_of_it() {
    let world = World::new();
    for id in ["018f0000-0000-7000-8000-000000000000", "seven"] {
        for path in [
            format!("/alerts/{id}"),
            format!("/alerts/{id}/notifications"),
        ] {
            assert_eq!(world.get(&path).await.status, 404, "{path}");
        }
        for act in ["acknowledge", "resolve"] {
            let path = format!("/alerts/{id}/{act}");
            assert_eq!(
                world
                    .post(&path, &json!({}))
                    .await
                    .status,
                404,
                "{path}"
            );
        }
    }
}
