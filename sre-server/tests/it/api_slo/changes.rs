//! PUT, PATCH and DELETE.

use serde_json::{Value, json};
use sre_core::alert::AlertStatus;
use sre_core::slo::{ManagedBy, Slo};
use sre_core::store::{AlertQuery, Alerts as _, AlertsPage, Catalog as _, Page};
use sre_core::time::Span;
use sre_store_conformance::fixtures;
use sre_store_conformance::fixtures::counts;

use super::{body, create, faults};
use crate::world::World;

#[tokio::test]
async fn put_replaces_and_what_is_left_out_gets_its_default() {
    let world = World::new();
    let path = create(
        &world,
        &json!({"description": "old", "min_bad": 7, "labels": {"a": "b"}}),
    )
    .await;
    let put = world
        .put(
            &path,
            &body(&json!({"name": "New", "target_percentage": 99.5})),
        )
        .await;
    assert_eq!((put.status, put.header("etag")), (200, "\"v2\""));
    let slo = put.json();
    for (field, value) in [
        ("name", json!("New")),
        ("description", json!("")),
        ("target_percentage", json!(99.5)),
        ("min_bad", json!(3)),
        ("labels", json!({})),
        ("version", json!(2)),
    ] {
        assert_eq!(slo[field], value, "{field}");
    }
    assert_eq!(world.get(&path).await.json(), slo);
}

#[tokio::test]
async fn read_only_fields_of_a_body_are_passed_over() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let changes = json!({"id": 7, "version": 99, "managed_by": "config", "created_at": "x",
        "updated_at": "x", "status": {"state": "met"}, "resolved_source": null});
    let put = world.put(&path, &body(&changes)).await;
    assert_eq!(put.status, 200);
    assert_eq!(put.json()["managed_by"], "api");
}

#[tokio::test]
async fn patch_merges_and_null_resets() {
    let world = World::new();
    let path = create(
        &world,
        &json!({"description": "old", "labels": {"team": "x", "tier": "1"}, "min_bad": 7}),
    )
    .await;
    let headers = [("content-type", "application/merge-patch+json")];
    let change = json!({"labels": {"tier": null, "env": "p"}, "min_bad": null});
    let slo = world
        .send("PATCH", &path, &headers, Some(change.to_string()))
        .await
        .json();
    assert_eq!(slo["labels"], json!({"team": "x", "env": "p"}));
    assert_eq!(
        (&slo["min_bad"], &slo["description"]),
        (&json!(3), &json!("old"))
    );
    assert_eq!(slo["version"], 2);
}

#[tokio::test]
async fn a_patch_is_judged_by_the_rules_of_put() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let answer = world
        .patch(&path, &json!({"name": null, "colour": 1}))
        .await;
    assert_eq!(answer.status, 422);
    assert!(faults(&answer)[0].starts_with("/name: is required"));
    assert_eq!(
        world
            .patch(&path, &json!([]))
            .await
            .status,
        422
    );
    assert_eq!(world.get(&path).await.json()["version"], 1);
}

#[tokio::test]
async fn a_patch_may_write_rules_in_the_place_of_a_preset_and_go_back() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let rules = json!([{"level": "critical", "factor": 10, "long": "1h", "short": "5m"}]);
    let slo = world
        .patch(&path, &json!({"burn_policy": {"rules": rules}}))
        .await
        .json();
    assert_eq!(slo["burn_policy"]["name"], "custom");
    assert_eq!(slo["burn_policy"]["rules"][0]["factor"], 10);
    let slo = world
        .patch(&path, &json!({"burn_policy": null}))
        .await
        .json();
    assert_eq!(slo["burn_policy"]["name"], "default");
}

