//! What people and time do with alerts.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, AlertUpdate, DedupKey};
use sre_core::name::AlertId;
use sre_core::store::{AlertQuery, Alerts, AlertsPage, Commit, Page, StoreError};

use super::lifetime::Claim;
use super::{MemoryStore, State, length};

/// One episode, and who moves it.
#[derive(Clone, Debug)]
pub(super) struct Episode {
    pub(super) alert: Alert,
    pub(super) claim: Claim,
}

#[async_trait]
impl Alerts for MemoryStore {
    async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        Ok(self
            .state()
            .episodes
            .get(&id)
            .map(|episode| episode.alert.clone()))
    }

    async fn latest_episodes(&self, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError> {
        let state = self.state();
        let keys: BTreeSet<&DedupKey> = keys.iter().collect();
        let latest = keys.into_iter().filter_map(|key| {
            let alerts = state
                .episodes
                .values()
                .map(|episode| &episode.alert);
            alerts
                .filter(|alert| alert.identity.key() == *key)
                .max_by_key(|alert| alert.episode)
        });
        Ok(latest.cloned().collect())
    }

    async fn list_alerts(
        &self,
        query: &AlertQuery,
        page: Page<AlertsPage>,
    ) -> Result<Vec<Alert>, StoreError> {
        let state = self.state();
        let is_after = |alert: &Alert| {
            page.after
                .is_none_or(|after| (alert.starts_at, alert.id) < (after.starts_at, after.id))
        };
        let alerts = state
            .episodes
            .values()
            .map(|episode| &episode.alert);
        let mut asked: Vec<&Alert> = alerts
            .filter(|alert| is_after(alert) && is_asked_for(query, alert))
            .collect();
        asked.sort_by_key(|alert| Reverse((alert.starts_at, alert.id)));
        let limit = length(
            page.limit
                .min(Page::<AlertsPage>::LIMIT_MAX)
                .get(),
        );
        Ok(asked
            .into_iter()
            .take(limit)
            .cloned()
            .collect())
    }

    async fn pages_since(&self, since: DateTime<Utc>) -> Result<Vec<Alert>, StoreError> {
        let state = self.state();
        let pages = state
            .episodes
            .values()
            .map(|episode| &episode.alert)
            .filter(|alert| {
                alert.is_page()
                    && alert.has_fired()
                    && alert
                        .ends_at()
                        .is_none_or(|ended_at| ended_at > since)
            });
        Ok(pages.cloned().collect())
    }

    async fn claim_due_alerts(
        &self,
        _holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let mut state = self.state();
        let is_due = |episode: &&mut Episode| {
            episode.alert.is_open()
                && episode
                    .alert
                    .next_action_at
                    .is_some_and(|at| at <= now)
                && episode.claim.is_free_at(now)
        };
        let mut due: Vec<&mut Episode> = state
            .episodes
            .values_mut()
            .filter(is_due)
            .collect();
        due.sort_by_key(|episode| (episode.alert.next_action_at, episode.alert.id));
        let claimed = due
            .into_iter()
            .take(length(limit))
            .map(|episode| {
                episode.claim.take(until);
                episode.alert.clone()
            });
        Ok(claimed.collect())
    }

    async fn apply(&self, update: &AlertUpdate) -> Result<Commit, StoreError> {
        let is_applied = self
            .state()
            .apply_all(std::slice::from_ref(update));
        Ok(if is_applied {
            Commit::Applied { revision: 0 }
        } else {
            Commit::Superseded
        })
    }

    async fn postpone(
        &self,
        id: AlertId,
        transition: u64,
        next_action_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let stands = |episode: &&mut Episode| episode.alert.transition == transition;
        if let Some(episode) = state
            .episodes
            .get_mut(&id)
            .filter(stands)
        {
            episode.alert.next_action_at = next_action_at;
            episode.claim.end();
        }
        Ok(())
    }
}

impl State {
    /// Stores all of these transitions with their intents and what they mean to incidents, or none; answers whether it did.
    pub(super) fn apply_all(&mut self, updates: &[AlertUpdate]) -> bool {
        let mut before = Vec::new();
        for update in updates {
            let id = update.alert.id;
            before.push((id, self.episodes.get(&id).cloned()));
            if !self.apply_one(update) {
                for (id, episode) in before.into_iter().rev() {
                    match episode {
                        Some(episode) => self.episodes.insert(id, episode),
                        None => self.episodes.remove(&id),
                    };
                }
                return false;
            }
        }
        for intent in updates
            .iter()
            .flat_map(|update| &update.intents)
        {
            self.note(intent);
        }
        for update in updates {
            self.follow(update);
        }
        true
    }

    /// Stores one transition if the one that was read still stands.
    fn apply_one(&mut self, update: &AlertUpdate) -> bool {
        let alert = &update.alert;
        let stored = self.episodes.get_mut(&alert.id);
        match (update.expected, stored) {
            (Some(expected), Some(episode)) if episode.alert.transition == expected => {
                episode.replace(alert);
                true
            }
            (None, None) => self.open(alert),
            _ => false,
        }
    }

    /// Stores a new episode if its identity has none that is open, and not this very one.
    fn open(&mut self, alert: &Alert) -> bool {
        let key = alert.identity.key();
        let is_rival = |other: &Alert| {
            other.identity.key() == key && (other.is_open() || other.episode == alert.episode)
        };
        let is_free = !self
            .episodes
            .values()
            .any(|episode| is_rival(&episode.alert));
        if is_free {
            let episode = Episode {
                alert: Alert {
                    incident_id: None,
                    ..alert.clone()
                },
                claim: Claim::NONE,
            };
            self.episodes.insert(alert.id, episode);
        }
        is_free
    }
}

impl Episode {
    /// Moves to the next transition and frees the claim. What was delivered after the episode was
    /// read is not undone: the later delivery stands, and with it the earlier next action (one that
    /// comes too early is postponed, one that is lost is a repeat nobody hears).
    fn replace(&mut self, alert: &Alert) {
        let before = std::mem::replace(&mut self.alert, alert.clone());
        self.alert.incident_id = before.incident_id;
        if before.last_notified_at > alert.last_notified_at {
            self.alert.last_notified_at = before.last_notified_at;
            if alert.is_open() {
                let both = [before.next_action_at, alert.next_action_at];
                self.alert.next_action_at = both.into_iter().flatten().min();
            }
        }
        self.claim.end();
    }
}

/// Whether a list that is asked for so holds the episode.
fn is_asked_for(query: &AlertQuery, alert: &Alert) -> bool {
    query
        .service
        .as_ref()
        .is_none_or(|service| alert.service_name() == service)
        && query
            .state
            .is_none_or(|state| alert.state.status() == state)
        && query
            .severity
            .is_none_or(|severity| alert.severity == severity)
        && query
            .alert_type
            .as_ref()
            .is_none_or(|kind| alert.alert_type() == kind)
        && query
            .during
            .is_none_or(|during| during.contains(alert.starts_at))
}
