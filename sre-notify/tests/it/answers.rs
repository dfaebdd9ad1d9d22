//! What the receiver answered is what is reported.

use chrono::TimeDelta;
use sre_core::notification::{Answer, Notifier, Outgoing};

use crate::fixtures::{SECRET, config, now, outgoing, post, webhook};
use crate::sink::{Reply, Sink, answer};

/// The answer to one request by its status, with what follows the status line.
async fn answered(status: &str, headers: &str, body: &str) -> Answer {
    let sink = Sink::that(answer(status, headers, body)).await;
    post(&format!("http://127.0.0.1:{}/hook", sink.port)).await
}

fn responded(status: u16, retry_after: Option<i64>, excerpt: &str) -> Answer {
    let retry_after = retry_after.map(TimeDelta::seconds);
    Answer::Responded {
        status,
        retry_after,
        excerpt: excerpt.to_owned(),
    }
}

#[tokio::test]
async fn every_status_is_reported_with_what_was_said() {
    for (line, status) in [
        ("200 OK", 200),
        ("204 No Content", 204),
        ("400 Bad Request", 400),
        ("401 Unauthorized", 401),
        ("404 Not Found", 404),
        ("410 Gone", 410),
        ("413 Content Too Large", 413),
        ("500 Internal Server Error", 500),
        ("599 Odd", 599),
    ] {
        let said = if status == 204 { "" } else { "because" };
        assert_eq!(
            answered(line, "", said).await,
            responded(status, None, said)
        );
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_understood() {
    // Two minutes after `now`, whose quarter of a second the wait is shorter by.
    let date = "retry-after: Sun, 01 Mar 2026 12:02:00 GMT\r\n";
    let past = "retry-after: Sun, 01 Mar 2026 11:02:00 GMT\r\n";
    let limited = "429 Too Many Requests";
    assert_eq!(
        answered(limited, "retry-after: 7\r\n", "").await,
        responded(429, Some(7), "")
    );
    assert_eq!(
        answered(limited, past, "").await,
        responded(429, Some(0), "")
    );
    assert_eq!(answered(limited, "", "").await, responded(429, None, ""));
    assert_eq!(
        answered(limited, "retry-after: soon\r\n", "").await,
        responded(429, None, "")
    );
    let unavailable = answered("503 Unavailable", "Retry-After: 120\r\n", "").await;
    assert_eq!(unavailable, responded(503, Some(120), ""));
    assert_eq!(answered(limited, date, "").await, {
        let retry_after = Some(TimeDelta::milliseconds(119_750));
        Answer::Responded {
            status: 429,
            retry_after,
            excerpt: String::new(),
        }
    });
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Sink::that(answer("200 OK", "", "")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: http://127.0.0.1:{}/\r\n", elsewhere.port);
        let answer = answered(&format!("{status} Elsewhere"), &location, "").await;
        assert_eq!(answer, responded(status, None, ""));
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_answer_of_a_gigabyte_is_read_to_its_beginning() {
    let sink = Sink::that(Reply::Endless).await;
    let answer = post(&format!("http://127.0.0.1:{}/hook", sink.port)).await;
    let excerpt = "x".repeat(255) + "…";
    assert_eq!(answer, responded(200, None, &excerpt));
    // What the two ends of the connection buffer is sent beside what was read.
    assert!(
        sink.sent_bytes() < 32 * 1024 * 1024,
        "{}",
        sink.sent_bytes()
    );
}

#[tokio::test]
async fn every_try_carries_the_same_id_and_body_and_says_when_it_may_be_a_repeat() {
    let sink = Sink::scripted(vec![
        answer("503 Unavailable", "", ""),
        answer("500 Error", "", ""),
        answer("200 OK", "", ""),
    ])
    .await;
    let webhook = webhook(config(&format!("http://127.0.0.1:{}/hook?a=b", sink.port)));
    let body = r#"{"type":"alert.firing","data":"ü"}"#.as_bytes();
    for (n, is_possible_duplicate) in [(0, false), (1, false), (2, true)] {
        let now = now() + TimeDelta::seconds(n);
        webhook
            .send(&Outgoing {
                is_possible_duplicate,
                ..outgoing(body, now)
            })
            .await;
    }
    let seen = sink.seen();
    assert_eq!(seen.len(), 3);
    for (n, request) in seen.iter().enumerate() {
        assert_eq!(request.line, "POST /hook?a=b HTTP/1.1");
        assert_eq!(request.body, body);
        assert_eq!(
            request.header("webhook-id"),
            Some("0198c0de-0000-7000-8000-000000000001")
        );
        let timestamp = (now().timestamp() + i64::try_from(n).expect("small")).to_string();
        assert_eq!(
            request.header("webhook-timestamp"),
            Some(timestamp.as_str())
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
        let agent = request
            .header("user-agent")
            .expect("one");
        assert!(agent.starts_with("sre-monitor/"), "{agent}");
        let mark = request.header("webhook-possible-duplicate");
        assert_eq!(mark, (n == 2).then_some("true"));
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_signed() {
    let sink = Sink::that(answer("200 OK", "", "")).await;
    let mut config = config(&format!("http://127.0.0.1:{}/", sink.port));
    config.secret = None;
    webhook(config)
        .send(&outgoing(b"{}", now()))
        .await;
    assert_eq!(sink.seen()[0].header("webhook-signature"), None);
}

#[test]
fn a_destination_keeps_its_id_and_changes_its_fingerprint_with_address_or_key() {
    let destination = |url: &str, secret: Option<&str>| {
        let mut config = config(url);
        config.secret = secret.map(|secret| secret.parse().expect("a key"));
        webhook(config).destination().clone()
    };
    let first = destination("http://h/a", Some(SECRET));
    let [same, moved, unsigned] = [
        destination("http://h/a", Some(SECRET)),
        destination("http://h/b", Some(SECRET)),
        destination("http://h/a", None),
    ];
    assert_eq!(first, same);
    assert!(first.id == moved.id && first.id == unsigned.id);
    assert!(first.fingerprint != moved.fingerprint && first.fingerprint != unsigned.fingerprint);
    assert_eq!(
        (first.channel.as_ref(), first.name.as_str()),
        ("webhook", "default")
    );
}
