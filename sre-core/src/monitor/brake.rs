//! Pulling the brake, and letting it go: one alert that most of what a source measures has no data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertStatus, AlertType, LifecycleSettings, ResolveReason};
use crate::monitor::own_alerts::OwnAlerts;
use crate::monitor::sources::{PROMETHEUS, SourceBook, Sources};
use crate::name::{DestinationId, SloId};
use crate::notification::{IntentKind, Reason};
use crate::routing::Audience;
use crate::store::{AlertQuery, Alerts, AlertsPage, Page, StoreError};
use crate::suppression::{
    BRAKE_AT, BRAKE_SOURCE, BrakeStanding, NO_DATA_BRAKE, fell_silent_together, is_braked_news,
    is_mostly_silent, is_silence, pulled_sources,
};

/// Raises and resolves the alert of each source whose SLOs fell silent together. One a process; what
/// two do at once is done once.
#[derive(Debug)]
pub struct BrakeKeeper {
    alerts: Arc<dyn Alerts>,
    own: OwnAlerts,
    book: Arc<SourceBook>,
}

/// What keeps beginnings of silence back, as it stands at one instant.
#[derive(Debug, Default)]
pub(super) struct Brakes {
    sources: Arc<Sources>,
    pulled: BTreeSet<String>,
}

impl BrakeKeeper {
    /// A keeper that reads sources in `book`; its alerts are about the service that the book leaves
    /// out.
    #[must_use]
    pub fn new(
        alerts: Arc<dyn Alerts>,
        settings: LifecycleSettings,
        book: Arc<SourceBook>,
    ) -> Self {
        let own = own(&alerts, settings, &book);
        Self { alerts, own, book }
    }

    /// Looks what is silent; answers how many brakes are pulled. `prometheus` says what is known of why
    /// that source is silent.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn activate(
        &self,
        now: DateTime<Utc>,
        prometheus: &str,
    ) -> Result<usize, StoreError> {
        let open = self.own.open(NO_DATA_BRAKE).await?;
        let silent = self.silent().await?;
        if open.is_empty() && silent.len() < BRAKE_AT {
            return Ok(0);
        }
        let sources = self.book.read(now).await?;
        let mut of_source: BTreeMap<&'static str, Vec<&Alert>> = BTreeMap::new();
        for alert in &silent {
            if let Some(source) = alert
                .slo_id()
                .and_then(|slo| sources.source(slo))
            {
                of_source
                    .entry(source)
                    .or_default()
                    .push(alert);
            }
        }
        let mut pulled = 0;
        for brake in &open {
            let source = brake.labels().get(BRAKE_SOURCE);
            let source = source.map_or("", String::as_str);
            let silent = of_source
                .get(source)
                .map_or(&[][..], Vec::as_slice);
            if is_mostly_silent(sources.measured(source), silent.len()) {
                pulled += 1;
                self.tell_others(brake, silent, now)
                    .await?;
            } else {
                self.own
                    .resolve(&brake.identity, ResolveReason::Condition, now)
                    .await?;
            }
        }
        let is_pulled = pulled_sources(&open);
        for (source, silent) in &of_source {
            let since: Vec<DateTime<Utc>> = silent
                .iter()
                .map(|alert| alert.starts_at)
                .collect();
            let measured = sources.measured(source);
            if !is_pulled.contains(source) && fell_silent_together(measured, &since) {
                pulled += 1;
                self.pull(source, silent, measured, prometheus, now)
                    .await?;
            }
        }
        Ok(pulled)
    }

    /// Tells everyone who would have heard of one of them what has happened to all.
    async fn pull(
        &self,
        source: &str,
        silent: &[&Alert],
        measured: usize,
        prometheus: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let cause = if source == PROMETHEUS {
            prometheus
        } else {
            "nothing was pushed, probed or recorded for them"
        };
        let since = silent
            .iter()
            .map(|alert| alert.starts_at)
            .min()
            .unwrap_or(now);
        let message = format!(
            "{} of the {measured} SLOs measured by {source} have no data since {} or later: {cause}. \
             This is told in place of an alert for each, until half of them have data again",
            silent.len(),
            since.format("%Y-%m-%d %H:%M:%S UTC"),
        );
        let labels = BTreeMap::from([(BRAKE_SOURCE.to_owned(), source.to_owned())]);
        let identity = self.own.identity(NO_DATA_BRAKE, labels);
        let owed: Vec<DestinationId> = owed(silent).into_iter().collect();
        self.own
            .raise(identity, message, Audience::everyone(&owed), now)
            .await
    }

    /// Tells whoever would have heard of what has fallen silent since.
    async fn tell_others(
        &self,
        brake: &Alert,
        silent: &[&Alert],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let others: Vec<DestinationId> = owed(silent)
            .difference(&brake.destinations)
            .copied()
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let moment = self
            .own
            .moment(Audience::everyone(&others), now);
        if let Some(update) = brake
            .clone()
            .told_also(IntentKind::Fire, &moment)
        {
            // Whoever changed the alert meanwhile goes first; the next look finds the same.
            self.alerts.apply(&update).await?;
        }
        Ok(())
    }

    /// The open alerts of silence, up to [`SILENT_MAX`].
    async fn silent(&self) -> Result<Vec<Alert>, StoreError> {
        let mut silent = Vec::new();
        for state in [AlertStatus::Firing, AlertStatus::Acknowledged] {
            let query = AlertQuery {
                state: Some(state),
                alert_type: Some(AlertType::NoData),
                ..AlertQuery::default()
            };
            let limit = Page::<AlertsPage>::LIMIT_MAX;
            let mut page = Page::first(limit);
            while silent.len() < SILENT_MAX {
                let found = self
                    .alerts
                    .list_alerts(&query, page)
                    .await?;
                let is_last = found.len() < limit.get() as usize;
                page.after = found.last().map(|alert| AlertsPage {
                    starts_at: alert.starts_at,
                    id: alert.id,
                });
                silent.extend(found.into_iter().filter(is_silence));
                if is_last {
                    break;
                }
            }
        }
        Ok(silent)
    }
}

