//! `GET /api/v2/alerts/groups`: what is open, as it is told together.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::query::{Asked, asks, found};
use super::view::{GettableAlert, Receiver};
use super::{TAG, refused, refuses};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// The alerts of one service for one receiver.
#[derive(Serialize, ToSchema)]
struct AlertGroup {
    /// What the group has in common: `service`.
    labels: BTreeMap<String, String>,
    /// Who is told.
    receiver: Receiver,
    /// Its alerts, in the order of their fingerprints.
    alerts: Vec<GettableAlert>,
}

/// Groups, by receiver and service.
#[derive(Serialize, ToSchema)]
struct AlertGroups(Vec<AlertGroup>);

/// `GET /api/v2/alerts/groups`
pub(in crate::api) async fn groups(call: Call<Context>) -> Result<Response, ApiError> {
    let asked = match Asked::of(&call.query) {
        Ok(asked) => asked,
        Err(text) => return refused(&text),
    };
    let mut groups: BTreeMap<(Receiver, String), Vec<GettableAlert>> = BTreeMap::new();
    for alert in found(&call, &asked).await? {
        for receiver in &alert.receivers {
            groups
                .entry((receiver.clone(), alert.service.clone()))
                .or_default()
                .push(alert.clone());
        }
    }
    let groups = groups
        .into_iter()
        .map(|((receiver, service), alerts)| AlertGroup {
            labels: BTreeMap::from([("service".to_owned(), service)]),
            receiver,
            alerts,
        })
        .collect();
    response::ok(&AlertGroups(groups))
}

/// What `GET /api/v2/alerts/groups` says of itself.
pub(in crate::api) fn groups_doc() -> Doc {
    let doc = Doc::new(
        Access::Read,
        TAG,
        "Open alerts by receiver and service, as Alertmanager shows groups",
    );
    refuses(asks(doc)).answers::<AlertGroups>(200, "The groups.")
}
