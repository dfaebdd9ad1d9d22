//! Channels: whether each takes messages, what it answered last, and what it never got.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::notification::{Destination, Lane};
use sre_core::store::{
    AttemptRecord, DeliveryQuery, DeliveryRecord, DeliveryStatus, LaneStatus, Page, StoreError,
};

use super::frame::{Part, Sheet};
use super::messages::address;
use super::moment;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};
use crate::workers::DEAD_COUNTED;

/// How many messages are shown of each channel, and how many of those that were given up.
const SHOWN_MAX: NonZeroU32 = NonZeroU32::new(5).expect("more than zero");

/// A channel with how it stands.
struct Told<'a> {
    destination: &'a Destination,
    lane: Option<LaneStatus>,
    /// The last frozen first.
    last: Vec<DeliveryRecord>,
    /// Those that were given up, the last first.
    dead: Vec<DeliveryRecord>,
}

/// `GET /ui/channels`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    call.query.finish()?;
    let channels = read(&call.context, call.now).await?;
    let page = html! {
        h1 { "Channels" }
        @if channels.is_empty() {
            div.empty { p { "No channel is configured: nobody is told." } }
        }
        @for channel in &channels { (section(channel, call.now)) }
    };
    Ok(Sheet::new(&call, Part::Channels, "Channels").answer(&page))
}

/// What `GET /ui/channels` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "Whether channels take messages")
}

async fn read(context: &Context, now: DateTime<Utc>) -> Result<Vec<Told<'_>>, StoreError> {
    let mut lanes = context
        .outbox
        .lanes(now - DEAD_COUNTED)
        .await?;
    let mut channels = Vec::with_capacity(context.destinations.len());
    for destination in &context.destinations {
        let lane = lanes
            .iter()
            .position(|lane| lane.destination_id == destination.id)
            .map(|place| lanes.swap_remove(place));
        let messages = async |state| {
            let query = DeliveryQuery {
                state,
                destination_id: Some(destination.id),
            };
            context
                .deliveries
                .list_deliveries(&query, Page::first(SHOWN_MAX))
                .await
        };
        channels.push(Told {
            destination,
            lane,
            last: messages(None).await?,
            dead: messages(Some(DeliveryStatus::Dead)).await?,
        });
    }
    channels.sort_by(|one, other| {
        one.destination
            .name
            .cmp(&other.destination.name)
    });
    Ok(channels)
}

fn section(channel: &Told<'_>, now: DateTime<Utc>) -> Markup {
    html! {
        section {
            h2 { bdi { (channel.destination.name) } span.quiet { " by " (channel.destination.channel) } }
            (stands(channel.lane.as_ref(), now))
            @if channel.last.is_empty() {
                p.quiet { "It was sent nothing yet." }
            } @else {
                h3 { "Last messages" }
                (table(&channel.last, now))
            }
            @if !channel.dead.is_empty() {
                h3 { "Given up" }
                (table(&channel.dead, now))
            }
            p { a href=(address(Some(&channel.destination.name), None, None)) { "Every message" } }
        }
    }
}

/// Whether it works, and what waits for it.
fn stands(lane: Option<&LaneStatus>, now: DateTime<Utc>) -> Markup {
    let Some(lane) = lane else {
        return html! { p.quiet { "Nothing is known of it yet." } };
    };
    html! {
        @if let Some(fault) = &lane.broken {
            p.banner.bad {
                strong { "It takes nothing" } " since " (moment::at(fault.since)) ": " bdi { (fault.because) }
            }
        }
        @match lane.traffic {
            Lane::Stopped => {
                p.banner.bad {
                    strong { "It is stopped" } " until its configuration changes"
                    @if let Some(because) = &lane.stopped_because { ": " bdi { (because) } }
                }
            }
            Lane::PausedUntil(until) if until > now => { p.banner.warn { strong { "It is paused" } ", as it asked, until " (moment::at(until)) } }
            Lane::Open | Lane::PausedUntil(_) => {}
        }
        dl.facts {
            div { dt { "Last arrived" } dd { @match lane.last_delivered_at { Some(at) => { (moment::ago(at, now)) } None => { "never" } } } }
            div { dt { "Waiting" } dd { (lane.waiting) } }
            div { dt { "Under way" } dd {
                (lane.under_way)
                @if let Some(oldest) = lane.oldest_at { ", the oldest put together " (moment::ago(oldest, now)) }
            } }
            div { dt { "Given up in the last hour" } dd { (lane.dead) } }
        }
    }
}

fn table(messages: &[DeliveryRecord], now: DateTime<Utc>) -> Markup {
    html! {
        div.wide tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Message" }
                    th scope="col" { "Put together" }
                    th scope="col" { "State" }
                    th.number scope="col" { "Tries" }
                    th scope="col" { "Last answer" }
                } }
                tbody {
                    @for message in messages {
                        tr {
                            th scope="row" { a href={ "/deliveries/" (message.delivery.id.0) } { (message.number) } }
                            td { (moment::ago(message.delivery.created_at, now)) }
                            td class=[class(message.status)] {
                                (message.status.as_str())
                                @if let Some(reason) = &message.reason { ", " bdi { (reason) } }
                            }
                            td.number { (message.attempts.len()) }
                            td { (answer(message.attempts.iter().rfind(|attempt| attempt.finished_at.is_some()))) }
                        }
                    }
                }
            }
        }
    }
}

const fn class(status: DeliveryStatus) -> Option<&'static str> {
    match status {
        DeliveryStatus::Delivered => Some("good"),
        DeliveryStatus::Dead => Some("bad"),
        DeliveryStatus::Pending => None,
    }
}

fn answer(attempt: Option<&AttemptRecord>) -> Markup {
    html! {
        @match attempt {
            None => { span.quiet { "none yet" } }
            Some(attempt) => {
                @if let Some(status) = attempt.status { (status) " " }
                @if let Some(detail) = &attempt.detail { bdi { (detail) } }
            }
        }
    }
}
