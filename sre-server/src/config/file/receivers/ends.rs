//! `send_resolved`: whether a channel is told that something is over. On every channel it is, unless it
//! says otherwise.

use super::super::yaml::{Node, Reader};

/// The key, among those of every kind of channel.
pub(super) const SEND_RESOLVED: &str = "send_resolved";

/// Whether this channel is told of ends; its keys were looked at before.
pub(super) fn read(reader: &mut Reader<'_>, channel: &Node<'_>) -> bool {
    channel
        .data
        .as_mapping()
        .into_iter()
        .flat_map(|map| map.iter())
        .find(|(key, _)| {
            matches!(&key.data, saphyr::YamlData::Representation(text, _, _) if text == SEND_RESOLVED)
        })
        .and_then(|(_, node)| reader.flag(node))
        .unwrap_or(true)
}
