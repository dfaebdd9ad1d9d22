//! How trouble spreads: the worst path from each service to one that fails by itself.
//!
//! What a path hands on is the degradation at its end times the weights along it. Weights are at most
//! one, so a longer path never hands on more: the largest is found best first (Dijkstra with
//! products), in one walk over the whole graph from everything that fails, and cycles end by
//! themselves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::health::deduction::Points;
use crate::service::Weight;

/// A service in the graph. Places are in the order of names.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it lost by itself.
    pub(super) degradation: Points,
    /// What it stands on, by place.
    pub(super) dependencies: Vec<(usize, Weight)>,
}

/// The worst that a service is handed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Reach {
    /// 10⁻¹² of a tenth of a point.
    value: u64,
    /// The services of the path, the one that fails last; never the service itself.
    pub(super) path: Vec<usize>,
}

impl Reach {
    /// The highest score that it leaves.
    pub(super) fn ceiling(&self) -> Points {
        let handed_on = Points::rounded(u128::from(self.value), u128::from(UNIT));
        Points::HUNDRED.less(handed_on)
    }
}

/// A way to be in trouble. The greater is the worse; of equal ones the shorter, then the first by
/// name, so that the answer is the same in whatever order services come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Way {
    value: u64,
    hops: Reverse<usize>,
    end: Reverse<usize>,
    /// The next service on the path; itself at the end.
    next: Reverse<usize>,
}

/// For each node the worst path that begins with one of its dependencies; `None` where nothing
/// fails that it stands on. Products are cut to 10⁻¹² of a tenth; two edges are exact.
pub(super) fn spread(nodes: &[Node]) -> Vec<Option<Reach>> {
    let dependents = dependents(nodes);
    let mut worst: Vec<Option<Way>> = nodes
        .iter()
        .enumerate()
        .map(|(place, node)| itself(place, node))
        .collect();
    let mut handed: Vec<Option<Way>> = vec![None; nodes.len()];
    let mut is_settled = vec![false; nodes.len()];
    let mut queue: BinaryHeap<(Way, usize)> = worst
        .iter()
        .enumerate()
        .filter_map(|(place, way)| Some(((*way)?, place)))
        .collect();
    while let Some((way, place)) = queue.pop() {
        let Some(settled) = is_settled.get_mut(place) else {
            continue;
        };
        if std::mem::replace(settled, true) {
            continue;
        }
        for (dependent, weight) in dependents
            .get(place)
            .into_iter()
            .flatten()
        {
            let Some(longer) = way
                .by(place, *weight)
                .filter(|way| way.end.0 != *dependent)
            else {
                continue;
            };
            raise(&mut handed, *dependent, longer);
            if raise(&mut worst, *dependent, longer) {
                queue.push((longer, *dependent));
            }
        }
    }
    handed
        .into_iter()
        .map(|way| way.map(|way| reach(way, &worst)))
        .collect()
}

impl Way {
    /// The same trouble one service further, by an edge to `place`; `None` when nothing is left.
    fn by(self, place: usize, weight: Weight) -> Option<Self> {
        let product = u128::from(self.value) * u128::from(weight.millionths()) / MILLION;
        let value = u64::try_from(product)
            .ok()
            .filter(|value| *value > 0)?;
        Some(Self {
            value,
            hops: Reverse(self.hops.0.saturating_add(1)),
            end: self.end,
            next: Reverse(place),
        })
    }
}

/// What fails by itself.
fn itself(place: usize, node: &Node) -> Option<Way> {
    let value = u64::from(node.degradation.tenths()).saturating_mul(UNIT);
    (value > 0).then_some(Way {
        value,
        hops: Reverse(0),
        end: Reverse(place),
        next: Reverse(place),
    })
}

/// Who stands on each node.
fn dependents(nodes: &[Node]) -> Vec<Vec<(usize, Weight)>> {
    let mut dependents = vec![Vec::new(); nodes.len()];
    for (place, node) in nodes.iter().enumerate() {
        for (dependency, weight) in &node.dependencies {
            if let Some(known) = dependents.get_mut(*dependency) {
                known.push((place, *weight));
            }
        }
    }
    dependents
}

/// Puts `way` in its place if it is worse than what is there; answers whether it was.
fn raise(ways: &mut [Option<Way>], place: usize, way: Way) -> bool {
    match ways.get_mut(place) {
        Some(held) if *held < Some(way) => {
            *held = Some(way);
            true
        }
        _ => false,
    }
}

/// The path of a way, from one service to the next.
fn reach(way: Way, worst: &[Option<Way>]) -> Reach {
    let mut path = vec![way.next.0];
    let mut at = way.next.0;
    while let Some(Some(next)) = worst.get(at) {
        // Nothing is on a worst path twice, so it is never longer than there are services.
        if next.next.0 == at || path.len() > worst.len() {
            break;
        }
        at = next.next.0;
        path.push(at);
    }
    Reach {
        value: way.value,
        path,
    }
}

/// A tenth of a point.
const UNIT: u64 = 1_000_000_000_000;
/// A weight of one.
const MILLION: u128 = 1_000_000;

#[cfg(test)]
mod tests;
