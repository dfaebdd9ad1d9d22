//! What people define.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sre_core::name::SloId;
use sre_core::slo::Slo;
use sre_core::store::{Catalog, Page, Seeded, SloChange, SloQuery, Start, StoreError};
use sre_core::time::Interval;

use super::evaluations::Cursor;
use super::{MemoryStore, State, length};

#[async_trait]
impl Catalog for MemoryStore {
    async fn insert(&self, slo: &Slo, start: &Start) -> Result<(), StoreError> {
        self.state().insert_slo(slo, start)
    }

    async fn seed(&self, slos: &[(Slo, Start)]) -> Result<Seeded, StoreError> {
        let mut state = self.state();
        if !state.slos.is_empty() {
            return Ok(Seeded::WasNotNew);
        }
        let planted = slos
            .iter()
            .try_for_each(|(slo, start)| state.insert_slo(slo, start));
        if planted.is_err() {
            state.slos.clear();
            state.cursors.clear();
        }
        planted.map(|()| Seeded::Planted)
    }

    async fn update(&self, change: &SloChange<'_>) -> Result<(), StoreError> {
        let mut state = self.state();
        let (slo, id) = (change.slo, change.slo.id);
        let stored = state
            .slos
            .get(&id)
            .ok_or(StoreError::NotFound { what: "slo" })?;
        if stored.version != change.expected_version {
            return Err(StoreError::Conflict { what: "version" });
        }
        if state.is_name_taken(slo) {
            return Err(StoreError::Conflict { what: "name" });
        }
        state.check_members(slo)?;
        if !state.apply_all(change.alerts) {
            return Err(StoreError::Conflict { what: "version" });
        }
        let before = state.slos.insert(id, slo.clone());
        if let Some(cursor) = state.cursors.get_mut(&id) {
            // The evaluation under way is refused by its version; the slot is free for another.
            cursor.claim.end();
            if let Some(start) = &change.restart {
                cursor.restart(start);
            } else {
                change
                    .backfill
                    .into_iter()
                    .for_each(|range| cursor.mark(range));
            }
        }
        state.mark_composites_of(id, |composite, cursor| {
            let stretch = before.as_ref().and_then(|before| {
                composite.definition.refolds_after(
                    &before.definition,
                    &slo.definition,
                    cursor.last_slice(),
                )
            });
            if let Some(stretch) = stretch {
                cursor.mark(stretch);
            }
        });
        Ok(())
    }

    async fn refold(&self, id: SloId, during: Interval) -> Result<(), StoreError> {
        let mut state = self.state();
        let cursor = state
            .cursors
            .get_mut(&id)
            .ok_or(StoreError::NotFound { what: "slo" })?;
        cursor.mark(during);
        Ok(())
    }

    async fn find(&self, id: SloId) -> Result<Option<Slo>, StoreError> {
        Ok(self.state().slos.get(&id).cloned())
    }

    async fn list(&self, query: &SloQuery, page: Page<SloId>) -> Result<Vec<Slo>, StoreError> {
        let state = self.state();
        let after = |slo: &&Slo| {
            page.after
                .is_none_or(|after| slo.id > after)
        };
        let limit = length(
            page.limit
                .min(Page::<SloId>::LIMIT_MAX)
                .get(),
        );
        let listed = state
            .slos
            .values()
            .filter(after)
            .filter(|slo| is_asked_for(query, slo));
        Ok(listed.take(limit).cloned().collect())
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let state = self.state();
        let live = state
            .slos
            .values()
            .filter(|slo| slo.deleted_at.is_none());
        Ok(live.map(|_| 1).sum())
    }
}

impl State {
    /// Adds an SLO and the place where its evaluation starts.
    fn insert_slo(&mut self, slo: &Slo, start: &Start) -> Result<(), StoreError> {
        if self.slos.contains_key(&slo.id) {
            return Err(StoreError::Conflict { what: "id" });
        }
        if self.is_name_taken(slo) {
            return Err(StoreError::Conflict { what: "name" });
        }
        self.check_members(slo)?;
        self.slos.insert(slo.id, slo.clone());
        self.cursors
            .insert(slo.id, Cursor::starting(start));
        Ok(())
    }

    /// Refuses members that are not stored, or that have the SLO among theirs, at any depth.
    fn check_members(&self, slo: &Slo) -> Result<(), StoreError> {
        let refused = StoreError::Conflict { what: "members" };
        let mut known = BTreeSet::new();
        let mut open: Vec<SloId> = members_of(slo).collect();
        while let Some(id) = open.pop() {
            if id == slo.id {
                return Err(refused);
            }
            let Some(member) = self.slos.get(&id) else {
                return Err(refused);
            };
            if known.insert(id) {
                open.extend(members_of(member));
            }
        }
        Ok(())
    }

    /// Does something to the cursor of every live composite of this SLO.
    pub(super) fn mark_composites_of(&mut self, member: SloId, mark: impl Fn(&Slo, &mut Cursor)) {
        for composite in self.slos.values() {
            let is_of = composite.is_live() && members_of(composite).any(|id| id == member);
            if let (true, Some(cursor)) = (is_of, self.cursors.get_mut(&composite.id)) {
                mark(composite, cursor);
            }
        }
    }

    /// Whether another SLO of the service that is not deleted has the name; a disabled one keeps it.
    fn is_name_taken(&self, slo: &Slo) -> bool {
        let is_same = |other: &Slo| {
            other.id != slo.id
                && other.deleted_at.is_none()
                && other.definition.service_name == slo.definition.service_name
                && other.definition.name == slo.definition.name
        };
        slo.deleted_at.is_none() && self.slos.values().any(is_same)
    }
}

/// What a composite is made of.
fn members_of(slo: &Slo) -> impl Iterator<Item = SloId> {
    let members = slo.definition.indicator.members();
    members.iter().map(|member| member.slo)
}

/// Whether a list that is asked for so holds the SLO.
fn is_asked_for(query: &SloQuery, slo: &Slo) -> bool {
    let definition = &slo.definition;
    let service = query.service.as_ref();
    let label = query.label.as_ref();
    (query.with_deleted || slo.deleted_at.is_none())
        && service.is_none_or(|service| definition.service_name == *service)
        && label.is_none_or(|(name, value)| definition.labels.get(name) == Some(value))
}