#[tokio::test]
async fn an_edit_that_strands_a_written_rule_is_refused() {
    let world = World::new();
    let rules = json!([{"level": "critical", "factor": 20, "long": "12h", "short": "10m"}]);
    let path = create(&world, &json!({"burn_policy": {"rules": rules}})).await;
    for (change, reason) in [
        (json!({"target_percentage": 95}), "can never fire"),
        (
            json!({"time_window": "6h"}),
            "the long window 12h is longer than the SLO's 6h",
        ),
        (json!({"slice": "15m"}), "a window must hold two slices"),
    ] {
        let answer = world.patch(&path, &change).await;
        assert_eq!(answer.status, 422, "{change}");
        let told = faults(&answer);
        assert!(
            told[0].starts_with(&format!("/burn_policy/rules/0: {reason}")),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_no_version() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    for answer in [
        world.patch(&path, &json!({})).await,
        world
            .patch(&path, &json!({"target_percentage": 99.0}))
            .await,
        world
            .put(&path, &body(&json!({})))
            .await,
    ] {
        assert_eq!((answer.status, answer.header("etag")), (200, "\"v1\""));
    }
}

#[tokio::test]
async fn a_write_that_was_meant_for_another_version_is_stale() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let change = Some(json!({"min_bad": 4}).to_string());
    let fresh = [("if-match", "\"v1\"")];
    assert_eq!(
        world
            .send("PATCH", &path, &fresh, change.clone())
            .await
            .status,
        200
    );
    for (method, body) in [
        ("PATCH", change.clone()),
        ("PUT", Some(body(&json!({})).to_string())),
        ("DELETE", None),
    ] {
        let answer = world
            .send(method, &path, &fresh, body)
            .await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (412, "stale"),
            "{method}"
        );
    }
    assert_eq!(
        world
            .send("DELETE", &path, &[("if-match", "\"v2\"")], None)
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_name_that_another_has_is_refused() {
    let world = World::new();
    create(&world, &json!({"name": "one"})).await;
    let path = create(&world, &json!({"name": "two"})).await;
    assert_eq!(
        world
            .patch(&path, &json!({"name": "one"}))
            .await
            .status,
        409
    );
    assert_eq!(world.get(&path).await.json()["name"], "two");
}

#[tokio::test]
async fn what_the_configuration_declares_is_not_written_here() {
    let world = World::new();
    let slo = Slo {
        managed_by: ManagedBy::Config,
        ..fixtures::slo(7).build()
    };
    world
        .store
        .insert(&slo, &fixtures::start_of(&slo))
        .await
        .expect("inserted");
    let path = format!("/slo/{}", slo.id);
    for answer in [
        world
            .put(&path, &body(&json!({})))
            .await,
        world
            .patch(&path, &json!({"min_bad": 1}))
            .await,
        world.delete(&path).await,
    ] {
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (409, "conflict")
        );
    }
    assert_eq!(world.get(&path).await.json()["managed_by"], "config");
}

#[tokio::test]
async fn a_deleted_slo_is_gone_its_name_is_free_and_its_history_stays() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    world
        .push("checkout", "availability", counts(9, 10))
        .await;
    world.run_for(Span::minutes(3)).await;
    let deleted = world.delete(&path).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        assert_eq!(
            world
                .send(method, &path, &[], None)
                .await
                .status,
            404
        );
    }
    assert_eq!(
        world
            .put(&path, &body(&json!({})))
            .await
            .status,
        404
    );
    assert_eq!(world.get("/slo").await.json()["items"], json!([]));
    let history = world
        .get(&format!("{path}/history"))
        .await;
    assert_eq!(history.status, 200);
    assert!(
        !history.json()["items"]
            .as_array()
            .expect("items")
            .is_empty()
    );
    create(&world, &json!({})).await;
}

