mod mute;
mod walking;

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::name::DestinationId;
use crate::routing::{Receiver, Route, RouteTree, Timetable};

fn destination(number: u128) -> DestinationId {
    DestinationId(Uuid::from_u128(number))
}

/// A route to `receiver` for what `matcher` matches.
fn route(receiver: &str, matcher: &str) -> Route {
    Route {
        receiver: Some(receiver.to_owned()),
        matchers: vec![matcher.parse().expect("a matcher")],
        ..Route::default()
    }
}

/// A tree below a root that tells `default`, over the receivers `default`, `a`, `b` and `c`.
fn tree(routes: Vec<Route>) -> RouteTree {
    with_intervals(routes, BTreeMap::new())
}

fn with_intervals(routes: Vec<Route>, intervals: BTreeMap<String, Timetable>) -> RouteTree {
    let root = Route {
        receiver: Some("default".to_owned()),
        routes,
        ..Route::default()
    };
    let receivers = ["default", "a", "b", "c"]
        .into_iter()
        .zip(1..)
        .map(|(name, number)| {
            let receiver = Receiver {
                destinations: vec![destination(number)],
                fallback: None,
            };
            (name.to_owned(), receiver)
        })
        .collect();
    RouteTree::new(root, receivers, intervals).expect("a tree")
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn receivers(tree: &RouteTree, pairs: &[(&str, &str)], owner: Option<&str>) -> Vec<String> {
    tree.leaves(&labels(pairs), owner)
        .into_iter()
        .map(|leaf| leaf.receiver.clone())
        .collect()
}
