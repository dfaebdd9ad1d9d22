//! `GET /api/v2/status` and `/api/v2/receivers`: what `amtool` asks before anything else.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::TAG;
use super::view::Receiver;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// How the service is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AlertmanagerStatus {
    cluster: ClusterStatus,
    config: StatusConfig,
    /// Since when it runs.
    uptime: DateTime<Utc>,
    version_info: VersionInfo,
}

/// How it stands with its peers: it has none.
#[derive(Serialize, ToSchema)]
struct ClusterStatus {
    /// `disabled`: replicas share the store, and do not gossip.
    #[schema(example = "disabled")]
    status: &'static str,
    /// The replica that answers.
    name: String,
    /// Always empty.
    peers: Vec<String>,
}

/// Who is told, in the form of Alertmanager's own configuration.
#[derive(Serialize, ToSchema)]
struct StatusConfig {
    /// As much as clients read of it: the names of the receivers.
    original: String,
}

/// What runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    /// Of SRE Monitor, not of any Alertmanager.
    version: &'static str,
    revision: &'static str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
}

/// Everybody who may be told.
#[derive(Serialize, ToSchema)]
struct Receivers(Vec<Receiver>);

/// `GET /api/v2/status`
pub(in crate::api) async fn status(call: Call<Context>) -> Result<Response, ApiError> {
    let about = &call.context.about;
    response::ok(&AlertmanagerStatus {
        cluster: ClusterStatus {
            status: "disabled",
            name: about.replica.clone(),
            peers: Vec::new(),
        },
        config: StatusConfig {
            original: configuration(&call.context),
        },
        uptime: about.started_at,
        version_info: VersionInfo {
            version: about.version,
            revision: "",
            branch: "",
            build_user: "",
            build_date: "",
            go_version: "",
        },
    })
}

/// What `GET /api/v2/status` says of itself.
pub(in crate::api) fn status_doc() -> Doc {
    Doc::new(
        Access::Read,
        TAG,
        "How the service is, as Alertmanager says it",
    )
    .answers::<AlertmanagerStatus>(200, "How it is.")
}

/// `GET /api/v2/receivers`
pub(in crate::api) async fn receivers(call: Call<Context>) -> Result<Response, ApiError> {
    response::ok(&Receivers(named(&call.context)))
}

/// What `GET /api/v2/receivers` says of itself.
pub(in crate::api) fn receivers_doc() -> Doc {
    Doc::new(
        Access::Read,
        TAG,
        "The destinations, as Alertmanager's receivers",
    )
    .answers::<Receivers>(200, "The receivers, by name.")
}

fn named(context: &Context) -> Vec<Receiver> {
    let mut receivers: Vec<Receiver> = context
        .destinations
        .iter()
        .map(|destination| Receiver {
            name: destination.name.clone(),
        })
        .collect();
    receivers.sort();
    receivers
}

/// The receivers as Alertmanager would be told of them; names of destinations are plain.
fn configuration(context: &Context) -> String {
    let mut names: Vec<String> = named(context)
        .into_iter()
        .map(|receiver| receiver.name)
        .collect();
    if names.is_empty() {
        names.push("nobody".to_owned());
    }
    let first = names
        .first()
        .map_or("nobody", String::as_str);
    let mut text = format!("route:\n  receiver: '{first}'\nreceivers:\n");
    for name in &names {
        // A text takes everything.
        let _ = writeln!(text, "- name: '{name}'");
    }
    text
}
