//! aiosmtpd, started for one test on a free port.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::certificates::Authority;

/// How the server behaves.
#[derive(Clone, Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) tls: &'static str,
    pub(crate) password: &'static str,
    pub(crate) greylist: &'static [&'static str],
    pub(crate) refuse: &'static [&'static str],
    pub(crate) authority: &'a Authority,
}

impl<'a> Settings<'a> {
    /// A server that wants STARTTLS and a login, and takes what comes.
    pub(crate) const fn starttls(authority: &'a Authority) -> Self {
        Self {
            tls: "starttls",
            password: "canary password",
            greylist: &[],
            refuse: &[],
            authority,
        }
    }
}

/// A mail as the server's own parser reads it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) is_tls: bool,
    pub(crate) login: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) kind: String,
    pub(crate) parts: Vec<(String, String)>,
    pub(crate) defects: Vec<String>,
    pub(crate) is_ascii: bool,
}

impl Mail {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(is, _)| is == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Deserialize)]
struct Ready {
    port: u16,
}

/// The server; it ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    said: Mutex<Lines<BufReader<ChildStdout>>>,
    _process: Child,
}

/// Longer than any mail takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    pub(crate) async fn start(settings: &Settings<'_>) -> Self {
        let settings = json!({
            "tls": settings.tls,
            "username": "alerts",
            "password": settings.password,
            "greylist": settings.greylist,
            "refuse": settings.refuse,
            "cert": settings.authority.certificate(),
            "key": settings.authority.key(),
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/with_smtp/server.py");
        // The Python that Debian's package is for, whatever else is on the path.
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(settings.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("python3 runs");
        let stdout = process.stdout.take().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        let line = next(&mut lines).await;
        let ready: Ready = serde_json::from_str(&line).expect("a port");
        Self {
            port: ready.port,
            said: Mutex::new(lines),
            _process: process,
        }
    }

    /// The next mail that was taken over.
    pub(crate) async fn mail(&self) -> Mail {
        let line = next(&mut *self.said.lock().await).await;
        serde_json::from_str(&line).expect("a mail")
    }

    /// Whether no other mail was taken over: it is said before the client hears of it.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut lines = self
            .said
            .try_lock()
            .expect("nobody else asks");
        let mut next = Box::pin(lines.next_line());
        futures_util::FutureExt::now_or_never(next.as_mut()).is_none()
    }
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    timeout(PATIENCE, lines.next_line())
        .await
        .expect("in time")
        .expect("readable")
        .expect("the server goes on")
}
