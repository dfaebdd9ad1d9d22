//! `PUT` and `PATCH /incidents/{id}`: another step, other words.
//!
//! Both change what they name, and leave what they do not: an incident is written by many hands at
//! once, and who moves it a step must not have to repeat what another wrote. `null` takes away.

use sre_core::incident::{Actor, Edit, Incident, IncidentRefusal, IncidentStatus, IncidentUpdate};
use sre_core::store::Commit;
use utoipa::ToSchema;

use super::view::IncidentView;
use super::written::{BY_LENGTH_MAX, TEXT_LENGTH_MAX, TITLE_LENGTH_MAX, services};
use super::{TRIES_MAX, contended, found, shown};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// What changes of an incident. What is left out stays; `null` takes away.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of a body that is read field by field")]
struct IncidentChange {
    /// One step forward or back: `open`, `acknowledged`, `mitigated`, `resolved`, `closed`, or
    /// `dismissed`.
    #[schema(example = "acknowledged")]
    status: Option<String>,
    /// What is wrong, in a line.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// What else there is to say.
    description: Option<String>,
    /// `low`, `medium`, `high`, `critical` or `emergency`.
    #[schema(example = "high")]
    severity: Option<String>,
    /// Every service that suffers; its own always does.
    affected_services: Option<Vec<String>>,
    /// The service that is to blame.
    root_cause_service: Option<String>,
    /// Who changes it.
    #[schema(example = "ada")]
    by: Option<String>,
    /// What they say of the step.
    comment: Option<String>,
}

/// What only answers carry: an incident that was read can be sent back.
const READ_ONLY: [&str; 17] = [
    "id",
    "service_name",
    "source",
    "started_at",
    "detected_at",
    "acknowledged_at",
    "mitigated_at",
    "resolved_at",
    "closed_at",
    "merged_into",
    "previous_incident_id",
    "alert_ids",
    "slo_ids",
    "budget_consumed",
    "timeline",
    "version",
    "links",
];

/// `PUT` and `PATCH /incidents/{id}`
pub(crate) async fn change(call: Call<Context>) -> Result<Response, ApiError> {
    for _ in 0..TRIES_MAX {
        let before = found(&call).await?;
        call.if_match(before.version)?;
        let Some(update) = read(&call, &before)? else {
            return shown(&call, before).await;
        };
        let incident = &update.incident;
        let told = call
            .context
            .announced_to(&incident.service_name, incident.severity)
            .await?;
        let update = update.announced(Some(before.status()), &told);
        let commit = call
            .context
            .incidents
            .change_incidents(std::slice::from_ref(&update))
            .await?;
        if let Commit::Applied { .. } = commit {
            call.context.mailroom.due.notify_one();
            return shown(&call, update.incident).await;
        }
    }
    Err(contended())
}

/// What `PUT /incidents/{id}` says of itself.
pub(crate) fn replace_doc() -> Doc {
    Doc::new(Access::Write, "incidents", "Changes an incident")
        .about(ABOUT)
        .body::<IncidentChange>()
        .answers::<IncidentView>(200, "The incident as it is now, with `ETag`.")
}

/// What `PATCH /incidents/{id}` says of itself.
pub(crate) fn merge_patch_doc() -> Doc {
    Doc::new(Access::Write, "incidents", "Changes parts of an incident")
        .about(ABOUT)
        .patch_body::<IncidentChange>()
        .answers::<IncidentView>(200, "The incident as it is now, with `ETag`.")
}

const ABOUT: &str = "What is left out stays; `null` takes away. The status moves one step: open → \
                     acknowledged → mitigated → resolved → closed, or back; a candidate is \
                     confirmed by `open`; a candidate or an open incident may be dismissed. Any \
                     other step is answered with 409 and the ones that there are. Every change is \
                     a line of the timeline.";

/// What the body does to the incident, with every fault at once; `None` where it changes nothing.
fn read(call: &Call<Context>, before: &Incident) -> Result<Option<IncidentUpdate>, ApiError> {
    let mut fields = call.fields()?;
    fields.ignore(&READ_ONLY);
    let status: Option<IncidentStatus> = fields.optional("status").parse();
    if matches!(status, Some(IncidentStatus::Merged)) && before.status() != IncidentStatus::Merged {
        fields.fault(
            "status",
            "an incident is merged by POST /incidents/{id}/merge",
        );
    }
    let mut edit = Edit::of(before);
    let keeps = |fields: &mut crate::http::Fields, name: &str| !fields.has(name);
    let keeps_description = keeps(&mut fields, "description");
    let keeps_cause = keeps(&mut fields, "root_cause_service");
    let keeps_services = keeps(&mut fields, "affected_services");
    let title = fields
        .optional("title")
        .text(1..=TITLE_LENGTH_MAX);
    let severity = fields.optional("severity").parse();
    let description = fields
        .optional("description")
        .prose(1..=TEXT_LENGTH_MAX);
    let cause = fields
        .optional("root_cause_service")
        .parse();
    let affected = services(&mut fields);
    let by = fields
        .optional("by")
        .text(1..=BY_LENGTH_MAX);
    let comment = fields
        .optional("comment")
        .prose(1..=TEXT_LENGTH_MAX);
    let by = call.caller.signs(by);
    let (by, comment) = fields.finish(|| Some((by, comment)))?;
    edit.title = title.unwrap_or(edit.title);
    edit.severity = severity.unwrap_or(edit.severity);
    if !keeps_description {
        edit.description = description;
    }
    if !keeps_cause {
        edit.root_cause_service = cause;
    }
    if !keeps_services {
        edit.affected_services = affected.unwrap_or_default();
        edit.affected_services
            .insert(before.service_name.clone());
    }
    let to = status.unwrap_or(before.status());
    decided(call, before, edit, to, by, comment.as_deref())
        .map_err(|refusal| ApiError::Conflict(refusal.to_string()))
}

/// Edits and moves; `None` where both leave it as it is.
fn decided(
    call: &Call<Context>,
    before: &Incident,
    edit: Edit,
    to: IncidentStatus,
    by: Option<String>,
    comment: Option<&str>,
) -> Result<Option<IncidentUpdate>, IncidentRefusal> {
    let change = before
        .clone()
        .change(Actor::Person(by), call.now);
    // Who closes it may say the last words with it; who opens it again may write at once.
    let change = if before.status().is_writable() {
        change.edit(edit)?.step(to, comment)?
    } else {
        change.step(to, comment)?.edit(edit)?
    };
    Ok((!change.is_empty()).then(|| change.done()))
}
