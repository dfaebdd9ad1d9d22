//! What requests share: the ports, the settings they need, and what the process says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::{StatusCode, Uri};
use sre_core::alert::Severity;
use sre_core::monitor::{HealthAssessor, MonitorSettings, Replayer, Router, Suppressors};
use sre_core::name::{DestinationId, ServiceName};
use sre_core::notification::{Destination, Fallback};
use sre_core::source::MetricSource;
use sre_core::store::{
    Alerts, Catalog, Corrections, Deliveries, Evaluations, HealthRecords, Incidents, Notices,
    Outbox, Replies, Samples, Services, StoreError,
};
use sre_core::target::Target;
use sre_core::time::{Clock, Span};
use sre_core::window::Window;
use url::Url;

use crate::admission::Admission;
use crate::http::request_id::RequestId;
use crate::http::{ApiError, Application, Asked, Caller, Response, RouteInfo};
use crate::metrics::Metrics;
use crate::page;
use crate::simulation::SimulationRoom;
use crate::watch::SelfWatch;
use crate::workers::{Board, Mailroom};

/// What every handler gets.
#[derive(Debug)]
pub struct Context {
    /// Who may come in.
    pub admission: Arc<Admission>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// SLOs.
    pub catalog: Arc<dyn Catalog>,
    /// Services: what is declared, and what only is named.
    pub services: Arc<dyn Services>,
    /// Snapshots of health.
    pub health_records: Arc<dyn HealthRecords>,
    /// What judges the health of services.
    pub health: HealthAssessor,
    /// Samples.
    pub samples: Arc<dyn Samples>,
    /// What was agreed not to count.
    pub corrections: Arc<dyn Corrections>,
    /// Slices, standings, history.
    pub evaluations: Arc<dyn Evaluations>,
    /// Alerts.
    pub alerts: Arc<dyn Alerts>,
    /// Incidents.
    pub incidents: Arc<dyn Incidents>,
    /// The ledger of deliveries.
    pub outbox: Arc<dyn Outbox>,
    /// Messages, and what came of each.
    pub deliveries: Arc<dyn Deliveries>,
    /// What sends dead messages again.
    pub replayer: Arc<Replayer>,
    /// What keeps news back: silences, maintenance, what services stand on.
    pub suppressors: Suppressors,
    /// Answers that are given again.
    pub replies: Arc<dyn Replies>,
    /// What is announced beside alerts.
    pub notices: Arc<dyn Notices>,
    /// Levels, intervals, cooldowns.
    pub settings: MonitorSettings,
    /// What an SLO has where its author says nothing.
    pub defaults: SloDefaults,
    /// How long raw samples are kept: older ones are refused.
    pub samples_kept: Span,
    /// How long slices are kept, fine or as sums of hours: of no window before is anything told.
    pub slices_kept: Span,
    /// The source of measurements, where one is configured: what is written for it is checked by it.
    pub source: Option<Arc<dyn MetricSource>>,
    /// Where simulations run.
    pub simulations: SimulationRoom,
    /// Whom messages go to.
    pub destinations: Vec<Destination>,
    /// Who of them is told in place of another.
    pub fallbacks: Vec<Fallback>,
    /// Which of them are told of what.
    pub router: Router,
    /// What requests and the dispatcher tell each other.
    pub mailroom: Arc<Mailroom>,
    /// How each background worker fares.
    pub board: Arc<Board>,
    /// Our own metrics.
    pub metrics: Arc<Metrics>,
    /// Our own SLOs.
    pub watch: Arc<SelfWatch>,
    /// Whether requests should come; false while starting and stopping.
    pub readiness: Arc<Readiness>,
    /// What the process is.
    pub about: About,
}

/// Defaults of an SLO's optional fields.
#[derive(Clone, Copy, Debug)]
pub struct SloDefaults {
    /// `100 − ERROR_BUDGET_DEFAULT_PERCENTAGE`.
    pub target: Target,
    /// `SLO_DEFAULT_TIME_WINDOW`.
    pub window: Window,
}

/// What the process is.
#[derive(Clone, Debug)]
pub struct About {
    /// The version of the program.
    pub version: &'static str,
    /// Which store; without secrets.
    pub store: String,
    /// Which replica.
    pub replica: String,
    /// Since when it runs.
    pub started_at: DateTime<Utc>,
    /// Whether it decides and records, and sends nothing.
    pub is_shadow: bool,
    /// Whether everything that is measured is made up.
    pub is_demo: bool,
    /// Where the dashboards are (`GRAFANA_URL`).
    pub dashboards: Option<Url>,
}

/// Whether requests should come, and whether the store answers.
#[derive(Debug, Default)]
pub struct Readiness {
    is_ready: AtomicBool,
    store_is_away: AtomicBool,
}

impl Readiness {
    /// Says whether requests should come.
    pub fn set(&self, is_ready: bool) {
        self.is_ready
            .store(is_ready, Ordering::Relaxed);
    }

    /// Says whether the store answered when it was last asked.
    pub fn note_store(&self, answers: bool) {
        self.store_is_away
            .store(!answers, Ordering::Relaxed);
    }

    /// Whether requests should come.
    pub fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed) && self.store_answers()
    }

    /// Whether the store answered when it was last asked.
    pub fn store_answers(&self) -> bool {
        !self
            .store_is_away
            .load(Ordering::Relaxed)
    }
}

impl Context {
    /// Who is told of what people do with an incident of a service: whoever an alert of its gravity
    /// goes to.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn announced_to(
        &self,
        service: &ServiceName,
        severity: Severity,
    ) -> Result<Vec<DestinationId>, StoreError> {
        let owner = self.router.owner(service).await?;
        let labels = BTreeMap::from([
            ("service".to_owned(), service.to_string()),
            ("severity".to_owned(), severity.to_string()),
        ]);
        Ok(self
            .router
            .audience(owner.as_deref())
            .of_labels(&labels))
    }
}

impl Application for Context {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn authorize(&self, asked: &Asked<'_>) -> Result<Caller, ApiError> {
        self.admission
            .admit(asked, self.clock.now())
    }

    fn replies(&self) -> Option<Arc<dyn Replies>> {
        Some(Arc::clone(&self.replies))
    }

    fn on_response(&self, route: RouteInfo, status: StatusCode, duration: Duration) {
        self.metrics
            .on_response(route, status, duration);
        self.watch.on_response(status, duration);
    }

    fn show(&self, error: ApiError, address: &Uri, id: &RequestId) -> Response {
        page::refusal(error, address, id)
    }

    fn on_panic(&self, route: RouteInfo) {
        self.metrics.on_panic(route);
    }
}
