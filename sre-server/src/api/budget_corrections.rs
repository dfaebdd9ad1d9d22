//! `/budget-corrections`: planned maintenance and agreed exclusions, which never change what was
//! measured.

use std::num::NonZeroU32;

use sre_core::correction::{CORRECTIONS_MAX, Cancellation, Correction, Scope};
use sre_core::name::{CorrectionId, ServiceName, SloId};
use sre_core::store::{CorrectionQuery, Page, StoreError};
use sre_core::time::Interval;

use self::body::{CorrectionBody, read};
use self::view::CorrectionView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::fault::Fault;
use crate::http::page::Paging;
use crate::http::{ApiError, Call, Response, response};

pub(super) mod body;
mod ending;
mod preview;
pub(super) mod view;

pub(super) use self::preview::{preview, preview_doc};

/// What a missing correction is called.
const NOUN: &str = "budget correction";

/// `GET /budget-corrections`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let slo = call.query.parse_as::<SloId>("slo");
    let service = call
        .query
        .parse_as::<ServiceName>("service");
    let (from, to) = (call.query.instant("from"), call.query.instant("to"));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        call.query
            .fault("to", "must lie after `from`");
    }
    let paging = call.query.paging::<CorrectionId>();
    call.query.finish()?;
    let ever = chrono::DateTime::UNIX_EPOCH..far();
    let query = CorrectionQuery {
        slo,
        service,
        during: (from.is_some() || to.is_some())
            .then(|| Interval::new(from.unwrap_or(ever.start), to.unwrap_or(ever.end))),
    };
    let corrections = page(&call.context, &query, &paging).await?;
    let now = call.now;
    paging.answer(
        corrections,
        |held| held.id,
        |held| CorrectionView::new(&held, now),
    )
}

pub(super) fn list_doc() -> Doc {
    Doc::new(
        Access::Read,
        "budget-corrections",
        "Budget corrections, those that were cancelled too",
    )
    .query("slo", "Those of this SLO itself, not those of its service.")
    .query(
        "service",
        "Those of this service itself, not those of its SLOs.",
    )
    .query("from", "Those whose period reaches beyond this instant.")
    .query("to", "Those whose period begins before this instant.")
    .lists::<CorrectionView>("A page of corrections, in the order of their ids.")
}

/// `POST /budget-corrections`
pub(super) async fn create(call: Call<Context>) -> Result<Response, ApiError> {
    let correction = read(&call)?;
    known_scope(&call.context, &correction.scope).await?;
    let corrections = &call.context.corrections;
    match corrections
        .create_correction(&correction)
        .await
    {
        Err(StoreError::Conflict {
            what: "corrections",
        }) => return Err(too_many()),
        created => created?,
    }
    let location = format!("/budget-corrections/{}", correction.id);
    let view = CorrectionView::new(&correction, call.now);
    response::created(&location, version(&correction), &view)
}

pub(super) fn create_doc() -> Doc {
    Doc::new(
        Access::Write,
        "budget-corrections",
        "Agrees not to count a time as it was measured",
    )
    .about(
        "Once, in the past or in the future, or again and again. What was measured stays; from the \
         next slot on, the budget, burn rates and alerts are judged by the corrected figures, and \
         the raw ones stand beside them. Only slices that lie wholly inside are corrected. Where \
         corrections overlap, `remove_time` comes before `drop_events` and that before \
         `count_as_good`.",
    )
    .body::<CorrectionBody>()
    .answers::<CorrectionView>(201, "The correction, with `Location` and `ETag`.")
}

/// `GET /budget-corrections/{id}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let correction = known(&call).await?;
    let view = CorrectionView::new(&correction, call.now);
    response::versioned(version(&correction), &view)
}

pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "budget-corrections", "A budget correction")
        .answers::<CorrectionView>(200, "The correction, with `ETag`.")
}

/// `DELETE /budget-corrections/{id}`
pub(super) async fn cancel(call: Call<Context>) -> Result<Response, ApiError> {
    let before = known(&call).await?;
    call.if_match(version(&before))?;
    let cancellation = Cancellation {
        at: call.now,
        by: call.caller.signs(None),
    };
    call.context
        .corrections
        .cancel_correction(before.id, &cancellation)
        .await?;
    let after = known(&call).await?;
    response::versioned(version(&after), &CorrectionView::new(&after, call.now))
}

