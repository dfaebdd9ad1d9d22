//! `/api/v2/*`: what Prometheus, `amtool` and others speak to an Alertmanager, so that they work
//! unchanged.
//!
//! Names, bodies and statuses are Alertmanager's: camel case, no pages, a fault is a text. Alerts that
//! come in this way are those of *third parties*: they are routed and told like any other, and an
//! incident that they make is a suspicion at most. What is asked for is every open alert, our own too.

mod groups;
mod posted;
mod query;
mod silences;
mod status;
mod view;

use std::num::NonZeroU32;

use hyper::StatusCode;
use sre_core::alert::{Alert, AlertStatus};
use sre_core::store::{AlertQuery, AlertsPage, Page, StoreError};
use utoipa::ToSchema;

use crate::context::Context;
use crate::http::doc::Doc;
use crate::http::{ApiError, Response, response};

pub(super) use self::groups::{groups, groups_doc};
pub(super) use self::posted::{post, post_doc};
pub(super) use self::query::{alerts, alerts_doc};
pub(super) use self::silences::{
    expire as expire_silence, expire_doc as expire_silence_doc, get as silence,
    get_doc as silence_doc, list as silences, list_doc as silences_doc, post as post_silence,
    post_doc as post_silence_doc,
};
pub(super) use self::status::{receivers, receivers_doc, status, status_doc};

/// The heading in the documentation.
const TAG: &str = "alertmanager";

/// So many open alerts are shown at once: there are no pages here, and an answer has to end.
const OPEN_MAX: usize = 10_000;

/// What is wrong with a request, in words.
#[derive(ToSchema)]
#[schema(example = "bad matcher format: severity")]
#[expect(dead_code, reason = "described, and written as a text")]
struct FaultText(String);

/// 400 with a text, as Alertmanager says what is wrong.
fn refused(text: &str) -> Result<Response, ApiError> {
    response::json(StatusCode::BAD_REQUEST, text)
}

/// 200 with nothing more to say.
fn taken() -> Response {
    let mut response = response::no_content();
    *response.status_mut() = StatusCode::OK;
    response
}

/// The two forms of 400: Alertmanager's, and ours for what no handler sees.
fn refuses(doc: Doc) -> Doc {
    doc.answers::<FaultText>(400, "What is wrong, as a text.")
        .answers_problem(400, "The request cannot be read at all.")
}

/// Every open alert of every origin, the newest first.
async fn open_alerts(context: &Context) -> Result<Vec<Alert>, StoreError> {
    let mut open = Vec::new();
    for state in AlertStatus::OPEN {
        let query = AlertQuery {
            state: Some(state),
            ..AlertQuery::default()
        };
        let mut after = None;
        while let Some(limit) = room(open.len()) {
            let part = context
                .alerts
                .list_alerts(&query, Page { after, limit })
                .await?;
            let is_last = part.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
            after = part.last().map(|alert| AlertsPage {
                starts_at: alert.starts_at,
                id: alert.id,
            });
            open.extend(part);
            if is_last {
                break;
            }
        }
    }
    Ok(open)
}

/// How many more alerts are asked for at once; `None` when there are enough.
fn room(held: usize) -> Option<NonZeroU32> {
    let left = u32::try_from(OPEN_MAX.saturating_sub(held)).ok()?;
    NonZeroU32::new(left).map(|left| left.min(Page::<AlertsPage>::LIMIT_MAX))
}
