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
