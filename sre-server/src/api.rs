//! The API: one file a resource, each handler a parse, a call, a rendering.
//!
//! [`routes`] is the table: it reads like the API's index, and the OpenAPI document comes out of it.

use std::future::ready;
use std::sync::Arc;

use hyper::Method;
use serde_json::Value;

use crate::context::Context;
use crate::http::{Router, Routes};
use crate::page;

pub use self::reference::markdown;

mod alertmanager;
pub(crate) mod alerts;
mod budget_corrections;
mod channels;
pub(crate) mod deliveries;
mod error_budget;
mod exhaustion;
mod figure;
mod frame;
mod health;
pub(crate) mod incidents;
mod labels;
mod login;
mod maintenance;
mod matchers;
mod metrics_page;
mod reference;
mod service_health;
mod service_metrics;
mod services;
pub(crate) mod silences;
pub(crate) mod slo;
mod store_error;
mod time_window;
pub(crate) mod workers;

/// Every route: the API's, and the pages that people look at.
pub fn routes() -> Routes<Context> {
    page::routes(pages(operations(samples(incidents(channels(
        alertmanager(alerts(services(suppressions(budget_corrections(slos(
            Routes::new(),
        )))))),
    ))))))
}

/// The router of every route, with the document that describes them.
///
/// # Panics
///
/// When the table is wrong: two lines overlap.
pub fn router() -> Router<Context> {
    routes().into_router_with(&examples())
}

/// The OpenAPI document.
///
/// # Panics
///
/// As [`router`].
pub fn document() -> Value {
    serde_json::from_slice(router().document()).expect("the document is JSON")
}

/// Requests and answers for the document, recorded from real ones by operation and status.
///
/// # Panics
///
/// When the file that holds them is no JSON.
pub fn examples() -> Value {
    serde_json::from_str(include_str!("api/examples.json")).expect("examples are JSON")
}

/// What is promised, and how much of it may still go wrong.
fn slos(routes: Routes<Context>) -> Routes<Context> {
    routes
        .route(Method::GET, "/slo", slo::list, slo::list_doc())
        .route(Method::POST, "/slo", slo::create, slo::create_doc())
        .route(Method::GET, "/slo/{id}", slo::get, slo::get_doc())
        .route(Method::PUT, "/slo/{id}", slo::replace, slo::replace_doc())
        .route(Method::PATCH, "/slo/{id}", slo::merge, slo::merge_doc())
        .route(Method::DELETE, "/slo/{id}", slo::delete, slo::delete_doc())
        .route(
            Method::POST,
            "/slo/simulate",
            slo::simulate,
            slo::simulate_doc(),
        )
        .route(
            Method::GET,
            "/slo/{id}/history",
            slo::history,
            slo::history_doc(),
        )
        .route(
            Method::GET,
            "/slo/{id}/forecast",
            slo::forecast,
            slo::forecast_doc(),
        )
        .route(
            Method::GET,
            "/slo/{id}/detection",
            slo::detection,
            slo::detection_doc(),
        )
        .route(
            Method::GET,
            "/slo/{id}/budget-history",
            slo::budget_history,
            slo::budget_history_doc(),
        )
        .route(
            Method::POST,
            "/slo/{id}/rebuild",
            slo::rebuild,
            slo::rebuild_doc(),
        )
        .route(
            Method::GET,
            "/error-budget",
            error_budget::list,
            error_budget::list_doc(),
        )
        .route(
            Method::GET,
            "/error-budget/{service}",
            error_budget::get,
            error_budget::get_doc(),
        )
}

/// What was agreed not to count.
fn budget_corrections(routes: Routes<Context>) -> Routes<Context> {
    use budget_corrections::{
        cancel, cancel_doc, create, create_doc, end, end_doc, get, get_doc, list, list_doc,
        preview, preview_doc,
    };
    const ALL: &str = "/budget-corrections";
    const ONE: &str = "/budget-corrections/{id}";
    routes
        .route(Method::GET, ALL, list, list_doc())
        .route(Method::POST, ALL, create, create_doc())
        .route(
            Method::POST,
            "/budget-corrections/preview",
            preview,
            preview_doc(),
        )
        .route(Method::GET, ONE, get, get_doc())
        .route(Method::DELETE, ONE, cancel, cancel_doc())
        .route(Method::POST, "/budget-corrections/{id}/end", end, end_doc())
}

