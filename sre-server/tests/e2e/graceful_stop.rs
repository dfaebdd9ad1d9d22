//! SIGTERM under load loses nothing and repeats nothing.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::{Client, read_all, status};
use crate::process::{STOP_MAX, Service};
use crate::random::Random;
use crate::sink::{SECRET, Sink};
use crate::waiting::{eventually, now, say, seconds};

/// A request of which half has come, and the other half.
const HALVES: [&str; 2] = [
    "{\"service_name\":\"drilled\",\"alert_type\":\"half\",",
    "\"severity\":\"low\",\"message\":\"whole\"}",
];

/// Sends the first half of a request that posts an alert.
async fn half_a_request(client: &Client) -> TcpStream {
    let mut socket = TcpStream::connect(client.address())
        .await
        .expect("it listens");
    let length = HALVES.concat().len();
    let head = format!(
        "POST /alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{}",
        HALVES[0]
    );
    socket
        .write_all(head.as_bytes())
        .await
        .expect("it reads");
    socket
}

/// Waits until the service has seen whatever was sent before: it answers what is sent after.
async fn is_seen(client: &Client) {
    client.get("/health").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_stops_under_load_answer_what_is_in_flight_and_repeat_nothing() {
    let seed = now().timestamp_micros().cast_unsigned();
    say(&format!("stop: the seed is {seed}"));
    let mut random = Random::new(seed);
    let mut pauses = random.clone();
    // So slow that the first message of each life is under way at most stops.
    let sink = Sink::slow_by(move || pauses.millis(300, 1_200)).await;
    let mut service = Service::new()
        .with("WEBHOOK_URL", &sink.url)
        .with("WEBHOOK_SECRET", SECRET);
    let (mut acknowledged, mut slowest, mut under_way) = (Vec::new(), 0.0_f64, 0);
    for stop in 0..10 {
        let mut running = service.start().await;
        let load = tokio::spawn(post_alerts(running.client.clone(), stop));
        sleep(random.millis(300, 900)).await;
        let mut half = half_a_request(&running.client).await;
        is_seen(&running.client).await;
        under_way += sink.unanswered();
        let began = now();
        running.signal("TERM");
        eventually("new connections are refused", STOP_MAX, || async {
            TcpStream::connect(running.client.address())
                .await
                .err()
        })
        .await;
        half.write_all(HALVES[1].as_bytes())
            .await
            .expect("it still reads");
        let answer = read_all(&mut half).await;
        assert!(
            [200, 201].contains(&status(&answer)),
            "cut in flight: {answer}"
        );
        let ended = running.ended(STOP_MAX).await;
        assert_eq!(ended.code(), Some(0), "{}", running.log());
        slowest = slowest.max(seconds(began, now()));
        acknowledged.extend(
            load.await
                .expect("a client that does not panic"),
        );
    }
    assert!(slowest <= STOP_MAX.as_secs_f64(), "{slowest} s");
    assert!(under_way > 0, "no message was under way at any stop");

    let running = service.start().await;
    eventually("every alert is told", Duration::from_mins(1), || async {
        let messages = sink.messages();
        let told: Vec<&str> = messages
            .iter()
            .flat_map(crate::sink::Message::alerts)
            .filter_map(|alert| alert["id"].as_str())
            .collect();
        acknowledged
            .iter()
            .all(|id: &String| told.contains(&id.as_str()))
            .then_some(())
    })
    .await;
    assert_eq!(sink.assert_honest(), 0, "a clean stop repeats nothing");
    running.stop().await;
    say(&format!(
        "stop: 10 stops, the slowest took {slowest:.2} s; {under_way} messages were under way; {} \
         alerts acknowledged, all told once",
        acknowledged.len()
    ));
}

/// Posts alerts until nobody answers; the ids of those that were acknowledged.
async fn post_alerts(client: Client, life: u32) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0.. {
        let body = json!({
            "service_name": format!("drilled-{life}"), "alert_type": "drill", "severity": "high",
            "message": "drill", "labels": {"number": format!("{life}.{number}")},
        });
        let Ok(answer) = client
            .try_send(Method::POST, "/alerts", Some(&body))
            .await
        else {
            break;
        };
        let body = answer.expect(201);
        ids.push(
            body["id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        );
        sleep(Duration::from_millis(20)).await;
    }
    ids
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let mut service = Service::new();
    let mut running = service.start().await;
    let half = half_a_request(&running.client).await;
    is_seen(&running.client).await;
    running.signal("TERM");
    eventually("it is stopping", STOP_MAX, || async {
        TcpStream::connect(running.client.address())
            .await
            .err()
    })
    .await;
    let began = Instant::now();
    running.signal("TERM");
    let ended = running
        .ended(Duration::from_secs(2))
        .await;
    say(&format!(
        "stop: ended {:.2} s after the second signal",
        began.elapsed().as_secs_f64()
    ));
    assert_eq!(
        ended.code(),
        Some(1),
        "what is cut is no clean end: {}",
        running.log()
    );
    drop(half);
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_does_not_keep_the_service() {
    let mut service = Service::new();
    let mut running = service.start().await;
    let _half = half_a_request(&running.client).await;
    is_seen(&running.client).await;
    let began = now();
    running.signal("TERM");
    let ended = running.ended(STOP_MAX).await;
    assert_eq!(ended.code(), Some(0), "{}", running.log());
    assert!(now() - began <= TimeDelta::seconds(10));
}
