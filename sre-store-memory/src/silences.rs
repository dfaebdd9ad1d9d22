//! Silences.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::name::SilenceId;
use sre_core::silence::{SILENCES_MAX, Silence, SilenceState};
use sre_core::store::{Page, Readable, SilenceQuery, Silences, StoreError};
use sre_core::suppression::Holder;

use super::{MemoryStore, State, length};

#[async_trait]
impl Silences for MemoryStore {
    async fn create_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        let state = &mut *self.state();
        state.may_silence(silence, 0)?;
        state
            .silences
            .insert(silence.id, silence.clone());
        Ok(())
    }

    async fn change_silence(
        &self,
        silence: &Silence,
        successor: Option<&Silence>,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state();
        let stored = state
            .silences
            .get(&silence.id)
            .ok_or(StoreError::NotFound { what: "silence" })?;
        if stored.version.saturating_add(1) != silence.version {
            return Err(StoreError::Conflict { what: "version" });
        }
        if let Some(successor) = successor {
            // The one that ends makes room for it.
            let made = stored.state(successor.created_at) != SilenceState::Expired
                && silence.state(successor.created_at) == SilenceState::Expired;
            state.may_silence(successor, usize::from(made))?;
            state
                .silences
                .insert(successor.id, successor.clone());
        }
        state
            .silences
            .insert(silence.id, silence.clone());
        state.release(Holder::Silence(silence.id), silence.updated_at);
        Ok(())
    }

    async fn find_silence(&self, id: SilenceId) -> Result<Option<Silence>, StoreError> {
        Ok(self.state().silences.get(&id).cloned())
    }

    async fn list_silences(
        &self,
        query: &SilenceQuery,
        page: Page<SilenceId>,
    ) -> Result<Vec<Silence>, StoreError> {
        let limit = page
            .limit
            .min(Page::<SilenceId>::LIMIT_MAX);
        let is_asked = |silence: &&Silence| {
            page.after
                .is_none_or(|after| silence.id > after)
                && query
                    .ends_after
                    .is_none_or(|after| silence.ends_at > after)
                && query
                    .state
                    .is_none_or(|state| silence.state(query.now) == state)
        };
        let state = self.state();
        let asked = state.silences.values().filter(is_asked);
        Ok(asked
            .take(length(limit.get()))
            .cloned()
            .collect())
    }

    async fn active_silences(&self, now: DateTime<Utc>) -> Result<Readable<Silence>, StoreError> {
        let state = self.state();
        let active = state
            .silences
            .values()
            .filter(|silence| silence.state(now) == SilenceState::Active);
        Ok(Readable::of(active.cloned().map(Ok)))
    }
}

impl State {
    /// Whether a silence may be added, when so many of those that count end with it.
    fn may_silence(&self, silence: &Silence, ended: usize) -> Result<(), StoreError> {
        if self.silences.contains_key(&silence.id) {
            return Err(StoreError::Conflict { what: "id" });
        }
        let standing = self
            .silences
            .values()
            .filter(|held| held.state(silence.created_at) != SilenceState::Expired);
        if standing.count().saturating_sub(ended) >= length(SILENCES_MAX) {
            return Err(StoreError::Conflict { what: "silences" });
        }
        Ok(())
    }
}
