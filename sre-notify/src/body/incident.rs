//! The incident of alerts, in short: enough to know which one, and how far people have come with it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::incident::Incident;
use sre_core::name::IncidentId;
use sre_core::time::truncate;

use super::room::{Room, clip};

/// An incident by the names of a whole one, and fewer of them.
#[derive(Serialize)]
pub(super) struct IncidentView<'a> {
    id: IncidentId,
    title: Cow<'a, str>,
    status: &'static str,
    severity: &'static str,
    service_name: &'a str,
    started_at: DateTime<Utc>,
}

impl<'a> IncidentView<'a> {
    /// The incident, as far as there is room.
    pub(super) fn new(incident: &'a Incident, room: &Room) -> Self {
        Self {
            id: incident.id,
            title: clip(&incident.title, room.message_chars),
            status: incident.status().as_str(),
            severity: incident.severity.as_str(),
            service_name: incident.service_name.as_str(),
            started_at: truncate(incident.started_at),
        }
    }
}
