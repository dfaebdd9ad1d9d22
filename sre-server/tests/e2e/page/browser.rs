//! A real Chromium, driven over the `WebDriver` protocol by plain HTTP.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;

/// A browser with one window; it ends with the value.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    // The driver writes to it until it ends.
    _said: BufReader<ChildStdout>,
    session: String,
    client: Client,
    _profile: TempDir,
}

impl Browser {
    /// A browser that nobody has used before.
    pub(crate) async fn new() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        let output = driver.stdout.take().expect("an output");
        let mut said = BufReader::new(output);
        let port = port(&mut said);
        let client = Client::new(&format!("http://127.0.0.1:{port}"));
        let profile = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let made = client
            .post("/session", &capabilities(&profile))
            .await
            .expect(200);
        let session = made["value"]["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        let browser = Self {
            driver,
            _said: said,
            session: format!("/session/{session}"),
            client,
            _profile: profile,
        };
        // What it asked for to show its own first page is not ours.
        browser.open("about:blank").await;
        browser.requests().await;
        browser
    }

    /// Goes to an address and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) {
        self.ask("url", &json!({ "url": url }))
            .await;
    }

    /// Runs a script in the page and answers what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({"script": script, "args": []}))
            .await
    }

    /// Runs a script that calls `done` when it has an answer.
    pub(crate) async fn run_until_done(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0];\n{script}");
        self.ask("execute/async", &json!({"script": script, "args": []}))
            .await
    }

    /// A screen of this width, on which a page is as wide as on a device.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.command("Emulation.setDeviceMetricsOverride", &metrics)
            .await;
    }

    /// What the system prefers: `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.command(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        )
        .await;
    }

    /// The page as PNG, from its top down to `height` at most.
    pub(crate) async fn screenshot(&self, height: u32) -> Vec<u8> {
        let size = self
            .run("return [innerWidth, document.documentElement.scrollHeight]")
            .await;
        let height = size[1]
            .as_u64()
            .map_or(height.into(), |whole| whole.min(height.into()));
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": height, "scale": 1});
        let shown = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shot = self
            .command("Page.captureScreenshot", &shown)
            .await;
        STANDARD
            .decode(
                shot["data"]
                    .as_str()
                    .expect("a picture"),
            )
            .expect("base64")
    }

    /// What the console said since it was asked last.
    pub(crate) async fn console(&self) -> Vec<Value> {
        self.log("browser").await
    }

    /// Every address that was asked for since this was asked last.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let events = self.log("performance").await;
        events
            .iter()
            .filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok())
            .filter(|event: &Value| event["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|event| {
                let url = &event["message"]["params"]["request"]["url"];
                url.as_str().map(str::to_owned)
            })
            .collect()
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self
            .ask("se/log", &json!({ "type": kind }))
            .await;
        entries
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    async fn command(&self, name: &str, params: &Value) -> Value {
        self.ask("goog/cdp/execute", &json!({"cmd": name, "params": params}))
            .await
    }

    async fn ask(&self, command: &str, body: &Value) -> Value {
        let path = format!("{}/{command}", self.session);
        let mut answer = self
            .client
            .post(&path, body)
            .await
            .expect(200);
        answer["value"].take()
    }

    /// Closes the window, and with it the browser.
    pub(crate) async fn close(self) {
        let _ = self
            .client
            .try_send(Method::DELETE, &self.session, None)
            .await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A signal that it can hear: so it ends the browser, too.
        let _ = Command::new("kill")
            .args(["-TERM", &self.driver.id().to_string()])
            .status();
        let _ = self.driver.wait();
    }
}

/// The port that the driver found free.
fn port(said: &mut impl BufRead) -> u16 {
    said.lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, after) = line.split_once("started successfully on port ")?;
            after.trim_end_matches('.').parse().ok()
        })
        .expect("chromedriver says its port")
}

fn capabilities(profile: &TempDir) -> Value {
    let profile = format!("--user-data-dir={}", profile.path().display());
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        &profile,
    ];
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": {"args": args},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        "timeouts": {"script": 30_000, "pageLoad": 60_000},
    }}})
}

const MISSING: &str = "chromedriver cannot be run; `cargo xtask test` installs it";