impl Brakes {
    /// What is known at `now`, where some of these alerts say that an SLO has no data; nothing is read
    /// where none does.
    pub(super) async fn around<'a>(
        alerts: &Arc<dyn Alerts>,
        settings: LifecycleSettings,
        book: &Arc<SourceBook>,
        due: impl IntoIterator<Item = &'a Alert> + Send,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut due = due.into_iter();
        if !due.any(|alert| alert.is_open() && is_silence(alert)) {
            return Ok(Self::default());
        }
        let open = own(alerts, settings, book)
            .open(NO_DATA_BRAKE)
            .await?;
        let pulled = pulled_sources(&open)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let sources = book.read(now).await?;
        Ok(Self { sources, pulled })
    }

    /// Until when this news of the alert, decided at `decided_at`, is kept back at least.
    pub(super) fn holds(
        &self,
        alert: &Alert,
        reason: Reason,
        decided_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if !is_braked_news(alert, reason) {
            return None;
        }
        let source = alert
            .slo_id()
            .and_then(|slo: SloId| self.sources.source(slo))?;
        let standing = BrakeStanding {
            is_pulled: self.pulled.contains(source),
            measured: self.sources.measured(source),
        };
        standing.holds(decided_at, now)
    }
}

fn own(alerts: &Arc<dyn Alerts>, settings: LifecycleSettings, book: &Arc<SourceBook>) -> OwnAlerts {
    OwnAlerts {
        alerts: Arc::clone(alerts),
        settings,
        service: book.own_service().clone(),
    }
}

/// Everyone who has an intent of one of these.
fn owed(silent: &[&Alert]) -> BTreeSet<DestinationId> {
    silent
        .iter()
        .flat_map(|alert| alert.destinations.iter().copied())
        .collect()
}

/// The most alerts of silence that are looked at: more than this is most of any source.
const SILENT_MAX: usize = 20_000;
