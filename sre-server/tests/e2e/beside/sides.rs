//! The two services, each with the same routes.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::collector::Collector;
use super::scenario::{Clock, Scenario, Step, UNIT};
use crate::client::Client;
use crate::process::{Running, Service};
use crate::waiting::eventually;

/// Either of the two, running.
#[derive(Debug)]
pub(super) enum Side {
    Theirs(Alertmanager),
    Ours(Box<Ours>),
}

/// A real Alertmanager; it ends with the value.
#[derive(Debug)]
pub(super) struct Alertmanager {
    child: Child,
    address: String,
    room: TempDir,
    silence: Option<String>,
}

/// Our service; it ends with the value.
#[derive(Debug)]
pub(super) struct Ours {
    service: Service,
    /// There while it runs.
    running: Option<Running>,
    silence: Option<String>,
}

impl Side {
    /// A real Alertmanager with the routes of the script.
    pub(super) async fn theirs(scenario: &Scenario, collectors: &[Collector]) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let file = routes(scenario, collectors, |_| String::new());
        std::fs::write(room.path().join("alertmanager.yml"), file).expect("the file is written");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free
            .local_addr()
            .expect("an address")
            .to_string();
        drop(free);
        let alertmanager = Alertmanager {
            child: spawn(&room, &address),
            address,
            room,
            silence: None,
        };
        alertmanager.is_ready().await;
        Self::Theirs(alertmanager)
    }

    /// Ours with the same.
    pub(super) async fn ours(scenario: &Scenario, collectors: &[Collector]) -> Self {
        let file = routes(scenario, collectors, |receiver| {
            let timeout = scenario.webhooks[receiver].timeout;
            let timeout = timeout.map(|time| format!(", timeout: {}s", time.as_secs()));
            format!(", format: alertmanager{}", timeout.unwrap_or_default())
        });
        let mut service = Service::new()
            .with("SRE_MONITOR_CONFIG", "routes.yaml")
            .with("SLO_VIOLATION_COOLDOWN", scenario.cooldown.unwrap_or("1s"));
        std::fs::write(service.room().join("routes.yaml"), file).expect("the file is written");
        let running = service.start().await;
        Self::Ours(Box::new(Ours {
            service,
            running: Some(running),
            silence: None,
        }))
    }

    /// Does one step.
    pub(super) async fn take(&mut self, step: &Step, clock: Clock) {
        match step {
            Step::Push(alerts) => {
                let alerts = alerts
                    .iter()
                    .map(|alert| alert.json(clock))
                    .collect();
                self.client()
                    .post("/api/v2/alerts", &alerts)
                    .await
                    .expect(200);
            }
            Step::Silence(name) => {
                let silence = silence(name, clock);
                let made = self
                    .client()
                    .post("/api/v2/silences", &silence)
                    .await
                    .expect(200);
                let id = made["silenceID"]
                    .as_str()
                    .expect("an id")
                    .to_owned();
                *self.silence() = Some(id);
            }
            Step::Expire => {
                let id = self
                    .silence()
                    .take()
                    .expect("a silence");
                self.client()
                    .try_send(
                        reqwest::Method::DELETE,
                        &format!("/api/v2/silence/{id}"),
                        None,
                    )
                    .await
                    .expect("an answer")
                    .expect(200);
            }
            Step::Restart | Step::Kill | Step::Reload => self.start_again(step).await,
        }
    }

    /// How many silences are active.
    pub(super) async fn active_silences(&self) -> usize {
        let all = self
            .client()
            .get("/api/v2/silences")
            .await
            .expect(200);
        let all = all.as_array().expect("a list");
        all.iter()
            .filter(|silence| silence["status"]["state"] == "active")
            .count()
    }

    fn client(&self) -> Client {
        match self {
            Self::Theirs(theirs) => theirs.client(),
            // A connection of its own each time: one that was idle may be closed just when it is used.
            Self::Ours(ours) => {
                let running = ours.running.as_ref().expect("it runs");
                Client::new(&running.client.base)
            }
        }
    }

    fn silence(&mut self) -> &mut Option<String> {
        match self {
            Self::Theirs(theirs) => &mut theirs.silence,
            Self::Ours(ours) => &mut ours.silence,
        }
    }

    async fn start_again(&mut self, step: &Step) {
        match self {
            Self::Theirs(theirs) if matches!(step, Step::Reload) => {
                theirs
                    .client()
                    .post("/-/reload", &Value::Null)
                    .await
                    .expect(200);
            }
            Self::Theirs(theirs) => {
                theirs.end(step);
                theirs.child = spawn(&theirs.room, &theirs.address);
                theirs.is_ready().await;
            }
            Self::Ours(ours) => {
                let running = ours.running.take().expect("it runs");
                match step {
                    Step::Kill => running.kill(),
                    _ => running.stop().await,
                }
                ours.running = Some(ours.service.start().await);
            }
        }
    }
}

impl Alertmanager {
    fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address))
    }

    async fn is_ready(&self) {
        let client = self.client();
        eventually("Alertmanager is ready", START_MAX, async || {
            let answer = client
                .try_send(reqwest::Method::GET, "/-/ready", None)
                .await;
            answer
                .is_ok_and(|answer| answer.status == 200)
                .then_some(())
        })
        .await;
    }

    fn end(&mut self, step: &Step) {
        if matches!(step, Step::Kill) {
            self.child.kill().expect("it runs");
        } else {
            let status = Command::new("kill")
                .args(["-TERM", &self.child.id().to_string()])
                .status()
                .expect("kill");
            assert!(status.success(), "no Alertmanager to stop");
        }
        self.child.wait().expect("a child");
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(room: &TempDir, address: &str) -> Child {
    let path = |name: &str| {
        room.path()
            .join(name)
            .display()
            .to_string()
    };
    Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", path("alertmanager.yml")))
        .arg(format!("--storage.path={}", path("data")))
        .arg(format!("--web.listen-address={address}"))
        .args(["--cluster.listen-address=", "--log.level=error"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Alertmanager is installed, as `cargo xtask test` does it")
}

/// The file that both read. `beside` is what one of them has no word for.
fn routes(
    scenario: &Scenario,
    collectors: &[Collector],
    beside: impl Fn(usize) -> String,
) -> String {
    let route = scenario.route;
    let span = |units: f64| {
        format!(
            "{:.0}s",
            UNIT.mul_f64(units)
                .as_secs_f64()
                .max(1.0)
        )
    };
    let mut file = format!(
        "route:\n  receiver: default\n  group_by: {}\n  group_wait: {}\n  group_interval: {}\n  \
         repeat_interval: {}\nreceivers:\n- name: default\n  webhook_configs:\n",
        route.group_by,
        span(route.wait),
        span(route.interval),
        span(route.repeat),
    );
    for (place, collector) in collectors.iter().enumerate() {
        let says = scenario.webhooks[place].says;
        let beside = beside(place);
        writeln!(file, "  - {{url: '{}'{says}{beside}}}", collector.url).expect("a string");
    }
    file
}

/// A silence over the alert of this name, for longer than the script.
fn silence(name: &str, clock: Clock) -> Value {
    json!({
        "matchers": [{"name": "alert", "value": name, "isRegex": false, "isEqual": true}],
        "startsAt": clock.began.to_rfc3339(),
        "endsAt": (clock.began + chrono::TimeDelta::hours(1)).to_rfc3339(),
        "createdBy": "ada",
        "comment": "while it is looked at",
    })
}

/// It starts quickly, also on a machine that is busy with other tests.
const START_MAX: Duration = Duration::from_secs(30);