/// What is not told for a while.
fn suppressions(routes: Routes<Context>) -> Routes<Context> {
    const SILENCE: &str = "/silences/{id}";
    const MAINTENANCE: &str = "/maintenance/{id}";
    routes
        .route(
            Method::GET,
            "/silences",
            silences::list,
            silences::list_doc(),
        )
        .route(
            Method::POST,
            "/silences",
            silences::create,
            silences::create_doc(),
        )
        .route(
            Method::POST,
            "/silences/preview",
            silences::preview,
            silences::preview_doc(),
        )
        .route(Method::GET, SILENCE, silences::get, silences::get_doc())
        .route(
            Method::PUT,
            SILENCE,
            silences::replace,
            silences::replace_doc(),
        )
        .route(
            Method::DELETE,
            SILENCE,
            silences::expire,
            silences::expire_doc(),
        )
        .route(
            Method::GET,
            "/maintenance",
            maintenance::list,
            maintenance::list_doc(),
        )
        .route(
            Method::POST,
            "/maintenance",
            maintenance::create,
            maintenance::create_doc(),
        )
        .route(
            Method::GET,
            MAINTENANCE,
            maintenance::get,
            maintenance::get_doc(),
        )
        .route(
            Method::DELETE,
            MAINTENANCE,
            maintenance::end,
            maintenance::end_doc(),
        )
}

/// Whose promises they are, and how healthy each is.
fn services(routes: Routes<Context>) -> Routes<Context> {
    routes
        .route(
            Method::GET,
            "/services",
            services::list,
            services::list_doc(),
        )
        .route(
            Method::POST,
            "/services",
            services::create,
            services::create_doc(),
        )
        .route(
            Method::GET,
            "/services/graph",
            services::graph,
            services::graph_doc(),
        )
        .route(
            Method::GET,
            "/services/{name}",
            services::get,
            services::get_doc(),
        )
        .route(
            Method::PUT,
            "/services/{name}",
            services::replace,
            services::replace_doc(),
        )
        .route(
            Method::DELETE,
            "/services/{name}",
            services::delete,
            services::delete_doc(),
        )
        .route(
            Method::GET,
            "/service-health",
            service_health::list,
            service_health::list_doc(),
        )
        .route(
            Method::GET,
            "/service-health/{service}",
            service_health::get,
            service_health::get_doc(),
        )
        .route(
            Method::GET,
            "/service-health/{service}/history",
            service_health::history,
            service_health::history_doc(),
        )
}

/// What is wrong, and who was told.
fn alerts(routes: Routes<Context>) -> Routes<Context> {
    routes
        .route(Method::GET, "/alerts", alerts::list, alerts::list_doc())
        .route(
            Method::POST,
            "/alerts",
            alerts::report,
            alerts::report_doc(),
        )
        .route(Method::GET, "/alerts/{id}", alerts::get, alerts::get_doc())
        .route(
            Method::POST,
            "/alerts/{id}/acknowledge",
            alerts::acknowledge,
            alerts::acknowledge_doc(),
        )
        .route(
            Method::POST,
            "/alerts/{id}/unacknowledge",
            alerts::unacknowledge,
            alerts::unacknowledge_doc(),
        )
        .route(
            Method::POST,
            "/alerts/{id}/resolve",
            alerts::resolve,
            alerts::resolve_doc(),
        )
        .route(
            Method::GET,
            "/alerts/{id}/notifications",
            alerts::notifications,
            alerts::notifications_doc(),
        )
}

/// The same in the words of Alertmanager, for those who speak with one.
fn alertmanager(routes: Routes<Context>) -> Routes<Context> {
    use alertmanager::{
        alerts, alerts_doc, expire_silence, expire_silence_doc, groups, groups_doc, post, post_doc,
        post_silence, post_silence_doc, receivers, receivers_doc, silence, silence_doc, silences,
        silences_doc, status, status_doc,
    };
    const ALERTS: &str = "/api/v2/alerts";
    const SILENCES: &str = "/api/v2/silences";
    const SILENCE: &str = "/api/v2/silence/{id}";
    routes
        .route(Method::GET, "/api/v2/status", status, status_doc())
        .route(Method::GET, "/api/v2/receivers", receivers, receivers_doc())
        .route(Method::GET, ALERTS, alerts, alerts_doc())
        .route(Method::POST, ALERTS, post, post_doc())
        .route(Method::GET, "/api/v2/alerts/groups", groups, groups_doc())
        .route(Method::GET, SILENCES, silences, silences_doc())
        .route(Method::POST, SILENCES, post_silence, post_silence_doc())
        .route(Method::GET, SILENCE, silence, silence_doc())
        .route(
            Method::DELETE,
            SILENCE,
            expire_silence,
            expire_silence_doc(),
        )
}

