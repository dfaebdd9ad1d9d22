//! `/slo`: what teams promise, and how it stands.

use hyper::header::IF_MATCH;
use serde_json::{Value, json};
use sre_core::monitor::{History, start_of};
use sre_core::name::SloId;
use sre_core::slo::{Definition, ManagedBy, Slo};

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};
use crate::ids::new_slo_id;

use self::listing::Filter;
use self::look::{Found, Look};
use self::view::SloView;
use self::written::SloBody;

mod alerting;
mod budget_history;
mod burn_policy;
mod change;
mod composite;
mod definition;
pub(crate) mod detection;
pub(super) mod entries;
mod forecast;
mod given;
mod history;
mod indicator;
mod inspection;
pub(crate) mod listing;
pub(crate) mod look;
mod measured;
mod permille;
mod rebuild;
pub(crate) mod simulate;
pub(crate) mod status;
mod view;
mod window;
mod written;

pub(super) use self::budget_history::{budget_history, budget_history_doc};
pub(super) use self::detection::{detection, detection_doc};
pub(super) use self::forecast::{forecast, forecast_doc};
pub(super) use self::history::{history, history_doc};
pub(super) use self::rebuild::{rebuild, rebuild_doc};
pub(super) use self::simulate::{simulate, simulate_doc};
pub(super) use self::view::managed_by;

/// `GET /slo`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let filter = Filter::read(&mut call.query);
    let at = look::at(&mut call.query, call.now);
    let paging = call.query.paging::<SloId>();
    call.query.finish()?;
    let look = Look { at, window: None };
    let found = listing::list(&call.context, &filter, &paging, look).await?;
    paging.answer(
        found,
        |found| found.slo.id,
        |found| view(&call.context, &found),
    )
}

pub(super) fn list_doc() -> Doc {
    Doc::new(Access::Read, "slo", "SLOs and how they stand")
        .about("In the order of their ids, which is that of their creation.")
        .query("service", "Only those of this service.")
        .query(
            "state",
            "Only those in this state: waiting, no_data, insufficient_data, violated, at_risk, met.",
        )
        .query("label", "Only those with this label, `name=value`; may be repeated.")
        .query("at", AT)
        .lists::<SloView>("A page of SLOs.")
}

/// `POST /slo`
pub(super) async fn create(call: Call<Context>) -> Result<Response, ApiError> {
    let context = &call.context;
    let definition = definition::read(call.fields()?, context, None)?;
    composite::refuse(context, None, &definition, None).await?;
    listing::refuse_beyond_limit(context).await?;
    let warnings = inspection::inspect(context, &definition, None, call.now).await?;
    let slo = Slo {
        id: new_slo_id(),
        definition,
        managed_by: ManagedBy::Api,
        version: 1,
        created_at: call.now,
        updated_at: call.now,
        deleted_at: None,
    };
    let start = start_of(&slo, History::Window, &context.settings, call.now);
    context
        .catalog
        .insert(&slo, &start)
        .await?;
    let (location, version) = (format!("/slo/{}", slo.id), slo.version);
    let found = look::look_at_one(context, slo, Look::default()).await?;
    let view = view(context, &found).warning(warnings);
    response::created(&location, version, &view)
}

pub(super) fn create_doc() -> Doc {
    Doc::new(Access::Write, "slo", "A new SLO")
        .about(
            "It is live at once. What is stored already, or what the source still has, is folded \
             over its window beside that, newest first.",
        )
        .body::<SloBody>()
        .answers::<SloView>(201, "The SLO, with `Location` and `ETag`.")
}

/// `GET /slo/{id}`
pub(super) async fn get(mut call: Call<Context>) -> Result<Response, ApiError> {
    let at = look::at(&mut call.query, call.now);
    call.query.finish()?;
    let slo = live(&call).await?;
    let found = look::look_at_one(&call.context, slo, Look { at, window: None }).await?;
    response::versioned(found.slo.version, &view(&call.context, &found))
}

pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "slo", "An SLO and how it stands")
        .query("at", AT)
        .answers::<SloView>(200, "The SLO, with `ETag`.")
}

/// `PUT /slo/{id}`
pub(super) async fn replace(call: Call<Context>) -> Result<Response, ApiError> {
    let before = writable(&call).await?;
    let found = look::look_at_one(&call.context, before, Look::default()).await?;
    let before = &found.slo.definition;
    let mut after = definition::read(call.fields()?, &call.context, Some(before))?;
    if before.expected_interval.is_none()
        && after.expected_interval == found.progress.learned_interval()
    {
        // It was read, not declared: what was learned is not to be frozen by sending it back.
        after.expected_interval = None;
    }
    changed(&call, &found.slo, after).await
}

