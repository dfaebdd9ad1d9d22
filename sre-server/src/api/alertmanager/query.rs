//! `GET /api/v2/alerts`: what is open.

use serde::Serialize;
use sre_core::matcher::{MatchOperator, Matcher, Matchers};
use utoipa::ToSchema;

use super::view::GettableAlert;
use super::{TAG, open_alerts, refused, refuses};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::query::Query;
use crate::http::{ApiError, Call, Response, response};

/// Which alerts are asked for.
#[derive(Debug)]
pub(super) struct Asked {
    matchers: Matchers,
    receiver: Option<Matcher>,
    active: bool,
    silenced: bool,
    inhibited: bool,
}

/// Alerts, in the order of their fingerprints.
#[derive(Serialize, ToSchema)]
pub(super) struct GettableAlerts(Vec<GettableAlert>);

/// `GET /api/v2/alerts`
pub(in crate::api) async fn alerts(call: Call<Context>) -> Result<Response, ApiError> {
    match Asked::of(&call.query) {
        Ok(asked) => response::ok(&GettableAlerts(found(&call, &asked).await?)),
        Err(text) => refused(&text),
    }
}

/// What `GET /api/v2/alerts` says of itself.
pub(in crate::api) fn alerts_doc() -> Doc {
    let doc = Doc::new(Access::Read, TAG, "Open alerts, as Alertmanager shows them");
    refuses(asks(doc)).answers::<GettableAlerts>(200, "The alerts.")
}

/// The parameters of both questions for alerts.
pub(super) fn asks(doc: Doc) -> Doc {
    doc.query(
        "filter",
        "A matcher, such as `severity=~\"critical|page\"`; may be repeated, and then all hold.",
    )
    .query(
        "receiver",
        "A regular expression for the name of a receiver.",
    )
    .query("active", "`false` leaves out those that are told.")
    .query(
        "silenced",
        "`false` leaves out those that a silence keeps from being told.",
    )
    .query(
        "inhibited",
        "`false` leaves out those that another alert keeps from being told.",
    )
    .query(
        "unprocessed",
        "Taken, and without effect: no alert waits here to be processed.",
    )
}

/// The open alerts that are asked for, in the order of their fingerprints.
pub(super) async fn found(
    call: &Call<Context>,
    asked: &Asked,
) -> Result<Vec<GettableAlert>, ApiError> {
    let open = open_alerts(&call.context).await?;
    let around = call
        .context
        .suppressors
        .around(&open, call.now)
        .await?;
    let mut found: Vec<GettableAlert> = open
        .iter()
        .filter(|alert| {
            asked
                .matchers
                .matches(&alert.match_labels())
        })
        .map(|alert| GettableAlert::new(alert, &around.suppressions, &call.context, call.now))
        .filter(|alert| asked.holds(alert))
        .collect();
    found.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
    Ok(found)
}

impl Asked {
    /// What the query asks for; a fault in the words that Alertmanager's clients show.
    pub(super) fn of(query: &Query) -> Result<Self, String> {
        let receiver = query
            .all("receiver")
            .next()
            .map(|text| Matcher::new("name", MatchOperator::Matches, text))
            .transpose()
            .map_err(|error| format!("failed to parse receiver param: {error}"))?;
        let _ = flag(query, "unprocessed")?;
        Ok(Self {
            matchers: filter(query)?,
            receiver,
            active: flag(query, "active")?,
            silenced: flag(query, "silenced")?,
            inhibited: flag(query, "inhibited")?,
        })
    }

    fn holds(&self, alert: &GettableAlert) -> bool {
        let is_silenced = !alert.status.silenced_by.is_empty();
        let is_inhibited = !alert.status.inhibited_by.is_empty();
        let is_active = alert.status.state == "active";
        (self.active || !is_active)
            && (self.silenced || !is_silenced)
            && (self.inhibited || !is_inhibited)
            && self
                .receiver
                .as_ref()
                .is_none_or(|matcher| {
                    alert.receivers.iter().any(|receiver| {
                        let name = [("name".to_owned(), receiver.name.clone())];
                        matcher.matches(&std::collections::BTreeMap::from(name))
                    })
                })
    }
}

/// The matchers of the query.
pub(super) fn filter(query: &Query) -> Result<Matchers, String> {
    let matchers: Result<Vec<Matcher>, String> = query
        .all("filter")
        .map(|text| {
            text.parse()
                .map_err(|error| format!("bad matcher format: {text}: {error}"))
        })
        .collect();
    Matchers::new(matchers?).map_err(|error| error.to_string())
}

/// A flag of the query, `true` where it is left out.
fn flag(query: &Query, name: &str) -> Result<bool, String> {
    match query.all(name).next() {
        None | Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
        Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
        Some(_) => Err(format!("{name} in query must be of type boolean")),
    }
}
