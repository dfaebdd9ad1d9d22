//! `POST /api/v2/alerts`: alerts of third parties.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Utc};
use serde_json::Value;
use sre_core::alert::{Alert, DedupKey, Fingerprint, ThirdPartyAlert, third_party};
use sre_core::store::Commit;
use utoipa::ToSchema;

use super::{TAG, refused, refuses, taken};
use crate::api::alerts::{TRIES_MAX, contended, moment};
use crate::api::labels::LABEL_LENGTH_MAX;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// An alert as it is posted.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "described here, read field by field")]
struct PostableAlert {
    /// What tells it from others; at least one with a value. `service` (else `service_name`, `job`)
    /// names the service, `alertname` the type, `severity` how grave it is.
    labels: BTreeMap<String, String>,
    /// `summary`, else `description`, is what people read.
    annotations: Option<BTreeMap<String, String>>,
    /// When it began; now where it is left out, or in the year 1.
    starts_at: Option<DateTime<Utc>>,
    /// When it ends unless it is posted again; five minutes from now where it is left out. One that has
    /// passed ends it.
    ends_at: Option<DateTime<Utc>>,
    /// Taken, and not kept.
    #[schema(rename = "generatorURL")]
    generator_url: Option<String>,
}

/// Alerts as they are posted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read one by one")]
struct PostableAlerts(Vec<PostableAlert>);

/// More alerts at once are no batch of Prometheus: it sends 64, later versions 256.
const BATCH_MAX: usize = 1_000;
/// More labels tell alerts apart no better, and are compared with every matcher.
const LABELS_MAX: usize = 256;
/// What is left of a value that is too long ends in this, and in what tells it from others.
const CUT: &str = "…";
/// So many faults are told.
const FAULTS_MAX: usize = 20;

/// `POST /api/v2/alerts`
pub(in crate::api) async fn post(call: Call<Context>) -> Result<Response, ApiError> {
    let (told, faults) = match read(&call) {
        Ok(read) => read,
        Err(text) => return refused(&text),
    };
    store(&call.context, told, call.now).await?;
    if faults.is_empty() {
        Ok(taken())
    } else {
        // What could be read is stored all the same.
        refused(&faults.join("; "))
    }
}

/// What `POST /api/v2/alerts` says of itself.
pub(in crate::api) fn post_doc() -> Doc {
    let doc = Doc::new(Access::Write, TAG, "Takes alerts as Alertmanager does")
        .about(
            "What Prometheus and `amtool alert add` send. An alert is its labels; it is posted again for \
             as long as it fires, and ends when its end has passed. Of a batch in which some are wrong \
             the others are taken, and the answer is 400.",
        )
        .body::<PostableAlerts>()
        .large_body()
        .answers_nothing(200, "All are taken.");
    refuses(doc)
}

/// What could be read, and what is wrong with the rest; an error where nothing could.
fn read(call: &Call<Context>) -> Result<(Vec<ThirdPartyAlert>, Vec<String>), String> {
    let body = call
        .json()
        .map_err(|error| error.to_string())?;
    let Value::Array(posted) = body else {
        return Err("alerts in body must be an array".to_owned());
    };
    if posted.len() > BATCH_MAX {
        return Err(format!("a batch has at most {BATCH_MAX} alerts"));
    }
    let (mut told, mut faults) = (Vec::with_capacity(posted.len()), Vec::new());
    for (place, alert) in posted.iter().enumerate() {
        match read_one(alert, call.now) {
            Ok(alert) => told.push(alert),
            Err(fault) if faults.len() < FAULTS_MAX => {
                faults.push(format!("alert {place}: {fault}"));
            }
            Err(_) => {}
        }
    }
    Ok((told, faults))
}

