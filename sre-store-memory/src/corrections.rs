//! Budget corrections.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::correction::{CORRECTIONS_MAX, Cancellation, Correction, Ended, Scope};
use sre_core::name::{CorrectionId, ServiceName, SloId};
use sre_core::slo::Slo;
use sre_core::store::{CorrectionQuery, Corrections, Page, StoreError};
use sre_core::time::Interval;

use super::{MemoryStore, State, length};

#[async_trait]
impl Corrections for MemoryStore {
    async fn create_correction(&self, correction: &Correction) -> Result<(), StoreError> {
        let state = &mut *self.state();
        let in_force = state
            .corrections
            .values()
            .filter(|held| held.is_in_force() && held.scope == correction.scope);
        if in_force.count() >= length(CORRECTIONS_MAX) {
            let what = "corrections";
            return Err(StoreError::Conflict { what });
        }
        if state
            .corrections
            .contains_key(&correction.id)
        {
            return Err(StoreError::Conflict { what: "id" });
        }
        state
            .corrections
            .insert(correction.id, correction.clone());
        state.raise_revisions(&correction.scope);
        Ok(())
    }

    async fn cancel_correction(
        &self,
        id: CorrectionId,
        cancellation: &Cancellation,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state();
        let held = state
            .corrections
            .get_mut(&id)
            .ok_or(StoreError::NotFound { what: "correction" })?;
        if held.cancelled.is_none() {
            held.cancelled = Some(cancellation.clone());
            let scope = held.scope.clone();
            state.raise_revisions(&scope);
        }
        Ok(())
    }

    async fn end_correction(&self, id: CorrectionId, ended: &Ended) -> Result<(), StoreError> {
        let state = &mut *self.state();
        let held = state
            .corrections
            .get_mut(&id)
            .ok_or(StoreError::NotFound { what: "correction" })?;
        if held.cancelled.is_none() && held.ended.is_none() {
            held.ended = Some(ended.clone());
            let scope = held.scope.clone();
            state.raise_revisions(&scope);
        }
        Ok(())
    }

    async fn find_correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        Ok(self
            .state()
            .corrections
            .get(&id)
            .cloned())
    }

    async fn list_corrections(
        &self,
        query: &CorrectionQuery,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>, StoreError> {
        let limit = page
            .limit
            .min(Page::<CorrectionId>::LIMIT_MAX);
        let is_asked = |held: &&Correction| {
            let slo = query.slo.map(Scope::Slo);
            let service = query
                .service
                .clone()
                .map(Scope::Service);
            page.after
                .is_none_or(|after| held.id > after)
                && slo.is_none_or(|slo| held.scope == slo)
                && service.is_none_or(|service| held.scope == service)
                && query
                    .during
                    .is_none_or(|during| touches(held, during))
        };
        let state = self.state();
        let asked = state
            .corrections
            .values()
            .filter(is_asked);
        Ok(asked
            .take(length(limit.get()))
            .cloned()
            .collect())
    }

    async fn corrections_of(
        &self,
        slo: SloId,
        service: &ServiceName,
        during: Interval,
    ) -> Result<Vec<Correction>, StoreError> {
        let state = self.state();
        let holds = |scope: &Scope| match scope {
            Scope::Slo(id) => *id == slo,
            Scope::Service(name) => name == service,
        };
        let in_force = in_force(&state.corrections, during);
        Ok(in_force
            .filter(|held| holds(&held.scope))
            .cloned()
            .collect())
    }
}

/// What is in force of an SLO and its service, and touches `during`.
pub(super) fn corrections_of(
    corrections: &BTreeMap<CorrectionId, Correction>,
    slo: &Slo,
    during: Interval,
) -> Vec<Correction> {
    in_force(corrections, during)
        .filter(|held| held.scope.holds(slo))
        .cloned()
        .collect()
}

fn in_force(
    corrections: &BTreeMap<CorrectionId, Correction>,
    during: Interval,
) -> impl Iterator<Item = &Correction> {
    corrections
        .values()
        .filter(move |held| held.is_in_force() && touches(held, during))
}

impl State {
    fn raise_revisions(&mut self, scope: &Scope) {
        let slos = &self.slos;
        let concerned = self
            .cursors
            .iter_mut()
            .filter(|(id, _)| {
                slos.get(id)
                    .is_some_and(|slo| scope.holds(slo))
            });
        concerned.for_each(|(_, cursor)| cursor.raise_revision());
    }
}

/// Whether the time from the first instant that a correction covers to the last touches `during`.
fn touches(correction: &Correction, during: Interval) -> bool {
    let ends_at = correction.ends_at();
    let ends_at = ends_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
    correction.period.begins_at() < during.end() && ends_at > during.start()
}
