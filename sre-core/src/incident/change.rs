//! Changing an incident: edits, steps, notes and merges, each with its line in the timeline.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::{Alert, Severity};
use crate::incident::{
    Actor, Belonging, EventKind, Incident, IncidentEvent, IncidentState, IncidentStatus,
    IncidentUpdate,
};
use crate::name::ServiceName;

/// What an incident does not take in the status it has.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum IncidentRefusal {
    /// A step that the table does not have.
    #[error("an incident that is {from} cannot become {to}; it can become {}", Listed(.from.next()))]
    Step {
        /// The status it has.
        from: IncidentStatus,
        /// What was asked.
        to: IncidentStatus,
    },
    /// Other words for what is written down for good.
    #[error("an incident that is {status} cannot be changed; it can become {}", Listed(.status.next()))]
    ReadOnly {
        /// The status it has.
        status: IncidentStatus,
    },
    /// A merge with itself.
    #[error("an incident cannot be merged into itself")]
    IntoItself,
    /// A merge into an incident that is over.
    #[error("nothing can be merged into an incident that is {status}")]
    IntoEnded {
        /// The status of the target.
        status: IncidentStatus,
    },
}

/// Statuses in a sentence.
struct Listed(&'static [IncidentStatus]);

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self
            .0
            .iter()
            .map(|status| status.as_str())
            .collect();
        match names.as_slice() {
            [] => f.write_str("nothing any more"),
            [one] => f.write_str(one),
            [rest @ .., last] => write!(f, "{} or {last}", rest.join(", ")),
        }
    }
}

/// What a person may write of an incident, whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    /// What is wrong, in a line.
    pub title: String,
    /// What else there is to say.
    pub description: Option<String>,
    /// How grave.
    pub severity: Severity,
    /// Every service that suffers.
    pub affected_services: BTreeSet<ServiceName>,
    /// The service that is to blame.
    pub root_cause_service: Option<ServiceName>,
}

impl Edit {
    /// What stands there now.
    #[must_use]
    pub fn of(incident: &Incident) -> Self {
        Self {
            title: incident.title.clone(),
            description: incident.description.clone(),
            severity: incident.severity,
            affected_services: incident.affected_services.clone(),
            root_cause_service: incident.root_cause_service.clone(),
        }
    }
}

/// A change on its way: what it does to the incident, and what the timeline will say.
#[derive(Clone, Debug)]
pub struct Change {
    update: IncidentUpdate,
    actor: Actor,
    now: DateTime<Utc>,
}

impl Change {
    pub(super) fn begin(mut incident: Incident, actor: Actor, now: DateTime<Utc>) -> Self {
        let expected = Some(incident.version);
        incident.version = incident.version.saturating_add(1);
        if actor.is_person() {
            incident.touched_at = Some(now);
        }
        Self {
            update: IncidentUpdate {
                expected,
                incident,
                events: Vec::new(),
                alerts: Vec::new(),
                notices: Vec::new(),
            },
            actor,
            now,
        }
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.update.events.is_empty() && self.update.alerts.is_empty()
    }

    /// The change, to be stored.
    #[must_use]
    pub fn done(self) -> IncidentUpdate {
        self.update
    }

    /// Takes other words, severity or services; what stays the same is not said.
    ///
    /// # Errors
    ///
    /// [`IncidentRefusal::ReadOnly`] where something differs and the incident is closed, merged or
    /// dismissed.
    pub fn edit(mut self, edit: Edit) -> Result<Self, IncidentRefusal> {
        let before = Edit::of(&self.update.incident);
        if edit == before {
            return Ok(self);
        }
        let status = self.update.incident.status();
        if !status.is_writable() {
            return Err(IncidentRefusal::ReadOnly { status });
        }
        if edit.severity != before.severity {
            let text = format!("{} → {}", before.severity, edit.severity);
            self.note_down(EventKind::Severity, text);
        }
        for text in differences(&before, &edit) {
            self.note_down(EventKind::Changed, text);
        }
        let incident = &mut self.update.incident;
        incident.title = edit.title;
        incident.description = edit.description;
        incident.severity = edit.severity;
        incident.root_cause_service = edit.root_cause_service;
        incident.affected_services = edit.affected_services;
        incident
            .affected_services
            .insert(incident.service_name.clone());
        Ok(self)
    }

    /// Moves one step; to stay where it is moves nothing.
    ///
    /// # Errors
    ///
    /// [`IncidentRefusal::Step`] for a step that the table does not have.
    pub fn step(
        mut self,
        to: IncidentStatus,
        comment: Option<&str>,
    ) -> Result<Self, IncidentRefusal> {
        let from = self.update.incident.status();
        if from == to {
            return Ok(self);
        }
        let state = self
            .update
            .incident
            .state
            .step(to, self.now)
            .ok_or(IncidentRefusal::Step { from, to })?;
        self.update.incident.state = state;
        self.note_step(from, to, comment);
        Ok(self)
    }

    /// Writes something down that happened at `occurred_at`.
    ///
    /// # Errors
    ///
    /// [`IncidentRefusal::ReadOnly`] where the incident is merged or dismissed.
    pub fn note(
        mut self,
        text: String,
        occurred_at: DateTime<Utc>,
    ) -> Result<Self, IncidentRefusal> {
        let status = self.update.incident.status();
        if matches!(status, IncidentStatus::Merged | IncidentStatus::Dismissed) {
            return Err(IncidentRefusal::ReadOnly { status });
        }
        self.note_down(EventKind::Note, text);
        if let Some(event) = self.update.events.last_mut() {
            event.occurred_at = occurred_at;
        }
        Ok(self)
    }

