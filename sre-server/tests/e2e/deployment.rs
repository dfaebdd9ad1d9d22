//! What operators deploy with: whether its settings are ones, and whether the service starts by them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sre_server::config::SETTINGS;

use crate::process::Service;
use crate::tokens::make;

/// The files that set something.
const FILES: [&str; 7] = [
    "Dockerfile",
    "docker-compose.yml",
    "deploy/kubernetes/sqlite/configuration.yaml",
    "deploy/kubernetes/sqlite/deployment.yaml",
    "deploy/kubernetes/sqlite/secrets.example.yaml",
    "deploy/kubernetes/postgres/deployment.yaml",
    "deploy/helm/sre-monitor/templates/configuration.yaml",
];

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Words that are variables of ours by their look.
fn variables(text: &str) -> BTreeSet<&str> {
    let is_ours = |word: &&str| {
        [
            "SRE_MONITOR_",
            "PROMETHEUS_",
            "GRAFANA_",
            "WEBHOOK_",
            "DATABASE_",
            "SMTP_",
            "SLACK_",
        ]
        .iter()
        .any(|start| word.starts_with(start))
    };
    text.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')
        .filter(is_ours)
        .collect()
}

/// `KEY: value` of the `data` of a `ConfigMap`.
fn data(text: &str) -> Vec<(String, String)> {
    let (_, data) = text
        .split_once("\ndata:\n")
        .expect("a ConfigMap");
    data.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

#[test]
fn every_variable_that_is_set_is_a_setting() {
    let mut seen = 0;
    for file in FILES {
        for name in variables(&text(file)) {
            let known = SETTINGS
                .iter()
                .any(|setting| setting.name == name);
            assert!(known, "{name} of {file} is no setting");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn the_service_starts_by_the_settings_of_the_manifests_and_is_closed_to_strangers() {
    let admin = make("admin", "operator");
    let mut service = Service::new();
    let file = service.room().join("api-tokens");
    fs::write(&file, format!("{}\n", admin.line)).expect("written");
    for (name, value) in data(&text("deploy/kubernetes/sqlite/configuration.yaml")) {
        service = match name.as_str() {
            // A port and a directory of the test's own, and the Secret where it was written.
            "SRE_MONITOR_PORT" | "SRE_MONITOR_DATA_DIR" => service,
            "SRE_MONITOR_API_TOKENS_FILE" => service.with(&name, &file),
            _ => service.with(&name, value),
        };
    }
    let running = service.start().await;
    let port = running
        .client
        .address()
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let asked = async |path: &str, host: &str, token: Option<&str>| {
        let mut request = client
            .get(format!("http://127.0.0.1:{port}{path}"))
            .header("host", host);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        answer.status().as_u16()
    };
    let inside = "sre-monitor.sre-monitor.svc:8080";
    // The kubelet asks by the pod's address, and has no token.
    assert_eq!(asked("/health/live", "10.1.2.3:8080", None).await, 200);
    assert_eq!(asked("/health/ready", "10.1.2.3:8080", None).await, 200);
    assert_eq!(asked("/slo", inside, None).await, 401);
    assert_eq!(asked("/slo", inside, Some(&admin.token)).await, 200);
    assert_eq!(asked("/metrics", inside, Some(&admin.token)).await, 200);
    assert_eq!(
        asked("/slo", "elsewhere.example.com", Some(&admin.token)).await,
        421
    );
    running.stop().await;
}
