//! What a Prometheus holds of a service fills its SLOs, and nobody writes a selector.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::client::Client;
use crate::process::Service;
use crate::prometheus::Prometheus;
use crate::waiting::{eventually, now};

/// How long back the history reaches: less than the hour that is made up for.
const MINUTES: i64 = 40;

/// Ten requests every 15 s, of which one fails, up to now.
fn history() -> String {
    let (end, mut text) = (now().timestamp(), String::new());
    text.push_str("# TYPE http_requests counter\n");
    for (code, per_scrape) in [("200", 9), ("500", 1)] {
        let labels = format!("job=\"api-gateway\",instance=\"a:1\",code=\"{code}\"");
        for scrape in 0..=MINUTES * 4 {
            let at = end - MINUTES * 60 + scrape * 15;
            let total = scrape * per_scrape;
            writeln!(text, "http_requests_total{{{labels}}} {total} {at}").expect("a string");
        }
    }
    text
}

#[tokio::test]
async fn the_documented_slo_of_a_service_is_filled_from_what_prometheus_has() {
    let prometheus = Prometheus::scraping(&[], &history()).await;
    let mut service = Service::new()
        .with("PROMETHEUS_URL", &prometheus.url)
        .with("MONITORING_COLLECTION_INTERVAL", "2s");
    let running = service.start().await;
    let slo = eventually(
        "the history of api-gateway",
        Duration::from_mins(3),
        || async { availability(&running.client).await },
    )
    .await;
    let status = &slo["status"];
    assert_eq!(status["sli_percentage"], 90, "{status}");
    assert_eq!(
        status["bad"]
            .as_f64()
            .map(|bad| bad * 10.0),
        status["total"].as_f64()
    );

    let read = "/service-metrics?service=api-gateway&metric=throughput";
    let throughput = running.client.items(read).await;
    assert!(throughput.len() >= 30, "{} minutes", throughput.len());
    running.stop().await;
}

/// The documented SLO, once most of its history has been folded.
async fn availability(client: &Client) -> Option<Value> {
    let slos = client
        .items("/slo?service=api-gateway")
        .await;
    slos.into_iter().find(|slo| {
        let total = slo["status"]["total"].as_u64();
        slo["metric_name"] == "availability" && total >= Some(1_200)
    })
}
