//! `/api/v2/silences` and `/api/v2/silence/{id}`: silences as `amtool` speaks of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use sre_core::matcher::{MatchOperator, Matcher, Matchers};
use sre_core::name::SilenceId;
use sre_core::silence::{SILENCES_MAX, Silence, SilenceEdit, SilenceRequest, SilenceState};
use sre_core::store::{SilenceQuery, StoreError};
use utoipa::ToSchema;

use super::posted::instant;
use super::query::filter;
use super::{FaultText, TAG, refused, refuses, taken};
use crate::api::silences::{ended, up_to};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};
use crate::ids::new_silence_id;

/// So many silences that are over are shown at once: there are no pages here, and an answer has to end.
const SHOWN_MAX: usize = 10_000;
/// For so long a silence that is over is shown, as Alertmanager does.
const SHOWN_FOR: TimeDelta = TimeDelta::hours(120);
/// The longest comment and the longest name of a person, in characters.
const COMMENT_MAX: usize = 2_000;
const BY_MAX: usize = 200;
/// What a missing silence is called.
const NOUN: &str = "silence";

/// A silence as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GettableSilence {
    /// Identifies it, here and at `/silences/{id}`.
    id: String,
    /// Where it stands.
    status: GettableSilenceStatus,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
    /// Why.
    comment: String,
    /// Who asked.
    created_by: String,
    /// Until when; of one that recurs, the end of the occurrence that goes on or comes next.
    ends_at: DateTime<Utc>,
    /// From when on; of one that recurs, the beginning of that occurrence.
    starts_at: DateTime<Utc>,
    /// Conditions on labels, all of which hold.
    matchers: Vec<GettableMatcher>,
}

/// Where a silence stands.
#[derive(Debug, Serialize, ToSchema)]
struct GettableSilenceStatus {
    /// `pending`, `active` or `expired`.
    #[schema(example = "active")]
    state: &'static str,
}

/// One condition on one label.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GettableMatcher {
    /// The label.
    #[schema(example = "severity")]
    name: String,
    /// What it is compared with.
    #[schema(example = "critical|page")]
    value: String,
    /// Whether that is a regular expression.
    is_regex: bool,
    /// Whether it has to be so, and not otherwise.
    is_equal: bool,
}

/// Silences: those that are active, then those to come, then those that have been over for less than
/// 120 hours.
#[derive(Serialize, ToSchema)]
struct GettableSilences(Vec<GettableSilence>);

/// A silence as it is posted. With the `id` of one it changes that, or takes its place.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described here, read field by field")]
struct PostableSilence {
    id: Option<String>,
    /// Why.
    #[schema(example = "The database moves")]
    comment: String,
    /// Who asks.
    #[schema(example = "ada")]
    created_by: String,
    /// Until when.
    ends_at: DateTime<Utc>,
    /// From when on.
    starts_at: DateTime<Utc>,
    /// Conditions on labels, all of which hold; without `isEqual` it is `true`.
    matchers: Vec<PostableMatcher>,
}

/// One condition on one label, as it is posted.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described here, read field by field")]
struct PostableMatcher {
    #[schema(example = "service")]
    name: String,
    #[schema(example = "checkout")]
    value: String,
    #[schema(example = false)]
    is_regex: bool,
    is_equal: Option<bool>,
}

/// The silence that was stored.
#[derive(Serialize, ToSchema)]
struct PostedSilence {
    /// Its id.
    #[serde(rename = "silenceID")]
    silence_id: String,
}

/// `GET /api/v2/silences`
pub(in crate::api) async fn list(call: Call<Context>) -> Result<Response, ApiError> {
    let matchers = match filter(&call.query) {
        Ok(matchers) => matchers,
        Err(text) => return refused(&text),
    };
    let mut silences = all(&call.context, call.now).await?;
    silences.retain(|silence| {
        let patterns: BTreeMap<String, String> = silence
            .matchers
            .iter()
            .map(|matcher| (matcher.name().to_owned(), matcher.value().to_owned()))
            .collect();
        matchers.matches(&patterns)
    });
    silences.sort_by_key(|silence| place(silence, call.now));
    let shown = silences
        .iter()
        .map(|silence| GettableSilence::new(silence, call.now))
        .collect();
    response::ok(&GettableSilences(shown))
}

/// What `GET /api/v2/silences` says of itself.
pub(in crate::api) fn list_doc() -> Doc {
    let doc = Doc::new(Access::Read, TAG, "Silences, as Alertmanager shows them").query(
        "filter",
        "A matcher over the values of the silences' own matchers; may be repeated.",
    );
    refuses(doc).answers::<GettableSilences>(200, "The silences.")
}

