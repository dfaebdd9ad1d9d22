//! `sre-monitor doctor` and `health`, as operators and containers ask.

use std::fs;

use serde_json::Value;

use crate::process::Service;

/// The findings of a run, by check and verdict, with all that was said.
fn findings(service: &mut Service) -> (Option<i32>, Vec<(String, String)>, String) {
    let (status, said) = service.fail();
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    let found = report["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            let part = |name: &str| {
                item[name]
                    .as_str()
                    .expect("a text")
                    .to_owned()
            };
            (part("check"), part("verdict"))
        })
        .collect();
    (status.code(), found, said)
}

fn verdict<'a>(found: &'a [(String, String)], check: &str) -> &'a str {
    let of = |(name, _): &&(String, String)| name == check;
    &found
        .iter()
        .find(of)
        .unwrap_or_else(|| panic!("{check} is not in {found:?}"))
        .1
}

#[test]
fn a_machine_on_which_all_is_well_has_no_fault_and_nothing_is_made() {
    let mut service = Service::new().asking(&["doctor", "--output", "json"]);
    let (code, found, said) = findings(&mut service);
    assert_eq!(code, Some(0), "{said}");
    for check in ["settings", "address", "store", "disk", "clock"] {
        assert_eq!(verdict(&found, check), "ok", "{said}");
    }
    assert!(!service.data().exists(), "it looks, and makes nothing");
}

#[test]
fn what_would_not_hold_is_a_fault_with_what_to_do_and_without_secrets() {
    let service = Service::new()
        .asking(&["doctor", "--output", "json"])
        .with("PROMETHEUS_URL", "http://ada:canary1@127.0.0.1:9/canary2")
        .with("WEBHOOK_URL", "http://127.0.0.1:9/canary3?key=canary4")
        .with("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/canary5")
        .with("SMTP_HOST", "127.0.0.1")
        .with("SMTP_PORT", "9")
        .with("SMTP_USERNAME", "ada")
        .with("SMTP_PASSWORD", "canary6")
        .with("FROM_EMAIL", "sre@example.com")
        .with("TO_EMAILS", "ada@example.com");
    fs::create_dir_all(service.data()).expect("a directory");
    let routes = service.data().join("routes.yaml");
    let receivers = "receivers:\n- name: ops\n  webhook_configs:\n  - url: \
                     http://127.0.0.1:9/canary7\n  email_configs:\n  - {to: a@example.com, from: \
                     b@example.com, smarthost: '127.0.0.1:9', tls: none}\nroute: {receiver: ops}\n";
    fs::write(&routes, receivers).expect("a file");
    let mut service = service.with("SRE_MONITOR_CONFIG", &routes);
    fs::write(service.data().join("sre-monitor.db"), "x".repeat(4_096)).expect("a file");
    let (code, found, said) = findings(&mut service);
    assert_eq!(code, Some(1), "{said}");
    for check in [
        "store",
        "source prometheus",
        "channel webhook",
        "channel slack",
        "channel email",
        "receiver ops-webhook",
        "receiver ops-email",
    ] {
        assert_eq!(verdict(&found, check), "fault", "{said}");
    }
    assert!(!said.contains("canary"), "{said}");
    let report: Value = serde_json::from_str(&said).expect("JSON");
    for item in report["items"]
        .as_array()
        .expect("items")
    {
        let has_advice = item["advice"].is_string();
        assert!(has_advice || item["verdict"] != "fault", "{item}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_findings() {
    let mut service = Service::new()
        .asking(&["doctor", "--output", "json"])
        .with("REQUEST_TIMEOUT", "soon")
        .with("DATABASE_URL", "mysql://root:canary@db/sre");
    let (code, found, said) = findings(&mut service);
    assert_eq!(code, Some(1), "{said}");
    let faults = found
        .iter()
        .filter(|(_, verdict)| verdict == "fault");
    assert_eq!(faults.count(), 2, "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_service_that_runs_is_found_at_its_address_and_in_its_store() {
    let mut service = Service::new();
    let running = service.start().await;
    let port = running
        .client
        .address()
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let mut doctor = service
        .beside(&["doctor", "--output", "json"])
        .with("SRE_MONITOR_PORT", &port);
    let (code, found, said) = findings(&mut doctor);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(verdict(&found, "address"), "ok", "{said}");
    assert!(said.contains("the service answers"), "{said}");
    assert!(said.contains("a process has it open"), "{said}");

    let mut health = doctor.beside(&["health", "--ready"]);
    let (status, said) = health.fail();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.starts_with("ok: "), "{said}");
    running.stop().await;
    let (status, said) = health.fail();
    assert_eq!(status.code(), Some(1), "{said}");
}
