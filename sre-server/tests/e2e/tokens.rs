//! Tokens as an operator meets them: made on the command line, put into a file, taken out of it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Service;
use crate::waiting::eventually;

/// The file is read every two seconds.
const SOON: Duration = Duration::from_secs(20);

/// A token and its line.
pub(crate) struct Made {
    pub(crate) token: String,
    pub(crate) line: String,
}

pub(crate) fn make(role: &str, name: &str) -> Made {
    let output = Command::new(env!("CARGO_BIN_EXE_sre-monitor"))
        .args([
            "token", "new", "--role", role, "--name", name, "--output", "json",
        ])
        .env_clear()
        .output()
        .expect("it runs");
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |name: &str| {
        shown[name]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    Made {
        token: text("token"),
        line: text("line"),
    }
}

fn file(room: &TempDir, lines: &[&str]) -> PathBuf {
    let path = room.path().join("tokens");
    fs::write(&path, lines.join("\n")).expect("written");
    path
}

async fn status(base: &str, path: &str, token: &str) -> u16 {
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
        .get(format!("{base}{path}"))
        .bearer_auth(token);
    request
        .send()
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

#[tokio::test]
async fn a_token_opens_every_address_and_is_taken_back_without_a_restart() {
    let room = tempfile::tempdir().expect("a directory");
    let (ci, old) = (make("read", "ci"), make("read", "old"));
    let path = file(&room, &[&ci.line, &old.line]);
    let mut service = Service::new()
        .with("SRE_MONITOR_HOST", "0.0.0.0")
        .with("SRE_MONITOR_API_TOKENS_FILE", &path);
    let running = service.start().await;
    let base = running
        .client
        .base
        .replace("0.0.0.0", "127.0.0.1");

    for (path, token, expected) in [
        ("/slo", "none", 401),
        ("/slo", &*ci.token, 200),
        ("/metrics", "none", 401),
        ("/metrics", &*ci.token, 200),
        ("/health", "none", 200),
        ("/health/ready", "none", 200),
    ] {
        assert_eq!(status(&base, path, token).await, expected, "{path}");
    }

    // A slip changes nothing.
    file(&room, &["nonsense"]);
    eventually("the slip is logged", SOON, async || {
        running
            .whole_log()
            .contains("the file of tokens cannot be used")
            .then_some(())
    })
    .await;
    assert_eq!(status(&base, "/slo", &old.token).await, 200);

    file(&room, &[&ci.line]);
    eventually("it is refused", SOON, async || {
        (status(&base, "/slo", &old.token).await == 401).then_some(())
    })
    .await;
    assert_eq!(status(&base, "/slo", &ci.token).await, 200);
    let log = running.whole_log();
    assert!(!log.contains(&ci.token) && !log.contains(&old.token));
    running.stop().await;
}

#[tokio::test]
async fn a_file_of_tokens_that_is_missing_keeps_the_service_from_starting() {
    let mut service = Service::new().with("SRE_MONITOR_API_TOKENS_FILE", "/nowhere/tokens");
    let (ended, said) = service.fail();
    assert_eq!(ended.code(), Some(78));
    assert!(said.contains("SRE_MONITOR_API_TOKENS_FILE"), "{said}");
}

#[tokio::test]
async fn who_tries_one_wrong_token_after_another_is_told_to_wait_and_a_right_one_is_not() {
    let room = tempfile::tempdir().expect("a directory");
    let ci = make("read", "ci");
    let mut service = Service::new().with("SRE_MONITOR_API_TOKENS_FILE", file(&room, &[&ci.line]));
    let running = service.start().await;
    let base = &running.client.base;
    for _ in 0..10 {
        assert_eq!(status(base, "/slo", "wrong").await, 401);
    }
    let answer = running
        .client
        .raw("GET /slo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(
        answer
            .to_lowercase()
            .contains("retry-after: "),
        "{answer}"
    );
    assert_eq!(status(base, "/slo", &ci.token).await, 200);
    running.stop().await;
}

#[tokio::test]
async fn the_port_for_probes_serves_health_and_metrics_and_nothing_else() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port();
    let mut service = Service::new().with("SRE_MONITOR_PROBE_PORT", port.to_string());
    let running = service.start().await;
    let probes = format!("http://127.0.0.1:{port}");
    for (path, expected) in [
        ("/health", 200),
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/metrics", 200),
        ("/slo", 404),
        ("/openapi.json", 404),
        ("/", 404),
    ] {
        assert_eq!(status(&probes, path, "none").await, expected, "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_reply_under_a_key_outlives_the_process() {
    let mut service = Service::new();
    let running = service.start().await;
    let body = serde_json::json!({
        "name": "kept", "service_name": "checkout", "metric_name": "availability",
        "target_percentage": 99.9, "time_window": "1d",
    });
    let post = async |base: &str| {
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client")
            .post(format!("{base}/slo"))
            .header("idempotency-key", "k-1")
            .json(&body)
            .send()
            .await
            .expect("an answer");
        let replayed = answer
            .headers()
            .contains_key("idempotency-replayed");
        (
            answer.status().as_u16(),
            replayed,
            answer.text().await.expect("a body"),
        )
    };
    let (status, replayed, first) = post(&running.client.base).await;
    assert_eq!((status, replayed), (201, false));
    running.kill();
    let running = service.start().await;
    let (status, replayed, again) = post(&running.client.base).await;
    assert_eq!((status, replayed), (201, true));
    assert_eq!(again, first);
    running.stop().await;
}
