//! How alerts come to incidents in the commit that opens them.
//!
//! Whether an incident of the service is live is known for sure only inside of the transaction that
//! stores the alert: two SLOs of one service may fire in one batch, or on two replicas. So the
//! alert's update carries the wish as a value, and the store fulfils it there, by the functions of
//! this module: join the live incident, else open the one that was prepared.

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertType, Origin, Severity};
use crate::incident::{
    Actor, Belonging, EventKind, Incident, IncidentEvent, IncidentSource, IncidentState,
    IncidentStatus, IncidentUpdate,
};
use crate::name::{AlertId, IncidentId, ServiceName, derived_id};

/// That an alert has begun, or has become graver, concerns an incident.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Join {
    /// The incident to open where none is live; `None` for an alert that only joins.
    pub opening: Option<IncidentUpdate>,
}

/// The longest title of an incident that a rule opens, in characters.
const TITLE_MAX_CHARS: usize = 200;

impl Alert {
    /// Whether it counts towards incidents: tickets are facts that last, and silence is no trouble
    /// of the service.
    #[must_use]
    pub fn is_countable(&self) -> bool {
        !self.is_ticket() && *self.alert_type() != AlertType::NoData
    }
}

/// The live incident that what happens to `service` belongs to: its own, else that of the first
/// neighbour that has one; of several, the one that began last.
#[must_use]
pub fn nearest<'a>(
    service: &ServiceName,
    neighbours: &[ServiceName],
    live: &'a [Incident],
) -> Option<&'a Incident> {
    let mut services = std::iter::once(service).chain(neighbours);
    services.find_map(|service| {
        live.iter()
            .filter(|incident| incident.is_live() && incident.concerns(service))
            .max_by_key(|incident| (incident.started_at, incident.id))
    })
}

impl Join {
    /// What the alert, as grave as it is now, asks for; `None` where it does not count.
    #[must_use]
    pub fn of(alert: &Alert, now: DateTime<Utc>) -> Option<Self> {
        // What others found wrong is a suspicion until somebody here confirms it.
        let state = match alert.identity.origin {
            Origin::ThirdParty => IncidentState::Candidate,
            _ => IncidentState::Open,
        };
        alert.is_countable().then(|| Self {
            opening: (alert.severity >= Severity::Critical).then(|| opened(alert, state, now)),
        })
    }

    /// Whether the alert is reason enough for an incident, and so confirms a suspicion.
    fn confirms(&self) -> bool {
        self.opening
            .as_ref()
            .is_some_and(|opening| opening.incident.status() == IncidentStatus::Open)
    }

    /// The incident after the alert has joined it.
    #[must_use]
    pub fn joined(&self, incident: Incident, alert: &Alert, now: DateTime<Utc>) -> IncidentUpdate {
        let change = incident.change(Actor::System, now);
        let change = if self.confirms() {
            change.confirm(alert.starts_at)
        } else {
            change
        };
        change
            .take(alert)
            .raise(alert.severity, "an alert that joined")
            .done()
    }

    /// The incident after an alert of it has become graver: one that would open an incident confirms a
    /// candidate. `None` where nothing changes, or it is over.
    #[must_use]
    pub fn raised(
        &self,
        incident: Incident,
        alert: &Alert,
        now: DateTime<Utc>,
    ) -> Option<IncidentUpdate> {
        let is_confirmed = self.confirms() && incident.status() == IncidentStatus::Candidate;
        if !incident.is_live() || (alert.severity <= incident.severity && !is_confirmed) {
            return None;
        }
        let why = format!("an alert of {} became graver", alert.service_name());
        let mut change = incident.change(Actor::System, now);
        if is_confirmed {
            change = change.confirm(now);
        }
        Some(
            change
                .raise(alert.severity, &why)
                .done(),
        )
    }

    /// The incident that is opened, as a recurrence of the one that held the alert's episode before.
    #[must_use]
    pub fn opened(&self, previous: Option<IncidentId>) -> Option<IncidentUpdate> {
        let mut opening = self.opening.clone()?;
        opening.incident.previous = previous;
        Some(opening)
    }
}

/// A new incident that a rule opens from an alert. Its id is that of the alert, so that the same
/// decision made twice is one incident.
pub(super) fn opened(alert: &Alert, state: IncidentState, now: DateTime<Utc>) -> IncidentUpdate {
    let incident = Incident {
        id: incident_id(alert.id),
        title: alert
            .message
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(TITLE_MAX_CHARS)
            .collect(),
        description: None,
        service_name: alert.service_name().clone(),
        affected_services: [alert.service_name().clone()].into(),
        severity: alert.severity,
        state,
        source: IncidentSource::Auto,
        root_cause_service: None,
        previous: None,
        started_at: alert.starts_at,
        detected_at: now,
        touched_at: None,
        version: 1,
    };
    let text = format!(
        "{} alert {}: {}",
        alert.severity,
        alert.alert_type(),
        alert.message
    );
    IncidentUpdate {
        expected: None,
        incident,
        events: vec![IncidentEvent {
            occurred_at: now,
            recorded_at: now,
            kind: EventKind::Opened,
            actor: Actor::System.name().map(str::to_owned),
            text,
        }],
        alerts: vec![Belonging::new(alert.id)],
        notices: Vec::new(),
    }
}

fn incident_id(alert: AlertId) -> IncidentId {
    IncidentId(derived_id("incident", &[alert.0.as_bytes()]))
}
