//! `/incidents`: opened, listed, moved, merged, noted, reported, counted.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures;

use crate::http::Answered;
use crate::world::World;

mod announced;
mod changes;
mod reports;

/// An incident of `api-gateway` that a person opens, with some fields changed.
fn new(changes: &Value) -> Value {
    let mut body = json!({
        "title": "Nobody can pay", "service_name": "api-gateway", "severity": "critical",
    });
    sre_server::http::json::merge_patch(&mut body, changes);
    body
}

/// Opens one; its address.
async fn opened(world: &World, changes: &Value) -> String {
    let answer = world
        .post("/incidents", &new(changes))
        .await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.header("location").to_owned()
}

/// Reports an alert; its view.
async fn alert(world: &World, changes: &Value) -> Value {
    let mut body = json!({
        "service_name": "api-gateway", "alert_type": "down", "severity": "critical",
        "message": "it is down",
    });
    sre_server::http::json::merge_patch(&mut body, changes);
    let answer = world.post("/alerts", &body).await;
    assert!(matches!(answer.status, 200 | 201), "{:?}", answer.body);
    answer.json()
}

async fn got(world: &World, path: &str) -> Value {
    let answer = world.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    answer.json()
}

/// Where in a body faults were found, in order.
fn places(answer: &Answered) -> Vec<String> {
    let (kind, faults) = answer.problem();
    assert_eq!((answer.status, kind.as_str()), (422, "invalid"));
    let faults = faults.as_array().expect("faults");
    faults
        .iter()
        .map(|fault| {
            let place = fault
                .get("pointer")
                .or(fault.get("parameter"));
            place
                .and_then(Value::as_str)
                .expect("a place")
                .to_owned()
        })
        .collect()
}

fn detail(answer: &Answered) -> String {
    answer.json()["detail"]
        .as_str()
        .expect("a detail")
        .to_owned()
}

