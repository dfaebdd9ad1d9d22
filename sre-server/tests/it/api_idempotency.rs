//! A POST that is repeated under the same `Idempotency-Key` is done once.

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value, json};
use sre_core::time::{Clock as _, Span};
use sre_server::admission::Role;

use crate::api_access::Guarded;
use crate::http::Answered;
use crate::world::World;

fn slo(name: &str) -> Value {
    json!({
        "name": name, "service_name": "checkout", "metric_name": "availability",
        "target_percentage": 99.9, "time_window": "1d",
    })
}

async fn post(world: &World, path: &str, key: &str, body: &Value) -> Answered {
    let headers = [("idempotency-key", key)];
    world
        .send("POST", path, &headers, Some(body.to_string()))
        .await
}

async fn count(world: &World) -> usize {
    let page = world.get("/slo").await.json();
    page["items"]
        .as_array()
        .expect("items")
        .len()
}

#[tokio::test]
async fn a_repeat_gets_the_same_answer_and_makes_nothing() {
    let world = World::new();
    let first = post(&world, "/slo", "k-1", &slo("a")).await;
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (201, "")
    );
    let again = post(&world, "/slo", "k-1", &slo("a")).await;
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (201, "true")
    );
    assert_eq!(again.body, first.body);
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header));
        assert_ne!(again.header(header), "");
    }
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn a_key_stands_for_one_method_address_and_body() {
    let world = World::new();
    post(&world, "/slo", "k-1", &slo("a")).await;
    let alert = json!({
        "service_name": "checkout", "alert_type": "slow", "severity": "high", "message": "slow",
    });
    for (path, body) in [("/slo", slo("b")), ("/alerts", alert)] {
        let other = post(&world, path, "k-1", &body).await;
        let (kind, faults) = other.problem();
        assert_eq!((other.status, kind.as_str()), (422, "invalid"));
        assert_eq!(faults[0]["parameter"], "Idempotency-Key");
    }
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let world = World::new();
    let refused = post(&world, "/slo", "k-1", &json!({})).await;
    assert_eq!(refused.status, 422);
    let again = post(&world, "/slo", "k-1", &json!({})).await;
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (422, "true")
    );
    assert_eq!(again.body, refused.body);
}

#[tokio::test]
async fn after_a_day_a_key_is_new() {
    let world = World::new();
    post(&world, "/slo", "k-1", &slo("a")).await;
    let later = world.clock.now() + Span::hours(24).as_delta() + Span::SECOND.as_delta();
    world.clock.set(later);
    let other = post(&world, "/slo", "k-1", &slo("b")).await;
    assert_eq!(
        (other.status, other.header("idempotency-replayed")),
        (201, "")
    );
}

#[tokio::test]
async fn what_is_no_key_is_refused_and_other_methods_have_none() {
    let world = World::new();
    for key in ["", "two words", &"x".repeat(256), "ä"] {
        let refused = post(&world, "/slo", key, &slo("a")).await;
        assert_eq!(refused.status, 422, "{key}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let refused = world
        .send("POST", "/slo", &twice, Some(slo("a").to_string()))
        .await;
    assert_eq!(refused.status, 422);
    let read = world
        .send("GET", "/slo", &[("idempotency-key", "two words")], None)
        .await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn two_callers_may_use_the_same_key() {
    let guarded = Guarded::new();
    let body = slo("a").to_string();
    let mut answers = Vec::new();
    for role in [Role::Write, Role::Administer, Role::Write] {
        let bearer = format!("Bearer {}", guarded.token(role));
        let headers = [("idempotency-key", "k-1"), ("authorization", &*bearer)];
        let answer = guarded
            .world
            .send("POST", "/slo", &headers, Some(body.clone()))
            .await;
        answers.push((
            answer.status,
            answer
                .header("idempotency-replayed")
                .to_owned(),
        ));
    }
    // The second caller's is done, and the name is taken.
    let expected = [(201, ""), (409, ""), (201, "true")];
    assert_eq!(
        answers,
        expected.map(|(status, replayed)| (status, replayed.to_owned()))
    );
}

#[tokio::test]
async fn of_many_at_once_one_is_done_and_the_others_are_told() {
    let world = Arc::new(World::new());
    let racing: Vec<_> = (0..16)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                post(&world, "/slo", "k-1", &slo("a"))
                    .await
                    .status
            })
        })
        .collect();
    let mut made = 0;
    for answer in racing {
        let status = answer.await.expect("no panic");
        assert!([201, 409].contains(&status), "{status}");
        made += usize::from(status == 201);
    }
    assert!(made >= 1);
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn every_post_of_the_api_takes_a_key() {
    let world = World::new();
    let posts: Vec<_> = world
        .router
        .lines()
        .iter()
        .filter(|line| line.method == Method::POST && !line.is_page)
        .collect();
    assert!(posts.len() >= 5, "{posts:?}");
    for line in posts {
        let path = line
            .pattern
            .replace("{id}", "00000000-0000-0000-0000-000000000000");
        let key = line.pattern;
        let first = post(&world, &path, key, &json!({})).await;
        assert!(first.status < 500, "{path}");
        let again = post(&world, &path, key, &json!({})).await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
        assert_eq!(again.body, first.body, "{path}");
    }
}
