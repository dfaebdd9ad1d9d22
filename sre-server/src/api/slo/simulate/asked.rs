//! What a request asks to be simulated.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sre_core::name::SloId;
use sre_core::simulate::{Candidate, RANGE_MAX, SpentShare};
use sre_core::slo::Definition;
use sre_core::time::{Interval, Span};
use utoipa::ToSchema;

use super::policies::{self, Tried};
use crate::api::slo::definition;
use crate::api::slo::written::SloBody;
use crate::context::Context;
use crate::http::fault::Fault;
use crate::http::{ApiError, Fields};

/// What is replayed where the caller does not say since when: a month, the usual window.
const DEFAULT_SPAN: Span = Span::days(30);

/// What is to be simulated.
#[derive(Debug, ToSchema)]
#[schema(as = SimulationBody, example = json!({
    "slo_id": "019bd1a0-0000-7000-8000-000000000001",
    "overrides": {"target_percentage": 99.5},
    "policies": ["current", "google-sre", {
        "name": "tight",
        "rules": [{"level": "critical", "factor": 4, "long": "30m", "short": "5m"}]
    }],
    "significant_percentage": 2
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct SimulationBody {
    /// An SLO that is stored; this or `slo`.
    slo_id: Option<uuid::Uuid>,
    /// What is to be different of it, as in a PATCH of it.
    #[schema(value_type = Option<Object>)]
    overrides: Option<()>,
    /// An SLO that is not stored, as in a POST of it.
    slo: Option<SloBody>,
    /// At most 8: `current` for the SLO's own, `default`, `google-sre`, or an object with a `name` and
    /// `rules`. By default `current` and the presets that it is not.
    #[schema(value_type = Option<Vec<Object>>)]
    policies: Option<()>,
    /// The first instant; 30 days before `to` by default.
    from: Option<DateTime<Utc>>,
    /// The first instant after; now by default.
    to: Option<DateTime<Utc>>,
    /// From which share of the budget on trouble counts as an event; 1 by default.
    significant_percentage: Option<f64>,
}

/// A request that was read.
pub(super) struct Asked {
    pub(super) what: What,
    /// Nothing where the caller leaves it to us.
    tried: Option<Vec<Tried>>,
    /// What is to be told about.
    pub(super) during: Interval,
    pub(super) significant: SpentShare,
}

/// Which SLO.
pub(super) enum What {
    /// A stored one, with what is to be different of it.
    Stored(SloId, Option<Value>),
    /// One that is not stored.
    New(Box<Definition>),
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with every fault.
    pub(super) fn read(
        mut fields: Fields,
        context: &Context,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let mut deeper = Vec::new();
        let what = what(&mut fields, context, &mut deeper)?;
        let tried = if fields.is_given("policies") {
            policies::read(fields.optional("policies")).map(Some)
        } else {
            Some(None)
        };
        let during = during(&mut fields, now);
        let significant = if fields.is_given("significant_percentage") {
            fields
                .optional("significant_percentage")
                .decimal()
        } else {
            Some(SpentShare::ONE_PERCENT)
        };
        let has_faults = !deeper.is_empty();
        let asked = fields.finish(|| {
            // What is missing deeper inside is told below.
            Some((what, tried?, during?, significant?))
                .filter(|(what, ..)| what.is_some() || has_faults)
        });
        let (what, tried, during, significant) = definition::with_faults(asked, deeper)?;
        Ok(Self {
            what: what.ok_or_else(|| ApiError::internal("an SLO was refused without a fault"))?,
            tried,
            during,
            significant,
        })
    }

    /// The policies, for the definition that they are tried on.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with every rule that cannot stand on it.
    pub(super) fn candidates(&self, definition: &Definition) -> Result<Vec<Candidate>, ApiError> {
        match &self.tried {
            Some(tried) => policies::candidates(tried, definition),
            None => policies::candidates(&policies::usual(definition), definition),
        }
    }
}

/// A stored SLO or one that is written out, and not both; what is wrong inside the latter goes to
/// `deeper`.
fn what(
    fields: &mut Fields,
    context: &Context,
    deeper: &mut Vec<Fault>,
) -> Result<Option<What>, ApiError> {
    let has_id = fields.is_given("slo_id");
    let id = fields
        .optional("slo_id")
        .parse::<SloId>();
    let overrides = fields.optional("overrides").value();
    let body = match (has_id, fields.optional("slo").value()) {
        (true, None) => return Ok(id.map(|id| What::Stored(id, overrides))),
        (true, Some(_)) => return Ok(note(fields, "slo", "excludes `slo_id`: one SLO at a time")),
        (false, None) => return Ok(note(fields, "slo_id", "is required, or `slo` in its place")),
        (false, Some(_)) if overrides.is_some() => {
            let detail = "are of a stored SLO: write them into `slo`";
            return Ok(note(fields, "overrides", detail));
        }
        (false, Some(body)) => body,
    };
    let read = Fields::of(body).and_then(|body| definition::read(body, context, None));
    match read {
        Ok(definition) => Ok(Some(What::New(Box::new(definition)))),
        Err(ApiError::Invalid(faults)) => {
            let faults = faults.into_iter();
            deeper.extend(faults.map(|fault| fault.under("/slo")));
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// A stretch of the past, no longer than may be simulated.
fn during(fields: &mut Fields, now: DateTime<Utc>) -> Option<Interval> {
    let (has_from, has_to) = (fields.is_given("from"), fields.is_given("to"));
    let to = fields.optional("to").instant();
    let from = fields.optional("from").instant();
    if (has_from && from.is_none()) || (has_to && to.is_none()) {
        return None;
    }
    let to = to.unwrap_or(now);
    if to > now {
        return note(fields, "to", "lies in the future");
    }
    let from = from.unwrap_or(to - DEFAULT_SPAN.as_delta());
    if from >= to {
        return note(fields, "from", "must lie before `to`");
    }
    if to - from > RANGE_MAX.as_delta() {
        let detail = format!("lies more than {RANGE_MAX} before `to`");
        return note(fields, "from", detail);
    }
    Some(Interval::new(from, to))
}

fn note<T>(fields: &mut Fields, name: &str, detail: impl std::fmt::Display) -> Option<T> {
    fields.fault(name, detail);
    None
}
