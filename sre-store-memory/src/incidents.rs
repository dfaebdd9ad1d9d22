//! Incidents, what was written down of them, and the alerts that belong to them.

use std::cmp::Reverse;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, AlertType, AlertUpdate, Origin};
use sre_core::incident::{Incident, IncidentUpdate, nearest};
use sre_core::name::{AlertId, IncidentId, ServiceName};
use sre_core::store::{
    AlertStep, Commit, IncidentQuery, Incidents, IncidentsPage, Page, Recollection, StoreError,
};

use super::{MemoryStore, State, length};

#[async_trait]
impl Incidents for MemoryStore {
    async fn find_incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        Ok(self.state().incidents.get(&id).cloned())
    }

    async fn list_incidents(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<Incident>, StoreError> {
        let state = self.state();
        let is_after = |incident: &Incident| {
            page.after.is_none_or(|after| {
                (incident.started_at, incident.id) < (after.started_at, after.id)
            })
        };
        let mut asked: Vec<&Incident> = state
            .incidents
            .values()
            .filter(|incident| is_after(incident) && is_asked_for(query, incident))
            .collect();
        asked.sort_by_key(|incident| Reverse((incident.started_at, incident.id)));
        let limit = length(
            page.limit
                .min(Page::<IncidentsPage>::LIMIT_MAX)
                .get(),
        );
        Ok(asked
            .into_iter()
            .take(limit)
            .cloned()
            .collect())
    }

    async fn alerts_of(&self, incidents: &[IncidentId]) -> Result<Vec<Alert>, StoreError> {
        let is_of = |alert: &Alert| {
            alert
                .incident_id
                .is_some_and(|id| incidents.contains(&id))
        };
        Ok(self.state().alerts_that(is_of))
    }

    async fn recollect(&self, id: IncidentId) -> Result<Recollection, StoreError> {
        let state = self.state();
        let is_of = |alert: &AlertId| {
            let episode = state.episodes.get(alert);
            episode.is_some_and(|episode| episode.alert.incident_id == Some(id))
        };
        let mut steps: Vec<AlertStep> = state
            .steps
            .iter()
            .filter(|((alert, _), _)| is_of(alert))
            .map(|(_, step)| step.clone())
            .collect();
        steps.sort_by_key(|step| (step.at, step.alert_id, step.transition));
        let events = state
            .incident_events
            .get(&id)
            .cloned()
            .unwrap_or_default();
        Ok(Recollection { events, steps })
    }

    async fn loose_alerts(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let is_missed = |alert: &Alert| {
            alert.is_open()
                && alert.identity.origin == Origin::Generated
                && *alert.alert_type() == AlertType::SloViolation
        };
        let is_loose = |alert: &Alert| {
            alert.incident_id.is_none() && (alert.starts_at >= since || is_missed(alert))
        };
        let mut loose = self.state().alerts_that(is_loose);
        loose.truncate(length(limit));
        Ok(loose)
    }

    async fn change_incidents(&self, updates: &[IncidentUpdate]) -> Result<Commit, StoreError> {
        Ok(if self.state().change_incidents(updates) {
            Commit::Applied { revision: 0 }
        } else {
            Commit::Superseded
        })
    }
}

impl State {
    fn alerts_that(&self, is_wanted: impl Fn(&Alert) -> bool) -> Vec<Alert> {
        let alerts = self
            .episodes
            .values()
            .map(|episode| &episode.alert);
        let mut wanted: Vec<Alert> = alerts
            .filter(|alert| is_wanted(alert))
            .cloned()
            .collect();
        wanted.sort_by_key(|alert| (alert.starts_at, alert.id));
        wanted
    }

    /// Stores all of these changes, or none; answers whether it did.
    fn change_incidents(&mut self, updates: &[IncidentUpdate]) -> bool {
        let before = (
            self.incidents.clone(),
            self.incident_events.clone(),
            self.episodes.clone(),
        );
        let is_applied = updates
            .iter()
            .all(|update| self.change_incident(update));
        if !is_applied {
            (self.incidents, self.incident_events, self.episodes) = before;
            return false;
        }
        for notice in updates
            .iter()
            .flat_map(|update| &update.notices)
        {
            self.add_notice(notice);
        }
        true
    }

