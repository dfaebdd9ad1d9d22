//! A real Prometheus, for one test, on a free port of this machine.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::question::{ZERO, install_tls};

/// A running Prometheus; it ends with the value.
pub(crate) struct Prometheus {
    pub(crate) url: String,
    child: Child,
    _directory: TempDir,
}

impl Prometheus {
    /// One that has a history and scrapes nothing.
    pub(crate) async fn with(history: &History) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let input = directory.path().join("history.om");
        std::fs::write(&input, format!("{}# EOF\n", history.0)).expect("the history is written");
        let output = command("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([input.as_path(), &directory.path().join("data")])
            .stderr(Stdio::piped())
            .output()
            .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::start(directory, "").await
    }

    /// One that scrapes these addresses every second.
    pub(crate) async fn scraping(addresses: &[(&str, String)]) -> Self {
        let mut config =
            "global: {scrape_interval: 1s, scrape_timeout: 900ms}\nscrape_configs:\n".to_owned();
        for (job, address) in addresses {
            writeln!(
                config,
                "- {{job_name: {job}, static_configs: [{{targets: ['{address}']}}]}}"
            )
            .expect("a string");
        }
        Self::start(tempfile::tempdir().expect("a directory"), &config).await
    }

    async fn start(directory: TempDir, config: &str) -> Self {
        let file = directory.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("the configuration is written");
        // Between finding a free port and using it somebody else may take it.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = free.local_addr().expect("an address");
            drop(free);
            let mut child = command("prometheus")
                .arg(format!("--config.file={}", file.display()))
                .arg(format!(
                    "--storage.tsdb.path={}",
                    directory.path().join("data").display()
                ))
                .arg("--storage.tsdb.retention.time=50y")
                .arg(format!("--web.listen-address={address}"))
                .arg("--log.level=error")
                .spawn()
                .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
            let url = format!("http://{address}");
            if ready(&url, &mut child).await {
                return Self {
                    url,
                    child,
                    _directory: directory,
                };
            }
        }
        panic!("Prometheus does not start");
    }

    /// Stops it in mid-step, as a machine that hangs: connections are accepted and nothing comes.
    pub(crate) fn freeze(&self) {
        let status = Command::new("kill")
            .args(["-STOP", &self.child.id().to_string()])
            .status();
        assert!(status.expect("kill").success());
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.stop();
    }
}

const MISSING: &str = "Prometheus cannot be run; `cargo xtask test` installs it";

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Waits until it is ready; false when it has ended.
async fn ready(url: &str, child: &mut Child) -> bool {
    install_tls();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while tokio::time::Instant::now() < deadline {
        if child
            .try_wait()
            .expect("a child")
            .is_some()
        {
            return false;
        }
        let answer = client
            .get(format!("{url}/-/ready"))
            .send()
            .await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("Prometheus at {url} is not ready after a minute");
}

/// Samples in the `OpenMetrics` text form.
#[derive(Default)]
pub(crate) struct History(String);

impl History {
    /// Samples of one series, by seconds after [`ZERO`].
    pub(crate) fn series(
        mut self,
        name: &str,
        labels: &str,
        samples: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        for (second, value) in samples {
            #[expect(
                clippy::cast_precision_loss,
                reason = "seconds of this century are exact"
            )]
            let second = ZERO as f64 + second;
            writeln!(self.0, "{name}{{{labels}}} {value} {second}").expect("a string");
        }
        self
    }
}
