//! Inhibition: while what a service stands on is known to be wrong, its own trouble is no news.
//!
//! Dependencies are those that services declare, taken one hop at a time: the state of a service
//! changes though nobody is told, so it keeps the services above it back in its turn, and the page
//! that is told is that of the deepest that fails. Services that stand on each other in a ring never
//! keep each other back, or nobody would be told at all.

use chrono::{DateTime, Utc};

use super::{Holder, Suppression};
use crate::alert::{Alert, Severity};
use crate::name::{AlertId, ServiceName};
use crate::service::{Dependencies, Service};
use crate::time::Span;

/// How long what begins is kept back where a page of a dependency may come: the slots of two SLOs that
/// see the same minute lie at most a quarter of it apart, and then it is to be evaluated and stored.
/// An emergency does not wait.
pub const WAIT: Span = Span::seconds(30);

/// How long after the end of a dependency's page the service may still need to get well: the short
/// window of the rules that page holds what was bad for this long.
pub const EXTENSION: Span = Span::minutes(5);

/// What services stand on, and the pages of those.
#[derive(Clone, Debug, Default)]
pub struct Inhibition {
    dependencies: Dependencies,
    pages: Vec<Upstream>,
}

/// A page that fires, or has just ended. One that is pending was told to nobody, and keeps nobody untold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upstream {
    /// Of which episode.
    pub alert_id: AlertId,
    /// Of which service.
    pub service_name: ServiceName,
    /// When it began.
    pub starts_at: DateTime<Utc>,
    /// When it ended; `None` while it fires.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Upstream {
    /// The page that the alert is, where it is one: an alert that has fired and wakes somebody.
    #[must_use]
    pub fn of(alert: &Alert) -> Option<Self> {
        (alert.is_page() && alert.has_fired()).then(|| Self {
            alert_id: alert.id,
            service_name: alert.service_name().clone(),
            starts_at: alert.starts_at,
            ended_at: alert.ends_at(),
        })
    }
}

impl Inhibition {
    /// What these services declare to stand on, and these pages.
    #[must_use]
    pub fn new<'a>(
        services: impl IntoIterator<Item = &'a Service>,
        pages: impl IntoIterator<Item = Upstream>,
    ) -> Self {
        Self {
            dependencies: Dependencies::declared(services),
            pages: pages.into_iter().collect(),
        }
    }

    /// What keeps back that the alert began, or goes on, which was decided at `decided_at`.
    pub(super) fn holds(
        &self,
        alert: &Alert,
        decided_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Suppression> {
        // In a ring nobody keeps anybody back.
        let upstream = self
            .dependencies
            .upstream(alert.service_name());
        if upstream.is_empty() {
            return None;
        }
        let pages = || {
            self.pages
                .iter()
                .filter(|page| page.alert_id != alert.id && upstream.contains(&page.service_name))
        };
        let first = pages()
            .filter(|page| page.ended_at.is_none())
            .min_by_key(|page| (page.starts_at, page.alert_id));
        if let Some(page) = first {
            return Some(Suppression {
                by: Holder::Alarm(page.alert_id),
                // Judged again before the extension can have passed, however soon it ends.
                until: now + EXTENSION.as_delta(),
            });
        }
        let last = pages()
            .filter_map(|page| Some((page.ended_at? + EXTENSION.as_delta(), page.alert_id)))
            .max()
            .filter(|(until, _)| now < *until);
        if let Some((until, id)) = last {
            let by = Holder::Extension(id);
            return Some(Suppression { by, until });
        }
        let until = decided_at + WAIT.as_delta();
        let waits = alert.severity < Severity::Emergency && decided_at <= now && now < until;
        let by = Holder::Wait;
        waits.then_some(Suppression { by, until })
    }
}
