//! `alertmanager_configs`: an Alertmanager that is there already.

use super::super::yaml::{Key, Node, Reader};
use super::address::address;
use super::ends::SEND_RESOLVED;
use super::{ChannelConfig, Globals};
use crate::config::AlertmanagerConfig;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, _: &Globals) -> Option<ChannelConfig> {
    let keys = ["url", "url_file", "url_env", SEND_RESOLVED];
    let map = reader.map(node, "an Alertmanager", &keys.map(Key::known))?;
    let url = address(reader, node, &map, "ALERTMANAGER_URL")?;
    Some(ChannelConfig::Alertmanager(AlertmanagerConfig { url }))
}