#[tokio::test]
async fn three_fields_make_an_incident() {
    let world = World::new();
    let answer = world
        .post("/incidents", &new(&json!({})))
        .await;
    assert_eq!((answer.status, answer.header("etag")), (201, "\"v1\""));
    let incident = answer.json();
    let id = incident["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), format!("/incidents/{id}"));
    let noon = "2026-01-01T12:00:00Z";
    assert_eq!(
        incident,
        json!({
            "id": id, "title": "Nobody can pay", "description": null,
            "service_name": "api-gateway", "affected_services": ["api-gateway"],
            "severity": "critical", "status": "open", "source": "manual",
            "root_cause_service": null, "started_at": noon, "detected_at": noon,
            "acknowledged_at": null, "mitigated_at": null, "resolved_at": null,
            "closed_at": null, "merged_into": null, "previous_incident_id": null,
            "alert_ids": [], "slo_ids": [], "budget_consumed": [],
            "timeline": [{"at": noon, "recorded_at": noon, "kind": "opened", "actor": null,
                          "text": "Nobody can pay"}],
            "version": 1,
        })
    );
    assert_eq!(got(&world, &format!("/incidents/{id}")).await, incident);
}

#[tokio::test]
async fn every_fault_of_a_new_incident_is_told_at_once() {
    let world = World::new();
    let answer = world
        .post(
            "/incidents",
            &json!({
                "title": "", "severity": "bad", "description": 7, "affected_services": ["a b"],
                "root_cause_service": "", "started_at": "2026-01-01T12:00:01Z", "by": "", "x": 1,
            }),
        )
        .await;
    assert_eq!(
        places(&answer),
        [
            "/title",
            "/service_name",
            "/severity",
            "/description",
            "/affected_services/0",
            "/root_cause_service",
            "/started_at",
            "/by",
            "/x",
        ]
    );
    let answer = world
        .send("POST", "/incidents", &[], Some("{".to_owned()))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(got(&world, "/incidents").await["items"], json!([]));
}

#[tokio::test]
async fn a_critical_alert_opens_an_incident_and_says_which() {
    let world = World::new();
    let first = alert(&world, &json!({})).await;
    let second = alert(&world, &json!({"alert_type": "slow", "severity": "low"})).await;
    let id = first["incident_id"]
        .as_str()
        .expect("an incident");
    assert_eq!(second["incident_id"], id);
    let incident = got(&world, &format!("/incidents/{id}")).await;
    assert_eq!(incident["alert_ids"], json!([first["id"], second["id"]]));
    assert_eq!(
        (&incident["source"], &incident["status"], &incident["title"]),
        (&json!("auto"), &json!("open"), &json!("it is down"))
    );
    let kinds: Vec<&str> = incident["timeline"]
        .as_array()
        .expect("lines")
        .iter()
        .filter_map(|line| line["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["alert", "alert", "opened", "joined"]);
    // The alert says it wherever it is shown.
    let path = format!("/alerts/{}", first["id"].as_str().expect("an id"));
    assert_eq!(got(&world, &path).await["incident_id"], id);
    let again = alert(&world, &json!({})).await;
    assert_eq!(again["incident_id"], id);
}

#[tokio::test]
async fn a_lesser_alert_is_in_no_incident() {
    let world = World::new();
    let alert = alert(&world, &json!({"severity": "high"})).await;
    assert_eq!(alert["incident_id"], Value::Null);
    assert_eq!(got(&world, "/incidents").await["items"], json!([]));
}

#[tokio::test]
async fn incidents_are_listed_by_what_they_are_a_page_at_a_time() {
    let world = World::new();
    let first = opened(&world, &json!({"affected_services": ["search"]})).await;
    world
        .clock
        .set(world.now() + Span::minutes(1).as_delta());
    let second = opened(&world, &json!({"severity": "low"})).await;
    let ids = async |query: &str| -> Vec<String> {
        let list = got(&world, &format!("/incidents{query}")).await;
        let items = list["items"].as_array().expect("items");
        items
            .iter()
            .map(|item| format!("/incidents/{}", item["id"].as_str().expect("an id")))
            .collect()
    };
    assert_eq!(ids("").await, [second.clone(), first.clone()]);
    assert_eq!(ids("?service=search").await, std::slice::from_ref(&first));
    assert_eq!(ids("?severity=low").await, std::slice::from_ref(&second));
    assert_eq!(ids("?status=open").await.len(), 2);
    assert_eq!(ids("?status=closed").await, Vec::<String>::new());
    assert_eq!(
        ids("?from=2026-01-01T12:00:30Z").await,
        std::slice::from_ref(&second)
    );
    assert_eq!(
        ids("?to=2026-01-01T12:00:30Z").await,
        std::slice::from_ref(&first)
    );
    let page = got(&world, "/incidents?limit=1").await;
    let next = page["next_cursor"]
        .as_str()
        .expect("a cursor");
    assert_eq!(
        ids(&format!("?limit=1&cursor={next}")).await,
        std::slice::from_ref(&first)
    );
    let answer = world
        .get("/incidents?status=x&severity=y&limit=0&from=z")
        .await;
    assert_eq!(places(&answer).len(), 4);
    assert_eq!(
        world
            .get("/incidents?state=open")
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new();
    for id in ["0197a000-0000-7000-8000-000000000000", "x"] {
        let path = format!("/incidents/{id}");
        assert_eq!(world.get(&path).await.status, 404);
        assert_eq!(
            world
                .put(&path, &json!({}))
                .await
                .status,
            404
        );
        assert_eq!(
            world
                .patch(&path, &json!({}))
                .await
                .status,
            404
        );
        assert_eq!(
            world
                .get(&format!("{path}/report"))
                .await
                .status,
            404
        );
        let note = json!({"text": "x"});
        assert_eq!(
            world
                .post(&format!("{path}/timeline"), &note)
                .await
                .status,
            404
        );
        let into = json!({"into": "0197a000-0000-7000-8000-000000000001"});
        assert_eq!(
            world
                .post(&format!("{path}/merge"), &into)
                .await
                .status,
            404
        );
    }
    assert_eq!(world.delete("/incidents").await.status, 405);
    assert_eq!(
        fixtures::at(0),
        world.now(),
        "nothing of this takes any time"
    );
}
