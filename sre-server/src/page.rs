//! The page at `/`: what a person sees who wants to know how things stand.
//!
//! It is rendered here, whole, from the ports that the API reads, and needs neither JavaScript nor
//! anything from elsewhere. A small script fetches the same address again every few seconds and puts
//! the new content in place of the old. What is wrong comes first; what is not known is said to be
//! not known, and is never drawn as good.

mod alert;
mod alerts;
mod assets;
mod channels;
mod chart;
mod frame;
mod incident;
mod incidents;
mod link;
mod mark;
mod messages;
mod moment;
mod number;
mod overview;
mod refusal;
mod service;
mod services;
mod silences;
mod slo;
mod spending;
mod status;

use std::future::ready;

use hyper::Method;

use crate::context::Context;
use crate::http::Routes;

pub(crate) use self::refusal::refusal;

/// The pages, and what they are made up with. Below `/ui` nothing of the API can be in the way.
pub(crate) fn routes(routes: Routes<Context>) -> Routes<Context> {
    routes
        .route(Method::GET, "/", overview::show, overview::doc())
        .route(Method::GET, "/ui/slos/{id}", slo::show, slo::doc())
        .route(Method::GET, "/ui/alerts", alerts::show, alerts::doc())
        .route(Method::GET, "/ui/alerts/{id}", alert::show, alert::doc())
        .route(
            Method::GET,
            "/ui/incidents",
            incidents::show,
            incidents::doc(),
        )
        .route(
            Method::GET,
            "/ui/incidents/{id}",
            incident::show,
            incident::doc(),
        )
        .route(Method::GET, "/ui/silences", silences::show, silences::doc())
        .route(Method::GET, "/ui/channels", channels::show, channels::doc())
        .route(Method::GET, "/ui/services", services::show, services::doc())
        .route(
            Method::GET,
            "/ui/services/{name}",
            service::show,
            service::doc(),
        )
        .route(Method::GET, "/ui/messages", messages::show, messages::doc())
        .route(Method::GET, "/ui/status", status::show, status::doc())
        .route(
            Method::GET,
            "/assets/{name}",
            |call| ready(assets::get(&call)),
            assets::doc(),
        )
}
