use super::*;

const ROUTE: RouteInfo = RouteInfo {
    method: "GET",
    pattern: "/slo/{id}",
};

fn shown(metrics: &Metrics) -> String {
    let mut page = Page::default();
    metrics.write(&mut page, &[]);
    page.into_text()
}

#[tokio::test(start_paused = true)]
async fn the_error_rate_is_of_the_last_five_minutes_and_absent_without_requests() {
    let metrics = Metrics::default();
    assert!(!shown(&metrics).contains("sre_monitor_error_rate"));
    metrics.on_response(ROUTE, StatusCode::OK, Duration::ZERO);
    metrics.on_response(ROUTE, StatusCode::BAD_GATEWAY, Duration::ZERO);
    assert!(shown(&metrics).contains("\nsre_monitor_error_rate 0.5\n"));
    tokio::time::advance(Duration::from_secs(299)).await;
    metrics.on_response(ROUTE, StatusCode::NOT_FOUND, Duration::ZERO);
    assert!(shown(&metrics).contains("\nsre_monitor_error_rate 0.33"));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(shown(&metrics).contains("\nsre_monitor_error_rate 0\n"));
}

#[test]
fn requests_are_counted_by_route_and_status() {
    let metrics = Metrics::default();
    metrics.on_response(ROUTE, StatusCode::OK, Duration::from_millis(2));
    let text = shown(&metrics);
    let counted = r#"requests_total{method="GET",route="/slo/{id}",status="200"} 1"#;
    assert!(text.contains(counted), "{text}");
    assert!(text.contains(r#"le="0.0025"} 1"#), "{text}");
}

#[test]
fn what_was_never_said_is_not_shown() {
    let metrics = Metrics::default();
    assert!(!shown(&metrics).contains("active_connections"));
    assert!(!shown(&metrics).contains("insecure_mode"));
    metrics.set_active_connections(3);
    metrics.set_insecure_mode(false);
    assert!(shown(&metrics).contains("\nsre_monitor_active_connections 3\n"));
    assert!(shown(&metrics).contains("\nsre_monitor_insecure_mode 0\n"));
}

#[test]
fn every_class_of_failure_and_every_rule_is_shown_from_the_start() {
    let text = shown(&Metrics::default());
    for class in FailureClass::ALL {
        assert!(text.contains(&format!("class=\"{class}\"}} 0")), "{class}");
    }
    for rule in ["never_told", "cooldown", "shadow"] {
        assert!(text.contains(&format!("rule=\"{rule}\"}} 0")), "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_source_is_remembered_with_its_age() {
    let metrics = Metrics::default();
    assert_eq!(metrics.source_failed_ago(), None);
    metrics.on_evaluated(&Evaluated {
        applied: 1,
        source_failures: [(FailureClass::Timeout, 2)].into(),
        ..Evaluated::default()
    });
    tokio::time::advance(Duration::from_secs(7)).await;
    assert_eq!(metrics.source_failed_ago(), Some(Duration::from_secs(7)));
    assert!(shown(&metrics).contains("class=\"timeout\"} 2"));
    assert!(shown(&metrics).contains("outcome=\"applied\"} 1"));
}