    /// Ends an incident that nobody touched: the steps between are entered with one time, so that
    /// their sequence stays that of the table.
    pub(super) fn end_by_itself(mut self, why: &str) -> Self {
        use IncidentStatus::{Acknowledged, Mitigated, Open, Resolved};
        for (from, to) in [(Open, Acknowledged), (Acknowledged, Mitigated)] {
            self.note_step(from, to, None);
        }
        self.note_step(Mitigated, Resolved, Some(why));
        self.update.incident.state = IncidentState::Resolved {
            acknowledged_at: None,
            mitigated_at: None,
            at: self.now,
        };
        self
    }

    /// Becomes as grave as `severity`, where it is not yet.
    pub(super) fn raise(mut self, severity: Severity, why: &str) -> Self {
        let before = self.update.incident.severity;
        if severity > before {
            self.note_down(EventKind::Severity, format!("{before} → {severity}: {why}"));
            self.update.incident.severity = severity;
        }
        self
    }

    /// Takes an alert in.
    pub(super) fn take(mut self, alert: &Alert) -> Self {
        let text = format!(
            "{} alert {} of {}: {}",
            alert.severity,
            alert.alert_type(),
            alert.service_name(),
            alert.message
        );
        self.note_down(EventKind::Joined, text);
        self.update
            .alerts
            .push(Belonging::new(alert.id));
        let incident = &mut self.update.incident;
        incident
            .affected_services
            .insert(alert.service_name().clone());
        incident.started_at = incident.started_at.min(alert.starts_at);
        self
    }

    /// Confirms a candidate from now on: what lay before was a suspicion.
    pub(super) fn confirm(mut self, since: DateTime<Utc>) -> Self {
        let from = self.update.incident.status();
        if from == IncidentStatus::Candidate {
            self.update.incident.state = IncidentState::Open;
            self.update.incident.started_at = since;
            self.update.incident.detected_at = self.now;
            self.note_step(from, IncidentStatus::Open, None);
        }
        self
    }

    fn note_step(&mut self, from: IncidentStatus, to: IncidentStatus, comment: Option<&str>) {
        let text = match comment {
            Some(comment) => format!("{from} → {to}: {comment}"),
            None => format!("{from} → {to}"),
        };
        self.note_down(EventKind::Status, text);
    }

    fn note_down(&mut self, kind: EventKind, text: String) {
        self.update.events.push(IncidentEvent {
            occurred_at: self.now,
            recorded_at: self.now,
            kind,
            actor: self.actor.name().map(str::to_owned),
            text,
        });
    }
}

/// Merges `incident`, with these alerts of it, `into` another: both changes, of which none is stored
/// without the other.
///
/// # Errors
///
/// [`IncidentRefusal`] where the table has no such step, or the target is over.
pub fn merge(
    incident: Incident,
    alerts: &[Alert],
    into: Incident,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<[IncidentUpdate; 2], IncidentRefusal> {
    let (from, to) = (incident.status(), IncidentStatus::Merged);
    if incident.id == into.id {
        return Err(IncidentRefusal::IntoItself);
    }
    if !from.next().contains(&to) {
        return Err(IncidentRefusal::Step { from, to });
    }
    if !into.is_live() {
        let status = into.status();
        return Err(IncidentRefusal::IntoEnded { status });
    }
    let (source, target) = (incident.id, into.id);
    let severity = incident.severity;

    let mut taking = into.change(actor.clone(), now);
    taking.note_down(
        EventKind::Merged,
        format!("{} ({source}) was merged into this", incident.title),
    );
    let mut taking = taking.raise(severity, "of the incident that was merged into this");
    let held = &mut taking.update.incident;
    held.affected_services.extend(
        incident
            .affected_services
            .iter()
            .cloned(),
    );
    held.started_at = held.started_at.min(incident.started_at);
    taking.update.alerts = alerts
        .iter()
        .map(|alert| Belonging {
            alert: alert.id,
            from: Some(source),
        })
        .collect();

    let mut leaving = incident.change(actor.clone(), now);
    leaving.update.incident.state = IncidentState::Merged {
        into: target,
        at: now,
    };
    leaving.note_down(EventKind::Merged, format!("merged into {target}"));
    Ok([leaving.done(), taking.done()])
}

/// What differs beside the severity, each in a line.
fn differences(before: &Edit, after: &Edit) -> Vec<String> {
    let mut lines = Vec::new();
    if before.title != after.title {
        lines.push(format!("title: {}", after.title));
    }
    if before.description != after.description {
        lines.push(match &after.description {
            Some(description) => format!("description: {description}"),
            None => "description removed".to_owned(),
        });
    }
    if before.affected_services != after.affected_services {
        let names: Vec<&str> = after
            .affected_services
            .iter()
            .map(ServiceName::as_str)
            .collect();
        lines.push(format!("affected services: {}", names.join(", ")));
    }
    if before.root_cause_service != after.root_cause_service {
        lines.push(match &after.root_cause_service {
            Some(service) => format!("root cause: {service}"),
            None => "root cause unknown again".to_owned(),
        });
    }
    lines
}
