//! On a socket, byte by byte: what strangers send. Time is paused, so a timeout of ten seconds
//! passes as soon as nobody has anything else to do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sre_server::http::{self, Settings};
use sre_server::lifecycle::{End, Lifecycle};
use sre_server::serve::Listener;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::{Toy, toy};

/// A running server.
struct Running {
    address: SocketAddr,
    toy: Arc<Toy>,
    signals: mpsc::Sender<&'static str>,
    end: JoinHandle<End>,
}

async fn start() -> Running {
    let (router, toy, settings) = toy();
    // Longer than what is tested, so that the limit in question is the one that is met.
    let settings = Settings {
        request_timeout: Duration::from_mins(5),
        ..settings
    };
    let service = http::service(router, Arc::clone(&toy), settings);
    let listener = Listener::bind(
        "127.0.0.1:0"
            .parse()
            .expect("an address"),
    )
    .await
    .expect("free");
    let address = listener.address();
    let life = Lifecycle::new();
    let stop = life.requests().stop();
    life.requests()
        .spawn("listener", listener.serve(service, stop));
    let (signals, receiver) = mpsc::channel(2);
    let end = tokio::spawn(life.run(receiver, async {}));
    Running {
        address,
        toy,
        signals,
        end,
    }
}

/// Sends `bytes` and reads until the server closes.
async fn exchange(bytes: impl AsRef<[u8]>) -> String {
    let server = start().await;
    let mut socket = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    socket
        .write_all(bytes.as_ref())
        .await
        .expect("it reads");
    read_all(&mut socket).await
}

