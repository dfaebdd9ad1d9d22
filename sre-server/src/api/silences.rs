//! `/silences`: somebody asks not to hear of some alerts for a while.

mod body;
mod ending;
mod listing;
mod preview;
mod view;

use sre_core::name::SilenceId;
use sre_core::silence::{InvalidSilence, SILENCES_MAX, Silence, SilenceEdit};
use sre_core::store::{SilenceQuery, StoreError};

use self::body::{SilenceBody, read};
use self::view::SilenceView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::fault::Fault;
use crate::http::{ApiError, Call, Response, response};
use crate::ids::new_silence_id;

pub(in crate::api) use self::ending::ended;
pub(crate) use self::listing::up_to;
pub(super) use self::preview::{preview, preview_doc};

/// What a missing silence is called.
const NOUN: &str = "silence";

/// `GET /silences`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let query = SilenceQuery {
        state: call.query.parse_as("state"),
        now: call.now,
        ends_after: None,
    };
    let paging = call.query.paging::<SilenceId>();
    call.query.finish()?;
    let silences = up_to(&call.context, &query, paging.after, paging.rows()).await?;
    let now = call.now;
    paging.answer(
        silences,
        |silence| silence.id,
        |silence| SilenceView::new(&silence, now),
    )
}

pub(super) fn list_doc() -> Doc {
    Doc::new(
        Access::Read,
        "silences",
        "Silences, those that have expired too",
    )
    .query("state", "Only in this state: pending, active or expired.")
    .lists::<SilenceView>("A page of silences, in the order of their ids.")
}

/// `POST /silences`
pub(super) async fn create(call: Call<Context>) -> Result<Response, ApiError> {
    let asked = read(&call, None)?;
    let silence = Silence::new(new_silence_id(), asked, call.now).map_err(refused)?;
    let silences = &call.context.suppressors.silences;
    silences
        .create_silence(&silence)
        .await
        .map_err(too_many)?;
    let location = format!("/silences/{}", silence.id);
    let view = SilenceView::new(&silence, call.now);
    response::created(&location, silence.version, &view)
}

pub(super) fn create_doc() -> Doc {
    Doc::new(
        Access::Acknowledge,
        "silences",
        "Asks not to hear of some alerts for a while",
    )
    .about(
        "What it matches is evaluated, counted and shown as ever, and not told until it ends. The end \
         of an alert is told to whoever was told of its beginning. What still fires when the silence \
         ends is told at once. With a `recurrence` it holds at each occurrence and lets go after it.",
    )
    .body::<SilenceBody>()
    .answers::<SilenceView>(201, "The silence, with `Location` and `ETag`.")
}

/// `GET /silences/{id}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let silence = known(&call).await?;
    response::versioned(silence.version, &SilenceView::new(&silence, call.now))
}

pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "silences", "A silence")
        .answers::<SilenceView>(200, "The silence, with `ETag`.")
}

/// `PUT /silences/{id}`
pub(super) async fn replace(call: Call<Context>) -> Result<Response, ApiError> {
    let before = known(&call).await?;
    call.if_match(before.version)?;
    let asked = read(&call, Some(&before))?;
    let (silence, successor) = match before
        .edit(asked, new_silence_id(), call.now)
        .map_err(refused)?
    {
        SilenceEdit::Kept(silence) => (silence, None),
        SilenceEdit::Replaced { ended, successor } => (ended, Some(successor)),
    };
    change(&call, &silence, successor.as_ref()).await?;
    let Some(successor) = successor else {
        return response::versioned(silence.version, &SilenceView::new(&silence, call.now));
    };
    let location = format!("/silences/{}", successor.id);
    let view = SilenceView::new(&successor, call.now);
    response::created(&location, successor.version, &view)
}

pub(super) fn replace_doc() -> Doc {
    Doc::new(Access::Acknowledge, "silences", "Changes a silence")
        .about(
            "Once it has begun, its end and its comment may change; before, its beginning and its \
             recurrence may too. Anything else ends it and makes another: 201, with the `Location` of that one.",
        )
        .body::<SilenceBody>()
        .answers::<SilenceView>(200, "The silence, changed.")
        .answers::<SilenceView>(201, "The silence that took its place.")
}

/// `DELETE /silences/{id}`
pub(super) async fn expire(call: Call<Context>) -> Result<Response, ApiError> {
    let before = known(&call).await?;
    call.if_match(before.version)?;
    let after = ended(&call, before).await?;
    response::versioned(after.version, &SilenceView::new(&after, call.now))
}

pub(super) fn expire_doc() -> Doc {
    Doc::new(Access::Acknowledge, "silences", "Ends a silence")
        .about(
            "What it kept back and still fires is told at once. To end it again changes nothing.",
        )
        .answers::<SilenceView>(200, "The silence, expired, with `ETag`.")
}

/// What is said to whoever changes what another has changed meanwhile.
const CHANGED: &str = "the silence was changed just now: read it again";

/// Stores a change, and sends what it frees.
async fn change(
    call: &Call<Context>,
    silence: &Silence,
    successor: Option<&Silence>,
) -> Result<(), ApiError> {
    let silences = &call.context.suppressors.silences;
    match silences
        .change_silence(silence, successor)
        .await
    {
        Err(StoreError::Conflict { what: "version" }) => {
            return Err(ApiError::Conflict(CHANGED.to_owned()));
        }
        changed => changed.map_err(too_many)?,
    }
    call.context.mailroom.due.notify_one();
    Ok(())
}

/// The silence of the path.
async fn known(call: &Call<Context>) -> Result<Silence, ApiError> {
    let id: SilenceId = call.id("id", NOUN)?;
    let silences = &call.context.suppressors.silences;
    let found = silences.find_silence(id).await?;
    found.ok_or_else(|| ApiError::no_such(NOUN))
}

/// A refusal, at the field that it is about.
fn refused(why: InvalidSilence) -> ApiError {
    let field = match why {
        InvalidSilence::Everything => "/matchers",
        InvalidSilence::Unsigned => "/created_by",
        InvalidSilence::NeverOccurs => "/recurrence",
        _ => "/ends_at",
    };
    ApiError::Invalid(vec![Fault::at(field.to_owned(), why.to_string())])
}

fn too_many(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict { what: "silences" } => {
            let detail = format!(
                "there are {SILENCES_MAX} silences that have not expired, as many as there may be: \
                 end some"
            );
            ApiError::Invalid(vec![Fault::at("/matchers".to_owned(), detail)])
        }
        other => other.into(),
    }
}
