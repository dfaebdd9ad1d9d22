//! Clients that write without a pause, and remember what they were told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::client::{Answer, Client};
use crate::random::Random;
use crate::waiting::now;

/// Whose samples are pushed.
pub(super) const PUSHED: &str = "pushed";
/// Whose alerts are posted.
pub(super) const DRILLED: &str = "drilled";
/// Over how many services they are spread: each has messages of its own, and so few are no storm.
pub(super) const DRILLED_SERVICES: u64 = 8;
/// Whose SLOs are made.
pub(super) const PROMISED: &str = "promised";
/// Under which name nothing is ever valid.
pub(super) const REFUSED: &str = "refused";

/// What became of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    Acknowledged,
    /// No answer came.
    Unknown,
}

/// A pushed sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at: DateTime<Utc>,
    pub(super) good: u64,
    pub(super) total: u64,
    pub(super) outcome: Outcome,
}

/// One of the services whose alerts are posted.
pub(super) fn drilled(number: u64) -> String {
    format!("{DRILLED}-{number}")
}

/// A posted alert.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) number: u64,
    /// Its id, once acknowledged.
    pub(super) id: Option<String>,
}

/// An SLO that was made.
#[derive(Clone, Debug)]
pub(super) struct Slo {
    pub(super) name: String,
    /// Its id, once acknowledged.
    pub(super) id: Option<String>,
    /// What it may say of itself: the last that was acknowledged, and whatever was not answered
    /// since.
    pub(super) descriptions: Vec<String>,
}

/// Everything that was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) samples: Vec<Sample>,
    pub(super) alerts: Vec<Alert>,
    pub(super) slos: Vec<Slo>,
    /// How many were refused, as they had to be.
    pub(super) refused: usize,
}

impl Written {
    /// The ids of all alerts that were acknowledged.
    pub(super) fn alert_ids(&self) -> Vec<String> {
        self.alerts
            .iter()
            .filter_map(|alert| alert.id.clone())
            .collect()
    }
}

/// The clients at work.
#[derive(Debug)]
pub(super) struct Load {
    shared: Arc<Shared>,
    turn: watch::Sender<Client>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    written: Mutex<Written>,
    in_flight: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    /// Sends clients to work.
    pub(super) fn begin(seed: u64, client: &Client) -> Self {
        let (turn, clients) = watch::channel(client.clone());
        let shared = Arc::<Shared>::default();
        let writer = |salt| Writer {
            shared: Arc::clone(&shared),
            clients: clients.clone(),
            random: Random::new(seed ^ salt),
        };
        let tasks = vec![
            tokio::spawn(writer(1).push_samples()),
            tokio::spawn(writer(2).post_alerts()),
            tokio::spawn(writer(3).make_slos()),
        ];
        Self {
            shared,
            turn,
            tasks,
        }
    }

    /// Where the service is from now on.
    pub(super) fn turn_to(&self, client: &Client) {
        self.turn.send_replace(client.clone());
    }

    /// How many writes wait for an answer.
    pub(super) fn in_flight(&self) -> usize {
        self.shared
            .in_flight
            .load(Ordering::SeqCst)
    }

    /// Ends the work; what was written.
    pub(super) async fn end(self) -> Written {
        self.shared
            .is_over
            .store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await
                .expect("a client that does not panic");
        }
        self.shared.written().clone()
    }
}

impl Shared {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client.
struct Writer {
    shared: Arc<Shared>,
    clients: watch::Receiver<Client>,
    random: Random,
}

impl Writer {
    /// Batches of two samples and one that cannot be.
    async fn push_samples(mut self) {
        let mut number = 0;
        while !self.is_over() {
            let valid: Vec<Sample> = (0..2)
                .map(|_| self.sample(&mut number))
                .collect();
            let mut samples: Vec<Value> = valid
                .iter()
                .map(|sample| pushed(PUSHED, sample.at, sample.good, sample.total))
                .collect();
            samples.push(pushed(REFUSED, now(), 2, 1));
            let answer = self
                .send(
                    Method::POST,
                    "/service-metrics",
                    json!({"samples": samples}),
                )
                .await;
            let outcome = match answer {
                Some(answer) => {
                    let body = answer.expect(202);
                    assert_eq!(body["accepted"], 2, "{body}");
                    assert_eq!(body["rejected"][0]["index"], 2, "{body}");
                    self.shared.written().refused += 1;
                    Outcome::Acknowledged
                }
                None => Outcome::Unknown,
            };
            let valid = valid
                .into_iter()
                .map(|sample| Sample { outcome, ..sample });
            self.shared
                .written()
                .samples
                .extend(valid);
            self.breathe(10).await;
        }
    }

