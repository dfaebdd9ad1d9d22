//! The end of a silence before its time.

use sre_core::silence::Silence;
use sre_core::store::StoreError;

use super::{CHANGED, NOUN};
use crate::context::Context;
use crate::http::{ApiError, Call};

/// How often a silence that others change at the same moment is read again before that is an error.
const ENDING_TRIES: usize = 8;

/// The silence, ended. Whoever ends it beside another finds it ended: that is what both wished.
pub(in crate::api) async fn ended(
    call: &Call<Context>,
    mut before: Silence,
) -> Result<Silence, ApiError> {
    let silences = &call.context.suppressors.silences;
    for _ in 0..ENDING_TRIES {
        let version = before.version;
        let id = before.id;
        let after = before.expire(call.caller.signs(None), call.now);
        if after.version == version {
            return Ok(after);
        }
        match silences
            .change_silence(&after, None)
            .await
        {
            Err(StoreError::Conflict { what: "version" }) => {}
            stored => {
                stored?;
                call.context.mailroom.due.notify_one();
                return Ok(after);
            }
        }
        let found = silences.find_silence(id).await?;
        before = found.ok_or_else(|| ApiError::no_such(NOUN))?;
        call.if_match(before.version)?;
    }
    Err(ApiError::Conflict(CHANGED.to_owned()))
}