/// An SLO whose page and whose no-data alert are open, and its address.
async fn burning(world: &World) -> String {
    let path = create(world, &json!({})).await;
    for _ in 0..20 {
        world
            .push("checkout", "availability", counts(0, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    assert!(!open(world).await.is_empty(), "nothing fires");
    path
}

/// The types of the alerts that are open.
async fn open(world: &World) -> Vec<String> {
    let query = AlertQuery {
        state: Some(AlertStatus::Firing),
        ..AlertQuery::default()
    };
    let page = Page::first(Page::<AlertsPage>::LIMIT_MAX);
    let alerts = world
        .store
        .list_alerts(&query, page)
        .await
        .expect("listed");
    alerts
        .iter()
        .map(|alert| alert.alert_type().to_string())
        .collect()
}

#[tokio::test]
async fn the_end_of_an_slo_and_another_way_of_counting_end_its_alerts() {
    let ways: [(&str, Value); 4] = [
        ("DELETE", json!(null)),
        ("PATCH", json!({"enabled": false})),
        ("PATCH", json!({"slice": "30s"})),
        ("PATCH", json!({"service_name": "basket"})),
    ];
    for (method, change) in ways {
        let world = World::new();
        let path = burning(&world).await;
        let body = (!change.is_null()).then(|| change.to_string());
        let answer = world
            .send(method, &path, &[], body)
            .await;
        assert!(answer.status < 300, "{}", answer.status);
        assert_eq!(
            open(&world).await,
            Vec::<String>::new(),
            "{method} {change}"
        );
    }
}

#[tokio::test]
async fn an_edit_of_target_window_or_policy_ends_nothing_and_reads_the_same_slices() {
    let world = World::new();
    let path = burning(&world).await;
    let change = json!({"target_percentage": 98, "time_window": "12h", "min_bad": 4});
    assert_eq!(world.patch(&path, &change).await.status, 200);
    assert!(!open(&world).await.is_empty());
    world.run_for(Span::minutes(2)).await;
    let status = world.get(&path).await.json()["status"].clone();
    assert_eq!(
        (&status["bad"], &status["error_budget"]["allowed"]),
        (&json!(2_000), &json!(40))
    );
}

#[tokio::test]
async fn another_way_of_counting_starts_anew_and_reads_stored_samples_again() {
    let world = World::new();
    let path = burning(&world).await;
    let slo = world
        .patch(&path, &json!({"slice": "30s"}))
        .await
        .json();
    assert_eq!(slo["status"]["state"], "waiting");
    world.run_for(Span::minutes(2)).await;
    let status = world.get(&path).await.json()["status"].clone();
    assert_eq!(
        (&status["state"], &status["bad"]),
        (&json!("violated"), &json!(2_000))
    );
}

#[tokio::test]
async fn an_slo_of_a_prometheus_that_is_gone_can_still_be_renamed() {
    let world = World::with_prometheus();
    let ratio = json!({"type": "ratio", "source": "prometheus", "good": "a", "total": "b"});
    let path = create(&world, &json!({"indicator": ratio})).await;
    let id = path
        .trim_start_matches("/slo/")
        .parse()
        .expect("an id");
    let slo = world
        .store
        .find(id)
        .await
        .expect("found")
        .expect("there");
    let without = World::new();
    without
        .store
        .insert(&slo, &fixtures::start_of(&slo))
        .await
        .expect("inserted");
    assert_eq!(
        without
            .patch(&path, &json!({"name": "other"}))
            .await
            .status,
        200
    );
    let change = json!({"indicator": {"good": "c"}});
    assert_eq!(
        without
            .patch(&path, &change)
            .await
            .status,
        422
    );
}

/// Samples were pushed before the SLO was made; its window of an hour held half of them.
#[tokio::test]
async fn a_longer_window_folds_the_history_that_it_lacks() {
    let world = World::new();
    for minute in 0..120 {
        let at = world.now() - chrono::TimeDelta::minutes(120 - minute);
        world
            .push_at(at, "checkout", "availability", counts(99, 100))
            .await;
    }
    let path = create(&world, &json!({"time_window": "1h"})).await;
    world.run_for(Span::minutes(2)).await;
    let known = |status: &Value| status["status"]["total"].as_f64();
    assert!(known(&world.get(&path).await.json()) <= Some(6_000.0));
    let longer = world
        .patch(&path, &json!({"time_window": "4h"}))
        .await;
    assert_eq!(longer.status, 200, "{}", longer.json());
    world.run_for(Span::minutes(2)).await;
    let slo = world.get(&path).await.json();
    assert_eq!(known(&slo), Some(12_000.0), "{slo}");
}

/// What arrived while nothing was marked counts after a rebuild; what no sample covers any more stays.
#[tokio::test]
async fn a_rebuild_folds_again_what_samples_still_cover() {
    let world = World::new();
    let path = create(&world, &json!({"time_window": "1h"})).await;
    let rebuild = format!("{path}/rebuild");
    let nothing = world.post(&rebuild, &json!({})).await;
    assert_eq!(nothing.status, 409, "{}", nothing.json());
    let begin = world.now();
    for _ in 0..5 {
        world
            .push("checkout", "availability", counts(10, 10))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    // A disabled SLO is not marked by what arrives.
    world
        .patch(&path, &json!({"enabled": false}))
        .await;
    assert_eq!(
        world
            .post(&rebuild, &json!({}))
            .await
            .status,
        409
    );
    let second = begin + Span::minutes(1).as_delta() + Span::seconds(30).as_delta();
    world
        .push_at(second, "checkout", "availability", counts(0, 7))
        .await;
    world
        .patch(&path, &json!({"enabled": true}))
        .await;
    world.run_for(Span::minutes(2)).await;
    let bad = async || world.get(&path).await.json()["status"]["bad"].clone();
    assert_eq!(bad().await, json!(0));

    let accepted = world.post(&rebuild, &json!({})).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    assert_eq!(accepted.json()["from"], json!("2026-01-01T12:00:00Z"));
    world.run_for(Span::minutes(2)).await;
    assert_eq!(bad().await, json!(7));
}
