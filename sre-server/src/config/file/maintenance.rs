//! `maintenance`: times in which nobody is told of some services, as the file plans them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sre_core::correction::{Period, Recurrence};
use sre_core::maintenance::{MaintenancePlan, SERVICES_MAX};
use sre_core::matcher::Matchers;
use sre_core::name::ServiceName;

use super::matchers;
use super::yaml::{Key, Map, Node, Reader};

/// Every plan.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<MaintenancePlan> {
    let mut plans: Vec<MaintenancePlan> = Vec::new();
    for item in reader.list(node, "maintenance") {
        let Some(map) = reader.map(item, "a maintenance", &KEYS.map(Key::known)) else {
            continue;
        };
        let Some(plan) = plan(reader, item, &map) else {
            continue;
        };
        if plans
            .iter()
            .any(|known| known.name == plan.name)
        {
            let cause = format!("two maintenances are called {}", plan.name);
            reader.refuse(map.get("name").unwrap_or(item), cause);
        }
        plans.push(plan);
    }
    if plans.len() > PLANS_MAX {
        reader.refuse(
            node,
            format!("a file plans at most {PLANS_MAX} maintenances"),
        );
    }
    plans
}

fn plan(reader: &mut Reader<'_>, node: &Node<'_>, map: &Map<'_, '_>) -> Option<MaintenancePlan> {
    let name = required(reader, node, map, "name");
    let comment = required(reader, node, map, "comment");
    let services: BTreeSet<ServiceName> = map
        .get("services")
        .map(|list| {
            reader
                .list(list, "services")
                .iter()
                .filter_map(|item| reader.parsed(item))
                .collect()
        })
        .unwrap_or_default();
    if services.len() > SERVICES_MAX {
        reader.refuse(
            node,
            format!("a maintenance names at most {SERVICES_MAX} services"),
        );
    }
    let faults = reader.count();
    let read = map
        .get("matchers")
        .map(|list| matchers::read(reader, list, "matchers"))
        .unwrap_or_default();
    let matchers = match Matchers::new(read) {
        Ok(matchers) => matchers,
        Err(error) => {
            reader.refuse(node, error.to_string());
            return None;
        }
    };
    if services.is_empty() && matchers.matches_empty() && reader.count() == faults {
        reader.refuse(
            node,
            "a maintenance names services, or matchers of which one is not fulfilled by an alert \
             without labels",
        );
    }
    let period = period(reader, node, map)?;
    Some(MaintenancePlan {
        name: name?,
        services,
        matchers,
        period,
        comment: comment?,
        created_by: map
            .get("created_by")
            .and_then(|node| reader.text(node).map(str::to_owned))
            .unwrap_or_else(|| "the configuration file".to_owned()),
    })
}

/// Once, or again and again.
fn period(reader: &mut Reader<'_>, node: &Node<'_>, map: &Map<'_, '_>) -> Option<Period> {
    let instant = |reader: &mut Reader<'_>, name| -> Option<DateTime<Utc>> {
        reader.read_by(map.get(name)?, |text| {
            text.parse()
                .map_err(|_| "expected an instant such as 2026-11-23T22:00:00Z")
        })
    };
    match (map.get("from"), map.get("to"), map.get("recurrence")) {
        (Some(_), Some(to), None) => {
            let (from, until) = (instant(reader, "from"), instant(reader, "to"));
            match Period::once(from?, until?) {
                Ok(period) => Some(period),
                Err(error) => {
                    reader.refuse(to, format!("to {error}"));
                    None
                }
            }
        }
        (None, None, Some(rule)) => recurrence(reader, rule).map(Period::Recurring),
        _ => {
            reader.refuse(node, "a maintenance has from and to, or recurrence");
            None
        }
    }
}

fn recurrence(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Recurrence> {
    let keys = ["rule", "start", "duration", "time_zone"];
    let map = reader.map(node, "a recurrence", &keys.map(Key::known))?;
    let rule = required(reader, node, &map, "rule");
    let start = required(reader, node, &map, "start");
    let duration = map.get("duration");
    if duration.is_none() {
        reader.refuse(node, "a recurrence has duration");
    }
    let duration = duration.and_then(|node| reader.span(node).flatten());
    let zone = map
        .get("time_zone")
        .map_or(Some("Etc/UTC".to_owned()), |node| {
            reader.text(node).map(str::to_owned)
        });
    match Recurrence::new(&rule?, &start?, duration?, &zone?) {
        Ok(recurrence) => Some(recurrence),
        Err(error) => {
            reader.refuse(node, error.to_string());
            None
        }
    }
}

fn required(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    map: &Map<'_, '_>,
    name: &str,
) -> Option<String> {
    let Some(found) = map.get(name) else {
        reader.refuse(node, format!("{name} is missing"));
        return None;
    };
    reader.text(found).map(str::to_owned)
}

const KEYS: [&str; 8] = [
    "name",
    "services",
    "matchers",
    "from",
    "to",
    "recurrence",
    "comment",
    "created_by",
];
/// The most maintenances of a file: they share the store's bound with those of people.
const PLANS_MAX: usize = 200;
