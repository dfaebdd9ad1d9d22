//! `/services`: whose promises are kept, how much they matter, and what they stand on.

use std::num::NonZeroU32;

use sre_core::name::ServiceName;
use sre_core::service::{Declared, Dependencies, Service};
use sre_core::slo::ManagedBy;
use sre_core::store::{Page, StoreError};

use self::body::{ServiceBody, read};
use self::view::ServiceView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::fault::Fault;
use crate::http::page::Paging;
use crate::http::{ApiError, Call, Response, response};

mod body;
mod graph;
mod view;

pub(super) use self::graph::{graph, graph_doc};

/// How many services may be known: their graph is judged whole, every minute.
const SERVICES_MAX: usize = 10_000;

/// `GET /services`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let paging = call.query.paging::<ServiceName>();
    call.query.finish()?;
    let services = page(&call.context, &paging).await?;
    paging.answer(services, |service| service.name.clone(), ServiceView::from)
}

pub(super) fn list_doc() -> Doc {
    Doc::new(Access::Read, "services", "Services, by name")
        .about(
            "A service is known as soon as an SLO, a sample, an alert or another service's \
             dependency names it; `version` is 0 where nobody has declared it.",
        )
        .lists::<ServiceView>("A page of services.")
}

/// `POST /services`
pub(super) async fn create(call: Call<Context>) -> Result<Response, ApiError> {
    let context = &call.context;
    let read = read(call.fields()?, None)?;
    if find(context, &read.name)
        .await?
        .is_some_and(|service| service.declared.is_some())
    {
        return Err(taken());
    }
    refuse_beyond_limit(context).await?;
    let service = declared(&call, read, None);
    match context
        .services
        .put_service(&service, 0)
        .await
    {
        Err(StoreError::Conflict { .. }) => return Err(taken()),
        written => written?,
    }
    let warnings = warnings(context, &service).await?;
    let location = format!(
        "/services/{}",
        service
            .name
            .as_str()
            .replace('/', "%2F")
    );
    let version = service.version;
    let view = ServiceView::from(service).warning(warnings);
    response::created(&location, version, &view)
}

pub(super) fn create_doc() -> Doc {
    Doc::new(Access::Write, "services", "Declares a service")
        .about("One that is only named so far is declared in the same way.")
        .body::<ServiceBody>()
        .answers::<ServiceView>(201, "The service, with `Location` and `ETag`.")
}

/// `GET /services/{name}`
pub(super) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let service = known(&call).await?;
    response::versioned(service.version, &ServiceView::from(service))
}

pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "services", "A service")
        .answers::<ServiceView>(200, "The service, with `ETag`.")
}

/// `PUT /services/{name}`
pub(super) async fn replace(call: Call<Context>) -> Result<Response, ApiError> {
    let before = writable(&call).await?;
    let read = read(call.fields()?, Some(&before.name))?;
    let mut after = declared(&call, read, Some(&before));
    if is_same(&before, &after) {
        after = before;
    } else {
        let services = &call.context.services;
        services
            .put_service(&after, before.version)
            .await?;
    }
    let warnings = warnings(&call.context, &after).await?;
    let version = after.version;
    response::versioned(version, &ServiceView::from(after).warning(warnings))
}

pub(super) fn replace_doc() -> Doc {
    Doc::new(
        Access::Write,
        "services",
        "Replaces what is said of a service",
    )
    .about(
        "Of a service that is only named, too. Optional fields that are left out get their \
             defaults; read-only ones are passed over.",
    )
    .body::<ServiceBody>()
    .answers::<ServiceView>(200, "The service as it is now, with `ETag`.")
}

/// `DELETE /services/{name}`
pub(super) async fn delete(call: Call<Context>) -> Result<Response, ApiError> {
    let before = writable(&call).await?;
    if before.declared.is_none() {
        return Err(ApiError::Conflict(
            "nobody has declared this service: it is known because something else names it"
                .to_owned(),
        ));
    }
    call.context
        .services
        .delete_service(&before.name, before.version)
        .await?;
    Ok(response::no_content())
}

pub(super) fn delete_doc() -> Doc {
    Doc::new(
        Access::Write,
        "services",
        "Takes back what was said of a service",
    )
    .about(
        "Its SLOs, samples and alerts stay, and so does the service while any of them names \
             it, with normal criticality and no dependencies.",
    )
    .answers_nothing(204, "What was said of it is gone.")
}

