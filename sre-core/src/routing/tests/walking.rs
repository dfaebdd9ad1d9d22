use super::{receivers, route, tree};
use crate::routing::{GroupBy, Pace, Route, RouteTree, RouteTreeError};
use crate::time::Span;

#[test]
fn the_first_child_that_matches_takes_the_alert_and_none_leaves_it_to_the_parent() {
    let tree = tree(vec![
        route("a", "service=checkout"),
        route("b", "severity=critical"),
    ]);
    for (service, severity, told) in [
        ("checkout", "critical", "a"),
        ("search", "critical", "b"),
        ("search", "low", "default"),
    ] {
        let labels = [("service", service), ("severity", severity)];
        assert_eq!(receivers(&tree, &labels, None), [told]);
    }
}

#[test]
fn a_route_that_continues_lets_the_next_ones_try() {
    let tree = tree(vec![
        Route {
            continues: true,
            ..route("a", "service=checkout")
        },
        route("b", "severity=critical"),
        route("c", "severity=critical"),
    ]);
    let labels = [("service", "checkout"), ("severity", "critical")];
    assert_eq!(receivers(&tree, &labels, None), ["a", "b"]);
}

#[test]
fn a_route_whose_children_do_not_match_takes_the_alert_itself() {
    let below = Route {
        routes: vec![route("b", "severity=emergency")],
        ..route("a", "service=checkout")
    };
    let tree = tree(vec![below]);
    let labels = [("service", "checkout"), ("severity", "high")];
    assert_eq!(receivers(&tree, &labels, None), ["a"]);
}

#[test]
fn a_route_of_an_owner_takes_the_services_of_that_owner_alone() {
    let owned = Route {
        owner: Some("payments".to_owned()),
        matchers: Vec::new(),
        ..route("a", "service=any")
    };
    let tree = tree(vec![owned]);
    assert!(tree.asks_for_owners());
    for (owner, told) in [
        (Some("payments"), "a"),
        (Some("search"), "default"),
        (None, "default"),
    ] {
        assert_eq!(receivers(&tree, &[("service", "checkout")], owner), [told]);
    }
}

#[test]
fn a_route_has_from_above_what_it_does_not_say_itself_but_no_mute_times() {
    let by_zone = GroupBy::Labels(["zone".to_owned()].into());
    let child = Route {
        receiver: None,
        group_interval: Some(Span::minutes(1)),
        ..route("b", "severity=critical")
    };
    let parent = Route {
        group_by: Some(by_zone.clone()),
        group_wait: Some(None),
        repeat_interval: Some(Span::hours(1)),
        routes: vec![child],
        ..route("a", "service=checkout")
    };
    let tree = tree(vec![parent]);
    let routes = tree.routes();
    let (_, leaf) = routes.last().expect("the child");
    assert_eq!(
        (leaf.path.as_slice(), leaf.receiver.as_str()),
        (&[0, 0][..], "a")
    );
    assert_eq!(leaf.group_by, by_zone);
    assert_eq!(
        leaf.pace,
        Pace::Written {
            wait: None,
            interval: Span::minutes(1)
        }
    );
    assert_eq!(leaf.repeat_interval, Span::hours(1));
    assert!(leaf.mute_time_intervals.is_empty());
}

#[test]
fn a_tree_whose_root_would_leave_an_alert_to_nobody_is_none() {
    let tree_of = |root| {
        RouteTree::new(
            root,
            [("a".to_owned(), crate::routing::Receiver::default())].into(),
            [].into(),
        )
        .map(|_| ())
        .unwrap_err()
    };
    assert_eq!(tree_of(Route::default()), RouteTreeError::NoReceiver);
    assert_eq!(
        tree_of(route("a", "service=checkout")),
        RouteTreeError::PickyRoot
    );
    let unknown = Route {
        receiver: Some("z".to_owned()),
        ..Route::default()
    };
    assert_eq!(
        tree_of(unknown),
        RouteTreeError::UnknownReceiver("z".to_owned())
    );
}
