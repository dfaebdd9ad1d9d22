//! A real Prometheus that knows what it would have scraped, and scrapes nothing.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sre_core::time::at_second;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// A running Prometheus; it ends with the value.
#[derive(Debug)]
pub(crate) struct Prometheus {
    pub(crate) url: String,
    child: Child,
    _room: TempDir,
}

impl Prometheus {
    /// One that remembers `history`, a text in the `OpenMetrics` form.
    pub(crate) async fn remembering(history: &str) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        remember(room.path(), history);
        let file = room.path().join("prometheus.yml");
        std::fs::write(&file, "").expect("the configuration is written");
        let data = room.path().join("data");
        let (child, url) = start("prometheus", "/-/ready", |address| {
            vec![
                format!("--config.file={}", file.display()),
                format!("--storage.tsdb.path={}", data.display()),
                "--storage.tsdb.retention.time=50y".to_owned(),
                "--query.timeout=5m".to_owned(),
                format!("--web.listen-address={address}"),
                "--log.level=error".to_owned(),
            ]
        })
        .await;
        Self {
            url,
            child,
            _room: room,
        }
    }

    /// The instants of a grid at which an expression has a value.
    pub(crate) async fn instants(
        &self,
        expression: &str,
        [from, to]: [i64; 2],
        step: i64,
    ) -> Vec<DateTime<Utc>> {
        let form = [
            ("query", expression.to_owned()),
            ("start", from.to_string()),
            ("end", to.to_string()),
            ("step", step.to_string()),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let answer = client()
            .post(format!("{}/api/v1/query_range", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .expect("Prometheus answers");
        let text = answer.text().await.expect("all of it");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["status"], "success", "{text}");
        let series = answer["data"]["result"]
            .as_array()
            .expect("a matrix");
        assert!(series.len() <= 1, "one SLO has one alert: {text}");
        let values = series
            .iter()
            .filter_map(|held| held["values"].as_array());
        values
            .flatten()
            .filter_map(|pair| pair[0].as_f64())
            .map(|second| {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "seconds of a grid are whole"
                )]
                at_second(second as i64)
            })
            .collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that asks nobody else.
pub(crate) fn client() -> reqwest::Client {
    // As the binary does it first thing; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

/// Starts a program on a free port, with the arguments that it is given for an address, and waits
/// until it says that it is ready.
pub(crate) async fn start(
    program: &str,
    ready: &str,
    arguments: impl Fn(&str) -> Vec<String>,
) -> (Child, String) {
    // Between finding a free port and using it somebody else may take it.
    for _ in 0..5 {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free
            .local_addr()
            .expect("an address")
            .to_string();
        drop(free);
        let mut child = command(program)
            .args(arguments(&address))
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {MISSING}: {error}"));
        let url = format!("http://{address}");
        if is_ready(&format!("{url}{ready}"), &mut child).await {
            return (child, url);
        }
    }
    panic!("{program} does not start");
}

/// Waits until it is ready; false when it has ended.
async fn is_ready(url: &str, child: &mut Child) -> bool {
    let client = client();
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline {
        if child
            .try_wait()
            .expect("a child")
            .is_some()
        {
            return false;
        }
        let answer = client.get(url).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{url} is not ready after a minute");
}

/// Makes one block of a history.
fn remember(room: &Path, history: &str) {
    let input = room.join("history.om");
    std::fs::write(&input, format!("{history}# EOF\n")).expect("the history is written");
    let output = command("promtool")
        // By default every block holds two hours, and the text is read once for each.
        .args([
            "tsdb",
            "create-blocks-from",
            "--max-block-duration=2000h",
            "openmetrics",
        ])
        .args([input.as_path(), &room.join("data")])
        .stderr(Stdio::piped())
        .output()
        .unwrap_or_else(|error| panic!("promtool: {MISSING}: {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

const MISSING: &str = "cannot be run; `cargo xtask test` installs it";
