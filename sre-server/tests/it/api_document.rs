//! What the API says of itself: complete, illustrated by real answers, and the same everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use sre_core::time::Span;

use crate::http::Answered;
use crate::world::World;

fn document() -> Value {
    sre_server::api::document()
}

/// Every operation: its method, path and description.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"]
        .as_object()
        .expect("paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            all.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    all
}

/// Every operation, read once.
static OPERATIONS: LazyLock<Vec<(String, String, Value)>> =
    LazyLock::new(|| operations(&document()));

/// Everything with a schema within a request or an answer.
fn media(operation: &Value) -> Vec<Value> {
    let answers = operation["responses"]
        .as_object()
        .expect("answers");
    let bodies = answers
        .values()
        .chain([&operation["requestBody"]]);
    bodies
        .filter_map(|body| body["content"].as_object())
        .flat_map(|content| content.values().cloned())
        .collect()
}

#[test]
fn every_body_has_an_example_and_every_operation_a_name_of_its_own() {
    let document = document();
    let mut names = BTreeMap::new();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        for media in media(&operation) {
            assert!(!media["example"].is_null(), "{place}: {media}");
        }
        let name = operation["operationId"]
            .as_str()
            .expect("a name")
            .to_owned();
        assert_eq!(names.insert(name, place.clone()), None, "{place}");
        assert!(operation["summary"].is_string(), "{place}");
    }
}

#[test]
fn every_operation_says_how_it_may_be_refused_and_whom_it_admits() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        let statuses = operation["responses"]
            .as_object()
            .expect("answers");
        for status in ["400", "403", "421", "422", "429", "431", "500", "503"] {
            assert!(statuses.contains_key(status), "{place}: {status}");
        }
        let is_open = operation["security"] == json!([]);
        assert_eq!(statuses.contains_key("401"), !is_open, "{place}");
        assert_eq!(path.starts_with("/health"), is_open, "{place}");
    }
    for (name, scheme) in [("bearer", "http"), ("session", "apiKey")] {
        assert_eq!(
            document["components"]["securitySchemes"][name]["type"],
            scheme
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut unread = vec![&document];
    while let Some(value) = unread.pop() {
        if let Some(reference) = value
            .get("$ref")
            .and_then(Value::as_str)
        {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        match value {
            Value::Array(items) => unread.extend(items),
            Value::Object(entries) => unread.extend(entries.values()),
            _ => {}
        }
    }
}

#[test]
fn the_files_of_the_documentation_are_what_the_service_says() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let file = |name: &str| fs::read_to_string(docs.join(name)).unwrap_or_default();
    let how = "cargo run --bin sre-monitor -- openapi";
    assert!(
        file("api.md") == sre_server::api::markdown(),
        "docs/api.md is old: {how} --markdown > docs/api.md"
    );
    let written: Value = serde_json::from_str(&file("openapi.json")).unwrap_or_default();
    assert!(
        written == document(),
        "docs/openapi.json is old: {how} > docs/openapi.json"
    );
}

#[tokio::test]
async fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let world = World::new();
    let page = world.get("/docs").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let text = String::from_utf8_lossy(&page.body);
    for (method, path, operation) in operations(&document()) {
        let name = operation["operationId"]
            .as_str()
            .expect("a name");
        assert!(text.contains(&format!("id=\"{name}\"")), "{method} {path}");
    }
    for foreign in ["<script", "src=\"http", "href=\"http", "style=\""] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    let style = world.get("/assets/frame.css").await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
}

/// What was asked and answered, as the examples hold it.
#[derive(Default)]
struct Recording {
    operations: Map<String, Value>,
    ids: BTreeMap<String, String>,
}

impl Recording {
    /// Asks, and keeps the first exchange of each operation and status.
    async fn ask(&mut self, world: &World, method: &str, path: &str, body: Value) -> Answered {
        let sent = (!body.is_null()).then(|| body.to_string());
        let answer = world
            .send(method, path, &[], sent)
            .await;
        assert!(answer.status < 400, "{method} {path}: {:?}", answer.body);
        let id = operation_id(method, path);
        let answered = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        let (body, answered) = (self.stable(&body), self.stable(&answered));
        let record = self
            .operations
            .entry(id)
            .or_insert_with(|| json!({"answers": {}}));
        if record["request"].is_null() && !body.is_null() {
            record["request"] = body;
        }
        if answered.is_object() {
            let answers = record["answers"]
                .as_object_mut()
                .expect("answers");
            answers
                .entry(answer.status.to_string())
                .or_insert(answered);
        }
        answer
    }

