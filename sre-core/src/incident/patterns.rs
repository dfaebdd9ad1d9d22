//! What is only seen by looking back: alerts that pile up, budgets that are gone, incidents that
//! have become quiet, acknowledgements that were forgotten.
//!
//! Pure: what is stored goes in, updates come out, each guarded by what was read. Two replicas that
//! look at the same time decide the same, and one of them is superseded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertType, DedupKey};
use crate::incident::join::{Join, nearest, opened};
use crate::incident::{
    Actor, Belonging, Incident, IncidentSettings, IncidentState, IncidentStatus, IncidentUpdate,
};
use crate::name::ServiceName;

/// The neighbours of services that have any: what they depend on, then what depends on them.
pub type Neighbours = BTreeMap<ServiceName, Vec<ServiceName>>;

/// What alerts that are in no incident come to, given the live incidents: each open one joins what
/// is live by now; of the rest, enough on one service and its neighbours open an incident, and a
/// ticket that says that a budget is gone makes a candidate.
///
/// At most one update an incident: the next look decides the rest.
#[must_use]
pub fn gathered(
    loose: &[Alert],
    live: &[Incident],
    neighbours: &Neighbours,
    settings: &IncidentSettings,
    now: DateTime<Utc>,
) -> Vec<IncidentUpdate> {
    let mut updates = Vec::new();
    let (mut changed, mut left) = (BTreeSet::new(), Vec::new());
    for alert in loose
        .iter()
        .filter(|alert| matters(alert))
    {
        let near = neighbours
            .get(alert.service_name())
            .map_or(&[][..], Vec::as_slice);
        match nearest(alert.service_name(), near, live) {
            Some(incident) if alert.is_open() && changed.insert(incident.id) => {
                updates.push(joined(incident, alert, now));
            }
            Some(_) => {}
            None => left.push(alert),
        }
    }
    let piles = piles(&left, neighbours, settings, now);
    let mut served: BTreeSet<ServiceName> = piles
        .iter()
        .flat_map(|pile| {
            pile.incident
                .affected_services
                .iter()
                .cloned()
        })
        .collect();
    updates.extend(piles);
    updates.extend(
        left.iter()
            .filter(|alert| alert.is_ticket() && alert.is_open())
            .filter(|alert| served.insert(alert.service_name().clone()))
            .map(|ticket| opened(ticket, IncidentState::Candidate, now)),
    );
    updates
}

/// What time does to a live incident with these alerts; `None` while nothing is due.
#[must_use]
pub fn moved_by_time(
    incident: &Incident,
    alerts: &[Alert],
    settings: &IncidentSettings,
    now: DateTime<Utc>,
) -> Option<IncidentUpdate> {
    let change = || {
        incident
            .clone()
            .change(Actor::System, now)
    };
    match (incident.state, incident.touched_at) {
        (IncidentState::Acknowledged { at }, touched) => {
            let active = touched.unwrap_or(at);
            if active + settings.ack_timeout.as_delta() > now {
                return None;
            }
            let why = format!("nothing has happened for {}", settings.ack_timeout);
            let back = change().step(IncidentStatus::Open, Some(&why));
            back.ok().map(super::Change::done)
        }
        (IncidentState::Open, None) => {
            let since = quiet_since(
                alerts
                    .iter()
                    .filter(|alert| alert.is_countable()),
            )?;
            (since + settings.quiet.as_delta() <= now).then(|| {
                let why = format!("its alerts have been quiet for {}", settings.quiet);
                change().end_by_itself(&why).done()
            })
        }
        (IncidentState::Candidate, None) => {
            if let Some(since) = crowded_since(alerts, settings, now) {
                return Some(change().confirm(since).done());
            }
            let since = quiet_since(alerts.iter())?;
            if since + settings.quiet.as_delta() > now {
                return None;
            }
            let why = "what it was seen by is over";
            let dismissed = change().step(IncidentStatus::Dismissed, Some(why));
            dismissed.ok().map(super::Change::done)
        }
        _ => None,
    }
}

/// When the first of so many alerts began that they would have opened an incident, had they not
/// joined a candidate; `None` where they are fewer.
fn crowded_since(
    alerts: &[Alert],
    settings: &IncidentSettings,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let since = now - settings.window.as_delta();
    let counted = || {
        alerts
            .iter()
            .filter(|alert| alert.is_countable() && alert.starts_at >= since)
    };
    let kinds: BTreeSet<_> = counted()
        .map(|alert| alert.identity.key())
        .collect();
    let enough = usize::try_from(settings.alerts).unwrap_or(usize::MAX);
    let first = counted()
        .map(|alert| alert.starts_at)
        .min();
    first.filter(|_| kinds.len() >= enough)
}

