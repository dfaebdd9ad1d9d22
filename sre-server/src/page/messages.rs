//! Every message with all that came of it, the last one first.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::notification::{Destination, Subject};
use sre_core::store::{DeliveryRecord, DeliveryStatus, Page};

use url::form_urlencoded;

use super::alert::tries;
use super::frame::{Part, Sheet};
use super::moment;
use crate::api::deliveries::asked;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::cursor;
use crate::http::{ApiError, Call, Response};

/// How many messages are shown where nobody says it.
const SHOWN: NonZeroU32 = NonZeroU32::new(50).expect("more than zero");

/// `GET /ui/messages`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    call.query.drop_empty();
    let query = asked(&mut call);
    let paging = call.query.paging::<u64>();
    call.query.finish()?;
    let context = &call.context;
    let limit = NonZeroU32::new(paging.limit)
        .unwrap_or(SHOWN)
        .min(Page::<u64>::LIMIT_MAX);
    let page = Page {
        after: paging.after,
        limit,
    };
    let messages = context
        .deliveries
        .list_deliveries(&query, page)
        .await?;
    let is_full = messages.len() >= usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let next = match messages.last() {
        Some(last) if is_full => Some(cursor(&last.number)?),
        _ => None,
    };
    let state = query.state.map(DeliveryStatus::as_str);
    let channel = context
        .destinations
        .iter()
        .find(|known| Some(known.id) == query.destination_id)
        .map(|known| known.name.as_str());
    let page = html! {
        h1 { "Messages" }
            p {
                a href=(address(channel, None, None)) aria-current=[state.is_none().then_some("true")] { "All" }
                @for (known, name) in [("pending", "under way"), ("delivered", "arrived"), ("dead", "given up")] {
                    " · " a href=(address(channel, Some(known), None)) aria-current=[(Some(known) == state).then_some("true")] { (name) }
                }
            }
            @if messages.is_empty() { div.empty { p { "None." } } }
            @else { ol.timeline { @for message in &messages { (entry(message, &context.destinations, call.now)) } } }
            @if let Some(next) = &next {
                nav.pages aria-label="Pages of messages" { a href=(address(channel, state, Some(next))) rel="next" { "Older" } }
            }
    };
    Ok(Sheet::new(&call, Part::Channels, "Messages").answer(&page))
}

/// What `GET /ui/messages` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "Every message, the last one first")
        .query(
            "state",
            "Only messages in this state: pending, delivered or dead.",
        )
        .query("channel", "Only messages to the channel of this name.")
        .query("limit", "How many messages at most.")
        .query("cursor", "Where to go on.")
}

/// The address of this page for these messages.
pub(super) fn address(channel: Option<&str>, state: Option<&str>, cursor: Option<&str>) -> String {
    let asked = [("channel", channel), ("state", state), ("cursor", cursor)];
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(
            asked
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .finish();
    format!("/ui/messages?{query}")
}

fn entry(message: &DeliveryRecord, destinations: &[Destination], now: DateTime<Utc>) -> Markup {
    let delivery = &message.delivery;
    let name = destinations
        .iter()
        .find(|known| known.id == delivery.destination_id)
        .map_or("a destination that is gone", |known| &known.name);
    let (class, word) = match message.status {
        DeliveryStatus::Pending => ("warn", "Under way to"),
        DeliveryStatus::Delivered => ("good", "Arrived at"),
        DeliveryStatus::Dead => ("bad", "Given up:"),
    };
    html! {
        li class=(class) id=(delivery.id) {
            p {
                strong { (word) } " " bdi { (name) } ", " (subject(&delivery.subject))
                span.quiet { ", " (moment::at(delivery.created_at)) }
            }
            @if let Some(reason) = &message.reason { p.quiet { "Why: " (reason.replace('_', " ")) } }
            @if message.is_degraded { p.quiet { "The minimal form of a message that was refused" } }
            @if let Some(of) = message.replay_of { p.quiet { "Says again what was given up as " code { (of) } } }
            @if let Some(at) = message.next_attempt_at { p.quiet { "Tried again " (moment::ago(at, now)) } }
            p.quiet {
                @for part in delivery.parts() { a href={ "/ui/alerts/" (part.alert_id) } { "alert" } " " }
                code { (delivery.id) }
            }
            (tries(&message.attempts))
        }
    }
}

fn subject(subject: &Subject) -> Markup {
    html! {
        @match subject {
            Subject::Alerts { service_name, .. } => { "alerts of " bdi { (service_name) } }
            Subject::Digest { .. } => { "a digest" }
            Subject::Notice(_) => { "an announcement" }
        }
    }
}
