//! What the parts of the process need of the configuration, in their own terms.

use std::time::Duration;

use sre_core::alert::LifecycleSettings;
use sre_core::evaluate::EvaluationSettings;
use sre_core::monitor::MonitorSettings;
use sre_core::store::Target;
use sre_core::time::Span;

use crate::config::{ChannelConfig, Config};
use crate::context::SloDefaults;
use crate::http::{self, Names};
use crate::workers::RetentionSettings;

impl Config {
    /// What the evaluator needs.
    pub fn monitor(&self) -> MonitorSettings {
        let evaluation = &self.evaluation;
        MonitorSettings {
            evaluation: EvaluationSettings {
                thresholds: evaluation.thresholds,
                min_coverage_permille: evaluation.min_coverage_permille,
            },
            lifecycle: LifecycleSettings {
                cooldown: evaluation.cooldown,
                ..LifecycleSettings::default()
            },
            validation_interval: evaluation.validation_interval,
            delay: evaluation.delay,
            budget_interval: evaluation.budget_interval,
            incidents: evaluation.incidents,
        }
    }

    /// What an SLO has where its author says nothing.
    pub const fn slo_defaults(&self) -> SloDefaults {
        SloDefaults {
            target: self.evaluation.default_target,
            window: self.evaluation.default_window,
        }
    }

    /// What requests are bounded by.
    pub fn http(&self) -> http::Settings {
        http::Settings {
            request_timeout: self.server.request_timeout,
            body_bytes_max: self.server.max_body_bytes,
            large_body_bytes_max: self.server.max_samples_body_bytes,
            names: Names::new(&self.server.host_names),
        }
    }

    /// How long each thing is kept.
    pub const fn kept(&self) -> RetentionSettings {
        RetentionSettings {
            samples: self.retention.samples,
            slices: self.retention.slices,
            hour_sums: self.retention.hour_sums,
        }
    }

    /// What is asked: the direct health checks, and Prometheus for what there is to discover.
    pub fn targets(&self) -> Vec<Target> {
        let discovery = self
            .prometheus
            .as_ref()
            .map(|_| Target {
                name: DISCOVERY.to_owned(),
                interval: self.collection.interval,
                parameters: [("kind".to_owned(), DISCOVERY.to_owned())].into(),
            });
        let target = |probe: &crate::config::ProbeConfig| Target {
            name: format!("probe:{}", probe.service_name),
            interval: self.collection.interval,
            parameters: [
                ("kind".to_owned(), "probe".to_owned()),
                ("service_name".to_owned(), probe.service_name.to_string()),
                ("url".to_owned(), probe.url.to_string()),
            ]
            .into(),
        };
        self.collection
            .probes
            .iter()
            .map(target)
            .chain(discovery)
            .collect()
    }

    /// How long one try of a delivery may take, on the slowest channel.
    pub fn send_timeout(&self) -> Span {
        let webhook = self
            .channels
            .webhook
            .as_ref()
            .map(|webhook| webhook.timeout);
        let channels = &self.channels;
        let has_others = channels.email.is_some()
            || channels.slack.is_some()
            || channels.pagerduty.is_some()
            || channels.alertmanager.is_some();
        let of_file = self
            .file
            .receivers
            .iter()
            .flat_map(|receiver| &receiver.channels)
            .map(|(_, channel)| match channel {
                ChannelConfig::Webhook(webhook) => webhook.timeout,
                _ => SEND_TIMEOUT,
            })
            .max();
        let longest = webhook
            .max(has_others.then_some(SEND_TIMEOUT))
            .max(of_file);
        let seconds = longest.map_or(1, |timeout| timeout.as_secs());
        Span::seconds(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

/// The target that finds others.
const DISCOVERY: &str = "discovery";

/// How long one try may take by any channel but the webhook; that is a setting, with the same default.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(30);
