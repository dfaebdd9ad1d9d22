//! Without a socket: routing, refusals, layers.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderValue;
use serde_json::json;
use tower::ServiceExt as _;

use super::{answered, request, send, service, toy};

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let answer = send(request("GET", "/nothing", "")).await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (404, "not-found")
    );
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    for method in ["DELETE", "OPTIONS", "BREW"] {
        let answer = send(request(method, "/things", "")).await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (405, "method-not-allowed")
        );
        assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let get = send(request("GET", "/things/a", "")).await;
    let head = send(request("HEAD", "/things/a", "")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), get.header("etag"));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
}

#[tokio::test]
async fn unknown_query_parameters_are_refused_by_name() {
    let answer = send(request("GET", "/things?nmae=a&limit=1&x", "")).await;
    let (kind, faults) = answer.problem();
    assert_eq!((answer.status, kind.as_str()), (422, "invalid"));
    assert_eq!(faults[0]["parameter"], "nmae");
    assert_eq!(faults[1]["parameter"], "x");
}

#[tokio::test]
async fn escapes_that_cannot_be_read_are_malformed() {
    assert_eq!(
        send(request("GET", "/things?name=%ff", ""))
            .await
            .status,
        400
    );
    assert_eq!(
        send(request("GET", "/things/%ff", ""))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_list_is_walked_by_its_cursor() {
    let (mut path, mut seen) = ("/things?limit=2".to_owned(), Vec::new());
    loop {
        let page = send(request("GET", &path, ""))
            .await
            .json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .clone(),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/things?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[4], json!({"size": 5}));
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let answer = send(request(
        "POST",
        "/things",
        r#"{"name":"","size":10,"colour":1}"#,
    ))
    .await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.problem().1,
        json!([
            {"pointer": "/name", "detail": "must have 1 to 10 characters"},
            {"pointer": "/size", "detail": "must be a whole number between 1 and 9"},
            {"pointer": "/colour", "detail": "unknown field; known are name, size"},
        ])
    );
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let answer = send(request("POST", "/things", "{\"name\":\n nope}")).await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (400, "malformed")
    );
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("line 2 column")
    );
    assert_eq!(
        send(request("POST", "/things", " "))
            .await
            .status,
        400
    );
    assert_eq!(
        send(request("POST", "/things", ""))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_body_of_another_type_is_unsupported() {
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let mut post = request("POST", "/things", "{}");
        post.headers_mut()
            .insert("content-type", HeaderValue::from_static(content_type));
        let answer = send(post).await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (415, "unsupported-media-type")
        );
    }
}

