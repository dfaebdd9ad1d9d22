//! Alerts by PagerDuty.

use url::Url;

use super::{Switch, enabled};
use crate::config::parse;
use crate::config::reader::Reader;
use crate::secret::Secret;

/// Alerts by PagerDuty.
#[derive(Clone, Debug)]
pub struct PagerDutyConfig {
    /// Where events are posted to.
    pub url: Url,
    /// The integration key of the service.
    pub routing_key: Secret<String>,
}

const SWITCH: Switch = Switch {
    channel: "PagerDuty",
    enable: "ENABLE_PAGERDUTY_ALERTS",
    addresses: &["PAGERDUTY_ROUTING_KEY"],
    others: &["PAGERDUTY_URL"],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<PagerDutyConfig> {
    let enabled = enabled(reader, SWITCH.enable);
    let routing_key = reader.optional("PAGERDUTY_ROUTING_KEY", parse::routing_key);
    let url = reader.value("PAGERDUTY_URL", parse::url);
    let on = SWITCH.is_on(reader, enabled);
    Some(PagerDutyConfig {
        routing_key: Secret::new(routing_key.filter(|_| on)?),
        url,
    })
}