/// Since when all of them are over; `None` while one is open, or where there is none.
fn quiet_since<'a>(alerts: impl Iterator<Item = &'a Alert>) -> Option<DateTime<Utc>> {
    let mut latest = None;
    for alert in alerts {
        latest = latest.max(Some(alert.ends_at()?));
    }
    latest
}

/// Whether an alert that is in no incident is of any interest: it counts, or says that a budget is
/// gone.
fn matters(alert: &Alert) -> bool {
    alert.has_fired()
        && (alert.is_countable()
            || (alert.is_ticket() && *alert.alert_type() == AlertType::SloViolation))
}

/// An alert that joins late confirms no candidate: that was its to do when it began. A ticket makes
/// the incident no graver: the budget is gone because of it.
fn joined(incident: &Incident, alert: &Alert, now: DateTime<Utc>) -> IncidentUpdate {
    if alert.is_countable() {
        return Join { opening: None }.joined(incident.clone(), alert, now);
    }
    let started_at = incident.started_at;
    let change = incident
        .clone()
        .change(Actor::System, now);
    let mut update = change.take(alert).done();
    update.incident.started_at = started_at;
    update
}

/// One incident for each service that, with its neighbours, has enough alerts which began within the
/// window: the service with the most of its own first, then by name.
fn piles(
    loose: &[&Alert],
    neighbours: &Neighbours,
    settings: &IncidentSettings,
    now: DateTime<Utc>,
) -> Vec<IncidentUpdate> {
    let since = now - settings.window.as_delta();
    let mut free: Vec<&Alert> = loose
        .iter()
        .copied()
        .filter(|alert| alert.is_countable() && alert.starts_at >= since)
        .collect();
    free.sort_by_key(|alert| (alert.starts_at, alert.id));
    let mut updates = Vec::new();
    for service in by_own_alerts(&free) {
        let near = neighbours.get(&service);
        let (pile, rest): (Vec<&Alert>, Vec<&Alert>) = free.iter().copied().partition(|alert| {
            *alert.service_name() == service
                || near.is_some_and(|near| near.contains(alert.service_name()))
        });
        // An alert that flaps is one cause, however often it begins.
        let causes: BTreeSet<DedupKey> = pile
            .iter()
            .map(|alert| alert.identity.key())
            .collect();
        let is_enough = u32::try_from(causes.len()).unwrap_or(u32::MAX) >= settings.alerts;
        if is_enough && pile.iter().any(|alert| alert.is_open()) {
            updates.extend(pile_opened(&pile, service, now));
            free = rest;
        }
    }
    updates
}

/// The services of these alerts, the one with the most first.
fn by_own_alerts(alerts: &[&Alert]) -> Vec<ServiceName> {
    let mut counts: BTreeMap<ServiceName, usize> = BTreeMap::new();
    for alert in alerts {
        *counts
            .entry(alert.service_name().clone())
            .or_default() += 1;
    }
    let mut services: Vec<(ServiceName, usize)> = counts.into_iter().collect();
    services.sort_by(|a, b| {
        b.1.cmp(&a.1)
            .then_with(|| a.0.cmp(&b.0))
    });
    services
        .into_iter()
        .map(|(service, _)| service)
        .collect()
}

/// The incident of a pile that is in order of time: its id is that of the first alert, so that two
/// replicas open one.
fn pile_opened(
    pile: &[&Alert],
    service: ServiceName,
    now: DateTime<Utc>,
) -> Option<IncidentUpdate> {
    let mut update = opened(pile.first()?, IncidentState::Open, now);
    let incident = &mut update.incident;
    incident.title = format!("{} alerts at once on {service}", pile.len());
    incident.service_name = service;
    incident.severity = pile
        .iter()
        .map(|alert| alert.severity)
        .max()
        .unwrap_or(incident.severity);
    incident.affected_services = pile
        .iter()
        .map(|alert| alert.service_name().clone())
        .chain([incident.service_name.clone()])
        .collect();
    let messages: Vec<&str> = pile
        .iter()
        .map(|alert| alert.message.as_str())
        .collect();
    if let Some(event) = update.events.first_mut() {
        event.text = format!("{}: {}", incident.title, messages.join("; "));
    }
    update.alerts = pile
        .iter()
        .map(|alert| Belonging::new(alert.id))
        .collect();
    Some(update)
}

#[cfg(test)]
mod tests;
