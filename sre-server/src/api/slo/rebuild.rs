//! `POST /slo/{id}/rebuild`: what is stored is folded again.

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use serde::Serialize;
use sre_core::indicator::Indicator;
use sre_core::monitor::rebuildable;
use sre_core::time::Span;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// Samples that are about to be deleted are left alone: the oldest are read last, 48 hours a slot, which
/// takes minutes, and what is gone by then would be folded as unmeasured.
const MARGIN: Span = Span::days(1);

/// What is folded again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rebuild)]
struct RebuildView {
    slo_id: Uuid,
    /// From here on; what lies before stays as it is.
    from: DateTime<Utc>,
    /// The end of the last slice that has closed.
    to: DateTime<Utc>,
}

/// `POST /slo/{id}/rebuild`
pub(in crate::api) async fn rebuild(call: Call<Context>) -> Result<Response, ApiError> {
    let slo = super::live(&call).await?;
    let refused = |why: &str| Err(ApiError::Conflict(why.to_owned()));
    if !slo.definition.enabled {
        return refused("this SLO is disabled: nothing folds it");
    }
    if let Indicator::Prometheus(_) = slo.definition.indicator {
        return refused(
            "the slices of this SLO come from a Prometheus, which is asked again for what it could \
             not say; nothing is stored to fold again",
        );
    }
    let context = &call.context;
    let until = context
        .settings
        .grid(&slo)
        .closed_at(call.now);
    let kept_since = call.now - context.samples_kept.as_delta() + MARGIN.as_delta();
    let samples = context.samples.as_ref();
    let Some(during) = rebuildable(samples, &slo, kept_since, until).await? else {
        return refused("no sample of this SLO is stored");
    };
    context
        .catalog
        .refold(slo.id, during)
        .await?;
    let view = RebuildView {
        slo_id: slo.id.0,
        from: during.start(),
        to: during.end(),
    };
    response::json(StatusCode::ACCEPTED, &view)
}

pub(in crate::api) fn rebuild_doc() -> Doc {
    Doc::new(
        Access::Write,
        "slo",
        "Folds again what is stored of an SLO",
    )
    .about(
        "Of a stored metric what samples still cover, of a composite all that its windows hold: the \
         next slots read it again, newest first, 48 hours each. Slices whose samples are gone, or \
         will be within a day, stay as they are. What was decided then stands; what is decided from now on sees the slices as they \
         are then.",
    )
    .answers::<RebuildView>(202, "What will be folded again.")
}