/// The services of a page, and one more where there is one. A store gives a thousand at a time, so
/// the one after the largest page is asked for by itself.
pub(super) async fn page(
    context: &Context,
    paging: &Paging<ServiceName>,
) -> Result<Vec<Service>, StoreError> {
    let (mut services, mut after) = (Vec::new(), paging.after.clone());
    loop {
        let missing = paging
            .rows()
            .saturating_sub(services.len());
        let Some(limit) = u32::try_from(missing)
            .ok()
            .and_then(NonZeroU32::new)
        else {
            return Ok(services);
        };
        let limit = limit.min(Page::<ServiceName>::LIMIT_MAX);
        let part = context
            .services
            .list_services(Page { after, limit })
            .await?;
        after = part
            .last()
            .map(|service| service.name.clone());
        let is_last = part.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
        services.extend(part);
        if is_last {
            return Ok(services);
        }
    }
}

/// The service of the path, if anything names it.
pub(super) async fn known(call: &Call<Context>) -> Result<Service, ApiError> {
    let name: ServiceName = call.id("name", NOUN)?;
    let service = find(&call.context, &name).await?;
    service.ok_or_else(|| ApiError::no_such(NOUN))
}

async fn find(context: &Context, name: &ServiceName) -> Result<Option<Service>, StoreError> {
    let names = std::slice::from_ref(name);
    let mut found = context
        .services
        .find_services(names)
        .await?;
    Ok(found.pop())
}

/// The service of the path, if this caller may write it and has seen its present version.
async fn writable(call: &Call<Context>) -> Result<Service, ApiError> {
    let service = known(call).await?;
    call.if_match(service.version)?;
    let managed_by = service
        .declared
        .map(|declared| declared.managed_by);
    if managed_by == Some(ManagedBy::Config) {
        return Err(ApiError::Conflict(
            "this service is declared in the configuration file: change it there".to_owned(),
        ));
    }
    Ok(service)
}

/// Every service: as many as there may be.
async fn all(context: &Context) -> Result<Vec<Service>, StoreError> {
    let everything = Paging {
        limit: u32::try_from(SERVICES_MAX).unwrap_or(u32::MAX),
        after: None,
    };
    page(context, &everything).await
}

/// What is strange of what a service stands on: a ring, in which nobody keeps anybody back.
async fn warnings(context: &Context, service: &Service) -> Result<Vec<Fault>, StoreError> {
    if service.dependencies.is_empty() {
        return Ok(Vec::new());
    }
    let services = all(context).await?;
    let dependencies = Dependencies::declared(&services);
    let warning = dependencies
        .ring(&service.name)
        .map(|ring| {
            let names: Vec<&str> = ring
                .iter()
                .map(|name| name.as_str())
                .collect();
            Fault::at(
                "/dependencies",
                format!(
                    "{} and {} again stand on each other in a ring: in it, the page of one keeps no \
                     alert of another back",
                    names.join(", "),
                    service.name,
                ),
            )
        });
    Ok(warning.into_iter().collect())
}

/// What was read as the next version of what was there.
fn declared(call: &Call<Context>, read: Service, before: Option<&Service>) -> Service {
    let created_at = before
        .and_then(|service| service.declared)
        .map_or(call.now, |declared| declared.created_at);
    Service {
        version: before
            .map_or(0, |service| service.version)
            .saturating_add(1),
        declared: Some(Declared {
            managed_by: ManagedBy::Api,
            created_at,
            updated_at: call.now,
        }),
        ..read
    }
}

/// Whether a declaration says what the one before said.
fn is_same(before: &Service, after: &Service) -> bool {
    before.declared.is_some()
        && *before
            == Service {
                version: before.version,
                declared: before.declared,
                ..after.clone()
            }
}

async fn refuse_beyond_limit(context: &Context) -> Result<(), ApiError> {
    let mut page = Page::first(Page::<ServiceName>::LIMIT_MAX);
    let mut count = 0_usize;
    loop {
        let part = context
            .services
            .list_services(page.clone())
            .await?;
        count += part.len();
        if count >= SERVICES_MAX {
            return Err(ApiError::Conflict(format!(
                "there are {SERVICES_MAX} services, as many as are judged together: delete some \
                 first"
            )));
        }
        let Some(last) = part.last() else {
            return Ok(());
        };
        page.after = Some(last.name.clone());
    }
}

fn taken() -> ApiError {
    ApiError::Conflict("a service of this name is declared already".to_owned())
}

/// What a missing service is called.
const NOUN: &str = "service";
