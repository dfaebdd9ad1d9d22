//! How healthy services are, as series. One that is unknown has no score.

use sre_core::health::ServiceHealth;

use super::page::{Kind, Page};

/// Writes the series of all these services.
pub fn write(page: &mut Page, found: &[ServiceHealth]) {
    let text = "How healthy the service is, 0 to 100; left out where nothing is measured.";
    let mut family = page.family("sre_monitor_service_health_score", Kind::Gauge, text);
    for health in found {
        if let Some(score) = health.score {
            family.sample(&[service(health)], score.as_f64());
        }
    }
    let text = "1 for the status of the service: healthy, degraded, unhealthy or unknown.";
    let mut family = page.family("sre_monitor_service_health_status", Kind::Gauge, text);
    for health in found {
        let status = ("status", health.status().as_str());
        family.count(&[service(health), status], 1);
    }
    let text = "Share of the service's SLOs and probes that are measured.";
    let mut family = page.family("sre_monitor_service_coverage_ratio", Kind::Gauge, text);
    for health in found {
        if health.coverage.expected > 0 {
            family.sample(&[service(health)], health.coverage.as_f64());
        }
    }
    let text = "Alerts of the service that are open, acknowledged ones too.";
    let mut family = page.family("sre_monitor_service_open_alerts", Kind::Gauge, text);
    for health in found {
        let open = u64::from(health.evidence.alerts.open);
        family.count(&[service(health)], open);
    }
}

fn service(health: &ServiceHealth) -> (&str, &str) {
    ("service", health.service_name.as_str())
}
