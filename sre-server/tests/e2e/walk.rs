//! The user's document from top to bottom: every variable, every endpoint, every example, as they
//! stand there. What differs is said where it does: the bind address (which needs tokens), ports and
//! addresses of this machine, and the store.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::process::{Running, Service};
use crate::slack::Slack;
use crate::waiting::eventually;

/// The variables of the document, with its values. Left out: those below.
#[rustfmt::skip]
const VARIABLES: &[(&str, &str)] = &[
    ("REQUEST_TIMEOUT", "30"),
    ("DB_MAX_CONNECTIONS", "20"),
    ("DB_MIN_CONNECTIONS", "5"),
    ("DB_CONNECTION_TIMEOUT", "30"),
    ("MONITORING_COLLECTION_INTERVAL", "60"),
    ("METRICS_RETENTION_DAYS", "30"),
    ("PROMETHEUS_ENDPOINT", "http://localhost:9090"),
    ("SLO_VALIDATION_INTERVAL", "300"),
    ("SLO_DEFAULT_TIME_WINDOW", "30d"),
    ("SLO_VIOLATION_COOLDOWN", "600"),
    ("ERROR_BUDGET_CALCULATION_INTERVAL", "3600"),
    ("ERROR_BUDGET_DEFAULT_PERCENTAGE", "1.0"),
    ("BURN_RATE_WARNING_THRESHOLD", "2.0"),
    ("BURN_RATE_CRITICAL_THRESHOLD", "5.0"),
    ("BURN_RATE_EMERGENCY_THRESHOLD", "10.0"),
    ("API_GATEWAY_URL", "http://localhost:8000"),
    ("PROMETHEUS_URL", "http://localhost:9090"),
    ("GRAFANA_URL", "http://localhost:3001"),
    ("ENABLE_EMAIL_ALERTS", "false"),
    ("SMTP_HOST", "smtp.gmail.com"),
    ("SMTP_PORT", "587"),
    ("SMTP_USERNAME", "your_email@gmail.com"),
    ("SMTP_PASSWORD", "your_password"),
    ("FROM_EMAIL", "alerts@ai-core.dev"),
    ("TO_EMAILS", "team@ai-core.dev,oncall@ai-core.dev"),
    ("ENABLE_SLACK_ALERTS", "true"),
    ("SLACK_CHANNEL", "#alerts"),
    ("SLACK_USERNAME", "SRE Monitor"),
    ("ENABLE_WEBHOOK_ALERTS", "false"),
    ("WEBHOOK_URL", "https://your-webhook-endpoint.com/alerts"),
    ("WEBHOOK_TIMEOUT", "30"),
    ("WEBHOOK_RETRY_COUNT", "3"),
    ("RUST_LOG", "debug"),
];

/// The service with every variable of the document. The store is a file, the port a free one, and
/// Slack an address of this machine.
async fn documented(slack: &Slack) -> Running {
    let service = Service::new().with("SLACK_WEBHOOK_URL", &slack.url);
    let service = VARIABLES
        .iter()
        .fold(service, |service, (name, value)| service.with(name, *value));
    let store = service
        .data()
        .join("ai_core_testing.db");
    let url = format!("sqlite://{}", store.display());
    let mut service = service.with("DATABASE_URL", url);
    service.start().await
}

#[tokio::test]
async fn the_documented_service_does_what_its_document_says() {
    let slack = Slack::start().await;
    let running = documented(&slack).await;
    it_is_well(&running).await;
    the_default_slos_are_there(&running).await;
    let slo = an_slo_is_created_read_and_updated(&running).await;
    budgets_are_shown(&running, &slo).await;
    let alert = an_alert_is_created_and_told(&running, &slack).await;
    incidents_are_kept(&running, &alert).await;
    services_have_a_health(&running).await;
    it_says_of_itself_what_is_promised(&running).await;
    running.stop().await;
}

/// `GET /health`, in time.
async fn it_is_well(running: &Running) {
    let client = &running.client;
    client.get("/health").await.expect(200);
    let began = Instant::now();
    for _ in 0..20 {
        client.get("/health").await.expect(200);
    }
    let each = began.elapsed() / 20;
    assert!(
        each < Duration::from_millis(100),
        "{each:?} for a health check"
    );
}

