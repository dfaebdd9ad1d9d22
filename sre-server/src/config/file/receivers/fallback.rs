//! `fallback`: the receiver that is told where another one cannot be.

use std::collections::BTreeSet;

use super::super::yaml::{Node, Reader};
use super::ReceiverConfig;

/// A fallback is another receiver, and none that falls back to where it came from.
pub(in crate::config::file) fn check(
    reader: &mut Reader<'_>,
    node: Option<&Node<'_>>,
    receivers: &[ReceiverConfig],
    names: &BTreeSet<&str>,
) {
    let next = |name: &str| {
        receivers
            .iter()
            .find(|receiver| receiver.name == name)
            .and_then(|receiver| receiver.fallback.as_deref())
    };
    for receiver in receivers {
        let Some(fallback) = &receiver.fallback else {
            continue;
        };
        let mut steps = std::iter::successors(Some(fallback.as_str()), |name| next(name));
        let is_circle = steps
            .by_ref()
            .take(receivers.len() + 1)
            .any(|name| name == receiver.name);
        let cause = if !names.contains(fallback.as_str()) {
            format!("no receiver is called {fallback}")
        } else if is_circle {
            format!("{} falls back to itself", receiver.name)
        } else {
            continue;
        };
        if let Some(node) = node.and_then(|node| node_of(node, &receiver.name)) {
            reader.refuse(node, cause);
        }
    }
}

/// Where the fallback of a receiver stands.
fn node_of<'n, 'a>(receivers: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    let value = |map: &'n Node<'a>, key: &str| {
        map.data
            .as_mapping()?
            .iter()
            .find(|(known, _)| is_text(known, key))
            .map(|(_, value)| value)
    };
    receivers
        .data
        .as_vec()?
        .iter()
        .find(|receiver| value(receiver, "name").is_some_and(|node| is_text(node, name)))
        .and_then(|receiver| value(receiver, "fallback"))
}

fn is_text(node: &Node<'_>, text: &str) -> bool {
    matches!(&node.data, saphyr::YamlData::Representation(own, _, _) if own == text)
}