    /// Ids are drawn anew each time; examples keep theirs.
    fn stable(&mut self, value: &Value) -> Value {
        let mut text = value.to_string();
        for part in value
            .to_string()
            .split(|c: char| !c.is_ascii_hexdigit() && c != '-')
        {
            if part.len() == 36 && part.split('-').count() == 5 {
                let next = self.ids.len() + 1;
                let stable = self
                    .ids
                    .entry(part.to_owned())
                    .or_insert_with(|| format!("019bd1a0-0000-7000-8000-{next:012}"));
                text = text.replace(part, stable);
            }
        }
        serde_json::from_str(&text).expect("JSON")
    }
}

/// The name of the operation at a path: as the document says it.
fn operation_id(method: &str, path: &str) -> String {
    let path = path
        .split('?')
        .next()
        .unwrap_or_default();
    let parts: Vec<_> = path.split('/').collect();
    let fits = |pattern: &str| {
        let words: Vec<_> = pattern.split('/').collect();
        words.len() == parts.len()
            && words
                .iter()
                .zip(&parts)
                .all(|(word, part)| word.starts_with('{') || word == part)
    };
    let mut found: Vec<_> = OPERATIONS
        .iter()
        .filter(|(known, pattern, _)| known.eq_ignore_ascii_case(method) && fits(pattern))
        .collect();
    // A word in the table comes before a variable part.
    found.sort_by_key(|(_, pattern, _)| pattern.matches('{').count());
    let (_, _, operation) = found
        .first()
        .expect("an operation of the document");
    operation["operationId"]
        .as_str()
        .expect("a name")
        .to_owned()
}

