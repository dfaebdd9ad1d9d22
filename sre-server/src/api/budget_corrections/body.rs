//! What people agree on.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use sre_core::correction::{Correction, Meaning, ParseRuleError, Period, Recurrence, Rule, Scope};
use sre_core::name::{ServiceName, SloId};
use sre_core::time::Span;
use sre_core::window::TimeZone;
use utoipa::ToSchema;

use crate::context::Context;
use crate::http::{ApiError, Call, Fields};
use crate::ids::new_correction_id;

/// Fields that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 10] = [
    "id",
    "created_by",
    "created_at",
    "ended_from",
    "ended_by",
    "ended_at",
    "cancelled_by",
    "cancelled_at",
    "state",
    "next",
];
/// The longest reason, in characters.
const REASON_MAX: usize = 2_000;
/// The longest name of a person, in characters.
pub(super) const BY_MAX: usize = 200;
/// The longest text of a rule, a local time or a zone, in characters.
const TEXT_MAX: usize = 500;

/// A time that is agreed not to count as it was measured: of one SLO or of all of a service, once or
/// again and again.
#[derive(Debug, ToSchema)]
#[schema(as = BudgetCorrectionBody, example = json!({
    "service_name": "api-gateway",
    "meaning": "remove_time",
    "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2026-01-04T02:00:00",
                   "duration": "2h", "time_zone": "Europe/Berlin"},
    "reason": "The database is maintained"
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct CorrectionBody {
    /// One SLO; or else `service_name`.
    slo_id: Option<String>,
    /// Every SLO of a service, those to come as well; or else `slo_id`.
    service_name: Option<String>,
    /// `remove_time`: the time leaves numerator and denominator, and coverage. `drop_events`: good and
    /// bad leave, the slices stay measured. `count_as_good`: what was bad counts as good.
    meaning: String,
    /// Once: where it begins. In the past or in the future; on the edge of a slice, or the slice it
    /// lies in stays as it was.
    from: Option<DateTime<Utc>>,
    /// Once: where it ends.
    to: Option<DateTime<Utc>>,
    /// Again and again, in the place of `from` and `to`.
    recurrence: Option<RecurrenceBody>,
    /// Why it was agreed.
    reason: String,
    /// Who agreed.
    by: Option<String>,
}

/// A rule of RFC 5545, in the local time of a zone.
#[derive(Debug, ToSchema)]
#[schema(as = RecurrenceBody)]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(in crate::api) struct RecurrenceBody {
    /// `FREQ` (`DAILY` to `YEARLY`), `INTERVAL`, `BYDAY`, `BYMONTHDAY`, `BYMONTH`, `COUNT`, `UNTIL`.
    #[schema(example = "FREQ=WEEKLY;BYDAY=SU")]
    rule: String,
    /// When the first occurrence begins, in local time; the others begin at the same time of day.
    #[schema(example = "2026-01-04T02:00:00")]
    start: String,
    /// How long each takes.
    #[schema(example = "2h")]
    duration: String,
    /// The name of the zone; `Etc/UTC` by default.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// The correction in the body, with every fault at once.
pub(super) fn read(call: &Call<Context>) -> Result<Correction, ApiError> {
    let mut fields = call.fields()?;
    fields.ignore(&READ_ONLY);
    let scope = scope(&mut fields);
    let meaning: Option<Meaning> = fields.parse("meaning");
    let period = period(&mut fields);
    let reason = fields
        .required("reason")
        .prose(1..=REASON_MAX);
    let by = fields.optional("by").text(1..=BY_MAX);
    let by = call.caller.signs(by);
    let now = call.now;
    fields.finish(|| {
        Some(Correction {
            id: new_correction_id(),
            scope: scope?,
            meaning: meaning?,
            period: period?,
            reason: reason?,
            created_by: by,
            created_at: now,
            ended: None,
            cancelled: None,
        })
    })
}

/// One SLO or one service, and not both.
fn scope(fields: &mut Fields) -> Option<Scope> {
    let (by_slo, by_service) = (fields.is_given("slo_id"), fields.is_given("service_name"));
    let slo: Option<SloId> = fields.optional("slo_id").parse();
    let service: Option<ServiceName> = fields.optional("service_name").parse();
    match (by_slo, by_service) {
        (true, true) => {
            fields.fault("service_name", "goes without `slo_id`: say one of them");
            None
        }
        (false, false) => {
            fields.fault("slo_id", "is required, or `service_name`");
            None
        }
        _ => slo
            .map(Scope::Slo)
            .or_else(|| service.map(Scope::Service)),
    }
}

/// Once or again and again, and not both.
pub(in crate::api) fn period(fields: &mut Fields) -> Option<Period> {
    let is_once = fields.is_given("from") || fields.is_given("to");
    let recurs = fields.is_given("recurrence");
    let recurrence = fields
        .optional("recurrence")
        .object(recurrence);
    if recurs {
        if is_once {
            fields.fault("recurrence", "goes without `from` and `to`");
        }
        let _ = (
            fields.optional("from").instant(),
            fields.optional("to").instant(),
        );
        return recurrence.map(Period::Recurring);
    }
    if !is_once {
        let _ = (
            fields.optional("from").value(),
            fields.optional("to").value(),
        );
        fields.fault("from", "is required with `to`, or else `recurrence`");
        return None;
    }
    let (from, to) = (
        fields.required("from").instant(),
        fields.required("to").instant(),
    );
    match Period::once(from?, to?) {
        Ok(period) => Some(period),
        Err(why) => {
            fields.fault("to", why);
            None
        }
    }
}

/// A rule with where, when and how long.
pub(in crate::api) fn recurrence(fields: &mut Fields) -> Option<Recurrence> {
    let rule = fields.text("rule", 1..=TEXT_MAX);
    let start = fields.text("start", 1..=TEXT_MAX);
    let duration: Option<Span> = fields.parse("duration");
    let zone = fields
        .optional("time_zone")
        .text(1..=TEXT_MAX)
        .unwrap_or_else(|| "Etc/UTC".to_owned());
    // Each by itself first, so that of two faults both are told.
    let is_rule = note(
        fields,
        "rule",
        rule.as_ref()
            .map(|rule| rule.parse::<Rule>()),
    );
    let is_zone = note(fields, "time_zone", Some(zone.parse::<TimeZone>()));
    if !is_rule || !is_zone {
        return None;
    }
    Recurrence::new(&rule?, &start?, duration?, &zone)
        .map_err(|why| fields.fault(culprit(&why), why))
        .ok()
}

/// Notes what is wrong with a part of a recurrence; whether nothing was.
fn note<T>(fields: &mut Fields, name: &str, read: Option<Result<T, impl Display>>) -> bool {
    match read {
        Some(Err(why)) => {
            fields.fault(name, why);
            false
        }
        _ => true,
    }
}

/// The field that a refusal is about.
const fn culprit(why: &ParseRuleError) -> &'static str {
    match why {
        ParseRuleError::Start | ParseRuleError::NoOccurrence => "start",
        ParseRuleError::TooLong => "duration",
        ParseRuleError::Zone(_) => "time_zone",
        // The rule's own parts, those to come as well.
        _ => "rule",
    }
}