/// `GET /metrics`; by now there were requests to tell of.
async fn it_says_of_itself_what_is_promised(running: &Running) {
    let client = &running.client;
    let metrics = client.get("/metrics").await.expect(200);
    let metrics = metrics.as_str().expect("a text");
    for name in [
        "sre_monitor_requests_total",
        "sre_monitor_request_duration_seconds",
        "sre_monitor_active_connections",
        "sre_monitor_error_rate",
        "sre_monitor_slo_compliance",
    ] {
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name}");
    }
}

/// The table "Default SLOs".
async fn the_default_slos_are_there(running: &Running) {
    let slos = running.client.items("/slo").await;
    for (service, metric, target) in [
        ("api-gateway", "availability", 99.9),
        ("api-gateway", "latency_p95", 99.0),
        ("intent-parser-server", "availability", 99.5),
        ("mcp-manager-server", "availability", 99.5),
        ("federation-server", "availability", 99.9),
        ("test-data-api", "availability", 99.0),
    ] {
        let found = slos.iter().find(|slo| {
            slo["service_name"] == service
                && slo["metric_name"] == metric
                && slo["target_percentage"].as_f64() == Some(target)
                && slo["time_window"] == "30d"
        });
        let slo = found.unwrap_or_else(|| panic!("{service} {metric} {target}"));
        if metric == "latency_p95" {
            assert_eq!(slo["operator"], "lt", "{slo}");
            assert_eq!(slo["threshold_value"], 500, "{slo}");
        }
    }
}

/// "Creating an SLO", and the four endpoints of SLOs.
async fn an_slo_is_created_read_and_updated(running: &Running) -> Value {
    let client = &running.client;
    let body = json!({
        "name": "API Gateway Availability",
        "description": "API Gateway should be available 99.9% of the time",
        "service_name": "api-gateway",
        "metric_name": "availability",
        "target_percentage": 99.9,
        "time_window": "30d",
        "threshold_value": 99.9,
        "operator": "gte"
    });
    let slo = client
        .post("/slo", &body)
        .await
        .expect(201);
    for (field, value) in body.as_object().expect("an object") {
        assert_eq!(slo[field], *value, "{field}");
    }
    // The same again has the same name.
    client
        .post("/slo", &body)
        .await
        .expect(409);

    let path = format!("/slo/{}", slo["id"].as_str().expect("an id"));
    assert_eq!(client.get(&path).await.expect(200)["name"], body["name"]);
    let mut changed = body.clone();
    changed["target_percentage"] = json!(99.5);
    let updated = put(running, &path, &changed).await;
    assert_eq!(updated["target_percentage"], 99.5);
    assert_eq!(
        updated["version"].as_u64(),
        slo["version"]
            .as_u64()
            .map(|version| version + 1)
    );
    put(running, &path, &body).await
}

/// "Checking Error Budgets", once there is something to check.
async fn budgets_are_shown(running: &Running, slo: &Value) {
    let client = &running.client;
    let now = chrono::DateTime::to_rfc3339(&crate::waiting::now());
    let sample = json!({"samples": [{"service_name": "api-gateway", "metric_name": "availability",
        "timestamp": now, "good": 9_990, "total": 10_000}]});
    client
        .post("/service-metrics", &sample)
        .await
        .expect(202);
    let budget = eventually("a budget", Duration::from_mins(3), || async {
        let all = client.items("/error-budget").await;
        all.into_iter().find(|budget| {
            budget["slo_id"] == slo["id"] && budget["total"].as_u64() == Some(10_000)
        })
    })
    .await;
    // 99.9 % of 10,000 allows 10 bad ones, and 10 were bad: met, with nothing left.
    assert_eq!(budget["allowed"], 10, "{budget}");
    assert_eq!(budget["consumed"], 10, "{budget}");
    assert_eq!(budget["remaining"], 0, "{budget}");
    assert_eq!(budget["remaining_percentage"], 0, "{budget}");

    let one = client
        .get("/error-budget/api-gateway?window=30d")
        .await
        .expect(200);
    assert_eq!(one["service_name"], "api-gateway");
    assert_eq!(one["window"], "30d");
    assert!(
        !one["budgets"]
            .as_array()
            .expect("budgets")
            .is_empty(),
        "{one}"
    );
    client
        .get("/error-budget/nobody?window=30d")
        .await
        .expect(404);
}