    /// Alerts, each of which is another, and some that cannot be.
    async fn post_alerts(mut self) {
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            let mut body = json!({
                "service_name": drilled(number % DRILLED_SERVICES), "alert_type": "drill", "severity": "high",
                "message": format!("drill {number}"), "labels": {"number": number.to_string()},
            });
            let answer = self
                .send(Method::POST, "/alerts", body.clone())
                .await;
            let id = answer.map(|answer| id(&answer.expect(201)));
            self.shared
                .written()
                .alerts
                .push(Alert { number, id });
            if self.random.below(5) == 0 {
                body["service_name"] = REFUSED.into();
                body["severity"] = "unheard".into();
                self.is_refused(Method::POST, "/alerts", body)
                    .await;
            }
            self.breathe(250).await;
        }
    }

    /// SLOs that are made, and then changed again and again.
    async fn make_slos(mut self) {
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            let first = format!("value {number}");
            let mut slo = Slo {
                name: format!("SLO {number}"),
                id: None,
                descriptions: vec![first],
            };
            let answer = self
                .send(Method::POST, "/slo", promised(&slo, &slo.descriptions[0]))
                .await;
            slo.id = answer.map(|answer| id(&answer.expect(201)));
            if let Some(id) = slo.id.clone() {
                for change in 1..=3 {
                    self.breathe(50).await;
                    let description = format!("value {number}.{change}");
                    let body = promised(&slo, &description);
                    let answer = self
                        .send(Method::PUT, &format!("/slo/{id}"), body)
                        .await;
                    if let Some(answer) = answer {
                        answer.expect(200);
                        slo.descriptions.clear();
                    }
                    slo.descriptions.push(description);
                }
            }
            self.shared.written().slos.push(slo);
            let mut body = promised(
                &Slo {
                    name: "all".to_owned(),
                    id: None,
                    descriptions: vec![],
                },
                "",
            );
            body["target_percentage"] = 100.into();
            body["service_name"] = REFUSED.into();
            self.is_refused(Method::POST, "/slo", body)
                .await;
            self.breathe(300).await;
        }
    }

    /// A sample of another instant than all before.
    fn sample(&mut self, number: &mut i64) -> Sample {
        *number += 1;
        let instant = now().timestamp_millis() * 1_000 + *number % 1_000;
        let at = DateTime::from_timestamp_micros(instant).expect("an instant");
        let total = 1 + self.random.below(1_000);
        let good = total - self.random.below(total / 10 + 1);
        Sample {
            at: at - TimeDelta::milliseconds(1),
            good,
            total,
            outcome: Outcome::Unknown,
        }
    }

    /// Sends a write that must be refused.
    async fn is_refused(&mut self, method: Method, path: &str, body: Value) {
        if let Some(answer) = self.send(method, path, body).await {
            answer.expect(422);
            self.shared.written().refused += 1;
        }
    }

    /// One write; `None` when no answer came. Then the next goes to the next life.
    async fn send(&mut self, method: Method, path: &str, body: Value) -> Option<Answer> {
        let client = self.clients.borrow_and_update().clone();
        self.shared
            .in_flight
            .fetch_add(1, Ordering::SeqCst);
        let answer = client
            .try_send(method, path, Some(&body))
            .await;
        self.shared
            .in_flight
            .fetch_sub(1, Ordering::SeqCst);
        if let Ok(answer) = answer {
            Some(answer)
        } else {
            // It fails when the test has failed, and then nobody waits for this.
            let _ = self.clients.changed().await;
            None
        }
    }

    async fn breathe(&mut self, most_ms: u64) {
        let pause = self.random.millis(0, most_ms);
        sleep(pause).await;
    }

    fn is_over(&self) -> bool {
        self.shared
            .is_over
            .load(Ordering::SeqCst)
    }
}

fn pushed(service: &str, at: DateTime<Utc>, good: u64, total: u64) -> Value {
    json!({
        "service_name": service, "metric_name": "availability",
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "good": good, "total": total,
    })
}

fn promised(slo: &Slo, description: &str) -> Value {
    json!({
        "name": slo.name, "description": description, "service_name": PROMISED,
        "metric_name": "availability", "target_percentage": 99, "time_window": "1d", "slice": "10s",
    })
}

fn id(body: &Value) -> String {
    body["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}
