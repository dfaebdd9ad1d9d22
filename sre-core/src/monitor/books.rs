//! The books of one SLO: the ledger of what was measured and, while corrections touch it, the one
//! that is judged.
//!
//! Whatever is folded goes into both. The corrected one is made from the slices of the hours that
//! corrections touch, when a correction begins to hold, and is thrown away when none holds any more:
//! so taking a correction back is exact, whatever came in between.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::correction::{Correction, Overlay};
use crate::evaluate::EvaluationSettings;
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::ledger::{Ledger, LedgerError};
use crate::monitor::ledgers::{evaluate_with_edges, too_large};
use crate::name::CorrectionId;
use crate::policy::BurnPolicy;
use crate::slice::Slice;
use crate::slo::{Generation, Slo};
use crate::store::{Evaluations, StoreError};
use crate::time::Interval;

/// Both ledgers of an SLO.
#[derive(Debug)]
pub(super) struct Books {
    raw: Ledger,
    corrected: Option<Ledger>,
    /// What the corrected ledger was made by.
    by: Vec<CorrectionId>,
}

impl Books {
    /// The books of an SLO without corrections.
    pub(super) const fn new(raw: Ledger) -> Self {
        Self {
            raw,
            corrected: None,
            by: Vec::new(),
        }
    }

    /// What was measured.
    pub(super) const fn raw(&self) -> &Ledger {
        &self.raw
    }

    /// What is judged.
    pub(super) fn judged(&self) -> &Ledger {
        self.corrected
            .as_ref()
            .unwrap_or(&self.raw)
    }

    /// Corrects what is held, and what is put in up to `until`, by just these corrections.
    pub(super) async fn correct(
        &mut self,
        store: &dyn Evaluations,
        slo: &Slo,
        generation: Generation,
        corrections: &[Correction],
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let held = Interval::new(self.raw.begin(), until.max(self.raw.end()));
        let overlay = Overlay::new(corrections, held);
        if !overlay.touches(held) {
            self.corrected = None;
            return Ok(());
        }
        let by: Vec<CorrectionId> = corrections
            .iter()
            .map(|correction| correction.id)
            .collect();
        let overlay = Arc::new(overlay);
        if let Some(corrected) = &mut self.corrected
            && self.by == by
        {
            corrected.extend_overlay(overlay);
            return Ok(());
        }
        let hours = self
            .touched_hours(store, slo, generation, &overlay)
            .await?;
        let corrected = self.raw.corrected(&overlay, &hours);
        self.corrected = Some(corrected.map_err(|error| too_large(slo.id, error))?);
        self.by = by;
        Ok(())
    }

    /// The stored hours that an overlay touches, of those that the ledger holds.
    async fn touched_hours(
        &self,
        store: &dyn Evaluations,
        slo: &Slo,
        generation: Generation,
        overlay: &Overlay,
    ) -> Result<Vec<Hour>, StoreError> {
        let held = Interval::new(self.raw.begin(), self.raw.end());
        let touched = overlay
            .covered()
            .iter()
            .map(|covered| covered.intersection(held))
            .filter(|part| !part.is_empty())
            .reduce(Interval::hull);
        let Some(touched) = touched else {
            return Ok(Vec::new());
        };
        let mut hours = store
            .hours(slo.id, generation, self.raw.width(), touched)
            .await?;
        hours.retain(|hour| overlay.touches(hour.interval()));
        Ok(hours)
    }

    /// Adds a slice, as it was measured.
    pub(super) fn append(&mut self, start: DateTime<Utc>, slice: Slice) -> Result<(), LedgerError> {
        self.raw.append(start, slice)?;
        self.corrected
            .as_mut()
            .map_or(Ok(()), |corrected| corrected.append(start, slice))
    }

    /// Adds unmeasured slices.
    pub(super) fn fill_to(&mut self, at: DateTime<Utc>) -> Result<(), LedgerError> {
        self.both()
            .try_for_each(|ledger| ledger.fill_to(at))
    }

    /// Replaces an hour by what was measured, late or again.
    pub(super) fn set_hour(&mut self, hour: &Hour) -> Result<(), LedgerError> {
        self.both()
            .try_for_each(|ledger| ledger.set_hour(hour))
    }

    /// Attaches the slices of an older hour.
    pub(super) fn attach(&mut self, hour: &Hour) {
        self.both()
            .for_each(|ledger| ledger.attach(hour));
    }

    fn both(&mut self) -> impl Iterator<Item = &mut Ledger> {
        std::iter::once(&mut self.raw).chain(&mut self.corrected)
    }

    /// Evaluates what is judged, with the window as it was measured beside it.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a part of one evaluation, none a flag"
    )]
    pub(super) async fn evaluate(
        &mut self,
        store: &dyn Evaluations,
        slo: &Slo,
        generation: Generation,
        policy: &BurnPolicy,
        progress: &Progress,
        end: DateTime<Utc>,
        settings: &EvaluationSettings,
    ) -> Result<Evaluation, StoreError> {
        let raw = evaluate_with_edges(
            store,
            slo,
            generation,
            policy,
            &mut self.raw,
            progress,
            end,
            settings,
        )
        .await?;
        let Some(corrected) = &mut self.corrected else {
            return Ok(raw);
        };
        let found = evaluate_with_edges(
            store, slo, generation, policy, corrected, progress, end, settings,
        )
        .await?;
        let window = Interval::new(found.window_start, end);
        let is_touched = corrected
            .overlay()
            .is_some_and(|overlay| overlay.touches(window));
        Ok(Evaluation {
            raw: raw
                .windows
                .last()
                .copied()
                .filter(|_| is_touched),
            ..found
        })
    }
}
