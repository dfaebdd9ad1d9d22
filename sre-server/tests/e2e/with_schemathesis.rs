//! Schemathesis reads the OpenAPI document and asks everything that it allows, and much that it does
//! not: no input may bring an answer of 500 and above, nor one that the document does not describe.
//!
//! The cases differ from run to run; a failing run prints its seed and the request as a `curl` line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::process::{Running, Service};
use crate::waiting::say;

/// How many random cases of each operation, beside those that go through the bounds of its schema.
/// Of some forty operations, each run makes more than [`CASES_MIN`].
const CASES_PER_OPERATION: &str = "15";

/// A run that tried less has not tried.
const CASES_MIN: u64 = 2_000;

/// What is looked at in every answer. Left out is whether everything that the document allows is
/// taken: names are unique, windows hold two slices, and no schema says so.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,unsupported_method";

async fn fuzz(running: &Running, token: Option<&str>) -> (Output, u64) {
    let room = tempfile::tempdir().expect("a directory");
    let report = room.path().join("report.ndjson");
    let mut command = Command::new("schemathesis");
    command
        .args(["run", &format!("{}/openapi.json", running.client.base)])
        .args(["--checks", CHECKS])
        .args(["--phases", "coverage,fuzzing"])
        .args(["--max-examples", CASES_PER_OPERATION])
        .args(["--generation-database", "none"])
        .args([
            "--request-timeout",
            "20",
            "--workers",
            "2",
            "--max-failures",
            "20",
        ])
        .args(["--no-color", "--continue-on-failure"])
        .arg("--report-ndjson-path")
        .arg(&report)
        .current_dir(room.path());
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic")
        .expect("it runs");
    let cases = count_cases(&report);
    (output, cases)
}

/// How many requests were made, as the report has it.
fn count_cases(report: &Path) -> u64 {
    let text = fs::read_to_string(report).unwrap_or_default();
    let recorded = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|event| {
            let cases = event.pointer("/ScenarioFinished/recorder/cases");
            cases
                .and_then(Value::as_object)
                .map_or(0, |cases| cases.len() as u64)
        });
    recorded.sum()
}

/// Nothing failed, enough was tried, and nothing panicked.
fn judge(output: &Output, cases: u64, running: &Running) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");
    assert!(cases >= CASES_MIN, "only {cases} cases: {said}");
    let log = running.whole_log();
    assert!(!log.contains("panicked"), "{}", running.log());
    assert!(!log.contains("\"status\":500"), "{}", running.log());
    say(&format!("{cases} cases by Schemathesis"));
}

#[tokio::test]
async fn no_input_brings_an_answer_that_the_document_does_not_describe() {
    let mut service = Service::new().with("RUST_LOG", "info,sre_server=info");
    let running = service.start().await;
    let (output, cases) = fuzz(&running, None).await;
    judge(&output, cases, &running);
    running.stop().await;
}

#[tokio::test]
async fn with_tokens_no_input_does_either() {
    let room = tempfile::tempdir().expect("a directory");
    let made = crate::tokens::make("write", "fuzz");
    let path = room.path().join("tokens");
    fs::write(&path, &made.line).expect("written");
    let mut service = Service::new().with("SRE_MONITOR_API_TOKENS_FILE", &path);
    // The document is read under the token as well.
    let running = service.start().await;
    let (output, cases) = fuzz(&running, Some(&made.token)).await;
    judge(&output, cases, &running);
    let log = running.whole_log();
    assert!(!log.contains(&made.token), "the token is in the log");
    running.stop().await;
}
