//! Who hears of alerts about one service, and how each is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::Alert;
use crate::matcher::Labelled;
use crate::name::DestinationId;
use crate::notification::{Judgement, Reason, Withheld};
use crate::routing::group::{GroupKey, Pace};
use crate::routing::tree::{Leaf, RouteTree};
use crate::time::Span;

/// Where alerts go: everything to everyone, or by a tree of routes.
#[derive(Clone, Debug)]
pub enum Routing {
    /// Everything to all of these.
    Everyone(Arc<[DestinationId]>),
    /// As the tree says.
    Tree(Arc<RouteTree>),
}

/// Who hears of alerts about services of one owner.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    routes: Routes<'a>,
    owner: Option<&'a str>,
}

#[derive(Clone, Copy, Debug)]
enum Routes<'a> {
    Everyone(&'a [DestinationId]),
    Tree(&'a RouteTree),
}

/// How one destination is told of one alert.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lead {
    /// With what together.
    pub group: GroupKey,
    /// The labels, beside the service, by which that is told from other groups.
    pub grouped_by: BTreeMap<String, String>,
    /// How long it is held back for that.
    pub pace: Pace,
    /// When it is told again, where a route says so.
    pub repeat_interval: Option<Span>,
    /// Until when its route is mute, where it is.
    pub muted_until: Option<DateTime<Utc>>,
}

impl Routing {
    /// Who hears of alerts about services of `owner`.
    #[must_use]
    pub fn audience<'a>(&'a self, owner: Option<&'a str>) -> Audience<'a> {
        let routes = match self {
            Self::Everyone(destinations) => Routes::Everyone(destinations),
            Self::Tree(tree) => Routes::Tree(tree),
        };
        Audience { routes, owner }
    }

    /// Whether it matters whose a service is.
    #[must_use]
    pub fn asks_for_owners(&self) -> bool {
        matches!(self, Self::Tree(tree) if tree.asks_for_owners())
    }
}

impl<D: Into<Arc<[DestinationId]>>> From<D> for Routing {
    fn from(destinations: D) -> Self {
        Self::Everyone(destinations.into())
    }
}

impl<'a> Audience<'a> {
    /// Nobody.
    pub const NOBODY: Self = Self {
        routes: Routes::Everyone(&[]),
        owner: None,
    };

    /// All of these, of everything.
    #[must_use]
    pub const fn everyone(destinations: &'a [DestinationId]) -> Self {
        Self {
            routes: Routes::Everyone(destinations),
            owner: None,
        }
    }

    /// Everyone that the alert is told to now, each once.
    #[must_use]
    pub fn destinations(&self, alert: &Alert) -> Vec<DestinationId> {
        match self.routes {
            Routes::Everyone(destinations) => destinations.to_vec(),
            Routes::Tree(_) => self.of_labels(&alert.match_labels()),
        }
    }

    /// As [`Self::destinations`], for anything that has these labels.
    #[must_use]
    pub fn of_labels(&self, labels: &(impl Labelled + ?Sized)) -> Vec<DestinationId> {
        match self.routes {
            Routes::Everyone(destinations) => destinations.to_vec(),
            Routes::Tree(tree) => {
                let mut found = Vec::new();
                for leaf in tree.leaves(labels, self.owner) {
                    add(&mut found, tree, &leaf.receiver);
                }
                found
            }
        }
    }

    /// The shortest of the times after which one of those who are told hears of it again; `None` where
    /// no route says.
    #[must_use]
    pub fn repeat_interval(&self, alert: &Alert) -> Option<Span> {
        self.leaves(alert)
            .into_iter()
            .map(|(_, leaf)| leaf.repeat_interval)
            .min()
    }

    /// Who is to hear of the alert while nobody looks, and after how long; the earliest first.
    #[must_use]
    pub fn escalations(&self, alert: &Alert) -> Vec<(Span, Vec<DestinationId>)> {
        let mut steps = Vec::new();
        for (tree, leaf) in self.leaves(alert) {
            for step in &leaf.escalate {
                let mut destinations = Vec::new();
                add(&mut destinations, tree, &step.to);
                steps.push((step.after, destinations));
            }
        }
        steps.sort_by_key(|(after, _)| *after);
        steps
    }

    /// How the destination is told of the alert: as the first of its routes says that is not mute. One
    /// that no route leads to any more is told as the last word, without delay.
    #[must_use]
    pub fn lead(&self, alert: &Alert, destination: DestinationId, now: DateTime<Utc>) -> Lead {
        let prompt = Lead {
            group: GroupKey::of_service(alert.service_name()),
            grouped_by: BTreeMap::new(),
            pace: Pace::Prompt,
            repeat_interval: None,
            muted_until: None,
        };
        let labels = alert.match_labels();
        let labels = labels.all();
        let lead = |(tree, leaf): (&RouteTree, &Leaf)| Lead {
            group: GroupKey::routed(
                &leaf.receiver,
                &leaf.group_by,
                alert.service_name(),
                &labels,
            ),
            grouped_by: leaf.group_by.chosen(&labels),
            pace: leaf.pace,
            repeat_interval: Some(leaf.repeat_interval),
            muted_until: tree.muted_until(leaf, now),
        };
        self.leaves(alert)
            .into_iter()
            .filter(|(tree, leaf)| {
                tree.receiver(&leaf.receiver)
                    .is_some_and(|receiver| {
                        receiver
                            .destinations
                            .contains(&destination)
                    })
            })
            .map(lead)
            .min_by_key(|lead| lead.muted_until)
            .unwrap_or(prompt)
    }

    fn leaves(&self, alert: &Alert) -> Vec<(&'a RouteTree, &'a Leaf)> {
        match self.routes {
            Routes::Everyone(_) => Vec::new(),
            Routes::Tree(tree) => tree
                .leaves(&alert.match_labels(), self.owner)
                .into_iter()
                .map(|leaf| (tree, leaf))
                .collect(),
        }
    }
}

impl Lead {
    /// The judgement, unless its route is mute: what is to be said then waits. An end is told whatever
    /// the time, to whoever was told of the beginning.
    #[must_use]
    pub fn holding(&self, judgement: Judgement) -> Judgement {
        match (&judgement, self.muted_until) {
            (Judgement::Send { reason, .. }, Some(until)) if *reason != Reason::AllResolved => {
                Judgement::Postpone {
                    until,
                    rule: Withheld::Muted,
                }
            }
            _ => judgement,
        }
    }
}

/// Adds the destinations of a receiver that are not there yet.
fn add(found: &mut Vec<DestinationId>, tree: &RouteTree, receiver: &str) {
    let destinations = tree
        .receiver(receiver)
        .map_or(&[][..], |receiver| &receiver.destinations);
    for destination in destinations {
        if !found.contains(destination) {
            found.push(*destination);
        }
    }
}
