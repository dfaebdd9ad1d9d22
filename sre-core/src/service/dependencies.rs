//! What stands on what, taken together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Service, Weight};
use crate::name::ServiceName;

/// What services declare to stand on. Of no weight means that it does not matter, and that a service
/// stands on itself goes without saying: neither counts.
///
/// ```
/// use sre_core::name::ServiceName;
/// use sre_core::service::{Dependencies, Service, Weight};
///
/// let [shop, cart, stock] = ["shop", "cart", "stock"].map(|name| name.parse::<ServiceName>().unwrap());
/// let on = |name: &ServiceName, other: &ServiceName| {
///     let mut service = Service::named(name.clone());
///     service.dependencies.insert(other.clone(), Weight::WHOLE);
///     service
/// };
/// let all = Dependencies::declared(&[on(&shop, &cart), on(&cart, &stock), on(&stock, &cart)]);
/// assert_eq!(all.ring(&shop), None);
/// assert_eq!(all.ring(&cart), Some(vec![&cart, &stock]));
/// assert!(all.upstream(&shop).contains(&cart));
/// assert!(all.upstream(&cart).is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    direct: BTreeMap<ServiceName, BTreeSet<ServiceName>>,
}

impl Dependencies {
    /// What these services declare.
    #[must_use]
    pub fn declared<'a>(services: impl IntoIterator<Item = &'a Service>) -> Self {
        Self {
            direct: services
                .into_iter()
                .map(|service| (service.name.clone(), stands_on(service)))
                .collect(),
        }
    }

    /// What the service stands on and does not stand on it in its turn.
    #[must_use]
    pub fn upstream(&self, service: &ServiceName) -> BTreeSet<&ServiceName> {
        self.of(service)
            .filter(|upstream| self.path(upstream, service).is_none())
            .collect()
    }

    /// The shortest ring that the service is in: itself, what it stands on, what that stands on, and
    /// so on to the one that stands on it. `None` where it is in none.
    #[must_use]
    pub fn ring(&self, service: &ServiceName) -> Option<Vec<&ServiceName>> {
        let mut ring = self.path(service, service)?;
        ring.pop();
        Some(ring)
    }

    fn of(&self, service: &ServiceName) -> impl Iterator<Item = &ServiceName> {
        self.direct
            .get(service)
            .into_iter()
            .flatten()
    }

    /// The shortest way of one edge or more, both ends included.
    fn path<'a>(&'a self, from: &ServiceName, to: &ServiceName) -> Option<Vec<&'a ServiceName>> {
        let (from, _) = self.direct.get_key_value(from)?;
        let mut before: BTreeMap<&ServiceName, &ServiceName> = BTreeMap::new();
        let mut left = VecDeque::from([from]);
        while let Some(name) = left.pop_front() {
            for next in self.of(name) {
                if before.contains_key(next) {
                    continue;
                }
                before.insert(next, name);
                if next == to {
                    return Some(walked(&before, from, next));
                }
                left.push_back(next);
            }
        }
        None
    }
}

/// The way to `end`, read backwards from it.
fn walked<'a>(
    before: &BTreeMap<&'a ServiceName, &'a ServiceName>,
    from: &'a ServiceName,
    end: &'a ServiceName,
) -> Vec<&'a ServiceName> {
    let mut way = vec![end];
    let mut place = end;
    while let Some(name) = before.get(place) {
        way.push(name);
        if *name == from {
            break;
        }
        place = name;
    }
    way.reverse();
    way
}

/// What a service stands on by a weight above zero, itself left out.
fn stands_on(service: &Service) -> BTreeSet<ServiceName> {
    let counts = |(name, weight): &(&ServiceName, &Weight)| {
        weight.millionths() > 0 && **name != service.name
    };
    service
        .dependencies
        .iter()
        .filter(counts)
        .map(|(name, _)| name.clone())
        .collect()
}
