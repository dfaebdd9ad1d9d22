//! The SLOs that a new store begins with: six that the documentation promises, and four by which
//! the service watches itself.
//!
//! They wait, and are silent, until somebody measures them; people may edit and delete them, and
//! what was deleted does not come back. Their ids are derived from service and name, so two
//! replicas that plant at the same time plant the same rows.

use chrono::{DateTime, Utc};
use sre_core::indicator::Indicator;
use sre_core::monitor::{History, MonitorSettings, start_of};
use sre_core::name::MetricName;
use sre_core::slice::SliceWidth;
use sre_core::slo::{ManagedBy, Slo};
use sre_core::store::Start;
use sre_core::threshold::{Operator, Threshold};
use sre_core::time::Span;
use sre_core::window::Window;

use crate::context::SloDefaults;
use crate::watch::SelfWatch;

/// The default SLOs, as they stand in a store that is new at `now`.
pub fn default_slos(
    defaults: &SloDefaults,
    settings: &MonitorSettings,
    now: DateTime<Utc>,
) -> Vec<(Slo, Start)> {
    documented()
        .into_iter()
        .chain(of_ourselves(defaults.window))
        .filter_map(|plan| plan.slo(now))
        .map(|slo| planted(slo, settings, now))
        .collect()
}

/// The SLOs by which the service watches itself, as they stand in a store that is new at `now`.
pub fn own_slos(
    defaults: &SloDefaults,
    settings: &MonitorSettings,
    now: DateTime<Utc>,
) -> Vec<(Slo, Start)> {
    of_ourselves(defaults.window)
        .into_iter()
        .filter_map(|plan| plan.slo(now))
        .map(|slo| planted(slo, settings, now))
        .collect()
}

/// One default SLO, in what it differs from the others.
struct Plan {
    service: &'static str,
    name: &'static str,
    description: &'static str,
    metric: &'static str,
    target: &'static str,
    threshold: Option<(Operator, f64)>,
    window: Window,
    slice: SliceWidth,
}

/// The table of the documentation.
fn documented() -> Vec<Plan> {
    let availability = |service, target| Plan {
        service,
        name: "Availability",
        description: "Requests that are answered without an error of the service",
        metric: "availability",
        target,
        threshold: None,
        window: Window::Rolling(Span::days(30)),
        slice: SliceWidth::MINUTE,
    };
    vec![
        availability("api-gateway", "99.9"),
        Plan {
            name: "Latency P95",
            description: "Minutes in which 95 of 100 requests are answered within 500 ms",
            metric: "latency_p95",
            threshold: Some((Operator::Lt, 500.0)),
            ..availability("api-gateway", "99")
        },
        availability("intent-parser-server", "99.5"),
        availability("mcp-manager-server", "99.5"),
        availability("federation-server", "99.9"),
        availability("test-data-api", "99"),
    ]
}

/// What the service promises of itself; every metric is pushed as counts by its own recorder.
fn of_ourselves(window: Window) -> Vec<Plan> {
    let [availability, latency, slots_on_time, delivered_in_time] = SelfWatch::METRICS;
    let own = |name, description, metric, target| Plan {
        service: SelfWatch::SERVICE,
        name,
        description,
        metric,
        target,
        threshold: None,
        window,
        slice: SliceWidth::TEN_SECONDS,
    };
    vec![
        own(
            "Availability",
            "Requests to SRE Monitor that are not answered with a 5xx",
            availability,
            "99.9",
        ),
        own(
            "Latency",
            "Requests to SRE Monitor that are answered within 500 ms",
            latency,
            "99",
        ),
        own(
            "Evaluation on time",
            "Slots that SRE Monitor evaluates before the next one is due",
            slots_on_time,
            "99.9",
        ),
        own(
            "Notifications delivered",
            "Messages that reach their channel within 60 s of the decision",
            delivered_in_time,
            "99",
        ),
    ]
}

impl Plan {
    /// The SLO; `None` never, as a test says: every text above is legal.
    fn slo(self, now: DateTime<Utc>) -> Option<Slo> {
        let metric: MetricName = self.metric.parse().ok()?;
        let threshold = self
            .threshold
            .and_then(|(operator, value)| Threshold::new(operator, value).ok());
        Slo::builder(self.service, self.metric)
            .name(self.name)
            .description(self.description)
            .indicator(Indicator::Metric(metric))
            .target_percentage(self.target)
            .ok()?
            .window(self.window)
            .threshold(threshold)
            .slice(self.slice)
            .managed_by(ManagedBy::Default)
            .created_at(now)
            .build()
            .ok()
    }
}

fn planted(slo: Slo, settings: &MonitorSettings, now: DateTime<Utc>) -> (Slo, Start) {
    let start = start_of(&slo, History::None, settings, now);
    (slo, start)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn planted() -> Vec<(Slo, Start)> {
        let defaults = SloDefaults {
            target: "99".parse().unwrap(),
            window: Window::Rolling(Span::days(30)),
        };
        default_slos(&defaults, &MonitorSettings::default(), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn the_documented_table_and_four_of_its_own_are_planted() {
        let shown: Vec<_> = planted()
            .iter()
            .map(|(slo, _)| {
                let definition = &slo.definition;
                format!(
                    "{} {} {} {}",
                    definition.service_name, definition.name, definition.target, definition.window
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "api-gateway Availability 99.9 30d",
                "api-gateway Latency P95 99 30d",
                "intent-parser-server Availability 99.5 30d",
                "mcp-manager-server Availability 99.5 30d",
                "federation-server Availability 99.9 30d",
                "test-data-api Availability 99 30d",
                "sre-monitor Availability 99.9 30d",
                "sre-monitor Latency 99 30d",
                "sre-monitor Evaluation on time 99.9 30d",
                "sre-monitor Notifications delivered 99 30d",
            ]
        );
    }

    #[test]
    fn every_default_has_an_id_of_its_own_that_is_the_same_in_every_new_store() {
        let ids = |planted: Vec<(Slo, Start)>| -> BTreeSet<_> {
            planted
                .into_iter()
                .map(|(slo, _)| slo.id)
                .collect()
        };
        assert_eq!(ids(planted()).len(), 10);
        assert_eq!(ids(planted()), ids(planted()));
    }
}