/// What comes until the server closes; a reset is a close, after what came before.
async fn read_all(socket: &mut TcpStream) -> String {
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = socket.read(&mut part).await {
        all.extend_from_slice(&part[..length]);
    }
    String::from_utf8(all).expect("text")
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

const POST: &str = "POST /things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_cut_off_within_ten_seconds() {
    let began = Instant::now();
    assert_eq!(exchange("").await, "");
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_slow_header_is_cut_off_within_ten_seconds() {
    let server = start().await;
    let began = Instant::now();
    let socket = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let (mut read, mut write) = socket.into_split();
    let writer = tokio::spawn(async move {
        while write.write_all(b"G").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = read.read_to_end(&mut answer).await;
    assert!(
        began.elapsed() < Duration::from_secs(11),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(answer, b"");
    writer.abort();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let answer = exchange("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status(&answer), "200");
}

#[tokio::test(start_paused = true)]
async fn the_preface_of_http_2_is_not_waited_for() {
    assert_eq!(exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
    let began = Instant::now();
    assert_eq!(exchange("PRI").await, "");
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_dripped_body_is_given_up() {
    let server = start().await;
    let began = Instant::now();
    let socket = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let (mut read, mut write) = socket.into_split();
    let head = format!("{POST}Content-Length: 1000\r\n\r\n");
    let writer = tokio::spawn(async move {
        write
            .write_all(head.as_bytes())
            .await
            .expect("it reads");
        while write.write_all(b" ").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = [0; 12];
    read.read_exact(&mut answer)
        .await
        .expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!(
        began.elapsed() <= Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
    let mut rest = Vec::new();
    let _ = read.read_to_end(&mut rest).await;
    writer.abort();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_cut_off() {
    let server = start().await;
    let mut socket = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    socket
        .write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("it reads");
    sleep(Duration::from_secs(20)).await;
    let mut all = Vec::new();
    let _ = socket.read_to_end(&mut all).await;
    assert!(
        all.len() < 64 * 1024 * 1024,
        "everything came: {}",
        all.len()
    );
}

#[tokio::test(start_paused = true)]
async fn heads_that_two_parsers_could_read_in_two_ways_are_refused() {
    for head in [
        format!("{POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}"),
        format!("{POST}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("{POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("{POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
        format!("{POST}Content-Length: 2, 2\r\n\r\n{{}}"),
        format!("{POST}Content-Length: +2\r\n\r\n{{}}"),
        format!("{POST}Content-Length: 2\r\n X-Folded: y\r\n\r\n{{}}"),
        format!("{POST}Content-Length : 2\r\n\r\n{{}}"),
        format!("{POST}Transfer-Encoding: chunked, gzip\r\n\r\n"),
        "GET /health HTTP/1.1\nHost: localhost\n\n".to_owned(),
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n".to_owned(),
        "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\r\n\r\n".to_owned(),
    ] {
        let began = Instant::now();
        assert_eq!(status(&exchange(&head).await), "400", "{head}");
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "not closed at once: {head}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn heads_that_are_too_large_are_refused() {
    let long = format!(
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: {}",
        "y".repeat(1_000_000)
    );
    let server = start().await;
    let mut socket = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let _ = socket.write_all(long.as_bytes()).await;
    let answer = read_all(&mut socket).await;
    assert!(["431", "none"].contains(&status(&answer)), "{answer}");
    let many = format!(
        "GET /health HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: y\r\n".repeat(64)
    );
    assert_eq!(status(&exchange(many).await), "431");
    let enough = format!(
        "GET /health HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: y\r\n".repeat(63)
    );
    assert_eq!(status(&exchange(enough).await), "200");
    let just_long = format!(
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "y".repeat(33_000)
    );
    assert_eq!(status(&exchange(just_long).await), "431");
}

#[tokio::test(start_paused = true)]
async fn a_body_announced_as_too_long_is_refused_unread() {
    let length = |length: &str| format!("{POST}Content-Length: {length}\r\n\r\n");
    assert_eq!(status(&exchange(length("1048577")).await), "413");
    assert_eq!(status(&exchange(length("1000000000")).await), "413");
    // hyper keeps the largest numbers for its own use, and calls such a head too large.
    assert_eq!(
        status(&exchange(length("18446744073709551615")).await),
        "431"
    );
    assert_eq!(
        status(&exchange(length("18446744073709551616")).await),
        "400"
    );
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_is_read_up_to_the_limit_and_its_connection_closed() {
    let chunked = format!("{POST}Transfer-Encoding: chunked\r\n\r\n");
    let body = "16\r\n{\"name\":\"a\",\"size\":10}\r\n0\r\n\r\n";
    let began = Instant::now();
    let answer = exchange(format!("{chunked}{body}")).await;
    assert_eq!(status(&answer), "422");
    assert!(answer.contains("connection: close"));
    assert!(began.elapsed() < Duration::from_secs(1));
    let server = start().await;
    let mut socket = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let _ = socket
        .write_all(chunked.as_bytes())
        .await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    for _ in 0..17 {
        let _ = socket.write_all(chunk.as_bytes()).await;
    }
    assert_eq!(status(&read_all(&mut socket).await), "413");
    assert_eq!(status(&exchange(format!("{chunked}zz\r\n")).await), "400");
}

#[tokio::test(start_paused = true)]
async fn json_a_hundred_thousand_deep_is_malformed() {
    let body = "[".repeat(100_000);
    let answer = exchange(format!(
        "{POST}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await;
    assert_eq!(status(&answer), "400");
}

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_lets_a_request_finish_and_takes_no_more() {
    let server = start().await;
    let mut busy = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let mut idle = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("it reads");
    sleep(Duration::from_millis(100)).await;
    server
        .signals
        .send("SIGTERM")
        .await
        .expect("it lives");
    assert_eq!(read_all(&mut idle).await, "");
    assert!(
        TcpStream::connect(server.address)
            .await
            .is_err()
    );
    server.toy.gate.add_permits(1);
    let answer = read_all(&mut busy).await;
    assert_eq!(status(&answer), "204");
    assert_eq!(server.end.await.expect("it ends"), End::Clean);
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let server = start().await;
    let mut open = Vec::new();
    for _ in 0..1024 {
        open.push(
            TcpStream::connect(server.address)
                .await
                .expect("it listens"),
        );
    }
    sleep(Duration::from_millis(100)).await;
    let mut late = TcpStream::connect(server.address)
        .await
        .expect("the kernel takes it");
    late.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("buffered");
    let mut answer = [0; 12];
    let early = timeout(Duration::from_secs(5), late.read_exact(&mut answer)).await;
    assert!(early.is_err(), "there was a place");
    drop(open);
    late.read_exact(&mut answer)
        .await
        .expect("a place is free");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_cannot_be_read_is_answered_with_a_problem() {
    for (head, expected) in [
        ("GET /things HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400),
        ("GET\r\n\r\n".to_owned(), 400),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)), 431),
    ] {
        let answer = exchange(head).await;
        // What is far too long may be cut off before it is answered.
        if expected == 431 && answer.is_empty() {
            continue;
        }
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .expect("an answer");
        assert!(head.contains("application/problem+json"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["status"], expected);
    }
}
