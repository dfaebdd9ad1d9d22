//! The tree itself: what a route says, what it inherits, and where an alert ends.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::matcher::{Labelled, Matcher};
use crate::name::DestinationId;
use crate::routing::group::{GroupBy, Pace};
use crate::routing::timetable::{Timetable, next_change};
use crate::time::Span;

/// A route as it is written; what is `None` it has from the route above.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Who is told.
    pub receiver: Option<String>,
    /// What it takes: an alert that all of these match.
    pub matchers: Vec<Matcher>,
    /// Of services of this owner alone; `None` of all.
    pub owner: Option<String>,
    /// Whether the routes after it are tried as well once it has matched.
    pub continues: bool,
    /// What goes together.
    pub group_by: Option<GroupBy>,
    /// How long the first message of a group waits; `Some(None)`: not at all.
    pub group_wait: Option<Option<Span>>,
    /// The least time between two messages of a group.
    pub group_interval: Option<Span>,
    /// When what goes on is told again.
    pub repeat_interval: Option<Span>,
    /// Within these nothing is told.
    pub mute_time_intervals: Vec<String>,
    /// Outside of all of these nothing is told; empty: at any time.
    pub active_time_intervals: Vec<String>,
    /// Who is told as well while nobody acknowledges.
    pub escalate: Option<Vec<Step>>,
    /// The routes below, the first that matches wins.
    pub routes: Vec<Self>,
}

/// One step of an escalation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// After how long without anybody who looks.
    pub after: Span,
    /// The receiver that is told then.
    pub to: String,
}

/// Who is behind the name of a receiver.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Receiver {
    /// Its destinations; none for one that drops what it is told.
    pub destinations: Vec<DestinationId>,
    /// The receiver that is told where this one cannot be.
    pub fallback: Option<String>,
}

/// Why routes are no tree.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RouteTreeError {
    /// Nobody would be told.
    #[error("the root names no receiver")]
    NoReceiver,
    /// The root takes everything, or some alerts would have no route.
    #[error("the root takes every alert: it has no matchers, no owner and no time intervals")]
    PickyRoot,
    /// A name that nothing has.
    #[error("no receiver is called {0}")]
    UnknownReceiver(String),
    /// A name that nothing has.
    #[error("no time interval is called {0}")]
    UnknownInterval(String),
}

/// Where alerts go.
#[derive(Clone, Debug)]
pub struct RouteTree {
    root: Node,
    receivers: BTreeMap<String, Receiver>,
    intervals: BTreeMap<String, Timetable>,
    asks_for_owners: bool,
}

/// A route with all that it inherits.
#[derive(Clone, Debug)]
struct Node {
    route: Route,
    leaf: Leaf,
    children: Vec<Self>,
}

/// A route at which an alert ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leaf {
    /// The places of the routes that led here, from the root on; empty for the root.
    pub path: Vec<usize>,
    /// Who is told.
    pub receiver: String,
    /// What goes together.
    pub group_by: GroupBy,
    /// How long that is held back.
    pub pace: Pace,
    /// When what goes on is told again.
    pub repeat_interval: Span,
    /// Within these nothing is told.
    pub mute_time_intervals: Vec<String>,
    /// Outside of all of these nothing is told; empty: at any time.
    pub active_time_intervals: Vec<String>,
    /// Who is told as well while nobody acknowledges, the earliest first.
    pub escalate: Vec<Step>,
}

impl RouteTree {
    /// The tree below `root`, over these receivers and time intervals.
    ///
    /// # Errors
    ///
    /// [`RouteTreeError`] when the root would not take every alert, or a name is nobody's.
    pub fn new(
        root: Route,
        receivers: BTreeMap<String, Receiver>,
        intervals: BTreeMap<String, Timetable>,
    ) -> Result<Self, RouteTreeError> {
        let Some(receiver) = root.receiver.clone() else {
            return Err(RouteTreeError::NoReceiver);
        };
        let is_picky = !root.matchers.is_empty()
            || root.owner.is_some()
            || !root.mute_time_intervals.is_empty()
            || !root.active_time_intervals.is_empty();
        if is_picky {
            return Err(RouteTreeError::PickyRoot);
        }
        let asks_for_owners = asks_for_owners(&root);
        let tree = Self {
            root: Node::below(&Leaf::root(receiver), root, None),
            receivers,
            intervals,
            asks_for_owners,
        };
        tree.check(&tree.root)?;
        Ok(tree)
    }

    fn check(&self, node: &Node) -> Result<(), RouteTreeError> {
        let leaf = &node.leaf;
        let steps = leaf
            .escalate
            .iter()
            .map(|step| &step.to);
        if let Some(unknown) = steps
            .chain([&leaf.receiver])
            .find(|name| !self.receivers.contains_key(*name))
        {
            return Err(RouteTreeError::UnknownReceiver(unknown.clone()));
        }
        if let Some(unknown) = leaf
            .mute_time_intervals
            .iter()
            .chain(&leaf.active_time_intervals)
            .find(|name| !self.intervals.contains_key(*name))
        {
            return Err(RouteTreeError::UnknownInterval(unknown.clone()));
        }
        node.children
            .iter()
            .try_for_each(|child| self.check(child))
    }

    /// Whether some route wants to know whose a service is.
    #[must_use]
    pub const fn asks_for_owners(&self) -> bool {
        self.asks_for_owners
    }

