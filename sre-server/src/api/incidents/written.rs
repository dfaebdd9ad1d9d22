//! `POST /incidents`, and what people may write of an incident.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sre_core::alert::Severity;
use sre_core::incident::{
    Actor, EventKind, Incident, IncidentEvent, IncidentSource, IncidentState, IncidentUpdate,
};
use sre_core::name::ServiceName;
use sre_core::store::Commit;
use utoipa::ToSchema;

use super::look;
use super::view::IncidentView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Fields, Response, response};
use crate::ids::new_incident_id;

/// The longest title, in characters.
pub(super) const TITLE_LENGTH_MAX: usize = 200;

/// The longest description, comment or note, in characters.
pub(super) const TEXT_LENGTH_MAX: usize = 10_000;

/// The longest name of a person, in characters.
pub(super) const BY_LENGTH_MAX: usize = 200;

/// The most services that one incident may affect.
pub(super) const SERVICES_MAX: usize = 100;

/// An incident that a person opens.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of a body that is read field by field")]
struct NewIncident {
    /// What is wrong, in a line.
    #[schema(example = "Nobody can pay", min_length = 1, max_length = 200)]
    title: String,
    /// The service that it is about.
    #[schema(example = "api-gateway")]
    service_name: String,
    /// `low`, `medium`, `high`, `critical` or `emergency`.
    #[schema(example = "critical")]
    severity: String,
    /// What else there is to say.
    description: Option<String>,
    /// Every service that suffers; the one above always does.
    affected_services: Option<Vec<String>>,
    /// The service that is to blame, where that is known.
    root_cause_service: Option<String>,
    /// When it began; now, where left out.
    started_at: Option<DateTime<Utc>>,
    /// Who opens it.
    #[schema(example = "ada")]
    by: Option<String>,
}

/// `POST /incidents`
pub(crate) async fn create(call: Call<Context>) -> Result<Response, ApiError> {
    let opening = read(&call)?;
    let told = call
        .context
        .announced_to(&opening.incident.service_name, opening.incident.severity)
        .await?;
    let opening = opening.announced(None, &told);
    let commit = call
        .context
        .incidents
        .change_incidents(std::slice::from_ref(&opening))
        .await?;
    if commit == Commit::Superseded {
        return Err(ApiError::internal("a new id was taken"));
    }
    call.context.mailroom.due.notify_one();
    let incident = opening.incident;
    let (location, version) = (format!("/incidents/{}", incident.id), incident.version);
    let look = look::look(&call.context, incident, call.now).await?;
    response::created(&location, version, &IncidentView::from(look))
}

/// What `POST /incidents` says of itself.
pub(crate) fn create_doc() -> Doc {
    Doc::new(Access::Write, "incidents", "A new incident")
        .about(
            "It is open. Alerts of its services join it from now on, and so do those that have \
             begun within the last ten minutes and are in no incident.",
        )
        .body::<NewIncident>()
        .answers::<IncidentView>(201, "The incident, with `Location` and `ETag`.")
}

/// The incident in the body, with every fault at once.
fn read(call: &Call<Context>) -> Result<IncidentUpdate, ApiError> {
    let now = call.now;
    let mut fields = call.fields()?;
    let title = fields.text("title", 1..=TITLE_LENGTH_MAX);
    let service_name: Option<ServiceName> = fields.parse("service_name");
    let severity: Option<Severity> = fields.parse("severity");
    let description = fields
        .optional("description")
        .prose(1..=TEXT_LENGTH_MAX);
    let affected = services(&mut fields);
    let root_cause_service = fields
        .optional("root_cause_service")
        .parse();
    let started_at = past(&mut fields, "started_at", now);
    let by = fields
        .optional("by")
        .text(1..=BY_LENGTH_MAX);
    let by = call.caller.signs(by);
    fields.finish(|| {
        let service_name = service_name?;
        let mut affected_services = affected.unwrap_or_default();
        affected_services.insert(service_name.clone());
        let title = title?;
        let actor = Actor::Person(by);
        let event = IncidentEvent {
            occurred_at: now,
            recorded_at: now,
            kind: EventKind::Opened,
            actor: actor.name().map(str::to_owned),
            text: title.clone(),
        };
        Some(IncidentUpdate {
            expected: None,
            incident: Incident {
                id: new_incident_id(),
                title,
                description,
                service_name,
                affected_services,
                severity: severity?,
                state: IncidentState::Open,
                source: IncidentSource::Manual,
                root_cause_service,
                previous: None,
                started_at: started_at.unwrap_or(now),
                detected_at: now,
                touched_at: Some(now),
                version: 1,
            },
            events: vec![event],
            alerts: Vec::new(),
            notices: Vec::new(),
        })
    })
}

/// The services that suffer, where they are said.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method alone is not general enough over lifetimes"
)]
pub(super) fn services(fields: &mut Fields) -> Option<BTreeSet<ServiceName>> {
    fields
        .optional("affected_services")
        .list(SERVICES_MAX, |name| name.parse())
        .map(|names| names.into_iter().collect())
}

/// An instant that is not to come.
pub(super) fn past(fields: &mut Fields, name: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = fields.optional(name).instant();
    if at.is_some_and(|at| at > now) {
        fields.fault(name, "must not lie in the future");
    }
    at
}
