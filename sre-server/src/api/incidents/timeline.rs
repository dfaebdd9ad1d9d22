//! `POST /incidents/{id}/timeline`: somebody writes something down.

use chrono::{DateTime, Utc};
use sre_core::incident::Actor;
use sre_core::store::Commit;
use utoipa::ToSchema;

use super::view::IncidentView;
use super::written::{BY_LENGTH_MAX, TEXT_LENGTH_MAX, past};
use super::{TRIES_MAX, contended, found, shown};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// Something to remember.
#[derive(Clone, ToSchema)]
struct Note {
    /// What.
    #[schema(example = "rolled back to 1.4.2")]
    text: String,
    /// Who writes it.
    #[schema(example = "ada")]
    by: Option<String>,
    /// When it happened; now, where left out.
    at: Option<DateTime<Utc>>,
}

/// `POST /incidents/{id}/timeline`
pub(crate) async fn note(call: Call<Context>) -> Result<Response, ApiError> {
    let note = read(&call)?;
    for _ in 0..TRIES_MAX {
        let before = found(&call).await?;
        call.if_match(before.version)?;
        let update = before
            .change(Actor::Person(note.by.clone()), call.now)
            .note(note.text.clone(), note.at.unwrap_or(call.now))
            .map_err(|refusal| ApiError::Conflict(refusal.to_string()))?
            .done();
        let commit = call
            .context
            .incidents
            .change_incidents(std::slice::from_ref(&update))
            .await?;
        if let Commit::Applied { .. } = commit {
            return shown(&call, update.incident).await;
        }
    }
    Err(contended())
}

/// What `POST /incidents/{id}/timeline` says of itself.
pub(crate) fn note_doc() -> Doc {
    Doc::new(Access::Write, "incidents", "Writes something down")
        .about(
            "Lines are added and never changed: a correction is another line. Activity keeps an \
             acknowledgement alive.",
        )
        .body::<Note>()
        .answers::<IncidentView>(200, "The incident, with the line in its timeline.")
}

/// The note in the body, with every fault at once.
fn read(call: &Call<Context>) -> Result<Note, ApiError> {
    let mut fields = call.fields()?;
    let text = fields
        .required("text")
        .prose(1..=TEXT_LENGTH_MAX);
    let by = fields
        .optional("by")
        .text(1..=BY_LENGTH_MAX);
    let at = past(&mut fields, "at", call.now);
    let by = call.caller.signs(by);
    fields.finish(|| {
        Some(Note {
            text: text?,
            by,
            at,
        })
    })
}