/// "Creating an Alert": it is told once, in Slack, and once more only when it is over.
async fn an_alert_is_created_and_told(running: &Running, slack: &Slack) -> Value {
    let client = &running.client;
    let body = json!({
        "service_name": "api-gateway",
        "alert_type": "slo_violation",
        "severity": "high",
        "message": "API Gateway availability dropped below 99.9%"
    });
    let alert = client
        .post("/alerts", &body)
        .await
        .expect(201);
    let again = client
        .post("/alerts", &body)
        .await
        .expect(200);
    assert_eq!(again["id"], alert["id"]);
    assert_eq!(again["occurrences"], 2);
    let text = "API Gateway availability dropped below 99.9%";
    let message = eventually("a message in Slack", Duration::from_secs(10), || async {
        slack
            .messages()
            .into_iter()
            .find(|message| message.to_string().contains(text))
    })
    .await;
    assert_eq!(message["channel"], "#alerts");
    assert_eq!(message["username"], "SRE Monitor");
    let shown = message["text"]
        .as_str()
        .unwrap_or_default();
    assert!(shown.starts_with("[FIRING high] api-gateway"), "{shown}");
    let listed = client
        .items("/alerts?service=api-gateway")
        .await;
    assert!(
        listed
            .iter()
            .any(|listed| listed["id"] == alert["id"])
    );
    alert
}

/// The three endpoints of incidents.
async fn incidents_are_kept(running: &Running, alert: &Value) {
    let client = &running.client;
    let body =
        json!({"title": "Gateway down", "service_name": "api-gateway", "severity": "critical"});
    let incident = client
        .post("/incidents", &body)
        .await
        .expect(201);
    assert_eq!(incident["status"], "open");
    assert_eq!(incident["source"], "manual");
    let path = format!("/incidents/{}", incident["id"].as_str().expect("an id"));
    let acknowledged = put(running, &path, &with(&body, "status", "acknowledged")).await;
    assert_eq!(acknowledged["status"], "acknowledged");
    // Two steps at once are none.
    let two = with(&body, "status", "closed");
    let refused = client
        .try_send(Method::PUT, &path, Some(&two))
        .await
        .expect("an answer");
    refused.expect(409);
    let listed = client.items("/incidents").await;
    assert!(
        listed
            .iter()
            .any(|listed| listed["id"] == incident["id"])
    );
    let read = client.get(&path).await.expect(200);
    assert!(
        read["timeline"]
            .as_array()
            .is_some_and(|events| events.len() >= 2),
        "{read}"
    );
    let _ = alert;
}

/// The two endpoints of service health.
async fn services_have_a_health(running: &Running) {
    let client = &running.client;
    let all = client.items("/service-health").await;
    assert!(
        all.iter()
            .any(|health| health["service_name"] == "api-gateway"),
        "{all:?}"
    );
    let one = client
        .get("/service-health/api-gateway")
        .await
        .expect(200);
    // In tenths: the score and what was taken off are 100, exactly.
    let tenths = |value: &Value| {
        value
            .as_f64()
            .map(|points| (points * 10.0).round())
    };
    let taken: f64 = one["deductions"]
        .as_array()
        .expect("deductions")
        .iter()
        .filter_map(|deduction| tenths(&deduction["points"]))
        .sum();
    assert_eq!(
        tenths(&one["score"]).map(|score| score + taken),
        Some(1_000.0),
        "{one}"
    );
    client
        .get("/service-health/nobody")
        .await
        .expect(404);
}

async fn put(running: &Running, path: &str, body: &Value) -> Value {
    let answer = running
        .client
        .try_send(Method::PUT, path, Some(body))
        .await;
    answer.expect("an answer").expect(200)
}

fn with(body: &Value, field: &str, value: &str) -> Value {
    let mut body = body.clone();
    body[field] = json!(value);
    body
}
