//! Slices and what was decided on them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::composite::Member;
use sre_core::correction::REACH;
use sre_core::evaluation::{Evaluation, Progress};
use sre_core::hour::Hour;
use sre_core::name::SloId;
use sre_core::slice::SliceWidth;
use sre_core::slo::{Generation, Slo};
use sre_core::store::{
    BudgetRecord, Changes, Commit, Evaluations, HistoryItem, MemberStanding, Refolded, SlotClaim,
    Standing, Start, StoreError,
};
use sre_core::time::Interval;

use super::corrections::corrections_of;
use super::lifetime::Claim;
use super::{MemoryStore, State, length};

/// Where the evaluation of one SLO stands, and who has it.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub(super) claim: Claim,
    generation: Generation,
    next_slot: DateTime<Utc>,
    last_slice: DateTime<Utc>,
    revision: u64,
    progress: Progress,
    pub(super) last: Option<Evaluation>,
    recorded_at: Option<DateTime<Utc>>,
    budget_at: Option<DateTime<Utc>>,
    /// Ranges to fold again, by the number of their mark.
    marks: BTreeMap<u64, Interval>,
    /// The number of the last mark.
    marked: u64,
}

#[async_trait]
impl Evaluations for MemoryStore {
    async fn claim_slots(
        &self,
        _holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SlotClaim>, StoreError> {
        let state = &mut *self.state();
        let (slos, corrections) = (&state.slos, &state.corrections);
        let touched = Interval::new(now - REACH.as_delta(), now);
        let live = |id: &SloId| slos.get(id).filter(|slo| slo.is_live());
        let is_due = |cursor: &Cursor| cursor.next_slot <= now && cursor.claim.is_free_at(now);
        let mut due: Vec<(&Slo, &mut Cursor)> = state
            .cursors
            .iter_mut()
            .filter(|(_, cursor)| is_due(cursor))
            .filter_map(|(id, cursor)| Some((live(id)?, cursor)))
            .collect();
        due.sort_by_key(|(slo, cursor)| (cursor.next_slot, slo.id));
        let taken = due.into_iter().take(length(limit));
        let mut claims: Vec<SlotClaim> = taken
            .map(|(slo, cursor)| SlotClaim {
                corrections: corrections_of(corrections, slo, touched),
                ..cursor.claimed(slo, until)
            })
            .collect();
        for claim in &mut claims {
            claim.members = state.members_of(&claim.slo);
        }
        Ok(claims)
    }

    async fn release(&self, claims: &[SlotClaim]) -> Result<(), StoreError> {
        let mut state = self.state();
        for claim in claims {
            let cursor = state.cursors.get_mut(&claim.slo.id);
            if let Some(cursor) = cursor.filter(|cursor| cursor.claim.epoch == claim.epoch) {
                cursor.claim.end();
            }
        }
        Ok(())
    }

    async fn hours(
        &self,
        slo: SloId,
        generation: Generation,
        _width: SliceWidth,
        during: Interval,
    ) -> Result<Vec<Hour>, StoreError> {
        let state = self.state();
        let of_generation = (slo, generation.0, DateTime::<Utc>::MIN_UTC)
            ..=(slo, generation.0, DateTime::<Utc>::MAX_UTC);
        let hours = state
            .hours
            .range(of_generation)
            .map(|(_, hour)| hour);
        let touching = hours.filter(|hour| {
            !hour
                .interval()
                .intersection(during)
                .is_empty()
        });
        Ok(touching.cloned().collect())
    }

    async fn commit(&self, changes: &[Changes]) -> Result<Vec<Commit>, StoreError> {
        let mut state = self.state();
        Ok(changes
            .iter()
            .map(|changes| state.commit_one(changes))
            .collect())
    }

    async fn standings(&self, slos: &[SloId]) -> Result<Vec<Standing>, StoreError> {
        let state = self.state();
        let standing = |id: &SloId| state.cursors.get(id)?.standing(*id);
        Ok(slos
            .iter()
            .filter_map(standing)
            .collect())
    }

    async fn earliest_slot(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let state = self.state();
        let is_live = |id: &SloId| {
            state
                .slos
                .get(id)
                .is_some_and(Slo::is_live)
        };
        let slots = state
            .cursors
            .iter()
            .filter(|(id, _)| is_live(id));
        Ok(slots
            .map(|(_, cursor)| cursor.next_slot)
            .min())
    }

    async fn history(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        let state = self.state();
        let calculations = state
            .calculations
            .iter()
            .filter(|((id, slot), _)| *id == slo && during.contains(*slot));
        let gaps = state
            .gaps
            .iter()
            .filter(|((id, _), gap)| {
                *id == slo
                    && !gap
                        .during
                        .intersection(during)
                        .is_empty()
            });
        let mut items: Vec<(DateTime<Utc>, HistoryItem)> = calculations
            .map(|((_, slot), item)| (*slot, HistoryItem::Calculation(item.clone())))
            .chain(gaps.map(|((_, start), gap)| (*start, HistoryItem::Gap(gap.clone()))))
            .collect();
        items.sort_by_key(|(at, _)| *at);
        Ok(items
            .into_iter()
            .take(length(limit.get()))
            .map(|(_, item)| item)
            .collect())
    }

    async fn budgets(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<BudgetRecord>, StoreError> {
        let state = self.state();
        let recorded = state
            .budgets
            .iter()
            .filter(|((id, at), _)| *id == slo && during.contains(*at));
        Ok(recorded
            .take(length(limit.get()))
            .map(|(_, budget)| *budget)
            .collect())
    }
}

impl Cursor {
    /// The place of an SLO that has never been evaluated.
    pub(super) fn starting(start: &Start) -> Self {
        let mut cursor = Self {
            claim: Claim::NONE,
            generation: start.generation,
            next_slot: start.next_slot,
            last_slice: start.last_slice,
            revision: 0,
            progress: Progress::default(),
            last: None,
            recorded_at: None,
            budget_at: None,
            marks: BTreeMap::new(),
            marked: 0,
        };
        start
            .backfill
            .into_iter()
            .for_each(|range| cursor.mark(range));
        cursor
    }

    /// Begins anew. What counts up goes on counting, and what was recorded stays recorded.
    pub(super) fn restart(&mut self, start: &Start) {
        *self = Self {
            claim: self.claim,
            revision: self.revision.saturating_add(1),
            recorded_at: self.recorded_at,
            budget_at: self.budget_at,
            marked: self.marked,
            ..Self::starting(&Start {
                backfill: None,
                ..*start
            })
        };
        start
            .backfill
            .into_iter()
            .for_each(|range| self.mark(range));
    }

    /// Whether a slot has folded the slice.
    pub(super) fn has_folded(&self, slice: Interval) -> bool {
        slice.end() <= self.last_slice
    }

    /// Marks a range dirty. A range that was marked before bears the new number alone, so that
    /// whoever saw the old mark does not clear the new one.
    pub(super) fn mark(&mut self, range: Interval) {
        if !range.is_empty() {
            self.marked = self.marked.saturating_add(1);
            self.marks
                .retain(|_, marked| *marked != range);
            self.marks.insert(self.marked, range);
        }
    }

    /// What is summed has changed otherwise than by appending.
    pub(super) fn raise_revision(&mut self) {
        self.revision = self.revision.saturating_add(1);
    }

    /// Dirty ranges were folded again: the marks that were seen give way to what is left of them.
    fn refold(&mut self, refolded: &Refolded) {
        self.raise_revision();
        self.marks
            .retain(|mark, _| *mark > refolded.mark);
        refolded
            .remaining
            .iter()
            .for_each(|range| self.mark(*range));
    }

    fn claimed(&mut self, slo: &Slo, until: DateTime<Utc>) -> SlotClaim {
        SlotClaim {
            slo: slo.clone(),
            slot: self.next_slot,
            epoch: self.claim.take(until),
            generation: self.generation,
            revision: self.revision,
            last_slice: self.last_slice,
            progress: self.progress.clone(),
            last: self.last.clone(),
            recorded_at: self.recorded_at,
            budget_at: self.budget_at,
            dirty: self.marks.values().copied().collect(),
            mark: self.marked,
            corrections: Vec::new(),
            members: Vec::new(),
        }
    }

    /// The end of the last folded slice.
    pub(super) fn last_slice(&self) -> DateTime<Utc> {
        self.last_slice
    }

    /// Marks what of these stretches was folded, or, while a slot is under way, may be.
    fn mark_folded(&mut self, stretches: &[Interval]) {
        let folded = Interval::new(DateTime::<Utc>::MIN_UTC, self.last_slice);
        for stretch in stretches {
            let stretch = if self.claim.is_taken() {
                *stretch
            } else {
                stretch.intersection(folded)
            };
            self.mark(stretch);
        }
    }

    fn standing(&self, slo_id: SloId) -> Option<Standing> {
        Some(Standing {
            slo_id,
            next_slot: self.next_slot,
            generation: self.generation,
            last_slice: self.last_slice,
            progress: self.progress.clone(),
            evaluation: Some(self.last.clone()?),
        })
    }
}

impl State {
    /// The members of a composite as they stand.
    fn members_of(&self, slo: &Slo) -> Vec<MemberStanding> {
        let standing = |member: &Member| {
            let cursor = self.cursors.get(&member.slo)?;
            let slo = self.slos.get(&member.slo)?.clone();
            Some(MemberStanding {
                generation: cursor.generation,
                last_slice: cursor.last_slice,
                expected_interval: slo
                    .definition
                    .expected_interval
                    .or_else(|| cursor.progress.learned_interval()),
                slo,
            })
        };
        let members = slo.definition.indicator.members();
        let mut standings: Vec<_> = members
            .iter()
            .filter_map(standing)
            .collect();
        standings.sort_by_key(|member| member.slo.id);
        standings
    }

    /// Stores one evaluation whole, if its claim, its definition and its alerts still stand.
    fn commit_one(&mut self, changes: &Changes) -> Commit {
        let id = changes.slo_id;
        let version = self
            .slos
            .get(&id)
            .map(|slo| slo.version);
        let stands = self
            .cursors
            .get(&id)
            .is_some_and(|cursor| {
                cursor.claim.epoch == changes.epoch && cursor.next_slot == changes.slot
            });
        if !stands || version != Some(changes.version) || !self.apply_all(&changes.alerts) {
            return Commit::Superseded;
        }
        for hour in &changes.hours {
            self.hours
                .insert((id, changes.generation.0, hour.start()), hour.clone());
        }
        for calculation in &changes.calculations {
            self.calculations
                .insert((id, calculation.slot), calculation.clone());
        }
        for gap in &changes.gaps {
            self.gaps
                .insert((id, gap.during.start()), gap.clone());
        }
        if let Some(budget) = &changes.budget {
            self.budgets
                .insert((id, budget.at), *budget);
        }
        let revision = self
            .cursors
            .get_mut(&id)
            .map_or(0, |cursor| cursor.advance(changes));
        self.mark_composites_of(id, |_, cursor| cursor.mark_folded(&changes.folded));
        Commit::Applied { revision }
    }
}

impl Cursor {
    /// Moves to the next slot, frees the claim and answers the revision.
    fn advance(&mut self, changes: &Changes) -> u64 {
        self.claim.end();
        (self.next_slot, self.last_slice) = (changes.next_slot, changes.last_slice);
        self.progress = changes.progress.clone();
        self.last = Some(changes.evaluation.clone());
        let recorded = changes
            .calculations
            .iter()
            .map(|calculation| calculation.slot);
        self.recorded_at = recorded.chain(self.recorded_at).max();
        self.budget_at = changes
            .budget
            .as_ref()
            .map(|budget| budget.at)
            .or(self.budget_at);
        changes
            .refolded
            .iter()
            .for_each(|refolded| self.refold(refolded));
        self.revision
    }
}
