//! How many incidents are not over, as series: counted when somebody asks.

use std::collections::BTreeMap;

use sre_core::incident::Incident;

use super::page::{Kind, Page};

/// Writes how many of these live incidents there are, by service, severity and status.
pub fn write(page: &mut Page, live: &[Incident]) {
    let mut counts: BTreeMap<[&str; 3], u64> = BTreeMap::new();
    for incident in live {
        let labels = [
            incident.service_name.as_str(),
            incident.severity.as_str(),
            incident.status().as_str(),
        ];
        *counts.entry(labels).or_default() += 1;
    }
    let text = "Incidents that are not over, by service, severity and status.";
    let mut family = page.family("sre_monitor_incidents_open", Kind::Gauge, text);
    for ([service, severity, status], count) in counts {
        let labels = [
            ("service", service),
            ("severity", severity),
            ("status", status),
        ];
        family.count(&labels, count);
    }
}
