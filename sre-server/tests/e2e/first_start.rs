//! The first half minute with the service, and the first mistakes.

use std::time::Duration;

use serde_json::Value;

use crate::process::Service;
use crate::waiting::{eventually, now, say, seconds};

/// Four SLOs watch the service itself; the one about requests has counted some within half a minute.
#[tokio::test]
async fn an_empty_environment_shows_live_slos_of_the_service_itself_within_half_a_minute() {
    let mut service = Service::with_an_empty_environment();
    let began = now();
    let running = service.start().await;
    let client = &running.client;
    let availability = eventually("a live SLO", Duration::from_secs(30), || async {
        client.get("/alerts").await.expect(200);
        let slos = client
            .items("/slo?service=sre-monitor")
            .await;
        let live = slos
            .into_iter()
            .find(|slo| slo["metric_name"] == "availability")?;
        live["status"]["total"]
            .as_u64()
            .is_some_and(|total| total > 0)
            .then_some(live)
    })
    .await;
    say(&format!(
        "first start: live after {:.1} s",
        seconds(began, now())
    ));
    let status = &availability["status"];
    assert_eq!(status["state"], "met", "{status}");
    assert_eq!(status["sli_percentage"], 100, "{status}");

    let own = client
        .items("/slo?service=sre-monitor")
        .await;
    assert_eq!(own.len(), 4, "{own:?}");
    let others: Vec<Value> = client
        .items("/slo")
        .await
        .into_iter()
        .filter(|slo| slo["service_name"] != "sre-monitor")
        .collect();
    assert_eq!(others.len(), 6, "the defaults");
    assert!(
        others
            .iter()
            .all(|slo| slo["status"]["state"] == "waiting"),
        "{others:?}"
    );
    assert!(client.items("/alerts").await.is_empty(), "nothing is wrong");

    let health = client.get("/health").await.expect(200);
    assert_eq!(health["status"], "ok", "{health}");
    assert!(
        running
            .whole_log()
            .contains("nobody is told"),
        "{}",
        running.log()
    );
    running.stop().await;
}

#[tokio::test]
async fn the_defaults_do_not_come_back_once_deleted() {
    let mut service = Service::new();
    let running = service.start().await;
    for slo in running.client.items("/slo").await {
        let path = format!("/slo/{}", slo["id"].as_str().expect("an id"));
        let answer = running
            .client
            .try_send(reqwest::Method::DELETE, &path, None)
            .await;
        answer.expect("an answer").expect(204);
    }
    running.stop().await;
    let running = service.start().await;
    assert_eq!(running.client.items("/slo").await, Vec::<Value>::new());
    running.stop().await;
}

#[tokio::test]
async fn every_bad_setting_is_told_and_nothing_is_started() {
    let mut service = Service::new()
        .with("REQUEST_TIMEOUT", "soon")
        .with("DATABASE_URL", "mysql://root:hunter2@db/sre")
        .with("BURN_RATE_WARNING_THRESHOLD", "-1")
        .with("WEBHOOK_SECRET", "open sesame")
        .with("ENABLE_SLACK_ALERTS", "true");
    let (status, said) = service.fail();
    assert_eq!(status.code(), Some(78), "{said}");
    for name in [
        "REQUEST_TIMEOUT",
        "DATABASE_URL",
        "BURN_RATE_WARNING_THRESHOLD",
        "WEBHOOK_SECRET",
        "SLACK",
    ] {
        assert!(said.contains(name), "{name} is not in: {said}");
    }
    assert!(
        !said.contains("hunter2") && !said.contains("sesame"),
        "a secret is told: {said}"
    );
    assert!(!service.data().exists(), "something was started");
}

#[tokio::test]
async fn a_second_process_on_the_same_data_is_refused_and_the_first_goes_on() {
    let mut service = Service::new();
    let running = service.start().await;
    let (status, said) = service.fail();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another process"), "{said}");
    let health = running
        .client
        .get("/health")
        .await
        .expect(200);
    assert_eq!(health["status"], "ok", "{health}");
    running.stop().await;
}

mod with_promtool {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use crate::process::Service;
    use crate::waiting::eventually;

    #[tokio::test]
    async fn promtool_finds_nothing_wrong_with_the_metrics() {
        let mut service = Service::new();
        let running = service.start().await;
        let client = &running.client;
        client
            .get("/slo/nowhere")
            .await
            .expect(404);
        // An SLO without data has no figure.
        let metrics = eventually("live figures", Duration::from_secs(40), || async {
            client.get("/slo").await.expect(200);
            let metrics = client.get("/metrics").await.expect(200);
            let metrics = metrics
                .as_str()
                .expect("a text")
                .to_owned();
            metrics
                .contains("sre_monitor_slo_compliance{")
                .then_some(metrics)
        })
        .await;
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool cannot be run; `cargo xtask test` installs it");
        let mut input = promtool.stdin.take().expect("an input");
        input
            .write_all(metrics.as_bytes())
            .expect("it reads");
        drop(input);
        let output = promtool
            .wait_with_output()
            .expect("it ends");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            output.status.success() && said.is_empty(),
            "{said}\n{metrics}"
        );
        for name in [
            "sre_monitor_requests_total",
            "sre_monitor_request_duration_seconds",
            "sre_monitor_active_connections",
            "sre_monitor_error_rate",
            "sre_monitor_slo_compliance",
        ] {
            assert!(
                metrics.contains(&format!("# TYPE {name} ")),
                "{name} is not in {metrics}"
            );
        }
        running.stop().await;
    }
}
