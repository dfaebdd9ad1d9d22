//! A real Alertmanager, fed with what the rules found, faster than it happened.
//!
//! All of its times are divided by [`SCALE`], and so is what it is fed; of the stretches in which
//! nothing is active no more is waited for than [`PAUSE`], after which a group is forgotten anyway.

use std::collections::BTreeMap;
use std::process::Child;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until};

use super::listener::Listener;
use super::prometheus::{client, start};
use super::rules::Active;

/// How many times faster than in life.
pub(crate) const SCALE: i32 = 300;
/// Its defaults, in milliseconds of life: `group_wait`, `group_interval`, `repeat_interval`.
const TIMES: [i32; 3] = [30_000, 300_000, 14_400_000];
/// The longest quiet stretch that is played, and what is waited for after the last event: three times
/// the interval of a group.
const PAUSE: TimeDelta = TimeDelta::minutes(15);

/// What a receiver of the Alertmanager heard of one job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Messages that it fires: the first, and repeats.
    pub(crate) firing: usize,
    /// Messages that it is over.
    pub(crate) resolved: usize,
    /// How long after the rule fired the first of them came, in life.
    pub(crate) first_after: Option<TimeDelta>,
}

/// A running Alertmanager; it ends with the value.
#[derive(Debug)]
struct Alertmanager {
    url: String,
    client: reqwest::Client,
    child: Child,
    _room: TempDir,
}

/// A job's alert begins or ends to be active, so long after the feed began.
#[derive(Clone, Debug)]
struct Event {
    after: Duration,
    job: String,
    is_firing: bool,
}

/// Feeds an Alertmanager with the pages of all jobs, side by side.
pub(crate) async fn tell(pages: &BTreeMap<String, Vec<Active>>) -> BTreeMap<String, Told> {
    let listener = Listener::start().await;
    let alertmanager = Alertmanager::start(&listener.url).await;
    let begin = Instant::now();
    let mut fired: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    let mut first: BTreeMap<String, Instant> = BTreeMap::new();
    for event in events(pages) {
        sleep_until(begin + event.after).await;
        let now = wall();
        let since = if event.is_firing {
            fired.insert(event.job.clone(), now);
            now
        } else {
            fired[&event.job]
        };
        alertmanager
            .post(&event, since, now)
            .await;
        // From when it knows: what the machine needs to tell it would count three hundredfold.
        first
            .entry(event.job)
            .or_insert_with(Instant::now);
    }
    sleep_until(Instant::now() + scaled(PAUSE)).await;
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for called in listener.called() {
        let told = told
            .entry(called.job.clone())
            .or_default();
        if called.is_firing {
            told.firing += 1;
            let after = (called.at - first[&called.job]) * SCALE.unsigned_abs();
            let after = TimeDelta::from_std(after).expect("a short time");
            told.first_after.get_or_insert(after);
        } else {
            told.resolved += 1;
        }
    }
    told
}

/// When each job's alert begins and ends, on one clock, by which they all begin at once.
fn events(pages: &BTreeMap<String, Vec<Active>>) -> Vec<Event> {
    let mut events = Vec::new();
    for (job, stretches) in pages {
        let mut after = TimeDelta::zero();
        let mut last: Option<DateTime<Utc>> = None;
        for stretch in stretches {
            let pause = last.map_or(TimeDelta::zero(), |last| stretch.from - last);
            let begins = after + pause.min(PAUSE);
            after = begins + (stretch.until - stretch.from);
            last = Some(stretch.until);
            for (at, is_firing) in [(begins, true), (after, false)] {
                events.push(Event {
                    after: scaled(at),
                    job: job.clone(),
                    is_firing,
                });
            }
        }
    }
    events.sort_by_key(|event| event.after);
    events
}

fn scaled(life: TimeDelta) -> Duration {
    (life / SCALE)
        .to_std()
        .expect("no time before")
}

impl Alertmanager {
    async fn start(receiver: &str) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let file = room.path().join("alertmanager.yml");
        let [wait, interval, repeat] = TIMES.map(|milliseconds| milliseconds / SCALE);
        // One Alertmanager stands for one beside each service: with its default grouping everything
        // that a service raises is one group.
        let configuration = format!(
            "route: {{receiver: all, group_by: [job], group_wait: {wait}ms, \
             group_interval: {interval}ms, repeat_interval: {repeat}ms}}\n\
             receivers: [{{name: all, webhook_configs: [{{url: '{receiver}'}}]}}]\n"
        );
        std::fs::write(&file, configuration).expect("the configuration is written");
        let data = room.path().join("data");
        let (child, url) = start("prometheus-alertmanager", "/-/ready", |address| {
            vec![
                format!("--config.file={}", file.display()),
                format!("--storage.path={}", data.display()),
                format!("--web.listen-address={address}"),
                "--cluster.listen-address=".to_owned(),
                "--log.level=error".to_owned(),
            ]
        })
        .await;
        Self {
            url,
            client: client(),
            child,
            _room: room,
        }
    }

    /// Tells it as Prometheus does; what is active stays so for long enough.
    async fn post(&self, event: &Event, since: DateTime<Utc>, now: DateTime<Utc>) {
        let ends = if event.is_firing {
            now + TimeDelta::hours(1)
        } else {
            now
        };
        let alerts = json!([{
            "labels": {"alertname": "ErrorBudgetBurn", "job": event.job, "sloth_severity": "page"},
            "startsAt": since.to_rfc3339(),
            "endsAt": ends.to_rfc3339(),
        }]);
        let answer = self
            .client
            .post(format!("{}/api/v2/alerts", self.url))
            .header("content-type", "application/json")
            .body(alerts.to_string())
            .send()
            .await
            .expect("the Alertmanager answers");
        assert!(answer.status().is_success(), "{answer:?}");
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an Alertmanager reads the real clock"
)]
fn wall() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
