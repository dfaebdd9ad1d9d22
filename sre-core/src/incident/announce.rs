//! Telling what a person did to an incident. What a rule does is told with its alerts.

use std::collections::BTreeMap;

use chrono::SecondsFormat;

use crate::incident::{EventKind, Incident, IncidentEvent, IncidentStatus, IncidentUpdate};
use crate::name::DestinationId;
use crate::notification::{Notice, NoticeKind};
use crate::time::truncate;

impl IncidentUpdate {
    /// The update, with a notice to each destination where it opens or moves the incident. `before`
    /// is the status that it had, `None` for a new one. A suspicion is told once somebody confirms
    /// it; other words and notes are for those who read the incident.
    #[must_use]
    pub fn announced(
        mut self,
        before: Option<IncidentStatus>,
        destinations: &[DestinationId],
    ) -> Self {
        if let Some(kind) = kind(before, self.incident.status()) {
            self.notices = destinations
                .iter()
                .map(|destination| self.notice(kind, *destination))
                .collect();
        }
        self
    }

    fn notice(&self, kind: NoticeKind, destination_id: DestinationId) -> Notice {
        let incident = &self.incident;
        let subject = format!("{} {}", incident.id, incident.version);
        Notice {
            id: Notice::id(kind, subject.as_bytes(), destination_id),
            destination_id,
            kind,
            service_name: Some(incident.service_name.clone()),
            severity: Some(incident.severity),
            title: incident.title.clone(),
            text: text(self, kind),
            link_path: Some(format!("ui/incidents/{}", incident.id)),
            data: data(incident),
            created_at: self
                .events
                .last()
                .map_or(incident.detected_at, |event| event.recorded_at),
        }
    }
}

/// What the step is to those who are told; `None` where they are not.
fn kind(before: Option<IncidentStatus>, after: IncidentStatus) -> Option<NoticeKind> {
    use IncidentStatus::{Candidate, Open, Resolved};
    match (before, after) {
        (None | Some(Candidate), Open) => Some(NoticeKind::IncidentOpened),
        // Nobody was told of it.
        (_, Candidate) | (Some(Candidate), _) => None,
        (Some(before), after) if before == after => None,
        (_, Resolved) => Some(NoticeKind::IncidentResolved),
        _ => Some(NoticeKind::IncidentUpdated),
    }
}

/// Who did what, a line for each step; of what is opened its description, too.
fn text(update: &IncidentUpdate, kind: NoticeKind) -> String {
    let is_opened = kind == NoticeKind::IncidentOpened;
    let description = update
        .incident
        .description
        .clone()
        .filter(|_| is_opened);
    let mut lines: Vec<String> = update
        .events
        .iter()
        .filter_map(line)
        .collect();
    lines.extend(description);
    lines.join("\n")
}

/// `ada: open → acknowledged`
fn line(event: &IncidentEvent) -> Option<String> {
    let by = event.actor.as_deref();
    match event.kind {
        EventKind::Opened => by.map(|by| format!("opened by {by}")),
        EventKind::Status | EventKind::Merged => Some(match by {
            Some(by) => format!("{by}: {}", event.text),
            None => event.text.clone(),
        }),
        _ => None,
    }
}

/// The incident in short, by the names that it has where alerts are told.
fn data(incident: &Incident) -> BTreeMap<String, String> {
    let started = truncate(incident.started_at);
    [
        ("id", incident.id.to_string()),
        ("title", incident.title.clone()),
        ("status", incident.status().to_string()),
        ("severity", incident.severity.to_string()),
        ("service_name", incident.service_name.to_string()),
        (
            "started_at",
            started.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use IncidentStatus::{
        Acknowledged, Candidate, Closed, Dismissed, Merged, Mitigated, Open, Resolved,
    };

    #[test]
    fn steps_are_told_and_suspicions_are_not() {
        let opened = Some(NoticeKind::IncidentOpened);
        let updated = Some(NoticeKind::IncidentUpdated);
        let resolved = Some(NoticeKind::IncidentResolved);
        for (before, after, told) in [
            (None, Open, opened),
            (None, Candidate, None),
            (Some(Candidate), Open, opened),
            (Some(Candidate), Candidate, None),
            (Some(Candidate), Dismissed, None),
            (Some(Candidate), Merged, None),
            (Some(Open), Open, None),
            (Some(Open), Acknowledged, updated),
            (Some(Acknowledged), Open, updated),
            (Some(Open), Dismissed, updated),
            (Some(Open), Merged, updated),
            (Some(Mitigated), Resolved, resolved),
            (Some(Resolved), Resolved, None),
            (Some(Closed), Resolved, resolved),
            (Some(Resolved), Mitigated, updated),
            (Some(Resolved), Closed, updated),
        ] {
            assert_eq!(kind(before, after), told, "{before:?} → {after}");
        }
    }
}
