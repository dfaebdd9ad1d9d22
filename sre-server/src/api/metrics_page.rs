//! `GET /metrics`: what the process counted, and how the store's SLOs stand.
//!
//! A scrape must not fail because the store is away: the store is read within [`STORE_TIME`], and
//! where it does not answer its series are left out and `sre_monitor_store_up` is 0. What was read is
//! kept for [`KEPT`], so that several scrapers cost one reading.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use sre_core::alert::{Alert, AlertStatus};
use sre_core::incident::Incident;
use sre_core::name::SloId;
use sre_core::slo::Slo;
use sre_core::store::{
    AlertQuery, AlertsPage, IncidentQuery, IncidentsPage, Page as StorePage, SloQuery, StoreError,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, RouteInfo, response};
use crate::metrics::page::{CONTENT_TYPE, Kind, Page};
use crate::metrics::services;
use crate::metrics::slos::{self, Stood};
use crate::metrics::{alerts, channels, incidents};
use crate::workers::DEAD_COUNTED;

/// For how long what was read of the store is shown.
const KEPT: TimeDelta = TimeDelta::seconds(2);

/// How long the store may take; scrapers give up after ten seconds by default.
const STORE_TIME: Duration = Duration::from_secs(5);

/// How many SLOs are shown: their page has some fifteen series each.
const SLOS_MAX: usize = 10_000;

/// How many open alerts are counted in each state: a storm must not make a scrape slow.
const ALERTS_MAX: usize = 10_000;

/// Under which name scrapes are counted.
const ROUTE: RouteInfo = RouteInfo {
    method: "GET",
    pattern: "/metrics",
};

/// What was read of the store last, and when.
#[derive(Debug, Default)]
pub(super) struct StorePart(Mutex<Option<(DateTime<Utc>, String)>>);

/// `GET /metrics`
pub(super) async fn get(call: Call<Context>, store: Arc<StorePart>) -> Result<Response, ApiError> {
    let (context, began) = (&call.context, Instant::now());
    let of_store = store.text(context, call.now).await;
    context
        .metrics
        .on_scrape(ROUTE, StatusCode::OK, began.elapsed());
    let mut page = Page::default();
    context
        .metrics
        .write(&mut page, &context.destinations);
    let version = [("version", context.about.version)];
    page.family(
        "sre_monitor_build_info",
        Kind::Gauge,
        "1, with the version of the program.",
    )
    .count(&version, 1);
    write_workers(&mut page, context);
    page.append(&of_store);
    Ok(response::bytes(
        StatusCode::OK,
        CONTENT_TYPE,
        page.into_text(),
    ))
}

/// What `GET /metrics` says of itself.
pub(super) fn get_doc() -> Doc {
    Doc::new(Access::Read, "service", "Metrics for Prometheus")
        .about(
            "Answered also while the store is away, without what only the store knows \
             (`sre_monitor_store_up` is 0 then). A series that has no value is left out.",
        )
        .answers_text(
            200,
            CONTENT_TYPE,
            "Everything there is to know, in Prometheus' text format.",
        )
        .probe()
}

impl StorePart {
    /// The series of the store; read again where what was read is too old. Who comes meanwhile
    /// waits for the same reading.
    async fn text(&self, context: &Context, now: DateTime<Utc>) -> String {
        let mut kept = self.0.lock().await;
        let is_fresh = |age: TimeDelta| age >= TimeDelta::zero() && age < KEPT;
        if let Some((_, text)) = kept
            .as_ref()
            .filter(|(at, _)| is_fresh(now - *at))
        {
            return text.clone();
        }
        let read = timeout(STORE_TIME, read(context, now)).await;
        let text = match read {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "metrics lack the store"
                );
                without_store()
            }
            Err(_) => {
                tracing::warn!("metrics lack the store, which took too long");
                without_store()
            }
        };
        *kept = Some((now, text.clone()));
        text
    }
}

