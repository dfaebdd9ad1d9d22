//! The heartbeat: heard, refused, unanswered, and silent about its address.

use sre_notify::{Heartbeat, HeartbeatError, WebhookUrl};

use crate::fixtures::install_tls;
use crate::sink::{Sink, answer};

fn heartbeat(port: u16) -> Heartbeat {
    install_tls();
    let url = format!("http://127.0.0.1:{port}/ping/a-secret");
    let url = url
        .parse::<WebhookUrl>()
        .expect("an address");
    Heartbeat::new(url).expect("a client")
}

#[tokio::test]
async fn a_heartbeat_is_one_get() {
    let sink = Sink::that(answer("200 OK", "", "OK")).await;
    heartbeat(sink.port)
        .beat()
        .await
        .expect("it is heard");
    let seen = sink.seen();
    assert_eq!(seen.len(), 1);
    assert!(
        seen[0]
            .line
            .starts_with("GET /ping/a-secret "),
        "{:?}",
        seen[0].line
    );
}

#[tokio::test]
async fn what_is_not_success_is_not_heard() {
    let sink = Sink::that(answer("404 Not Found", "", "")).await;
    let refused = heartbeat(sink.port).beat().await;
    assert!(matches!(
        refused,
        Err(HeartbeatError::Refused { status: 404 })
    ));
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_shown_to_nobody() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener
        .local_addr()
        .expect("an address")
        .port();
    drop(listener);
    let heartbeat = heartbeat(port);
    let error = heartbeat
        .beat()
        .await
        .expect_err("nobody listens");
    assert!(matches!(error, HeartbeatError::Unanswered { .. }));
    let shown = format!("{error:?} {heartbeat:?}");
    assert!(!shown.contains("a-secret"), "{shown}");
}
