//! `/channels`: whom messages go to, how each lane stands, and whether it works.

mod test;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::notification::{Destination, Lane};
use sre_core::store::LaneStatus;
use utoipa::ToSchema;

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};
use crate::workers::DEAD_COUNTED;

pub(crate) use test::{test, test_doc};

/// The channels of this service.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelsView {
    /// The channels, by name.
    items: Vec<ChannelView>,
    /// Always `null`: there are few channels.
    next_cursor: Option<String>,
}

/// A channel.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelView {
    /// What it is called.
    #[schema(example = "webhook")]
    name: String,
    /// What kind of channel it is.
    #[schema(example = "webhook")]
    channel: String,
    /// `ok`, `paused` or `stopped`.
    #[schema(example = "ok")]
    state: &'static str,
    /// Until when it is paused, where it is.
    paused_until: Option<DateTime<Utc>>,
    /// Why it was stopped, where it is; it starts again when its configuration changes.
    stopped_because: Option<String>,
    /// Since when it has taken nothing: from a message that was given up until one arrives, or until
    /// its configuration changes.
    broken_since: Option<DateTime<Utc>>,
    /// Why that message was given up.
    #[schema(example = "unauthorized")]
    broken_because: Option<String>,
    /// When a message arrived last.
    last_delivered_at: Option<DateTime<Utc>>,
    /// Notifications that wait to be judged.
    waiting: u64,
    /// Messages that are on their way, or are tried again.
    under_way: u64,
    /// When the oldest of those was put together.
    oldest_at: Option<DateTime<Utc>>,
    /// Messages of the last hour that were given up.
    dead: u64,
}

/// `GET /channels`
pub(super) async fn list(call: Call<Context>) -> Result<Response, ApiError> {
    let lanes = call
        .context
        .outbox
        .lanes(call.now - DEAD_COUNTED)
        .await?;
    let mut items: Vec<ChannelView> = call
        .context
        .destinations
        .iter()
        .map(|destination| {
            let lane = lanes
                .iter()
                .find(|lane| lane.destination_id == destination.id);
            ChannelView::new(destination, lane, call.now)
        })
        .collect();
    items.sort_by(|one, other| one.name.cmp(&other.name));
    response::ok(&ChannelsView {
        items,
        next_cursor: None,
    })
}

/// What `GET /channels` says of itself.
pub(super) fn list_doc() -> Doc {
    Doc::new(Access::Read, "channels", "Whom messages go to").answers::<ChannelsView>(
        200,
        "Every channel with how it stands, without its address.",
    )
}

impl ChannelView {
    fn new(destination: &Destination, lane: Option<&LaneStatus>, now: DateTime<Utc>) -> Self {
        let traffic = lane.map_or(Lane::Open, |lane| lane.traffic);
        let (state, paused_until) = match traffic {
            Lane::PausedUntil(until) if until > now => ("paused", Some(until)),
            Lane::Stopped => ("stopped", None),
            Lane::Open | Lane::PausedUntil(_) => ("ok", None),
        };
        let broken = lane.and_then(|lane| lane.broken.as_ref());
        Self {
            name: destination.name.clone(),
            channel: destination.channel.to_string(),
            state,
            paused_until,
            stopped_because: lane.and_then(|lane| lane.stopped_because.clone()),
            broken_since: broken.map(|fault| fault.since),
            broken_because: broken.map(|fault| fault.because.clone()),
            last_delivered_at: lane.and_then(|lane| lane.last_delivered_at),
            waiting: lane.map_or(0, |lane| lane.waiting),
            under_way: lane.map_or(0, |lane| lane.under_way),
            oldest_at: lane.and_then(|lane| lane.oldest_at),
            dead: lane.map_or(0, |lane| lane.dead),
        }
    }
}