    fn change_incident(&mut self, update: &IncidentUpdate) -> bool {
        let incident = &update.incident;
        let stored = self
            .incidents
            .get(&incident.id)
            .map(|stored| stored.version);
        if stored != update.expected {
            return false;
        }
        self.incidents
            .insert(incident.id, incident.clone());
        self.incident_events
            .entry(incident.id)
            .or_default()
            .extend(update.events.iter().cloned());
        update.alerts.iter().all(|belonging| {
            let episode = self.episodes.get_mut(&belonging.alert);
            let episode = episode.filter(|held| held.alert.incident_id == belonging.from);
            episode
                .map(|held| held.alert.incident_id = Some(incident.id))
                .is_some()
        })
    }

    /// Writes the transition down, and does what the update asks of incidents.
    pub(super) fn follow(&mut self, update: &AlertUpdate) {
        let alert = &update.alert;
        let key = (alert.id, alert.transition);
        if !update.is_refresh() {
            self.steps
                .entry(key)
                .or_insert_with(|| step(update));
        }
        let Some(join) = &update.join else { return };
        let held = self
            .episodes
            .get(&alert.id)
            .and_then(|episode| episode.alert.incident_id);
        let change = if let Some(id) = held {
            let incident = self.incidents.get(&id).cloned();
            incident.and_then(|incident| join.raised(incident, alert, update.at))
        } else {
            let live: Vec<Incident> = self
                .incidents
                .values()
                .filter(|incident| incident.is_live())
                .cloned()
                .collect();
            let service = alert.service_name();
            match nearest(service, &self.neighbours(service), &live) {
                Some(incident) => Some(join.joined(incident.clone(), alert, update.at)),
                None => join.opened(self.previous_of(alert)),
            }
        };
        if let Some(change) = change {
            self.change_incidents(&[change]);
        }
    }

    /// What the service depends on, then what depends on it, each by name.
    fn neighbours(&self, service: &ServiceName) -> Vec<ServiceName> {
        let own = self.services.get(service);
        let dependencies = own
            .into_iter()
            .flat_map(|declared| declared.dependencies.keys());
        let dependents = self
            .services
            .values()
            .filter(|other| other.dependencies.contains_key(service))
            .map(|other| &other.name);
        dependencies
            .chain(dependents)
            .cloned()
            .collect()
    }

    /// The incident that the episode before belonged to.
    fn previous_of(&self, alert: &Alert) -> Option<IncidentId> {
        let (key, before) = (alert.identity.key(), alert.episode.checked_sub(1)?);
        let mut alerts = self
            .episodes
            .values()
            .map(|episode| &episode.alert);
        alerts
            .find(|other| other.episode == before && other.identity.key() == key)?
            .incident_id
    }

    /// Forgets incidents that ended before `before`; their alerts are in none from then on.
    pub(super) fn prune_incidents(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let is_over = |incident: &Incident| {
            incident
                .ended_at()
                .is_some_and(|at| at < before)
        };
        let over: Vec<IncidentId> = self
            .incidents
            .values()
            .filter(|incident| is_over(incident))
            .map(|incident| incident.id)
            .take(limit)
            .collect();
        for id in &over {
            self.incidents.remove(id);
            self.incident_events.remove(id);
            for episode in self.episodes.values_mut() {
                let held = &mut episode.alert.incident_id;
                *held = held.filter(|held| held != id);
            }
        }
        over.len()
    }
}

/// The transition as it is written down.
fn step(update: &AlertUpdate) -> AlertStep {
    let alert = &update.alert;
    AlertStep {
        alert_id: alert.id,
        transition: alert.transition,
        at: update.at,
        from: update.from,
        to: alert.state.status(),
        severity: alert.severity,
        actor: update.actor.clone(),
        comment: update.comment.clone(),
    }
}

/// Whether a list that is asked for so holds the incident.
fn is_asked_for(query: &IncidentQuery, incident: &Incident) -> bool {
    query
        .service
        .as_ref()
        .is_none_or(|service| {
            incident
                .affected_services
                .contains(service)
        })
        && query
            .status
            .is_none_or(|status| incident.status() == status)
        && (!query.is_live || incident.is_live())
        && query
            .severity
            .is_none_or(|severity| incident.severity == severity)
        && query
            .during
            .is_none_or(|during| during.contains(incident.started_at))
}
