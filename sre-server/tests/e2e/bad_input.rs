//! What no client should send: each is answered with what is wrong, and nothing breaks.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::{Client, read_all, status};
use crate::process::Service;
use crate::waiting::now;

/// An id that nothing has.
const NOWHERE: &str = "0198c0de-0000-7000-8000-000000000000";

/// One request by hand; what came back.
async fn sent(client: &Client, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    client.raw(request).await
}

fn slo(changes: Value) -> Value {
    changed(
        json!({
            "name": "Good", "service_name": "checkout", "metric_name": "availability",
            "target_percentage": 99.9, "time_window": "30d",
        }),
        changes,
    )
}

fn changed(mut body: Value, changes: Value) -> Value {
    let fields = body.as_object_mut().expect("an object");
    let Value::Object(changes) = changes else {
        panic!("{changes} is no object")
    };
    fields.extend(changes);
    body
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[tokio::test]
async fn numbers_that_are_none_are_refused_and_never_stored() {
    let mut service = Service::new();
    let running = service.start().await;
    let client = &running.client;
    let at = timestamp(now());
    for number in [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "1e400",
        "-1e400",
        "0x10",
        "01",
        "+1",
        ".",
    ] {
        let body = format!(
            "{{\"samples\":[{{\"service_name\":\"checkout\",\"metric_name\":\"availability\",\
             \"timestamp\":\"{at}\",\"good\":1,\"total\":{number}}}]}}"
        );
        let answer = sent(client, "POST", "/service-metrics", &body).await;
        assert!([400, 422].contains(&status(&answer)), "{number}: {answer}");
        assert!(
            answer.contains("application/problem+json"),
            "{number}: {answer}"
        );
        let body = format!(
            "{{\"name\":\"a\",\"service_name\":\"checkout\",\"metric_name\":\"availability\",\
             \"target_percentage\":{number}}}"
        );
        let answer = sent(client, "POST", "/slo", &body).await;
        assert!([400, 422].contains(&status(&answer)), "{number}: {answer}");
    }
    nothing_is_stored(client).await;
    running.stop().await;
}

#[tokio::test]
async fn samples_that_cannot_be_are_rejected_one_by_one_beside_good_ones() {
    let mut service = Service::new();
    let running = service.start().await;
    let client = &running.client;
    let sample = |changes: Value| {
        changed(
            json!({
                "service_name": "checkout", "metric_name": "availability",
                "timestamp": timestamp(now()), "good": 1, "total": 1,
            }),
            changes,
        )
    };
    let samples = [
        sample(json!({"good": 2, "total": 1})),
        sample(json!({"good": -1, "total": 1})),
        sample(json!({"good": -2, "total": -1})),
        sample(json!({"good": 1, "total": 1e13})),
        sample(json!({"good": "1"})),
        sample(json!({"value": 99.0})),
        sample(json!({"bad": 1})),
        sample(json!({"service_name": "no spaces"})),
        sample(json!({"timestamp": "yesterday"})),
        sample(json!({"timestamp": timestamp(now() + TimeDelta::minutes(6))})),
        sample(json!({"timestamp": timestamp(now() - TimeDelta::days(31))})),
        sample(json!({"unheard": 1})),
        json!({}),
        json!([]),
    ];
    let bad = samples.len();
    let mut samples = samples.to_vec();
    samples.push(sample(json!({})));
    let answer = client
        .post("/service-metrics", &json!({"samples": samples}))
        .await
        .expect(202);
    assert_eq!(answer["accepted"], 1, "{answer}");
    let indices: Vec<u64> = answer["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|rejected| rejected["index"].as_u64())
        .collect();
    let wanted: Vec<u64> = (0..u64::try_from(bad).expect("few")).collect();
    assert_eq!(indices, wanted, "{answer}");
    let stored = client
        .items("/service-metrics?service=checkout&metric=availability")
        .await;
    assert_eq!(stored.len(), 1, "{stored:?}");
    running.stop().await;
}

#[tokio::test]
async fn slos_that_cannot_be_are_refused_with_every_fault() {
    let mut service = Service::new();
    let running = service.start().await;
    let client = &running.client;
    for (changes, field) in [
        (json!({"target_percentage": 0}), "/target_percentage"),
        (json!({"target_percentage": 100}), "/target_percentage"),
        (json!({"target_percentage": -1}), "/target_percentage"),
        (
            json!({"target_percentage": 99.999_999_9}),
            "/target_percentage",
        ),
        (json!({"time_window": "1m"}), "/time_window"),
        (json!({"time_window": "401d"}), "/time_window"),
        (json!({"time_window": "soon"}), "/time_window"),
        (json!({"slice": "7s"}), "/slice"),
        (json!({"name": ""}), "/name"),
        (json!({"service_name": "../../etc"}), "/service_name"),
        (json!({"operator": "about"}), "/operator"),
        (json!({"unheard": 1}), "/unheard"),
    ] {
        let answer = client
            .post("/slo", &slo(changes.clone()))
            .await;
        let body = answer.expect(422);
        let pointers: Vec<&str> = body["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        assert!(pointers.contains(&field), "{changes}: {body}");
    }
    let all = slo(json!({"target_percentage": 0, "time_window": "1m", "name": "", "unheard": 1}));
    let body = client
        .post("/slo", &all)
        .await
        .expect(422);
    assert!(
        body["errors"]
            .as_array()
            .expect("errors")
            .len()
            >= 4,
        "{body}"
    );
    nothing_is_stored(client).await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_404_and_what_is_no_json_is_400() {
    let mut service = Service::new();
    let running = service.start().await;
    let client = &running.client;
    for (method, path) in [
        ("GET", format!("/slo/{NOWHERE}")),
        ("PUT", format!("/slo/{NOWHERE}")),
        ("DELETE", format!("/slo/{NOWHERE}")),
        ("GET", format!("/slo/{NOWHERE}/history")),
        ("GET", "/slo/no-id".to_owned()),
        ("GET", format!("/alerts/{NOWHERE}")),
        ("POST", format!("/alerts/{NOWHERE}/acknowledge")),
        ("POST", format!("/alerts/{NOWHERE}/resolve")),
        ("GET", format!("/alerts/{NOWHERE}/notifications")),
        ("GET", "/error-budget/nobody".to_owned()),
        ("GET", "/nowhere".to_owned()),
    ] {
        let body = if method == "PUT" {
            slo(json!({})).to_string()
        } else {
            "{}".to_owned()
        };
        let body = if method == "GET" || method == "DELETE" {
            ""
        } else {
            &body
        };
        let answer = sent(client, method, &path, body).await;
        assert_eq!(status(&answer), 404, "{method} {path}: {answer}");
    }
    for path in ["/slo", "/alerts", "/service-metrics"] {
        for body in [
            "",
            "{",
            "[1,",
            "\"",
            "{\"a\":1}}",
            "\u{feff}{",
            "nul",
            "{\"a\":\"\\ud800\"}",
        ] {
            let answer = sent(client, "POST", path, body).await;
            assert!(
                [400, 422].contains(&status(&answer)),
                "{path} {body}: {answer}"
            );
        }
        let deep = "[".repeat(100_000);
        let answer = sent(client, "POST", path, &deep).await;
        assert!(
            [400, 422].contains(&status(&answer)),
            "{path}, nested: {answer}"
        );
    }
    let answer = sent(client, "PATCH", "/alerts", "{}").await;
    assert_eq!(status(&answer), 405, "{answer}");
    assert!(
        answer
            .to_lowercase()
            .contains("\r\nallow: "),
        "{answer}"
    );
    let answer = client
        .raw("GET /slo HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        .await;
    assert_eq!(status(&answer), 421, "{answer}");
    client.get("/health").await.expect(200);
    running.stop().await;
}

#[tokio::test]
async fn huge_bodies_are_refused_before_they_are_read_and_dripping_ones_are_given_up() {
    let mut service = Service::new();
    let running = service.start().await;
    let client = &running.client;
    for (path, length) in [("/slo", 1_048_577_u64), ("/service-metrics", 1 << 40)] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        let answer = client.raw(head).await;
        assert_eq!(status(&answer), 413, "{path}: {answer}");
    }
    let large = json!({"samples": [], "filler": "x".repeat(17 << 20)});
    let answer = client
        .try_send(Method::POST, "/service-metrics", Some(&large))
        .await;
    // It may close while the rest is still being sent.
    assert!(
        answer.is_err() || answer.is_ok_and(|answer| answer.status == 413),
        "17 MiB"
    );

    let mut socket = TcpStream::connect(client.address())
        .await
        .expect("it listens");
    let head = "POST /slo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 1000\r\n\r\n";
    socket
        .write_all(head.as_bytes())
        .await
        .expect("it reads");
    let began = Instant::now();
    let (mut read, mut write) = socket.into_split();
    let dripping = tokio::spawn(async move {
        while write.write_all(b" ").await.is_ok() {
            sleep(Duration::from_millis(500)).await;
        }
    });
    let mut first = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut read, &mut first)
        .await
        .expect("an answer");
    dripping.abort();
    assert_eq!(
        &first,
        b"HTTP/1.1 408",
        "{:?}",
        String::from_utf8_lossy(&first)
    );
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );

    let mut silent = TcpStream::connect(client.address())
        .await
        .expect("it listens");
    let began = Instant::now();
    let answer = read_all(&mut silent).await;
    assert!(began.elapsed() < Duration::from_secs(12), "{answer}");
    client.get("/health").await.expect(200);
    running.stop().await;
}

/// No SLO but those that a new store has, and no sample of `checkout`.
async fn nothing_is_stored(client: &Client) {
    let slos = client
        .items("/slo?service=checkout")
        .await;
    assert!(slos.is_empty(), "{slos:?}");
    let answer = client
        .get("/service-metrics?service=checkout&metric=availability")
        .await;
    assert!(
        answer.status == 404 || answer.body["items"] == json!([]),
        "{}",
        answer.body
    );
}
