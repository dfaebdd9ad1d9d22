//! The words of the stories.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::client::Client;
use crate::exporter::{Exporter, Requests};
use crate::process::{Running, Service};
use crate::prometheus::Prometheus;
use crate::sink::{Message, SECRET, Sink};
use crate::waiting::{eventually, now, say, seconds};

/// What all stories share.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) sink: Sink,
    exporters: [Exporter; 6],
    server: Running,
    _prometheus: Prometheus,
    _service: Service,
}

/// One service and the promise that is made of it.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    pub(crate) exporter: &'a Exporter,
    stage: &'a Stage,
    slo: String,
}

impl Stage {
    /// The requests of `reports` in the hour before.
    pub(crate) const REPORTS_PAST: u64 = 8;
    /// The requests of `payments` in the night before.
    const PAYMENTS_PAST: u64 = 1_700;

    /// Starts everything.
    pub(crate) async fn set() -> Self {
        let exporters = [
            Exporter::start("checkout", 0).await,
            Exporter::start("payments", BEFORE + Self::PAYMENTS_PAST).await,
            Exporter::start("search", 0).await,
            Exporter::start("inventory", 0).await,
            Exporter::start("reports", BEFORE + Self::REPORTS_PAST).await,
            Exporter::start("cart", 0).await,
        ];
        let services: Vec<&Exporter> = exporters.iter().collect();
        // 50 minutes, and seven hours: a window of which a quarter is known is judged as it is.
        let past = past(&exporters[4], Self::REPORTS_PAST, 200)
            + &past(&exporters[1], Self::PAYMENTS_PAST, 1_680);
        let history = format!("# TYPE shop_requests counter\n{past}");
        let prometheus = Prometheus::scraping(&services, &history).await;
        let sink = Sink::new().await;
        let mut service = Service::new()
            .with("PROMETHEUS_URL", &prometheus.url)
            .with("WEBHOOK_URL", &sink.url)
            .with("WEBHOOK_SECRET", SECRET);
        let server = service.start().await;
        for exporter in &exporters {
            exporter
                .scraped_after(DateTime::UNIX_EPOCH)
                .await;
        }
        Self {
            sink,
            exporters,
            server,
            _prometheus: prometheus,
            _service: service,
        }
    }

    /// Promises 99 % of a service over a day.
    pub(crate) async fn begin(&self, service: &str) -> Story<'_> {
        let exporter = self
            .exporters
            .iter()
            .find(|exporter| exporter.service == service);
        let exporter = exporter.expect("a service of the stage");
        let all = format!("shop_requests_total{{job=\"{service}\"}}");
        // Both ways to say it are in use.
        let (part, code) = match service {
            "payments" => ("good", "code!~\"5..\""),
            _ => ("bad", "code=~\"5..\""),
        };
        let some = format!("shop_requests_total{{job=\"{service}\",{code}}}");
        let slo = json!({
            "name": format!("Answers of {service}"),
            "service_name": service,
            "target_percentage": 99,
            "time_window": "1d",
            "indicator": {"type": "ratio", "source": "prometheus", part: some, "total": all},
        });
        let made = self
            .client()
            .post("/slo", &slo)
            .await
            .expect(201);
        let slo = made["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        Story {
            exporter,
            stage: self,
            slo,
        }
    }

    /// Nothing was told twice, unsigned, out of order, or about services without trouble.
    pub(crate) fn assert_told_honestly(&self) {
        assert_eq!(
            self.sink.assert_honest(),
            0,
            "nothing was killed, so nothing comes again"
        );
        for message in self.sink.messages() {
            let service = message.json["data"]["service_name"]
                .as_str()
                .unwrap_or_default();
            let is_ours = self
                .exporters
                .iter()
                .any(|exporter| exporter.service == service);
            assert!(is_ours, "a message about {service}: {}", message.json);
        }
    }

    fn client(&self) -> &Client {
        &self.server.client
    }
}

