//! `GET /metrics`.

use sre_core::count::Counts;
use sre_core::sample::SampleValue;
use sre_core::store::{Catalog as _, SloChange};
use sre_core::time::Span;

use super::*;

/// A page of metrics.
pub(super) async fn page(world: &World) -> String {
    let answer = world.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4");
    String::from_utf8(answer.body.to_vec()).expect("UTF-8")
}

/// A world with one SLO of 99.9 % that has 998 good of 1000 in its window, and one never measured.
pub(super) async fn measured() -> (World, Slo) {
    let world = World::with(|context| context.destinations = vec![fixtures::destination("ops")]);
    let slo = fixtures::slo(1).build();
    let waiting = fixtures::slo(2)
        .named("a \"quoted\" name\\")
        .service("idle")
        .build();
    for slo in [&slo, &waiting] {
        world
            .store
            .insert(slo, &fixtures::start_of(slo))
            .await
            .expect("it succeeds");
    }
    let counts = SampleValue::Counts(Counts::events(998, 1_000).expect("it succeeds"));
    world
        .push("checkout", "availability", counts)
        .await;
    world.run_for(Span::minutes(3)).await;
    (world, slo)
}

/// The value of a series.
fn value(page: &str, series: &str) -> Option<f64> {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(series))?;
    line.trim().parse().ok()
}

const LABELS: &str =
    r#"slo_id="00000000-0000-0000-0000-000000000001",slo_name="slo 1",service="checkout""#;

#[tokio::test]
async fn each_slo_is_shown_as_it_stands() {
    let (world, _) = measured().await;
    let page = page(&world).await;
    let of = |name: &str| value(&page, &format!("sre_monitor_{name}{{{LABELS}}}"));
    assert_eq!(of("slo_compliance"), Some(99.8));
    assert_eq!(of("slo_sli_ratio"), Some(0.998));
    assert_eq!(of("error_budget_remaining_ratio"), Some(-1.0));
    assert!(
        of("slo_coverage_ratio").is_some_and(|ratio| ratio > 0.0 && ratio <= 1.0),
        "{page}"
    );
    let burn = format!("sre_monitor_slo_burn_rate{{{LABELS},window=\"1h\"}}");
    assert_eq!(value(&page, &burn), Some(2.0));
    assert!(value(&page, "sre_monitor_evaluation_lag_seconds").is_some());
}

#[tokio::test]
async fn an_slo_that_was_never_measured_is_waiting_and_has_no_figures() {
    let (world, _) = measured().await;
    let page = page(&world).await;
    let of_idle: Vec<_> = page
        .lines()
        .filter(|line| line.contains("slo_id") && line.contains("service=\"idle\""))
        .collect();
    assert_eq!(of_idle.len(), 1, "{of_idle:?}");
    assert!(of_idle[0].starts_with("sre_monitor_slo_state{"));
    assert!(of_idle[0].ends_with("state=\"waiting\"} 1"));
}

#[tokio::test]
async fn a_deleted_slo_is_gone_from_the_page() {
    let (world, slo) = measured().await;
    assert!(page(&world).await.contains(LABELS));
    let mut deleted = slo.clone();
    deleted.version += 1;
    deleted.deleted_at = Some(world.now());
    let expected_version = slo.version;
    let change = SloChange {
        slo: &deleted,
        expected_version,
        restart: None,
        backfill: None,
        alerts: &[],
    };
    world
        .store
        .update(&change)
        .await
        .unwrap();
    world
        .clock
        .set(world.now() + Span::seconds(2).as_delta());
    assert!(!page(&world).await.contains(LABELS));
}

#[tokio::test]
async fn requests_are_counted_and_scrapes_are_no_part_of_the_error_rate() {
    let world = World::new();
    let first = page(&world).await;
    let scrapes = r#"sre_monitor_requests_total{method="GET",route="/metrics",status="200"}"#;
    assert_eq!(value(&first, scrapes), Some(1.0));
    assert!(!first.contains("sre_monitor_error_rate"));
    world.get("/alerts/7").await;
    let second = page(&world).await;
    let missed = r#"sre_monitor_requests_total{method="GET",route="/alerts/{id}",status="404"}"#;
    assert_eq!(value(&second, missed), Some(1.0));
    assert_eq!(value(&second, "sre_monitor_error_rate"), Some(0.0));
}

#[tokio::test]
async fn workers_queues_and_deliveries_are_shown() {
    let (world, _) = measured().await;
    let report = json!({
        "service_name": "checkout", "alert_type": "x", "severity": "high", "message": "down",
    });
    assert_eq!(
        world
            .post("/alerts", &report)
            .await
            .status,
        201
    );
    let silence = json!({
        "matchers": ["service=\"cart\""], "duration": "2h", "created_by": "ada", "comment": "It moves",
    });
    let made = world.post("/silences", &silence).await;
    assert_eq!(made.status, 201);
    world
        .clock
        .set(world.now() + Span::seconds(5).as_delta());
    worked(&world, "evaluator", &Outcome::Succeeded);
    let page = page(&world).await;
    let success = r#"sre_monitor_worker_last_success_timestamp_seconds{worker="evaluator"}"#;
    assert_eq!(value(&page, success), Some(1_767_268_985.0));
    assert_eq!(value(&page, "sre_monitor_queue_intents"), Some(1.0));
    assert_eq!(value(&page, "sre_monitor_silences_active"), Some(1.0));
    for family in ["broken", "dead_letters"] {
        let series = format!(r#"sre_monitor_channel_{family}{{channel="ops"}}"#);
        assert_eq!(value(&page, &series), Some(0.0), "{series}");
    }
    assert_eq!(
        value(&page, "sre_monitor_queue_oldest_age_seconds"),
        Some(5.0)
    );
    let delivered =
        r#"sre_monitor_deliveries_total{channel="webhook",destination="ops",outcome="delivered"}"#;
    assert_eq!(value(&page, delivered), Some(0.0));
    assert_eq!(
        value(&page, r#"sre_monitor_build_info{version="0.1.0"}"#),
        Some(1.0)
    );
    assert_eq!(value(&page, "sre_monitor_panics_total"), Some(0.0));
    assert_eq!(value(&page, "sre_monitor_store_up"), Some(1.0));
}

#[tokio::test]
async fn without_the_store_the_page_lacks_what_only_the_store_knows_and_says_so() {
    let world = World::with(|context| context.catalog = Arc::new(Away));
    let page = page(&world).await;
    assert_eq!(value(&page, "sre_monitor_store_up"), Some(0.0));
    assert!(!page.contains("sre_monitor_slo_") && !page.contains("sre_monitor_queue_"));
    assert!(page.contains("sre_monitor_requests_total") && !page.contains("secret cause"));
}
