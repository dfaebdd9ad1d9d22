//! `POST /alerts`: somebody reports a trouble.

use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, Identity, Origin, Report, Reported};
use sre_core::name::SloId;
use sre_core::store::Commit;
use utoipa::ToSchema;
use uuid::Uuid;

use super::shown;
use super::view::AlertView;
use super::{TRIES_MAX, contended, moment};
use crate::api::labels;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// The longest message, in characters: what channels can show.
const MESSAGE_LENGTH_MAX: usize = 4096;

/// What `POST /alerts` takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read field by field")]
struct AlertReport {
    /// About which service.
    #[schema(example = "api-gateway")]
    service_name: String,
    /// What kind of trouble; any name.
    #[schema(example = "slo_violation")]
    alert_type: String,
    /// `low`, `medium`, `high`, `critical` or `emergency`.
    #[schema(example = "high")]
    severity: String,
    /// What is wrong; 1 to 4096 characters.
    #[schema(example = "API Gateway availability dropped below 99.9%")]
    message: String,
    /// What else tells this trouble from others; at most 32.
    labels: Option<std::collections::BTreeMap<String, String>>,
    /// The SLO that it is about, which must exist.
    slo_id: Option<Uuid>,
    /// The value behind it.
    value: Option<f64>,
    /// The threshold behind it.
    threshold: Option<f64>,
    /// After which time without another report it ends by itself; never where left out.
    #[schema(example = "10m")]
    expires_in: Option<String>,
}

/// `POST /alerts`
pub(crate) async fn report(call: Call<Context>) -> Result<Response, ApiError> {
    let report = read(&call).await?;
    let (alert, is_new) = store(&call.context, report, call.now).await?;
    let (location, transition) = (format!("/alerts/{}", alert.id), alert.transition);
    let view = shown(&call.context, alert, call.now).await?;
    if is_new {
        response::created(&location, transition, &view)
    } else {
        response::versioned(transition, &view)
    }
}

/// What `POST /alerts` says of itself.
pub(crate) fn report_doc() -> Doc {
    Doc::new(Access::Write, "alerts", "Reports a trouble")
        .about(
            "The same again (service, type, SLO and labels) while it is open is one more occurrence \
             of the same alert: a higher severity raises it and is told at once, anything else is \
             not told again before its cooldown is over. Once it is resolved, the same again is a \
             new alert.",
        )
        .body::<AlertReport>()
        .answers::<AlertView>(201, "A new alert.")
        .answers::<AlertView>(200, "The open alert, which has occurred once more.")
}

/// The report in the body, with every fault at once.
async fn read(call: &Call<Context>) -> Result<Report, ApiError> {
    let mut fields = call.fields()?;
    let service_name = fields.parse("service_name");
    let alert_type = fields.parse("alert_type");
    let severity = fields.parse("severity");
    let message = fields.text("message", 1..=MESSAGE_LENGTH_MAX);
    let labels = labels::read(&mut fields);
    let slo_id: Option<SloId> = fields.optional("slo_id").parse();
    let value = fields.optional("value").number();
    let threshold = fields.optional("threshold").number();
    let expires_in = fields.optional("expires_in").parse();
    if let Some(id) = slo_id {
        let slo = call.context.catalog.find(id).await?;
        if slo.is_none_or(|slo| slo.deleted_at.is_some()) {
            fields.fault("slo_id", "there is no such SLO");
        }
    }
    fields.finish(|| {
        let identity = Identity {
            origin: Origin::Posted,
            service_name: service_name?,
            alert_type: alert_type?,
            slo_id,
            labels,
        };
        Some(Report {
            identity,
            severity: severity?,
            message: message?,
            value,
            threshold,
            expires_in,
        })
    })
}

/// Decides what the report does and stores it; whoever was faster is read and decided on again.
/// Answers the alert, and whether it is new.
async fn store(
    context: &Context,
    report: Report,
    now: DateTime<Utc>,
) -> Result<(Alert, bool), ApiError> {
    let key = report.identity.key();
    let owner = context
        .router
        .owner(&report.identity.service_name)
        .await?;
    let moment = moment(context, owner.as_deref(), now);
    for _ in 0..TRIES_MAX {
        let latest = context
            .alerts
            .latest_episodes(&[key])
            .await?
            .pop();
        let (update, is_new) = match sre_core::alert::report(latest, report.clone(), &moment) {
            Reported::Opened(update) => (update, true),
            Reported::Repeated(update) => (update, false),
        };
        if let Commit::Applied { .. } = context.alerts.apply(&update).await? {
            return Ok((as_stored(context, update.alert).await?, is_new));
        }
    }
    Err(contended())
}

/// The alert with the incident that it came to belong to when it was stored.
async fn as_stored(context: &Context, alert: Alert) -> Result<Alert, ApiError> {
    let stored = context
        .alerts
        .find_alert(alert.id)
        .await?;
    Ok(Alert {
        incident_id: stored.and_then(|stored| stored.incident_id),
        ..alert
    })
}
