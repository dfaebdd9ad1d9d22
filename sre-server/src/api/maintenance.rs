//! `/maintenance`: times, once or again and again, in which nobody is told of some services.

mod body;
mod view;

use std::num::NonZeroU32;

use sre_core::maintenance::{MAINTENANCES_MAX, Maintenance};
use sre_core::name::MaintenanceId;
use sre_core::store::{Page, StoreError};

use self::body::{MaintenanceBody, read};
use self::view::MaintenanceView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::fault::Fault;
use crate::http::{ApiError, Call, Response, response};

/// What a missing maintenance is called.
const NOUN: &str = "maintenance";

/// `GET /maintenance`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let paging = call.query.paging::<MaintenanceId>();
    call.query.finish()?;
    let maintenances = &call.context.suppressors.maintenances;
    let (mut found, mut after) = (Vec::new(), paging.after);
    while let Some(limit) = u32::try_from(
        paging
            .rows()
            .saturating_sub(found.len()),
    )
    .ok()
    .and_then(NonZeroU32::new)
    {
        let limit = limit.min(Page::<MaintenanceId>::LIMIT_MAX);
        let part = maintenances
            .list_maintenances(Page { after, limit })
            .await?;
        let is_last = part.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
        after = part
            .last()
            .map(|planned| planned.id)
            .or(after);
        found.extend(part);
        if is_last {
            break;
        }
    }
    let now = call.now;
    paging.answer(
        found,
        |planned| planned.id,
        |planned| MaintenanceView::new(&planned, now),
    )
}

pub(super) fn list_doc() -> Doc {
    Doc::new(
        Access::Read,
        "maintenance",
        "Planned maintenance, what is over too",
    )
    .lists::<MaintenanceView>("A page of maintenances, in the order of their ids.")
}

/// `POST /maintenance`
pub(super) async fn create(call: Call<Context>) -> Result<Response, ApiError> {
    let planned = read(&call).await?;
    let maintenances = &call.context.suppressors.maintenances;
    match maintenances
        .create_maintenance(&planned)
        .await
    {
        Err(StoreError::Conflict {
            what: "maintenances",
        }) => {
            let detail = format!(
                "there are {MAINTENANCES_MAX} maintenances that are not over, as many as there may \
                 be: end some"
            );
            let fault = Fault::at("/services".to_owned(), detail);
            return Err(ApiError::Invalid(vec![fault]));
        }
        created => created?,
    }
    let location = format!("/maintenance/{}", planned.id);
    let view = MaintenanceView::new(&planned, call.now);
    response::created(&location, planned.version, &view)
}

pub(super) fn create_doc() -> Doc {
    Doc::new(Access::Write, "maintenance", "Plans a maintenance")
        .about(
            "Once, or again and again in the local time of a zone. What it concerns is evaluated and \
             counted as ever, and not told; the end of an alert is. When it ends, what still fires is \
             told once. Budgets count the time, unless a budget correction says otherwise.",
        )
        .body::<MaintenanceBody>()
        .answers::<MaintenanceView>(201, "The maintenance, with `Location` and `ETag`.")
}

/// `GET /maintenance/{id}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let planned = known(&call).await?;
    response::versioned(planned.version, &MaintenanceView::new(&planned, call.now))
}

pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "maintenance", "A maintenance")
        .answers::<MaintenanceView>(200, "The maintenance, with `ETag`.")
}

/// `DELETE /maintenance/{id}`
pub(super) async fn end(call: Call<Context>) -> Result<Response, ApiError> {
    let before = known(&call).await?;
    call.if_match(before.version)?;
    let version = before.version;
    let after = before.end(call.caller.signs(None), call.now);
    if after.version != version {
        let maintenances = &call.context.suppressors.maintenances;
        match maintenances
            .end_maintenance(&after, call.now)
            .await
        {
            Err(StoreError::Conflict { what: "version" }) => {
                let detail = "the maintenance was ended just now: read it again";
                return Err(ApiError::Conflict(detail.to_owned()));
            }
            ended => ended?,
        }
        call.context.mailroom.due.notify_one();
    }
    response::versioned(after.version, &MaintenanceView::new(&after, call.now))
}

pub(super) fn end_doc() -> Doc {
    Doc::new(Access::Write, "maintenance", "Ends a maintenance for good")
        .about(
            "One that recurs recurs no more. What it kept back and still fires is told at once. To end \
             it again changes nothing.",
        )
        .answers::<MaintenanceView>(200, "The maintenance, ended, with `ETag`.")
}

/// The maintenance of the path.
async fn known(call: &Call<Context>) -> Result<Maintenance, ApiError> {
    let id: MaintenanceId = call.id("id", NOUN)?;
    let maintenances = &call.context.suppressors.maintenances;
    let found = maintenances
        .find_maintenance(id)
        .await?;
    found.ok_or_else(|| ApiError::no_such(NOUN))
}
