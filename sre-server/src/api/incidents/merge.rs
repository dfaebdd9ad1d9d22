//! `POST /incidents/{id}/merge`: it was another incident all along.

use sre_core::incident::{Actor, Incident};
use sre_core::name::IncidentId;
use sre_core::store::Commit;
use utoipa::ToSchema;

use super::view::IncidentView;
use super::written::BY_LENGTH_MAX;
use super::{NOUN, TRIES_MAX, contended, found, shown};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// Which incident it is part of.
#[derive(Clone, ToSchema)]
struct Merge {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    into: IncidentId,
    /// Who says so.
    #[schema(example = "ada")]
    by: Option<String>,
}

/// `POST /incidents/{id}/merge`
pub(crate) async fn merge(call: Call<Context>) -> Result<Response, ApiError> {
    let asked = read(&call)?;
    let actor = Actor::Person(asked.by.clone());
    for _ in 0..TRIES_MAX {
        let incident = found(&call).await?;
        call.if_match(incident.version)?;
        let into = target(&call, asked.into).await?;
        let alerts = call
            .context
            .incidents
            .alerts_of(&[incident.id])
            .await?;
        let before = incident.status();
        let [leaving, taking] =
            sre_core::incident::merge(incident, &alerts, into, &actor, call.now)
                .map_err(|refusal| ApiError::Conflict(refusal.to_string()))?;
        let told = call
            .context
            .announced_to(&leaving.incident.service_name, leaving.incident.severity)
            .await?;
        let updates = [leaving.announced(Some(before), &told), taking];
        let commit = call
            .context
            .incidents
            .change_incidents(&updates)
            .await?;
        if let Commit::Applied { .. } = commit {
            call.context.mailroom.due.notify_one();
            let [merged, _] = updates;
            return shown(&call, merged.incident).await;
        }
    }
    Err(contended())
}

/// What `POST /incidents/{id}/merge` says of itself.
pub(crate) fn merge_doc() -> Doc {
    Doc::new(
        Access::Write,
        "incidents",
        "Merges an incident into another",
    )
    .about(
        "Its alerts move to the other, which becomes as grave and affects its services, too. \
             The row and its timeline stay. What is mitigated or over is not merged any more: 409.",
    )
    .body::<Merge>()
    .answers::<IncidentView>(200, "The incident, merged.")
}

async fn target(call: &Call<Context>, id: IncidentId) -> Result<Incident, ApiError> {
    let found = call
        .context
        .incidents
        .find_incident(id)
        .await?;
    found.ok_or_else(|| ApiError::invalid("/into", format_args!("there is no such {NOUN}")))
}

fn read(call: &Call<Context>) -> Result<Merge, ApiError> {
    let mut fields = call.fields()?;
    let into = fields.parse("into");
    let by = fields
        .optional("by")
        .text(1..=BY_LENGTH_MAX);
    let by = call.caller.signs(by);
    fields.finish(|| Some(Merge { into: into?, by }))
}
