//! `/service-health`: how healthy services are, why, and how they were.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use sre_core::health::ServiceHealth;
use sre_core::monitor::RECORDED_EVERY;
use sre_core::name::ServiceName;
use sre_core::service::Service;
use sre_core::suppression::{Inhibition, Suppressions};
use sre_core::time::{Interval, Span};

use self::view::HealthView;
use super::services::page;
use super::slo::look::at;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::Paging;
use crate::http::{ApiError, Call, Response, response};

mod view;

/// `GET /service-health`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let at = at(&mut call.query, call.now);
    let paging = call.query.paging::<ServiceName>();
    call.query.finish()?;
    let context = &call.context;
    let services = page(context, &paging).await?;
    let names: Vec<ServiceName> = services
        .into_iter()
        .map(|service| service.name)
        .collect();
    let found = match at {
        None => {
            context
                .health
                .assess(&names, call.now)
                .await?
        }
        Some(at) => recorded(context, &names, at).await?,
    };
    let maintained = maintained(context, at, call.now).await?;
    paging.answer(
        found,
        |health| health.service_name.clone(),
        |health| view(health, maintained.as_ref()),
    )
}

pub(super) fn list_doc() -> Doc {
    Doc::new(
        Access::Read,
        "service-health",
        "The health of every service",
    )
    .about("In the order of their names. What was not recorded then is `unknown`.")
    .query("at", AT)
    .lists::<HealthView>("A page of health.")
}

/// `GET /service-health/{service}`
pub(super) async fn get(mut call: Call<Context>) -> Result<Response, ApiError> {
    let at = at(&mut call.query, call.now);
    call.query.finish()?;
    let (context, name) = (&call.context, known(&call).await?.name);
    let names = std::slice::from_ref(&name);
    let mut found = match at {
        None => {
            context
                .health
                .assess(names, call.now)
                .await?
        }
        Some(at) => {
            let mut found = context
                .health_records
                .health_at(names, at)
                .await?;
            found.retain(|health| still_holds(health, at));
            if found.is_empty() {
                return Err(not_recorded(context, &name).await?);
            }
            found
        }
    };
    let found = found
        .pop()
        .ok_or_else(|| ApiError::no_such(NOUN))?;
    let maintained = maintained(context, at, call.now).await?;
    response::ok(&view(found, maintained.as_ref()))
}

/// What is maintained now; `None` where another instant is asked about.
async fn maintained(
    context: &Context,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<Suppressions>, ApiError> {
    if at.is_some() {
        return Ok(None);
    }
    let standing = context
        .suppressors
        .maintenances
        .standing_maintenances(now)
        .await?;
    let (silences, inhibition) = (Vec::new(), Inhibition::default());
    Ok(Some(Suppressions::new(
        silences,
        standing.items,
        inhibition,
        now,
    )))
}

fn view(health: ServiceHealth, maintained: Option<&Suppressions>) -> HealthView {
    match maintained {
        Some(maintained) => HealthView::current(health, maintained),
        None => HealthView::from(health),
    }
}

pub(super) fn get_doc() -> Doc {
    Doc::new(
        Access::Read,
        "service-health",
        "The health of a service, and why",
    )
    .about(
        "`score` and the points of all deductions are 100 together, exactly. `score` is `null` \
             where nothing is measured and nothing keeps the service from being healthy.",
    )
    .query("at", AT)
    .answers::<HealthView>(200, "The health of the service.")
}

/// `GET /service-health/{service}/history`
pub(super) async fn history(mut call: Call<Context>) -> Result<Response, ApiError> {
    let query = &mut call.query;
    let to = query
        .instant("to")
        .unwrap_or(call.now + Span::SECOND.as_delta());
    let from = query
        .instant("from")
        .unwrap_or(to - HISTORY.as_delta());
    if from >= to {
        query.fault("from", "must lie before `to`");
    }
    let paging = query.paging::<DateTime<Utc>>();
    query.finish()?;
    let service = known(&call).await?.name;
    // The instant after the last one of the page before, to the microsecond.
    let start = paging
        .after
        .map_or(from, |after| from.max(after + MICROSECOND));
    let during = Interval::new(start, to.max(start));
    let found = call
        .context
        .health_records
        .health_history(&service, during, rows(&paging))
        .await?;
    paging.answer(found, |health| health.as_of, HealthView::from)
}

pub(super) fn history_doc() -> Doc {
    Doc::new(Access::Read, "service-health", "How healthy a service was")
        .about(
            "In the order of time. Health is looked at every minute, and recorded when it changed, \
             and once an hour when it did not.",
        )
        .query(
            "from",
            "The first instant (RFC 3339); a day before `to` by default.",
        )
        .query("to", "The first instant after; now by default.")
        .lists::<HealthView>("A page of snapshots.")
}

/// The service of the path, if anything names it.
async fn known(call: &Call<Context>) -> Result<Service, ApiError> {
    let name: ServiceName = call.id("service", NOUN)?;
    let names = std::slice::from_ref(&name);
    let mut found = call
        .context
        .services
        .find_services(names)
        .await?;
    found
        .pop()
        .ok_or_else(|| ApiError::no_such(NOUN))
}

/// What held of each at an instant; unknown where nobody looked.
async fn recorded(
    context: &Context,
    names: &[ServiceName],
    at: DateTime<Utc>,
) -> Result<Vec<ServiceHealth>, ApiError> {
    let found = context
        .health_records
        .health_at(names, at)
        .await?;
    let mut found = found
        .into_iter()
        .filter(|health| still_holds(health, at))
        .peekable();
    Ok(names
        .iter()
        .map(|name| {
            let recorded = found.next_if(|health| health.service_name == *name);
            recorded.unwrap_or_else(|| ServiceHealth::unknown(name.clone(), at))
        })
        .collect())
}

/// Whether a snapshot still held at an instant: later ones would have been recorded by then.
fn still_holds(health: &ServiceHealth, at: DateTime<Utc>) -> bool {
    at - health.as_of <= RECORDED_EVERY.as_delta() + GRACE.as_delta()
}

/// Why there is no snapshot, and since when there are any.
async fn not_recorded(context: &Context, name: &ServiceName) -> Result<ApiError, ApiError> {
    let ever = Interval::new(DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
    let first = context
        .health_records
        .health_history(name, ever, NonZeroU32::MIN)
        .await?;
    let detail = first.first().map_or_else(
        || "nothing is recorded of this service yet".to_owned(),
        |first| {
            let earliest = first
                .as_of
                .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            format!("nothing was recorded of that instant; the earliest is {earliest}")
        },
    );
    Ok(ApiError::Invalid(vec![
        crate::http::fault::Fault::parameter("at", detail),
    ]))
}

fn rows(paging: &Paging<DateTime<Utc>>) -> NonZeroU32 {
    u32::try_from(paging.rows())
        .ok()
        .and_then(NonZeroU32::new)
        .unwrap_or(NonZeroU32::MIN)
}

/// What `?at=` means.
const AT: &str = "As it was recorded at this instant (RFC 3339).";
/// What is shown when the caller does not say since when.
const HISTORY: Span = Span::days(1);
/// How late a snapshot may be.
const GRACE: Span = Span::minutes(5);
/// What instants are kept to.
const MICROSECOND: chrono::TimeDelta = chrono::TimeDelta::microseconds(1);
/// What a missing service is called.
const NOUN: &str = "service";
