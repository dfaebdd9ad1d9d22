//! How the service itself is: its workers, its store, whom it can tell.

use maud::{Markup, html};

use super::frame::{Part, Sheet};
use super::moment;
use crate::api::workers::trouble;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// `GET /ui/status`
pub(super) async fn show(call: Call<Context>) -> Result<Response, ApiError> {
    let depth = call.context.outbox.depth().await?;
    let about = &call.context.about;
    let page = html! {
        h1 { "How the service is" }
        dl.facts {
            div { dt { "Version" } dd { (about.version) } }
            div { dt { "Replica" } dd { (about.replica) } }
            div { dt { "Store" } dd { (about.store) } }
            div { dt { "Source of metrics" } dd { @match &call.context.source { Some(source) => { (source.describe()) } None => { "none; samples are pushed" } } } }
            div { dt { "To be sent" } dd {
                (depth.intents + depth.deliveries)
                @if let Some(oldest) = depth.oldest_at { ", the oldest decided " (moment::ago(oldest, call.now)) }
            } }
        }
        section aria-labelledby="channels" {
            h2 #channels { "Whom it tells" }
            (channels(&call.context))
            p { a href="/ui/messages" { "Every message, and what came of it" } }
        }
        section aria-labelledby="workers" {
            h2 #workers { "Workers" }
            (workers(&call))
        }
    };
    Ok(Sheet::new(&call, Part::Status, "Status").answer(&page))
}

/// What `GET /ui/status` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "How the service itself is")
}

fn channels(context: &Context) -> Markup {
    html! {
        @if context.destinations.is_empty() {
            div.empty { p { "Nobody: no channel is configured." } }
        } @else {
            ul.plain {
                @for destination in &context.destinations {
                    li { strong { bdi { (destination.name) } } span.quiet { " by " (destination.channel) } }
                }
            }
        }
    }
}

fn workers(call: &Call<Context>) -> Markup {
    html! {
        div.wide tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Worker" }
                    th scope="col" { "State" }
                    th scope="col" { "Last success" }
                    th.number scope="col" { "Succeeded" }
                    th.number scope="col" { "Failed" }
                    th scope="col" { "Last error" }
                } }
                tbody {
                    @for (name, status) in call.context.board.statuses() {
                        @let trouble = trouble(&status, call.now);
                        tr {
                            th scope="row" { (name) }
                            td class=(if trouble.is_some() { "bad" } else { "good" }) { (trouble.unwrap_or("well")) }
                            td { @match status.last_success { Some(at) => { (moment::ago(at, call.now)) } None => { "never" } } }
                            td.number { (status.succeeded) }
                            td.number { (status.failed) }
                            td {
                                @if let Some(error) = &status.last_error {
                                    bdi { (error) }
                                    @if let Some(at) = status.last_failure { span.quiet { ", " (moment::ago(at, call.now)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
