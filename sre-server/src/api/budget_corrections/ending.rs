//! When a correction ends before its time.

use chrono::{DateTime, SecondsFormat, Utc};
use sre_core::correction::{Correction, Ended};
use sre_core::time::truncate;
use utoipa::ToSchema;

use super::body::BY_MAX;
use crate::context::Context;
use crate::http::{ApiError, Call};

/// From when on a correction applies no more, and who says so. Both may be left out, and so may the
/// body.
#[derive(Debug, ToSchema)]
#[schema(as = BudgetCorrectionEnd)]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct EndBody {
    /// From when on: now where it is left out; in the past or in the future, after it began.
    from: Option<DateTime<Utc>>,
    /// Who says so.
    by: Option<String>,
}

/// The end in the body, with every fault at once.
pub(super) fn read(call: &Call<Context>, correction: &Correction) -> Result<Ended, ApiError> {
    if !correction.is_in_force() {
        let detail = "this correction was cancelled: it applies to nothing";
        return Err(ApiError::Conflict(detail.to_owned()));
    }
    let mut fields = call.fields()?;
    let asked = fields.optional("from").instant();
    let by = fields.optional("by").text(1..=BY_MAX);
    let from = truncate(asked.unwrap_or(call.now));
    if from <= correction.period.begins_at() {
        let detail = "must lie after it begins; to take back all of it, cancel it";
        fields.fault("from", detail);
    }
    let by = call.caller.signs(by);
    let at = call.now;
    let ended = fields.finish(|| Some(Ended { from, at, by }))?;
    match &correction.ended {
        Some(known) if asked.is_some() && known.from != from => {
            let from = known
                .from
                .to_rfc3339_opts(SecondsFormat::AutoSi, true);
            let detail = format!("it was ended already, from {from} on");
            Err(ApiError::Conflict(detail))
        }
        _ => Ok(ended),
    }
}
