//! `POST /alerts/{id}/acknowledge`, `/unacknowledge` and `/resolve`: what people do with an alert.

use sre_core::alert::{Alert, AlertUpdate, InvalidTransition, Moment, ResolveReason};
use sre_core::store::Commit;
use utoipa::ToSchema;

use super::shown;
use super::view::AlertView;
use super::{TRIES_MAX, contended, found, moment};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// The longest name of a person, in characters.
const BY_LENGTH_MAX: usize = 200;

/// The longest comment, in characters.
const COMMENT_LENGTH_MAX: usize = 4096;

/// Who acts on an alert, and what they say. Both may be left out, and so may the body.
#[derive(Clone, ToSchema)]
struct AlertAction {
    /// Who. Where callers have tokens, the token's name is put behind it (`ada via ci`), and stands
    /// there alone where this is left out.
    #[schema(example = "ada")]
    by: Option<String>,
    /// What they say.
    #[schema(example = "looking into it")]
    comment: Option<String>,
}

/// A transition that a person makes.
type Transition = fn(Alert, AlertAction, &Moment<'_>) -> Result<AlertUpdate, InvalidTransition>;

/// `POST /alerts/{id}/acknowledge`
pub(crate) async fn acknowledge(call: Call<Context>) -> Result<Response, ApiError> {
    act(call, |alert, said, moment| {
        alert.acknowledge(said.by, said.comment, moment)
    })
    .await
}

/// What `POST /alerts/{id}/acknowledge` says of itself.
pub(crate) fn acknowledge_doc() -> Doc {
    Doc::new(Access::Acknowledge, "alerts", "Says that somebody looks")
        .about(
            "Repeats stop until the acknowledgement ends (after 30 minutes, when the severity \
             rises); what changes and the end are still told. Once more extends it.",
        )
        .optional_body::<AlertAction>()
        .answers::<AlertView>(200, "The alert, acknowledged.")
}

/// `POST /alerts/{id}/unacknowledge`
pub(crate) async fn unacknowledge(call: Call<Context>) -> Result<Response, ApiError> {
    act(call, |alert, said, moment| {
        alert.unacknowledge(said.by, said.comment, moment)
    })
    .await
}

/// What `POST /alerts/{id}/unacknowledge` says of itself.
pub(crate) fn unacknowledge_doc() -> Doc {
    Doc::new(
        Access::Acknowledge,
        "alerts",
        "Says that nobody looks after all",
    )
    .about("It fires as if it had not been acknowledged, and repeats go on. Nobody is told.")
    .optional_body::<AlertAction>()
    .answers::<AlertView>(200, "The alert, firing.")
}

/// `POST /alerts/{id}/resolve`
pub(crate) async fn resolve(call: Call<Context>) -> Result<Response, ApiError> {
    act(call, |alert, said, moment| {
        alert.over(ResolveReason::Manual, said.by, said.comment, moment)
    })
    .await
}

/// What `POST /alerts/{id}/resolve` says of itself.
pub(crate) fn resolve_doc() -> Doc {
    Doc::new(Access::Write, "alerts", "Ends an alert")
        .about(
            "Whoever was told of it is told of its end. The same trouble again is a new alert. One that \
             was reported and flaps is held open until it is steady, unless it is resolved twice in a \
             row; one that is pending ends by itself.",
        )
        .optional_body::<AlertAction>()
        .answers::<AlertView>(200, "The alert, resolved; or firing, where it flaps.")
}

/// Makes a transition on the alert as it is now; whoever was faster is read and decided on again.
async fn act(call: Call<Context>, transition: Transition) -> Result<Response, ApiError> {
    let said = read(&call)?;
    for _ in 0..TRIES_MAX {
        let alert = found(&call).await?;
        let owner = call
            .context
            .router
            .owner(alert.service_name())
            .await?;
        let moment = moment(&call.context, owner.as_deref(), call.now);
        call.if_match(alert.transition)?;
        let update = transition(alert, said.clone(), &moment)
            .map_err(|invalid| ApiError::Conflict(invalid.to_string()))?;
        if let Commit::Applied { .. } = call
            .context
            .alerts
            .apply(&update)
            .await?
        {
            let alert = update.alert;
            let transition = alert.transition;
            let view = shown(&call.context, alert, call.now).await?;
            return response::versioned(transition, &view);
        }
    }
    Err(contended())
}

/// Who acts, and what they say.
fn read(call: &Call<Context>) -> Result<AlertAction, ApiError> {
    let mut fields = call.fields()?;
    let by = fields
        .optional("by")
        .text(1..=BY_LENGTH_MAX);
    let comment = fields
        .optional("comment")
        .prose(1..=COMMENT_LENGTH_MAX);
    let by = call.caller.signs(by);
    fields.finish(|| Some(AlertAction { by, comment }))
}
