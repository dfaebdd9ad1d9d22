//! `POST /silences/preview`: which open alerts a silence would match now.

use serde::Serialize;
use sre_core::alert::AlertStatus;
use sre_core::store::{AlertQuery, AlertsPage, Page, StoreError};
use utoipa::ToSchema;

use super::body::{SilenceBody, read};
use super::refused;
use crate::api::alerts::{AlertView, shown_all};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// How many alerts are shown: more are counted.
const SHOWN_MAX: usize = 100;
/// How many open alerts of each state are looked at: of more, nobody decides by a preview.
const LOOKED_AT_MAX: usize = 10_000;

/// What a silence would match now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SilencePreview)]
struct PreviewView {
    /// Open alerts that it matches, the newest first, at most 100.
    items: Vec<AlertView>,
    /// How many more it matches.
    left_out: usize,
    /// Whether more alerts are open than were looked at, 10,000 of each state, the newest first.
    is_partial: bool,
}

/// `POST /silences/preview`
pub(in crate::api) async fn preview(call: Call<Context>) -> Result<Response, ApiError> {
    let asked = read(&call, None)?;
    asked.check(call.now).map_err(refused)?;
    let (mut matched, mut left_out, mut is_partial) = (Vec::new(), 0, false);
    for state in AlertStatus::OPEN {
        let query = AlertQuery {
            state: Some(state),
            ..AlertQuery::default()
        };
        let mut page = Page::first(Page::<AlertsPage>::LIMIT_MAX);
        let mut looked_at = 0;
        loop {
            let part: Result<_, StoreError> = call
                .context
                .alerts
                .list_alerts(&query, page)
                .await;
            let part = part?;
            let Some(last) = part.last() else { break };
            if looked_at >= LOOKED_AT_MAX {
                is_partial = true;
                break;
            }
            looked_at += part.len();
            page.after = Some(AlertsPage {
                starts_at: last.starts_at,
                id: last.id,
            });
            for alert in part {
                if !asked
                    .matchers
                    .matches(&alert.match_labels())
                {
                    continue;
                }
                if matched.len() < SHOWN_MAX {
                    matched.push(alert);
                } else {
                    left_out += 1;
                }
            }
        }
    }
    let items = shown_all(&call.context, matched, call.now).await?;
    response::ok(&PreviewView {
        items,
        left_out,
        is_partial,
    })
}

pub(in crate::api) fn preview_doc() -> Doc {
    Doc::new(
        Access::Acknowledge,
        "silences",
        "Which open alerts a silence would match now",
    )
    .about("Nothing is stored.")
    .body::<SilenceBody>()
    .answers::<PreviewView>(200, "What it matches.")
}
