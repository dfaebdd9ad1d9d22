//! What is planned.

use chrono::{DateTime, Utc};
use sre_core::maintenance::{Maintenance, SERVICES_MAX};
use sre_core::matcher::Matchers;
use sre_core::name::ServiceName;
use utoipa::ToSchema;

use crate::api::budget_corrections::body::{RecurrenceBody, period};
use crate::api::matchers;
use crate::context::Context;
use crate::http::{ApiError, Call};
use crate::ids::new_maintenance_id;

/// Fields that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 7] = [
    "id",
    "version",
    "state",
    "next",
    "created_at",
    "ended_at",
    "ended_by",
];
/// The longest comment, in characters.
const COMMENT_MAX: usize = 2_000;
/// The longest name of a person, in characters.
const BY_MAX: usize = 200;

/// A time in which nobody is told of what it concerns.
#[derive(Debug, ToSchema)]
#[schema(as = MaintenanceBody, example = json!({
    "services": ["api-gateway"],
    "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2026-01-04T02:00:00",
                   "duration": "2h", "time_zone": "Europe/Berlin"},
    "created_by": "ada",
    "comment": "The database is maintained"
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct MaintenanceBody {
    /// The services that are maintained; at least one, or `matchers`. At most 200.
    services: Option<Vec<String>>,
    /// Which alerts (of those services, where they are named): each a text in the syntax of
    /// Prometheus, or an object of `name`, `operator` and `value`.
    matchers: Option<Vec<String>>,
    /// Once: where it begins.
    from: Option<DateTime<Utc>>,
    /// Once: where it ends.
    to: Option<DateTime<Utc>>,
    /// Again and again, in the place of `from` and `to`.
    recurrence: Option<RecurrenceBody>,
    /// Who plans it; a token signs beside it.
    created_by: Option<String>,
    /// What is done.
    comment: String,
}

/// The maintenance in the body, with every fault at once.
pub(super) async fn read(call: &Call<Context>) -> Result<Maintenance, ApiError> {
    let mut fields = call.fields()?;
    fields.ignore(&READ_ONLY);
    let (names_any, chooses) = (fields.is_given("services"), fields.is_given("matchers"));
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over the life of a field"
    )]
    let services: Option<Vec<ServiceName>> = fields
        .optional("services")
        .list(SERVICES_MAX, |item| item.parse());
    let matchers = matchers::read(&mut fields);
    let is_read = (!names_any || services.is_some()) && (!chooses || matchers.is_some());
    let services = services.unwrap_or_default();
    let is_narrow = matchers
        .as_ref()
        .is_some_and(|matchers| !matchers.matches_empty());
    if !names_any && !chooses {
        fields.fault("services", "is required, or `matchers`");
    } else if services.is_empty() && !is_narrow && is_read {
        let detail =
            "must name one, or `matchers` hold one that an alert without labels does not fulfil";
        fields.fault("services", detail);
    }
    let known = call
        .context
        .services
        .find_services(&services)
        .await?;
    let unknown = services.iter().find(|name| {
        known
            .iter()
            .all(|known| known.name != **name)
    });
    if let Some(unknown) = unknown {
        // A slip of the pen would silence nothing, silently.
        fields.fault("services", format_args!("{unknown} is not known"));
    }
    let recurs = fields.is_given("recurrence");
    let period = period(&mut fields);
    if period
        .as_ref()
        .and_then(sre_core::correction::Period::ends_at)
        .is_some_and(|ends_at| ends_at <= call.now)
    {
        let field = if recurs { "recurrence" } else { "to" };
        fields.fault(field, "is over already");
    }
    let is_signed = fields.has("created_by");
    let by = fields
        .optional("created_by")
        .text(1..=BY_MAX);
    let by = call.caller.signs(by);
    if by.is_none() && !is_signed {
        fields.fault("created_by", "is required");
    }
    let comment = fields
        .required("comment")
        .prose(1..=COMMENT_MAX);
    let now = call.now;
    fields.finish(|| {
        Some(Maintenance {
            id: new_maintenance_id(),
            version: 1,
            services: services.into_iter().collect(),
            matchers: if chooses {
                matchers?
            } else {
                Matchers::default()
            },
            period: period?,
            comment: comment?,
            created_by: by?,
            created_at: now,
            ended_at: None,
            ended_by: None,
        })
    })
}
