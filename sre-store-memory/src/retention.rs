//! What is forgotten.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::hour::Hour;
use sre_core::name::AlertId;
use sre_core::store::{Kept, Retention, StoreError};

use super::{MemoryStore, State, length};

#[async_trait]
impl Retention for MemoryStore {
    async fn prune(
        &self,
        kept: Kept,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        let limit = length(limit);
        let pruned = match kept {
            Kept::Samples => state.prune_samples(before, limit),
            Kept::FineSlices => state.sum_hours(before, limit),
            Kept::Hours => prune(&mut state.hours, limit, |_, hour| {
                hour.interval().end() <= before
            }),
            Kept::History => state.prune_history(before, limit),
            Kept::Incidents => state.prune_incidents(before, limit),
            Kept::Alerts => state.prune_alerts(before, limit),
            Kept::Replies => prune(&mut state.replies, limit, |_, row| row.claimed_at < before),
            Kept::Notices => state.prune_notices(before, limit),
            Kept::Health => prune(&mut state.snapshots, limit, |(_, at), _| *at < before),
            Kept::Corrections => prune(&mut state.corrections, limit, |_, held| {
                let taken_back = held
                    .cancelled
                    .as_ref()
                    .map(|taken| taken.at);
                let is_over = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at < before);
                is_over(taken_back) || is_over(held.ends_at())
            }),
            _ => 0,
        };
        Ok(pruned as u64)
    }
}

impl State {
    fn prune_samples(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let mut pruned = 0;
        for series in self.metrics.values_mut() {
            pruned += prune(series, limit - pruned, |(at, _), _| *at < before);
        }
        pruned
    }

    /// Folds fine hours into their sums. Sums are the same, so the revision is too; an hour whose
    /// sum does not fit stays as it is.
    fn sum_hours(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let is_old = |hour: &&mut Hour| hour.is_fine() && hour.interval().end() <= before;
        let fine = self.hours.values_mut().filter(is_old);
        let summed = fine.filter_map(|hour| {
            *hour = hour.summed()?;
            Some(())
        });
        summed.take(limit).count()
    }

    fn prune_history(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let mut pruned = prune(&mut self.calculations, limit, |(_, slot), _| *slot < before);
        pruned += prune(&mut self.budgets, limit - pruned, |(_, at), _| *at < before);
        pruned += prune(&mut self.gaps, limit - pruned, |_, gap| {
            gap.during.end() <= before
        });
        pruned
    }

    /// Forgets episodes that have ended, that are in no incident, and of which everybody has heard
    /// who is to.
    fn prune_alerts(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let is_over = |id: &AlertId, ends_at: Option<DateTime<Utc>>| {
            ends_at.is_some_and(|at| at < before) && !self.is_owed(*id)
        };
        let over: Vec<AlertId> = self
            .episodes
            .iter()
            .filter(|(_, episode)| episode.alert.incident_id.is_none())
            .filter(|(id, episode)| is_over(id, episode.alert.ends_at()))
            .map(|(id, _)| *id)
            .take(limit)
            .collect();
        for id in &over {
            self.episodes.remove(id);
            self.steps
                .retain(|(alert, _), _| alert != id);
            self.forget_notes(*id);
        }
        over.len()
    }
}

/// Removes at most `limit` entries that are old; answers how many.
fn prune<K: Ord + Clone, V>(
    entries: &mut std::collections::BTreeMap<K, V>,
    limit: usize,
    is_old: impl Fn(&K, &V) -> bool,
) -> usize {
    let old = entries
        .iter()
        .filter(|(key, value)| is_old(key, value))
        .take(limit);
    let old: Vec<K> = old
        .map(|(key, _)| key.clone())
        .collect();
    for key in &old {
        entries.remove(key);
    }
    old.len()
}