/// What people deal with.
fn incidents(routes: Routes<Context>) -> Routes<Context> {
    use incidents::{
        change, create, create_doc, get, get_doc, list, list_doc, merge, merge_doc,
        merge_patch_doc, note, note_doc, replace_doc, report, report_doc, stats, stats_doc,
    };
    const ONE: &str = "/incidents/{id}";
    routes
        .route(Method::GET, "/incidents", list, list_doc())
        .route(Method::POST, "/incidents", create, create_doc())
        .route(Method::GET, "/incidents/stats", stats, stats_doc())
        .route(Method::GET, ONE, get, get_doc())
        .route(Method::PUT, ONE, change, replace_doc())
        .route(Method::PATCH, ONE, change, merge_patch_doc())
        .route(Method::POST, "/incidents/{id}/timeline", note, note_doc())
        .route(Method::POST, "/incidents/{id}/merge", merge, merge_doc())
        .route(Method::GET, "/incidents/{id}/report", report, report_doc())
}

/// Whom messages go to.
fn channels(routes: Routes<Context>) -> Routes<Context> {
    routes
        .route(
            Method::GET,
            "/channels",
            channels::list,
            channels::list_doc(),
        )
        .route(
            Method::POST,
            "/channels/{name}/test",
            channels::test,
            channels::test_doc(),
        )
        .route(
            Method::GET,
            "/deliveries",
            deliveries::list,
            deliveries::list_doc(),
        )
        .route(
            Method::GET,
            "/deliveries/{id}",
            deliveries::get,
            deliveries::get_doc(),
        )
        .route(
            Method::POST,
            "/deliveries/{id}/replay",
            deliveries::replay,
            deliveries::replay_doc(),
        )
}

/// What is measured elsewhere and pushed.
fn samples(routes: Routes<Context>) -> Routes<Context> {
    use service_metrics::{push, push_doc, read_back, read_back_doc};
    routes
        .route(Method::POST, "/service-metrics", push, push_doc())
        .route(Method::GET, "/service-metrics", read_back, read_back_doc())
}

/// What a browser needs beside the views.
fn pages(routes: Routes<Context>) -> Routes<Context> {
    use login::{form, form_doc, log_in, log_in_doc, log_out, log_out_doc};
    routes
        .route(Method::GET, "/docs", reference::get, reference::get_doc())
        .route(Method::GET, "/login", form, form_doc())
        .route(Method::POST, "/login", log_in, log_in_doc())
        .route(Method::POST, "/logout", log_out, log_out_doc())
        .route(
            Method::GET,
            "/assets/frame.css",
            frame::style,
            frame::style_doc(),
        )
}

/// How the service itself is.
fn operations(routes: Routes<Context>) -> Routes<Context> {
    probes(routes).route(Method::GET, "/workers", workers::list, workers::list_doc())
}

/// What machines ask, which the port for probes serves alone.
pub fn probes(routes: Routes<Context>) -> Routes<Context> {
    let rendered = health::Rendered::default();
    let store = Arc::<metrics_page::StorePart>::default();
    routes
        .route(
            Method::GET,
            "/health",
            move |call| ready(health::get(&call, &rendered)),
            health::get_doc(),
        )
        .route(
            Method::GET,
            "/health/live",
            |_| ready(health::live()),
            health::live_doc(),
        )
        .route(
            Method::GET,
            "/health/ready",
            |call| ready(health::ready(&call)),
            health::ready_doc(),
        )
        .route(
            Method::GET,
            "/metrics",
            move |call| metrics_page::get(call, Arc::clone(&store)),
            metrics_page::get_doc(),
        )
}
