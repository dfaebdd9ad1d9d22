//! A real Alertmanager, and `amtool` to ask what it believes.

use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sre_core::alert::{Alert, AlertState, ResolveReason, Severity};
use sre_core::notification::{AlertNews, Answer, Message, Notifier, Reason};
use sre_notify::{AlertmanagerConfig, AlertmanagerNotifier};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::fixtures::{install_tls, message, news, outgoing, posted};
use crate::signature::machine_now;

/// Longer than a start takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Alertmanager, alone; it ends with the test.
struct Server {
    url: String,
    _process: Child,
    _room: TempDir,
}

impl Server {
    async fn start() -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let config = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
        let path = room.path().join("alertmanager.yml");
        std::fs::write(&path, config).expect("written");
        let mut process = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.path={}", room.path().display()))
            .args([
                "--cluster.listen-address=",
                "--web.listen-address=127.0.0.1:0",
            ])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it runs");
        let stderr = process.stderr.take().expect("piped");
        let mut lines = BufReader::new(stderr).lines();
        let mut address = None;
        while address.is_none() {
            let line = timeout(PATIENCE, lines.next_line())
                .await
                .expect("in time")
                .expect("readable")
                .expect("it has not ended");
            address = line
                .split_once("msg=\"Listening on\" address=")
                .map(|(_, address)| address.to_owned());
        }
        // Whoever writes to a pipe that nobody reads stops.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            url: format!("http://{}", address.expect("an address")),
            _process: process,
            _room: room,
        }
    }

    /// The alerts that it holds to be firing, as `amtool` shows them.
    async fn firing(&self) -> Vec<Value> {
        let output = Command::new("amtool")
            .args(["--alertmanager.url", &self.url])
            .args(["alert", "query", "-o", "json"])
            .output()
            .await
            .expect("amtool runs");
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("json")
    }

    fn notifier(&self) -> AlertmanagerNotifier {
        alertmanager(&self.url)
    }
}

pub(crate) fn alertmanager(url: &str) -> AlertmanagerNotifier {
    install_tls();
    AlertmanagerNotifier::new(AlertmanagerConfig {
        name: "alertmanager".to_owned(),
        url: url.parse().expect("an address"),
        timeout: Duration::from_millis(1_500),
        links_base: Some(
            "https://sre.example/"
                .parse()
                .expect("a url"),
        ),
        dashboards_url: None,
    })
    .expect("a client")
}

fn alert(severity: Severity, state: AlertState) -> Alert {
    let labels = [("zone", "a"), ("team.name", "pay"), ("severity", "own")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Alert {
        severity,
        state,
        starts_at: machine_now() - TimeDelta::minutes(5),
        ..posted("the queue is \"full\"\n🔥", labels)
    }
}

async fn tell(notifier: &AlertmanagerNotifier, news: AlertNews<'_>) {
    let news = [news];
    let message = Message {
        now: machine_now(),
        ..message(&news)
    };
    for body in [
        notifier.render(&message),
        notifier.render_degraded(&message),
    ] {
        let answer = notifier
            .send(&outgoing(&body, message.now))
            .await;
        assert!(
            matches!(answer, Answer::Responded { status: 200, .. }),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn an_alert_fires_is_raised_and_ends_and_is_one_alert_at_a_time() {
    let server = Server::start().await;
    let notifier = server.notifier();
    let high = alert(Severity::High, AlertState::Firing);
    tell(&notifier, news(&high, Reason::First)).await;
    let firing = server.firing().await;
    assert_eq!(firing.len(), 1);
    let labels = &firing[0]["labels"];
    assert_eq!(labels["alertname"], "queue_depth");
    assert_eq!(labels["service"], "checkout");
    assert_eq!(labels["severity"], "high");
    assert_eq!(labels["team_name"], "pay");
    let ends_at: DateTime<Utc> = firing[0]["endsAt"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("an instant");
    assert!(ends_at > machine_now() + TimeDelta::days(399));

    let critical = alert(Severity::Critical, AlertState::Firing);
    let raised = AlertNews {
        known_severity: Some(Severity::High),
        ..news(&critical, Reason::SeverityRaised)
    };
    tell(&notifier, raised).await;
    let firing = server.firing().await;
    assert_eq!(firing.len(), 1, "{firing:?}");
    assert_eq!(firing[0]["labels"]["severity"], "critical");

    let state = AlertState::Resolved {
        at: machine_now(),
        reason: ResolveReason::Condition,
        by: None,
    };
    let over = alert(Severity::Critical, state);
    let ended = AlertNews {
        known_severity: Some(Severity::Critical),
        ..news(&over, Reason::AllResolved)
    };
    tell(&notifier, ended).await;
    assert!(server.firing().await.is_empty());
}

#[tokio::test]
async fn what_alertmanager_refuses_is_reported_with_its_words() {
    let server = Server::start().await;
    let answer = server
        .notifier()
        .send(&outgoing(b"[{\"labels\":{}}]", machine_now()))
        .await;
    let Answer::Responded {
        status: 400,
        excerpt,
        ..
    } = answer
    else {
        panic!("{answer:?}");
    };
    assert!(excerpt.contains("label"), "{excerpt}");
}
