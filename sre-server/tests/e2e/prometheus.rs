//! A real Prometheus, as its users run it: it scrapes every 15 s.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::exporter::Exporter;

/// A running Prometheus; it ends with the value.
#[derive(Debug)]
pub(crate) struct Prometheus {
    pub(crate) url: String,
    child: Child,
    _room: TempDir,
}

impl Prometheus {
    /// One that scrapes these services, each as a job of its name, and that knows `history`, a text
    /// in the `OpenMetrics` form.
    pub(crate) async fn scraping(services: &[&Exporter], history: &str) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        remember(room.path(), history);
        Self::start(room, &configuration(services)).await
    }

    /// One that scrapes a service of ours, as the job of this name, so often.
    pub(crate) async fn watching(job: &str, address: &str, every: &str) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let config = format!(
            "global: {{scrape_interval: {every}}}\nscrape_configs:\n\
             - {{job_name: {job}, static_configs: [{{targets: ['{address}']}}]}}\n"
        );
        Self::start(room, &config).await
    }

    /// One that evaluates a rule every second, and posts what fires to an Alertmanager at `address`, again
    /// every five seconds.
    pub(crate) async fn alerting(address: &str, rule: &str) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let rules = room.path().join("rules.yml");
        let group = format!(
            "groups:\n- name: one\n  interval: 1s\n  rules:\n  - alert: HalfTheTime\n    \
             expr: {rule}\n    labels: {{service: checkout, severity: warning}}\n    \
             annotations: {{summary: it fires}}\n"
        );
        std::fs::write(&rules, group).expect("the rule is written");
        let config = format!(
            "rule_files: ['{}']\nalerting:\n  alertmanagers:\n  - static_configs: \
             [{{targets: ['{address}']}}]\n",
            rules.display()
        );
        Self::start(room, &config).await
    }

    async fn start(room: TempDir, configuration: &str) -> Self {
        let file = room.path().join("prometheus.yml");
        std::fs::write(&file, configuration).expect("the configuration is written");
        // Between finding a free port and using it somebody else may take it.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = free.local_addr().expect("an address");
            drop(free);
            let mut child = command("prometheus")
                .arg(format!("--config.file={}", file.display()))
                .arg(format!(
                    "--storage.tsdb.path={}",
                    room.path().join("data").display()
                ))
                .arg(format!("--web.listen-address={address}"))
                .arg("--rules.alert.resend-delay=5s")
                .arg("--log.level=error")
                .spawn()
                .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
            let url = format!("http://{address}");
            if is_ready(&url, &mut child).await {
                return Self {
                    url,
                    child,
                    _room: room,
                };
            }
        }
        panic!("Prometheus does not start");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(services: &[&Exporter]) -> String {
    let mut config = "global: {scrape_interval: 15s}\nscrape_configs:\n".to_owned();
    for exporter in services {
        let (job, address) = (exporter.service, &exporter.address);
        writeln!(
            config,
            "- {{job_name: {job}, static_configs: [{{targets: ['{address}']}}]}}"
        )
        .expect("a string");
    }
    config
}

/// Makes a block of a history.
fn remember(room: &Path, history: &str) {
    let input = room.join("history.om");
    std::fs::write(&input, format!("{history}# EOF\n")).expect("the history is written");
    let output = command("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([input.as_path(), &room.join("data")])
        .stderr(Stdio::piped())
        .output()
        .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Waits until it is ready; false when it has ended.
async fn is_ready(url: &str, child: &mut Child) -> bool {
    let client = Client::new(url);
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline {
        if child
            .try_wait()
            .expect("a child")
            .is_some()
        {
            return false;
        }
        let answer = client
            .try_send(reqwest::Method::GET, "/-/ready", None)
            .await;
        if answer.is_ok_and(|answer| answer.status == 200) {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("Prometheus at {url} is not ready after a minute");
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

const MISSING: &str = "Prometheus cannot be run; `cargo xtask test` installs it";
