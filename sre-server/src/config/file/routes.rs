//! `route`: the tree.

use std::collections::BTreeSet;

use sre_core::notification::GROUP_INTERVAL_MAX;
use sre_core::routing::{GroupBy, Route, Step};
use sre_core::time::Span;

use super::matchers;
use super::yaml::{Key, Map, Node, Reader};

/// What routes may name.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) receivers: BTreeSet<&'a str>,
    pub(super) intervals: BTreeSet<&'a str>,
}

/// The tree from its root down.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, names: &Names<'_>) -> Option<Route> {
    let map = reader.map(node, "a route", &KEYS)?;
    if map.get("receiver").is_none() {
        reader.refuse(
            node,
            "the root names a receiver: who is told where no other route says",
        );
    }
    for name in [
        "matchers",
        "owner",
        "mute_time_intervals",
        "active_time_intervals",
        "continue",
    ] {
        if let Some(node) = map.get(name) {
            reader.refuse(
                node,
                format!("the root takes every alert at any time; {name} stands below it"),
            );
        }
    }
    Some(route(reader, &map, names, 0))
}

fn route(reader: &mut Reader<'_>, map: &Map<'_, '_>, names: &Names<'_>, depth: u32) -> Route {
    let mut route = Route {
        receiver: map
            .get("receiver")
            .and_then(|node| known(reader, node, "receiver", &names.receivers)),
        owner: map
            .get("owner")
            .and_then(|node| reader.text(node).map(str::to_owned)),
        continues: map
            .get("continue")
            .and_then(|node| reader.flag(node))
            .unwrap_or(false),
        group_wait: map
            .get("group_wait")
            .and_then(|node| reader.span(node)),
        group_interval: positive(reader, map, "group_interval"),
        repeat_interval: positive(reader, map, "repeat_interval"),
        ..Route::default()
    };
    if let Some(node) = map.get("matchers") {
        route.matchers = matchers::read(reader, node, "matchers");
    }
    if let Some(node) = map.get("group_by") {
        route.group_by = group_by(reader, node);
    }
    if let (Some(node), Some(interval)) = (map.get("group_interval"), route.group_interval)
        && interval > GROUP_INTERVAL_MAX
    {
        reader.refuse(
            node,
            format!("group_interval is at most {GROUP_INTERVAL_MAX}"),
        );
    }
    for (name, into) in [
        ("mute_time_intervals", &mut route.mute_time_intervals),
        ("active_time_intervals", &mut route.active_time_intervals),
    ] {
        if let Some(node) = map.get(name) {
            *into = reader
                .list(node, name)
                .iter()
                .filter_map(|node| known(reader, node, "time interval", &names.intervals))
                .collect();
        }
    }
    if let Some(node) = map.get("escalate") {
        route.escalate = Some(escalate(reader, node, names));
    }
    if let Some(node) = map.get("routes") {
        if depth >= DEPTH_MAX {
            reader.refuse(node, format!("routes are at most {DEPTH_MAX} deep"));
        } else {
            for child in reader.list(node, "routes") {
                if let Some(map) = reader.map(child, "a route", &KEYS) {
                    let child = self::route(reader, &map, names, depth + 1);
                    route.routes.push(child);
                }
            }
        }
    }
    route
}

fn positive(reader: &mut Reader<'_>, map: &Map<'_, '_>, name: &str) -> Option<Span> {
    let node = map.get(name)?;
    let span = reader.span(node)?;
    if span.is_none() {
        reader.refuse(node, format!("{name} is at least 1s"));
    }
    span
}

fn group_by(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<GroupBy> {
    let mut labels = BTreeSet::new();
    for item in reader.list(node, "group_by") {
        let label = reader.text(item)?;
        if !labels.insert(label.to_owned()) {
            reader.refuse(item, format!("{label} stands here a second time"));
        }
    }
    if labels.contains(ALL_LABELS) {
        if labels.len() > 1 {
            reader.refuse(node, "... means all labels, and stands alone");
        }
        return Some(GroupBy::All);
    }
    Some(GroupBy::Labels(labels))
}

fn escalate(reader: &mut Reader<'_>, node: &Node<'_>, names: &Names<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for item in reader.list(node, "escalate") {
        let keys = ["after", "to"].map(Key::known);
        let Some(map) = reader.map(item, "a step of an escalation", &keys) else {
            continue;
        };
        for name in ["after", "to"] {
            if map.get(name).is_none() {
                reader.refuse(item, format!("a step of an escalation has {name}"));
            }
        }
        let after = positive(reader, &map, "after");
        let to = map
            .get("to")
            .and_then(|node| known(reader, node, "receiver", &names.receivers));
        let (Some(after), Some(to)) = (after, to) else {
            continue;
        };
        if steps
            .last()
            .is_some_and(|before| before.after >= after)
        {
            reader.refuse(
                item,
                "each step of an escalation comes later than the one before it",
            );
        }
        steps.push(Step { after, to });
    }
    steps
}

/// A name that somebody has.
fn known(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    what: &str,
    names: &BTreeSet<&str>,
) -> Option<String> {
    let name = reader.text(node)?;
    if !names.contains(name) {
        reader.refuse(node, format!("no {what} is called {name}"));
        return None;
    }
    Some(name.to_owned())
}

const KEYS: [Key; 14] = [
    Key::known("receiver"),
    Key::known("matchers"),
    Key::known("owner"),
    Key::known("continue"),
    Key::known("group_by"),
    Key::known("group_wait"),
    Key::known("group_interval"),
    Key::known("repeat_interval"),
    Key::known("mute_time_intervals"),
    Key::known("active_time_intervals"),
    Key::known("escalate"),
    Key::known("routes"),
    Key::later("match", "is written as matchers: [name=\"value\"]"),
    Key::later("match_re", "is written as matchers: [name=~\"expression\"]"),
];

const ALL_LABELS: &str = "...";
/// Deeper trees than this are a slip: nobody could say where an alert goes.
const DEPTH_MAX: u32 = 16;