    /// Where an alert with these labels, of a service of this owner, ends; at least one route.
    #[must_use]
    pub fn leaves(&self, labels: &(impl Labelled + ?Sized), owner: Option<&str>) -> Vec<&Leaf> {
        let mut leaves = Vec::new();
        self.root
            .collect(labels, owner, &mut leaves);
        leaves
    }

    /// Every route, from the root down.
    #[must_use]
    pub fn routes(&self) -> Vec<(&Route, &Leaf)> {
        let mut routes = Vec::new();
        self.root.list(&mut routes);
        routes
    }

    /// Who is behind a name; `None` where nobody is.
    #[must_use]
    pub fn receiver(&self, name: &str) -> Option<&Receiver> {
        self.receivers.get(name)
    }

    /// Every receiver by its name.
    #[must_use]
    pub const fn receivers(&self) -> &BTreeMap<String, Receiver> {
        &self.receivers
    }

    /// Until when a route is mute, where it is now; or an instant before that, at which to look again.
    #[must_use]
    pub fn muted_until(&self, leaf: &Leaf, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.is_mute(leaf, now)
            .then(|| next_change(now, |at| !self.is_mute(leaf, at)))
    }

    fn is_mute(&self, leaf: &Leaf, at: DateTime<Utc>) -> bool {
        let is_in = |name: &String| {
            self.intervals
                .get(name)
                .is_some_and(|timetable| timetable.has(at))
        };
        let active = &leaf.active_time_intervals;
        leaf.mute_time_intervals
            .iter()
            .any(is_in)
            || (!active.is_empty() && !active.iter().any(is_in))
    }
}

impl Node {
    /// A route with what it inherits of `above`; `place` is its place there, `None` for the root.
    fn below(above: &Leaf, mut route: Route, place: Option<usize>) -> Self {
        let leaf = above.refined(&route, place);
        let children = std::mem::take(&mut route.routes)
            .into_iter()
            .enumerate()
            .map(|(place, child)| Self::below(&leaf, child, Some(place)))
            .collect();
        Self {
            route,
            leaf,
            children,
        }
    }

    /// Adds where the alert ends below here; whether the route takes it at all.
    fn collect<'a>(
        &'a self,
        labels: &(impl Labelled + ?Sized),
        owner: Option<&str>,
        leaves: &mut Vec<&'a Leaf>,
    ) -> bool {
        if !self.route.takes(labels, owner) {
            return false;
        }
        let before = leaves.len();
        for child in &self.children {
            if child.collect(labels, owner, leaves) && !child.route.continues {
                break;
            }
        }
        if leaves.len() == before {
            leaves.push(&self.leaf);
        }
        true
    }

    fn list<'a>(&'a self, routes: &mut Vec<(&'a Route, &'a Leaf)>) {
        routes.push((&self.route, &self.leaf));
        for child in &self.children {
            child.list(routes);
        }
    }
}

impl Route {
    fn takes(&self, labels: &(impl Labelled + ?Sized), owner: Option<&str>) -> bool {
        let is_owners = self
            .owner
            .as_deref()
            .is_none_or(|wanted| owner == Some(wanted));
        is_owners
            && self
                .matchers
                .iter()
                .all(|matcher| matcher.matches(labels))
    }
}

impl Leaf {
    /// What holds where no route says anything.
    fn root(receiver: String) -> Self {
        Self {
            path: Vec::new(),
            receiver,
            group_by: GroupBy::default(),
            pace: Pace::Written {
                wait: Some(GROUP_WAIT),
                interval: GROUP_INTERVAL,
            },
            repeat_interval: REPEAT_INTERVAL,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            escalate: Vec::new(),
        }
    }

    fn refined(&self, route: &Route, place: Option<usize>) -> Self {
        let mut leaf = self.clone();
        leaf.path.extend(place);
        leaf.receiver = route
            .receiver
            .clone()
            .unwrap_or(leaf.receiver);
        leaf.group_by = route
            .group_by
            .clone()
            .unwrap_or(leaf.group_by);
        if let Pace::Written { wait, interval } = &mut leaf.pace {
            *wait = route.group_wait.unwrap_or(*wait);
            *interval = route
                .group_interval
                .unwrap_or(*interval);
        }
        leaf.repeat_interval = route
            .repeat_interval
            .unwrap_or(leaf.repeat_interval);
        leaf.mute_time_intervals
            .clone_from(&route.mute_time_intervals);
        leaf.active_time_intervals
            .clone_from(&route.active_time_intervals);
        if let Some(escalate) = &route.escalate {
            leaf.escalate.clone_from(escalate);
            leaf.escalate
                .sort_by_key(|step| step.after);
        }
        leaf
    }
}

fn asks_for_owners(route: &Route) -> bool {
    route.owner.is_some() || route.routes.iter().any(asks_for_owners)
}

/// How long the first message of a group waits where a written route does not say: Alertmanager's.
const GROUP_WAIT: Span = Span::seconds(30);
/// The least time between two messages of a group where a written route does not say: Alertmanager's.
const GROUP_INTERVAL: Span = Span::minutes(5);
/// When what goes on is told again where a written route does not say: Alertmanager's.
const REPEAT_INTERVAL: Span = Span::hours(4);
