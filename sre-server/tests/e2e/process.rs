//! The service as a process of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::waiting::say;

/// How a process is started; each start of it is a new life of the same service.
#[derive(Debug)]
pub(crate) struct Service {
    room: Arc<TempDir>,
    data: PathBuf,
    wrapper: Vec<OsString>,
    arguments: Vec<String>,
    variables: Vec<(OsString, OsString)>,
    lives: usize,
}

/// One life of the service. It is killed when the value goes.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
    /// Its files stay for as long as it runs: what is gone is opened only by chance.
    _room: Arc<TempDir>,
    /// Speaks to it.
    pub(crate) client: Client,
}

impl Service {
    /// One with a data directory of its own, a free port, and nothing else in its environment.
    pub(crate) fn new() -> Self {
        let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let data = room.path().join("data");
        // The same program in all its lives, also when another is built meanwhile.
        let built = env!("CARGO_BIN_EXE_sre-monitor");
        fs::hard_link(built, room.path().join("sre-monitor")).expect("the program is built");
        Self {
            data: data.clone(),
            wrapper: Vec::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
            lives: 0,
            room: Arc::new(room),
        }
        .with("SRE_MONITOR_PORT", "0")
        .with("SRE_MONITOR_DATA_DIR", data)
    }

    /// One that is told its port, and finds its directory where it stands.
    pub(crate) fn with_an_empty_environment() -> Self {
        let mut service = Self::new();
        service.variables.truncate(1);
        service
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables
            .push((name.into(), value.into()));
        self
    }

    /// One that another program starts, as `nsenter` does.
    pub(crate) fn inside(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(Into::into).collect();
        self
    }

    /// One that is asked for a verb.
    pub(crate) fn asking(mut self, words: &[&str]) -> Self {
        self.arguments = words
            .iter()
            .map(|word| (*word).to_owned())
            .collect();
        self
    }

    /// Another program with the same settings, in the same directory.
    pub(crate) fn beside(&self, words: &[&str]) -> Self {
        Self {
            room: Arc::clone(&self.room),
            data: self.data.clone(),
            wrapper: self.wrapper.clone(),
            arguments: Vec::new(),
            variables: self.variables.clone(),
            lives: self.lives,
        }
        .asking(words)
    }

    /// Where it stands.
    pub(crate) fn room(&self) -> &Path {
        self.room.path()
    }

    /// Where the store is.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Starts the process and does not wait for anything.
    pub(crate) fn spawn(&mut self) -> Starting {
        self.lives += 1;
        let log = self
            .room
            .path()
            .join(format!("life-{}.log", self.lives));
        let output = File::create(&log).expect("a log");
        let child = self
            .command()
            .stdout(
                output
                    .try_clone()
                    .expect("a second handle"),
            )
            .stderr(output)
            .spawn()
            .expect("the service starts");
        Starting {
            child: Some(child),
            log,
            room: Arc::clone(&self.room),
        }
    }

    /// Starts the process and waits until it is ready.
    pub(crate) async fn start(&mut self) -> Running {
        self.start_within(START_MAX).await
    }

    /// The same, of a start that has more to do.
    pub(crate) async fn start_within(&mut self, time: Duration) -> Running {
        self.spawn().ready_within(time).await
    }

    /// Starts it, and waits for an end that comes by itself; its status and all that it said.
    pub(crate) fn fail(&mut self) -> (ExitStatus, String) {
        let output = self
            .command()
            .output()
            .expect("the service starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8_lossy(&said).into_owned())
    }

    fn command(&self) -> Command {
        let binary = self
            .room
            .path()
            .join("sre-monitor")
            .into_os_string();
        let mut words = self.wrapper.iter().chain([&binary]);
        let mut command = Command::new(words.next().expect("the binary"));
        command
            .args(words)
            .args(&self.arguments)
            .env_clear()
            .envs(
                self.variables
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(self.room.path())
            .stdin(Stdio::null());
        command
    }
}

/// A process that may not listen yet. It is killed when the value goes.
#[derive(Debug)]
pub(crate) struct Starting {
    child: Option<Child>,
    log: PathBuf,
    room: Arc<TempDir>,
}

impl Starting {
    /// Waits until the log says that it is ready, and where.
    pub(crate) async fn ready_within(mut self, time: Duration) -> Running {
        let deadline = Instant::now() + time;
        loop {
            if let Some(base) = address(&self.log) {
                let child = self.child.take().expect("a child");
                return Running {
                    child,
                    log: self.log.clone(),
                    _room: Arc::clone(&self.room),
                    client: Client::new(&base),
                };
            }
            let child = self.child.as_mut().expect("a child");
            let ended = child.try_wait().expect("a child");
            assert!(
                ended.is_none(),
                "it ended with {ended:?}: {}",
                tail(&self.log)
            );
            assert!(Instant::now() < deadline, "not ready: {}", tail(&self.log));
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            end(child);
        }
    }
}

impl Running {
    /// Ends it in mid-step: `kill -9`.
    pub(crate) fn kill(mut self) {
        end(&mut self.child);
    }

    /// Sends a signal, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .expect("kill");
        assert!(status.success(), "no process takes {name}");
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "not ended within {within:?}: {}",
                self.log()
            );
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it as an operator does, and expects that it ends well.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended(STOP_MAX).await;
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    /// All that it logged.
    pub(crate) fn whole_log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last lines that it logged, requests aside that were answered.
    pub(crate) fn log(&self) -> String {
        tail(&self.log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!(
                "--- the last lines of the service:\n{}",
                self.log()
            ));
        }
        end(&mut self.child);
    }
}

/// What it logged last, requests aside that were answered.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("\"message\":\"request\"") || line.contains("\"status\":5"))
        .collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}

/// Where it says that it listens.
fn address(log: &Path) -> Option<String> {
    let text = fs::read_to_string(log).ok()?;
    let (_, after) = text.split_once("ready at ")?;
    let end = after.find(|c: char| c == '"' || c.is_whitespace())?;
    Some(after[..end].to_owned())
}

fn end(child: &mut Child) {
    // It may have ended before.
    let _ = child.kill();
    let _ = child.wait();
}

/// A start is quick, also on a machine that is busy with other tests.
const START_MAX: Duration = Duration::from_secs(30);
/// What the contract allows.
pub(crate) const STOP_MAX: Duration = Duration::from_secs(10);
const LINES_SHOWN: usize = 60;