/// A day in the life of a service, as its users would write it.
#[expect(clippy::too_many_lines, reason = "a day, step by step")]
async fn tour() -> Map<String, Value> {
    let world = World::new();
    let mut tour = Recording::default();
    let none = Value::Null;
    let slo = json!({
        "name": "API Gateway Availability",
        "description": "API Gateway should be available 99.9% of the time",
        "service_name": "api-gateway", "metric_name": "availability",
        "target_percentage": 99.9, "time_window": "30d", "labels": {"team": "edge"},
    });
    let made = tour
        .ask(&world, "POST", "/slo", slo.clone())
        .await;
    let path = made.header("location").to_owned();
    for minute in 0..20 {
        let at = world.clock_text();
        let good = if minute < 10 { 1_000 } else { 940 };
        let samples = json!({"samples": [{
            "service_name": "api-gateway", "metric_name": "availability",
            "timestamp": at, "good": good, "total": 1_000,
        }]});
        tour.ask(&world, "POST", "/service-metrics", samples)
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    let read = [
        "/slo",
        &path,
        &format!("{path}/history"),
        &format!("{path}/detection?error_ratio=0.1"),
        "/error-budget",
        "/error-budget/api-gateway",
        "/service-metrics?service=api-gateway&metric=availability",
        "/health",
        "/health/live",
        "/workers",
    ];
    for path in read {
        tour.ask(&world, "GET", path, none.clone())
            .await;
    }
    let tried = json!({
        "slo_id": path.trim_start_matches("/slo/"),
        "overrides": {"target_percentage": 99.5},
        "policies": ["current", "google-sre", {
            "name": "tight",
            "rules": [{"level": "critical", "factor": 4, "long": "30m", "short": "5m"}],
        }],
        "from": "2026-01-01T12:00:00Z", "significant_percentage": 2,
    });
    tour.ask(&world, "POST", "/slo/simulate", tried)
        .await;
    let agreed = json!({
        "service_name": "api-gateway", "meaning": "remove_time",
        "from": "2026-01-01T12:10:00Z", "to": "2026-01-01T12:15:00Z",
        "reason": "The database was moved", "by": "ada",
    });
    tour.ask(
        &world,
        "POST",
        "/budget-corrections/preview",
        agreed.clone(),
    )
    .await;
    let correction = tour
        .ask(&world, "POST", "/budget-corrections", agreed)
        .await;
    let correction = correction.header("location").to_owned();
    for path in ["/budget-corrections", &correction] {
        tour.ask(&world, "GET", path, none.clone())
            .await;
    }
    let ended = json!({"from": "2026-01-01T12:14:00Z", "by": "ada"});
    tour.ask(&world, "POST", &format!("{correction}/end"), ended)
        .await;
    tour.ask(&world, "DELETE", &correction, none.clone())
        .await;
    tour.ask(&world, "POST", &format!("{path}/rebuild"), none.clone())
        .await;
    let mut changed = slo.clone();
    changed["target_percentage"] = json!(99.5);
    tour.ask(&world, "PUT", &path, changed)
        .await;
    tour.ask(&world, "PATCH", &path, json!({"time_window": "7d"}))
        .await;

    let report = json!({
        "service_name": "api-gateway", "alert_type": "latency", "severity": "high",
        "message": "API Gateway answers slowly", "value": 812.5, "threshold": 500.0,
        "expires_in": "1h",
    });
    let alert = tour
        .ask(&world, "POST", "/alerts", report.clone())
        .await;
    let alert = alert.header("location").to_owned();
    tour.ask(&world, "POST", "/alerts", report)
        .await;
    let said = json!({"by": "ada", "comment": "looking into it"});
    tour.ask(&world, "POST", &format!("{alert}/acknowledge"), said)
        .await;
    let gateway = json!({
        "name": "api-gateway", "owner": "edge", "criticality": "critical",
        "dependencies": [{"service_name": "intent-parser-server", "weight": 0.5}],
        "links": {"runbook": "https://wiki.example/api-gateway"},
    });
    tour.ask(&world, "POST", "/services", gateway.clone())
        .await;
    tour.ask(&world, "PUT", "/services/api-gateway", gateway)
        .await;
    let recorded = world
        .context
        .health
        .record(world.context.clock.now(), Span::minutes(1))
        .await;
    recorded.expect("is recorded");
    let read = [
        "/services",
        "/services/api-gateway",
        "/services/graph",
        "/service-health",
        "/service-health/api-gateway",
        "/service-health/api-gateway/history",
    ];
    for path in read {
        tour.ask(&world, "GET", path, none.clone())
            .await;
    }
    let silence = json!({
        "matchers": ["service=\"api-gateway\"", "severity=~\"low|medium|high\""],
        "duration": "2h", "created_by": "ada", "comment": "The database moves",
    });
    tour.ask(&world, "POST", "/silences/preview", silence.clone())
        .await;
    let made = tour
        .ask(&world, "POST", "/silences", silence.clone())
        .await;
    let silenced = made.header("location").to_owned();
    for path in ["/silences", &silenced] {
        tour.ask(&world, "GET", path, none.clone())
            .await;
    }
    let mut longer = silence.clone();
    longer["duration"] = json!("4h");
    tour.ask(&world, "PUT", &silenced, longer.clone())
        .await;
    let planned = json!({
        "services": ["api-gateway"],
        "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2026-01-04T02:00:00",
                       "duration": "2h", "time_zone": "Europe/Berlin"},
        "created_by": "ada", "comment": "The database is maintained",
    });
    let made = tour
        .ask(&world, "POST", "/maintenance", planned)
        .await;
    let planned = made.header("location").to_owned();
    for path in ["/maintenance", &planned] {
        tour.ask(&world, "GET", path, none.clone())
            .await;
    }
    let read = [&alert, &format!("{alert}/notifications"), "/alerts?limit=2"];
    for path in read {
        tour.ask(&world, "GET", path, none.clone())
            .await;
    }
    let said = json!({"by": "ada", "comment": "rolled back"});
    tour.ask(&world, "POST", &format!("{alert}/resolve"), said)
        .await;
    longer["matchers"] = json!(["service=\"api-gateway\""]);
    tour.ask(&world, "PUT", &silenced, longer)
        .await;
    for path in [&silenced, &planned] {
        tour.ask(&world, "DELETE", path, none.clone())
            .await;
    }
    tour.ask(&world, "DELETE", &path, none)
        .await;
    tour.operations
}

/// The names of all fields, however deep; lists have those of their first item.
fn shape(value: &Value, place: &str, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{place}/{name}");
                names.push(place.clone());
                shape(value, &place, names);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                shape(first, &format!("{place}/0"), names);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_examples_are_real_requests_and_answers() {
    let fresh = tour().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let kept = folder.join("examples.json");
    let mut text = serde_json::to_string_pretty(&fresh).expect("JSON");
    text.push('\n');
    fs::write(&kept, text).expect("written");
    let how = format!("cp {} sre-server/src/api/examples.json", kept.display());
    let recorded = sre_server::api::examples();
    for (operation, exchange) in &fresh {
        let record = &recorded[operation];
        assert_eq!(record["request"], exchange["request"], "{operation}: {how}");
        for (status, answer) in exchange["answers"]
            .as_object()
            .expect("answers")
        {
            let (mut real, mut told) = (Vec::new(), Vec::new());
            shape(answer, "", &mut real);
            shape(&record["answers"][status], "", &mut told);
            assert!(
                !told.is_empty(),
                "{operation} {status} is not recorded: {how}"
            );
            let gone: Vec<_> = told
                .iter()
                .filter(|name| !real.contains(name))
                .collect();
            assert!(
                gone.is_empty(),
                "{operation} {status} has no {gone:?} any more: {how}"
            );
        }
    }
}