pub(super) fn cancel_doc() -> Doc {
    Doc::new(
        Access::Write,
        "budget-corrections",
        "Cancels a budget correction",
    )
    .about(
        "From the next slot on it is as if it had never been, in the past as well. It stays listed; \
         to cancel it again changes nothing.",
    )
    .answers::<CorrectionView>(200, "The correction, cancelled, with `ETag`.")
}

/// `POST /budget-corrections/{id}/end`
pub(super) async fn end(call: Call<Context>) -> Result<Response, ApiError> {
    let before = known(&call).await?;
    call.if_match(version(&before))?;
    let ended = ending::read(&call, &before)?;
    call.context
        .corrections
        .end_correction(before.id, &ended)
        .await?;
    let after = known(&call).await?;
    response::versioned(version(&after), &CorrectionView::new(&after, call.now))
}

pub(super) fn end_doc() -> Doc {
    Doc::new(
        Access::Write,
        "budget-corrections",
        "Ends a budget correction, and keeps what it did",
    )
    .about(
        "For one that recurs and is needed no longer, or maintenance that is done before its time: \
         from then on it applies no more, and what lies before stays corrected. One that was ended \
         before stays as it is, and is refused another instant.",
    )
    .optional_body::<ending::EndBody>()
    .answers::<CorrectionView>(200, "The correction, ended, with `ETag`.")
}

/// The correction of the path.
async fn known(call: &Call<Context>) -> Result<Correction, ApiError> {
    let id: CorrectionId = call.id("id", NOUN)?;
    let found = call
        .context
        .corrections
        .find_correction(id)
        .await?;
    found.ok_or_else(|| ApiError::no_such(NOUN))
}

/// Rises when it is ended and when it is cancelled, which is all that can happen to it.
fn version(correction: &Correction) -> u64 {
    1 + u64::from(correction.ended.is_some()) + u64::from(!correction.is_in_force())
}

/// What it is for must be there: a slip of the pen would correct nothing, silently.
async fn known_scope(context: &Context, scope: &Scope) -> Result<(), ApiError> {
    let (field, is_known) = match scope {
        Scope::Slo(id) => {
            let slo = context.catalog.find(*id).await?;
            let is_known = slo.is_some_and(|slo| slo.deleted_at.is_none());
            ("/slo_id", is_known)
        }
        Scope::Service(name) => {
            let names = std::slice::from_ref(name);
            let found = context
                .services
                .find_services(names)
                .await?;
            ("/service_name", !found.is_empty())
        }
    };
    if is_known {
        Ok(())
    } else {
        let fault = Fault::at(field.to_owned(), "is not known");
        Err(ApiError::Invalid(vec![fault]))
    }
}

/// The corrections of a page, and one more where there is one.
async fn page(
    context: &Context,
    query: &CorrectionQuery,
    paging: &Paging<CorrectionId>,
) -> Result<Vec<Correction>, StoreError> {
    let (mut found, mut after) = (Vec::new(), paging.after);
    while let Some(limit) = u32::try_from(
        paging
            .rows()
            .saturating_sub(found.len()),
    )
    .ok()
    .and_then(NonZeroU32::new)
    {
        let limit = limit.min(Page::<CorrectionId>::LIMIT_MAX);
        let part = context
            .corrections
            .list_corrections(query, Page { after, limit })
            .await?;
        let is_last = part.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
        after = part
            .last()
            .map(|held| held.id)
            .or(after);
        found.extend(part);
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn too_many() -> ApiError {
    ApiError::Conflict(format!(
        "there are {CORRECTIONS_MAX} corrections in force here, as many as are applied at every \
         slot: cancel some, or let one recur"
    ))
}

/// Later than any period.
fn far() -> chrono::DateTime<chrono::Utc> {
    sre_core::time::at_second(FAR)
}

/// The year 5138, in seconds.
const FAR: i64 = 100_000_000_000;
