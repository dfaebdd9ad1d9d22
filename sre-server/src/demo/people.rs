//! The people of a demo: somebody is on call, answers pages, and sees incidents to their end.

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::alert::{Alert, AlertStatus, LifecycleSettings, Moment, Severity};
use sre_core::incident::{Actor, Change, Incident, IncidentState, IncidentStatus, IncidentUpdate};
use sre_core::name::DestinationId;
use sre_core::routing::Audience;
use sre_core::store::{AlertQuery, IncidentQuery, Page, Store, StoreError};
use sre_core::time::{Interval, Span};

/// Whoever is on call, and what they can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnCall<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) lifecycle: &'a LifecycleSettings,
    pub(super) routes: &'a [DestinationId],
}

impl OnCall<'_> {
    /// Looks at what is open, and does the next thing.
    pub(super) async fn look(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.answer_pages(now).await?;
        let query = IncidentQuery {
            during: Some(Interval::ending(now, LOOKED_AT)),
            ..IncidentQuery::default()
        };
        let recent = self
            .store
            .list_incidents(&query, Page::first(Page::<()>::LIMIT_MAX))
            .await?;
        for incident in recent {
            if incident.service_name.as_str() == LEFT_ALONE {
                continue;
            }
            let update = self.next_step(incident, now).await?;
            if let Some(update) = update {
                self.store
                    .change_incidents(&[update])
                    .await?;
            }
        }
        Ok(())
    }

    /// Somebody answers the graver pages after some minutes.
    async fn answer_pages(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let query = AlertQuery {
            state: Some(AlertStatus::Firing),
            severity: Some(Severity::Emergency),
            ..AlertQuery::default()
        };
        let firing = self
            .store
            .list_alerts(&query, Page::first(Page::<()>::LIMIT_MAX))
            .await?;
        let waited = |alert: &Alert| now - alert.starts_at >= ANSWERED_AFTER.as_delta();
        for alert in firing.into_iter().filter(waited) {
            // An acknowledgement that has ended is not renewed.
            if alert.last_notified_at.is_none() || alert.transition > RENEWED {
                continue;
            }
            let moment = Moment {
                now,
                slot: None,
                routes: Audience::everyone(self.routes),
                settings: self.lifecycle,
            };
            let comment = "looking into it".to_owned();
            if let Ok(update) = alert.acknowledge(Some(ADA.to_owned()), Some(comment), &moment) {
                self.store.apply(&update).await?;
            }
        }
        Ok(())
    }

    /// Acknowledged when it is noticed, with a word now and then; mitigated when its pages have
    /// ended, resolved once the cause is gone, too. One that is long is left open meanwhile.
    async fn next_step(
        &self,
        incident: Incident,
        now: DateTime<Utc>,
    ) -> Result<Option<IncidentUpdate>, StoreError> {
        use IncidentStatus::{Acknowledged, Mitigated, Resolved};
        let since = |at: DateTime<Utc>| now - at;
        let quiet = incident.touched_at.map(since);
        let waited = since(incident.started_at) >= ANSWERED_AFTER.as_delta();
        let is_over = self.is_over(&incident).await?;
        let step = match incident.state {
            IncidentState::Open if quiet.is_none() && waited => {
                Some((Acknowledged, "The new release fails; rolling back"))
            }
            IncidentState::Open if quiet.is_some() && is_over => {
                Some((Acknowledged, "Back at it: errors are gone"))
            }
            IncidentState::Acknowledged { .. } if is_over => {
                Some((Mitigated, "Rolled back; errors are gone"))
            }
            IncidentState::Mitigated { at, .. } if since(at) >= FIXED_AFTER => {
                Some((Resolved, "The release is mended and out again"))
            }
            _ => None,
        };
        let is_silent = quiet.is_some_and(|quiet| quiet >= WORD_EVERY);
        let is_worked_on = matches!(incident.state, IncidentState::Acknowledged { .. });
        let change = incident.change(Actor::Person(Some(ADA.to_owned())), now);
        let changed = match step {
            Some((to, comment)) => change.step(to, Some(comment)),
            None if is_worked_on && is_silent => change.note(WORD.to_owned(), now),
            None => return Ok(None),
        };
        Ok(changed.ok().map(Change::done))
    }

    /// Whether nothing pages any more; tickets outlive the impact.
    async fn is_over(&self, incident: &Incident) -> Result<bool, StoreError> {
        let alerts = self
            .store
            .alerts_of(&[incident.id])
            .await?;
        Ok(!alerts
            .iter()
            .any(|alert| alert.is_open() && !alert.is_ticket()))
    }
}

/// Who is on call; nobody should take her for a colleague.
const ADA: &str = "ada (demo)";
/// Its incidents end by themselves, since nobody touches them.
const LEFT_ALONE: &str = "mcp-manager-server";
/// How long a person takes to answer a page.
const ANSWERED_AFTER: Span = Span::minutes(4);
/// How long the cause outlives the impact.
const FIXED_AFTER: TimeDelta = TimeDelta::minutes(90);
/// How often somebody who works on an incident says so: before it is taken for forgotten.
const WORD_EVERY: TimeDelta = TimeDelta::minutes(15);
const WORD: &str = "Still rolling back, one zone after the other";
/// Incidents of before have had their end.
const LOOKED_AT: Span = Span::days(3);
/// Transitions of an episode that was never acknowledged: it opened, and perhaps grew graver.
const RENEWED: u64 = 2;
