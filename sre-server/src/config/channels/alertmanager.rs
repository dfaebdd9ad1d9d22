//! Alerts by an Alertmanager that is there already.

use url::Url;

use super::{Switch, enabled};
use crate::config::parse;
use crate::config::reader::Reader;
use crate::secret::Secret;

/// Alerts by Alertmanager.
#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    /// Where it is; it may carry credentials.
    pub url: Secret<Url>,
}

const SWITCH: Switch = Switch {
    channel: "Alertmanager",
    enable: "ENABLE_ALERTMANAGER_ALERTS",
    addresses: &["ALERTMANAGER_URL"],
    others: &[],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<AlertmanagerConfig> {
    let enabled = enabled(reader, SWITCH.enable);
    let url = reader.optional("ALERTMANAGER_URL", parse::url);
    let on = SWITCH.is_on(reader, enabled);
    Some(AlertmanagerConfig {
        url: Secret::new(url.filter(|_| on)?),
    })
}