impl Story<'_> {
    /// Works for a while, then fails whatever it is asked; when that began.
    pub(crate) async fn breaks_down(&self, per_second: u64) -> DateTime<Utc> {
        self.recovers(10).await;
        self.is_measured().await;
        self.exporter.ask(per_second, 1_000);
        now()
    }

    /// Works, without a fault.
    pub(crate) async fn recovers(&self, per_second: u64) {
        self.exporter
            .scraped_after(DateTime::UNIX_EPOCH)
            .await;
        self.exporter.ask(per_second, 0);
    }

    /// Stops answering, after what it counted was scraped.
    pub(crate) async fn dies(&self) {
        self.exporter.rest().await;
        self.exporter.die();
    }

    /// Answers again, and works.
    pub(crate) async fn comes_back(&self, per_second: u64) {
        let revived = now();
        self.exporter.revive();
        // What it counts before its first scrape nobody has seen begin.
        self.exporter
            .scraped_after(revived)
            .await;
        self.exporter.ask(per_second, 0);
    }

    /// The page comes within five minutes.
    pub(crate) async fn pages(&self, began: DateTime<Utc>) -> DateTime<Utc> {
        let told = self
            .hears("alert.firing", "burn_rate", Duration::from_mins(5))
            .await;
        let took = seconds(began, told);
        say(&format!(
            "{}: paged {took:.1} s after the outage began",
            self.service()
        ));
        assert!(told - began <= TimeDelta::minutes(5));
        told
    }

    /// A ticket of this type is open, and is not told while the page is.
    pub(crate) async fn has_a_silent_ticket(&self, kind: &str, began: DateTime<Utc>) {
        let what = format!("{}: a ticket {kind}", self.service());
        eventually(&what, Duration::from_mins(8), || async {
            self.open_alerts()
                .await
                .iter()
                .any(|open| open == kind)
                .then_some(())
        })
        .await;
        let opened = seconds(began, now());
        say(&format!(
            "{}: {kind} opened {opened:.1} s after the outage began",
            self.service()
        ));
        assert_eq!(self.open_alerts().await, ["burn_rate", kind]);
        for message in self.stage.sink.about(self.service()) {
            let types = message
                .alerts()
                .iter()
                .map(|alert| &alert["alert_type"]);
            assert!(
                types
                    .into_iter()
                    .all(|kind| kind == "burn_rate"),
                "{}",
                message.json
            );
        }
    }

    /// The page ends within minutes.
    pub(crate) async fn resolves_the_page(&self) {
        let began = now();
        let told = self
            .hears("alert.resolved", "burn_rate", Duration::from_mins(6))
            .await;
        let took = seconds(began, told);
        say(&format!(
            "{}: resolved {took:.1} s after the recovery",
            self.service()
        ));
    }

    /// Its silence is told.
    pub(crate) async fn has_no_data(&self) {
        let died = now();
        let told = self
            .hears("alert.firing", "no_data", Duration::from_mins(6))
            .await;
        say(&format!(
            "{}: no_data {:.1} s after its death",
            self.service(),
            seconds(died, told)
        ));
    }

    /// Waits for a message; when it came.
    pub(crate) async fn hears(
        &self,
        kind: &str,
        alert_type: &str,
        within: Duration,
    ) -> DateTime<Utc> {
        let service = self.service();
        let what = format!("{service}: {kind} of {alert_type}");
        eventually(&what, within, || async {
            let messages = self.stage.sink.about(service);
            let told = messages
                .iter()
                .find(|message| message.tells(kind, service, alert_type));
            told.map(|message| message.at)
        })
        .await
    }

    /// Nothing of this kind was told.
    pub(crate) fn is_silent_about(&self, kind: &str) {
        for message in self.stage.sink.about(self.service()) {
            assert_ne!(message.kind(), kind, "{}", message.json);
        }
    }

    /// How often this was told.
    pub(crate) fn count(&self, kind: &str, alert_type: &str) -> usize {
        let service = self.service();
        let messages = self.stage.sink.about(service);
        messages
            .iter()
            .filter(|message| message.tells(kind, service, alert_type))
            .count()
    }

    /// Exactly this was told, in this order, changes of severity aside.
    pub(crate) fn was_told<const N: usize>(&self, wanted: [(&str, &str); N]) {
        let told: Vec<(String, String)> = self
            .stage
            .sink
            .about(self.service())
            .iter()
            .filter(|message| message.kind() != "alert.updated")
            .map(|message| (message.kind().to_owned(), alert_type(message)))
            .collect();
        let wanted = wanted.map(|(kind, alert_type)| (kind.to_owned(), alert_type.to_owned()));
        assert_eq!(told, wanted, "{}", self.service());
    }

    /// What is open, sorted.
    pub(crate) async fn open_alerts(&self) -> Vec<String> {
        let path = format!("/alerts?service={}", self.service());
        let mut open: Vec<String> = self
            .stage
            .client()
            .items(&path)
            .await
            .iter()
            .filter(|alert| alert["state"] != "resolved")
            .map(|alert| {
                alert["alert_type"]
                    .as_str()
                    .expect("a type")
                    .to_owned()
            })
            .collect();
        open.sort_unstable();
        open
    }

    /// Waits until the promise has been measured.
    pub(crate) async fn is_measured(&self) {
        let what = format!("{}: measured", self.service());
        eventually(&what, Duration::from_mins(4), || async {
            self.status().await["total"]
                .as_u64()
                .filter(|total| *total > 0)
        })
        .await;
    }

    /// Waits until whatever was scraped shortly after `instant` counts.
    pub(crate) async fn is_measured_after(&self, instant: DateTime<Utc>) -> Value {
        let scraped = self
            .exporter
            .scraped_after(instant)
            .await;
        let what = format!("{}: evaluated after {scraped}", self.service());
        eventually(&what, Duration::from_mins(4), || async {
            let status = self.status().await;
            (as_of(&status) > scraped).then_some(status)
        })
        .await
    }

    /// Waits until it has been measured often enough to know how often it should be.
    pub(crate) async fn is_familiar(&self) {
        self.is_measured().await;
        let since = as_of(&self.status().await);
        let what = format!("{}: three slices", self.service());
        eventually(&what, Duration::from_mins(4), || async {
            (as_of(&self.status().await) >= since + TimeDelta::minutes(2)).then_some(())
        })
        .await;
    }

    /// Waits until all that Prometheus knows of the past counts.
    pub(crate) async fn knows_its_past(&self) {
        let what = format!("{}: its past", self.service());
        eventually(&what, Duration::from_mins(4), || async {
            let total = self.status().await["total"].as_u64()?;
            (total >= self.past()).then_some(())
        })
        .await;
    }

    /// The good requests that were counted before this test.
    fn past(&self) -> u64 {
        match self.service() {
            "reports" => Stage::REPORTS_PAST,
            "payments" => Stage::PAYMENTS_PAST,
            _ => 0,
        }
    }

    /// SLI and budget are exactly what the service knows to be true; that, and the status.
    pub(crate) async fn adds_up(&self) -> (Requests, Value) {
        let (mut truth, scraped) = self.exporter.rest().await;
        let status = self.is_measured_after(scraped).await;
        truth.good += self.past();
        self.assert_true(&status, truth);
        let path = format!("/error-budget/{}", self.service());
        let listed = self
            .stage
            .client()
            .get(&path)
            .await
            .expect(200);
        let budget = &listed["budgets"][0];
        let own = &status["error_budget"];
        for (name, figure) in [
            ("good", &status["good"]),
            ("bad", &status["bad"]),
            ("total", &status["total"]),
            ("sli_percentage", &status["sli_percentage"]),
            ("allowed", &own["allowed"]),
            ("consumed", &own["consumed"]),
            ("remaining", &own["remaining"]),
        ] {
            assert_eq!(
                &budget[name],
                figure,
                "{}: {name} of {budget}",
                self.service()
            );
        }
        say(&format!("{}: {truth:?} is what it says", self.service()));
        (truth, status)
    }

    /// The same while it does not answer.
    pub(crate) fn adds_up_so_far(&self, status: &Value) {
        self.assert_true(status, self.exporter.truth());
    }

    fn assert_true(&self, status: &Value, truth: Requests) {
        let total = truth.good + truth.failed;
        let figure = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let budget = &status["error_budget"];
        let mut faults = String::new();
        let mut compare = |name: &str, is: &Value, wanted: f64| {
            // The counts are whole; the others differ by the rounding of one division at most.
            let is_close = (figure(is) - wanted).abs() <= wanted.abs() * 1e-12;
            if !is_close {
                let _ = write!(faults, " {name} is {is}, not {wanted};");
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "thousands of requests")]
        let (good, failed, total) = (truth.good as f64, truth.failed as f64, total as f64);
        compare("good", &status["good"], good);
        compare("bad", &status["bad"], failed);
        compare("total", &status["total"], total);
        compare(
            "sli_percentage",
            &status["sli_percentage"],
            good / total * 100.0,
        );
        compare("allowed", &budget["allowed"], total / 100.0);
        compare("consumed", &budget["consumed"], failed);
        compare("remaining", &budget["remaining"], total / 100.0 - failed);
        assert_eq!(faults, "", "{}: {status}", self.service());
    }

    /// How the promise stands.
    pub(crate) async fn status(&self) -> Value {
        let path = format!("/slo/{}", self.slo);
        self.stage
            .client()
            .get(&path)
            .await
            .expect(200)["status"]
            .take()
    }

    fn service(&self) -> &'static str {
        self.exporter.service
    }
}

fn alert_type(message: &Message) -> String {
    let types: Vec<&str> = message
        .alerts()
        .iter()
        .filter_map(|alert| alert["alert_type"].as_str())
        .collect();
    types.join("+")
}

/// The end of the last slice that counts.
fn as_of(status: &Value) -> DateTime<Utc> {
    let text = status["as_of"]
        .as_str()
        .unwrap_or_default();
    text.parse()
        .unwrap_or_else(|_| panic!("as of when: {status}"))
}

/// What so many scrapes until now have found of a service that was asked so much meanwhile.
fn past(exporter: &Exporter, requests: u64, scrapes: u64) -> String {
    let (job, address) = (exporter.service, &exporter.address);
    let labels = format!("code=\"200\",instance=\"{address}\",job=\"{job}\",service=\"{job}\"");
    let mut text = String::new();
    let until = now().timestamp() - 20;
    for scrape in 0..scrapes {
        let asked = BEFORE + requests * scrape / (scrapes - 1);
        let at = until - 15 * (scrapes - 1 - scrape).cast_signed();
        writeln!(text, "shop_requests_total{{{labels}}} {asked} {at}").expect("a string");
    }
    text
}

/// What the counters of services with a past showed before anybody looked.
const BEFORE: u64 = 100;
