//! What somebody asks.

use chrono::{DateTime, Utc};
use sre_core::silence::{Silence, SilenceRequest};
use sre_core::time::Span;
use utoipa::ToSchema;

use crate::api::budget_corrections::body::{RecurrenceBody, recurrence};
use crate::api::matchers;
use crate::context::Context;
use crate::http::{ApiError, Call};

/// Fields that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 7] = [
    "id",
    "version",
    "state",
    "next",
    "created_at",
    "updated_at",
    "expired_by",
];
/// The longest comment, in characters.
const COMMENT_MAX: usize = 2_000;
/// The longest name of a person, in characters.
const BY_MAX: usize = 200;

/// Alerts that are not to be told for a while.
#[derive(Debug, ToSchema)]
#[schema(as = SilenceBody, example = json!({
    "matchers": ["service=\"api-gateway\"", "severity=~\"low|medium|high\""],
    "duration": "2h",
    "created_by": "ada",
    "comment": "The database moves"
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct SilenceBody {
    /// Conditions on labels, all of which hold: each a text in the syntax of Prometheus, or an object
    /// of `name`, `operator` and `value`. At least one must not hold where the label is missing.
    matchers: Vec<String>,
    /// From when on; now by default, and never before.
    starts_at: Option<DateTime<Utc>>,
    /// Until when; or else `duration`.
    ends_at: Option<DateTime<Utc>>,
    /// How long, from its beginning; or else `ends_at`. At most 366 days.
    #[schema(example = "2h")]
    duration: Option<String>,
    /// Again and again between its beginning and its end, and not in between. `ends_at` and `duration`
    /// may be left out then: it ends with the last occurrence, or after 366 days.
    recurrence: Option<RecurrenceBody>,
    /// Who asks; a token signs beside it.
    created_by: Option<String>,
    /// Why.
    comment: String,
}

/// The silence that is asked for, with every fault at once. What a change leaves out of matchers,
/// beginning, recurrence and author stays as it was.
pub(super) fn read(
    call: &Call<Context>,
    before: Option<&Silence>,
) -> Result<SilenceRequest, ApiError> {
    let mut fields = call.fields()?;
    fields.ignore(&READ_ONLY);
    let is_given = fields.is_given("matchers");
    let mut matchers = matchers::read(&mut fields);
    if !is_given {
        matchers = before.map(|before| before.matchers.clone());
        if matchers.is_none() {
            fields.fault("matchers", "is required");
        }
    }
    let starts_at = fields
        .optional("starts_at")
        .instant()
        .or(before.map(|before| before.starts_at))
        .unwrap_or(call.now);
    let is_until = fields.is_given("ends_at");
    let lasts = fields.is_given("duration");
    let until = fields.optional("ends_at").instant();
    let duration: Option<Span> = fields.optional("duration").parse();
    let recurs = fields.is_given("recurrence");
    let recurrence = fields
        .optional("recurrence")
        .object(recurrence);
    let is_read = !recurs || recurrence.is_some();
    let recurrence = recurrence.or_else(|| before?.recurrence.clone());
    if is_until && lasts || !(is_until || lasts || recurs || recurrence.is_some()) {
        let detail = "is required, or else `duration`, and not both";
        fields.fault("ends_at", detail);
    }
    let begins_at = starts_at.max(call.now);
    let ends_at = match (until, duration, &recurrence) {
        (Some(until), _, _) => Some(until),
        (None, Some(duration), _) => begins_at.checked_add_signed(duration.as_delta()),
        (None, None, Some(rule)) => SilenceRequest::latest_end(rule, begins_at),
        (None, None, None) => None,
    };
    let is_signed = fields.has("created_by");
    let by = fields
        .optional("created_by")
        .text(1..=BY_MAX);
    let by = call
        .caller
        .signs(by)
        .or_else(|| before.map(|before| before.created_by.clone()));
    if by.is_none() && !is_signed {
        fields.fault("created_by", "is required");
    }
    let comment = fields
        .required("comment")
        .prose(1..=COMMENT_MAX);
    fields.finish(|| {
        Some(SilenceRequest {
            matchers: matchers?,
            starts_at,
            ends_at: ends_at?,
            recurrence: if is_read { recurrence } else { None },
            created_by: by?,
            comment: comment?,
        })
    })
}
