//! How long what burn rules say has to last, and how far the burn has to fall, before it counts.

use serde::Serialize;
use serde_json::{Value, json};
use sre_core::slo::Alerting;
use utoipa::ToSchema;

use super::permille::Permille;
use crate::api::figure::Figure;
use crate::http::Fields;

/// What it takes, beside a burn rule, for a page to fire and to end. Tickets are facts about days, and
/// are left as they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alerting)]
pub(super) struct AlertingView {
    /// A page is `pending`, and told to nobody, until a paging rule has fired for so long; at once where
    /// it is `null`. Time in which nothing was measured does not count. At most `1h`, and less than what
    /// a total outage takes to spend the budget.
    #[serde(rename = "for")]
    #[schema(example = "2m")]
    pending_for: Option<String>,
    /// A page stays open until every paging rule has been quiet for so long; at most `1d`.
    #[schema(example = "10m")]
    keep_firing_for: Option<String>,
    /// A rule that holds the page goes on holding it while both its windows burn faster than this share
    /// of its factor: more than 0, at most 1, at most 3 decimals.
    #[schema(value_type = Option<f64>, example = 0.8)]
    resolve_below: Option<Figure>,
}

impl From<Alerting> for AlertingView {
    fn from(alerting: Alerting) -> Self {
        Self {
            pending_for: alerting
                .pending_for
                .map(|span| span.to_string()),
            keep_firing_for: alerting
                .keep_firing_for
                .map(|span| span.to_string()),
            resolve_below: alerting
                .resolve_below_permille
                .and_then(|permille| Figure::new(f64::from(permille) / 1_000.0)),
        }
    }
}

/// Reads it; what is left out is as it would be without any.
#[expect(
    clippy::unnecessary_wraps,
    reason = "what an object is read by may fail"
)]
pub(super) fn read(fields: &mut Fields) -> Option<Alerting> {
    let pending_for = fields.optional("for").parse();
    let keep_firing_for = fields
        .optional("keep_firing_for")
        .parse();
    let resolve_below = fields
        .optional("resolve_below")
        .decimal::<Permille>();
    Some(
        Alerting::NONE
            .pending_for(pending_for)
            .keep_firing_for(keep_firing_for)
            .resolve_below_permille(resolve_below.map(|Permille(permille)| permille)),
    )
}

/// As it is written.
pub(super) fn written(alerting: Alerting) -> Value {
    json!(AlertingView::from(alerting))
}