/// `GET /api/v2/silence/{id}`
pub(in crate::api) async fn get(call: Call<Context>) -> Result<Response, ApiError> {
    let silence = known(&call).await?;
    response::ok(&GettableSilence::new(&silence, call.now))
}

/// What `GET /api/v2/silence/{id}` says of itself.
pub(in crate::api) fn get_doc() -> Doc {
    Doc::new(Access::Read, TAG, "A silence, as Alertmanager shows it")
        .answers::<GettableSilence>(200, "The silence.")
}

/// `POST /api/v2/silences`
pub(in crate::api) async fn post(call: Call<Context>) -> Result<Response, ApiError> {
    let (id, asked) = match read(&call) {
        Ok(read) => read,
        Err(text) => return refused(&text),
    };
    let silences = &call.context.suppressors.silences;
    let edit = match id {
        None => Silence::new(new_silence_id(), asked, call.now).map(SilenceEdit::Kept),
        Some(id) => {
            let Some(before) = silences.find_silence(id).await? else {
                return response::json(StatusCode::NOT_FOUND, "silence not found");
            };
            let asked = meant(&before, asked, call.now);
            before.edit(asked, new_silence_id(), call.now)
        }
    };
    let edit = match edit {
        Ok(edit) => edit,
        Err(error) => return refused(&error.to_string()),
    };
    let stored = match (&edit, id) {
        (SilenceEdit::Kept(silence), None) => silences.create_silence(silence).await,
        (SilenceEdit::Kept(silence), Some(_)) => {
            silences
                .change_silence(silence, None)
                .await
        }
        (SilenceEdit::Replaced { ended, successor }, _) => {
            silences
                .change_silence(ended, Some(successor))
                .await
        }
    };
    match stored {
        Err(StoreError::Conflict { what: "silences" }) => {
            return refused("there are as many silences as there may be: expire some");
        }
        stored => stored?,
    }
    call.context.mailroom.due.notify_one();
    let (SilenceEdit::Kept(silence)
    | SilenceEdit::Replaced {
        successor: silence, ..
    }) = edit;
    response::ok(&PostedSilence {
        silence_id: silence.id.to_string(),
    })
}

/// What `POST /api/v2/silences` says of itself.
pub(in crate::api) fn post_doc() -> Doc {
    let doc = Doc::new(
        Access::Acknowledge,
        TAG,
        "Makes or changes a silence, as Alertmanager does",
    )
    .body::<PostableSilence>()
    .answers::<FaultText>(404, "There is no silence of that id.");
    refuses(doc).answers::<PostedSilence>(200, "The silence, or the one that took its place.")
}

/// `DELETE /api/v2/silence/{id}`
pub(in crate::api) async fn expire(call: Call<Context>) -> Result<Response, ApiError> {
    let before = known(&call).await?;
    ended(&call, before).await?;
    Ok(taken())
}

/// What `DELETE /api/v2/silence/{id}` says of itself.
pub(in crate::api) fn expire_doc() -> Doc {
    Doc::new(
        Access::Acknowledge,
        TAG,
        "Ends a silence, as Alertmanager does",
    )
    .answers_nothing(200, "It is over; one that was over already stays as it is.")
}

/// Every silence that is not over, of which there are never more than may be made, and those that have
/// not been over for long.
async fn all(context: &Context, now: DateTime<Utc>) -> Result<Vec<Silence>, StoreError> {
    let standing_max = usize::try_from(SILENCES_MAX).unwrap_or(usize::MAX);
    let (mut silences, since) = (Vec::new(), now.checked_sub_signed(SHOWN_FOR));
    for (state, most) in [
        (SilenceState::Active, standing_max),
        (SilenceState::Pending, standing_max),
        (SilenceState::Expired, SHOWN_MAX),
    ] {
        let query = SilenceQuery {
            state: Some(state),
            now,
            ends_after: since,
        };
        silences.extend(up_to(context, &query, None, most).await?);
    }
    Ok(silences)
}

/// From when until when it is shown: of one that recurs the occurrence that goes on or comes next.
fn shown_times(silence: &Silence, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    match silence.next(now) {
        Some(next) => (next.start(), next.end()),
        None => (silence.starts_at, silence.ends_at),
    }
}