fn read_one(alert: &Value, now: DateTime<Utc>) -> Result<ThirdPartyAlert, String> {
    let fields = alert
        .as_object()
        .ok_or("must be an object")?;
    let of = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let labels = labels(of("labels"))?;
    let annotations = texts(of("annotations"), "annotations")?;
    let starts_at = instant(of("startsAt"), "startsAt")?;
    let ends_at = instant(of("endsAt"), "endsAt")?;
    ThirdPartyAlert::new(labels, &annotations, starts_at, ends_at, now)
        .map_err(|error| error.to_string())
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let mut bytes = name.bytes();
    bytes.next().is_some_and(is_letter)
        && bytes.all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

/// The labels. Whoever is told of an alert shall hear of it though one of its values is too long: that is
/// cut, and stays another than those that are cut to the same.
fn labels(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let mut labels = texts(value, "labels")?;
    if labels.len() > LABELS_MAX {
        return Err(format!("labels may have at most {LABELS_MAX} entries"));
    }
    for (name, value) in &mut labels {
        if !is_name(name) || name.len() > LABEL_LENGTH_MAX {
            return Err(format!("invalid label set: invalid name {name:?}"));
        }
        if value.chars().count() > LABEL_LENGTH_MAX {
            let own = BTreeMap::from([(name.clone(), value.clone())]);
            let whole = Fingerprint::of(&own).to_string();
            let kept = LABEL_LENGTH_MAX - CUT.chars().count() - whole.len();
            *value = value
                .chars()
                .take(kept)
                .chain(CUT.chars())
                .chain(whole.chars())
                .collect();
        }
    }
    Ok(labels)
}

/// An object of texts; nothing where it is left out.
fn texts(value: &Value, what: &str) -> Result<BTreeMap<String, String>, String> {
    let pairs = match value {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(pairs) => pairs,
        _ => return Err(format!("{what} must be an object of texts")),
    };
    pairs
        .iter()
        .map(|(name, value)| {
            let value = value
                .as_str()
                .ok_or_else(|| format!("{what}.{name} must be a text"))?;
            Ok((name.clone(), value.to_owned()))
        })
        .collect()
}

/// An instant; the year 1 is Go's way to say that there is none.
pub(super) fn instant(value: &Value, what: &str) -> Result<Option<DateTime<Utc>>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text,
        _ => return Err(format!("{what} must be a date-time")),
    };
    let at = DateTime::parse_from_rfc3339(text)
        .map_err(|_| format!("{what} must be a date-time of RFC 3339"))?
        .to_utc();
    Ok((at.year() > 1).then_some(at))
}

/// Decides what each alert does and stores it, in their order; whoever was faster is read and decided
/// on again.
async fn store(
    context: &Context,
    told: Vec<ThirdPartyAlert>,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let keys: Vec<DedupKey> = told
        .iter()
        .map(|told| told.identity().key())
        .collect();
    let mut latest: BTreeMap<DedupKey, Alert> = read_latest(context, &keys).await?;
    let services = told
        .iter()
        .map(|told| told.identity().service_name)
        .collect::<Vec<_>>();
    let owners = context.router.owners(&services).await?;
    let mut has_news = false;
    for (key, told) in keys.into_iter().zip(told) {
        let owner = owners.get(&told.identity().service_name);
        let moment = moment(context, owner.map(String::as_str), now);
        let mut tries = 0;
        while let Some(update) = third_party(latest.get(&key).cloned(), told.clone(), &moment) {
            if let Commit::Applied { .. } = context.alerts.apply(&update).await? {
                has_news |= !update.intents.is_empty();
                // The same alert may come twice in a batch.
                latest.insert(key, update.alert);
                break;
            }
            tries += 1;
            if tries >= TRIES_MAX {
                return Err(contended());
            }
            latest.extend(read_latest(context, &[key]).await?);
        }
    }
    if has_news {
        context.mailroom.due.notify_one();
    }
    Ok(())
}

async fn read_latest(
    context: &Context,
    keys: &[DedupKey],
) -> Result<BTreeMap<DedupKey, Alert>, ApiError> {
    let found = context
        .alerts
        .latest_episodes(keys)
        .await?;
    Ok(found
        .into_iter()
        .map(|alert| (alert.identity.key(), alert))
        .collect())
}
