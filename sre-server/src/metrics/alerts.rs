//! How many alerts are open, as series: counted when somebody asks, so that one that has ended is
//! gone from the next page.

use std::collections::BTreeMap;

use sre_core::alert::{Alert, AlertType};

use super::page::{Kind, Page};

/// Writes how many of these open alerts there are, by service, type, severity and state.
pub fn write(page: &mut Page, open: &[Alert]) {
    let mut counts: BTreeMap<[&str; 4], u64> = BTreeMap::new();
    for alert in open {
        let labels = [
            alert.identity.service_name.as_str(),
            type_of(&alert.identity.alert_type),
            alert.severity.as_str(),
            alert.state.as_str(),
        ];
        *counts.entry(labels).or_default() += 1;
    }
    let text = "Alerts that have not ended, by service, type, severity and state.";
    let mut family = page.family("sre_monitor_alerts_open", Kind::Gauge, text);
    for ([service, alert_type, severity, state], count) in counts {
        let labels = [
            ("service", service),
            ("alert_type", alert_type),
            ("severity", severity),
            ("state", state),
        ];
        family.count(&labels, count);
    }
}

/// Types that others make up share one label: a series for each would have no bound.
fn type_of(alert_type: &AlertType) -> &str {
    match alert_type {
        AlertType::Other(_) => "other",
        known => known.as_str(),
    }
}