/// What a change of a silence that recurs means: it goes on recurring, and whoever sends the times
/// that were shown leaves those of the whole as they are.
fn meant(before: &Silence, asked: SilenceRequest, now: DateTime<Utc>) -> SilenceRequest {
    if before.recurrence.is_none() {
        return asked;
    }
    let (starts_at, ends_at) = shown_times(before, now);
    let kept = |asked: DateTime<Utc>, shown: DateTime<Utc>, whole: DateTime<Utc>| {
        // They are shown, and sent back, to the millisecond.
        if (asked - shown).abs() < TimeDelta::milliseconds(1) {
            whole
        } else {
            asked
        }
    };
    SilenceRequest {
        starts_at: kept(asked.starts_at, starts_at, before.starts_at),
        ends_at: kept(asked.ends_at, ends_at, before.ends_at),
        recurrence: before.recurrence.clone(),
        ..asked
    }
}

/// What is active comes first, what ends next before others; then what is to come; then what is over,
/// the latest first.
fn place(silence: &Silence, now: DateTime<Utc>) -> (u8, i64, Reverse<i64>) {
    let ends = silence.ends_at.timestamp_micros();
    match silence.state(now) {
        SilenceState::Active => (0, ends, Reverse(0)),
        SilenceState::Pending => (1, silence.starts_at.timestamp_micros(), Reverse(0)),
        SilenceState::Expired => (2, 0, Reverse(ends)),
    }
}

async fn known(call: &Call<Context>) -> Result<Silence, ApiError> {
    let id: SilenceId = call.id("id", NOUN)?;
    let silences = &call.context.suppressors.silences;
    let found = silences.find_silence(id).await?;
    found.ok_or_else(|| ApiError::no_such(NOUN))
}

/// The silence that is asked for, and of which one it is a change.
fn read(call: &Call<Context>) -> Result<(Option<SilenceId>, SilenceRequest), String> {
    let body = call
        .json()
        .map_err(|error| error.to_string())?;
    let Value::Object(fields) = body else {
        return Err("silence in body must be an object".to_owned());
    };
    let id = match fields.get("id").and_then(Value::as_str) {
        None | Some("") => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| "silence id in body must be a uuid".to_owned())?,
        ),
    };
    let matchers = fields
        .get("matchers")
        .and_then(Value::as_array)
        .ok_or("matchers in body is required")?
        .iter()
        .map(matcher)
        .collect::<Result<Vec<Matcher>, String>>()?;
    let by = text(&fields, "createdBy", BY_MAX)?;
    let time = |name: &str| {
        instant(fields.get(name).unwrap_or(&Value::Null), name)?
            .ok_or_else(|| format!("{name} in body is required"))
    };
    let asked = SilenceRequest {
        matchers: Matchers::new(matchers).map_err(|error| error.to_string())?,
        starts_at: time("startsAt")?,
        ends_at: time("endsAt")?,
        recurrence: None,
        created_by: call
            .caller
            .signs(Some(by))
            .unwrap_or_default(),
        comment: text(&fields, "comment", COMMENT_MAX)?,
    };
    Ok((id, asked))
}

fn matcher(value: &Value) -> Result<Matcher, String> {
    let text = |name: &str| {
        value[name]
            .as_str()
            .ok_or_else(|| format!("matchers.{name} in body must be a text"))
    };
    let flag = |name: &str, default: Option<bool>| match &value[name] {
        Value::Bool(flag) => Ok(*flag),
        Value::Null if default.is_some() => Ok(default == Some(true)),
        _ => Err(format!("matchers.{name} in body must be true or false")),
    };
    let operator = match (flag("isEqual", Some(true))?, flag("isRegex", None)?) {
        (true, false) => MatchOperator::Equal,
        (true, true) => MatchOperator::Matches,
        (false, false) => MatchOperator::NotEqual,
        (false, true) => MatchOperator::MatchesNot,
    };
    Matcher::new(text("name")?, operator, text("value")?).map_err(|error| error.to_string())
}

fn text(fields: &Map<String, Value>, name: &str, max: usize) -> Result<String, String> {
    let text = fields
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("{name} in body is required"))?;
    if text.chars().count() > max {
        return Err(format!("{name} in body may have at most {max} characters"));
    }
    Ok(text.to_owned())
}

impl GettableSilence {
    fn new(silence: &Silence, now: DateTime<Utc>) -> Self {
        let (starts_at, ends_at) = shown_times(silence, now);
        Self {
            id: silence.id.to_string(),
            status: GettableSilenceStatus {
                state: silence.state(now).as_str(),
            },
            updated_at: silence.updated_at,
            comment: silence.comment.clone(),
            created_by: silence.created_by.clone(),
            ends_at,
            starts_at,
            matchers: silence
                .matchers
                .iter()
                .map(|matcher| GettableMatcher {
                    name: matcher.name().to_owned(),
                    value: matcher.value().to_owned(),
                    is_regex: matcher.operator().is_regex(),
                    is_equal: matcher.operator().is_equal(),
                })
                .collect(),
        }
    }
}