pub(super) fn replace_doc() -> Doc {
    Doc::new(Access::Write, "slo", "Replaces an SLO")
        .about(
            "Optional fields that are left out get their defaults; read-only ones are passed over. \
             The next slot takes the change. A change of what is counted starts anew and ends the \
             SLO's alerts; one of target, window or policy reads the same slices.",
        )
        .body::<SloBody>()
        .answers::<SloView>(200, "The SLO as it is now, with `ETag`.")
}

/// `PATCH /slo/{id}`
pub(super) async fn merge(call: Call<Context>) -> Result<Response, ApiError> {
    let before = writable(&call).await?;
    let current = merge_target(&before.definition, &call.json()?);
    let fields = call.merged_fields(current)?;
    let after = definition::read(fields, &call.context, Some(&before.definition))?;
    changed(&call, &before, after).await
}

pub(super) fn merge_doc() -> Doc {
    Doc::new(Access::Write, "slo", "Changes parts of an SLO")
        .about("A JSON merge patch (RFC 7396); `null` resets a field to its default.")
        .patch_body::<SloBody>()
        .answers::<SloView>(200, "The SLO as it is now, with `ETag`.")
}

/// `DELETE /slo/{id}`
pub(super) async fn delete(call: Call<Context>) -> Result<Response, ApiError> {
    let before = writable(&call).await?;
    let after = Slo {
        deleted_at: Some(call.now),
        ..before.clone()
    };
    change::store(&call, &before, after).await?;
    Ok(response::no_content())
}

pub(super) fn delete_doc() -> Doc {
    Doc::new(Access::Write, "slo", "Deletes an SLO")
        .about("Its open alerts are resolved; its history stays readable.")
        .answers_nothing(204, "It is gone.")
}

/// What `?at=` means.
pub(super) const AT: &str = "As of this instant (RFC 3339), recomputed from stored slices by \
                             today's definition; what was decided then is in the history.";

fn view(context: &Context, found: &Found) -> SloView {
    let thresholds = &context.settings.evaluation.thresholds;
    SloView::new(found, thresholds, context.source.as_deref())
}

/// The SLO of the path, unless it was deleted.
async fn live(call: &Call<Context>) -> Result<Slo, ApiError> {
    let id: SloId = call.id("id", "SLO")?;
    let slo = call.context.catalog.find(id).await?;
    slo.filter(|slo| slo.deleted_at.is_none())
        .ok_or_else(|| ApiError::no_such("SLO"))
}

/// The SLO of the path, if this caller may write it and has seen its present version.
async fn writable(call: &Call<Context>) -> Result<Slo, ApiError> {
    let slo = live(call).await?;
    call.if_match(slo.version)?;
    if slo.managed_by == ManagedBy::Config {
        return Err(ApiError::Conflict(
            "this SLO is declared in the configuration file: change it there".to_owned(),
        ));
    }
    Ok(slo)
}

/// What a patch is merged into. Rules that are written beside no name take the place of a preset.
fn merge_target(before: &Definition, patch: &Value) -> Value {
    let mut current = written::written(before);
    let writes_rules = patch
        .pointer("/burn_policy/rules")
        .is_some_and(|rules| !rules.is_null());
    if writes_rules
        && patch
            .pointer("/burn_policy/name")
            .is_none()
    {
        current["burn_policy"] = json!({});
    }
    current
}

/// Stores another definition and answers the SLO as it is then.
async fn changed(
    call: &Call<Context>,
    before: &Slo,
    definition: Definition,
) -> Result<Response, ApiError> {
    let was = Some(&before.definition);
    composite::refuse(&call.context, Some(before.id), &definition, was).await?;
    let warnings = inspection::inspect(&call.context, &definition, was, call.now).await?;
    let after = Slo {
        definition,
        ..before.clone()
    };
    let after = if after == *before {
        after
    } else {
        change::store(call, before, after).await?
    };
    let found = look::look_at_one(&call.context, after, Look::default()).await?;
    let view = view(&call.context, &found).warning(warnings);
    response::versioned(found.slo.version, &view)
}

/// Whether the caller named the version that it means to change.
fn names_version(call: &Call<Context>) -> bool {
    call.headers.contains_key(IF_MATCH)
}