/// The series of a store that answers.
async fn read(context: &Context, now: DateTime<Utc>) -> Result<String, StoreError> {
    let mut page = Page::default();
    write_up(&mut page, true);
    let stood = stood(context).await?;
    let is_cut = u64::from(stood.len() >= SLOS_MAX);
    let text = "1 when there are more SLOs than are shown here.";
    page.family("sre_monitor_slos_cut", Kind::Gauge, text)
        .count(&[], is_cut);
    slos::write(&mut page, &stood);
    slos::write_lag(&mut page, &stood, now);
    alerts::write(&mut page, &open_alerts(context).await?);
    incidents::write(&mut page, &live_incidents(context).await?);
    services::write(&mut page, &context.health.assess_all(now).await?);
    let depth = context.outbox.depth().await?;
    let text = "Notifications that are neither sent nor withheld.";
    page.family("sre_monitor_queue_intents", Kind::Gauge, text)
        .count(&[], depth.intents);
    let text = "Messages that have not arrived.";
    page.family("sre_monitor_queue_deliveries", Kind::Gauge, text)
        .count(&[], depth.deliveries);
    let age = depth
        .oldest_at
        .map_or(TimeDelta::zero(), |at| (now - at).max(TimeDelta::zero()));
    let text = "Since when the oldest notification waits; 0 when none does.";
    page.family("sre_monitor_queue_oldest_age_seconds", Kind::Gauge, text)
        .sample(&[], age.as_seconds_f64());
    let active = context
        .suppressors
        .silences
        .active_silences(now)
        .await?;
    let text = "Silences that keep alerts from being told now.";
    page.family("sre_monitor_silences_active", Kind::Gauge, text)
        .count(&[], u64::try_from(active.items.len()).unwrap_or(u64::MAX));
    let lanes = context
        .outbox
        .lanes(now - DEAD_COUNTED)
        .await?;
    channels::write(&mut page, &context.destinations, &lanes);
    Ok(page.into_text())
}

/// The SLOs that are evaluated, with how each stands.
async fn stood(context: &Context) -> Result<Vec<Stood>, StoreError> {
    let mut page = StorePage::<SloId>::first(StorePage::<SloId>::LIMIT_MAX);
    let mut stood = Vec::new();
    while stood.len() < SLOS_MAX {
        let part = context
            .catalog
            .list(&SloQuery::default(), page)
            .await?;
        page.after = part.last().map(|slo| slo.id);
        let is_last = part.len() < usize::try_from(page.limit.get()).unwrap_or(usize::MAX);
        let live: Vec<Slo> = part
            .into_iter()
            .filter(Slo::is_live)
            .collect();
        let ids: Vec<SloId> = live.iter().map(|slo| slo.id).collect();
        let mut standings = context
            .evaluations
            .standings(&ids)
            .await?
            .into_iter()
            .peekable();
        stood.extend(live.into_iter().map(|slo| {
            // They come in the order asked, those without a slot left out.
            let standing = standings.next_if(|standing| standing.slo_id == slo.id);
            (slo, standing)
        }));
        if is_last {
            break;
        }
    }
    stood.truncate(SLOS_MAX);
    Ok(stood)
}

/// The alerts that have not ended, the newest [`ALERTS_MAX`] of each state.
async fn open_alerts(context: &Context) -> Result<Vec<Alert>, StoreError> {
    let mut open = Vec::new();
    for state in AlertStatus::OPEN {
        let query = AlertQuery {
            state: Some(state),
            ..AlertQuery::default()
        };
        let mut page = StorePage::<AlertsPage>::first(StorePage::<AlertsPage>::LIMIT_MAX);
        for _ in 0..ALERTS_MAX / 1_000 {
            let part = context
                .alerts
                .list_alerts(&query, page)
                .await?;
            page.after = part.last().map(|alert| AlertsPage {
                starts_at: alert.starts_at,
                id: alert.id,
            });
            let is_last = part.len() < usize::try_from(page.limit.get()).unwrap_or(usize::MAX);
            open.extend(part);
            if is_last {
                break;
            }
        }
    }
    Ok(open)
}

/// The newest thousand incidents that are not over; more are one storm.
async fn live_incidents(context: &Context) -> Result<Vec<Incident>, StoreError> {
    let query = IncidentQuery {
        is_live: true,
        ..IncidentQuery::default()
    };
    let page = StorePage::<IncidentsPage>::first(StorePage::<IncidentsPage>::LIMIT_MAX);
    context
        .incidents
        .list_incidents(&query, page)
        .await
}

fn without_store() -> String {
    let mut page = Page::default();
    write_up(&mut page, false);
    page.into_text()
}

fn write_up(page: &mut Page, is_up: bool) {
    let text = "Whether the store answered; without it, what only it knows is left out.";
    page.family("sre_monitor_store_up", Kind::Gauge, text)
        .count(&[], u64::from(is_up));
}

/// When each worker last did what it should.
fn write_workers(page: &mut Page, context: &Context) {
    let mut family = page.family(
        "sre_monitor_worker_last_success_timestamp_seconds",
        Kind::Gauge,
        "When the worker last did what it should, in seconds since the epoch.",
    );
    for (name, status) in context.board.statuses() {
        if let Some(at) = status.last_success {
            #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
            let seconds = at.timestamp_millis() as f64 / 1_000.0;
            family.sample(&[("worker", name)], seconds);
        }
    }
}