#[tokio::test]
async fn what_is_made_says_where_it_is() {
    let answer = send(request("POST", "/things", r#"{"name":"a","size":1}"#)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("location"), "/things/a");
    assert_eq!(answer.header("etag"), "\"v1\"");
}

#[tokio::test]
async fn a_patch_merges_and_a_stale_one_is_refused() {
    let patched = send(request("PATCH", "/things/a", r#"{"size":7}"#)).await;
    assert_eq!(patched.json(), json!({"name": "a", "size": 7}));
    let reset = send(request("PATCH", "/things/a", r#"{"size":null}"#)).await;
    assert_eq!(reset.json(), json!({"name": "a", "size": null}));
    let mut stale = request("PATCH", "/things/a", r#"{"size":7}"#);
    stale
        .headers_mut()
        .insert("if-match", HeaderValue::from_static("\"v2\""));
    let answer = send(stale).await;
    assert_eq!((answer.status, answer.problem().0.as_str()), (412, "stale"));
}

#[tokio::test]
async fn a_fit_request_id_is_returned_and_an_unfit_one_replaced() {
    let mut named = request("GET", "/things", "");
    named
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("trace-7/a"));
    assert_eq!(send(named).await.header("x-request-id"), "trace-7/a");
    for unfit in ["", "two words", "tab\there"] {
        let mut named = request("GET", "/things", "");
        named
            .headers_mut()
            .insert("x-request-id", HeaderValue::from_static(unfit));
        assert_eq!(
            send(named)
                .await
                .header("x-request-id")
                .len(),
            16,
            "{unfit:?}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_an_answer_and_a_count() {
    let (service, toy) = service();
    let answer = answered(service.clone(), request("GET", "/panic", "")).await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (500, "internal")
    );
    assert!(!String::from_utf8_lossy(&answer.body).contains("on purpose"));
    assert_eq!(*toy.panics.lock().unwrap(), 1);
    assert_eq!(
        answered(service, request("GET", "/things", ""))
            .await
            .status,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_told_so() {
    let answer = send(request("GET", "/wait", "")).await;
    assert_eq!(
        (answer.status, answer.problem().0.as_str()),
        (503, "unavailable")
    );
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test(start_paused = true)]
async fn what_took_too_long_under_a_key_is_over_and_a_repeat_is_done() {
    let (service, toy) = service();
    let keyed = || {
        let mut request = request("POST", "/wait", "");
        let key = "k-1".parse().expect("a header");
        request
            .headers_mut()
            .insert("idempotency-key", key);
        request
    };
    let late = answered(service.clone(), keyed()).await;
    assert_eq!(late.status, 503);
    // The work ends at the same instant as the wait for it; the clock of the claim stands still.
    tokio::time::sleep(Duration::from_millis(1)).await;
    toy.gate.add_permits(1);
    assert_eq!(answered(service, keyed()).await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_at_once_are_shed_but_never_probes() {
    let (service, toy) = service();
    let waiting: Vec<_> = (0..64)
        .map(|_| {
            tokio::spawn(
                service
                    .clone()
                    .oneshot(request("GET", "/wait", "")),
            )
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let shed = answered(service.clone(), request("GET", "/things", "")).await;
    assert_eq!((shed.status, shed.header("retry-after")), (503, "1"));
    assert_eq!(
        answered(service.clone(), request("GET", "/health", ""))
            .await
            .status,
        200
    );
    toy.gate.add_permits(64);
    for request in waiting {
        let Ok(response) = request.await.unwrap();
        assert_eq!(response.status(), 204);
    }
    assert_eq!(
        answered(service, request("GET", "/things", ""))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn other_hosts_and_other_sites_are_refused() {
    let with = |name: &'static str, value: &'static str| {
        let mut request = request("GET", "/things", "");
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        request
    };
    let rebound = send(with("host", "evil.example")).await;
    assert_eq!(
        (rebound.status, rebound.problem().0.as_str()),
        (421, "wrong-host")
    );
    assert_eq!(rebound.header("connection"), "close");
    let crossed = send(with("origin", "https://evil.example")).await;
    assert_eq!(
        (crossed.status, crossed.problem().0.as_str()),
        (403, "forbidden")
    );
    assert_eq!(crossed.header("access-control-allow-origin"), "");
    assert_eq!(
        send(with("origin", "http://localhost:8080"))
            .await
            .status,
        200
    );
    assert_eq!(
        send(with("host", "sre.example.com"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn answers_keep_browsers_strict() {
    let answer = send(request("GET", "/things", "")).await;
    let mut names: Vec<_> = answer
        .headers
        .keys()
        .map(hyper::header::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "cache-control",
            "content-security-policy",
            "content-type",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "referrer-policy",
            "x-content-type-options",
            "x-request-id",
        ]
    );
}

#[tokio::test]
async fn every_request_is_recorded_by_its_pattern_and_probes_are_not() {
    let (service, toy) = service();
    for (method, path) in [
        ("GET", "/things/a"),
        ("HEAD", "/things/b"),
        ("BREW", "/things"),
        ("GET", "/health"),
    ] {
        answered(service.clone(), request(method, path, "")).await;
    }
    let recorded: Vec<_> = toy
        .recorded
        .lock()
        .unwrap()
        .iter()
        .map(|(route, status)| (route.method, route.pattern, *status))
        .collect();
    assert_eq!(
        recorded,
        [
            ("GET", "/things/{name}", 200),
            ("HEAD", "/things/{name}", 200),
            ("OTHER", "unmatched", 405),
        ]
    );
}

#[tokio::test]
async fn the_document_is_served_and_describes_bodies_and_answers() {
    let document = send(request("GET", "/openapi.json", ""))
        .await
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    let post = &document["paths"]["/things"]["post"];
    let reference = json!({"$ref": "#/components/schemas/Thing"});
    assert_eq!(
        post["requestBody"]["content"]["application/json"]["schema"],
        reference
    );
    assert_eq!(
        post["responses"]["201"]["content"]["application/json"]["schema"],
        reference
    );
    assert_eq!(
        post["responses"]["422"],
        json!({"$ref": "#/components/responses/Invalid"})
    );
    let invalid = &document["components"]["responses"]["Invalid"]["content"];
    assert_eq!(
        invalid["application/problem+json"]["schema"],
        json!({"$ref": "#/components/schemas/Problem"})
    );
    let patch = &document["paths"]["/things/{name}"]["patch"];
    assert_eq!(patch["parameters"][0]["in"], "path");
    assert!(document["components"]["schemas"]["Fault"].is_object());
    let (router, _, _) = toy();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(Arc::clone(&router).document()).unwrap(),
        document
    );
}
