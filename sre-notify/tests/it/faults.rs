//! Between "nothing left" and "nobody knows" runs the line that decides whether a repeat is marked.

use std::time::Duration;

use sre_core::notification::{Answer, Notifier};
use tokio::net::{TcpListener, TcpSocket};

use crate::fixtures::{config, now, outgoing, post, webhook};
use crate::sink::{Reply, Sink};

/// The detail of a try that sent nothing.
fn not_sent(answer: Answer) -> String {
    match answer {
        Answer::NotSent { detail } => detail,
        other => panic!("{other:?}"),
    }
}

/// The detail of a try that may have arrived.
fn unknown(answer: Answer) -> String {
    match answer {
        Answer::Unknown { detail } => detail,
        other => panic!("{other:?}"),
    }
}

async fn posted_to(reply: Reply) -> (Answer, usize) {
    let sink = Sink::that(reply).await;
    let answer = post(&format!("http://127.0.0.1:{}/hook", sink.port)).await;
    (answer, sink.seen().len())
}

#[tokio::test]
async fn a_name_that_does_not_resolve_means_that_nothing_left() {
    let detail = not_sent(post("http://no-such-host.invalid/hook").await);
    assert!(detail.starts_with("no connection"), "{detail}");
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_left() {
    // Bound and never listening: nobody else gets the port.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(
            "127.0.0.1:0"
                .parse()
                .expect("an address"),
        )
        .expect("a free port");
    let port = socket
        .local_addr()
        .expect("bound")
        .port();
    let detail = not_sent(post(&format!("http://127.0.0.1:{port}/hook")).await);
    assert!(detail.contains("refused"), "{detail}");
}

#[tokio::test]
async fn time_that_runs_out_while_connecting_means_that_nothing_left() {
    // A full queue of connections drops what arrives: the handshake never ends.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(
            "127.0.0.1:0"
                .parse()
                .expect("an address"),
        )
        .expect("a free port");
    let listener = socket.listen(1).expect("listening");
    let address = listener.local_addr().expect("bound");
    let connect = || tokio::net::TcpStream::connect(address);
    let queue = [connect(), connect(), connect(), connect()].map(tokio::spawn);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let detail = not_sent(post(&format!("http://{address}/hook")).await);
    assert!(detail.starts_with("no connection in time"), "{detail}");
    drop(queue);
}

#[tokio::test]
async fn time_that_runs_out_in_the_tls_handshake_means_that_nothing_left() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let port = listener
        .local_addr()
        .expect("bound")
        .port();
    // The connection is accepted by the kernel and never answered.
    let detail = not_sent(post(&format!("https://127.0.0.1:{port}/hook")).await);
    assert!(detail.starts_with("no connection in time"), "{detail}");
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_means_that_nothing_left() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let port = listener
        .local_addr()
        .expect("bound")
        .port();
    let plain = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = listener
            .accept()
            .await
            .expect("a client");
        drop(
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await,
        );
        stream
    });
    let detail = not_sent(post(&format!("https://127.0.0.1:{port}/hook")).await);
    assert!(detail.starts_with("no connection: "), "{detail}");
    drop(plain.await);
}

#[tokio::test]
async fn a_receiver_that_reads_and_never_answers_leaves_it_unknown() {
    let (answer, arrived) = posted_to(Reply::Hang).await;
    assert_eq!(
        (unknown(answer).as_str(), arrived),
        ("no answer in time", 1)
    );
}

#[tokio::test]
async fn a_receiver_that_drips_its_head_leaves_it_unknown() {
    let head = b"HTTP/1.1 200 OK\r\nx-long: ".to_vec();
    let (answer, arrived) = posted_to(Reply::Drip(head, Duration::from_millis(40))).await;
    assert_eq!(
        (unknown(answer).as_str(), arrived),
        ("no answer in time", 1)
    );
}

#[tokio::test]
async fn a_reset_or_an_end_before_any_answer_leaves_it_unknown() {
    for reply in [Reply::BytesThenReset(Vec::new()), Reply::Bytes(Vec::new())] {
        let (answer, arrived) = posted_to(reply).await;
        let detail = unknown(answer);
        assert!(
            detail.starts_with("the connection broke before an answer"),
            "{detail}"
        );
        assert_eq!(arrived, 1);
    }
}

#[tokio::test]
async fn half_a_head_is_no_answer() {
    let (answer, _) = posted_to(Reply::BytesThenReset(b"HTTP/1.1 200 OK\r\n".to_vec())).await;
    unknown(answer);
}

#[tokio::test]
async fn what_does_not_speak_http_leaves_it_unknown() {
    let (answer, _) = posted_to(Reply::Bytes(b"220 mail.example ESMTP\r\n".to_vec())).await;
    unknown(answer);
}

#[tokio::test]
async fn a_status_is_an_answer_even_when_the_rest_breaks_off() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe begin".to_vec();
    let (answer, _) = posted_to(Reply::BytesThenReset(head.clone())).await;
    let expected = |excerpt: &str| Answer::Responded {
        status: 200,
        retry_after: None,
        excerpt: excerpt.to_owned(),
    };
    assert_eq!(answer, expected("the begin"));
    let (answer, _) = posted_to(Reply::Bytes(head)).await;
    assert_eq!(answer, expected("the begin"));
}

#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let head = b"HTTP/1.1 500 Error\r\ncontent-length: 9999\r\n\r\n".to_vec();
    let sink = Sink::that(Reply::Drip(head, Duration::from_millis(10))).await;
    let mut config = config(&format!("http://127.0.0.1:{}/hook", sink.port));
    config.timeout = Duration::from_mins(10);
    let webhook = webhook(config);
    let outgoing = outgoing(b"{}", now());
    let answer = tokio::time::timeout(Duration::from_secs(20), webhook.send(&outgoing)).await;
    assert!(
        matches!(answer, Ok(Answer::Responded { status: 500, .. })),
        "{answer:?}"
    );
}
